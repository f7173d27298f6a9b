//! Wine, which runs programs for Windows.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, bail};

use crate::{
    command::{self, run},
    setup, workspace,
};

const WINE: &str = "/usr/lib/wine/wine64";
const SERVER: &str = "/usr/lib/wine/wineserver";
/// What is done to a new prefix; another number makes them all anew.
const PREFIX_VERSION: u32 = 1;
/// The version that programs find: from 17763 on, windows call a function by a number which means another one in Wine 8.
const WINDOWS_BUILD: &str = "16299";
const BCRYPT_PRIMITIVES: &str = include_str!("bcryptprimitives.c");

/// Sees that there is a Wine, and a prefix of our own: what a user of Windows has, in a folder.
pub(super) fn set_up() -> Result<()> {
    setup::ensure(setup::TO_RUN_FOR_WINDOWS)?;
    let prefix = prefix()?;
    if prefix.is_dir() {
        return Ok(());
    }
    println!("Setting Wine up, once");
    // Beside the place and then moved there, so that what is there is whole.
    let work = prefix.with_extension(format!("work-{}", std::process::id()));
    make(&work).context("Failed to set Wine up")?;
    fs::rename(&work, &prefix).with_context(|| format!("Failed to move it to {}", prefix.display()))
}

fn prefix() -> Result<PathBuf> {
    Ok(workspace::cache()?.join("windows").join(format!("prefix-{PREFIX_VERSION}")))
}

fn make(prefix: &Path) -> Result<()> {
    fs::create_dir_all(prefix)?;
    silently(wine(prefix).args(["wineboot", "-i"]))?;
    silently(server(prefix).arg("-w"))?;
    let source = prefix.join("bcryptprimitives.c");
    fs::write(&source, BCRYPT_PRIMITIVES)?;
    let library = prefix.join("drive_c/windows/system32/bcryptprimitives.dll");
    let mut compile = Command::new("x86_64-w64-mingw32-gcc");
    run(compile.args(["-O2", "-shared", "-o"]).arg(library).arg(source).arg("-ladvapi32"))?;
    silently(wine(prefix).args(["winecfg", "/v", "win10"]))?;
    for name in ["CurrentBuild", "CurrentBuildNumber"] {
        let key = r"HKLM\Software\Microsoft\Windows NT\CurrentVersion";
        silently(wine(prefix).args(["reg", "add", key, "/v", name, "/t", "REG_SZ", "/d", WINDOWS_BUILD, "/f"]))?;
    }
    silently(server(prefix).arg("-w"))
}

/// A Wine that runs; it ends when this is dropped, with all that runs in it.
pub(super) struct Session {
    prefix: PathBuf,
    /// Where windows are drawn, for nobody to see: without it none is made.
    display: Option<Display>,
}

impl Session {
    /// Starts it: what runs first takes half a minute, and all that Wine starts beside it keeps its pipes.
    pub(super) fn start(display: Option<Display>) -> Result<Self> {
        let session = Self { prefix: prefix()?, display };
        silently(server(&session.prefix).arg("-p"))?;
        silently(wine(&session.prefix).args(["cmd", "/c", "exit"]))?;
        Ok(session)
    }

    /// Has cargo run in it what it builds.
    pub(super) fn runs<'c>(&self, cargo: &'c mut Command) -> &'c mut Command {
        cargo.env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER", WINE).stdin(Stdio::null());
        // Where the snapshots of tests are, as seen from there; nothing is to be written to them.
        let root = workspace::root().display().to_string().replace('/', "\\");
        cargo.env("INSTA_WORKSPACE_ROOT", format!("Z:{root}")).env("INSTA_UPDATE", "no");
        if let Some(display) = &self.display {
            cargo.env("DISPLAY", &display.name);
        }
        in_prefix(cargo, &self.prefix)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        command::succeeds(server(&self.prefix).arg("-k"));
    }
}

/// A display that nobody sees. It ends when this is dropped.
pub(super) struct Display {
    server: Child,
    name: String,
}

impl Display {
    /// Starts one.
    pub(super) fn start() -> Result<Self> {
        setup::ensure(setup::TO_SHOW_WINDOWS)?;
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("Failed to start Xvfb")?;
        let mut number = String::new();
        if let Some(says) = server.stdout.take() {
            BufReader::new(says).read_line(&mut number)?;
        }
        let display = Self { server, name: format!(":{}", number.trim()) };
        if number.is_empty() {
            bail!("Xvfb ended at once");
        }
        Ok(display)
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn wine(prefix: &Path) -> Command {
    let mut wine = Command::new(WINE);
    in_prefix(&mut wine, prefix);
    wine
}

fn server(prefix: &Path) -> Command {
    let mut server = Command::new(SERVER);
    in_prefix(&mut server, prefix);
    server
}

fn in_prefix<'c>(command: &'c mut Command, prefix: &Path) -> &'c mut Command {
    command.env("WINEPREFIX", prefix).env("WINEARCH", "win64").env("WINEDEBUG", "-all");
    // Its debugger would hold every program that aborts for five minutes.
    command.env("WINEDLLOVERRIDES", "winedbg.exe=d")
}

fn silently(command: &mut Command) -> Result<()> {
    if !command::succeeds(command) {
        bail!("{command:?} failed");
    }
    Ok(())
}
