//! The package for Debian.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result};

use crate::{
    command::{clean, output, run},
    platform, workspace,
};

/// The programs, all in one folder: the tray starts the window that lies beside it, and the engine its shims.
const PROGRAMS: [&str; 3] = ["estatus", "estatus-tray", "estatus-window"];
/// Those that have their names on the path.
const ON_PATH: [&str; 2] = ["estatus", "estatus-tray"];
const LIBRARY: &str = "usr/lib/estatus";
const ICON_SIZES: [&str; 4] = ["32", "128", "256", "512"];

/// Makes the package of the programs in `built`, below `target`. Where it is.
pub(super) fn package(built: &Path, target: &Path, compression: &str) -> Result<PathBuf> {
    let version = env!("CARGO_PKG_VERSION");
    let architecture = output(Command::new("dpkg").arg("--print-architecture"))?.trim().to_owned();
    let folder = target.join("bundle/debian");
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
        .stdout(Stdio::null());
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
    copy(&ours("estatus.desktop"), &tree.join("usr/share/applications/estatus.desktop"))?;
    copy(&ours("copyright"), &tree.join("usr/share/doc/estatus/copyright"))?;
    put(&tree.join("usr/lib/systemd/user/estatus.service"), &unit()?)?;
    for script in ["postinst", "prerm"] {
        copy(&ours(script), &tree.join("DEBIAN").join(script))?;
    }
    Ok(())
}

/// The unit of systemd, which is supervised as the one that `estatus service install` writes.
fn unit() -> Result<String> {
    let supervised = workspace::root().join("src-tauri/crates/estatus/src/service/unix/supervised.conf");
    Ok(text(&ours("estatus.service"))?.replace("@SUPERVISED@\n", &text(&supervised)?))
}

/// A file that is in the package as it is.
fn ours(name: &str) -> PathBuf {
    workspace::root().join("packaging/debian").join(name)
}

fn text(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("Failed to read {}", file.display()))
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
