//! The names of secrets.

use std::{collections::BTreeMap, fmt::Write};

use estatus_api::{SecretUser, Section};
use serde_json::Value;

use crate::{
    edit,
    reason::{Reason, reason},
};

/// The table of the channel that is none of the others.
const EMAIL: &str = "email";

/// The longest name under which a secret is stored, in bytes: a file can be called after it.
const MAX: usize = 64;

/// What the names of files begin with. What follows is no name that Windows keeps for devices.
const HEAD: &str = "secret-";

/// Whether a secret may be stored under `name`.
pub(super) fn check(name: &str) -> Result<(), Reason> {
    let is_fit = name.starts_with(is_first) && !name.ends_with(' ') && name.chars().all(is_inside);
    if is_fit && name.len() <= MAX { Ok(()) } else { Err(reason!("secret_name", most = MAX)) }
}

/// A name like `wanted` under which a secret may be stored.
pub(crate) fn fitting(wanted: &str) -> String {
    let plain: String = wanted.chars().map(|letter| if is_inside(letter) { letter } else { '-' }).collect();
    let plain = plain.trim_start_matches(|letter| !is_first(letter));
    let name = plain[..plain.floor_char_boundary(MAX)].trim_end_matches([' ', '-']);
    if name.is_empty() { "secret".to_owned() } else { name.to_owned() }
}

fn is_first(letter: char) -> bool {
    letter.is_alphanumeric()
}

fn is_inside(letter: char) -> bool {
    is_first(letter) || " -_.@".contains(letter)
}

/// What the file is called that keeps the secret `name`: different for any two, on systems that do not tell large letters
/// from small ones too.
pub(super) fn file(name: &str) -> String {
    name.bytes().fold(HEAD.to_owned(), |mut file, byte| {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => file.push(char::from(byte)),
            _ => drop(write!(file, "%{byte:02x}")),
        }
        file
    })
}

/// The name of the secret that is kept in a file called `called`; nothing if that is none of ours.
pub(super) fn of_file(called: &str) -> Option<String> {
    let mut rest = called.strip_prefix(HEAD)?.bytes();
    let mut name = Vec::new();
    while let Some(byte) = rest.next() {
        name.push(match byte {
            b'%' => hex(rest.next()?)? << 4 | hex(rest.next()?)?,
            byte => byte,
        });
    }
    String::from_utf8(name).ok().filter(|name| file(name) == called)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16)?.try_into().ok()
}

/// The names that `{ keyring = "NAME" }` says anywhere in `tables`, each with the entries in which it does.
pub(super) fn named(tables: &Value) -> BTreeMap<String, Vec<SecretUser>> {
    let mut found: BTreeMap<String, Vec<SecretUser>> = BTreeMap::new();
    for (section, name, entry) in entries(tables) {
        for secret in within(entry) {
            let users = found.entry(secret.to_owned()).or_default();
            // It may name it more than once.
            if users.last().is_none_or(|user| (user.section, user.name.as_str()) != (section, name)) {
                users.push(SecretUser { section, name: name.to_owned() });
            }
        }
    }
    found
}

/// Every entry of the file that has a name, with its section and that.
fn entries(tables: &Value) -> Vec<(Section, &str, &Value)> {
    let mut found = Vec::new();
    found.extend(tables.get(EMAIL).map(|email| (Section::Channel, EMAIL, email)));
    for section in [Section::Channel, Section::Monitor, Section::Program, Section::Flow, Section::Fleet] {
        match tables.get(edit::key(section)) {
            Some(Value::Array(listed)) => found.extend(listed.iter().map(|entry| {
                let name = entry.get("name").and_then(Value::as_str).unwrap_or_default();
                (section, name, entry)
            })),
            Some(Value::Object(keyed)) => {
                found.extend(keyed.iter().map(|(name, entry)| (section, name.as_str(), entry)));
            }
            _ => {}
        }
    }
    found
}

/// The names that `entry` says, however deep.
fn within(entry: &Value) -> Vec<&str> {
    let mut names = Vec::new();
    let mut left = vec![entry];
    while let Some(value) = left.pop() {
        match value {
            Value::Array(values) => left.extend(values),
            Value::Object(table) => match (table.len(), table.get("keyring")) {
                (1, Some(Value::String(name))) => names.push(name.as_str()),
                _ => left.extend(table.values()),
            },
            _ => {}
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_name_is_one_of_letters_and_digits_with_little_between_them() {
        let long = "x".repeat(MAX);
        for name in ["smtp", "channel-chat-token", "página 2", "me@mail.com", "A", "7_x.", &long] {
            assert!(check(name).is_ok(), "{name}");
        }
        let longer = format!("{long}x");
        for name in ["", " ", "-rf", ".", "..", "../smtp", "a/b", "a\\b", "a ", " a", "a\nb", "a\0", "c:d", &longer] {
            assert!(check(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn any_text_makes_a_name_that_fits() {
        let expect = |wanted: &str, expected: &str| {
            assert_eq!(fitting(wanted), expected);
            assert!(check(expected).is_ok(), "{expected}");
        };
        expect("my shop", "my shop");
        expect("https://shop.example/?a", "https---shop.example--a");
        expect("(prod) páge/", "prod- páge");
        expect("/// ", "secret");
        expect(&"ñ".repeat(100), &"ñ".repeat(32));
    }

    #[test]
    fn every_name_has_a_file_of_its_own_which_tells_it() {
        let check = |name: &str, expected: &str| {
            assert_eq!(file(name), expected);
            assert_eq!(of_file(expected).as_deref(), Some(name));
        };
        check("smtp", "secret-smtp");
        check("SMTP", "secret-%53%4d%54%50");
        check("con", "secret-con");
        check("../x y", "secret-%2e%2e%2fx%20y");
        check("ñ", "secret-%c3%b1");
        for other in ["smtp", "secret-%zz", "secret-%", "secret-SMTP", "secret-%61", ".secret-a.1-0.new"] {
            assert_eq!(of_file(other), None, "{other}");
        }
    }

    #[test]
    fn the_names_that_a_file_says_are_found_wherever_they_stand() {
        let tables = json!({
            "email": { "password": { "keyring": "smtp" }, "to": ["a"] },
            "program": [
                { "name": "web", "env": { "A": { "keyring": "a" }, "B": { "env": "b" }, "keyring": "text" } },
                { "env": { "A": { "keyring": "smtp" } } },
            ],
            "flow": { "x": { "step": [{ "password": { "keyring": "deep" } }, { "bearer": { "keyring": "deep" } }] } },
        });
        let user = |section, name: &str| SecretUser { section, name: name.to_owned() };
        let expected = [
            ("a", vec![user(Section::Program, "web")]),
            ("deep", vec![user(Section::Flow, "x")]),
            ("smtp", vec![user(Section::Channel, "email"), user(Section::Program, "")]),
        ];
        assert_eq!(named(&tables), expected.map(|(name, users)| (name.to_owned(), users)).into());
    }
}
