//! Batch files, which `cmd` reads.

use std::fs;

use estatus_core::command::{CommandEnd, Run};

use super::{Stage, of, program, run_of};

#[tokio::test]
async fn a_batch_file_compares_its_arguments_as_it_does_when_they_are_typed() {
    // As Tomcat has it, and as most have it.
    let lines = "if \"\"%1\"\" == \"\"run\"\" echo runs\r\nif %2==start echo starts\r\nif \"%~3\"==\"a b\" echo both\r\nexit /b 3";
    assert_eq!(
        written(lines, &["run", "start", "a b"]).await,
        (CommandEnd::Exited(3), "runs\nstarts\nboth\n".to_owned())
    );
}

#[tokio::test]
async fn a_batch_file_hands_its_arguments_on_as_they_are() {
    let stage = Stage::new();
    let Run::Program { program: child, args } = stage.program(&["say"]).command.run else { panic!("it is no program") };
    let words = ["a  b", "&", "x & echo y", "a\"b", "", "C:\\x y\\", "<in>", "a|b", "(c)", "a^b", "!d!", "-e=f"];
    let (end, text) = written(&format!("\"{child}\" {} %*", args.join(" ")), &words).await;
    assert_eq!((end, text), (CommandEnd::Exited(0), format!("{}\n", words.join(" "))));
}

/// How a batch file of these lines ends, and what it writes.
async fn written(lines: &str, args: &[&str]) -> (CommandEnd, String) {
    let folder = tempfile::tempdir().unwrap();
    // A path that is quoted itself.
    let file = folder.path().join("a test.cmd");
    fs::write(&file, format!("@echo off\r\n{lines}\r\n")).unwrap();
    let outcome = of(run_of(program(file.to_str().unwrap(), args))).await;
    assert_eq!(outcome.stderr, "");
    (outcome.end, outcome.stdout.replace("\r\n", "\n"))
}
