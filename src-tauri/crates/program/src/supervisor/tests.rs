//! A shim that is there and does not answer.
#![cfg(unix)]

use estatus_core::{
    command::{CommandLine, Run},
    ids::StartId,
    program::{Found, StartEnvironment, StartFailure},
};
use tempfile::TempDir;
use tokio::time::timeout;

use super::*;
use crate::{
    platform::{Listener, ShimEnd},
    shim::{Frames, PROTOCOL, ShimMessage},
};

const SHORT: Duration = Duration::from_millis(100);
const LONG: Duration = Duration::from_secs(30);

use std::time::Duration;

/// A task whose shim is played by this test, and what the engine hears.
struct Stage {
    folder: TempDir,
    slot: Slot,
    events: mpsc::Receiver<SupervisorEvent>,
}

impl Stage {
    /// Shims are made by an executable that is none.
    fn new() -> (Self, Listener) {
        let folder = tempfile::tempdir().unwrap();
        let listener = Listener::bind(folder.path()).unwrap();
        let command = ShimCommand { program: PathBuf::from("/bin/true"), args: Vec::new() };
        let (sender, events) = mpsc::channel(64);
        let (slot, mailbox) = mailbox();
        let mut connector = ShimConnector::new(folder.path().to_owned(), Arc::new(Shims::new(command)));
        connector.hello_within = SHORT;
        let mut task = Task::new("web".into(), connector, sender);
        task.patience = SHORT;
        tokio::spawn(task.live(mailbox));
        (Self { folder, slot, events }, listener)
    }

    fn start(&self) {
        let run = Run::Shell("true".to_owned());
        let command = CommandLine::new(run);
        let mut program = Program::new("web", command);
        program.stop.within = Duration::ZERO;
        let launch = Launch::new(&program, StartId(1), StartEnvironment::default(), None, &[], &BTreeSet::new());
        self.slot.put(ShimRequest::Start(Box::new(launch)));
    }

    async fn cannot_start(&mut self) -> String {
        loop {
            let happened = timeout(LONG, self.events.recv()).await.expect("nothing is told").unwrap();
            if let ProgramEvent::CannotStart { failure: StartFailure::Refused { error }, .. } = happened.event {
                return error;
            }
        }
    }
}

#[tokio::test]
async fn whoever_waits_for_a_start_is_told_that_the_shim_says_nothing_at_all() {
    let (mut stage, _listener) = Stage::new();
    stage.start();
    let error = stage.cannot_start().await;
    assert!(error.contains("does not answer"), "{error}");
    assert!(stage.folder.path().exists());
}

#[tokio::test]
async fn whoever_waits_for_a_start_is_told_that_the_shim_fell_silent_over_it() {
    let (mut stage, mut listener) = Stage::new();
    let shim = tokio::spawn(async move {
        let mut frames: Frames<ShimEnd> = Frames::new(listener.accept().await.unwrap());
        frames.send(&ShimMessage::Hello { protocol: PROTOCOL, found: Found::Nothing }).await.unwrap();
        while let Some(asked) = frames.next::<ShimRequest>().await.unwrap() {
            if matches!(asked, ShimRequest::Start(_)) {
                break;
            }
        }
        // It is neither lost nor gone.
        (frames, listener)
    });
    stage.start();
    let error = stage.cannot_start().await;
    assert!(error.contains("does not answer"), "{error}");
    drop(shim.await.unwrap());
}
