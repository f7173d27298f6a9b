//! The files `credentials` and `config`, which all tools of AWS share.

use std::collections::BTreeMap;

use estatus_core::secret::Secret;

use super::Keys;

/// The profile of whoever names none.
pub(super) const DEFAULT: &str = "default";

/// All profiles, as far as they say anything here.
#[derive(Default)]
pub(super) struct Profiles(BTreeMap<String, Profile>);

/// One profile: what it says under which key.
#[derive(Default)]
pub(super) struct Profile(BTreeMap<String, String>);

impl Profiles {
    /// Reads both files. What `credentials` says counts more.
    pub(super) fn read(credentials: &str, config: &str) -> Self {
        let mut profiles = Self::default();
        profiles.take(config, |section| match section.split_once(char::is_whitespace) {
            Some(("profile", name)) => Some(name.trim().to_owned()),
            None if section == DEFAULT => Some(section.to_owned()),
            _ => None,
        });
        profiles.take(credentials, |section| Some(section.to_owned()));
        profiles
    }

    /// The profile of that name.
    pub(super) fn get(&self, name: &str) -> Option<&Profile> {
        self.0.get(name)
    }

    fn take(&mut self, text: &str, profile_of: impl Fn(&str) -> Option<String>) {
        let mut profile = None;
        for line in text.lines() {
            let trimmed = line.trim();
            if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
                continue;
            }
            if let Some(section) = trimmed.strip_prefix('[').and_then(|line| line.split_once(']')) {
                profile = profile_of(section.0.trim());
                if let Some(name) = &profile {
                    self.0.entry(name.clone()).or_default();
                }
                continue;
            }
            // What stands further in belongs to a key that is a table, and none of those says anything here.
            let is_key = !line.starts_with(char::is_whitespace);
            if let (Some(name), Some((key, value)), true) = (&profile, trimmed.split_once('='), is_key) {
                let value = value.split(" #").next().unwrap_or_default().trim();
                self.0.entry(name.clone()).or_default().0.insert(key.trim().to_lowercase(), value.to_owned());
            }
        }
    }
}

impl Profile {
    /// What it says under `key`; nothing where it says nothing.
    pub(super) fn value(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The keys that stand in it.
    pub(super) fn keys(&self) -> Option<Keys> {
        Some(Keys {
            id: self.value("aws_access_key_id")?.to_owned(),
            secret: Secret::new(self.value("aws_secret_access_key")?),
            session: self.value("aws_session_token").map(Secret::new),
            until: None,
        })
    }

    /// Whether it says nothing of keys: many have a profile for its region alone.
    pub(super) fn is_empty(&self) -> bool {
        let says = |key: &&str| self.value(key).is_some();
        !["aws_access_key_id", "credential_process", "role_arn", "sso_session", "sso_start_url"].iter().any(says)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_files_are_read_as_they_are_written() {
        let credentials = "\
[default]
aws_access_key_id = AKIADEFAULT
aws_secret_access_key=a/b+c=
# aws_session_token = no

[ work ]
AWS_ACCESS_KEY_ID = AKIAWORK
aws_secret_access_key = secret # of work
";
        let config = "\
[default]
region = eu-west-1
aws_access_key_id = AKIAOTHER
s3 =
    aws_secret_access_key = no
[profile work]
role_arn =
[profile  build ]
credential_process = /opt/bin/keys --account \"x\"
[work]
credential_process = no
[sso-session ours]
sso_start_url = https://example.com
";
        let profiles = Profiles::read(credentials, config);
        let keys = |name: &str| {
            let keys = profiles.get(name).unwrap().keys()?;
            Some((keys.id, keys.secret.reveal().to_owned()))
        };
        assert_eq!(keys("default"), Some(("AKIADEFAULT".into(), "a/b+c=".into())));
        assert_eq!(keys("work"), Some(("AKIAWORK".into(), "secret".into())));
        assert_eq!(keys("build"), None);
        let value = |name: &str, key: &str| profiles.get(name).unwrap().value(key);
        assert_eq!(value("build", "credential_process"), Some("/opt/bin/keys --account \"x\""));
        assert_eq!((value("work", "credential_process"), value("work", "role_arn")), (None, None));
        assert!(profiles.get("ours").is_none() && profiles.get("sso-session ours").is_none());
    }

    #[test]
    fn a_profile_for_its_region_alone_says_nothing_of_keys() {
        let check = |text: &str, expected: bool| {
            let profiles = Profiles::read("", &format!("[default]\n{text}"));
            assert_eq!(profiles.get("default").unwrap().is_empty(), expected, "{text}");
        };
        check("region = eu-west-1", true);
        check("", true);
        check("role_arn = arn:aws:iam::1:role/x", false);
        check("sso_session = ours", false);
    }
}
