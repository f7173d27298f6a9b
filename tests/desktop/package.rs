//! The package for Debian, in a root of its own: it installs, starts, and goes without a trace.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use estatus_tests::{Estatus, bundled, eventually};
use tempfile::TempDir;

use crate::{panel::Panel, session::Session, tray::Tray};

/// A root with nothing in it but an empty list of what is installed.
fn root() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for folder in ["info", "updates", "triggers"] {
        fs::create_dir_all(root.path().join("var/lib/dpkg").join(folder)).unwrap();
    }
    fs::write(root.path().join("var/lib/dpkg/status"), "").unwrap();
    root
}

/// The scripts of the package run here, as nothing is in that root that could run them, and leave this machine alone.
fn dpkg(root: &Path, arguments: &[&str]) {
    let mut dpkg = Command::new("dpkg");
    dpkg.arg(format!("--root={}", root.display()))
        .args(["--force-depends", "--force-not-root", "--force-script-chrootless"])
        .args(arguments);
    let done = dpkg.output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// Whether every package that it needs is one that this Debian has.
fn needs_are_met(package: &Path) {
    let said = Command::new("dpkg-deb").arg("--field").arg(package).arg("Depends").output().unwrap();
    let needs = String::from_utf8(said.stdout).unwrap();
    assert!(needs.contains("libwebkit2gtk-4.1-0"), "{needs}");
    for need in needs.split(',') {
        let name = need.split(['|', '(']).next().unwrap().trim();
        let known = Command::new("dpkg-query").args(["--show", name]).output().unwrap();
        assert!(known.status.success(), "{name} is not installed here, where it was linked with");
    }
}

/// Everything that is called after Estatus.
fn traces(root: &Path) -> Vec<PathBuf> {
    let found = Command::new("find").arg(root.join("usr")).args(["-iname", "*estatus*"]).output().unwrap();
    String::from_utf8(found.stdout).unwrap().lines().map(PathBuf::from).collect()
}

#[tokio::test]
async fn the_package_installs_starts_and_goes_without_a_trace() {
    let (package, root) = (bundled("debian", "deb"), root());
    needs_are_met(&package);
    dpkg(root.path(), &["--install", package.to_str().unwrap()]);
    let bin = root.path().join("usr/bin");
    let version = Command::new(bin.join("estatus")).arg("--version").output().unwrap();
    assert!(version.status.success() && version.stdout.starts_with(b"estatus "));
    let desktop = fs::read_to_string(root.path().join("usr/share/applications/estatus.desktop")).unwrap();
    assert!(desktop.contains("Exec=estatus-tray\n") && desktop.contains("Icon=estatus\n"));

    let session = Session::start();
    let mut panel = Panel::on(session.bus()).await;
    let estatus = Estatus::new("[[program]]\nname = \"clock\"\ncommand = \"sleep 1000\"\n[network]\nreference = []\n");
    let tray = Tray::start_program(&bin.join("estatus-tray"), &session, &estatus, &["--hidden"]);
    let icon = panel.icon().await;
    estatus.wait_for_process("clock", None);
    icon.click().await;
    let window = eventually("its window opens", || tray.windows().first().copied());
    let program = fs::read_link(format!("/proc/{window}/exe")).unwrap();
    assert!(program.ends_with("usr/lib/estatus/estatus-window"), "{}", program.display());
    assert!(tray.quit(&icon).await.success());

    dpkg(root.path(), &["--remove", "estatus"]);
    let left = traces(root.path());
    assert!(left.is_empty(), "{left:?}");
}
