//! The package for Debian, on a machine whose Estatus is a service.

use estatus_tests::bundled;

use super::{CONFIG, by_luz, configure, keeper, runs_anew, status};
use crate::machine::Machine;

/// Puts the package there, over whatever is.
fn install(machine: &Machine) {
    machine.must(&["dpkg", "--force-depends", "--install", bundled("debian", "deb").to_str().unwrap()]);
}

#[test]
fn an_update_restarts_the_service_and_no_program_and_a_removal_leaves_the_configuration() {
    let machine = Machine::boot();
    machine.must(&["rm", "/usr/local/bin/estatus"]);
    install(&machine);
    configure(&machine, "");
    machine.must(&["estatus", "service", "install", "--account", "luz"]);
    let first = status(&machine, &[], |status| status["running"] == true);
    let program = keeper(&machine);

    install(&machine);
    let second = status(&machine, &[], runs_anew(&first));
    assert_eq!(keeper(&machine), program);
    machine.must(&["test", "/usr/lib/estatus/estatus", "-ef", &format!("/proc/{}/exe", second["pid"])]);

    machine.must(&["dpkg", "--force-depends", "--remove", "estatus"]);
    assert_eq!(machine.run(&["ps", "-p", &program.to_string()]).code, 1, "the program was not stopped");
    assert_eq!(machine.run(&["systemctl", "cat", "estatus"]).code, 1, "its unit is left");
    machine.must(&["test", "-f", CONFIG]);
}

#[test]
fn the_unit_of_the_package_runs_for_whoever_switches_it_on() {
    let machine = Machine::boot();
    machine.must(&["rm", "/usr/local/bin/estatus"]);
    install(&machine);
    configure(&machine, "");
    machine.must(&["loginctl", "enable-linger", "luz"]);
    let switch_on = "XDG_RUNTIME_DIR=/run/user/$(id -u) systemctl --user enable --now estatus";
    machine.must(&["runuser", "-l", "luz", "-c", switch_on]);
    let first = status(&machine, &["--user"], |status| status["running"] == true);
    let program = keeper(&machine);
    machine.must(&by_luz(&["relaunch"]));
    status(&machine, &["--user"], runs_anew(&first));
    assert_eq!(keeper(&machine), program);
}
