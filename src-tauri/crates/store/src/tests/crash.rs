use std::{
    env, fs,
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
};

use super::*;
use crate::files::beside;

/// Where the child writes, when this program runs as one.
const FOLDER: &str = "ESTATUS_STORE_TEST_FOLDER";
const CHILD: &str = "tests::crash::child_that_writes_until_it_is_killed";

#[tokio::test]
#[ignore = "it is the child of the test below"]
async fn child_that_writes_until_it_is_killed() {
    let Some(folder) = env::var_os(FOLDER) else { return };
    let Opened { store, .. } = open(folder.as_ref(), Retention::default(), noon()).unwrap();
    for number in 1..100_000 {
        let open = incident(number, "page", after(number), None);
        let told = message(number, &[&open], waiting());
        let program = Record::Memory { of: Key::Program("web".into()), memory: Some(program_memory(number).into()) };
        let begun = run(number, "deploy", RunState::Running);
        let records = vec![
            up("page", after(number)),
            program,
            Record::Incident(Box::new(open)),
            Record::Message(told),
            Record::Run(Box::new(begun)),
            step(number, 1, begun_step()),
            kept(&instance(number, "web", InstanceState::Launching)),
            decided(&decision(number, "web")),
        ];
        store.record(records).await.unwrap();
        println!("written {number}");
        std::io::stdout().flush().unwrap();
    }
}

#[tokio::test]
async fn a_killed_program_has_lost_nothing_it_was_told_is_written() {
    let folder = folder();
    let mut child = Command::new(env::current_exe().unwrap())
        .args([CHILD, "--exact", "--ignored", "--nocapture"])
        .env(FOLDER, folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut written = 0;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        if let Some(number) = line.unwrap().strip_prefix("written ") {
            written = number.parse::<u64>().unwrap();
        }
        if written == 30 {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    assert!(written >= 30);
    let Opened { store, restored, trouble, .. } = opened(&folder);
    assert_eq!(trouble, []);
    let last = restored.last_incident.unwrap().0;
    assert!(last == written || last == written + 1, "{last} for {written}");
    assert_eq!(restored.incidents.len() as u64, last);
    assert_eq!(restored.messages.len() as u64, last);
    assert_eq!((restored.runs.len() as u64, restored.last_run), (last, Some(RunId(last))));
    assert!(restored.runs.iter().all(|record| record.steps[1] == begun_step()));
    assert_eq!(restored.instances.len() as u64, last);
    assert_eq!(restored.instances.last(), Some(&instance(last, "web", InstanceState::Launching)));
    assert_eq!(store.decisions("web", usize::MAX).await.unwrap().len() as u64, last);
    assert_eq!(restored.memories, [(Key::Program("web".into()), program_memory(last).into())].into());
    let figures = store.figures(vec!["page".into()], noon(), after(3600)).await.unwrap();
    assert_eq!(figures["page"].samples, last);
}

#[tokio::test]
async fn a_copy_of_the_files_at_any_moment_is_a_sound_database() {
    let folder = folder();
    let Opened { store, .. } = opened(&folder);
    for number in 1..=20 {
        store
            .record(vec![up("page", after(number)), Record::Incident(Box::new(incident(number, "page", noon(), None)))])
            .await
            .unwrap();
        let copy = self::folder();
        for part in ["", "-wal"] {
            fs::copy(beside(&folder.path().join(FILE), part), beside(&copy.path().join(FILE), part)).unwrap();
        }
        let copied = opened(&copy);
        assert_eq!((copied.restored.incidents.len() as u64, copied.trouble), (number, vec![]));
    }
}
