//! The variables of a process, as Windows has them: their names are the same in upper and lower case.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    io,
    os::windows::ffi::OsStrExt,
};

use crate::process_start::Variables;

/// Every variable of a process, by its name in upper case: so they are in the order that the system wants.
pub(super) struct Environment(BTreeMap<OsString, (OsString, OsString)>);

impl Environment {
    /// Those of this process, changed.
    pub(super) fn with(variables: &Variables) -> Self {
        let mut all = Self(BTreeMap::new());
        std::env::vars_os().for_each(|(name, value)| all.set(name, value));
        for (name, value) in variables.changes() {
            match value {
                Some(value) => all.set(name.to_owned(), value.to_owned()),
                None => drop(all.0.remove(&name.to_ascii_uppercase())),
            }
        }
        all
    }

    fn set(&mut self, name: OsString, value: OsString) {
        self.0.insert(name.to_ascii_uppercase(), (name, value));
    }

    pub(super) fn get(&self, name: &str) -> Option<&OsStr> {
        self.0.get(OsStr::new(&name.to_ascii_uppercase())).map(|(_, value)| value.as_os_str())
    }

    /// As `CreateProcessW` wants them: `name=value` in UTF-16, each with a zero at its end, and one zero more.
    ///
    /// # Errors
    /// If a name has `=` in it where it may not, or something has a zero in it.
    pub(super) fn block(&self) -> io::Result<Vec<u16>> {
        let mut block = Vec::new();
        for (name, value) in self.0.values() {
            let before = block.len();
            block.extend(name.encode_wide());
            // The system keeps the folder of each drive in names like `=C:`.
            if block.len() == before || block.iter().skip(before + 1).any(|&unit| unit == u16::from(b'=')) {
                return Err(refused(name, "has no name that Windows takes"));
            }
            block.push(u16::from(b'='));
            block.extend(value.encode_wide());
            if block.iter().skip(before).any(|&unit| unit == 0) {
                return Err(refused(name, "has a character in it that ends texts"));
            }
            block.push(0);
        }
        if block.is_empty() {
            block.push(0);
        }
        block.push(0);
        Ok(block)
    }
}

fn refused(name: &OsStr, why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("the variable {} {why}", name.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(changes: &[(&str, Option<&str>)]) -> Environment {
        let mut variables = Variables::default();
        for (name, value) in changes {
            match value {
                Some(value) => variables.set(name, value),
                None => variables.remove(name),
            }
        }
        Environment::with(&variables)
    }

    #[test]
    fn names_are_the_same_in_upper_and_lower_case_and_the_later_change_holds() {
        let all = changed(&[("Saludo", Some("hola")), ("SALUDO", Some("¡hola!")), ("path", None)]);
        assert_eq!(all.get("saludo"), Some(OsStr::new("¡hola!")));
        assert_eq!(all.get("PATH"), None);
        assert!(all.get("SystemRoot").is_some());
    }

    #[test]
    fn the_block_is_in_order_and_ends_in_two_zeroes() {
        let mut all = changed(&[("b", Some("2")), ("A", Some("1")), ("C", Some(""))]);
        all.0.retain(|name, _| ["A", "B", "C"].iter().any(|kept| name == kept));
        let text = String::from_utf16(&all.block().unwrap()).unwrap();
        assert_eq!(text, "A=1\0b=2\0C=\0\0");
        all.0.clear();
        assert_eq!(all.block().unwrap(), [0, 0]);
    }

    #[test]
    fn what_cannot_stand_in_it_is_refused_by_name() {
        assert!(changed(&[("a=b", Some("1"))]).block().unwrap_err().to_string().contains("a=b"));
        assert!(changed(&[("zero", Some("a\0b"))]).block().unwrap_err().to_string().contains("zero"));
    }
}
