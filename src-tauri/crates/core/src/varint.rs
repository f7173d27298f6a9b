//! Whole numbers in as few bytes as they need: seven bits a byte, the lowest first (LEB128).

/// Appends `value` to `into`: 1 byte below 128, at most 10.
pub fn write(into: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        into.push(value as u8 | 0x80);
        value >>= 7;
    }
    into.push(value as u8);
}

/// Takes the number that `from` begins with; `None` where there is no whole one, or one beyond 64 bits.
pub fn read(from: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = from.split_first()?;
        *from = rest;
        let bits = u64::from(byte & 0x7f);
        if bits << shift >> shift != bits {
            return None;
        }
        value |= bits << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn more_than_64_bits_are_refused() {
        assert_eq!(read(&mut [0xff; 9].iter().copied().chain([0x02]).collect::<Vec<_>>().as_slice()), None);
        assert_eq!(read(&mut [0x80; 20].as_slice()), None);
        assert_eq!(read(&mut [0x80].as_slice()), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(values in proptest::collection::vec(any::<u64>(), 0..8)) {
            let mut bytes = Vec::new();
            values.iter().for_each(|value| write(&mut bytes, *value));
            let mut rest = bytes.as_slice();
            for value in values {
                prop_assert_eq!(read(&mut rest), Some(value));
            }
            prop_assert!(rest.is_empty());
        }
    }
}
