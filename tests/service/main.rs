//! Estatus as a service, on a machine of its own that really boots: systemd in namespaces, over what this machine has on
//! its disk.
//!
//! Needs root, `unshare` and systemd; `cargo xtask test` sees to them. Where namespaces cannot be made the tests fail and
//! say so: a promise that was not tried is not kept.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by them")]

mod machine;
mod package;
mod planted;

use estatus_tests::{built, eventually};
use machine::Machine;
use serde_json::Value;

const CONFIG: &str = "/home/luz/.config/estatus/estatus.toml";
const PROGRAMS: &str = r#"
[network]
reference = []
[[program]]
name = "keeper"
command = ["sleep", "100000"]
"#;

/// Has the user luz keep the program running.
fn configure(machine: &Machine, more: &str) {
    let script = format!(
        "runuser -u luz -- mkdir -p $(dirname {CONFIG}) && printf %s '{PROGRAMS}{more}' | runuser -u luz -- tee {CONFIG}"
    );
    machine.must(&["sh", "-c", &script]);
}

/// The process of the program, once it runs.
fn keeper(machine: &Machine) -> u64 {
    eventually("the program runs", || {
        let status: Value = serde_json::from_str(&machine.run(&by_luz(&["status", "--json"])).out).ok()?;
        let program = status["programs"].as_array()?.first().filter(|it| it["state"] == "running")?.clone();
        program["pid"].as_u64()
    })
}

fn by_luz<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [&["runuser", "-l", "luz", "-c", "exec estatus \"$@\"", "--", "estatus"], arguments].concat()
}

/// What `service status` says, once it is `so`.
fn status(machine: &Machine, options: &[&str], so: impl Fn(&Value) -> bool) -> Value {
    let arguments = [&["service", "status", "--json"], options].concat();
    let ask = || {
        let said = if options.is_empty() { machine.estatus(&arguments) } else { machine.run(&by_luz(&arguments)) };
        serde_json::from_str::<Value>(&said.out).unwrap_or_default()
    };
    eventually(&format!("the service is so: {:#}", ask()), || Some(ask()).filter(&so))
}

fn runs_anew(before: &Value) -> impl Fn(&Value) -> bool {
    let pid = before["pid"].clone();
    move |status| status["running"] == true && status["pid"].is_u64() && status["pid"] != pid
}

#[test]
fn a_service_of_the_machine_runs_from_boot_and_whatever_ends_it_leaves_programs_alone() {
    let machine = Machine::boot();
    configure(&machine, "");
    let refused = machine.estatus(&["service", "install"]);
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("--account NAME"), "{refused:?}");
    machine.must(&["sh", "-c", "echo '[Service]' >/etc/systemd/system/estatus.service"]);
    let refused = machine.estatus(&["service", "install", "--account", "luz"]);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("was not written by Estatus"), "{refused:?}");
    machine.must(&["rm", "/etc/systemd/system/estatus.service"]);

    let installed = machine.must(&["estatus", "service", "install", "--account", "luz"]);
    assert!(installed.contains("The service is running"), "{installed}");
    let first = status(&machine, &[], |status| status["running"] == true);
    assert_eq!((&first["enabled"], &first["account"]), (&true.into(), &"luz".into()), "{first:#}");
    assert!(first["says"].as_str().is_some_and(|says| says.contains("1 program")), "{first:#}");
    let program = keeper(&machine);
    assert_eq!(machine.must(&["ps", "-o", "user=", &program.to_string()]).trim(), "luz");
    let again = machine.must(&["estatus", "service", "install", "--account", "luz"]);
    assert!(again.contains("installed already"), "{again}");
    assert_eq!(status(&machine, &[], |_| true)["pid"], first["pid"]);

    // Who has nothing configured looks at the service.
    let seen = machine.must(&["runuser", "-l", "ana", "-c", "estatus status --json"]);
    assert!(seen.contains("\"keeper\""), "{seen}");

    machine.kill("KILL", &first);
    let second = status(&machine, &[], runs_anew(&first));
    assert_eq!((second["restarts"].as_u64(), keeper(&machine)), (Some(1), program));

    // One that hangs: its loop turns no more.
    machine.must(&["mkdir", "-p", "/run/systemd/system/estatus.service.d"]);
    machine.must(&[
        "sh",
        "-c",
        "printf '[Service]\\nWatchdogSec=3\\n' >/run/systemd/system/estatus.service.d/short.conf",
    ]);
    machine.must(&["systemctl", "daemon-reload"]);
    machine.kill("KILL", &second);
    let third = status(&machine, &[], runs_anew(&second));
    machine.kill("STOP", &third);
    let fourth = status(&machine, &[], runs_anew(&third));
    assert_eq!(keeper(&machine), program);

    configure(&machine, "[[program]]\nname = \"other\"\ncommand = [\"sleep\", \"100000\"]\n");
    let told = status(&machine, &[], |status| status["says"].as_str().is_some_and(|says| says.contains("2 programs")));
    assert_eq!(told["pid"], fourth["pid"]);

    machine.reboot();
    let fifth = status(&machine, &[], |status| status["running"] == true);
    let program = keeper(&machine);
    machine.must(&["estatus", "service", "stop"]);
    assert_eq!(status(&machine, &[], |_| true)["running"], false);
    assert_eq!(machine.run(&["ps", "-p", &program.to_string()]).code, 1, "the program was not stopped");
    assert_eq!(machine.estatus(&["service", "status"]).code, 1);
    machine.must(&["estatus", "service", "start"]);
    status(&machine, &[], runs_anew(&fifth));

    machine.must(&["estatus", "service", "uninstall"]);
    assert_eq!(status(&machine, &[], |_| true)["installed"], false);
    assert_eq!(machine.run(&["pgrep", "-x", "estatus"]).code, 1, "something of it is left");
    assert!(machine.must(&["estatus", "service", "uninstall"]).contains("not installed"));
    machine.must(&["test", "-f", CONFIG]);
}

#[test]
fn a_service_of_a_users_own_runs_from_boot_with_nobody_logged_in() {
    let machine = Machine::boot();
    configure(&machine, "");
    let refused = machine.run(&by_luz(&["service", "install"]));
    assert!(refused.code == 1 && refused.err.contains("--user"), "{refused:?}");
    let installed = machine.must(&by_luz(&["service", "install", "--user"]));
    assert!(installed.contains("The service is running"), "{installed}");
    let first = status(&machine, &["--user"], |status| status["running"] == true);
    assert_eq!(first["account"], "luz");
    let program = keeper(&machine);
    machine.kill("KILL", &first);
    status(&machine, &["--user"], runs_anew(&first));
    assert_eq!(keeper(&machine), program);

    machine.reboot();
    status(&machine, &["--user"], |status| status["running"] == true);
    keeper(&machine);
    machine.must(&by_luz(&["service", "uninstall", "--user"]));
    assert_eq!(machine.run(&["pgrep", "-x", "estatus"]).code, 1, "something of it is left");
}

/// Has luz run `words` from now on, as `unit`, as what starts a desktop does.
fn start(machine: &Machine, unit: &str, words: &[&str]) {
    let started = ["systemd-run", "--quiet", "--collect", "--uid=luz", "--setenv=HOME=/home/luz", "--unit", unit];
    machine.must(&[&started, words].concat());
}

/// What hosts the engine of luz, once it is `so`.
fn host(machine: &Machine, so: &str) {
    eventually(&format!("a {so} hosts the engine"), || {
        let status: Value = serde_json::from_str(&machine.run(&by_luz(&["status", "--json"])).out).ok()?;
        (status["host"]["kind"] == so).then_some(())
    });
}

#[test]
fn a_service_takes_over_from_the_tray_whose_programs_run_on_and_gives_the_engine_back() {
    let machine = Machine::boot();
    configure(&machine, "");
    machine.must(&["cp", built("estatus-tray").to_str().unwrap(), "/usr/local/bin/estatus-tray"]);
    start(&machine, "desktop", &["estatus-tray", "--hidden"]);
    let program = keeper(&machine);
    host(&machine, "tray");
    let tray = || machine.must(&["systemctl", "show", "--property=MainPID", "--value", "desktop"]);
    let before = tray();

    let found = machine.must(&by_luz(&["doctor", "--user"]));
    assert!(found.contains("the service takes over from the tray"), "{found}");
    let installed = machine.must(&by_luz(&["service", "install", "--user"]));
    assert!(installed.contains("The service is running"), "{installed}");
    host(&machine, "service");
    assert_eq!((keeper(&machine), tray()), (program, before.clone()));

    machine.must(&by_luz(&["service", "uninstall", "--user"]));
    host(&machine, "tray");
    keeper(&machine);
    assert_eq!(tray(), before);

    // That of the machine takes over as well.
    let program = keeper(&machine);
    let installed = machine.must(&["estatus", "service", "install", "--account", "luz"]);
    assert!(installed.contains("The service is running"), "{installed}");
    host(&machine, "service");
    assert_eq!((keeper(&machine), tray()), (program, before));
}

#[test]
fn a_service_is_refused_where_a_terminal_hosts_the_engine_and_one_of_a_package_is_switched_off() {
    let machine = Machine::boot();
    configure(&machine, "");
    start(&machine, "terminal", &["estatus", "run"]);
    let program = keeper(&machine);
    for more in [&[][..], &["--yes"]] {
        let refused = machine.run(&by_luz(&[&["service", "install", "--user"], more].concat()));
        assert!(refused.code == 1 && (refused.err + &refused.out).contains("Quit it"), "{more:?}");
    }
    assert_eq!(status(&machine, &["--user"], |_| true)["installed"], false);
    assert_eq!(keeper(&machine), program);
    machine.must(&["systemctl", "stop", "terminal"]);

    let unit = "[Service]\\nExecStart=/usr/local/bin/estatus service run\\n[Install]\\nWantedBy=default.target\\n";
    machine.must(&["sh", "-c", &format!("printf '{unit}' >/usr/lib/systemd/user/estatus.service")]);
    machine.must(&["loginctl", "enable-linger", "luz"]);
    let switch_on = "XDG_RUNTIME_DIR=/run/user/$(id -u) systemctl --user enable --now estatus";
    machine.must(&["runuser", "-l", "luz", "-c", switch_on]);
    host(&machine, "service");
    let off = machine.must(&by_luz(&["service", "uninstall", "--user"]));
    assert!(off.contains("starts at boot no more"), "{off}");
    let left = status(&machine, &["--user"], |_| true);
    assert_eq!((&left["running"], &left["enabled"]), (&false.into(), &false.into()), "{left:#}");
}

#[test]
fn the_doctor_says_what_the_service_would_lack() {
    let machine = Machine::boot();
    configure(
        &machine,
        r#"
[[program]]
name = "web"
command = "tool --port $PORT_OF_WEB"
env = { TOKEN = { keyring = "token" }, OTHER = { env = "SECRET_OF_WEB" } }
directory = "/root/private"
"#,
    );
    machine.must(&["sh", "-c", "mkdir -m 700 -p /root/private /opt/tools && cp /bin/true /opt/tools/tool"]);
    let findings = |more: &[&str]| {
        let env = ["env", "PATH=/opt/tools:/usr/local/bin:/usr/bin:/bin", "PORT_OF_WEB=80", "SECRET_OF_WEB=x"];
        let doctor = ["estatus", "doctor", "--account", "luz", "--json"];
        let said = machine.run(&[&env, &doctor[..], more].concat());
        (said.code, serde_json::from_str::<Value>(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}")))
    };
    let (code, found) = findings(&[]);
    assert_eq!(code, 1);
    let text = found.to_string();
    for expected in [
        "/opt/tools, which is not on the PATH",
        "PORT_OF_WEB",
        "SECRET_OF_WEB",
        "“token” is in the keyring",
        "because of /root",
    ] {
        assert!(text.contains(expected), "“{expected}” is not in {found:#}");
    }
    assert!(found.as_array().unwrap().iter().all(|finding| finding["remedy"].as_str().is_some_and(|it| it.len() > 20)));
    let (_, found) = findings(&["--env", "PATH", "--env", "PORT_OF_WEB"]);
    let text = found.to_string();
    assert!(!text.contains("not on the PATH") && !text.contains("PORT_OF_WEB"), "{found:#}");

    // What has to be done first is not passed over by a script.
    let refused = machine.estatus(&["service", "install", "--account", "luz"]);
    assert!(refused.code == 1 && refused.err.contains("--yes"), "{refused:?}");
    configure(&machine, "");
    let (code, found) = findings(&["--env", "PATH"]);
    assert_eq!(
        (code, found.as_array().unwrap().iter().any(|finding| finding["problem"] == true)),
        (0, false),
        "{found:#}"
    );
}
