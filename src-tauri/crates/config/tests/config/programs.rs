//! Programs and remedies: what a file says is what the core gets, and each mistake is told.

use std::path::{Path, PathBuf};

use estatus_core::{
    check::*,
    command::{CommandLine, Run},
    config::{AlertWhen, Monitor},
    encoding::OutputEncoding,
    exit::{Exit, Signal},
    maintenance::Cron,
    program::*,
    remedy::{Remedy, RemedyAction},
    secret::SecretRef,
};

use super::{
    problems, read,
    valid::{everything, host, monitor, pairs, secs, strings},
};

/// The program `name` of the file that uses every key.
fn program(name: &str) -> Program {
    let config = everything();
    Program::clone(config.programs.iter().find(|program| &*program.name == name).unwrap())
}

fn shell(line: &str) -> CommandLine {
    let run = Run::Shell(line.to_owned());
    CommandLine::new(run)
}

/// A program that says nothing but its command and `line` is `expected`.
#[track_caller]
fn check(line: &str, expected: Program) {
    let toml = format!("[[program]]\nname = \"p\"\ncommand = \"run\"\n{line}");
    let config = read(&toml).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(*config.programs[0], expected, "{line}");
}

fn plain() -> Program {
    Program::new("p", shell("run"))
}

/// A program "p" that runs a command has exactly these problems with `line`, written `column: message`.
#[track_caller]
fn refused(line: &str, expected: &[&str]) {
    let toml = format!("[[program]]\nname = \"p\"\ncommand = \"run\"\n{line}\n");
    let expected: Vec<String> = expected.iter().map(|problem| format!("4:{problem}")).collect();
    problems::check(&toml, &expected.iter().map(String::as_str).collect::<Vec<_>>());
}

/// A monitor "m", beside a program "web", has exactly these problems with `line`, written `column: message`.
#[track_caller]
fn refused_of_monitor(line: &str, expected: &[&str]) {
    let toml =
        format!("[[monitor]]\nname = \"m\"\ntcp = \"h:1\"\n{line}\n[[program]]\nname = \"web\"\ncommand = \"run\"\n");
    let expected: Vec<String> = expected.iter().map(|problem| format!("4:{problem}")).collect();
    problems::check(&toml, &expected.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn a_program_that_says_everything_is_read() {
    let command = CommandLine {
        run: Run::Shell("npm run dev -- --port 5173".to_owned()),
        directory: Some(etcetera::home_dir().unwrap().join("web")),
        env: pairs([("NODE_ENV", "development")]),
        secret_env: vec![("TOKEN".to_owned(), SecretRef::File(PathBuf::from("/etc/estatus/npm.token")))],
    };
    let web = program("web");
    let expected = Program {
        enabled: false,
        restart: RestartPolicy {
            when: RestartWhen::OnFailure,
            restart_on: vec![Exit::Code(0), Exit::Code(3), Exit::Signal(1), Exit::Code(-1_073_741_819)],
            ignore: vec![Exit::Code(-1), Exit::Signal(15)],
        },
        ready: web.ready.clone(),
        ready_within: secs(90),
        stop: StopPolicy { how: StopHow::Signal(Signal::Int), within: secs(15) },
        limit: RestartLimit { restarts: 3, within: secs(120) },
        on_quit: OnQuit::LeaveRunning,
        start_after: vec!["database".into(), "notifier".into()],
        log_keep: 10_000_000,
        encoding: OutputEncoding::CodePage(850),
        memory: Some(MemoryCeiling { above: 1_500_000_000, lasts: secs(30) }),
        cpu: Some(CpuCeiling { above: 250.0, lasts: secs(300) }),
        every: Some(Cron::parse("0 4 * * *", "Europe/Madrid").unwrap()),
        channels: Some(strings(["chat"])),
        ..Program::new("web", command)
    };
    assert_eq!(web, expected);
    let names: Vec<String> = everything().programs.iter().map(|program| program.name.to_string()).collect();
    assert_eq!(names, ["web", "database", "listener", "notifier"], "in the order of the file");
}

#[test]
fn what_a_program_does_not_say_has_its_default() {
    check("", plain());
    check("stop = {}\nlimit = {}\nlog = {}", plain());
    let stop = StopPolicy { how: StopHow::Signal(Signal::Term), within: secs(3) };
    check("stop = { within = \"3s\" }", Program { stop, ..plain() });
    let limit = RestartLimit { restarts: 0, within: secs(60) };
    check("limit = { restarts = 0 }", Program { limit, ..plain() });
    let lasts = secs(60);
    check(
        "memory = { above = \"1GiB\" }",
        Program { memory: Some(MemoryCeiling { above: 1 << 30, lasts }), ..plain() },
    );
    check("cpu = { above = 90.5 }", Program { cpu: Some(CpuCeiling { above: 90.5, lasts }), ..plain() });
}

#[test]
fn readiness_is_any_check_or_a_line_or_a_notice() {
    #[track_caller]
    fn check_ready(line: &str, expected: Ready) {
        check(&format!("ready = {line}"), Program { ready: Some(expected), ..plain() });
    }
    let by = |check| Ready::Check { check: Box::new(check), timeout: Monitor::TIMEOUT };
    let tcp = TcpCheck { address: host("127.0.0.1", 5173), ip: None, send: None, expect: None };
    check_ready("{ tcp = \"127.0.0.1:5173\" }", by(Check::Tcp(tcp)));
    let process = ProcessCheck { by: ProcessMatch::Name("reloj".to_owned()), at_least: 2, at_most: None };
    check_ready("{ process = \"reloj\", at_least = 2 }", by(Check::Process(process)));
    check_ready("{ log = \"ready in\" }", Ready::Log("ready in".to_owned()));
    check_ready("{ notify = true }", Ready::Notify);

    let Some(Ready::Check { check, timeout }) = program("web").ready else { panic!("not by a check") };
    let Check::Http(http) = &*check else { panic!("{check:?}") };
    assert_eq!((http.url.as_str(), timeout), ("http://127.0.0.1:5173/", secs(2)));
    assert_eq!(
        (http.accept.as_slice(), http.ip),
        ([CodeRange { first: 404, last: 404 }].as_slice(), Some(IpVersion::V4))
    );
}

#[test]
fn a_readiness_is_read_as_the_check_of_a_monitor() {
    #[track_caller]
    fn check(keys: &str) {
        let monitor = read(&format!("monitor = [{{ name = \"m\", {keys} }}]")).unwrap();
        let program =
            read(&format!("program = [{{ name = \"p\", command = \"run\", ready = {{ {keys} }} }}]")).unwrap();
        let ready =
            Ready::Check { check: Box::new(monitor.monitors[0].check.clone()), timeout: monitor.monitors[0].timeout };
        assert_eq!(program.programs[0].ready.as_ref(), Some(&ready), "{keys}");
    }
    check(
        "http = \"http://h/\", method = \"head\", headers = { A = \"b\" }, bearer = { env = \"T\" }, json = { a = 1 }",
    );
    check("tcp = \"h:1\", send = \"a\", expect = \"b\", timeout = \"1s\"");
    check("tls = \"h:443\", certificate_days = 3");
    check("dns = \"h\", record = \"AAAA\", server = \"::1\"");
    check("ping = \"h\", ip = 6");
    check("process = { path = \"bin/x\" }, at_most = 4");
    check("command = [\"a\"], accept = 3, lacks = \"x\", matches = \"y\", directory = \"z\", env = { A = \"b\" }");
    check("host = { cpu = \"< 90%\" }");
}

#[test]
fn commands_that_belong_to_a_program_run_where_it_runs_and_find_what_it_finds() {
    let database = program("database");
    let beside = |run| CommandLine { run, ..database.command.clone() };
    assert_eq!(database.command.directory.as_deref(), Some(Path::new("/etc/estatus/db")));
    assert_eq!(database.command.secret_env, [("PGPASSWORD".to_owned(), SecretRef::Env("PG".to_owned()))]);
    let stop = Run::Program { program: "pg_ctl".to_owned(), args: strings(["stop"]) };
    assert_eq!(database.stop, StopPolicy { how: StopHow::Command(beside(stop)), within: secs(10) });
    let Some(Ready::Check { check, .. }) = database.ready else { panic!("not by a check") };
    let Check::Command(check) = *check else { panic!("{check:?}") };
    assert_eq!(check.command, beside(Run::Shell("pg_isready".to_owned())));
    assert_eq!(check.text.contains, ["accepting"]);

    let line = "directory = \"/a\"\nenv = { A = \"1\" }\nready = { command = \"c\", directory = \"/b\", env = {} }";
    let config = read(&format!("[[program]]\nname = \"p\"\ncommand = \"run\"\n{line}")).unwrap();
    let Some(Ready::Check { check, .. }) = &config.programs[0].ready else { panic!("{config:?}") };
    let Check::Command(check) = &**check else { panic!("{check:?}") };
    assert_eq!(check.command, CommandLine { directory: Some(PathBuf::from("/b")), ..shell("c") }, "what it says holds");
}

#[test]
fn remedies_are_read() {
    let remedy = |name: &str| {
        let monitor = monitor(name);
        (monitor.on_down, monitor.alert_when)
    };
    let restart = Remedy { action: RemedyAction::Restart("database".into()), tries: 5, passes_within: secs(60) };
    assert_eq!(remedy("redis"), (Some(restart), AlertWhen::Always));
    let start = Remedy::new(RemedyAction::Start("web".into()));
    assert_eq!(remedy("node"), (Some(start), AlertWhen::Unhealed), "[alerts] says so");
    let stop = Remedy::new(RemedyAction::Stop("web".into()));
    assert_eq!(remedy("clock"), (Some(stop), AlertWhen::Unhealed));
    let command = CommandLine {
        run: Run::Program { program: "npm".to_owned(), args: strings(["ci"]) },
        directory: Some(PathBuf::from("/etc/estatus/web")),
        env: pairs([("CI", "1")]),
        secret_env: vec![("TOKEN".to_owned(), SecretRef::Keyring("npm".to_owned()))],
    };
    let run = Remedy::new(RemedyAction::Run { command, timeout: secs(300) });
    assert_eq!(remedy("dev server"), (Some(run), AlertWhen::Unhealed));
    assert_eq!(remedy("quick"), (None, AlertWhen::Always), "without a remedy nothing is healed");

    let toml = "[[monitor]]\nname = \"m\"\ntcp = \"h:1\"\non_down = { run = \"fix\" }";
    let config = read(toml).unwrap();
    let fix = Remedy::new(RemedyAction::Run { command: shell("fix"), timeout: secs(60) });
    assert_eq!((config.monitors[0].on_down.clone(), config.monitors[0].alert_when), (Some(fix), AlertWhen::Always));
}

#[test]
fn a_program_has_a_name_and_a_command() {
    problems::check(
        "[[program]]\nenabled = true",
        &["1:1: program number 1: `name` is missing", "1:1: program number 1: `command` is missing"],
    );
    problems::check("[[program]]\nname = \"p\"", &["1:1: program \"p\": `command` is missing"]);
    problems::check(
        "[program]",
        &["1:1: `program`: expected an array of tables: write [[program]], with two brackets"],
    );
    let many = "[[program]]\nname = \"p\"\ncommand = \"run\"\n".repeat(5001);
    problems::check(&many, &["1:1: `program`: 5001 programs are too many; the maximum is 5000"]);
    refused("comand = \"x\"", &["1: unknown key `comand` in program \"p\"; did you mean `command`?"]);
    refused("env = { \"\" = \"x\" }", &["9: `env.` in program \"p\": invalid variable name"]);
    refused(
        "on_quit = \"leave\"",
        &[
            "11: `on_quit` in program \"p\": \"leave\" is not one of \"stop\", \"leave running\"; did you mean `leave running`?",
        ],
    );
    refused("memory = {}", &["10: `memory` in program \"p\": `above` is missing"]);
}

#[test]
fn an_exit_is_a_code_or_a_signal_and_is_either_ignored_or_not() {
    let what = "expected an exit code like 3 or a signal like \"SIGSEGV\", found";
    refused(
        "restart_on = 4294967296",
        &["14: `restart_on` in program \"p\": 4294967296 is not between -2147483648 and 4294967295"],
    );
    refused(
        "ignore = [\"SIGSEV\"]",
        &[&format!("11: `ignore` in program \"p\": {what} \"SIGSEV\"; did you mean `SIGSEGV`?")],
    );
    refused("ignore = 1.5", &[&format!("10: `ignore` in program \"p\": {what} a decimal number")]);
    refused("restart_on = [1, 2, \"SIGHUP\"]", &[]);
    problems::check(
        "[[program]]\nname = \"p\"\ncommand = \"run\"\nrestart_on = [1, \"SIGHUP\"]\nignore = [2, \"SIGHUP\", 1]",
        &[
            "5:14: `ignore` in program \"p\": SIGHUP is also in `restart_on`: remove it from one of them",
            "5:24: `ignore` in program \"p\": 1 is also in `restart_on`: remove it from one of them",
        ],
    );
}

#[test]
fn readiness_is_said_in_one_way() {
    let forms = "needs exactly one of http, tcp, tls, dns, ping, process, command, host, fleet, log and notify";
    for ready in ["{}", "{ timeout = \"1s\" }", "{ tcp = \"h:1\", ping = \"h\" }", "{ tcp = \"h:1\", log = \"x\" }"] {
        refused(&format!("ready = {ready}"), &[&format!("9: `ready` in program \"p\": {forms}")]);
    }
    refused("ready = { tcp = \"h:1\", every = \"1s\" }", &["24: unknown key `every` in `ready` in program \"p\""]);
    refused(
        "ready = { tcp = \"h:1\", body = \"x\" }",
        &["24: `ready` in program \"p\": `body` is only for http checks; this one is tcp"],
    );
    refused(
        "ready = { log = \"x\", timeout = \"1s\" }",
        &["22: `ready` in program \"p\": `timeout` is only for a check; this one uses `log`"],
    );
    refused("ready = { log = \" \" }", &["17: `ready.log` in program \"p\": must not be empty"]);
    refused(
        "ready = { log = \"a\\nb\" }",
        &["17: `ready.log` in program \"p\": is searched in single lines: it must not contain a line break"],
    );
    refused(
        "ready = { notify = false }",
        &["20: `ready.notify` in program \"p\": false has no effect: remove `ready`, or write true"],
    );
    refused("ready_within = \"0s\"", &["16: `ready_within` in program \"p\": \"0s\" is too short; the minimum is 1ms"]);
}

#[test]
fn a_stop_is_by_signal_or_by_command_and_takes_time() {
    refused(
        "stop = { within = \"0s\" }",
        &["19: `stop.within` in program \"p\": \"0s\" is too short; the minimum is 1ms"],
    );
    refused(
        "stop = { signal = \"SIGINT\", command = \"x\" }",
        &["39: `stop.command` in program \"p\": a program is stopped either by `signal` or by `command`"],
    );
    refused(
        "stop = { signal = \"SIGTREM\" }",
        &[
            "19: `stop.signal` in program \"p\": \"SIGTREM\" is not one of \"SIGTERM\", \"SIGINT\", \"SIGQUIT\", \"SIGHUP\", \"SIGUSR1\", \"SIGUSR2\", \"SIGKILL\"; did you mean `SIGTERM`?",
        ],
    );
}

#[test]
fn limits_of_programs_are_possible() {
    refused("limit = { restarts = -1 }", &["22: `limit.restarts` in program \"p\": -1 is not between 0 and 1000"]);
    refused(
        "limit = { within = \"0s\" }",
        &["20: `limit.within` in program \"p\": \"0s\" is too short; the minimum is 1s"],
    );
    refused(
        "log = { keep = \"999KB\" }",
        &["16: `log.keep` in program \"p\": \"999KB\" is too small; the minimum is 1000000B"],
    );
    refused(
        "memory = { above = \"1KB\" }",
        &["20: `memory.above` in program \"p\": \"1KB\" is too small; the minimum is 1000000B"],
    );
    for (written, shown) in [("\"< 90%\"", "< 90%"), ("0", "0"), ("nan", "NaN"), ("\"lots\"", "lots")] {
        refused(
            &format!("cpu = {{ above = {written} }}"),
            &[&format!(
                "17: `cpu.above` in program \"p\": expected a share of one core like \"90%\", found \"{shown}\""
            )],
        );
    }
    refused(
        "cpu = { above = \"90%\", for = \"1ms\" }",
        &["30: `cpu.for` in program \"p\": \"1ms\" is too short; the minimum is 1s"],
    );
}

#[test]
fn a_planned_restart_comes_some_day() {
    refused(
        "every = \"5m\"",
        &[
            "9: `every` in program \"p\": expected the five cron fields minute, hour, day of the month, month, day of the week",
        ],
    );
    refused("every = \"0 0 30 2 *\"", &["9: `every` in program \"p\": this time never occurs"]);
    let leap = Cron::parse("0 0 29 2 *", "America/Mexico_City").unwrap();
    check("every = \"0 0 29 2 *\"", Program { every: Some(leap), ..plain() });
    problems::check(
        "[[monitor]]\nname = \"m\"\ntcp = \"h:1\"\nmaintenance = { cron = \"0 0 31 4 *\", lasts = \"1h\" }",
        &["4:24: `maintenance.cron` in monitor \"m\": this time never occurs"],
    );
}

#[test]
fn programs_that_are_named_exist_and_lead_nowhere_in_a_circle() {
    let program = |name: &str, after: &str| {
        format!("[[program]]\nname = \"{name}\"\ncommand = \"run\"\nstart_after = [{after}]\n")
    };
    problems::check(
        &[program("a", ""), program("a", "")].concat(),
        &["6:8: there is already a program with the name \"a\""],
    );
    problems::check(
        &[program("web", "\"databse\""), program("database", "")].concat(),
        &["4:16: `start_after` in program \"web\": there is no program called \"databse\"; did you mean `database`?"],
    );
    problems::check(
        &[program("a", "\"b\""), program("b", "\"a\"")].concat(),
        &["8:16: `start_after` in program \"b\": circular dependency: a -> b -> a"],
    );
    refused("channels = \"phone\"", &["12: `channels` in program \"p\": there is no channel called \"phone\""]);
    let both = "[[monitor]]\nname = \"x\"\ntcp = \"h:1\"\n[[program]]\nname = \"x\"\ncommand = \"run\"";
    problems::check(both, &[]);
}

#[test]
fn a_remedy_does_one_thing_with_a_program_that_exists() {
    refused_of_monitor(
        "on_down = { restart = \"wbe\" }",
        &["23: `on_down.restart` in monitor \"m\": there is no program called \"wbe\"; did you mean `web`?"],
    );
    let forms = "needs exactly one of `restart`, `start`, `stop`, `flow` and `run`";
    for on_down in ["{}", "{ tries = 3 }", "{ start = \"web\", run = \"x\" }"] {
        refused_of_monitor(&format!("on_down = {on_down}"), &[&format!("11: `on_down` in monitor \"m\": {forms}")]);
    }
    refused_of_monitor(
        "on_down = { stop = \"web\", timeout = \"1s\" }",
        &["27: `on_down` in monitor \"m\": `timeout` is only for `run`; this one uses `stop`"],
    );
    refused_of_monitor(
        "on_down = { run = \"x\", tries = 0 }",
        &["32: `on_down.tries` in monitor \"m\": 0 is not between 1 and 100"],
    );
    refused_of_monitor(
        "on_down = { run = \"x\", env = { \"A=\" = \"b\" } }",
        &["32: `on_down.env.A=` in monitor \"m\": invalid variable name"],
    );
    refused_of_monitor(
        "on_down = \"web\"",
        &["11: `on_down` in monitor \"m\": expected a table like { restart = \"PROGRAM\" }, found a string"],
    );
    refused_of_monitor(
        "alert_when = \"unhealed\"",
        &["14: `alert_when` in monitor \"m\": \"unhealed\" needs a remedy: set `on_down` as well"],
    );
    refused_of_monitor("alert_when = \"always\"", &[]);
    problems::check(
        "program = 1\n[[monitor]]\nname = \"m\"\ntcp = \"h:1\"\non_down = { restart = \"web\" }",
        &["1:11: `program`: expected an array of tables, [[program]], found an integer"],
    );
}
