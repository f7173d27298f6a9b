//! Whatever comes over the connection of a shim, from either side, there is an end of it: no panic, no more memory than
//! came, no waiting. `PROPTEST_CASES` says how much is tried.

use std::collections::BTreeSet;

use estatus_core::{
    command::{CommandLine, Run},
    exit::{Exit, Signal},
    ids::StartId,
    program::{
        Ended, Found, Leftover, ProcessId, Program, ProgramEvent, StartEnvironment, StartFailure, StopHow, StopPolicy,
    },
    secret::Secret,
};
use jiff::Timestamp;
use proptest::prelude::*;
use serde::{Serialize, de::DeserializeOwned};
use tokio::{
    io::{AsyncReadExt, join, sink},
    runtime::{Builder, Runtime},
};

use super::{after, frames, launch, protocol::StopBy, *};
use crate::{ledger::Ledger, notify_socket};

fn runtime() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

/// The frames in `bytes`, which come in two pieces, up to the first that is none.
fn frames_in<T: DeserializeOwned + Serialize>(bytes: &[u8], cut: usize) -> Vec<T> {
    let (one, other) = bytes.split_at(cut.min(bytes.len()));
    let mut frames = Frames::new(join(one.chain(other), sink()));
    let mut found = Vec::new();
    runtime().block_on(async {
        while let Ok(Some(frame)) = frames.next::<T>().await {
            found.push(frame);
        }
    });
    assert!(frames.held() <= bytes.len(), "{} of {} bytes are held", frames.held(), bytes.len());
    found
}

/// What becomes of what was asked, as far as nothing is started.
fn is_asked(asked: &ShimRequest) {
    let stops = match asked {
        ShimRequest::Start(start) => {
            let terms = launch::terms(start);
            let _ = after(terms.patience);
            terms.watchdog.map(after);
            let _ = start.command.run();
            &start.stop
        }
        ShimRequest::Stop { how, .. } => how,
        ShimRequest::Look | ShimRequest::Measure { .. } | ShimRequest::StepAside => return,
    };
    let _ = after(stops.within);
    if let StopBy::Command(line) = &stops.by {
        let _ = line.run();
    }
}

/// What was understood is understood the same when it is said again.
fn is_the_same_again<T: DeserializeOwned + Serialize>(frame: &T) -> Result<(), TestCaseError> {
    let bytes = frames::encode(frame).unwrap();
    let again = frames_in::<T>(&bytes, bytes.len() / 2);
    prop_assert_eq!(again.len(), 1);
    prop_assert_eq!(frames::encode(&again[0]).unwrap(), bytes);
    Ok(())
}

fn bytes_do_no_harm(bytes: &[u8], cut: usize) -> Result<(), TestCaseError> {
    for asked in frames_in::<ShimRequest>(bytes, cut) {
        is_asked(&asked);
        is_the_same_again(&asked)?;
    }
    for told in frames_in::<ShimMessage>(bytes, cut) {
        is_the_same_again(&told)?;
    }
    let _ = serde_json::from_slice::<Ledger>(bytes);
    let _ = notify_socket::notices(bytes);
    Ok(())
}

fn command(run: Run) -> CommandLine {
    let env = vec![("NAME".to_owned(), "value".to_owned())];
    CommandLine { run, directory: Some("/srv".into()), env, secret_env: Vec::new() }
}

/// One of everything that an engine says.
fn asked() -> Vec<ShimRequest> {
    let mut program = Program::new("web", command(Run::Shell("npm run dev".to_owned())));
    let args = vec!["-f".to_owned()];
    let stop = command(Run::Program { program: "pg_ctl".to_owned(), args });
    program.stop = StopPolicy { how: StopHow::Command(stop), ..StopPolicy::default() };
    let (secret, hidden) = ([("TOKEN".to_owned(), Secret::new("s"))], BTreeSet::from(["PASSWORD".to_owned()]));
    let environment = StartEnvironment { restarts: 3, last_exit: Some(Exit::Signal(9)) };
    let process = ProcessId { pid: 4711, started: 12 };
    let start = Launch::new(&program, StartId(1), environment, Some(process), &secret, &hidden);
    let by_signal = Stopping { by: StopBy::Signal(Signal::Term), within: Duration::from_secs(1) };
    vec![
        ShimRequest::Look,
        ShimRequest::Start(Box::new(start)),
        ShimRequest::Stop { start: StartId(1), how: Stopping::new(&program.stop, &secret, &hidden) },
        ShimRequest::Stop { start: StartId(2), how: by_signal },
        ShimRequest::Measure { start: StartId(3), ports: true },
        ShimRequest::StepAside,
    ]
}

/// One of everything that a shim says.
fn told() -> Vec<ShimMessage> {
    let (start, at, process) = (StartId(4), Timestamp::UNIX_EPOCH, ProcessId { pid: 4711, started: 12 });
    let left = vec![Leftover::Port { port: 80, holder: Some("node (pid 4711)".to_owned()) }];
    let ended = Ended { left, tail: vec!["Killed".to_owned()], ..Ended::new(start, Exit::Code(1), at) };
    let failure = StartFailure::PortHeld { port: 80, holder: None };
    let hello = |found| ShimMessage::Hello { protocol: PROTOCOL, found };
    let events = [
        ProgramEvent::Found(Found::Nothing),
        ProgramEvent::Started { start, process },
        ProgramEvent::CannotStart { start, failure },
        ProgramEvent::Ready { start },
        ProgramEvent::Said { start, status: "serving".to_owned() },
        ProgramEvent::Silent { start },
        ProgramEvent::Exited(ended.clone()),
        ProgramEvent::Measured { start, memory: 1 << 40, cpu: Some(12.5), ports: Some(vec![80, 443]) },
    ];
    let mut told = vec![
        hello(Found::Nothing),
        hello(Found::Running { start, process, since: at, ready: true }),
        hello(Found::Ended(ended)),
        ShimMessage::Trouble { error: "no space left on device".to_owned() },
    ];
    told.extend(events.into_iter().map(ShimMessage::Event));
    told
}

/// All of that, in one stream for each side.
fn streams() -> [Vec<u8>; 2] {
    let encoded = |frames: Vec<Vec<u8>>| frames.concat();
    [
        encoded(asked().iter().map(|frame| frames::encode(frame).unwrap()).collect()),
        encoded(told().iter().map(|frame| frames::encode(frame).unwrap()).collect()),
    ]
}

/// A change to a stream.
#[derive(Clone, Debug)]
enum Change {
    Put(u8),
    Insert(Vec<u8>),
    Remove(usize),
    Repeat(usize),
    /// A number that goes as far as one can.
    Number(&'static str),
}

fn change() -> impl Strategy<Value = Change> {
    let numbers = ["18446744073709551615", "-9223372036854775808", "1e308", "-0.0", "4294967296", "999999999999"];
    prop_oneof![
        any::<u8>().prop_map(Change::Put),
        prop::collection::vec(any::<u8>(), 1..20).prop_map(Change::Insert),
        "[\\[\\]{}\",:0-9a-z]{1,20}".prop_map(|text| Change::Insert(text.into_bytes())),
        (1..200_usize).prop_map(Change::Remove),
        (1..200_usize).prop_map(Change::Repeat),
        prop::sample::select(numbers.to_vec()).prop_map(Change::Number),
    ]
}

fn changed(mut bytes: Vec<u8>, changes: &[(usize, Change)]) -> Vec<u8> {
    for (at, change) in changes {
        let at = at % (bytes.len() + 1);
        let until = |length: &usize| (at + length).min(bytes.len());
        match change {
            Change::Put(byte) => bytes.splice(at..until(&1), [*byte]).for_each(drop),
            Change::Insert(more) => bytes.splice(at..at, more.iter().copied()).for_each(drop),
            Change::Remove(length) => bytes.drain(at..until(length)).for_each(drop),
            Change::Repeat(length) => {
                let again = bytes[at..until(length)].to_vec();
                bytes.splice(at..at, again).for_each(drop);
            }
            Change::Number(number) => {
                let end = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count() + at;
                bytes.splice(at..end, number.bytes()).for_each(drop);
            }
        }
    }
    bytes
}

/// The first frame of `bytes` with the length that it has: changes within it are heard.
fn framed(bytes: &[u8]) -> Vec<u8> {
    let json = bytes.get(4..).unwrap_or_default();
    let length = u32::try_from(json.len()).unwrap_or_default().to_be_bytes();
    [&length, json].concat()
}

#[test]
fn everything_that_is_said_is_understood() {
    let [asked_bytes, told_bytes] = streams();
    assert_eq!(frames_in::<ShimRequest>(&asked_bytes, 10).len(), asked().len());
    assert_eq!(frames_in::<ShimMessage>(&told_bytes, 1000).len(), told().len());
}

#[test]
fn no_time_is_too_long() {
    assert!(after(Duration::MAX) > after(Duration::from_secs(1_000_000)));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..400), cut in 0..400_usize) {
        bytes_do_no_harm(&bytes, cut)?;
    }

    #[test]
    fn a_length_that_is_a_lie_does_no_harm(length in any::<u32>(), bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        bytes_do_no_harm(&[&length.to_be_bytes(), &bytes[..]].concat(), 2)?;
    }

    #[test]
    fn a_changed_stream_does_no_harm(
        side in 0..2_usize,
        changes in prop::collection::vec((any::<usize>(), change()), 1..6),
        cut in any::<u16>(),
    ) {
        let bytes = changed(streams()[side].clone(), &changes);
        bytes_do_no_harm(&bytes, usize::from(cut) % (bytes.len() + 1))?;
    }

    #[test]
    fn a_changed_frame_does_no_harm(
        of in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<usize>(), change()), 1..4),
        cut in any::<u16>(),
    ) {
        let asked = asked().iter().map(|frame| frames::encode(frame).unwrap()).collect::<Vec<_>>();
        let told = told().iter().map(|frame| frames::encode(frame).unwrap()).collect::<Vec<_>>();
        let all = [asked, told].concat();
        let bytes = framed(&changed(of.get(&all).clone(), &changes));
        bytes_do_no_harm(&bytes, usize::from(cut) % (bytes.len() + 1))?;
    }
}
