//! What a file says is what the core gets; `programs.rs` is about programs and remedies.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use estatus_core::{
    check::*,
    command::{CommandLine, Run},
    config::*,
    fleet::Fleet,
    maintenance::{Cron, DailySpan, Maintenance},
    program::RestartWhen,
    secret::SecretRef,
};
use jiff::{
    civil::{Weekday, time},
    tz::TimeZone,
};
use serde_json::json;
use url::Url;

use super::read;

/// A file that uses every key there is.
pub(crate) const EVERYTHING: &str = include_str!("everything.toml");

pub(crate) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn strings<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(str::to_owned).into()
}

pub(crate) fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

pub(crate) fn host(host: &str, port: u16) -> HostPort {
    HostPort { host: host.to_owned(), port }
}

fn patterns(texts: &[&str]) -> Vec<regex::Regex> {
    texts.iter().map(|text| regex::Regex::new(text).unwrap()).collect()
}

pub(crate) fn everything() -> Config {
    read(EVERYTHING).unwrap_or_else(|problems| panic!("{problems}"))
}

/// The monitor `name` of the file that uses every key.
pub(crate) fn monitor(name: &str) -> Monitor {
    let config = everything();
    Monitor::clone(config.monitors.iter().find(|monitor| &*monitor.name == name).unwrap())
}

/// A monitor that says nothing but `line` does `expected`.
#[track_caller]
fn check(line: &str, expected: Check) {
    let config = read(&format!("[[monitor]]\nname = \"m\"\n{line}")).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(*config.monitors[0], Monitor::new("m", expected), "{line}");
}

#[test]
fn an_empty_file_has_every_default() {
    let expected = Config { zone: TimeZone::get("America/Mexico_City").unwrap(), ..Config::default() };
    assert_eq!(read("").unwrap(), expected);
    assert_eq!(read("[retention]\n[alerts]\n[network]\n").unwrap(), expected);
}

#[test]
fn the_variables_from_which_secrets_are_taken_are_known_wherever_they_stand() {
    let text = r#"
        [email]
        server = "smtp.example.com"
        port = 587
        security = "starttls"
        username = "me"
        password = { env = "SMTP_PASSWORD" }
        from = "me@example.com"
        to = ["me@example.com"]
        [channel.chat]
        webhook = "https://example.com/"
        headers = { Authorization = { env = "CHAT_TOKEN" }, Accept = "text/plain" }
        [channel.script]
        command = "./tell"
        env = { KEY = { env = "SCRIPT_KEY" }, SMTP_PASSWORD = { env = "SMTP_PASSWORD" } }
        [[monitor]]
        name = "page"
        http = "https://example.com/"
        bearer = { env = "PAGE_TOKEN" }
        headers = { X-Key = { env = "PAGE_KEY" } }
        on_down = { run = "./heal", env = { H = { env = "HEAL_KEY" }, F = { file = "/f" } } }
        [[program]]
        name = "web"
        command = "./web"
        env = { DATABASE = { env = "DATABASE_URL" }, PLAIN = "x" }
        [[flow.nightly.step]]
        name = "backup"
        run = "./backup"
        env = { KEY = { env = "BACKUP_KEY" } }
        [fleet.web]
        listen = "0.0.0.0:50051"
        ec2.region = "us-east-1"
        ec2.template = "web"
        ec2.credentials = { id = "AKIA", secret = { env = "AWS_SECRET" } }
        [fleet.lab.local]
        command = "./lab"
        env = { KEY = { env = "LAB_KEY" } }
        [fleet.jobs.command]
        create = "./create"
        list = "./list"
        terminate = "./terminate"
        env = { KEY = { env = "JOBS_KEY" } }
    "#;
    let config = read(text).unwrap_or_else(|problems| panic!("{problems}"));
    let names: Vec<&str> = config.secret_variables.iter().map(String::as_str).collect();
    let expected = [
        "AWS_SECRET",
        "BACKUP_KEY",
        "CHAT_TOKEN",
        "DATABASE_URL",
        "HEAL_KEY",
        "JOBS_KEY",
        "LAB_KEY",
        "PAGE_KEY",
        "PAGE_TOKEN",
        "SCRIPT_KEY",
        "SMTP_PASSWORD",
    ];
    assert_eq!(names, expected);
}

#[test]
fn what_is_not_about_monitors_is_read() {
    let config = everything();
    assert_eq!(config.language, Language::Spanish);
    assert_eq!(config.network.reference, [host("192.0.2.1", 53), host("2001:db8::1", 853)]);
    let days = |days: u32| secs(86_400) * days;
    let retention = Retention { observations: days(1), hours: days(30), days: days(3650), incidents: days(400) };
    assert_eq!(config.retention, retention);
    let page = StatusPage {
        file: PathBuf::from("/etc/estatus/pages/status.html"),
        tags: vec!["public".to_owned(), "site".to_owned()],
        title: Some("Status of Example".to_owned()),
        details: true,
    };
    assert_eq!(config.status_page.as_deref(), Some(&page));
    let madrid = TimeZone::get("Europe/Madrid").unwrap();
    let lima = TimeZone::get("America/Lima").unwrap();
    let quiet =
        |from, to, days: &[Weekday], zone: &TimeZone| DailySpan { from, to, days: days.into(), zone: zone.clone() };
    let alerts = AlertPolicy {
        channels: Some(strings(["email", "chat"])),
        merge_within: secs(10),
        grace: secs(20),
        remind_every: Some(secs(4 * 3600)),
        quiet_hours: vec![
            quiet(time(22, 0, 0, 0), time(7, 0, 0, 0), &[Weekday::Monday, Weekday::Sunday], &madrid),
            quiet(time(13, 30, 0, 0), time(0, 0, 0, 0), &[], &lima),
        ],
    };
    assert_eq!(config.alerts, alerts);
}

fn keyring(name: &str) -> SecretRef {
    SecretRef::Keyring(name.to_owned())
}

fn url(text: &str) -> Url {
    text.parse().unwrap()
}

#[test]
fn channels_are_read() {
    let config = everything();
    let email = EmailChannel {
        server: host("smtp.example.com", 2525),
        security: EmailSecurity::Tls,
        trust: Trust::File(PathBuf::from("/etc/estatus/mail.pem")),
        hello: Some("estatus.example.com".to_owned()),
        login: Some(Login { username: "me".to_owned(), password: SecretRef::Keyring("smtp".to_owned()) }),
        from: "Estatus <me@example.com>".to_owned(),
        to: strings(["a@example.com", "b@example.com"]),
        timeout: secs(20),
    };
    let boss = EmailChannel { to: strings(["boss@example.com"]), timeout: secs(5), ..email.clone() };
    let chat = Receiver::Json {
        url: WebhookUrl::Plain("https://chat.example.com/hook".parse().unwrap()),
        headers: pairs([("X-From", "estatus")]),
        secret_headers: vec![("Authorization".to_owned(), SecretRef::Env("CHAT_TOKEN".to_owned()))],
        template: Some("{\"text\": {{ title | tojson }}}".to_owned()),
    };
    let hidden = Receiver::Json {
        url: WebhookUrl::Secret(keyring("hook")),
        headers: Vec::new(),
        secret_headers: Vec::new(),
        template: None,
    };
    let phone = Receiver::Telegram {
        server: url("https://bots.example.com/"),
        token: keyring("telegram"),
        chat: "-1001234567890".to_owned(),
    };
    let push = Receiver::Ntfy {
        server: url("https://ntfy.example.com/"),
        topic: "my-alerts_7".to_owned(),
        token: Some(keyring("ntfy")),
    };
    let pocket = Receiver::Pushover { token: keyring("pushover"), user: "uQiRzpo4DXghDmr9QzzfQu27cmVRsG".to_owned() };
    let webhook = |receiver, timeout| Channel::Webhook(WebhookChannel { receiver, timeout: secs(timeout) });
    let horn = CommandChannel {
        command: CommandLine {
            run: Run::Program { program: "honk".to_owned(), args: strings(["--loud"]) },
            directory: Some(PathBuf::from("/etc/estatus/scripts")),
            env: pairs([("TONE", "low")]),
            secret_env: vec![("KEY".to_owned(), SecretRef::File(PathBuf::from("/etc/estatus/horn.key")))],
        },
        timeout: secs(3),
    };
    let expected = BTreeMap::from([
        ("email".to_owned(), Channel::Email(email)),
        ("boss".to_owned(), Channel::Email(boss)),
        ("chat".to_owned(), webhook(chat, 15)),
        ("hidden".to_owned(), webhook(hidden, 30)),
        ("phone".to_owned(), webhook(phone, 30)),
        ("guild".to_owned(), webhook(Receiver::Discord { url: keyring("discord") }, 30)),
        ("team".to_owned(), webhook(Receiver::Slack { url: SecretRef::Env("SLACK_URL".to_owned()) }, 30)),
        ("office".to_owned(), webhook(Receiver::Teams { url: SecretRef::File("/etc/estatus/teams.url".into()) }, 30)),
        ("push".to_owned(), webhook(push, 30)),
        (
            "home".to_owned(),
            webhook(Receiver::Gotify { server: url("https://gotify.example.com/push"), token: keyring("gotify") }, 30),
        ),
        ("pocket".to_owned(), webhook(pocket, 5)),
        ("horn".to_owned(), Channel::Command(horn)),
    ]);
    assert_eq!(config.channels, expected);
}

#[test]
fn telegram_and_ntfy_are_where_everybody_has_them() {
    let config = read(
        "[channel.a]\ntelegram = { token = { keyring = \"t\" }, chat = \"@alerts\" }\n[channel.b]\nntfy = { topic = \"x\" }",
    )
    .unwrap();
    let expected = [
        (
            "a",
            Receiver::Telegram {
                server: url("https://api.telegram.org/"),
                token: keyring("t"),
                chat: "@alerts".to_owned(),
            },
        ),
        ("b", Receiver::Ntfy { server: url("https://ntfy.sh/"), topic: "x".to_owned(), token: None }),
    ];
    for (name, receiver) in expected {
        assert_eq!(config.channels[name], Channel::Webhook(WebhookChannel { receiver, timeout: secs(30) }));
    }
}

#[test]
fn the_port_of_mail_follows_from_its_security() {
    #[track_caller]
    fn check(security: &str, expected: u16) {
        let config = read(&format!("[email]\nserver = \"h\"\nfrom = \"a@b\"\nto = \"a@b\"\n{security}")).unwrap();
        let Channel::Email(email) = &config.channels["email"] else { panic!("{:?}", config.channels) };
        assert_eq!(email.server, host("h", expected));
    }
    check("", 587);
    check("security = \"starttls\"", 587);
    check("security = \"tls\"", 465);
    check("security = \"none\"", 25);
}

#[test]
fn what_every_monitor_has_is_read() {
    let madrid = TimeZone::get("Europe/Madrid").unwrap();
    let local = |zone: &TimeZone, text: &str| {
        text.parse::<jiff::civil::DateTime>().unwrap().to_zoned(zone.clone()).unwrap().timestamp()
    };
    let daily = |from, to, days: &[Weekday]| {
        Maintenance::Daily(DailySpan { from, to, days: days.into(), zone: madrid.clone() })
    };
    let web = monitor("web");
    let expected = Monitor {
        every: secs(3600),
        timeout: Duration::from_millis(2500),
        failures: Failures::InARow(3),
        successes: 2,
        confirm_after: secs(5),
        retry_every: secs(30),
        tags: strings(["shop", "public"]),
        enabled: false,
        depends_on: vec!["router".into()],
        channels: Some(strings(["chat"])),
        maintenance: vec![
            Maintenance::Once { from: local(&madrid, "2026-12-24T22:00"), to: "2026-12-25T05:00:00Z".parse().unwrap() },
            Maintenance::Once {
                from: local(&TimeZone::UTC, "2026-07-01T00:00"),
                to: local(&TimeZone::UTC, "2026-07-02T00:00"),
            },
            daily(time(2, 0, 0, 0), time(4, 0, 0, 0), &[]),
            daily(time(23, 0, 0, 0), time(1, 0, 0, 0), &[Weekday::Saturday, Weekday::Sunday]),
            Maintenance::Cron { schedule: Cron::parse("0 4 * * *", "America/Lima").unwrap(), lasts: secs(3600) },
        ],
        ..Monitor::new("web", web.check.clone())
    };
    assert_eq!(web, expected);
    assert_eq!(monitor("quick").retry_every, secs(2), "the shorter of `every` and a minute");
    assert_eq!(monitor("quick").confirm_after, secs(2));
}

#[test]
fn an_http_check_is_read() {
    let name = |name: &str| JsonStep::Name(name.to_owned());
    let json = |path: Vec<JsonStep>, comparison, value| JsonAssertion { path, comparison, value };
    let web = HttpCheck {
        url: "https://example.com/health".parse().unwrap(),
        method: "POST".to_owned(),
        headers: pairs([("Accept", "application/json")]),
        secret_headers: vec![("X-Api-Key".to_owned(), SecretRef::Keyring("web api".to_owned()))],
        body: Some("{}".to_owned()),
        auth: Some(Auth::Basic { username: "me".to_owned(), password: SecretRef::Env("WEB".to_owned()) }),
        redirects: Redirects::Follow { at_most: 3 },
        accept: vec![CodeRange { first: 200, last: 299 }, CodeRange { first: 301, last: 301 }],
        text: TextAssertions {
            contains: strings(["ok"]),
            lacks: strings(["error", "fatal"]),
            matches: patterns(&["^v[0-9]+"]),
        },
        json: vec![
            json(vec![name("status")], Comparison::Equal, json!("ok")),
            json(vec![name("queue"), name("length")], Comparison::Less, json!(10)),
            json(vec![name("items"), JsonStep::Index(0), name("id")], Comparison::Equal, json!(3)),
            json(vec![name("a.b")], Comparison::NotEqual, json!("x")),
            json(vec![name("c")], Comparison::NotEqual, json!(null)),
            json(vec![name("d"), name("e")], Comparison::Greater, json!(-1.5)),
            json(vec![name("f")], Comparison::Equal, json!("< b")),
            json(vec![name("g")], Comparison::Equal, json!(true)),
        ],
        below: Some(Duration::from_millis(800)),
        ip: Some(IpVersion::V4),
        proxy: Some("http://proxy.example.com:3128".parse().unwrap()),
        certificate: CertificateAssertions { trust: Trust::Anybody, warn_days: 30 },
        body_limit: 2_000_000,
    };
    assert_eq!(monitor("web").check, Check::Http(Box::new(web)));

    let plain = HttpCheck {
        url: "http://localhost/".parse().unwrap(),
        method: "GET".to_owned(),
        headers: Vec::new(),
        secret_headers: Vec::new(),
        body: None,
        auth: None,
        redirects: Redirects::Follow { at_most: 10 },
        accept: vec![CodeRange { first: 200, last: 299 }],
        text: TextAssertions::default(),
        json: Vec::new(),
        below: None,
        ip: None,
        proxy: None,
        certificate: CertificateAssertions { trust: Trust::Machine, warn_days: 14 },
        body_limit: 16 << 20,
    };
    check("http = \"http://localhost\"", Check::Http(Box::new(plain.clone())));
    let api = HttpCheck {
        auth: Some(Auth::Bearer(SecretRef::Env("T".to_owned()))),
        redirects: Redirects::Refuse,
        accept: vec![CodeRange { first: 302, last: 302 }],
        ip: Some(IpVersion::V6),
        method: "HEAD".to_owned(),
        certificate: CertificateAssertions { trust: Trust::File(PathBuf::from("/etc/estatus/api.pem")), warn_days: 14 },
        ..plain
    };
    let lines = "http = \"http://localhost\"\nbearer = { env = \"T\" }\nredirects = \"refuse\"\naccept = 302\nip = \"6\"\nmethod = \"head\"\ntrust = \"api.pem\"";
    check(lines, Check::Http(Box::new(api)));
}

#[test]
fn checks_of_ports_names_and_hosts_are_read() {
    let talk = TcpCheck {
        address: host("::1", 6379),
        ip: Some(IpVersion::V6),
        send: Some("PING\r\n".to_owned()),
        expect: Some("+PONG".to_owned()),
    };
    assert_eq!(monitor("redis").check, Check::Tcp(talk));
    check("tcp = \"h:1\"", Check::Tcp(TcpCheck { address: host("h", 1), ip: None, send: None, expect: None }));

    let mail = TlsCheck {
        address: host("mail.example.com", 587),
        ip: Some(IpVersion::V4),
        starttls: Some(StartTls::Smtp),
        certificate: CertificateAssertions { trust: Trust::Anybody, warn_days: 0 },
    };
    assert_eq!(monitor("mail").check, Check::Tls(mail));

    let name = DnsCheck {
        name: "example.com".to_owned(),
        record: RecordType::Aaaa,
        server: Some(host("192.0.2.53", 53)),
        expect: strings(["2001:db8::1"]),
    };
    assert_eq!(monitor("name").check, Check::Dns(name));
    let plain = DnsCheck { name: "h".to_owned(), record: RecordType::A, server: None, expect: Vec::new() };
    check("dns = \"h\"", Check::Dns(plain.clone()));
    check("dns = \"h\"\nserver = \"[::1]:5353\"", Check::Dns(DnsCheck { server: Some(host("::1", 5353)), ..plain }));

    let router = PingCheck { host: "192.0.2.254".to_owned(), ip: Some(IpVersion::V4) };
    assert_eq!(monitor("router").check, Check::Ping(router));
}

#[test]
fn checks_of_processes_are_read() {
    let process = |by, at_least, at_most| Check::Process(ProcessCheck { by, at_least, at_most });
    let name = || ProcessMatch::Name("reloj.exe".to_owned());
    check("process = \"reloj.exe\"", process(name(), 1, None));
    check("process = \"reloj.exe\"\nat_least = 2", process(name(), 2, None));
    check("process = \"reloj.exe\"\nat_most = 3", process(name(), 1, Some(3)));
    check("process = \"reloj.exe\"\nat_most = 0", process(name(), 0, Some(0)));
    check(
        "process = { path = \"bin/x\" }",
        process(ProcessMatch::Path(Path::new("/etc/estatus").join("bin/x")), 1, None),
    );
    let line = ProcessMatch::CommandLine(regex::Regex::new("npm run dev").unwrap());
    check("process = { command_line = \"npm run dev\" }", process(line, 1, None));
}

#[test]
fn checks_by_command_are_read() {
    let backup = CommandCheck {
        command: CommandLine {
            run: Run::Shell("./backup --check".to_owned()),
            directory: Some(PathBuf::from("/srv")),
            env: pairs([("LANG", "C")]),
            secret_env: vec![("TOKEN".to_owned(), SecretRef::Env("BACKUP_TOKEN".to_owned()))],
        },
        accept: vec![CodeRange { first: 0, last: 1 }],
        text: TextAssertions {
            contains: strings(["done"]),
            lacks: strings(["failed"]),
            matches: patterns(&["[0-9]+ files", "x"]),
        },
    };
    assert_eq!(monitor("backup").check, Check::Command(backup));
    let run = Run::Program { program: "true".to_owned(), args: Vec::new() };
    let command = CommandLine::new(run);
    let accept = vec![CodeRange { first: 0, last: 0 }];
    check("command = [\"true\"]", Check::Command(CommandCheck { command, accept, text: TextAssertions::default() }));
}

#[test]
fn limits_of_this_machine_are_read_with_their_sign_or_without() {
    let disks = [("/", DiskLimit::Percent(10.0)), ("/srv", DiskLimit::Bytes(5_000_000_000))];
    let disk_free_above: BTreeMap<PathBuf, DiskLimit> = disks.map(|(path, limit)| (path.into(), limit)).into();
    let limits = HostCheck {
        cpu_below: Some(90.0),
        memory_below: Some(80.0),
        load_below: Some(4.5),
        disk_free_above,
        lasts: secs(60),
    };
    check(
        "host = { cpu = \"< 90%\", memory = \"<80 %\", load = \"< 4.5\", disk = { \"/\" = \"> 10%\", \"/srv\" = \"> 5GB\" } }",
        Check::Host(limits.clone()),
    );
    check(
        "host = { cpu = 90, memory = \"80\", load = 4.5, disk = { \"/\" = \"10%\", \"/srv\" = \"5GB\" } }",
        Check::Host(limits),
    );
    let briefly = HostCheck { cpu_below: Some(90.0), lasts: secs(0), ..HostCheck::default() };
    check("host = { cpu = \"< 90%\", for = \"0s\" }", Check::Host(briefly));
}

#[test]
fn a_path_begins_in_the_folder_of_the_file_or_at_home() {
    #[track_caller]
    fn check(written: &str, expected: &Path) {
        let toml = format!("[[monitor]]\nname = \"m\"\ncommand = \"true\"\ndirectory = \"{written}\"");
        let config = read(&toml).unwrap();
        let Check::Command(command) = &config.monitors[0].check else { panic!("{config:?}") };
        assert_eq!(command.command.directory.as_deref(), Some(expected), "{written}");
    }
    let home = etcetera::home_dir().unwrap();
    check("sub", Path::new("/etc/estatus/sub"));
    check("/srv", Path::new("/srv"));
    check("~/sub", &home.join("sub"));
    check("~", &home);
    check("~other", Path::new("/etc/estatus/~other"));
}

#[test]
fn tables_may_be_written_in_any_form_of_toml() {
    let lines = "[monitor.json]\nqueue.length = 1\n[monitor.headers]\nA = \"b\"\n";
    let long = read(&format!("[[monitor]]\nname = \"m\"\nhttp = \"http://h/\"\n{lines}")).unwrap();
    let short =
        "monitor = [{ name = \"m\", http = \"http://h/\", headers = { A = \"b\" }, json = { \"queue.length\" = 1 } }]";
    assert_eq!(long, read(short).unwrap());
    let crlf = read(&EVERYTHING.replace('\n', "\r\n")).unwrap();
    assert_eq!(crlf, everything());
    assert_eq!(read(&format!("\u{feff}{EVERYTHING}")).unwrap(), everything());
}

#[test]
fn the_example_is_read_and_needs_no_network_and_keeps_a_program_running() {
    let config = read(&estatus_config::example()).unwrap();
    let kinds: Vec<Kind> = config.monitors.iter().map(|monitor| monitor.check.kind()).collect();
    assert_eq!(kinds, [Kind::Host, Kind::Process]);
    assert!(config.channels.is_empty() && config.fleets.is_empty());
    let [ticker] = config.programs.as_slice() else { panic!("{:?}", config.programs) };
    assert_eq!((ticker.restart.when, ticker.enabled), (RestartWhen::Always, true));
    assert!(ticker.limit.within < secs(20), "it ends every twenty seconds, and that must be no trouble");
}

#[test]
fn what_the_example_only_shows_is_right_too() {
    let example = estatus_config::example();
    let uncommented = example.lines().map(|line| {
        let code = line.strip_prefix("# ").filter(|code| code.starts_with('[') || code.contains(" = "));
        code.unwrap_or(line)
    });
    let config = read(&uncommented.collect::<Vec<_>>().join("\n")).unwrap_or_else(|problems| panic!("{problems}"));
    let names: Vec<&str> = config.monitors.iter().map(|monitor| &*monitor.name).collect();
    assert_eq!(names, ["this machine", "estatus is running", "my page", "web answers", "web fleet", "database"]);
    let programs: Vec<&str> = config.programs.iter().map(|program| &*program.name).collect();
    assert_eq!(programs, ["ticker", "web"]);
    let [flow] = config.flows.as_slice() else { panic!("{:?}", config.flows) };
    assert_eq!((&*flow.name, flow.definition.steps.len()), ("heal-web", 3));
    let fleet = Fleet { desired: 2, max: 5, ..Fleet::new("web") };
    assert_eq!(config.fleets, [Arc::new(fleet)]);
    assert!(config.channels.contains_key("email"));
    assert_eq!(config.language, Language::Spanish);
}

#[test]
fn what_the_readme_shows_is_right() {
    let readme = include_str!("../../../../../README.md");
    let blocks = readme.split("```toml\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0));
    let shown: String = blocks.collect::<Vec<_>>().concat();
    // The keys in the table that is the first after `line`, those with a value.
    let keys = |line: &str| {
        let table = readme.lines().skip_while(|other| *other != line).skip_while(|other| !other.starts_with("| `"));
        let keys = table.map_while(|row| row.strip_prefix("| `")?.split_once("` |").map(|(key, _)| key));
        keys.filter(|key| key.contains(" = ")).collect::<Vec<_>>()
    };
    let of_programs = keys("## Programs and remedies").join("\n");
    assert!(of_programs.contains("on_quit") && of_programs.contains("channels"), "{of_programs}");
    let (of_flows, of_steps) = (keys("| key of a flow | meaning |"), keys("| key of a step | meaning |"));
    assert!(of_flows.len() == 3 && of_steps.len() > 4, "{of_flows:?} {of_steps:?}");
    let of_fleets = keys("| key of a fleet | meaning |");
    assert!(of_fleets.len() > 4, "{of_fleets:?}");
    // Each in a step of its own, after those that are named.
    let step = |(place, key): (usize, &&str)| {
        let does = if key.starts_with("wait = ") { "" } else { "run = \"run\"\n" };
        format!("[[flow.everything.step]]\nname = \"{place}\"\n{does}{key}\n")
    };
    let named = ["a", "b"].map(|name| format!("[[flow.everything.step]]\nname = \"{name}\"\nrun = \"run\"\n"));
    let steps = named.into_iter().chain(of_steps.iter().enumerate().map(step)).collect::<String>();
    let database = "[[program]]\nname = \"database\"\ncommand = \"run\"";
    let programs = format!("{database}\n[[program]]\nname = \"everything\"\ncommand = \"run\"\n{of_programs}\n");
    let flow = format!("[flow.everything]\n{}\n{steps}", of_flows.join("\n"));
    let file = format!("{shown}\n{programs}{flow}[fleet.everything]\n{}\n", of_fleets.join("\n"));
    let config = read(&file).unwrap_or_else(|problems| panic!("{problems}\n{file}"));
    let names: Vec<&str> = config.programs.iter().map(|program| &*program.name).collect();
    assert_eq!(names, ["web", "database", "everything"]);
}
