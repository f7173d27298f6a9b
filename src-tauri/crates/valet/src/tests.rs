#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by them")]

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use super::*;
use there::Asked;

const BOUND: Duration = Duration::from_secs(20);

/// Nobody, and a valet: a fixture is the same with either.
fn both(check: impl Fn(Option<&Asked>)) {
    check(None);
    let valet = Valet::start().unwrap();
    check(Asked::read(&valet.variable(Path::new("/drives")).1).as_ref());
}

#[test]
fn what_it_says_and_how_it_ends_is_known() {
    both(|valet| {
        let shell = Fixture::new("sh").args(["-c", "read it; echo \"$it $WHO\"; pwd; echo bad >&2; exit 3"]);
        let shell = shell.envs([("WHO".to_owned(), "you".to_owned())]).in_folder(Path::new("/")).input("hello\n");
        let Output { out, err, code } = shell.start_by(valet).output();
        assert_eq!((out.as_str(), err.as_str(), code), ("hello you\n/\n", "bad\n", Some(3)));
    });
}

#[test]
fn it_goes_on_until_it_is_let_go_of() {
    both(|valet| {
        let folder = std::env::temp_dir().join(format!("estatus-valet-{}-{}", std::process::id(), valet.is_some()));
        std::fs::create_dir(&folder).unwrap();
        // `cat` reads what the fixture does not say, so that only a kill ends both.
        let line = format!("exec 3>{}/open; echo began; exec cat", folder.display());
        let running = Fixture::new("sh").args(["-c", &line]).start_by(valet);
        assert_eq!(running.expect_line(BOUND, "that it began"), "began");
        assert!(!running.has_ended());
        assert_eq!(running.line(Duration::ZERO), None);
        let slow = || Fixture::new("sleep").args(["300"]).start_by(valet).output_within(Duration::from_millis(50));
        assert!(slow().is_none());
        let holds = || {
            let all = std::fs::read_dir("/proc").unwrap().flatten();
            all.filter_map(|process| std::fs::read_link(process.path().join("fd/3")).ok())
                .any(|file| file == folder.join("open"))
        };
        assert!(holds());
        drop(running);
        let until = Instant::now() + BOUND;
        while holds() {
            assert!(Instant::now() < until, "it goes on");
            std::thread::yield_now();
        }
        std::fs::remove_dir_all(folder).unwrap();
    });
}

#[test]
fn what_is_not_there_cannot_run() {
    both(|valet| {
        let started = std::panic::catch_unwind(|| Fixture::new("no-such-program-anywhere").start_by(valet));
        let said = started.err().unwrap();
        let said = said.downcast_ref::<String>().unwrap();
        assert!(said.contains("no-such-program-anywhere cannot run: "), "{said}");
    });
}

#[test]
fn nobody_without_the_token_is_served() {
    let valet = Valet::start().unwrap();
    let (_, said) = valet.variable(Path::new("/drives"));
    let asked = Asked::read(&said).unwrap();
    let order = Order { token: "guessed".to_owned(), program: "true".to_owned(), ..Order::default() };
    let mut stream = TcpStream::connect(said.split(' ').next().unwrap()).unwrap();
    writeln!(stream, "{}", serde_json::to_string(&order).unwrap()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "");
    assert!(Fixture::new("true").start_by(Some(&asked)).output().code == Some(0));
}
