//! Other users of this machine: what the engine lets whom do, through its real socket.
//!
//! Needs root, which alone can be several users.

use std::{
    collections::BTreeSet,
    fs::{self, Permissions},
    io::Read,
    os::unix::{
        fs::{PermissionsExt, chown},
        net::UnixStream,
    },
    path::Path,
    process::{Command, Output},
    thread,
};

use estatus_api::{
    AttachError, Client, Edit, Endpoint, ErrorCode, FileContent, LogFrom, OtherRule, Permission, Reply, ReportFormat,
    ReportMonth, Request, SecretText, Section, StepOf, TrialOf, UsedBy,
};
use estatus_core::{
    engine::{Ask, Repeat},
    flow::run::AnsweredBy,
    ids::RunId,
    program::ProcessId,
};
use estatus_tests::{Estatus, built, eventually};
use jiff::Timestamp;
use rustix::{
    process::{Gid, Uid},
    thread::{set_thread_gid, set_thread_groups, set_thread_uid},
};

const CONFIG: &str = "[network]\nreference = []\n[[monitor]]\nname = \"port\"\ntcp = \"127.0.0.1:9\"\nevery = \"1h\"\n\
                      [[program]]\nname = \"clock\"\nenv = { TOKEN = \"nobody's business\" }\n\
                      command = \"while true; do echo tick; sleep 0.2; done # business\"\n\
                      [[monitor]]\nname = \"page\"\nhttp = \"http://127.0.0.1:9/?key=business\"\n\
                      every = \"1h\"\n[[monitor]]\nname = \"asks\"\ncommand = \"true business\"\n\
                      every = \"1h\"\n";
const ROOT: u32 = 0;
const SOMEBODY: u32 = 61_001;
const SOMEBODY_ELSE: u32 = 61_002;

/// Does `what` as the user `user`: on Linux every thread has a user of its own.
fn as_user<T: Send + 'static>(user: u32, what: impl AsyncFnOnce() -> T + Send + 'static) -> T {
    let thread = thread::spawn(move || {
        if user != ROOT {
            set_thread_groups(&[]).expect("this test needs root");
            set_thread_gid(Gid::from_raw(user)).unwrap();
            set_thread_uid(Uid::from_raw(user)).unwrap();
        }
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(what())
    });
    thread.join().unwrap()
}

/// One of every kind of request, and what it takes to have it answered.
fn requests() -> Vec<(Request, Permission)> {
    let (monitor, program, fleet) = (|| "port".to_owned(), || "clock".to_owned(), || "none".to_owned());
    let (look, steer, edit) = (Permission::Look, Permission::Steer, Permission::Edit);
    let process = ProcessId { pid: 1, started: 1 };
    let remove = Edit::Remove { section: Section::Monitor, name: "none".to_owned() };
    let asks = [
        (Ask::CheckNow { monitor: None }, steer),
        (Ask::Pause { monitor: monitor(), until: None }, steer),
        (Ask::Resume { monitor: monitor() }, steer),
        (Ask::Acknowledge { monitor: monitor() }, steer),
        (Ask::Snooze { monitor: None, until: None }, steer),
        (Ask::StopProgram { program: program() }, steer),
        (Ask::StartProgram { program: program() }, steer),
        (Ask::RestartProgram { program: program() }, steer),
        (Ask::AdoptProgram { program: program(), process }, edit),
        (Ask::RunFlow { flow: "none".to_owned() }, steer),
        (Ask::CancelRun { run: RunId(1) }, steer),
        (Ask::Approve { run: RunId(1), step: None, approved: true, by: AnsweredBy::default() }, steer),
        (Ask::AddInstance { fleet: fleet() }, steer),
        (Ask::RemoveInstance { fleet: fleet(), instance: fleet() }, steer),
        (Ask::DrainInstance { fleet: fleet(), instance: fleet() }, steer),
        (Ask::ProtectInstance { fleet: fleet(), instance: fleet(), protected: true }, steer),
    ];
    let (from, to) = (Timestamp::UNIX_EPOCH, Timestamp::now());
    let requests = [
        (Request::Status, look),
        (Request::History { monitor: monitor(), from, to, points: 1 }, look),
        (Request::Uptime { monitor: monitor() }, look),
        (Request::Report { month: ReportMonth::Current, tags: Vec::new(), format: ReportFormat::Html }, look),
        (Request::Incidents { monitor: None, since: None, limit: 1 }, look),
        (Request::Log { program: program(), lines: 1 }, look),
        (
            Request::ReadLog { program: program(), from: LogFrom::End, text: String::new(), stream: None, limit: 1 },
            look,
        ),
        (Request::ProgramHistory { program: program(), since: from, limit: 1 }, look),
        (Request::Usage { by: UsedBy::Program(program()), from, to, points: 1 }, look),
        (Request::Runs { flow: None, limit: 1 }, look),
        (Request::LastRuns { limit: 1 }, look),
        (Request::Run { run: RunId(1) }, look),
        (Request::Follow { log_of: None, step: None, usage: false }, look),
        (Request::StepLog { of: StepOf { run: RunId(1), place: 0 }, lines: 1 }, look),
        (Request::Repeat { run: RunId(1), how: Repeat::default() }, steer),
        (Request::Fleet { fleet: fleet() }, look),
        (Request::Decisions { fleet: fleet(), limit: 1 }, look),
        (Request::FleetHistory { fleet: fleet(), since: from }, look),
        (Request::Replay { fleet: fleet(), other: OtherRule::default(), since: None }, look),
        (Request::SetLoad { fleet: fleet(), instance: fleet(), load: 0.5 }, steer),
        (Request::Plan { flow: "none".to_owned() }, edit),
        (Request::Configuration, edit),
        (Request::Edit { edits: vec![remove.clone()], save: false }, edit),
        (Request::Edit { edits: vec![remove], save: true }, edit),
        (Request::Versions, edit),
        (Request::Version { id: 0 }, edit),
        (Request::PutBack { id: 0 }, edit),
        (Request::Undo { id: 0 }, edit),
        (Request::EntryText { section: Section::Monitor, name: "none".to_owned() }, edit),
        (Request::Apply, edit),
        (Request::Import { name: "Procfile".to_owned(), content: FileContent(b"web: true".to_vec()) }, edit),
        (Request::Try { edits: Vec::new(), of: TrialOf::Channel("none".to_owned()), secrets: Vec::new() }, edit),
        (Request::EndTrial { of: TrialOf::Channel("none".to_owned()) }, edit),
        (Request::StoreSecret { name: "tried".to_owned(), value: SecretText::new("business") }, edit),
        (Request::Secrets { names: None }, edit),
        (Request::RemoveSecret { name: "tried".to_owned() }, edit),
        (Request::Survey, edit),
        (Request::Adoptable { process: ProcessId { pid: 0, started: 0 } }, edit),
    ];
    let asks = asks.into_iter().map(|(ask, permission)| (Request::Do(ask), permission));
    // The last: nobody is there to answer after it.
    let last = [(Request::Relaunch { stop_programs: false }, edit)];
    let all: Vec<_> = requests.into_iter().chain(asks).chain(last).collect();
    let kinds: BTreeSet<u8> = all.iter().map(|(request, _)| kind(request)).collect();
    assert!(kinds.into_iter().eq(0..KINDS), "every kind of request is tried");
    all
}

const KINDS: u8 = 54;

/// The compiler sees to it that a new kind is tried, too.
fn kind(request: &Request) -> u8 {
    match request {
        Request::Status => 0,
        Request::History { .. } => 1,
        Request::Incidents { .. } => 2,
        Request::Log { .. } => 3,
        Request::ReadLog { .. } => 48,
        Request::ProgramHistory { .. } => 4,
        Request::Follow { .. } => 5,
        Request::Configuration => 6,
        Request::Edit { .. } => 7,
        Request::Apply => 8,
        Request::Import { .. } => 9,
        Request::Try { .. } => 10,
        Request::Survey => 11,
        Request::Adoptable { .. } => 53,
        Request::Relaunch { .. } => 21,
        Request::Runs { .. } => 22,
        Request::LastRuns { .. } => 23,
        Request::Run { .. } => 24,
        Request::StepLog { .. } => 27,
        Request::Repeat { .. } => 28,
        Request::Plan { .. } => 29,
        Request::Fleet { .. } => 31,
        Request::Decisions { .. } => 32,
        Request::SetLoad { .. } => 33,
        Request::FleetHistory { .. } => 38,
        Request::Replay { .. } => 39,
        Request::StoreSecret { .. } => 40,
        Request::RemoveSecret { .. } => 41,
        Request::Secrets { .. } => 42,
        Request::Versions => 43,
        Request::Version { .. } => 44,
        Request::PutBack { .. } => 45,
        Request::Undo { .. } => 46,
        Request::EntryText { .. } => 47,
        Request::Usage { .. } => 49,
        Request::EndTrial { .. } => 50,
        Request::Uptime { .. } => 51,
        Request::Report { .. } => 52,
        Request::Do(ask) => match ask {
            Ask::CheckNow { .. } => 12,
            Ask::Pause { .. } => 13,
            Ask::Resume { .. } => 14,
            Ask::Acknowledge { .. } => 15,
            Ask::Snooze { .. } => 16,
            Ask::StopProgram { .. } => 17,
            Ask::StartProgram { .. } => 18,
            Ask::RestartProgram { .. } => 19,
            Ask::AdoptProgram { .. } => 20,
            Ask::RunFlow { .. } => 25,
            Ask::CancelRun { .. } => 26,
            Ask::Approve { .. } => 30,
            Ask::AddInstance { .. } => 34,
            Ask::RemoveInstance { .. } => 35,
            Ask::DrainInstance { .. } => 36,
            Ask::ProtectInstance { .. } => 37,
        },
    }
}

/// Tries every request as `user`, who may do as much as `permission`.
fn try_everything(data: &Path, user: u32, permission: Permission) {
    let endpoint = Endpoint::of(data);
    let began = as_user(user, async move || {
        let mut client = Client::attach(&endpoint).await.unwrap();
        assert_eq!(client.hello().permission, permission, "{user}");
        for (request, needed) in requests() {
            let shown = format!("{user}: {request:?}");
            let answer = client.request(request).await;
            let denied = answer.as_ref().is_err_and(|error| error.code == ErrorCode::Denied);
            assert_eq!(denied, needed > permission, "{shown}: {answer:?}");
            if let Err(error) = answer
                && denied
            {
                assert!(error.message.starts_with("only an administrator"), "{error}");
            }
        }
        client.hello().host.started
    });
    if permission == Permission::Edit {
        eventually("it has begun anew", || {
            let endpoint = Endpoint::of(data);
            let hello = as_user(user, async move || Some(Client::attach(&endpoint).await.ok()?.hello().clone()))?;
            (hello.host.started != began).then_some(())
        });
    }
}

/// Lets everybody as far as the engine's socket.
fn open(estatus: &Estatus) {
    let mode = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    mode(estatus.data().parent().unwrap(), 0o755);
    mode(&estatus.data(), 0o755);
    mode(&estatus.data().join("engine.sock"), 0o666);
}

fn attached(data: &Path, user: u32) -> Result<(), AttachError> {
    let endpoint = Endpoint::of(data);
    as_user(user, async move || Client::attach(&endpoint).await.map(drop))
}

#[test]
fn an_engine_for_all_users_lets_others_look_and_steer_and_its_own_user_edit() {
    let mut estatus = Estatus::new(CONFIG).for_all_users();
    estatus.start();
    estatus.wait_for_process("clock", None);
    try_everything(&estatus.data(), SOMEBODY, Permission::Steer);
    try_everything(&estatus.data(), ROOT, Permission::Edit);

    let endpoint = Endpoint::of(&estatus.data());
    let seen = as_user(SOMEBODY, async move || {
        let mut client = Client::attach(&endpoint).await.unwrap();
        let Ok(Reply::Status(status)) = client.request(Request::Status).await else { panic!("no status") };
        format!("{:?}{:?}", client.hello(), status)
    });
    assert!(seen.contains("clock") && seen.contains("\"true …\""), "{seen}");
    assert!(seen.contains("http://127.0.0.1:9/?…") && !seen.contains("business"), "{seen}");
}

#[test]
fn the_console_of_another_user_shows_what_it_may_and_says_what_it_may_not() {
    let mut estatus = Estatus::new(CONFIG).for_all_users();
    estatus.start();
    estatus.wait_for_process("clock", None);
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("estatus");
    fs::copy(built("estatus"), &program).unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let say = |arguments: &[&str]| {
        let user = SOMEBODY.to_string();
        let mut command = Command::new("setpriv");
        command.args(["--reuid", &user, "--regid", &user, "--clear-groups"]).arg(&program);
        let output = command.arg("--data").arg(estatus.data()).args(arguments).env("HOME", folder.path()).output();
        let Output { status, stdout, stderr } = output.unwrap();
        (status.code().unwrap(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
    };
    let (code, out, err) = say(&["status"]);
    assert!(code == 0 && out.contains("clock"), "{code} {out} {err}");
    let logged = || say(&["logs", "clock", "-n", "2"]);
    let (code, out, err) = eventually("it ticks", || Some(logged()).filter(|(_, out, _)| out.contains("tick")));
    assert!(code == 0 && err.is_empty(), "{code} {out} {err}");
    let (code, _, err) = say(&["stop", "clock"]);
    assert_eq!(code, 0, "{err}");
    let (code, _, err) = say(&["config", "apply"]);
    assert!(code == 1 && err.starts_with("estatus: only an administrator"), "{code} {err}");
}

#[test]
fn an_engine_of_a_user_is_reached_by_that_user_and_root_alone() {
    let mut estatus = Estatus::new(CONFIG).owned_by(SOMEBODY);
    estatus.start();
    try_everything(&estatus.data(), SOMEBODY, Permission::Edit);
    try_everything(&estatus.data(), ROOT, Permission::Edit);
    attached(&estatus.data(), SOMEBODY_ELSE).unwrap_err();
    // Nor if the way to the socket is opened.
    open(&estatus);
    let socket = estatus.data().join("engine.sock");
    let said = as_user(SOMEBODY_ELSE, async move || {
        let mut said = Vec::new();
        UnixStream::connect(socket).unwrap().read_to_end(&mut said).map(|_| said)
    });
    assert_eq!(said.unwrap(), [0_u8; 0]);
    attached(&estatus.data(), SOMEBODY).unwrap();
}

#[test]
fn nothing_is_said_to_an_engine_that_another_user_pretends_to_be() {
    let mut estatus = Estatus::new(CONFIG).owned_by(SOMEBODY);
    estatus.start();
    open(&estatus);
    let refused = attached(&estatus.data(), SOMEBODY_ELSE).unwrap_err().to_string();
    assert!(refused.contains(&format!("another user's ({SOMEBODY})")), "{refused}");
}

#[test]
fn a_data_folder_that_others_can_change_is_refused() {
    let estatus = Estatus::new(CONFIG);
    fs::create_dir(estatus.data()).unwrap();
    fs::set_permissions(estatus.data(), Permissions::from_mode(0o777)).unwrap();
    let said = estatus.say(&["run"]);
    assert!(said.code == 1 && said.err.contains("other users may write to"), "{said:?}");
    fs::set_permissions(estatus.data(), Permissions::from_mode(0o755)).unwrap();
    chown(estatus.data(), Some(SOMEBODY), None).expect("this test needs root");
    let said = estatus.say(&["run"]);
    assert!(said.code == 1 && said.err.contains("belongs to another user"), "{said:?}");
}
