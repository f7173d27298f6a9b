//! Packages of Python, each with all that it needs in an environment of its own among the user's caches.

use std::{fs, path::PathBuf};

use anyhow::Result;

use crate::{
    command::{clean, run},
    setup, workspace,
};

/// What moto needs: an AWS that answers as the real one does, for the tests of fleets.
pub(crate) const MOTO: &str = include_str!("python/moto.txt");

/// The Python in the environment `name`, which has exactly what `requirements` names. It is made where that has not been done,
/// from the Python Package Index.
///
/// # Errors
/// If it cannot be made.
pub(crate) fn environment(name: &str, requirements: &str) -> Result<PathBuf> {
    let folder = workspace::cache()?.join(name);
    let (venv, installed) = (folder.join("venv"), folder.join("installed.txt"));
    if !fs::read_to_string(&installed).is_ok_and(|installed| installed == requirements) {
        println!("── {name}: it is fetched into {}", folder.display());
        fs::create_dir_all(&folder)?;
        let wanted = folder.join("requirements.txt");
        fs::write(&wanted, requirements)?;
        run(clean(setup::SYSTEM_PYTHON).args(["-m", "venv", "--clear"]).arg(&venv))?;
        run(clean(venv.join("bin/pip")).args(["install", "--quiet", "--no-deps", "--requirement"]).arg(&wanted))?;
        fs::rename(wanted, installed)?;
    }
    Ok(venv.join("bin/python"))
}
