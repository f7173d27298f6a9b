//! Wine, which runs programs for Windows.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};
use estatus_valet::Valet;

use super::display::Display;
use crate::{
    command::{self, run},
    setup, workspace,
};

const WINE: &str = "/usr/lib/wine/wine64";
const SERVER: &str = "/usr/lib/wine/wineserver";
/// Starts a program that has its heap, as what it starts in turn, where every other start would have it. Windows has a page at
/// 0x7ffe0000 that all programs share. Wine's preloader would keep it free, but Debian's Wine comes without, and the kernel puts
/// the heap by chance somewhere into the gigabyte around that page. Where both meet, Wine ends at once with 1 and says nothing,
/// and whoever wanted a process is told of an internal error (1359): one start in some thousands.
const WITHOUT_CHANCE: [&str; 2] = ["setarch", "--addr-no-randomize"];
/// What is done to a new prefix; another number makes them all anew.
const PREFIX_VERSION: u32 = 1;
/// The version that programs find: from 17763 on, windows call a function by a number which means another one in Wine 8.
const WINDOWS_BUILD: &str = "16299";
/// What is trusted in place of what Wine says, whose verifier of certificates is not whole: one authority, quickly read. Tests
/// bring their own beside it.
const TRUSTED: &str = r"Z:\usr\share\ca-certificates\mozilla\ISRG_Root_X1.crt";
const BCRYPT_PRIMITIVES: &str = include_str!("bcryptprimitives.c");
const TASKBAR: &str = include_str!("taskbar.c");
/// The functions of the shell that `taskbar.c` has itself.
const OWN_FUNCTIONS: [&str; 2] = ["Shell_NotifyIconGetRect", "Shell_NotifyIconW"];

/// Sees that there is a Wine, and a prefix of our own: what a user of Windows has, in a folder.
pub(super) fn set_up() -> Result<()> {
    setup::ensure(setup::TO_RUN_FOR_WINDOWS)?;
    run(&mut without_chance("true")).context(
        "Wine needs addresses that are not given by chance, which this machine does not let a program ask for. A container may \
         have to be started with `--security-opt seccomp=unconfined`",
    )?;
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
    compile(prefix, "bcryptprimitives", BCRYPT_PRIMITIVES, |compile| compile.arg("-ladvapi32"))?;
    silently(wine(prefix).args(["winecfg", "/v", "win10"]))?;
    for name in ["CurrentBuild", "CurrentBuildNumber"] {
        let key = r"HKLM\Software\Microsoft\Windows NT\CurrentVersion";
        silently(wine(prefix).args(["reg", "add", key, "/v", name, "/t", "REG_SZ", "/d", WINDOWS_BUILD, "/f"]))?;
    }
    silently(server(prefix).arg("-w"))
}

/// Makes a library of the system of `source`; `with` adds what it is linked with.
fn compile(prefix: &Path, name: &str, source: &str, with: impl FnOnce(&mut Command) -> &mut Command) -> Result<()> {
    let file = prefix.join(name).with_extension("c");
    fs::write(&file, source)?;
    let mut compile = Command::new("x86_64-w64-mingw32-gcc");
    compile.args(["-O2", "-shared", "-o"]).arg(system(prefix).join(name).with_extension("dll")).arg(file);
    run(with(&mut compile))
}

/// Makes `taskbar.dll`, which does all that `shell32.dll` does, and lets a program that loads it in its place be clicked on, or
/// find no taskbar.
fn make_taskbar(prefix: &Path) -> Result<()> {
    let shell = system(prefix).join("shell32.dll");
    let table = command::output(Command::new("x86_64-w64-mingw32-objdump").arg("-p").arg(shell))?;
    let functions = table.split("[Ordinal/Name Pointer] Table").nth(1).unwrap_or_default().lines().skip(1);
    let names = functions.map_while(|line| line.split_whitespace().last()).filter(|name| !OWN_FUNCTIONS.contains(name));
    let passed_on: String = names.map(|name| format!("{name} = shell32.{name}\n")).collect();
    let own = OWN_FUNCTIONS.join("\n");
    let definition = prefix.join("taskbar.def");
    fs::write(&definition, format!("LIBRARY taskbar.dll\nEXPORTS\n{own}\n{passed_on}"))?;
    compile(prefix, "taskbar", TASKBAR, |compile| compile.arg(definition))
}

/// Where the libraries of the system are.
fn system(prefix: &Path) -> PathBuf {
    prefix.join("drive_c/windows/system32")
}

/// A Wine that runs; it ends when this is dropped, with all that runs in it.
pub(crate) struct Session {
    prefix: PathBuf,
    /// Starts outside what tests need and Wine cannot run.
    valet: Valet,
    /// Where windows are drawn, if there are any.
    display: Option<Display>,
}

impl Session {
    /// Starts it, where no window can be made.
    pub(crate) fn start() -> Result<Self> {
        Self::begin(None)
    }

    /// Starts it with a display.
    pub(super) fn start_with_display() -> Result<Self> {
        Self::begin(Some(Display::start()?))
    }

    /// Starts it in a prefix of its own, which goes with it, and with that whatever is installed there. What runs first takes
    /// half a minute, and all that Wine starts beside it keeps its pipes.
    fn begin(display: Option<Display>) -> Result<Self> {
        let kept = prefix()?;
        let prefix = kept.with_extension(format!("session-{}", std::process::id()));
        copy(&kept, &prefix).context("Failed to copy what Wine keeps")?;
        let valet = Valet::start().context("Failed to listen on 127.0.0.1 for what the tests want started")?;
        let session = Self { prefix, valet, display };
        if session.display.is_some() {
            make_taskbar(&session.prefix).context("Failed to make a taskbar that can be clicked on")?;
        }
        session.boot()?;
        Ok(session)
    }

    fn boot(&self) -> Result<()> {
        silently(self.inside(server(&self.prefix).arg("-p")))?;
        silently(self.command("cmd").args(["/c", "exit"]))
    }

    /// Ends all that runs in it as if the current were cut, and starts it again.
    pub(super) fn reboot(&self) -> Result<()> {
        self.end();
        self.boot()
    }

    fn end(&self) {
        command::succeeds(server(&self.prefix).arg("-k"));
        command::succeeds(server(&self.prefix).arg("-w"));
    }

    /// Where its drive C: is.
    pub(super) fn drive(&self) -> PathBuf {
        self.prefix.join("drive_c")
    }

    /// A command that runs `program` in it.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = wine(&self.prefix);
        self.inside(command.arg(program).stdin(Stdio::null()));
        command
    }

    /// Has `command` run in it.
    fn inside<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        if let Some(display) = &self.display {
            command.env("DISPLAY", display.name());
        }
        in_prefix(command, &self.prefix)
    }

    /// Has cargo run in it what it builds.
    pub(super) fn runs<'c>(&self, cargo: &'c mut Command) -> &'c mut Command {
        let runner = [&WITHOUT_CHANCE[..], &[WINE]].concat().join(" ");
        cargo.env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER", runner).stdin(Stdio::null());
        // Nothing is to be written to the snapshots of tests.
        cargo.env("INSTA_UPDATE", "no");
        let (name, value) = self.valet.variable(&self.prefix.join("dosdevices"));
        cargo.env(name, value).env("SSL_CERT_FILE", TRUSTED);
        self.inside(cargo)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.end();
        // What is left of it is in nobody's way.
        let _ = fs::remove_dir_all(&self.prefix);
    }
}

/// How programs that run in Wine call `path`, which is absolute.
pub(crate) fn path(path: &Path) -> String {
    format!("Z:{}", path.display()).replace('/', "\\")
}

/// Links the libraries, which nobody changes, and copies the registry, which is written where it is.
fn copy(kept: &Path, prefix: &Path) -> Result<()> {
    run(Command::new("cp").args(["--archive", "--link", "--no-target-directory"]).arg(kept.join(".")).arg(prefix))?;
    for registry in ["system.reg", "user.reg", "userdef.reg"] {
        fs::remove_file(prefix.join(registry))?;
        fs::copy(kept.join(registry), prefix.join(registry))?;
    }
    Ok(())
}

fn wine(prefix: &Path) -> Command {
    let mut wine = without_chance(WINE);
    in_prefix(&mut wine, prefix);
    wine
}

fn without_chance(program: &str) -> Command {
    let [launcher, option] = WITHOUT_CHANCE;
    let mut command = Command::new(launcher);
    command.args([option, program]);
    command
}

/// It makes files as Linux lets it: what nobody has opened to others is the user's alone then, as in a profile of Windows.
fn server(prefix: &Path) -> Command {
    let mut server = Command::new("sh");
    server.args(["-c", "umask 077 && exec \"$0\" \"$@\"", SERVER]);
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
