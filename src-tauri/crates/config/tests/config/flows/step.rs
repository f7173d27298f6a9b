//! What a step may say.

use super::*;

/// A step "b" with these lines, after a step "a" that runs a command and before a step "c", has exactly these problems,
/// written `line:column: message`, where its header is line 1, and its own lines begin at 3.
#[track_caller]
fn refused(lines: &str, expected: &[&str]) {
    let step = format!("name = \"b\"\n{lines}");
    let toml = written(&["name = \"a\"\nrun = \"x\"", &step, "name = \"c\"\nrun = \"x\"\nneeds = []"]);
    let shift = |problem: &&str| {
        let (line, rest) = problem.split_once(':').unwrap();
        format!("{}:{rest}", line.parse::<usize>().unwrap() + 10)
    };
    let expected: Vec<String> = expected.iter().map(shift).collect();
    problems::check(&format!("{AROUND}{toml}"), &expected.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn a_step_does_exactly_one_thing() {
    let forms = "run, check, wait_until, restart, start, stop, wait, http, tell, approve, flow";
    refused("", &[&format!("1:1: step \"b\" of flow \"f\": does not say what to do: it needs one of {forms}")]);
    refused(
        "run = \"x\"\nrestart = \"web\"",
        &["4:1: step \"b\" of flow \"f\": has two kinds, run and restart; a step has exactly one"],
    );
    let only = |key: &str, owners: &str, form: &str| {
        format!("4:1: step \"b\" of flow \"f\": `{key}` is only for {owners}; this one uses `{form}`")
    };
    for (does, line, owners) in [
        ("check = \"m\"", "timeout = \"1s\"", "`run` and `http`"),
        ("restart = \"web\"", "directory = \"x\"", "`run` and `undo`"),
        ("start = \"web\"", "env = {}", "`run` and `undo`"),
        ("stop = \"web\"", "after_crash = \"rerun\"", "`run` and `http`"),
        ("check = \"m\"", "within = \"1s\"", "`wait_until` and `approve`"),
        ("run = \"x\"", "method = \"POST\"", "`http`"),
        ("run = \"x\"", "headers = {}", "`http`"),
        ("tell = \"x\"", "body = \"y\"", "`http`"),
        ("check = \"m\"", "accept = 200", "`http`"),
        ("check = \"m\"", "contains = \"x\"", "`http`"),
        ("run = \"x\"", "save = \"x\"", "`http`"),
        ("run = \"x\"", "bearer = { keyring = \"x\" }", "`http`"),
        ("http = \"http://h/\"", "channels = []", "`tell` and `approve`"),
        ("tell = \"x\"", "otherwise = \"fail\"", "`approve`"),
        ("wait = \"1s\"", "otherwise = \"continue\"", "`approve`"),
    ] {
        let word = |line: &str| line.split(' ').next().unwrap().to_owned();
        refused(&format!("{does}\n{line}"), &[&only(&word(line), owners, &word(does))]);
    }
    refused(
        "run = \"x\"\nusername = \"a\"\npassword = { keyring = \"b\" }",
        &[&only("username", "`http`", "run"), &only("password", "`http`", "run").replace("4:", "5:")],
    );
    for does in ["restart = \"web\"", "check = \"m\"", "http = \"http://h/\"", "tell = \"x\"", "approve = \"x\""] {
        refused(&format!("{does}\nundo = \"y\"\ndirectory = \"x\"\nenv = {{ A = \"b\" }}"), &[]);
    }
    refused("run = []", &["3:7: `run` in step \"b\" of flow \"f\": names no program"]);
    refused(
        "run = \"x\"\nenv = { \"A=\" = \"b\" }",
        &["4:9: `env.A=` in step \"b\" of flow \"f\": invalid variable name"],
    );
    refused(
        "run = \"x\"\nenv = { A = { env = \"A=B\" } }",
        &["4:21: `env.A.env` in step \"b\" of flow \"f\": the name of a variable must not contain `=`"],
    );
    refused(
        "run = \"x\"\ntimeout = \"0s\"",
        &["4:11: `timeout` in step \"b\" of flow \"f\": \"0s\" is too short; the minimum is 1ms"],
    );
    refused("wait = \"32d\"", &["3:8: `wait` in step \"b\" of flow \"f\": \"32d\" is too long; the maximum is 31d"]);
    refused("run = \"x\"\nrnu = \"y\"", &["4:1: unknown key `rnu` in step \"b\" of flow \"f\"; did you mean `run`?"]);
}

#[test]
fn what_a_step_names_exists() {
    let missing = |key: &str, what: &str, name: &str, near: &str| {
        let column = if key.contains('.') { 25 } else { key.len() + 4 };
        let line = if key.contains('.') { 4 } else { 3 };
        format!("{line}:{column}: `{key}` in step \"b\" of flow \"f\": there is no {what} called \"{name}\"{near}")
    };
    refused("check = \"x\"", &[&missing("check", "monitor", "x", "; did you mean `m`?")]);
    refused("wait_until = \"web\"", &[&missing("wait_until", "monitor", "web", "")]);
    for key in ["restart", "start", "stop"] {
        refused(&format!("{key} = \"wbe\""), &[&missing(key, "program", "wbe", "; did you mean `web`?")]);
    }
    let crashed = missing("after_crash.check", "monitor", "mm", "; did you mean `m`?");
    refused("run = \"x\"\nafter_crash = { check = \"mm\" }", &[&crashed]);
    refused(
        "run = \"x\"\nneeds = [\"a\", \"zz\"]",
        &["4:15: `needs` in step \"b\" of flow \"f\": there is no step called \"zz\""],
    );
    refused(
        "run = \"x\"\nwhen = { failed = \"aa\" }",
        &["4:19: `when.failed` in step \"b\" of flow \"f\": there is no step called \"aa\"; did you mean `a`?"],
    );
    problems::check(
        "monitor = 1\nprogram = 1\n[[flow.f.step]]\nname = \"a\"\ncheck = \"m\"\n[[flow.f.step]]\nname = \"b\"\nrestart = \"p\"",
        &[
            "1:11: `monitor`: expected an array of tables, [[monitor]], found an integer",
            "2:11: `program`: expected an array of tables, [[program]], found an integer",
        ],
    );
}

#[test]
fn a_remedy_is_a_flow_that_exists() {
    let check = |on_down: &str, problem: &str| {
        let monitor = format!("[[monitor]]\nname = \"m\"\ntcp = \"h:1\"\non_down = {{ {on_down} }}\n");
        let others =
            "[[program]]\nname = \"web\"\ncommand = \"run\"\n[[flow.heal-web.step]]\nname = \"a\"\nrun = \"x\"\n";
        problems::check(&format!("{monitor}{others}"), &[&format!("4:{problem}")]);
    };
    let missing = |key: &str, what: &str, name: &str, near: &str| {
        let advice = if near.is_empty() { String::new() } else { format!("; did you mean `{near}`?") };
        let column = key.len() + 16;
        format!("{column}: `on_down.{key}` in monitor \"m\": there is no {what} called \"{name}\"{advice}")
    };
    check("flow = \"heal-wbe\"", &missing("flow", "flow", "heal-wbe", "heal-web"));
    check("flow = \"m\"", &missing("flow", "flow", "m", ""));
    check("flow = \"web\"", &missing("flow", "flow", "web", "restart = \"web\""));
    check("restart = \"heal-web\"", &missing("restart", "program", "heal-web", "flow = \"heal-web\""));
    let forms = "needs exactly one of `restart`, `start`, `stop`, `flow` and `run`";
    check("flow = \"heal-web\", restart = \"web\"", &format!("11: `on_down` in monitor \"m\": {forms}"));
    check(
        "flow = \"heal-web\", env = {}",
        "32: `on_down` in monitor \"m\": `env` is only for `run`; this one uses `flow`",
    );
    problems::check(
        "flow = 1\n[[monitor]]\nname = \"m\"\ntcp = \"h:1\"\non_down = { flow = \"f\" }",
        &[
            "1:8: `flow`: expected a table like { NAME = { step = [{ name = \"NAME\", run = \"command\" }] } }, found an integer",
        ],
    );
}

#[test]
fn a_step_looks_back_only() {
    refused(
        "run = \"x\"\nwhen = {}",
        &["4:8: `when` in step \"b\" of flow \"f\": needs at least one of `failed`, `succeeded` and `skipped`"],
    );
    refused(
        "run = \"x\"\nwhen = { failed = [] }",
        &["4:19: `when.failed` in step \"b\" of flow \"f\": must not be empty"],
    );
    refused(
        "run = \"x\"\nwhen = { succeeded = [\"a\", \"c\"] }",
        &[
            "4:28: `when.succeeded` in step \"b\" of flow \"f\": step \"c\" is below this one, and `when` can only name \
           steps above it: move it up",
        ],
    );
    refused(
        "run = \"x\"\nwhen = { skipped = \"b\" }",
        &[
            "4:20: `when.skipped` in step \"b\" of flow \"f\": a step cannot depend on its own result: name a step above it",
        ],
    );
    refused(
        "run = \"x\"\nwhen = { skipped = \"a\", failed = \"a\" }",
        &["4:20: `when.skipped` in step \"b\" of flow \"f\": \"a\" is also in `failed`, and a step ends in one way \
           only: remove it from one of them"],
    );
    refused(
        "run = \"x\"\nalways = true\nwhen = { failed = \"a\" }",
        &[
            "4:10: `always` in step \"b\" of flow \"f\": a step with `when` does not always start: remove one of the two",
        ],
    );
    refused(
        "run = \"x\"\nwhen = \"a\"",
        &["4:8: `when` in step \"b\" of flow \"f\": expected a table like { failed = \"STEP\" }, found a string"],
    );
}

#[test]
fn no_step_waits_for_itself() {
    let step = |name: &str, more: &str| format!("name = \"{name}\"\nwait = \"1s\"\n{more}");
    let check = |steps: &[String], expected: &[&str]| {
        problems::check(&written(&steps.iter().map(String::as_str).collect::<Vec<_>>()), expected);
    };
    check(&[step("a", "needs = \"a\"")], &["4:9: `needs` in step \"a\" of flow \"f\": circular dependency: a -> a"]);
    check(
        &[step("a", "needs = \"b\""), step("b", "needs = \"c\""), step("c", "needs = [\"a\"]")],
        &["12:10: `needs` in step \"c\" of flow \"f\": circular dependency: a -> b -> c -> a"],
    );
    check(
        &[step("a", "needs = \"b\""), step("b", "")],
        &[
            "5:1: step \"b\" of flow \"f\": circular dependency: a -> b -> a; \"b\" has no `needs`, so it needs the step \
           above it: set its `needs`, to [] if it needs none",
        ],
    );
    check(
        &[step("a", "needs = \"b\""), step("b", "needs = []\nwhen = { failed = \"a\" }")],
        &["9:19: `when.failed` in step \"b\" of flow \"f\": circular dependency: a -> b -> a"],
    );
    check(&[step("a", "needs = \"b\""), step("b", "needs = []"), step("c", "when = { failed = \"a\" }")], &[]);
}

#[test]
fn a_retry_is_possible() {
    let refused = |retry: &str, expected: &str| refused(&format!("run = \"x\"\nretry = {retry}"), &[expected]);
    refused("0", "4:9: `retry` in step \"b\" of flow \"f\": 0 is not between 1 and 100");
    refused("{ times = 101 }", "4:19: `retry.times` in step \"b\" of flow \"f\": 101 is not between 1 and 100");
    refused(
        "\"3\"",
        "4:9: `retry` in step \"b\" of flow \"f\": expected a number of further attempts, or a table like { times = 3, \
         wait = \"1s\" }, found a string",
    );
    refused(
        "{ wait = \"5s\", max_wait = \"1s\" }",
        "4:35: `retry.max_wait` in step \"b\" of flow \"f\": is shorter than `wait`, which is 5s",
    );
    let what = "`retry.on` in step \"b\" of flow \"f\": expected \"timeout\", an exit like \"exit 75\" or a signal like \
                \"SIGKILL\", found";
    refused("{ on = \"exit code 75\" }", &format!("4:16: {what} \"exit code 75\""));
    refused("{ on = [\"SIGKIL\"] }", &format!("4:17: {what} \"SIGKIL\"; did you mean `SIGKILL`?"));
    refused("{ on = \"timeot\" }", &format!("4:16: {what} \"timeot\"; did you mean `timeout`?"));
    refused("{ on = true }", &format!("4:16: {what} a boolean"));
    refused("{ on = [] }", "4:16: `retry.on` in step \"b\" of flow \"f\": must not be empty");
    let well = "exit code 0 means success, after which nothing is retried: name another one";
    refused("{ on = \"exit 0\" }", &format!("4:16: `retry.on` in step \"b\" of flow \"f\": {well}"));
    refused(
        "{ on = \"exit 4294967296\" }",
        "4:16: `retry.on` in step \"b\" of flow \"f\": 4294967296 is not between -2147483648 and 4294967295",
    );
    let exits = steps(&["name = \"a\"\nrun = \"x\"\nretry = { on = [\"exit 0xC0000005\", \"exit -1\", 0xC0000005] }"]);
    let crash = RetryOn::Exit(Exit::Code(-1_073_741_819));
    assert_eq!(exits[0].retry.as_ref().unwrap().on, [crash, RetryOn::Exit(Exit::Code(-1)), crash]);
}

#[test]
fn only_a_command_ends_with_an_exit_code_or_unseen() {
    refused(
        "check = \"m\"\nretry = { on = [\"timeout\", \"exit 75\"] }",
        &["4:28: `retry.on` in step \"b\" of flow \"f\": `exit 75` is only for `run`; this one uses `check`"],
    );
    for does in ["http = \"http://h/\"", "check = \"m\"", "restart = \"web\"", "approve = \"x\"", "tell = \"x\""] {
        refused(&format!("{does}\nretry = {{ on = \"timeout\" }}"), &[]);
    }
    refused(
        "run = \"x\"\nafter_crash = \"retry\"",
        &["4:15: `after_crash` in step \"b\" of flow \"f\": \"retry\" is not one of \"fail\", \"rerun\""],
    );
    refused(
        "run = \"x\"\nafter_crash = 1",
        &["4:15: `after_crash` in step \"b\" of flow \"f\": expected \"fail\", \"rerun\" or a table like { check = \
           \"MONITOR\" }, found an integer"],
    );
    refused("run = \"x\"\nafter_crash = {}", &["4:15: `after_crash` in step \"b\" of flow \"f\": `check` is missing"]);
}

#[test]
fn a_request_is_one_that_a_monitor_could_send() {
    let check = |lines: &str, expected: &str| {
        let problem = format!("4:{expected}");
        let expected = if expected.is_empty() { Vec::new() } else { vec![problem.as_str()] };
        refused(&format!("http = \"http://h/\"\n{lines}"), &expected);
    };
    let of = |key: &str, reason: &str| format!("`{key}` in step \"b\" of flow \"f\": {reason}");
    let url = |url: &str, reason: &str| {
        refused(&format!("http = \"{url}\""), &[&format!("3:8: {}", of("http", reason))]);
    };
    url("ftp://h/", "expected a URL that begins with http:// or https://");
    url("h/x", "expected a URL that begins with http:// or https://");
    url("http://", "invalid URL: empty host");
    url(
        "http://me:secret@h/",
        "a URL here must not contain a user or a password: set `username` and `password`, or a header",
    );
    check("method = \"A B\"", &format!("10: {}", of("method", "expected a method like \"GET\", \"HEAD\" or \"POST\"")));
    check("headers = { \"A b\" = \"c\" }", &format!("13: {}", of("headers.A b", "invalid header name")));
    check(
        "headers = { K = { env = \"A=B\" } }",
        &format!("25: {}", of("headers.K.env", "the name of a variable must not contain `=`")),
    );
    check("accept = []", &format!("10: {}", of("accept", "accepts no code, so it could never succeed")));
    check("accept = 99", &format!("10: {}", of("accept", "99 is not within 100-999")));
    check("username = \"me\"", &format!("12: {}", of("username", "needs `password` as well")));
    check(
        "bearer = \"abc\"",
        &format!(
            "10: {}",
            of(
                "bearer",
                "a secret must not be in this file: write { keyring = \"NAME\" }, { env = \"VARIABLE\" } or { file = \
                 \"PATH\" }",
            ),
        ),
    );
    check("timeout = \"2d\"", &format!("11: {}", of("timeout", "\"2d\" is too long; the maximum is 1d")));
    let path = "expected a path like \"queue.length\" or \"items[0].id\", found";
    for (save, found) in [("\"a..b\"", "\"a..b\""), ("\"\"", "\"\""), ("\"a[x]\"", "\"a[x]\""), ("3", "an integer")] {
        check(&format!("save = {save}"), &format!("8: {}", of("save", &format!("{path} {found}"))));
    }
    check("save = \"[\\\"a.b\\\"].c[2]\"", "");
    check("redirects = 3", "1: unknown key `redirects` in step \"b\" of flow \"f\"");
}

#[test]
fn people_are_told_and_asked_something_over_channels_that_exist() {
    let of = |key: &str, reason: &str| format!("`{key}` in step \"b\" of flow \"f\": {reason}");
    refused("tell = \" \"", &[&format!("3:8: {}", of("tell", "must not be empty"))]);
    refused("approve = \"\"", &[&format!("3:11: {}", of("approve", "must not be empty"))]);
    refused("approve = true", &[&format!("3:11: {}", of("approve", "expected a string, found a boolean"))]);
    let nobody = of("channels", "there is no channel called \"phone\"");
    for does in ["tell", "approve"] {
        refused(&format!("{does} = \"x\"\nchannels = [\"phone\"]"), &[&format!("4:13: {nobody}")]);
        refused(
            &format!("{does} = \"x\"\nchannels = []"),
            &[&format!("4:12: {}", of("channels", "must not be empty"))],
        );
    }
    refused(
        "approve = \"x\"\notherwise = \"continu\"",
        &[&format!(
            "4:13: {}",
            of("otherwise", "\"continu\" is not one of \"fail\", \"continue\"; did you mean `continue`?")
        )],
    );
    refused(
        "approve = \"x\"\nwithin = \"32d\"",
        &[&format!("4:10: {}", of("within", "\"32d\" is too long; the maximum is 31d"))],
    );
}

#[test]
fn a_text_names_steps_that_stand_above_it() {
    let text = |template: &str, reason: &str| {
        let template = toml_edit::Value::from(template);
        for (does, key, line, column) in
            [("", "tell", 3, 8), ("", "approve", 3, 11), ("http = \"http://h/\"\n", "body", 4, 8)]
        {
            let reason = reason.replace("{key}", key);
            let problem = format!("{line}:{column}: `{key}` in step \"b\" of flow \"f\": {reason}");
            let expected = if reason.is_empty() { Vec::new() } else { vec![problem.as_str()] };
            refused(&format!("{does}{key} = {template}"), &expected);
        }
    };
    text("{{ steps.a.output }} {{ steps[\"a\"].exit }} {{ steps.a.state }}", "");
    text("{\"a\": {\"b\": 1}}", "");
    text("{{ steps.aa.output }}", "there is no step called \"aa\"; did you mean `a`?");
    text("{{ steps['no such step'].output }}", "there is no step called \"no such step\"");
    text("{{ steps.b.output }}", "a step cannot depend on its own result: name a step above it");
    text("{{ steps.c.output }}", "step \"c\" is below this one, and `{key}` can only name steps above it: move it up");
    let wrong = |error: &str| {
        format!(
            "this text cannot be filled in: {error}; the result of a step is written as {{{{ steps.NAME.output }}}}"
        )
    };
    text("{{ steps.a.outptu }}", &wrong("undefined value"));
    text("{{ monitor }}", &wrong("undefined value"));
    text("{% if %}", &wrong("syntax error: unexpected end of block"));
}

#[test]
fn no_two_steps_give_the_same_variables() {
    let step = |name: &str| format!("name = \"{name}\"\nwait = \"1s\"");
    let toml = |names: &[&str]| {
        let steps: Vec<String> = names.iter().map(|name| step(name)).collect();
        written(&steps.iter().map(String::as_str).collect::<Vec<_>>())
    };
    problems::check(
        &toml(&["is it up", "other", "Is-it-up"]),
        &["8:8: `name` in step \"Is-it-up\" of flow \"f\": \"Is-it-up\" and \"is it up\" give the same environment \
           variables, ESTATUS_STEP_IS_IT_UP_…: rename one of these steps"],
    );
    problems::check(&toml(&["a", "a"]), &["5:8: flow \"f\": there is already a step with the name \"a\""]);
    problems::check(&toml(&["ñ", "n", "n1", "n 1"]), &[]);
}

#[test]
fn a_flow_runs_others_and_none_comes_back_to_itself() {
    let flow = |name: &str, lines: &str| format!("[[flow.{name}.step]]\nname = \"s\"\n{lines}\n");
    let file = |flows: &[(&str, &str)]| flows.iter().map(|(name, lines)| flow(name, lines)).collect::<String>();
    let check = |flows: &[(&str, &str)], expected: &[&str]| problems::check(&file(flows), expected);
    let ends = "such a run would never end: remove one of these steps";
    let plain = ("c", "wait = \"1s\"");
    check(&[("a", "flow = \"b\""), ("b", "flow = \"c\""), plain], &[]);
    check(
        &[("a", "flow = \"cc\""), plain],
        &["3:8: `flow` in step \"s\" of flow \"a\": there is no flow called \"cc\"; did you mean `c`?"],
    );
    check(
        &[("a", "flow = \"a\"")],
        &[&format!("3:8: `flow` in step \"s\" of flow \"a\": circular dependency: a -> a; {ends}")],
    );
    check(
        &[("a", "flow = \"b\""), ("b", "flow = \"c\""), ("c", "flow = \"a\"")],
        &[&format!("9:8: `flow` in step \"s\" of flow \"c\": circular dependency: a -> b -> c -> a; {ends}")],
    );
    // Of two steps, the one that closes the circle.
    let two = "[[flow.b.step]]\nname = \"t\"\nflow = \"a\"\n";
    problems::check(
        &(file(&[("a", "flow = \"b\""), ("b", "flow = \"c\"")]) + two + &file(&[plain])),
        &[&format!("9:8: `flow` in step \"t\" of flow \"b\": circular dependency: a -> b -> a; {ends}")],
    );
    // What is run for a failure runs nothing for its own.
    let back = |flow: &str| format!("wait = \"1s\"\non_failure = {{ flow = \"{flow}\" }}");
    check(&[("a", "flow = \"b\""), ("b", &back("a"))], &[]);
    check(&[("a", &back("b")), ("b", &back("a"))], &[]);
    check(
        &[("a", &back("a"))],
        &["4:23: `on_failure.flow` in step \"s\" of flow \"a\": a flow cannot be run because it failed itself: name \
           another one"],
    );
    check(
        &[("a", &back("b"))],
        &["4:23: `on_failure.flow` in step \"s\" of flow \"a\": there is no flow called \"b\"; did you mean `a`?"],
    );
    refused("run = \"x\"\non_failure = {}", &["4:14: `on_failure` in step \"b\" of flow \"f\": `flow` is missing"]);
    refused(
        "run = \"x\"\non_failure = \"contine\"",
        &["4:14: `on_failure` in step \"b\" of flow \"f\": \"contine\" is not one of \"fail\", \"continue\"; did you \
           mean `continue`?"],
    );
    refused(
        "run = \"x\"\non_failure = 1",
        &["4:14: `on_failure` in step \"b\" of flow \"f\": expected \"fail\", \"continue\" or a table like { flow = \
           \"FLOW\" }, found an integer"],
    );
}
