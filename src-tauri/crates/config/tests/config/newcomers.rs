//! What newcomers write, told as they meant it.

use super::{problems::check, read};

/// What stands in line `line` of `toml` is told with these words.
#[track_caller]
fn says(toml: &str, line: usize, words: &str) {
    let problems = read(toml).unwrap_err();
    let told = problems.0.iter().any(|problem| problem.line == line && problem.message.contains(words));
    assert!(told, "“{words}” is not said of line {line}:\n{problems}\n{toml}");
}

#[test]
fn what_newcomers_write_is_told_as_they_meant_it() {
    let monitor = |line: &str| format!("[[monitor]]\n{line}\ntcp = \"h:1\"\n");
    let of_line = |line: &str, words: &str| says(&monitor(line), 2, words);
    of_line("name = web", "write name = \"web\"");
    of_line("name = my web page # mine", "write name = \"my web page\"");
    of_line("every = 5m", "write every = \"5m\"");
    of_line("enabled = yes", "write enabled = true");
    of_line("enabled = False", "write enabled = false");
    of_line("tags = null", "there is no null value: remove `tags`");
    of_line("tags = [a, \"b\"]", "write \"a\"");
    of_line("name = “web”", "“ is a typographic quote");
    of_line("name = \"web”", "” is a typographic quote");
    of_line("name =\u{a0}\"web\"", "invisible character here (U+00A0)");
    of_line("name = \"web", "quote \" that opens this text is not closed");
    of_line("name = \"web\",", "delete ,");
    of_line("failures = 3;", "delete ;");
    of_line("name == \"web\"", "write one =");
    of_line("name: web", "write name = \"web\"");
    of_line("name = 'it's'", "write name = \"it's\"");
    of_line("tags = \"a\", \"b\"", "write tags = [\"a\", \"b\"]");
    of_line("accept = 200, 301", "write accept = [200, 301]");
    of_line("accept = [200 301]", "a comma is missing: write 200, 301");
    of_line("tags = [\"a\" \"b\"]", "a comma is missing: write \"a\", \"b\"");
    of_line("headers = { A = \"x\" B = \"y\" }", "a comma is missing: write \"x\", B");
    of_line("host = { cpu = \"< 90%\" memory = \"< 90%\" }", "a comma is missing: write \"< 90%\", memory");
    of_line("accept = [200, 201 301, 302]", "a comma is missing: write 201, 301");
    of_line("timeout = 10", "\"10\" has no unit: write \"10s\"");
    of_line("body_limit = 5", "\"5\" has no unit: write \"5MB\"");
    of_line("headers = { Accept: \"x\" }", "write Accept = …");
    of_line("failures: 3", "write failures = 3");
    of_line("retry every = \"5m\"", "write retry_every");
    of_line("name", "a line is KEY = VALUE");
    of_line("// the web", "a comment starts with #");
    of_line("<<<<<<< HEAD", "merge conflict markers");
    of_line(
        "directory = \"C:\\Users\\me\"",
        r"is not a valid escape sequence: write a Windows path in single quotes: 'C:\Users\me'",
    );
    of_line("directory = \"C:\\apps\"", r"\a is not a valid escape sequence");
    of_line("directory = \"C:\\temp\\\"", r"'C:\temp\'");
    says("name = \"a\"\n", 1, "unknown key `name`; it belongs below a line [[monitor]] or [[program]]");
    says("{ \"monitor\": [] }", 1, "this is JSON");
    says("---\nmonitor:\n", 1, "this is YAML");
    says("[channel.my phone]\ncommand = \"x\"\n", 1, "[channel.\"my phone\"]");
    says("overlap = \"skip\"\n", 1, "unknown key `overlap`; it belongs below a line [flow.NAME]");
    says("run = \"x\"\n", 1, "unknown key `run`; it belongs below a line [[flow.NAME.step]]");
    says("[[flow.heal my web.step]]\nname = \"a\"\n", 1, "write [[flow.\"heal my web\".step]]");
    says("[flow.heal my web]\nevery = \"1h\"\n", 1, "write [flow.\"heal my web\"]");
    says("[flow.f.step\nname = \"a\"\n", 1, "write [[flow.f.step]]");
    says("[flow.f.step]\nname = \"a\"\n\n[flow.f.step]\n", 4, "in line 1: write [[flow.f.step]] for each");
    says("[monitor]\nname = \"a\"\n\n[monitor]\nname = \"b\"\n", 4, "in line 1: write [[monitor]] for each");
    says("[email]\n[alerts]\n[email]\n", 3, "`email` is already set in line 1");
    says("[[monitor]]\nname = \"a\"\n[[monitor]]\nevery = \"1m\"\nname = \"b\"\nname = \"c\"\n", 6, "in line 5");
    says("[[monitor]]\nname = \"a\"\non_down = { run = \"x\", run = \"y\" }\n", 3, "`run` is set twice");
}

#[test]
fn what_escapes_turn_a_path_into_is_refused() {
    let program = |line: &str| format!("[[program]]\nname = \"p\"\n{line}\n");
    says(
        &program(r#"command = ["C:\new\tool.exe", "-x"]"#),
        3,
        r"\n is a line break: write a Windows path in single quotes: 'C:\new\tool.exe'",
    );
    says(
        &program("command = 'x'\ndirectory = \"C:\\temp\""),
        4,
        r"\t is a tab: write a Windows path in single quotes: 'C:\temp'",
    );
    says(&program(r#"command = "C:\bin\x.exe""#), 3, r"'C:\bin\x.exe'");
    says("[[monitor]]\nname = \"m\"\nprocess = { path = \"C:\\tmp\\x\" }\n", 3, r"'C:\tmp\x'");
    for well in [
        "command = 'C:\\new\\tool.exe'",
        "command = \"C:\\\\new\\\\tool.exe\"",
        "command = [\"sh\", \"-c\", \"\"\"\na\nb\"\"\"]",
    ] {
        check(&program(well), &[]);
    }
}

#[test]
fn a_command_of_several_lines_is_one_for_a_shell_that_runs_them_all() {
    let program = |line: &str| format!("[[program]]\nname = \"p\"\n{line}\n");
    for lines in ["\"\"\"\nset -e\n\tserve\n\"\"\"", "'''\nset -e\nserve\n'''"] {
        let toml = program(&format!("command = {lines}"));
        if cfg!(windows) {
            says(&toml, 3, "Windows runs only the first line of a command: put the lines into a batch file");
        } else {
            check(&toml, &[]);
        }
    }
    check(&program("command = \"\"\"\nserve --all\n\"\"\""), &[]);
}

#[test]
fn words_of_other_tools_are_told_in_ours() {
    let monitor = |line: &str| format!("[[monitor]]\nname = \"m\"\n{line}\n");
    let of_monitor =
        |key: &str, near: &str| says(&monitor(&format!("{key} = 1")), 3, &format!("did you mean `{near}`?"));
    for (key, near) in [
        ("interval", "every"),
        ("check_interval", "every"),
        ("checkInterval", "every"),
        // Nearly what others call it, in another language or by a slip of the pen.
        ("intervall", "every"),
        ("intervalo", "every"),
        ("check-intervall", "every"),
        ("retires", "failures"),
        ("keywrod", "contains"),
        // What is as near to a key of ours is that.
        ("tiemout", "timeout"),
        ("evry", "every"),
        ("retries", "failures"),
        ("failure-threshold", "failures"),
        ("url", "http"),
        ("port", "tcp"),
        ("status", "accept"),
        ("keyword", "contains"),
        ("insecure", "verify_tls"),
        ("follow_redirects", "redirects"),
        ("response_time", "below"),
        ("cwd", "directory"),
        ("notifications", "channels"),
        ("group", "tags"),
        ("on_failure", "on_down"),
        ("active", "enabled"),
    ] {
        of_monitor(key, near);
    }
    says(&monitor("type = \"http\""), 3, "the kind of a monitor is written as a key");
    for (key, near) in [
        ("cmd", "command"),
        ("working_directory", "directory"),
        ("environment", "env"),
        ("max_restarts", "limit"),
        ("max_memory_restart", "memory"),
        ("stopsignal", "stop"),
        ("autorestart", "restart"),
        ("depends_on", "start_after"),
    ] {
        let program = format!("[[program]]\nname = \"p\"\ncommand = \"x\"\n{key} = 1\n");
        says(&program, 4, &format!("did you mean `{near}`?"));
    }
    says("[email]\nhost = \"h\"\n", 2, "did you mean `server`?");
    says("[email]\nrecipients = \"h\"\n", 2, "did you mean `to`?");
    says("[[check]]\nname = \"h\"\n", 1, "did you mean `monitor`?");
    says("[flows.f]\n", 1, "did you mean `flow`?");
    says("[[task]]\n", 1, "did you mean `flow`?");
    says("[[step]]\nname = \"a\"\n", 1, "did you mean `flow.NAME.step`?");
    for (key, near) in [
        ("steps", "step"),
        ("task", "step"),
        ("tasks", "step"),
        ("schedule", "every"),
        ("cron", "every"),
        ("interval", "every"),
        ("catchup", "catch_up"),
        ("concurrency", "overlap"),
        ("timeout", "deadline"),
        ("limit", "budget"),
        ("notify", "channels"),
    ] {
        says(&format!("[flow.f]\n{key} = 1\n"), 2, &format!("did you mean `{near}`?"));
    }
    for (key, near) in [
        ("retries", "retry"),
        ("depends_on", "needs"),
        ("command", "run"),
        ("cmd", "run"),
        ("if", "when"),
        ("cwd", "directory"),
        ("deadline", "timeout"),
        ("sleep", "wait"),
        ("wait_for", "wait_until"),
        ("monitor", "check"),
        ("finally", "always"),
        ("continue_on_error", "on_failure"),
        ("on_crash", "after_crash"),
        ("url", "http"),
        ("notify", "tell"),
        ("message", "tell"),
        ("approval", "approve"),
        ("on_timeout", "otherwise"),
        ("extract", "save"),
        ("token", "bearer"),
        ("rollback", "undo"),
        ("subflow", "flow"),
        ("workflow", "flow"),
    ] {
        says(&format!("[[flow.f.step]]\nname = \"a\"\n{key} = 1\n"), 3, &format!("did you mean `{near}`?"));
    }
    let step = |line: &str| format!("[[flow.f.step]]\nname = \"a\"\n{line}\n");
    says(&step("type = \"command\""), 3, "the kind of a step is written as a key: run = \"command\"");
    says(&step("retry = { attempts = 3 }"), 3, "did you mean `times`?");
    says(&step("retry = { delay = \"1s\" }"), 3, "did you mean `wait`?");
    says("[flow.f]\nbudget = { max = 3, per = \"1h\" }\n", 2, "did you mean `runs`?");
    says("[flow.f]\nbudget = { max = 3, per = \"1h\" }\n", 2, "did you mean `within`?");
    says(&monitor("on_down = { command = \"x\" }"), 3, "did you mean `run`?");
}
