//! The installer for Windows, made by NSIS of `packaging/windows/estatus.nsi`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::{command::run, workspace};

/// How well the installer is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    /// As small as it gets, for those who download it.
    Small,
    /// Not at all, for those who try it.
    None,
}

/// Makes the installer of the programs in `built`, below `target`. Where it is.
pub(super) fn installer(built: &Path, target: &Path, packing: Packing) -> Result<PathBuf> {
    let version = env!("CARGO_PKG_VERSION");
    let root = workspace::root();
    let folder = target.join("bundle/windows");
    fs::create_dir_all(&folder).with_context(|| format!("Failed to make {}", folder.display()))?;
    let installer = folder.join(format!("Estatus-{version}-setup.exe"));
    let mut make = Command::new("makensis");
    make.args(["-V2", "-WX", "-INPUTCHARSET", "UTF8"]);
    let mut define = |name: &str, value: &Path| {
        make.arg(format!("-D{name}={}", value.display()));
    };
    define("VERSION", Path::new(version));
    define("PROGRAMS", built);
    define("LOADER", &built.join("WebView2Loader.dll"));
    define("ICON", &root.join("icons/estatus.ico"));
    define("OUT", &installer);
    if packing == Packing::None {
        make.arg("-DUNPACKED");
    }
    run(make.arg(root.join("packaging/windows/estatus.nsi")))?;
    Ok(installer)
}
