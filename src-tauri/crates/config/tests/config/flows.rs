//! Flows: what a file says is what the core gets, and each mistake is told.

mod step;

use std::{path::PathBuf, sync::Arc};

use estatus_core::{
    check::{Auth, CodeRange, JsonStep},
    command::{CommandLine, Run},
    exit::Exit,
    flow::{request::HttpRequest, text::Text, *},
    maintenance::Cron,
    program::ProgramAction,
    remedy::{Remedy, RemedyAction},
    secret::SecretRef,
};

use super::{
    problems, read,
    valid::{everything, monitor, pairs, secs, strings},
};

/// What stands before a flow in these tests: seven lines.
const AROUND: &str = "[[monitor]]\nname = \"m\"\ntcp = \"h:1\"\n[[program]]\nname = \"web\"\ncommand = \"run\"\n\n";

fn shell(line: &str) -> CommandLine {
    let run = Run::Shell(line.to_owned());
    CommandLine::new(run)
}

fn runs(line: &str) -> StepAction {
    StepAction::Run { command: shell(line), timeout: StepAction::TIMEOUT }
}

/// The flow "f" of a file with these lines beside a monitor "m" and a program "web".
#[track_caller]
fn flow(lines: &str) -> Flow {
    let config = read(&format!("{AROUND}{lines}")).unwrap_or_else(|problems| panic!("{problems}\n{lines}"));
    Flow::clone(&config.flows[0])
}

/// The steps of a flow, each with its lines.
fn written(steps: &[&str]) -> String {
    steps.iter().map(|step| format!("[[flow.f.step]]\n{step}\n")).collect()
}

fn steps(steps: &[&str]) -> Vec<Step> {
    flow(&written(steps)).definition.steps.clone()
}

/// A flow "f" with this line, and a step that runs a command, has exactly these problems, written `column: message`.
#[track_caller]
fn refused_of_flow(line: &str, expected: &[&str]) {
    let toml = format!("{AROUND}[flow.f]\n{line}\n[[flow.f.step]]\nname = \"a\"\nrun = \"x\"\n");
    check_lines(&toml, 9, expected);
}

#[track_caller]
fn check_lines(toml: &str, line: usize, expected: &[&str]) {
    let expected: Vec<String> = expected.iter().map(|problem| format!("{line}:{problem}")).collect();
    problems::check(toml, &expected.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn a_flow_that_says_everything_is_read() {
    let command = CommandLine {
        run: Run::Program { program: "npm".to_owned(), args: strings(["run", "migrate"]) },
        directory: Some(PathBuf::from("/etc/estatus/shop")),
        env: pairs([("CI", "1")]),
        secret_env: vec![("TOKEN".to_owned(), SecretRef::Env("MIGRATE_TOKEN".to_owned()))],
    };
    let rollback = CommandLine {
        run: Run::Program { program: "npm".to_owned(), args: strings(["run", "rollback"]) },
        ..command.clone()
    };
    let deploy = HttpRequest {
        url: "https://ci.example.com/deploy".parse().unwrap(),
        method: "POST".to_owned(),
        headers: pairs([("Accept", "application/json")]),
        secret_headers: vec![("X-Deploy-Token".to_owned(), SecretRef::File("/etc/estatus/ci.token".into()))],
        body: Some(Text::new(r#"{"after": "{{ steps.migrate.output }}"}"#)),
        auth: Some(Auth::Basic { username: "me".to_owned(), password: SecretRef::Keyring("ci".to_owned()) }),
        accept: vec![CodeRange { first: 200, last: 299 }, CodeRange { first: 409, last: 409 }],
        contains: strings(["queued"]),
        save: Some(vec![
            JsonStep::Name("data".to_owned()),
            JsonStep::Name("items".to_owned()),
            JsonStep::Index(0),
            JsonStep::Name("id".to_owned()),
        ]),
        timeout: secs(60),
    };
    let look = HttpRequest {
        auth: Some(Auth::Bearer(SecretRef::Env("CI_TOKEN".to_owned()))),
        ..HttpRequest::new("http://ci.example.com/".parse().unwrap())
    };
    let say_so = StepAction::Tell {
        channels: Some(strings(["chat", "email"])),
        text: Text::new("deployed {{ steps.deploy.output }} ({{ steps['look there'].state }})"),
    };
    let may_we = StepAction::Approve {
        question: Text::new("Restart the database now?"),
        channels: Some(strings(["chat"])),
        within: secs(3 * 24 * 60 * 60),
        otherwise: Otherwise::Continue,
    };
    let on_program = |action, program: &str| StepAction::Program { action, program: program.into() };
    let again = Retry { times: 2, wait: Retry::WAIT, max_wait: Retry::MAX_WAIT, on: Vec::new() };
    let on = vec![
        RetryOn::Exit(Exit::Code(75)),
        RetryOn::Timeout,
        RetryOn::Exit(Exit::Signal(9)),
        RetryOn::Exit(Exit::Code(3)),
    ];
    let steps = vec![
        Step {
            retry: Some(again),
            on_failure: OnFailure::Continue,
            ..Step::new("look", StepAction::Check { monitor: "shop".into() }, vec![])
        },
        Step {
            retry: Some(Retry { times: 5, wait: secs(2), max_wait: secs(10), on }),
            on_failure: OnFailure::Flow("nightly".into()),
            after_crash: AfterCrash::Check("web".into()),
            undo: Some(rollback),
            ..Step::new("migrate", StepAction::Run { command, timeout: secs(1800) }, vec![0])
        },
        Step::new("start", on_program(ProgramAction::Start, "web"), vec![]),
        Step::new("stop", on_program(ProgramAction::Stop, "database"), vec![0, 1]),
        Step {
            when: Some(When { failed: vec![1], succeeded: vec![0, 2], skipped: vec![3] }),
            ..Step::new("restart", on_program(ProgramAction::Restart, "database"), vec![3])
        },
        Step { always: true, ..Step::new("pause", StepAction::Wait { lasts: secs(90) }, vec![4]) },
        Step::new("answers", StepAction::WaitUntil { monitor: "shop".into(), within: secs(120) }, vec![5]),
        Step {
            after_crash: AfterCrash::Rerun,
            undo: Some(CommandLine {
                directory: Some(PathBuf::from("/srv")),
                secret_env: vec![("TOKEN".to_owned(), SecretRef::File("/etc/estatus/ci.token".into()))],
                ..shell("cancel")
            }),
            ..Step::new("deploy", StepAction::Http { request: Box::new(deploy) }, vec![6])
        },
        Step::new("look there", StepAction::Http { request: Box::new(look) }, vec![7]),
        Step::new("say so", say_so, vec![8]),
        Step::new("may we", may_we, vec![9]),
        Step::new("backup", StepAction::Flow { flow: "nightly".into() }, vec![10]),
    ];
    let definition = Definition { deadline: Some(secs(300)), channels: Some(strings(["chat"])), steps };
    let heal = Flow {
        name: "heal shop".into(),
        enabled: false,
        schedule: Some(Schedule::Cron(Cron::parse("0 4 * * *", "Europe/Madrid").unwrap())),
        catch_up: CatchUp::All,
        overlap: Overlap::Queue,
        budget: Some(Budget { runs: 3, within: secs(3600) }),
        definition: Arc::new(definition),
    };
    let backup = Step { after_crash: AfterCrash::Rerun, ..Step::new("only", runs("backup"), vec![]) };
    let nightly = Flow { schedule: Some(Schedule::Interval(secs(21_600))), ..Flow::new("nightly", vec![backup]) };
    assert_eq!(everything().flows, [Arc::new(heal), Arc::new(nightly)]);
    let remedy = Remedy { tries: 1, ..Remedy::new(RemedyAction::Flow("heal shop".into())) };
    assert_eq!(monitor("shop").on_down, Some(remedy));
    for variable in ["MIGRATE_TOKEN", "CI_TOKEN"] {
        assert!(everything().secret_variables.contains(variable), "{variable}");
    }
}

#[test]
fn a_flow_as_one_would_write_it_is_read() {
    let toml = r#"
[flow.heal-web]
every = "0 4 * * *"
catch_up = "latest"
overlap = "skip"
deadline = "5m"
budget = { runs = 3, within = "1h" }
channels = ["email"]

[[flow.heal-web.step]]
name = "is it really down"
check = "web answers"

[[flow.heal-web.step]]
name = "clear the cache"
run = "npm cache clean --force"
when = { failed = "is it really down" }
retry = { times = 3, wait = "1s", on = ["exit 75", "timeout"] }

[[flow.heal-web.step]]
name = "restart"
restart = "web"

[[flow.heal-web.step]]
name = "answers again"
wait_until = "web answers"
within = "60s"
on_failure = "continue"

[[monitor]]
name = "web answers"
http = "http://127.0.0.1:5173/"
on_down = { flow = "heal-web" }

[[program]]
name = "web"
command = "npm run dev"

[email]
server = "smtp.example.com"
from = "me@example.com"
to = "me@example.com"
"#;
    let config = read(toml).unwrap_or_else(|problems| panic!("{problems}"));
    let monitor: Arc<str> = "web answers".into();
    let on = vec![RetryOn::Exit(Exit::Code(75)), RetryOn::Timeout];
    let restart = StepAction::Program { action: ProgramAction::Restart, program: "web".into() };
    let steps = vec![
        Step::new("is it really down", StepAction::Check { monitor: monitor.clone() }, vec![]),
        Step {
            when: Some(When { failed: vec![0], ..When::default() }),
            retry: Some(Retry { times: 3, wait: secs(1), max_wait: secs(60), on }),
            ..Step::new("clear the cache", runs("npm cache clean --force"), vec![0])
        },
        Step::new("restart", restart, vec![1]),
        Step {
            on_failure: OnFailure::Continue,
            ..Step::new("answers again", StepAction::WaitUntil { monitor, within: secs(60) }, vec![2])
        },
    ];
    let expected = Flow {
        schedule: Some(Schedule::Cron(Cron::parse("0 4 * * *", "America/Mexico_City").unwrap())),
        budget: Some(Budget { runs: 3, within: secs(3600) }),
        definition: Arc::new(Definition { deadline: Some(secs(300)), channels: Some(strings(["email"])), steps }),
        ..Flow::new("heal-web", Vec::new())
    };
    assert_eq!(config.flows, [Arc::new(expected)]);
    let remedy = Remedy::new(RemedyAction::Flow("heal-web".into()));
    assert_eq!(config.monitors[0].on_down, Some(remedy));
}

#[test]
fn what_a_flow_does_not_say_has_its_default() {
    let only = Step::new("a", runs("x"), vec![]);
    assert_eq!(flow(&written(&["name = \"a\"\nrun = \"x\""])), Flow::new("f", vec![only]));
    let wait_until = steps(&["name = \"a\"\nwait_until = \"m\""]);
    assert_eq!(wait_until[0].action, StepAction::WaitUntil { monitor: "m".into(), within: StepAction::WITHIN });
    let only = |lines: &str| steps(&[&format!("name = \"a\"\n{lines}")])[0].clone();
    assert_eq!(
        only("http = \"http://h/x\"").action,
        StepAction::Http { request: Box::new(HttpRequest::new("http://h/x".parse().unwrap())) }
    );
    let told = StepAction::Tell { channels: None, text: Text::new("it is done") };
    assert_eq!(only("tell = \"it is done\""), Step::new("a", told, vec![]));
    let asked = StepAction::Approve {
        question: Text::new("now?"),
        channels: None,
        within: StepAction::ANSWER_WITHIN,
        otherwise: Otherwise::Fail,
    };
    assert_eq!(only("approve = \"now?\"").action, asked);
    let undone = only("wait = \"1s\"\nundo = \"back\"");
    assert_eq!(undone.undo, Some(shell("back")));
    let quick = "name = \"a\"\nrun = \"x\"\nretry = ";
    let check = |retry: &str, times, wait, max_wait| {
        let expected = Retry { times, wait: secs(wait), max_wait: secs(max_wait), on: Vec::new() };
        assert_eq!(steps(&[&format!("{quick}{retry}")])[0].retry, Some(expected), "{retry}");
    };
    check("5", 5, 1, 60);
    check("{}", 3, 1, 60);
    check("{ wait = \"5m\" }", 3, 300, 300);
    check("{ max_wait = \"0s\" }", 3, 0, 0);
    let not_always =
        steps(&["name = \"a\"\nrun = \"x\"", "name = \"b\"\nrun = \"x\"\nalways = false\nwhen = { failed = \"a\" }"]);
    assert!(!not_always[1].always && not_always[1].when.is_some());
}

#[test]
fn a_step_needs_the_one_before_it_where_nothing_is_said() {
    let step = |name: &str, needs: &str| format!("name = \"{name}\"\nwait = \"1s\"\n{needs}");
    let all =
        ["", "needs = \"a\"", "", "needs = []", "needs = [\"c\", \"a\", \"c\"]", "needs = \"g\"", "needs = \"a\""];
    let all: Vec<String> = all.iter().zip('a'..).map(|(needs, name)| step(&name.to_string(), needs)).collect();
    let read = steps(&all.iter().map(String::as_str).collect::<Vec<_>>());
    let needs: Vec<&[usize]> = read.iter().map(|step| step.needs.as_slice()).collect();
    assert_eq!(
        needs,
        [&[][..], &[0], &[1], &[], &[0, 2], &[6], &[0]],
        "a step that stands further down may be needed too"
    );
}

#[test]
fn it_is_due_after_an_interval_or_by_a_cron_expression() {
    let schedule =
        |every: &str| flow(&format!("[flow.f]\nevery = {every}\nstep = [{{ name = \"a\", run = \"x\" }}]")).schedule;
    assert_eq!(
        schedule("\"1h 30m 1s 500ms 1s\""),
        Some(Schedule::Interval(secs(5402) + std::time::Duration::from_millis(500)))
    );
    let monthly = Cron::parse("0 4 1 * *", "America/Mexico_City").unwrap();
    assert_eq!(schedule("\"0 4 1 * *\""), Some(Schedule::Cron(monthly)));
    refused_of_flow("every = \"999ms\"", &["9: `every` in flow \"f\": \"999ms\" is too short; the minimum is 1s"]);
    refused_of_flow(
        "every = 5",
        &["9: `every` in flow \"f\": \"5\" has no unit: write \"5s\", or another of ms, s, m, h, d"],
    );
    for (written, found) in [("\"often\"", "\"often\""), ("\"@daily\"", "\"@daily\""), ("true", "a boolean")] {
        let expected = "an interval like \"1h\" or a cron expression like \"0 4 * * *\"";
        let problem = format!("9: `every` in flow \"f\": expected {expected}, found {found}");
        refused_of_flow(&format!("every = {written}"), &[&problem]);
    }
    refused_of_flow("every = \"0 0 30 2 *\"", &["9: `every` in flow \"f\": this time never occurs"]);
    refused_of_flow(
        "every = \"0 25 * * *\"",
        &["9: `every` in flow \"f\": invalid cron expression: value must be in range 0..=23; found 25"],
    );
    refused_of_flow(
        "every = \"0 0 4 * * *\"",
        &[
            "9: `every` in flow \"f\": expected the five cron fields minute, hour, day of the month, month, day of the week",
        ],
    );
}

#[test]
fn what_a_flow_says_of_its_runs_must_be_possible() {
    refused_of_flow(
        "catch_up = \"newest\"",
        &["12: `catch_up` in flow \"f\": \"newest\" is not one of \"none\", \"latest\", \"all\""],
    );
    refused_of_flow(
        "overlap = \"skp\"",
        &["11: `overlap` in flow \"f\": \"skp\" is not one of \"skip\", \"queue\", \"replace\"; did you mean `skip`?"],
    );
    refused_of_flow("deadline = \"1ms\"", &["12: `deadline` in flow \"f\": \"1ms\" is too short; the minimum is 1s"]);
    refused_of_flow("budget = { runs = 3 }", &["10: `budget` in flow \"f\": `within` is missing"]);
    refused_of_flow("budget = { within = \"1h\" }", &["10: `budget` in flow \"f\": `runs` is missing"]);
    refused_of_flow(
        "budget = { runs = 0, within = \"1h\" }",
        &["19: `budget.runs` in flow \"f\": 0 is not between 1 and 1000"],
    );
    refused_of_flow(
        "budget = 3",
        &["10: `budget` in flow \"f\": expected a table like { runs = 3, within = \"1h\" }, found an integer"],
    );
    refused_of_flow("channels = \"phone\"", &["12: `channels` in flow \"f\": there is no channel called \"phone\""]);
    refused_of_flow("catchup = \"all\"", &["1: unknown key `catchup` in flow \"f\"; did you mean `catch_up`?"]);
}

#[test]
fn a_flow_is_a_table_with_a_name_and_steps() {
    problems::check("[flow.f]\nevery = \"1h\"", &["1:1: flow \"f\": `step` is missing"]);
    problems::check("[flow.f]\nstep = []", &["2:8: `step` in flow \"f\": must not be empty"]);
    problems::check(
        "[[flow]]\nname = \"f\"",
        &[
            "1:1: `flow`: a flow is a table with a name: write [flow.NAME], and [[flow.NAME.step]] for each of its steps",
        ],
    );
    problems::check(
        "flow = 1",
        &[
            "1:8: `flow`: expected a table like { NAME = { step = [{ name = \"NAME\", run = \"command\" }] } }, found an integer",
        ],
    );
    problems::check(
        "[flow]\nevery = \"1h\"",
        &[
            "2:9: flow \"every\": expected a table like { step = [{ name = \"NAME\", run = \"command\" }] }, found a string",
        ],
    );
    problems::check(
        "[flow.f.step]\nname = \"a\"\nrun = \"x\"",
        &["1:1: `step` in flow \"f\": expected an array of tables: write [[flow.NAME.step]], with two brackets"],
    );
    problems::check(
        "[flow.f]\nstep = 1",
        &["2:8: `step` in flow \"f\": expected an array of tables, [[flow.NAME.step]], found an integer"],
    );
    problems::check("[[flow.\"\".step]]\nname = \"a\"\nrun = \"x\"", &["1:8: `flow`: a name must not be empty"]);
    problems::check(
        "[[flow.\"a\\nb\".step]]\nname = \"a\"\nrun = \"x\"",
        &["1:8: `flow`: a name must not contain control characters"],
    );
    problems::check(
        "[flow.f]\nstep = [1]",
        &[
            "2:9: step number 1 of flow \"f\": expected a table like { name = \"NAME\", run = \"command\" }, found an integer",
        ],
    );
    let many = "[[flow.f.step]]\nname = \"a\"\nrun = \"x\"\n".repeat(1001);
    problems::check(&many, &["1:1: `step` in flow \"f\": 1001 steps are too many; the maximum is 1000"]);
    let many: String = (0..5001).map(|number| format!("[flow.f{number}]\n")).collect();
    problems::check(&many, &["1:2: `flow`: 5001 flows are too many; the maximum is 5000"]);
    problems::check(
        "[[flow.f.step]]\nrun = \"x\"\n[[flow.f.step]]\nname = \" \"\nrun = \"x\"",
        &[
            "1:1: step number 1 of flow \"f\": `name` is missing",
            "4:8: `name` in step number 2 of flow \"f\": a name must not be empty",
        ],
    );
    let twice = written(&["name = \"a\"\nrun = \"x\"", "name = \"a\"\nrun = \"y\""]);
    problems::check(&twice, &["5:8: flow \"f\": there is already a step with the name \"a\""]);
    let both =
        [("f", "a"), ("g", "a")].map(|(flow, step)| format!("[[flow.{flow}.step]]\nname = \"{step}\"\nrun = \"x\"\n"));
    problems::check(&both.concat(), &[]);
}

#[test]
fn mistakes_in_flows_are_told_in_spanish_too() {
    let file = |step: &str| format!("language = \"es\"\n[[flow.f.step]]\nname = \"a\"\n{step}");
    problems::check(
        &file("run = \"x\"\nretry = 0"),
        &["5:9: `retry` en paso \"a\" del flujo \"f\": 0 no está entre 1 y 100"],
    );
    problems::check(
        &file("restart = \"web\""),
        &["4:11: `restart` en paso \"a\" del flujo \"f\": no existe programa con el nombre \"web\""],
    );
    problems::check(
        &file("run = \"x\"\ncheck = \"m\""),
        &[
            "5:1: paso \"a\" del flujo \"f\": tiene dos tipos, run y check; un paso tiene exactamente uno",
            "5:9: `check` en paso \"a\" del flujo \"f\": no existe monitor con el nombre \"m\"",
        ],
    );
    let of = |key: &str, reason: &str| format!("`{key}` en paso \"a\" del flujo \"f\": {reason}");
    problems::check(
        &file("tell = \"x\"\nmethod = \"POST\"\nwithin = \"1s\""),
        &[
            "5:1: paso \"a\" del flujo \"f\": `method` es solo para `http`; este usa `tell`",
            "6:1: paso \"a\" del flujo \"f\": `within` es solo para `wait_until` y `approve`; este usa `tell`",
        ],
    );
    problems::check(
        &file("tell = \"{{ nobody }}\""),
        &[&format!(
            "4:8: {}",
            of(
                "tell",
                "este texto no se puede completar: undefined value; el resultado de un paso se escribe {{ \
                 steps.NAME.output }}"
            )
        )],
    );
    problems::check(
        &file("tell = \"{{ steps.b.output }}\"\n[[flow.f.step]]\nname = \"b\"\nrun = \"x\""),
        &[&format!(
            "4:8: {}",
            of(
                "tell",
                "el paso \"b\" está más abajo, y `tell` solo puede nombrar pasos anteriores: muévalo más arriba"
            )
        )],
    );
    problems::check(
        &file("run = \"x\"\n[[flow.f.step]]\nname = \"A\"\nrun = \"x\""),
        &["6:8: `name` en paso \"A\" del flujo \"f\": \"A\" y \"a\" dan las mismas variables de entorno, \
           ESTATUS_STEP_A_…: cambie el nombre de uno de estos pasos"],
    );
    problems::check(
        &file("flow = \"f\"\non_failure = { flow = \"f\" }"),
        &[
            &format!(
                "4:8: {}",
                of(
                    "flow",
                    "dependencia circular: f -> f; una ejecución así no terminaría nunca: quite uno de estos pasos"
                )
            ),
            &format!(
                "5:23: {}",
                of("on_failure.flow", "un flujo no puede ejecutarse porque él mismo haya fallado: nombre otro")
            ),
        ],
    );
    problems::check(
        &file("run = \"x\"\non_failure = 1"),
        &[&format!(
            "5:14: {}",
            of(
                "on_failure",
                "se esperaba \"fail\", \"continue\" o una tabla como { flow = \"FLOW\" }, se encontró un número entero"
            )
        )],
    );
}
