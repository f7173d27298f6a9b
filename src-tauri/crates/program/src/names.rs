//! Names for what has none, and names of files for what has one of its own.

use std::io;

use estatus_core::stable_name::stable_name;

/// A name that nobody can guess, and that is not given twice.
pub(crate) fn random_name() -> io::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}

/// A name for what belongs to whoever is called `name`: a readable part of that, and what makes it the only one.
pub(crate) fn file_name(name: &str) -> String {
    const READABLE: usize = 32;
    stable_name(name, READABLE)
}
