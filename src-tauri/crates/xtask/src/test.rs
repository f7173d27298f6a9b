//! `cargo xtask test`: every test there is; and `cargo xtask windows`: those for Windows alone.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result};

use crate::{
    bundle,
    command::{self, cargo, run},
    pages, python,
    setup::{self, consent, in_ci},
    stages::Stages,
    times, windows, workspace,
};

/// gRPC for Python, which the tests of the fleets take for instances and monitors that others have made.
const GRPC: &str = include_str!("../../fleet/tests/wire/foreign/requirements.txt");
/// More than this in CI's target folder, and it is begun anew.
const TARGET_LIMIT: u64 = 20 << 30;

/// Runs every stage; the tests come last, so that their summary is the last that is printed.
pub(crate) fn test() -> Result<()> {
    let mut stages = Stages::default();
    stages.go("set-up", || {
        setup::ensure(setup::TO_TEST.iter().chain(setup::TO_BUNDLE))?;
        setup::install_node_modules(&workspace::root().join("tests/fixtures/persistencia-datos"))?;
        python::environment("grpcio", GRPC)?;
        python::environment("moto", python::MOTO)?;
        windows::set_up()
    })?;
    let target = target()?;
    // Tauri puts the pages into the program, so they come before whatever looks at it.
    stages.go("pages", pages::build)?;
    if target != workspace::target() {
        times::carry_over(&target, workspace::root())?;
    }
    stages.go("format", || run(cargo().args(["fmt", "--all", "--check"])))?;
    stages.go("lints", || run(in_workspace(&["clippy"], &target).args(["--all-targets", "--", "-D", "warnings"])))?;
    stages.go("documentation", || {
        run(in_workspace(&["doc"], &target).arg("--no-deps").env("RUSTDOCFLAGS", "-D warnings"))
    })?;
    try_for_windows(&mut stages, &target)?;
    // With all targets, so that the programs which tests start are built of the same parts as the tests.
    stages.go("build", || run(in_workspace(&["build"], &target).arg("--all-targets")))?;
    stages.go("package", || bundle::package_of_tests(&target))?;
    stages.go("tests of the pages", pages::test)?;
    stages.go("tests in the documentation", || run(in_workspace(&["test"], &target).args(["--doc", "--quiet"])))?;
    println!("── tests (before them: {})", stages.summary());
    run_tests(&target).context("stage “tests” failed")
}

/// Runs every test that there is for Windows.
pub(crate) fn windows() -> Result<()> {
    let mut stages = Stages::default();
    stages.go("set-up", || {
        setup::ensure(setup::TO_TEST)?;
        windows::set_up()
    })?;
    stages.go("pages", pages::build)?;
    try_for_windows(&mut stages, &workspace::target())
}

fn try_for_windows(stages: &mut Stages, target: &Path) -> Result<()> {
    stages.go("build for Windows", || windows::build(target))?;
    stages.go("installer", || bundle::installer_of_tests(target))?;
    stages.go("restart of Windows", || windows::reboot(target))?;
    stages.go("tests for Windows", || windows::test(target))
}

fn in_workspace(verb: &[&str], target: &PathBuf) -> Command {
    let mut command = cargo();
    command.args(verb).args(["--workspace", "--locked", "--target-dir"]).arg(target);
    if in_ci() {
        // What it would keep for the next build of the same clone is never used.
        command.env("CARGO_INCREMENTAL", "0");
    }
    command
}

fn run_tests(target: &PathBuf) -> Result<()> {
    if !has_nextest() {
        println!("Without cargo-nextest, by `cargo test`:");
        return run(in_workspace(&["test"], target).arg("--all-targets"));
    }
    let mut nextest = in_workspace(&["nextest", "run"], target);
    if in_ci() {
        nextest.args(["--profile", "ci"]);
    }
    run(nextest.stdin(Stdio::null()))
}

fn has_nextest() -> bool {
    let is_there = || command::succeeds(cargo().args(["nextest", "--version"]));
    is_there()
        || consent("Install cargo-nextest, which runs the tests, by `cargo install cargo-nextest --locked`?")
            && run(cargo().args(["install", "cargo-nextest", "--locked"])).is_ok()
            && is_there()
}

/// Where to build. CI begins with a fresh clone, so there what is built is kept among the caches. Our own part of it is cleaned
/// out where it is of a clone in another place, because cargo knows it by the paths within the workspace only.
fn target() -> Result<PathBuf> {
    let configured = std::env::var_os("CARGO_TARGET_DIR").is_some();
    if configured || !in_ci() {
        return Ok(workspace::target());
    }
    let kept = workspace::cache()?.join("target");
    if workspace::size(&kept) > TARGET_LIMIT {
        fs::remove_dir_all(&kept).with_context(|| format!("Failed to empty {}", kept.display()))?;
    }
    if kept.exists() && !times::are_kept(&kept, workspace::root()) {
        run(in_workspace(&["clean"], &kept).arg("--quiet"))?;
        windows::clean(&kept)?;
    }
    Ok(kept)
}
