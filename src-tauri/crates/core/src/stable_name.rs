//! Names that are the same on every machine and in every version, for what is called by something too long or too free.

/// A readable part of `name`, of at most so many characters, and what makes it the only one.
pub fn stable_name(name: &str, readable: usize) -> String {
    let plain = |character: char| if character.is_ascii_alphanumeric() { character.to_ascii_lowercase() } else { '-' };
    let readable: String = name.chars().map(plain).take(readable).collect();
    format!("{readable}-{:016x}", fnv1a(name.as_bytes()))
}

/// FNV-1a with 64 bits (draft-eastlake-fnv).
pub fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_its_authors() {
        // From their list.
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn names_that_begin_alike_stay_apart() {
        let (staging, production) = ("customer-portal-backend-staging", "customer-portal-backend-prod");
        assert_ne!(stable_name(staging, 8), stable_name(production, 8));
        assert_eq!(stable_name("Ñandú 2", 32), format!("-and--2-{:016x}", fnv1a("Ñandú 2".as_bytes())));
    }
}
