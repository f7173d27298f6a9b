//! Fleets: what a file says is what the core gets, and each mistake is told.

mod instances;

use std::{path::PathBuf, sync::Arc};

use estatus_core::{
    check::{Check, FleetCheck, HostPort},
    command::{CommandLine, Run},
    fleet::*,
    maintenance::Cron,
    program::Ready,
    secret::SecretRef,
};

use super::{
    problems, read,
    valid::{everything, monitor, pairs, secs, strings},
};

/// The folder of the file.
const FOLDER: &str = "/etc/estatus";

fn shell(line: &str) -> CommandLine {
    let run = Run::Shell(line.to_owned());
    CommandLine { directory: Some(FOLDER.into()), ..CommandLine::new(run) }
}

/// The fleet "f" of a file with these lines.
#[track_caller]
fn fleet(lines: &str) -> Fleet {
    let config = read(lines).unwrap_or_else(|problems| panic!("{problems}\n{lines}"));
    Fleet::clone(&config.fleets[0])
}

/// A fleet "f" with these lines has exactly these problems, written `line:column: message`, where its own lines begin at 2.
#[track_caller]
fn refused(lines: &str, expected: &[&str]) {
    problems::check(&format!("[fleet.f]\n{lines}"), expected);
}

/// That `key` of the fleet "f" is wrong for this reason.
fn of(place: &str, key: &str, reason: &str) -> String {
    format!("{place}: `{key}` in fleet \"f\": {reason}")
}

fn cloud(region: &str) -> Cloud {
    Cloud { region: region.to_owned(), endpoint: None, credentials: Credentials::Usual }
}

#[test]
fn a_fleet_that_says_everything_is_read() {
    let cron = |fields| Cron::parse(fields, "Europe/Madrid").unwrap();
    let secret = SecretRef::Env("AWS_SECRET".to_owned());
    let web = Fleet {
        enabled: false,
        min: 2,
        desired: 3,
        max: 20,
        policy: Policy::Schedule(vec![
            Planned { from: cron("0 8 * * 1-5"), desired: 10 },
            Planned { from: cron("0 20 * * *"), desired: 2 },
        ]),
        load: 0.7,
        heartbeat: secs(10),
        boot_within: secs(180),
        provider: Provider::Ec2(Ec2 {
            template: "lt-0abc".to_owned(),
            version: "7".to_owned(),
            image: Some("ami-0abc".to_owned()),
            cloud: Cloud {
                endpoint: Some("https://cloud.example.com:8773/services/Cloud".parse().unwrap()),
                credentials: Credentials::Key { id: "AKIAEXAMPLE".to_owned(), secret },
                ..cloud("eu-west-1")
            },
        }),
        wire: Wire {
            listen: "0.0.0.0:50051".parse().unwrap(),
            advertise: Some(HostPort { host: "estatus.example.com".to_owned(), port: 443 }),
            insecure: true,
            trust_declared: true,
            agent_port: 60052,
        },
        budget: LaunchBudget { launches: 10, within: secs(1800) },
        at_max_for: secs(3600),
        channels: Some(strings(["chat"])),
        ..Fleet::new("web")
    };
    let workers = Fleet {
        policy: Policy::Seed,
        load: 0.5,
        provider: Provider::Asg {
            group: "workers-asg".to_owned(),
            cloud: Cloud {
                endpoint: Some("http://127.0.0.1:5000/".parse().unwrap()),
                credentials: Credentials::Profile("estatus".to_owned()),
                ..cloud("us-east-1")
            },
        },
        wire: Wire { listen: "[::]:50051".parse().unwrap(), ..Wire::default() },
        ..Fleet::new("workers")
    };
    let create = CommandLine {
        directory: Some(PathBuf::from("/etc/estatus/nomad")),
        env: pairs([("NOMAD_ADDR", "http://127.0.0.1:4646")]),
        secret_env: vec![("NOMAD_TOKEN".to_owned(), SecretRef::Env("NOMAD_TOKEN".to_owned()))],
        ..shell("./create.sh")
    };
    let list = Run::Program { program: "nomad".to_owned(), args: strings(["list"]) };
    let jobs = Fleet {
        min: 0,
        desired: 0,
        policy: Policy::Manual,
        provider: Provider::Command(CommandProvider {
            list: CommandLine { run: list, ..create.clone() },
            terminate: CommandLine { run: Run::Shell("./terminate.sh".to_owned()), ..create.clone() },
            create,
            timeout: secs(120),
        }),
        ..Fleet::new("jobs")
    };
    let command = CommandLine {
        run: Run::Program { program: "node".to_owned(), args: strings(["server.js"]) },
        directory: Some(PathBuf::from("/etc/estatus/lab")),
        env: pairs([("PORT", "0")]),
        secret_env: vec![("KEY".to_owned(), SecretRef::Keyring("lab".to_owned()))],
    };
    let lab = Fleet { provider: Provider::Local { command: Some(command) }, ..Fleet::new("lab") };
    assert_eq!(everything().fleets, [web, workers, jobs, lab].map(Arc::new));
}

#[test]
fn a_fleet_as_one_would_write_it_is_read() {
    let toml = r#"
[fleet.web]
min = 1
desired = 2                       # a floor the fleet is refilled to
max = 10
policy = "target"                 # target | seed | manual | schedule
load = "60%"
heartbeat = "5s"
boot_within = "5m"
launch = "ec2"                    # local | command | ec2 | asg
listen = "0.0.0.0:50051"

[fleet.web.ec2]
region = "us-east-1"
template = "lt-0abc"
image = "ami-0abc"
credentials = { profile = "default" }
endpoint = "http://127.0.0.1:5000"
"#;
    let ec2 = Ec2 {
        template: "lt-0abc".to_owned(),
        version: "$Default".to_owned(),
        image: Some("ami-0abc".to_owned()),
        cloud: Cloud {
            endpoint: Some("http://127.0.0.1:5000".parse().unwrap()),
            credentials: Credentials::Profile("default".to_owned()),
            ..cloud("us-east-1")
        },
    };
    let expected = Fleet {
        desired: 2,
        provider: Provider::Ec2(ec2),
        wire: Wire { listen: "0.0.0.0:50051".parse().unwrap(), ..Wire::default() },
        ..Fleet::new("web")
    };
    assert_eq!(fleet(toml), expected);
}

#[test]
fn what_a_fleet_does_not_say_has_its_default() {
    assert_eq!(fleet("[fleet.f]"), Fleet::new("f"));
    assert_eq!(fleet("fleet.f = {}"), Fleet::new("f"));
    assert_eq!(fleet("[fleet.f]\nlaunch = \"local\""), Fleet::new("f"));
    assert_eq!(fleet("[fleet.f.local]"), Fleet::new("f"));
    let local = Provider::Local { command: Some(shell("run")) };
    assert_eq!(fleet("[fleet.f]\nlocal = { command = \"run\" }"), Fleet { provider: local, ..Fleet::new("f") });
    let [create, list, terminate] = ["c", "l", "t"].map(shell);
    let commands = CommandProvider { create, list, terminate, timeout: CommandProvider::TIMEOUT };
    assert_eq!(
        fleet("[fleet.f.command]\ncreate = \"c\"\nlist = \"l\"\nterminate = \"t\""),
        Fleet { provider: Provider::Command(commands), ..Fleet::new("f") }
    );
    let wire = Wire { listen: "10.0.0.1:50051".parse().unwrap(), ..Wire::default() };
    let version = Ec2::VERSION.to_owned();
    let ec2 = Ec2 { template: "web".to_owned(), version, image: None, cloud: cloud("us-east-1") };
    let listen = "[fleet.f]\nlisten = \"10.0.0.1:50051\"\n";
    assert_eq!(
        fleet(&format!("{listen}ec2 = {{ region = \"us-east-1\", template = \"web\" }}")),
        Fleet { provider: Provider::Ec2(ec2), wire: wire.clone(), ..Fleet::new("f") }
    );
    let asg = Provider::Asg { group: "web asg".to_owned(), cloud: cloud("us-east-1") };
    assert_eq!(
        fleet(&format!("{listen}[fleet.f.asg]\nregion = \"us-east-1\"\ngroup = \"web asg\"")),
        Fleet { provider: asg, wire, ..Fleet::new("f") }
    );
}

#[test]
fn its_size_lies_between_its_bounds_and_what_is_not_said_gives_way() {
    let check = |lines: &str, expected: (u32, u32, u32)| {
        let fleet = fleet(&format!("[fleet.f]\n{lines}"));
        assert_eq!((fleet.min, fleet.desired, fleet.max), expected, "{lines}");
    };
    check("min = 3", (3, 3, 10));
    check("min = 30", (30, 30, 30));
    check("desired = 4", (1, 4, 10));
    check("desired = 40", (1, 40, 40));
    check("desired = 0\npolicy = \"manual\"", (0, 0, 10));
    check("max = 1", (1, 1, 1));
    check("min = 0\ndesired = 1\nmax = 1", (0, 1, 1));
    check("min = 100000", (100_000, 100_000, 100_000));
    refused("min = 3\nmax = 2", &[&of("3:7", "max", "is less than `min`, which is 3")]);
    refused("min = 3\ndesired = 9\nmax = 2", &[&of("4:7", "max", "is less than `min`, which is 3")]);
    refused("min = 3\ndesired = 2", &[&of("3:11", "desired", "is less than `min`, which is 3")]);
    refused("desired = 9\nmax = 8", &[&of("2:11", "desired", "is more than `max`, which is 8")]);
    refused("max = 0", &[&of("2:7", "max", "0 is not between 1 and 100000")]);
    refused("max = 100001", &[&of("2:7", "max", "100001 is not between 1 and 100000")]);
    refused("min = -1", &[&of("2:7", "min", "-1 is not between 0 and 100000")]);
    refused("min = \"2\"", &[&of("2:7", "min", "expected a whole number, found a string")]);
    // Nothing is held against what is wrong by itself.
    refused(
        "min = \"2\"\ndesired = 0\npolicy = \"manual\"",
        &[&of("2:7", "min", "expected a whole number, found a string")],
    );
    refused("desired = 900\nmax = \"9\"", &[&of("3:7", "max", "expected a whole number, found a string")]);
}

#[test]
fn what_is_scaled_by_its_load_has_instances() {
    let why = |policy: &str| {
        format!("a fleet without instances has no load to go by: with policy = \"{policy}\" this must be 1 or more")
    };
    refused("desired = 0", &[&of("2:11", "desired", &why("target"))]);
    refused("min = 0\npolicy = \"seed\"", &[&of("2:7", "min", &why("seed"))]);
    refused("min = 0\ndesired = 1\npolicy = \"seed\"", &[]);
    refused("desired = 0\npolicy = \"schedule\"\nschedule = { from = \"0 8 * * *\", desired = 0 }", &[]);
}

#[test]
fn its_load_is_a_share_or_a_number() {
    let load = |written: &str| fleet(&format!("[fleet.f]\nload = {written}")).load;
    for (written, expected) in
        [("\"60%\"", 0.6), ("\"60 %\"", 0.6), ("0.6", 0.6), ("\"0.6\"", 0.6), ("\"12.5%\"", 0.125)]
    {
        assert!((load(written) - expected).abs() < 1e-12, "{written}");
    }
    assert_eq!([load("1"), load("1.0"), load("\"100%\"")], [1.0; 3]);
    let what = "expected a load above 0 and up to 100%, like \"60%\" or 0.6, found";
    for (written, found) in [
        ("\"0%\"", "\"0%\""),
        ("\"101%\"", "\"101%\""),
        ("\"-5%\"", "\"-5%\""),
        ("\"high\"", "\"high\""),
        ("60", "\"60\""),
        ("0", "\"0\""),
        ("1.5", "\"1.5\""),
        ("nan", "\"NaN\""),
        ("true", "a boolean"),
    ] {
        refused(&format!("load = {written}"), &[&of("2:8", "load", &format!("{what} {found}"))]);
    }
}

#[test]
fn what_a_fleet_says_of_its_times_and_launches_is_possible() {
    refused("heartbeat = \"999ms\"", &[&of("2:13", "heartbeat", "\"999ms\" is too short; the minimum is 1s")]);
    refused("heartbeat = \"2h\"", &[&of("2:13", "heartbeat", "\"2h\" is too long; the maximum is 1h")]);
    refused(
        "heartbeat = 5",
        &[&of("2:13", "heartbeat", "\"5\" has no unit: write \"5s\", or another of ms, s, m, h, d")],
    );
    refused("boot_within = \"0s\"", &[&of("2:15", "boot_within", "\"0s\" is too short; the minimum is 1s")]);
    refused("at_max_for = \"32d\"", &[&of("2:14", "at_max_for", "\"32d\" is too long; the maximum is 31d")]);
    refused("budget = { launches = 3 }", &[&of("2:10", "budget", "`within` is missing")]);
    refused(
        "budget = { launches = 0, within = \"1h\" }",
        &[&of("2:23", "budget.launches", "0 is not between 1 and 100000")],
    );
    refused(
        "budget = 60",
        &[&of("2:10", "budget", "expected a table like { launches = 60, within = \"1h\" }, found an integer")],
    );
    refused(
        "policy = \"targte\"",
        &[&of(
            "2:10",
            "policy",
            "\"targte\" is not one of \"target\", \"seed\", \"manual\", \"schedule\"; did you mean `target`?",
        )],
    );
    refused("channels = [\"phone\"]", &[&of("2:13", "channels", "there is no channel called \"phone\"")]);
    refused("replicas = 3", &["2:1: unknown key `replicas` in fleet \"f\"; did you mean `desired`?"]);
}

#[test]
fn a_fleet_is_a_table_with_a_name_that_means_nothing_elsewhere() {
    problems::check("[[fleet]]\nname = \"f\"", &["1:1: `fleet`: a fleet is a table with a name: write [fleet.NAME]"]);
    problems::check(
        "fleet = 1",
        &["1:9: `fleet`: expected a table like { NAME = { min = 1, max = 10 } }, found an integer"],
    );
    problems::check(
        "[fleet]\nmin = 1",
        &["2:7: fleet \"min\": expected a table like { min = 1, max = 10 }, found an integer"],
    );
    problems::check("min = 1", &["1:1: unknown key `min`; it belongs below a line [fleet.NAME]"]);
    problems::check("[fleets.f]", &["1:2: unknown table `fleets`; did you mean `fleet`?"]);
    let many: String = (0..101).map(|number| format!("[fleet.f{number}]\n")).collect();
    problems::check(&many, &["1:2: `fleet`: 101 fleets are too many; the maximum is 100"]);
    let name = "1:8: `fleet`: the name of a fleet is part of the names of its instances: it must start with a letter \
                from a to z or a digit, contain only these, - and _, and have at most 50 characters";
    let long = "f".repeat(51);
    for wrong in ["\"\"", "\"web servers\"", "\"ñ\"", "\"a.b\"", "\"a/b\"", "-a", "_", &long] {
        problems::check(&format!("[fleet.{wrong}]"), &[name]);
    }
    for well in ["web-2_B", "7", &"f".repeat(50)] {
        problems::check(&format!("[fleet.{well}]"), &[]);
    }
}

#[test]
fn a_schedule_says_how_many_there_are_from_when_on() {
    let policy = "policy = \"schedule\"\n";
    let entry = |from: &str, desired: u32| format!("[[fleet.f.schedule]]\nfrom = \"{from}\"\ndesired = {desired}\n");
    let fleet = fleet(&format!("[fleet.f]\n{policy}{}{}", entry("0 8 * * *", 5), entry("0 20 * * *", 1)));
    let cron = |fields| Cron::parse(fields, "America/Mexico_City").unwrap();
    let planned = [("0 8 * * *", 5), ("0 20 * * *", 1)].map(|(from, desired)| Planned { from: cron(from), desired });
    assert_eq!(fleet.policy, Policy::Schedule(planned.into()));

    let needs = of("2:10", "policy", "\"schedule\" needs at least one [[fleet.f.schedule]], with `from` and `desired`");
    refused(policy, &[&needs]);
    refused(&format!("{policy}schedule = []"), &[&needs]);
    for (line, at) in [("", "2:1"), ("policy = \"target\"\n", "3:1"), ("policy = \"manual\"\n", "3:1")] {
        let problem = of(at, "schedule", "needs policy = \"schedule\" as well");
        refused(&format!("{line}{}", entry("0 8 * * *", 5)), &[&problem]);
    }
    let wrong = |lines: &str, expected: &[&str]| refused(&format!("{policy}min = 2\nmax = 6\n{lines}"), expected);
    wrong(&entry("0 8 * * *", 1), &[&of("7:11", "schedule.desired", "is less than `min`, which is 2")]);
    wrong(&entry("0 8 * * *", 7), &[&of("7:11", "schedule.desired", "is more than `max`, which is 6")]);
    let of_cron = |reason: &str| of("6:8", "schedule.from", reason);
    let fields = "expected the five cron fields minute, hour, day of the month, month, day of the week";
    wrong(&entry("8:00", 3), &[&of_cron(fields)]);
    wrong(&entry("0 0 30 2 *", 3), &[&of_cron("this time never occurs")]);
    wrong(&entry("0 25 * * *", 3), &[&of_cron("invalid cron expression: value must be in range 0..=23; found 25")]);
    wrong(
        "schedule = [{ from = \"0 8 * * *\" }, { desired = 3 }]",
        &[&of("5:13", "schedule", "`desired` is missing"), &of("5:37", "schedule", "`from` is missing")],
    );
    wrong(
        "schedule = \"0 8 * * *\"",
        &[&of("5:12", "schedule", "expected a table like { from = \"0 8 * * *\", desired = 5 }, found a string")],
    );
    // Of what is wrong by itself nothing else is said.
    wrong(
        "schedule = [{ from = 8, desired = 3 }]",
        &[&of("5:22", "schedule.from", "expected a string, found an integer")],
    );
}

#[test]
fn a_header_of_a_schedule_is_written_with_two_brackets() {
    problems::check(
        "[fleet.f.schedule]\nfrom = \"0 8 * * *\"\ndesired = 3\n[fleet.f.schedule]\nfrom = \"0 9 * * *\"",
        &["4:10: `fleet.f.schedule` is already set in line 1: write [[fleet.f.schedule]] for each, with two brackets"],
    );
}

/// A fleet "web" of 2 to 5, a fleet "idle" that may have none, and a monitor "m" with these lines: its own begin at 3.
fn watched(lines: &str) -> String {
    let fleets = "[fleet.web]\nmin = 2\nmax = 5\n[fleet.idle]\npolicy = \"manual\"\nmin = 0\n";
    format!("[[monitor]]\nname = \"m\"\n{lines}\n{fleets}")
}

#[test]
fn a_monitor_watches_a_fleet() {
    let check = |lines: &str, fleet: &str, at_least: u32| {
        let config = read(&watched(lines)).unwrap_or_else(|problems| panic!("{problems}"));
        let expected = Check::Fleet(FleetCheck { fleet: fleet.into(), at_least });
        assert_eq!(config.monitors[0].check, expected, "{lines}");
    };
    check("fleet = \"web\"", "web", 2);
    check("fleet = \"web\"\nat_least = 1", "web", 1);
    check("fleet = \"web\"\nat_least = 5", "web", 5);
    check("fleet = \"idle\"", "idle", 1);
    let three = FleetCheck { fleet: "web".into(), at_least: 3 };
    assert_eq!(monitor("web fleet").check, Check::Fleet(three));
    let program =
        "[[program]]\nname = \"p\"\ncommand = \"x\"\nready = { fleet = \"web\", timeout = \"3s\" }\n[fleet.web]";
    let ready = read(program).unwrap_or_else(|problems| panic!("{problems}")).programs[0].ready.clone();
    let all = Check::Fleet(FleetCheck { fleet: "web".into(), at_least: 1 });
    assert_eq!(ready, Some(Ready::Check { check: Box::new(all), timeout: secs(3) }));
}

#[test]
fn a_fleet_that_is_watched_exists_and_can_be_as_large() {
    let check = |lines: &str, expected: &[&str]| problems::check(&watched(lines), expected);
    check("fleet = \"wbe\"", &["3:9: `fleet` in monitor \"m\": there is no fleet called \"wbe\"; did you mean `web`?"]);
    check("fleet = \"\"", &["3:9: `fleet` in monitor \"m\": there is no fleet called \"\""]);
    check("fleet = [\"web\"]", &["3:9: `fleet` in monitor \"m\": expected a string, found an array"]);
    check(
        "fleet = \"web\"\nat_least = 6",
        &["4:12: `at_least` in monitor \"m\": the fleet \"web\" has at most 5 instances"],
    );
    check("fleet = \"web\"\nat_least = 0", &["4:12: `at_least` in monitor \"m\": 0 checks nothing: set 1 or more"]);
    check(
        "fleet = \"web\"\nat_most = 3",
        &["4:1: monitor \"m\": `at_most` is only for process checks; this one is fleet"],
    );
    check(
        "tcp = \"h:1\"\nat_least = 3",
        &["4:1: monitor \"m\": `at_least` is only for process and fleet checks; this one is tcp"],
    );
    check(
        "fleet = \"web\"\nprocess = \"web\"",
        &["4:1: monitor \"m\": has two kinds, fleet and process; a monitor has exactly one"],
    );
    problems::check(
        "[[program]]\nname = \"p\"\ncommand = \"x\"\nready = { fleet = \"web\" }",
        &["4:19: `ready.fleet` in program \"p\": there is no fleet called \"web\""],
    );
    // Of fleets that cannot even be read it is not known which there are.
    problems::check(
        "[[monitor]]\nname = \"m\"\nfleet = \"web\"\n[[fleet]]\nname = \"web\"",
        &["4:1: `fleet`: a fleet is a table with a name: write [fleet.NAME]"],
    );
    problems::check(
        "language = \"es\"\n[[monitor]]\nname = \"m\"\nfleet = \"wbe\"\nat_least = 0\n[fleet.web]",
        &[
            "4:9: `fleet` en monitor \"m\": no existe flota con el nombre \"wbe\"; ¿quería decir `web`?",
            "5:12: `at_least` en monitor \"m\": 0 no comprueba nada: ponga 1 o más",
        ],
    );
}

#[test]
fn mistakes_in_fleets_are_told_in_spanish_too() {
    let check = |lines: &str, expected: &[&str]| {
        problems::check(&format!("language = \"es\"\n[fleet.f]\n{lines}"), expected);
    };
    let of = |place: &str, key: &str, reason: &str| format!("{place}: `{key}` en flota \"f\": {reason}");
    check("min = 3\nmax = 2", &[&of("4:7", "max", "es menos que `min`, que es 3")]);
    check("desired = 3\nmax = 2", &[&of("3:11", "desired", "es más que `max`, que es 2")]);
    check(
        "load = 60",
        &[&of(
            "3:8",
            "load",
            "se esperaba una carga mayor que 0 y hasta 100\u{a0}%, como \"60%\" o 0.6, se encontró \"60\"",
        )],
    );
    check(
        "desired = 0",
        &[&of(
            "3:11",
            "desired",
            "una flota sin instancias no tiene carga por la que guiarse: con policy = \"target\" esto debe ser 1 o más",
        )],
    );
    check(
        "policy = \"schedule\"",
        &[&of("3:10", "policy", "\"schedule\" necesita al menos un [[fleet.f.schedule]], con `from` y `desired`")],
    );
    check(
        "schedule = { from = \"0 8 * * *\", desired = 3 }",
        &[&of("3:12", "schedule", "necesita también policy = \"schedule\"")],
    );
    let ec2 = "ec2 = { region = \"us-east-1a\", template = \"a b\", version = \"last\" }";
    check(
        ec2,
        &[
            &of("3:18", "ec2.region", "\"us-east-1a\" es una zona de disponibilidad: escriba su región, \"us-east-1\""),
            &of(
                "3:43",
                "ec2.template",
                "se esperaba una plantilla de lanzamiento, por su id como \"lt-0abc\" o por su nombre, se encontró \
                 \"a b\"",
            ),
            &of("3:60", "ec2.version", "se esperaba un número, \"$Latest\" o \"$Default\", se encontró \"last\""),
        ],
    );
    check(
        "asg = { region = \"r\", group = \"g\", credentials = \"hunter2\" }",
        &[
            &of(
                "2:1",
                "listen",
                "las instancias en una nube no pueden alcanzar 127.0.0.1:50051: ponga en `listen` una dirección de este \
                 equipo que puedan alcanzar, como \"0.0.0.0:50051\"",
            ),
            &of(
                "3:50",
                "asg.credentials",
                "se esperaba \"role\", { profile = \"NAME\" } o { id = \"AKIA…\", secret = { keyring = \"NAME\" } }, se \
                 encontró un texto",
            ),
        ],
    );
    check(
        "launch = \"local\"\nasg = { region = \"r\", group = \"g\" }",
        &["4:1: flota \"f\": `asg` no tiene efecto con launch = \"local\": quite uno de los dos"],
    );
    problems::check(
        "language = \"es\"\n[fleet.\"á\"]",
        &[
            "2:8: `fleet`: el nombre de una flota forma parte de los nombres de sus instancias: debe empezar con una letra \
           de la a a la z o una cifra, contener solo estas, - y _, y tener como mucho 50 caracteres",
        ],
    );
}
