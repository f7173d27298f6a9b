//! Names for what has none, and names of files for what has one of its own.

use std::io;

/// A name that nobody can guess, and that is not given twice.
pub(crate) fn random_name() -> io::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}

/// A name for what belongs to whoever is called `name`: a readable part of that, and what makes it the only one.
pub(crate) fn file_name(name: &str) -> String {
    const READABLE: usize = 32;
    let plain = |character: char| if character.is_ascii_alphanumeric() { character.to_ascii_lowercase() } else { '-' };
    let readable: String = name.chars().map(plain).take(READABLE).collect();
    format!("{readable}-{:016x}", fnv1a(name.as_bytes()))
}

/// FNV-1a with 64 bits (draft-eastlake-fnv): the same on every machine and in every version.
pub(crate) fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
