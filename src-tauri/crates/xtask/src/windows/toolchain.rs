//! The compiler for Windows.
//!
//! That of rustup, where it has the target x86_64-pc-windows-gnu with the compiler in use. Elsewhere Debian's, whose package
//! has the source of the standard library: that is built for Windows once and kept among the user's caches.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use super::{TRIPLE, wine};
use crate::{
    command::{self, cargo, output, run},
    setup, workspace,
};

const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
/// How the standard library is built; another number has it built anew.
const SYSROOT_VERSION: u32 = 2;

/// Sees that there is a compiler with a standard library for Windows.
pub(crate) fn set_up() -> Result<()> {
    setup::ensure(setup::TO_BUILD_FOR_WINDOWS)?;
    if !has_target() {
        setup::ensure(setup::DEBIAN_RUST)?;
        sysroot()?;
    }
    Ok(())
}

/// `cargo` with this verb, for Windows. It builds in a folder of its own below `target`, as the compiler may be another one.
pub(crate) fn cargo_for_windows(verb: &[&str], target: &Path) -> Result<Command> {
    let mut command = cargo();
    command.args(verb).args(["--locked", "--target", TRIPLE, "--target-dir"]).arg(folder(target));
    // Nobody debugs what is built here, and it is built anew for every clone.
    for profile in ["DEV", "TEST"] {
        command.env(format!("CARGO_PROFILE_{profile}_DEBUG"), "0");
    }
    command.env("CARGO_INCREMENTAL", "0");
    // Where the snapshots of tests are, as seen from Wine: that is built into them.
    command.env("INSTA_WORKSPACE_ROOT", wine::path(workspace::root()));
    if !has_target() {
        with_debian_rust(&mut command);
        command.env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUSTFLAGS", format!("--sysroot={}", sysroot()?.display()));
    }
    Ok(command)
}

/// Where it is built below `target`.
pub(super) fn folder(target: &Path) -> PathBuf {
    target.join("windows")
}

/// Where the programs are below `target`, in a folder for each profile.
pub(crate) fn built(target: &Path) -> PathBuf {
    folder(target).join(TRIPLE)
}

/// Whether the compiler in use has the target's standard library.
fn has_target() -> bool {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    output(command::clean(rustc).args(["--print", "target-libdir", "--target", TRIPLE]).current_dir(workspace::root()))
        .is_ok_and(|folder| Path::new(folder.trim()).is_dir())
}

/// The folder that stands for the compiler's own one, with a standard library for Windows; built if it is not there.
fn sysroot() -> Result<PathBuf> {
    let version = version(&output(command::clean(DEBIAN_RUSTC).arg("-V"))?).to_owned();
    let sysroot = workspace::cache()?.join("windows").join(format!("sysroot-{version}-{SYSROOT_VERSION}"));
    if !sysroot.is_dir() {
        println!("Building Rust's standard library {version} for Windows, once");
        build_sysroot(&sysroot).context("Failed to build Rust's standard library for Windows")?;
    }
    Ok(sysroot)
}

/// Builds beside the place and then moves there, so that what is there is whole.
fn build_sysroot(sysroot: &Path) -> Result<()> {
    let work = sysroot.with_extension(format!("work-{}", std::process::id()));
    seed(&work)?;
    let mut build = cargo();
    build.args(["build", "--quiet", "--release", "--target", TRIPLE, "-Z"]);
    build.arg("build-std=std,panic_unwind,panic_abort,test,proc_macro");
    with_debian_rust(&mut build);
    build.env("RUSTC_BOOTSTRAP", "1").env("CARGO_TARGET_DIR", work.join("target"));
    // What is optimised as a whole is made of bitcode, which cargo leaves out of libraries.
    build.env("RUSTFLAGS", "-Cembed-bitcode=yes");
    run(build.current_dir(&work))?;

    let libraries = work.join("lib/rustlib").join(TRIPLE).join("lib");
    fs::create_dir_all(&libraries)?;
    for entry in fs::read_dir(work.join("target").join(TRIPLE).join("release/deps"))? {
        let file = entry?.path();
        let name = file.file_name().unwrap_or_default();
        if file.extension().is_some_and(|ending| ending == "rlib") && !name.to_string_lossy().starts_with("libseed-") {
            fs::copy(&file, libraries.join(name))?;
        }
    }
    for rest in ["target", "src"] {
        fs::remove_dir_all(work.join(rest))?;
    }
    fs::rename(&work, sysroot).with_context(|| format!("Failed to move it to {}", sysroot.display()))
}

/// An empty package: cargo builds a standard library only for somebody.
fn seed(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder.join("src")).with_context(|| format!("Failed to make {}", folder.display()))?;
    fs::write(folder.join("src/lib.rs"), "")?;
    let manifest = "[package]\nname = \"seed\"\nedition = \"2024\"\n[workspace]\n[profile.release]\ndebug = 0\n";
    Ok(fs::write(folder.join("Cargo.toml"), manifest)?)
}

fn with_debian_rust(cargo: &mut Command) {
    cargo.env("RUSTC", DEBIAN_RUSTC).env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER", "x86_64-w64-mingw32-gcc");
}

fn version(banner: &str) -> &str {
    banner.split_whitespace().nth(1).unwrap_or("unknown")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_stands_second_in_what_the_compiler_says_of_itself() {
        assert_eq!(version("rustc 1.96.0 (ac68faa20 2026-05-25) (built from a source tarball)\n"), "1.96.0");
        assert_eq!(version(""), "unknown");
    }
}
