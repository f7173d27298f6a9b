//! Programs of the Python Package Index that tests and benchmarks use, each in the user's caches with all that it needs.

use std::{fs, path::PathBuf};

use anyhow::Result;

use crate::{
    command::{clean, run},
    setup, workspace,
};

/// The name of moto's folder, and what is in it: an AWS that answers as the real one does, for the tests of fleets.
pub(crate) const MOTO: (&str, &str) = ("moto", include_str!("python/moto.txt"));

/// Fetches exactly what `requirements` names into the folder `name`, if that has not been done; its Python.
///
/// # Errors
/// If it cannot be fetched.
pub(crate) fn fetch((name, requirements): (&str, &str)) -> Result<PathBuf> {
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
