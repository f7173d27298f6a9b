//! `cargo xtask bundle`: a package for Debian and what is made of it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};
use clap::Args;

use crate::{
    command::{cargo, clean, output, run},
    pages, platform, setup, workspace,
};

/// What is bundled.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The profile of cargo that the programs are built with
    #[arg(long, default_value = "release")]
    profile: String,
}

/// The programs, all in one folder: the tray starts the window that lies beside it, and the engine its shims.
const PROGRAMS: [&str; 3] = ["estatus", "estatus-tray", "estatus-window"];
/// Those that have their names on the path.
const ON_PATH: [&str; 2] = ["estatus", "estatus-tray"];
const LIBRARY: &str = "usr/lib/estatus";
const ICON_SIZES: [&str; 4] = ["32", "128", "256", "512"];

/// Makes the package, and says where it is.
pub(crate) fn bundle(options: &Options) -> Result<()> {
    setup::ensure(setup::TO_BUILD.iter().chain(setup::TO_BUILD_DESKTOP).chain(setup::TO_BUNDLE))?;
    pages::build()?;
    let target = workspace::target();
    build(&options.profile, &target)?;
    let built = target.join(if options.profile == "dev" { "debug" } else { &options.profile });
    println!("{}", package(&built, &target, "xz")?.display());
    Ok(())
}

/// Makes a package of what the tests have built below `target`, for them to try.
pub(crate) fn of_tests(target: &Path) -> Result<()> {
    package(&target.join("debug"), target, "none").map(drop)
}

fn build(profile: &str, target: &Path) -> Result<()> {
    let mut build = cargo();
    build.args(["build", "--locked", "--profile", profile, "--package", "estatus", "--package", "estatus-tray"]);
    run(build.arg("--target-dir").arg(target))
}

fn package(built: &Path, target: &Path, compression: &str) -> Result<PathBuf> {
    let version = env!("CARGO_PKG_VERSION");
    let architecture = output(Command::new("dpkg").arg("--print-architecture"))?.trim().to_owned();
    let folder = target.join("bundle");
    let tree = folder.join("tree");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("Failed to empty {}", folder.display()))?;
    }
    lay_out(built, &tree)?;
    let needs = needs(&folder, &tree)?;
    let size = workspace::size(&tree) / 1024;
    let control = format!(
        "Package: estatus\nVersion: {version}\nArchitecture: {architecture}\nMaintainer: The Estatus authors\n\
         Installed-Size: {size}\nDepends: {needs}\nRecommends: gnome-keyring | kwalletmanager\nSection: admin\n\
         Priority: optional\nDescription: monitors what you run and keeps it running\n \
         Estatus checks web pages, ports, processes and hosts, restarts programs, verifies that\n \
         it helped, sends alerts by notification and email, and keeps the history.\n"
    );
    put(&tree.join("DEBIAN/control"), &control)?;
    let package = folder.join(format!("estatus_{version}_{architecture}.deb"));
    let mut build = Command::new("dpkg-deb");
    build
        .args([&format!("-Z{compression}"), "--root-owner-group", "--build"])
        .arg(&tree)
        .arg(&package)
        .stdout(std::process::Stdio::null());
    run(&mut build)?;
    Ok(package)
}

/// Every file where it is going to be.
fn lay_out(built: &Path, tree: &Path) -> Result<()> {
    let icons = workspace::root().join("icons");
    for program in PROGRAMS {
        copy(&built.join(program), &tree.join(LIBRARY).join(program))?;
    }
    fs::create_dir_all(tree.join("usr/bin"))?;
    for program in ON_PATH {
        platform::link(&Path::new("../lib/estatus").join(program), &tree.join("usr/bin").join(program))?;
    }
    for size in ICON_SIZES {
        let to = format!("usr/share/icons/hicolor/{size}x{size}/apps/estatus.png");
        copy(&icons.join(format!("estatus-{size}.png")), &tree.join(to))?;
    }
    copy(&icons.join("estatus.svg"), &tree.join("usr/share/icons/hicolor/scalable/apps/estatus.svg"))?;
    let desktop = "[Desktop Entry]\nType=Application\nName=Estatus\n\
                   Comment=Monitors what you run and keeps it running\n\
                   Comment[es]=Vigila lo que ejecuta y lo mantiene en marcha\nExec=estatus-tray\nIcon=estatus\n\
                   Categories=System;Monitor;\nStartupNotify=false\n";
    put(&tree.join("usr/share/applications/estatus.desktop"), desktop)?;
    let copyright = "Estatus may be used under the MIT licence or the Apache License 2.0, as you like.\n\
                     The latter is in /usr/share/common-licenses/Apache-2.0.\n";
    put(&tree.join("usr/share/doc/estatus/copyright"), copyright)?;
    Ok(())
}

/// The packages of the libraries that the programs are linked with.
fn needs(folder: &Path, tree: &Path) -> Result<String> {
    // It wants to be where a source package is.
    put(&folder.join("debian/control"), "Source: estatus\n\nPackage: estatus\nArchitecture: any\n")?;
    let mut ask = clean("dpkg-shlibdeps");
    ask.arg("-O").args(PROGRAMS.map(|program| tree.join(LIBRARY).join(program))).current_dir(folder);
    let said = output(&mut ask)?;
    let needs = said.trim().strip_prefix("shlibs:Depends=").context("dpkg-shlibdeps says nothing")?;
    Ok(needs.to_owned())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::copy(from, to).with_context(|| format!("Failed to copy {}", from.display()))?;
    Ok(())
}

fn put(file: &Path, text: &str) -> Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(file, text).with_context(|| format!("Failed to write {}", file.display()))
}
