//! Each mistake is told with line, column, reason and, where one can guess, what was meant.

use super::read;

/// `toml` has exactly these problems, written `line:column: message`.
#[track_caller]
pub(crate) fn check(toml: &str, expected: &[&str]) {
    let found: Vec<String> = match read(toml) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.0.iter().map(|p| format!("{}:{}: {}", p.line, p.column, p.message)).collect(),
    };
    assert_eq!(found, expected, "\n{toml:.500}");
}

/// A monitor "m" of this kind has exactly this problem with `line`, written `column: message`; nothing where it is empty.
#[track_caller]
fn check_monitor(kind: &str, line: &str, expected: &str) {
    let toml = format!("[[monitor]]\nname = \"m\"\n{line}\n{kind}\n");
    let found = read(&toml).err().map(|problems| {
        let of_line = |line: usize| if line == 3 { String::new() } else { format!("{line}:") };
        let lines = problems.0.iter().map(|p| format!("{}{}: {}", of_line(p.line), p.column, p.message));
        lines.collect::<Vec<_>>().join("\n")
    });
    assert_eq!(found.unwrap_or_default(), expected, "\n{toml:.500}");
}

const HTTP: &str = "http = \"http://h/\"";
const TCP: &str = "tcp = \"h:1\"";
const DNS: &str = "dns = \"h\"";
const PROCESS: &str = "process = \"p\"";
const COMMAND: &str = "command = \"true\"";

#[test]
fn every_problem_of_a_file_is_told_at_once() {
    let toml = r#"
langauge = "es"
zone = "America/Mexico"

[email]
server = "smtp.example.com"
password = "hunter2"
from = "me"

[alerts]
channels = ["mail"]
merge_within = 5

[[monitor]]
name = "web"
http = "http://h/"
tcp = "h:1"
evry = "1h"

[[monitor]]
name = "web"
process = "x"
accept = [200]
every = "500ms"
depends_on = ["wbe"]

[[program]]
name = "p"
directroy = "~/p"
ready = { tcp = "localhost" }
start_after = "q"

[[forest]]
name = "f"
"#;
    insta::assert_snapshot!(read(toml).unwrap_err(), @r#"
    /etc/estatus/estatus.toml:2:1: unknown key `langauge`; did you mean `language`?
    /etc/estatus/estatus.toml:3:8: `zone`: unknown time zone "America/Mexico"; did you mean `America/Mexico_City`?
    /etc/estatus/estatus.toml:5:1: `email`: `to` is missing
    /etc/estatus/estatus.toml:7:12: `email.password`: a secret must not be in this file: write { keyring = "NAME" }, { env = "VARIABLE" } or { file = "PATH" }
    /etc/estatus/estatus.toml:8:8: `email.from`: expected an email address like "me@example.com", found "me"
    /etc/estatus/estatus.toml:11:13: `alerts.channels`: there is no channel called "mail"; did you mean `email`?
    /etc/estatus/estatus.toml:12:16: `alerts.merge_within`: "5" has no unit: write "5s", or another of ms, s, m, h, d
    /etc/estatus/estatus.toml:17:1: monitor "web": has two kinds, http and tcp; a monitor has exactly one
    /etc/estatus/estatus.toml:18:1: unknown key `evry` in monitor "web"; did you mean `every`?
    /etc/estatus/estatus.toml:21:8: there is already a monitor with the name "web"
    /etc/estatus/estatus.toml:23:1: monitor "web": `accept` is only for http and command checks; this one is process
    /etc/estatus/estatus.toml:24:9: `every` in monitor "web": "500ms" is too short; the minimum is 1s
    /etc/estatus/estatus.toml:25:15: `depends_on` in monitor "web": there is no monitor called "wbe"; did you mean `web`?
    /etc/estatus/estatus.toml:27:1: program "p": `command` is missing
    /etc/estatus/estatus.toml:29:1: unknown key `directroy` in program "p"; did you mean `directory`?
    /etc/estatus/estatus.toml:30:17: `ready.tcp` in program "p": expected "host:port", found "localhost"
    /etc/estatus/estatus.toml:31:15: `start_after` in program "p": there is no program called "q"; did you mean `p`?
    /etc/estatus/estatus.toml:33:3: unknown table `forest`
    "#);
}

#[test]
fn problems_are_told_in_the_language_of_the_file() {
    check("language = \"es\"\nzoen = 3\n", &["2:1: clave desconocida `zoen`; ¿quería decir `zone`?"]);
    check(
        "language = \"es\"\n[[monitor]]\nname = \"a\"\ntcp = 3\nevery = \"5\"\n",
        &[
            "4:7: `tcp` en monitor \"a\": se esperaba \"host:puerto\", se encontró un número entero",
            "5:9: `every` en monitor \"a\": \"5\" no tiene unidad: escriba \"5s\", u otra de ms, s, m, h, d",
        ],
    );
}

#[test]
fn wrong_toml_is_told_with_its_place() {
    check("a = \n", &["1:5: a value is missing: write a = \"…\""]);
    check("[[monitor]]\nname = \"a\"\nname = \"b\"\n", &["3:1: `name` is already set in line 2"]);
    check("[monitor\n", &["1:9: the brackets of a table must match: write [[monitor]]"]);
    check("language = \"es", &["1:15: the quote \" that opens this text is not closed on the same line"]);
    check("\u{feff}x = 1", &["1:1: unknown key `x`"]);
    let deep = format!("x = {}1{}", "[".repeat(10_000), "]".repeat(10_000));
    check(&deep, &["1:85: cannot recurse further; max recursion depth met"]);
}

#[test]
fn where_a_table_belongs_one_is_shown_that_works() {
    let check = |before: &str, key: &str, after: &str| {
        let problems = read(&format!("{before}{key} = \"x\"\n{after}")).expect_err(key);
        let like = problems
            .0
            .iter()
            .find_map(|problem| problem.message.split_once("a table like ")?.1.strip_suffix(", found a string"));
        let like = like.unwrap_or_else(|| panic!("{key}: {problems}"));
        let like = like.replace("PROGRAM", "p").replace("NAME", "n").replace("STEP", "s");
        let with_it = format!("{before}{key} = {like}\n{after}");
        assert!(read(&with_it).is_ok(), "{}\n{with_it}", read(&with_it).unwrap_err());
    };
    for key in ["email", "alerts", "network", "retention", "status_page", "channel", "flow"] {
        check("", key, "");
    }
    let program = "[[program]]\nname = \"p\"\ncommand = \"x\"\n";
    for key in ["ready", "stop", "limit", "log", "memory", "cpu", "env"] {
        check(program, key, "");
    }
    let monitor = "[[monitor]]\nname = \"m\"\nhttp = \"http://h/\"\n";
    for key in ["on_down", "maintenance", "headers", "json"] {
        check(monitor, key, program);
    }
    check("[[monitor]]\nname = \"m\"\n", "host", "");
    check("[alerts]\n", "quiet_hours", "");
    let step = "[[flow.f.step]]\nname = \"s\"\nrun = \"x\"\n";
    check("[flow.f]\n", "budget", step);
    check(&format!("{step}[[flow.f.step]]\nname = \"t\"\nrun = \"x\"\n"), "when", "");
    check("[flow]\n", "f", "");
}

#[test]
fn a_monitor_has_exactly_one_kind_and_only_its_keys() {
    check_monitor(
        "",
        "",
        "1:1: monitor \"m\": does not say what to check: it needs one of http, tcp, tls, dns, ping, process, command, \
         host, fleet",
    );
    check_monitor(TCP, HTTP, "4:1: monitor \"m\": has two kinds, http and tcp; a monitor has exactly one");
    check_monitor(
        TCP,
        "accept = [200]",
        "1: monitor \"m\": `accept` is only for http and command checks; this one is tcp",
    );
    check_monitor(
        HTTP,
        "at_least = 1",
        "1: monitor \"m\": `at_least` is only for process and fleet checks; this one is http",
    );
    check_monitor(
        TCP,
        "trust = \"a.pem\"",
        "1: monitor \"m\": `trust` is only for http and tls checks; this one is tcp",
    );
    let both = "verify_tls = false, trust = \"a.pem\"".replace(", ", "\n");
    check_monitor(
        HTTP,
        &both,
        "4:9: `trust` in monitor \"m\": with verify_tls = false every certificate is accepted; remove one of the two",
    );
    check_monitor(HTTP, "evry = \"1h\"", "1: unknown key `evry` in monitor \"m\"; did you mean `every`?");
    check(
        "[monitor]\nname = \"a\"",
        &["1:1: `monitor`: expected an array of tables: write [[monitor]], with two brackets"],
    );
    check("monitor = 1", &["1:11: `monitor`: expected an array of tables, [[monitor]], found an integer"]);
    check("monitor = [1]", &["1:12: monitor number 1: expected a table, found an integer"]);
}

#[test]
fn a_name_is_one_short_line() {
    check("[[monitor]]\ntcp = \"h:1\"", &["1:1: monitor number 1: `name` is missing"]);
    check("[[monitor]]\nname = \" \"\ntcp = \"h:1\"", &["2:8: `name` in monitor number 1: a name must not be empty"]);
    check(
        "[[monitor]]\nname = \"a\\nb\"\ntcp = \"h:1\"",
        &["2:8: `name` in monitor \"a\\nb\": a name must not contain control characters"],
    );
    let long = format!("[[monitor]]\nname = \"{}\"\ntcp = \"h:1\"", "ñ".repeat(101));
    let shown = format!("2:8: `name` in monitor \"{}…\": a name has at most 100 characters", "ñ".repeat(60));
    check(&long, &[&shown]);
}

#[test]
fn impossible_times_are_refused() {
    check_monitor(TCP, "every = \"999ms\"", "9: `every` in monitor \"m\": \"999ms\" is too short; the minimum is 1s");
    check_monitor(TCP, "every = \"0s\"", "9: `every` in monitor \"m\": \"0s\" is too short; the minimum is 1s");
    check_monitor(TCP, "every = \"-5m\"", "9: `every` in monitor \"m\": \"-5m\" is negative");
    check_monitor(TCP, "every = \"1000d\"", "9: `every` in monitor \"m\": \"1000d\" is too long; the maximum is 365d");
    check_monitor(
        TCP,
        "every = \"9e99d\"",
        "9: `every` in monitor \"m\": expected a duration like \"5m\", found \"9e99d\"",
    );
    check_monitor(
        TCP,
        "every = 5",
        "9: `every` in monitor \"m\": \"5\" has no unit: write \"5s\", or another of ms, s, m, h, d",
    );
    check_monitor(
        TCP,
        "timeout = \"10\"",
        "11: `timeout` in monitor \"m\": \"10\" has no unit: write \"10s\", or another of ms, s, m, h, d",
    );
    check_monitor(TCP, "timeout = \"0s\"", "11: `timeout` in monitor \"m\": \"0s\" is too short; the minimum is 1ms");
    check_monitor(TCP, "failures = 0", "12: `failures` in monitor \"m\": 0 is not between 1 and 1000");
    check_monitor(
        TCP,
        "failures = 1.5",
        "12: `failures` in monitor \"m\": expected a whole number or a rate like \"3 of 10\", found a decimal number",
    );
    check_monitor(
        TCP,
        "failures = \"3/10\"",
        "12: `failures` in monitor \"m\": expected a whole number or a rate like \"3 of 10\", found \"3/10\"",
    );
    for rate in ["0 of 10", "11 of 10", "3 of 101"] {
        let problem = format!(
            "12: `failures` in monitor \"m\": \"{rate}\" is not a valid rate: the first number must be 1 or more and \
             not more than the second, which must be 100 at most"
        );
        check_monitor(TCP, &format!("failures = \"{rate}\""), &problem);
    }
    check_monitor(
        TCP,
        "confirm_after = \"2h\"",
        "17: `confirm_after` in monitor \"m\": \"2h\" is too long; the maximum is 1h",
    );
    check_monitor(TCP, "enabled = 1", "11: `enabled` in monitor \"m\": expected true or false, found an integer");
    check("[status_page]\ntitle = \"Up?\"", &["1:1: `status_page`: `file` is missing"]);
    check(
        "[status_page]\nfile = \"estatus.toml\"",
        &["2:8: `status_page.file`: a status page is an HTML file: its name must end with .html or .htm"],
    );
    check("[retention]\nhours = \"1h\"", &["2:9: `retention.hours`: \"1h\" is too short; the minimum is 1d"]);
    check(
        "[alerts]\nremind_every = \"often\"",
        &["2:16: `alerts.remind_every`: expected a duration like \"5m\", found \"often\""],
    );
}

#[test]
fn names_are_defined_once_and_lead_nowhere_in_a_circle() {
    let monitor = |name: &str, parents: &str| {
        format!("[[monitor]]\nname = \"{name}\"\ntcp = \"h:1\"\ndepends_on = [{parents}]\n")
    };
    check(
        &[monitor("a", ""), monitor("b", ""), monitor("a", "")].concat(),
        &["10:8: there is already a monitor with the name \"a\""],
    );
    check(&monitor("a", "\"a\""), &["4:15: `depends_on` in monitor \"a\": circular dependency: a -> a"]);
    check(
        &[monitor("a", "\"b\""), monitor("b", "\"a\"")].concat(),
        &["8:15: `depends_on` in monitor \"b\": circular dependency: a -> b -> a"],
    );
    check(
        &[monitor("x", "\"a\""), monitor("a", "\"b\""), monitor("b", "\"c\""), monitor("c", "\"b\", \"a\"")].concat(),
        &[
            "16:15: `depends_on` in monitor \"c\": circular dependency: b -> c -> b",
            "16:20: `depends_on` in monitor \"c\": circular dependency: a -> b -> c -> a",
        ],
    );
    check(&[monitor("a", "\"c\", \"b\""), monitor("b", "\"c\""), monitor("c", "")].concat(), &[]);
    check(
        &monitor("router", "\"ruter\""),
        &["4:15: `depends_on` in monitor \"router\": there is no monitor called \"ruter\"; did you mean `router`?"],
    );
    check_monitor(TCP, "channels = \"phone\"", "12: `channels` in monitor \"m\": there is no channel called \"phone\"");
}

#[test]
fn a_chain_and_a_circle_as_long_as_the_file_are_followed() {
    let count = 20_000;
    let chain = |parent: fn(usize, usize) -> usize| -> String {
        let monitor = |index: usize| {
            let parent = parent(index, count);
            format!("[[monitor]]\nname = \"n{index}\"\ntcp = \"h:1\"\ndepends_on = \"n{parent}\"\n")
        };
        (0..count).map(monitor).collect::<String>() + "[[monitor]]\nname = \"n20000\"\ntcp = \"h:1\"\n"
    };
    let too_many = chain(|index, _| index + 1);
    check(&too_many, &["1:1: `monitor`: 20001 monitors are too many; the maximum is 20000"]);
    let (fits, _) = too_many.rsplit_once("[[monitor]]").unwrap();
    check(&fits.replace("depends_on = \"n20000\"\n", ""), &[]);
    let circle = chain(|index, count| (index + 1) % count);
    let (circle, _) = circle.rsplit_once("[[monitor]]").unwrap();
    check(
        circle,
        &["80000:14: `depends_on` in monitor \"n19999\": circular dependency: n0 -> n1 -> … 19997 more … -> n19999 \
             -> n0"],
    );
}

#[test]
fn an_address_must_be_one() {
    check_monitor(
        "",
        "http = \"example.com\"",
        "8: `http` in monitor \"m\": expected a URL that begins with http:// or https://",
    );
    check_monitor(
        "",
        "http = \"localhost:80\"",
        "8: `http` in monitor \"m\": expected a URL that begins with http:// or https://",
    );
    check_monitor(
        "",
        "http = \"ftp://h/\"",
        "8: `http` in monitor \"m\": expected a URL that begins with http:// or https://",
    );
    check_monitor("", "http = \"http://\"", "8: `http` in monitor \"m\": invalid URL: empty host");
    check_monitor("", "http = \"http://h:99999/\"", "8: `http` in monitor \"m\": invalid URL: invalid port number");
    check_monitor(
        "",
        "http = \"http://me:hunter2@h/\"",
        "8: `http` in monitor \"m\": a URL here must not contain a user or a password: set `username` and `password`, \
         or a header",
    );
    check_monitor(
        HTTP,
        "proxy = \"h:8080\"",
        "9: `proxy` in monitor \"m\": expected a URL that begins with http:// or socks5://",
    );
    check_monitor("", "tcp = \"localhost\"", "7: `tcp` in monitor \"m\": expected \"host:port\", found \"localhost\"");
    check_monitor("", "tls = \"https://h\"", "7: `tls` in monitor \"m\": expected \"host:port\", found a URL");
    check_monitor(
        "",
        "ping = \"a b\"",
        "8: `ping` in monitor \"m\": expected a host name or an address, found \"a b\"",
    );
    check_monitor("", "dns = \"a b\"", "7: `dns` in monitor \"m\": expected a name like \"example.com\"");
    check_monitor(TCP, "ip = 5", "6: `ip` in monitor \"m\": expected the IP version, 4 or 6");
    check(
        "[network]\nreference = [\"1.1.1.1\"]",
        &["2:14: `network.reference`: expected \"host:port\", found \"1.1.1.1\""],
    );
}

#[test]
fn what_a_check_asks_for_must_be_possible() {
    check_monitor(
        HTTP,
        "matches = \"(\"",
        "11: `matches` in monitor \"m\": invalid regular expression: unclosed group",
    );
    check_monitor(HTTP, "accept = [99]", "11: `accept` in monitor \"m\": 99 is not within 100-999");
    check_monitor(HTTP, "accept = []", "10: `accept` in monitor \"m\": accepts no code, so it could never succeed");
    check_monitor(HTTP, "accept = \"299-200\"", "10: `accept` in monitor \"m\": \"299-200\" ends before it begins");
    check_monitor(
        HTTP,
        "accept = \"2xx\"",
        "10: `accept` in monitor \"m\": expected a code like 301 or a range like \"200-299\", found \"2xx\"",
    );
    check_monitor(
        HTTP,
        "redirects = -1",
        "13: `redirects` in monitor \"m\": expected \"refuse\" or how many are followed, 0 to 50",
    );
    check_monitor(
        HTTP,
        "method = \"GET IT\"",
        "10: `method` in monitor \"m\": expected a method like \"GET\", \"HEAD\" or \"POST\"",
    );
    check_monitor(HTTP, "headers = { \"a b\" = \"x\" }", "13: `headers.a b` in monitor \"m\": invalid header name");
    check_monitor(
        HTTP,
        "headers = { a = \"x\\r\\ny: z\" }",
        "13: `headers.a` in monitor \"m\": the value of a header is one line without control characters",
    );
    check_monitor(
        HTTP,
        "body_limit = \"1\"",
        "14: `body_limit` in monitor \"m\": \"1\" has no unit: write \"1MB\", or another of B, KB, MB, GB, TB",
    );
    check_monitor(
        HTTP,
        "body_limit = \"1GB\"",
        "14: `body_limit` in monitor \"m\": \"1GB\" is too large; the maximum is 100000000B",
    );
    check_monitor(
        HTTP,
        "json = { \"a..b\" = 1 }",
        "10: `json.a..b` in monitor \"m\": expected a path like \"queue.length\" or \"items[0].id\"",
    );
    check_monitor(
        HTTP,
        "json = { a = \"< b\" }",
        "14: `json.a` in monitor \"m\": `<` and `>` need a number, as in \"< 10\", found \"< b\"; write \"= < b\" for \
         a text that starts like this",
    );
    check_monitor(
        HTTP,
        "json = { a = [1] }",
        "14: `json.a` in monitor \"m\": expected a string, a number, true or false, found an array",
    );
    check_monitor(HTTP, "username = \"me\"", "12: `username` in monitor \"m\": needs `password` as well");
    check_monitor(
        TCP,
        "expect = [\"a\", \"b\"]",
        "10: `expect` in monitor \"m\": a tcp check expects exactly one text",
    );
    check_monitor(
        "tls = \"h:25\"",
        "starttls = \"smpt\"",
        "12: `starttls` in monitor \"m\": \"smpt\" is not one of \"smtp\", \"imap\", \"pop3\", \"ftp\"; did you mean `smtp`?",
    );
    check_monitor(
        DNS,
        "record = \"AAAAA\"",
        "10: `record` in monitor \"m\": \"AAAAA\" is not one of \"A\", \"AAAA\", \"CAA\", \"CNAME\", \"MX\", \"NS\", \"PTR\", \"SOA\", \"SRV\", \"TXT\"; did you mean `AAAA`?",
    );
    check_monitor(DNS, "expect = \"::1\"", "10: `expect` in monitor \"m\": the answer to A is an IPv4 address");
    check_monitor(
        PROCESS,
        "at_least = 3\nat_most = 2",
        "4:11: `at_most` in monitor \"m\": is less than `at_least`, which is 3",
    );
    check_monitor(PROCESS, "at_least = 0", "12: `at_least` in monitor \"m\": 0 without `at_most` checks nothing");
    check_monitor("", "process = {}", "11: `process` in monitor \"m\": needs exactly one of `path` and `command_line`");
    check_monitor(
        "",
        "process = { path = \"/x\", command_line = \"(\" }",
        "11: `process` in monitor \"m\": needs exactly one of `path` and `command_line`\n41: `process.command_line` in \
         monitor \"m\": invalid regular expression: unclosed group",
    );
    check_monitor("", "command = \"\"", "11: `command` in monitor \"m\": must not be empty");
    check_monitor("", "command = []", "11: `command` in monitor \"m\": names no program");
    check_monitor("", "command = [\"a\", 1]", "17: `command` in monitor \"m\": expected a string, found an integer");
    check_monitor(COMMAND, "env = { \"A=B\" = \"x\" }", "9: `env.A=B` in monitor \"m\": invalid variable name");
    check_monitor(
        COMMAND,
        "directory = \"a\\u0000b\"",
        "13: `directory` in monitor \"m\": must not contain a null character",
    );
}

#[test]
fn limits_of_this_machine_point_the_right_way() {
    check_monitor("", "host = {}", "8: `host` in monitor \"m\": needs at least one of cpu, memory, load, disk");
    check_monitor(
        "",
        "host = { cpu = \"> 90%\" }",
        "16: `host.cpu` in monitor \"m\": this limit needs `<`, as it says which values are good: expected a limit \
         like \"< 90%\"",
    );
    check_monitor(
        "",
        "host = { cpu = \"120%\" }",
        "16: `host.cpu` in monitor \"m\": expected a limit like \"< 90%\", found \"120%\"",
    );
    check_monitor(
        "",
        "host = { load = nan }",
        "17: `host.load` in monitor \"m\": expected a limit like \"< 4\", found \"NaN\"",
    );
    check_monitor(
        "",
        "host = { disk = { \"/\" = \"< 5GB\" } }",
        "25: `host.disk./` in monitor \"m\": this limit needs `>`, as it says which values are good: expected a limit \
         like \"> 10%\" or \"> 5GB\"",
    );
    check_monitor(
        "",
        "host = { disc = { \"/\" = \"5GB\" } }",
        "8: `host` in monitor \"m\": needs at least one of cpu, memory, load, disk\n10: unknown key `disc` in `host` in monitor \"m\"; did you mean `disk`?",
    );
}

#[test]
fn maintenance_has_one_form() {
    let forms = "needs `from` and `to`, or `daily`, or `cron` and `lasts`";
    check_monitor(TCP, "maintenance = {}", &format!("15: `maintenance` in monitor \"m\": {forms}"));
    check_monitor(
        TCP,
        "maintenance = { cron = \"* * * * *\" }",
        &format!("15: `maintenance` in monitor \"m\": {forms}"),
    );
    check_monitor(
        TCP,
        "maintenance = { daily = \"2-4\" }",
        "25: `maintenance.daily` in monitor \"m\": expected a time range like \"02:00-04:00\", found \"2-4\"",
    );
    check_monitor(
        TCP,
        "maintenance = { daily = \"02:00-04:00\", days = [\"lun\"] }",
        "48: `maintenance.days` in monitor \"m\": \"lun\" is not one of mon, tue, wed, thu, fri, sat, sun",
    );
    check_monitor(
        TCP,
        "maintenance = { from = 2026-12-25, to = 2026-12-24T10:00:00 }",
        "41: `maintenance` in monitor \"m\": must be later than `from`",
    );
    check_monitor(
        TCP,
        "maintenance = { from = \"tomorrow\", to = 10:00:00 }",
        "24: `maintenance.from` in monitor \"m\": expected a date and time, like 2026-12-24T22:00:00\n\
         41: `maintenance.to` in monitor \"m\": expected a date and time, like 2026-12-24T22:00:00",
    );
    check_monitor(
        TCP,
        "maintenance = { cron = \"0 25 * * *\", lasts = \"1h\" }",
        "24: `maintenance.cron` in monitor \"m\": invalid cron expression: value must be in range 0..=23; found 25",
    );
    check_monitor(
        TCP,
        "maintenance = { cron = \"0 4 * * * UTC\", lasts = \"1h\" }",
        "24: `maintenance.cron` in monitor \"m\": expected the five cron fields minute, hour, day of the month, month, day of the week",
    );
    check_monitor(
        TCP,
        "maintenance = { daily = \"02:00-04:00\", zone = \"Mars\" }",
        "47: `maintenance.zone` in monitor \"m\": unknown time zone \"Mars\"",
    );
    check(
        "[alerts]\nquiet_hours = { from = \"25:00\", to = 7 }",
        &[
            "2:24: `alerts.quiet_hours.from`: expected a time of the day like \"22:00\"",
            "2:38: `alerts.quiet_hours.to`: expected a time of the day like \"22:00\", found an integer",
        ],
    );
}

const ONE_OF: &str = "1:10: `channel.x`: needs exactly one of `webhook`, `telegram`, `discord`, `slack`, `teams`, `ntfy`, \
                      `gotify`, `pushover`, `command` and `email`";

#[test]
fn what_a_service_needs_of_a_channel_is_asked_for() {
    check(
        "[channel.x]\ntelegram = { chat = \"me\" }",
        &[
            "2:12: `channel.x.telegram`: `token` is missing",
            "2:21: `channel.x.telegram.chat`: expected the id of a chat like 123456789, or \"@\" and the name of a \
             channel, found \"me\"",
        ],
    );
    check(
        "[channel.x]\ntelegram = { token = { keyring = \"t\" }, chat_id = 7 }",
        &[
            "2:12: `channel.x.telegram`: `chat` is missing",
            "2:41: unknown key `chat_id` in `channel.x.telegram`; did you mean `chat`?",
        ],
    );
    check(
        "[channel.x]\ndiscord = \"https://discord.com/api/webhooks/1/T0K3N\"",
        &["2:11: `channel.x.discord`: a secret must not be in this file: write { keyring = \"NAME\" }, \
           { env = \"VARIABLE\" } or { file = \"PATH\" }"],
    );
    check(
        "[channel.x]\nntfy = { topic = \"my alerts\" }",
        &[
            "2:18: `channel.x.ntfy.topic`: expected a topic of letters, digits, \"_\" and \"-\", with at most 64 of them, \
           found \"my alerts\"",
        ],
    );
    check(
        "[channel.x]\nslack = { keyring = \"s\" }\ntemplate = \"{}\"",
        &["3:1: `channel.x`: `template` is only for a webhook channel; this one is slack"],
    );
}

#[test]
fn a_channel_has_one_form_and_its_keys() {
    let email = "[email]\nserver = \"h\"\nfrom = \"a@b\"\nto = \"a@b\"\n";
    check("[channel.x]\ntimeout = \"1s\"", &[ONE_OF]);
    check("[channel.x]\nwebhook = \"https://h/\"\ncommand = \"true\"", &[ONE_OF]);
    check(
        "[channel.x]\nwebhook = \"https://h/\"\nenv = {}",
        &["3:1: `channel.x`: `env` is only for a command channel; this one is webhook"],
    );
    check("[channel.x]\nemail = \"a@b\"", &["1:10: `channel.x`: needs the table [email], which sets the mail server"]);
    check(
        &format!("{email}verify_tls = false\ntrust = \"a.pem\""),
        &["6:9: `email.trust`: with verify_tls = false every certificate is accepted; remove one of the two"],
    );
    check(
        &format!("{email}hello = \"a b\""),
        &["5:9: `email.hello`: expected a host name or an address, found \"a b\""],
    );
    check(&format!("{email}[channel.x]\nemail = []"), &["6:9: `channel.x.email`: has no recipient"]);
    check(
        &format!("{email}[channel.email]\ncommand = \"true\""),
        &["5:10: `channel.email`: the channel \"email\" is the table [email]; give this one another name"],
    );
    check(
        &email.replace("\"h\"", "\"h:25\""),
        &["2:10: `email.server`: expected a host name or an address, found \"h:25\""],
    );
    check(&format!("{email}port = 0"), &["5:8: `email.port`: 0 is not between 1 and 65535"]);
    check(&format!("{email}username = \"me\""), &["5:12: `email.username`: needs `password` as well"]);
    check(&format!("{email}password = {{ env = \"P\" }}"), &["5:12: `email.password`: needs `username` as well"]);
    check(
        "channel = 1\n[alerts]\nchannels = \"x\"",
        &[
            "1:11: `channel`: expected a table like { NAME = { webhook = \"https://example.com/hook\" } }, found an integer",
        ],
    );
}

#[test]
fn a_secret_in_the_file_is_refused_and_never_repeated() {
    let advice = "write { keyring = \"NAME\" }, { env = \"VARIABLE\" } or { file = \"PATH\" }";
    check_monitor(
        HTTP,
        "bearer = \"hunter2\"",
        &format!("10: `bearer` in monitor \"m\": a secret must not be in this file: {advice}"),
    );
    check_monitor(
        HTTP,
        "bearer = { env = \"A\", file = \"b\" }",
        &format!("10: `bearer` in monitor \"m\": does not say where the secret is kept: {advice}"),
    );
    check_monitor(
        HTTP,
        "bearer = { env = \"A=B\" }",
        "18: `bearer.env` in monitor \"m\": the name of a variable must not contain `=`",
    );
    check_monitor(
        HTTP,
        "headers = { X-Key = { env = \"A\", file = \"b\" } }",
        &format!("21: `headers.X-Key` in monitor \"m\": does not say where the secret is kept: {advice}"),
    );
    check_monitor(
        HTTP,
        "headers = { X-Key = 4711 }",
        "21: `headers.X-Key` in monitor \"m\": expected a string, or a table that says where a secret is kept, found an integer",
    );
    check_monitor(
        HTTP,
        "headers = { \"X Key\" = { env = \"A\" } }",
        "13: `headers.X Key` in monitor \"m\": invalid header name",
    );
    check_monitor(
        HTTP,
        "bearer = { env = \"A\" }\nusername = \"me\"\npassword = { env = \"B\" }",
        "10: `bearer` in monitor \"m\": a request uses either `bearer` or `username` and `password`",
    );
}

#[test]
fn a_file_that_cannot_be_read_is_a_problem_too() {
    #[track_caller]
    fn check(content: Option<&[u8]>, expected: &str) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("estatus.toml");
        if let Some(content) = content {
            std::fs::write(&file, content).unwrap();
        }
        let problems = super::load(&file).unwrap_err();
        assert_eq!(problems.0.len(), 1, "{problems}");
        let problem = &problems.0[0];
        assert_eq!((problem.file.as_path(), problem.line, problem.column), (file.as_path(), 1, 1));
        assert!(problem.message.starts_with(expected), "{}", problem.message);
    }
    check(None, "cannot read this file: ");
    check(Some(&[0xff, 0xfe, b'a', 0]), "this file is not text in UTF-8: save it in that encoding");
    check(Some(&[b'#'; estatus_config::FILE_MAX + 1]), "this file is longer than 5000000 bytes");
    assert_eq!(read(&"#".repeat(estatus_config::FILE_MAX + 1)).unwrap_err().0.len(), 1);
}
