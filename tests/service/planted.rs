//! What the user as whom a service is to run, or another, puts where root installs it.

use super::machine::Machine;

#[test]
fn root_follows_no_link_of_the_account_and_takes_no_file_that_others_can_change() {
    let machine = Machine::boot();
    let as_luz = |script: &str| machine.must(&["runuser", "-l", "luz", "-c", script]);
    let install = |more: &[&str]| {
        machine.estatus(&[&["service", "install", "--account", "luz", "--no-start", "--yes"], more].concat())
    };

    // Where the configuration is to be, a link to a file that only root can make.
    as_luz("mkdir -p .config/estatus && ln -s /etc/planted .config/estatus/estatus.toml");
    let refused = install(&[]);
    assert!(refused.code != 0 && refused.err.contains("cannot be created as luz"), "{refused:?}");
    as_luz("rm .config/estatus/estatus.toml && mkdir -p .local/share && ln -s /etc/planted .local/share/estatus");
    install(&[]);
    assert_eq!(machine.run(&["test", "-e", "/etc/planted"]).code, 1, "root has followed a link of luz's");
    as_luz("rm .local/share/estatus");
    assert_eq!(install(&[]).code, 0);
    assert_eq!(machine.must(&["stat", "-c", "%U", "/home/luz/.config/estatus/estatus.toml"]).trim(), "luz");

    // A file that another user can change.
    machine.must(&["sh", "-c", "mkdir -m 777 /srv/open && touch /srv/open/estatus.toml"]);
    let refused = install(&["--config", "/srv/open/estatus.toml"]);
    assert!(refused.code == 1 && refused.err.contains("chmod go-w"), "{refused:?}");
}
