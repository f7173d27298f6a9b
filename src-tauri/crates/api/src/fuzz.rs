//! Whatever comes over a connection, there is an answer: a frame, an error, or that more must come.
//!
//! `PROPTEST_CASES` says how many inputs are tried; a few in CI.

use std::{path::PathBuf, sync::Arc};

use bytes::BytesMut;
use estatus_core::{
    engine::{Ask, Repeat},
    ids::{IncidentId, RunId},
    program::ProcessId,
    secret::StoredIn,
};
use jiff::Timestamp;
use proptest::{collection::vec, prelude::*, sample::Index};
use serde::{Serialize, de::DeserializeOwned};
use tokio_util::codec::{Decoder, Encoder};

use crate::{
    codec::{ANSWER_LIMIT, ASKED_LIMIT, Codec},
    *,
};

/// Where `PROPTEST_CASES` is not said.
const CASES: u32 = 500;
/// Beside what a frame may take, a buffer holds what came after it.
const SLACK: usize = 1 << 20;

fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(CASES);
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) }
}

/// Takes `bytes` in pieces, as a connection brings them, and gives back what they mean as far as they mean something.
fn taken<In: DeserializeOwned>(bytes: &[u8], pieces: &[usize], limit: usize) -> Result<Vec<In>, TestCaseError> {
    let mut codec = Codec::<In, In>::new(limit);
    let (mut buffer, mut rest, mut found) = (BytesMut::new(), bytes, Vec::new());
    let mut pieces = pieces.iter().copied().chain(std::iter::repeat(usize::MAX));
    while !rest.is_empty() {
        let piece = pieces.next().unwrap_or(usize::MAX).clamp(1, rest.len());
        let (now, later) = rest.split_at(piece);
        buffer.extend_from_slice(now);
        rest = later;
        loop {
            let before = buffer.len();
            match codec.decode(&mut buffer) {
                Ok(Some(frame)) => {
                    prop_assert!(buffer.len() < before, "a frame takes what it came in");
                    found.push(frame);
                }
                Ok(None) => break,
                // The connection is over.
                Err(_) => return Ok(found),
            }
            prop_assert!(buffer.capacity() <= limit + SLACK, "{} bytes are set aside", buffer.capacity());
        }
        prop_assert!(buffer.capacity() <= limit + SLACK, "{} bytes are set aside", buffer.capacity());
    }
    Ok(found)
}

fn written<Out: Serialize>(frames: Vec<Out>) -> Vec<u8> {
    let mut codec = Codec::<(), Out>::new(ASKED_LIMIT);
    let mut buffer = BytesMut::new();
    frames.into_iter().for_each(|frame| codec.encode(frame, &mut buffer).unwrap());
    buffer.to_vec()
}

fn moment() -> impl Strategy<Value = Timestamp> {
    (-2_000_000_000_i64..4_000_000_000).prop_map(|second| Timestamp::from_second(second).unwrap())
}

fn table() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(serde_json::Value::from),
        any::<String>().prop_map(serde_json::Value::from),
        any::<bool>().prop_map(serde_json::Value::from),
        Just(serde_json::Value::Null),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let pairs = vec((any::<String>(), inner.clone()), 0..4);
        prop_oneof![
            vec(inner, 0..4).prop_map(serde_json::Value::from),
            pairs.prop_map(|pairs| pairs.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

fn edit() -> impl Strategy<Value = Edit> {
    let section = prop_oneof![
        Just(Section::Monitor),
        Just(Section::Program),
        Just(Section::Channel),
        Just(Section::Flow),
        Just(Section::Fleet)
    ];
    prop_oneof![
        (section.clone(), any::<Option<String>>(), table(), any::<Option<String>>())
            .prop_map(|(section, name, table, called)| Edit::Put { section, name, table, called }),
        (section, any::<String>()).prop_map(|(section, name)| Edit::Remove { section, name }),
        (vec(any::<String>(), 0..4), table())
            .prop_map(|(path, value)| Edit::Set { path, value: Some(value).filter(|value| !value.is_null()) }),
    ]
}

fn step_of() -> impl Strategy<Value = StepOf> {
    (any::<u64>(), any::<usize>()).prop_map(|(run, place)| StepOf { run: RunId(run), place })
}

fn place() -> impl Strategy<Value = LogPlace> {
    (any::<u64>(), any::<u64>()).prop_map(|(file, at)| LogPlace { file, at })
}

fn log_from() -> impl Strategy<Value = LogFrom> {
    prop_oneof![Just(LogFrom::End), place().prop_map(LogFrom::Before), place().prop_map(LogFrom::After)]
}

fn trial_of() -> impl Strategy<Value = TrialOf> {
    let name = any::<String>;
    prop_oneof![name().prop_map(TrialOf::Monitor), name().prop_map(TrialOf::Program), name().prop_map(TrialOf::Channel),]
}

fn asked() -> impl Strategy<Value = ClientFrame> {
    let text = any::<String>;
    let request = prop_oneof![
        Just(Request::Status),
        Just(Request::Configuration),
        Just(Request::Apply),
        Just(Request::Versions),
        any::<u64>().prop_map(|id| Request::Version { id }),
        any::<u64>().prop_map(|id| Request::PutBack { id }),
        any::<u64>().prop_map(|id| Request::Undo { id }),
        text().prop_map(|name| Request::EntryText { section: Section::Monitor, name }),
        Just(Request::Survey),
        (any::<u32>(), any::<u64>())
            .prop_map(|(pid, started)| Request::Adoptable { process: ProcessId { pid, started } }),
        any::<bool>().prop_map(|stop_programs| Request::Relaunch { stop_programs }),
        (text(), moment(), moment(), any::<usize>()).prop_map(|(monitor, from, to, points)| Request::History {
            monitor,
            from,
            to,
            points
        }),
        (text(), any::<bool>(), moment(), moment(), any::<usize>()).prop_map(|(name, program, from, to, points)| {
            let by = if program { UsedBy::Program(name) } else { UsedBy::Monitor(name) };
            Request::Usage { by, from, to, points }
        }),
        text().prop_map(|monitor| Request::Uptime { monitor }),
        (text(), vec(text(), 0..4)).prop_map(|(month, tags)| Request::Report {
            month: ReportMonth::Of(month),
            tags,
            format: ReportFormat::IncidentsCsv
        }),
        (any::<Option<String>>(), any::<usize>()).prop_map(|(monitor, limit)| Request::Incidents {
            monitor,
            since: None,
            limit
        }),
        any::<Option<String>>().prop_map(|monitor| Request::Do(Ask::CheckNow { monitor })),
        (text(), proptest::option::of(moment()))
            .prop_map(|(monitor, until)| Request::Do(Ask::Pause { monitor, until })),
        (vec(edit(), 0..4), any::<bool>()).prop_map(|(edits, save)| Request::Edit { edits, save }),
        (text(), any::<Vec<u8>>()).prop_map(|(name, content)| Request::Import { name, content: FileContent(content) }),
        (text(), text()).prop_map(|(name, value)| Request::StoreSecret { name, value: SecretText::new(value) }),
        text().prop_map(|name| Request::RemoveSecret { name }),
        any::<Option<Vec<String>>>().prop_map(|names| Request::Secrets { names }),
        (text(), any::<usize>()).prop_map(|(program, lines)| Request::Log { program, lines }),
        (text(), log_from(), text(), any::<bool>(), any::<usize>()).prop_map(|(program, from, text, errors, limit)| {
            Request::ReadLog { program, from, text, stream: errors.then_some(LogStream::Err), limit }
        }),
        (any::<Option<String>>(), proptest::option::of(step_of()), any::<bool>())
            .prop_map(|(log_of, step, usage)| Request::Follow { log_of, step, usage }),
        (step_of(), any::<usize>()).prop_map(|(of, lines)| Request::StepLog { of, lines }),
        (vec(edit(), 0..4), trial_of(), vec((text(), text()), 0..3)).prop_map(|(edits, of, secrets)| {
            let typed = |(name, value): (String, String)| TypedSecret { name, value: SecretText::new(value) };
            Request::Try { edits, of, secrets: secrets.into_iter().map(typed).collect() }
        }),
        trial_of().prop_map(|of| Request::EndTrial { of }),
        text().prop_map(|flow| Request::Plan { flow }),
        text().prop_map(|fleet| Request::Fleet { fleet }),
        (text(), any::<Option<String>>(), proptest::option::of(0_f64..=1.0)).prop_map(|(fleet, policy, load)| {
            let other = OtherRule { policy, load, ..OtherRule::default() };
            Request::Replay { fleet, other, since: None }
        }),
        (text(), text(), 0_f32..=1.0).prop_map(|(fleet, instance, load)| Request::SetLoad { fleet, instance, load }),
        (any::<u64>(), any::<Option<String>>(), any::<bool>()).prop_map(|(run, from, as_then)| {
            let (run, how) = (RunId(run), Repeat { from, as_then });
            Request::Repeat { run, how }
        }),
    ];
    (any::<u64>(), request).prop_map(|(id, request)| ClientFrame { id, request })
}

fn frame() -> impl Strategy<Value = Frame> {
    let text = any::<String>;
    let answer = prop_oneof![
        Just(Ok(Reply::Done)),
        (text(), table(), vec((any::<usize>(), text()), 0..3)).prop_map(|(file, tables, problems)| {
            let problem = |(line, message): (usize, String)| ConfigProblem {
                line,
                column: line,
                path: vec![message.clone()],
                message,
            };
            let problems = problems.into_iter().map(problem).collect();
            Ok(Reply::Configuration(Configuration { file: PathBuf::from(file), tables, problems }))
        }),
        (text(), text()).prop_map(|(name, path)| {
            let stored = Some(StoredIn::File { path: PathBuf::from(path) });
            let used_by = Some(vec![SecretUser { section: Section::Monitor, name: name.clone() }]);
            Ok(Reply::Secrets(vec![SecretState { name, stored, trouble: None, used_by }]))
        }),
        text().prop_map(|message| Err(ApiError { code: ErrorCode::Wrong, message })),
    ];
    let line = (moment(), text(), any::<bool>(), proptest::option::of(place()))
        .prop_map(|(at, text, part, place)| LogLine { at, stream: part.then_some(LogStream::Err), text, part, place });
    let event = prop_oneof![
        text().prop_map(|name| Event::MonitorGone(name.into())),
        any::<u64>().prop_map(|id| Event::IncidentClosed {
            incident: IncidentId(id),
            closed: jiff::Timestamp::UNIX_EPOCH,
            lasted: Some(9.5),
        }),
        (text(), vec(line, 0..4)).prop_map(|(program, lines)| Event::Log { program: program.into(), lines }),
        Just(Event::Relaunching),
        text().prop_map(|why| Event::Engine(EngineState { config_refused: Some(why), ..EngineState::default() })),
    ];
    let hello = (any::<u32>(), text(), moment()).prop_map(|(protocol, version, started)| {
        let (kind, config) = (HostKind::Service, PathBuf::from(&version));
        let host = Host { kind, pid: protocol, started, config, data: PathBuf::new() };
        let (permission, snapshot) = (Permission::Steer, Snapshot::default());
        Frame::Hello(Box::new(Hello { protocol, version, host, permission, snapshot }))
    });
    prop_oneof![
        (any::<u64>(), answer).prop_map(|(id, result)| Frame::Answer { id, result }),
        event.prop_map(|event| Frame::Event(Arc::new(event))),
        hello,
    ]
}

/// A way to spoil bytes: where, how many of them, and what stands there then.
type Spoil = (Index, usize, Vec<u8>);

fn spoils() -> impl Strategy<Value = Vec<Spoil>> {
    let piece = prop_oneof![
        vec(any::<u8>(), 0..6),
        "[\\[\\]{}\",:0-9eE+.nulltrue\\\\ -]{0,12}".prop_map(String::into_bytes),
        (1_usize..400).prop_map(|deep| vec![b'['; deep]),
    ];
    vec((any::<Index>(), 0_usize..8, piece), 0..4)
}

fn spoiled(mut bytes: Vec<u8>, spoils: Vec<Spoil>) -> Vec<u8> {
    for (at, length, piece) in spoils {
        let start = at.index(bytes.len() + 1);
        let end = (start + length).min(bytes.len());
        bytes.splice(start..end, piece);
    }
    bytes
}

/// The same with lengths that are right, so that what is spoiled is the JSON.
fn framed(json: Vec<u8>) -> Vec<u8> {
    let mut bytes = u32::try_from(json.len()).unwrap().to_be_bytes().to_vec();
    bytes.extend(json);
    bytes
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_bytes_have_an_answer(bytes in vec(any::<u8>(), 0..200), pieces in vec(0_usize..20, 0..8), short in any::<bool>()) {
        // A length that is not too long at once is rare by itself.
        let bytes = if short { framed(bytes) } else { bytes };
        taken::<ClientFrame>(&bytes, &pieces, ASKED_LIMIT)?;
        taken::<Frame>(&bytes, &pieces, ANSWER_LIMIT)?;
    }

    #[test]
    fn what_is_asked_arrives_as_it_was_in_whatever_pieces(asked in vec(asked(), 1..4), pieces in vec(0_usize..300, 0..8)) {
        prop_assert_eq!(taken::<ClientFrame>(&written(asked.clone()), &pieces, ASKED_LIMIT)?, asked);
    }

    #[test]
    fn what_is_said_arrives_as_it_was_in_whatever_pieces(said in vec(frame(), 1..4), pieces in vec(0_usize..300, 0..8)) {
        prop_assert_eq!(taken::<Frame>(&written(said.clone()), &pieces, ANSWER_LIMIT)?, said);
    }

    #[test]
    fn spoiled_frames_have_an_answer(
        asked in asked(),
        said in frame(),
        spoils in spoils(),
        pieces in vec(0_usize..300, 0..4),
        lengths_too in any::<bool>(),
    ) {
        let spoil = |bytes: Vec<u8>| match lengths_too {
            true => spoiled(bytes, spoils.clone()),
            false => framed(spoiled(bytes[4..].to_vec(), spoils.clone())),
        };
        taken::<ClientFrame>(&spoil(written(vec![asked])), &pieces, ASKED_LIMIT)?;
        taken::<Frame>(&spoil(written(vec![said])), &pieces, ANSWER_LIMIT)?;
    }
}
