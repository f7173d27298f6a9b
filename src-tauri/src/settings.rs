//! What belongs to this desktop and not to the engine: a small file in the folder of this desktop.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use estatus_core::config;
use serde::{Deserialize, Serialize};

/// What the person wants of this desktop, and what it has to tell them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DesktopSettings {
    /// Whether the tray starts when the person logs in.
    pub start_at_login: bool,
    /// Whether notifications are shown.
    pub notifications: bool,
    /// Why they cannot be shown, in English.
    pub notification_trouble: Option<String>,
    /// The language of the tray and the window.
    pub language: Language,
}

impl Default for DesktopSettings {
    fn default() -> Self {
        Self { start_at_login: false, notifications: true, notification_trouble: None, language: Language::System }
    }
}

/// A language that can be chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// The system's.
    #[default]
    System,
    /// English.
    En,
    /// Spanish.
    Es,
}

impl Language {
    /// Whether it is Spanish where the system's language is `locale`, like `es_MX` or `en-GB`.
    pub fn is_spanish(self, locale: Option<&str>) -> bool {
        match self {
            Self::System => {
                locale.is_some_and(|locale| config::Language::of_locale(locale) == config::Language::Spanish)
            }
            Self::En => false,
            Self::Es => true,
        }
    }
}

/// What is to be changed; the rest stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Change {
    /// See [`DesktopSettings`].
    pub start_at_login: Option<bool>,
    /// See [`DesktopSettings`].
    pub notifications: Option<bool>,
    /// See [`DesktopSettings`].
    pub language: Option<Language>,
    /// See [`DesktopSettings`]; only the tray knows it.
    #[serde(skip)]
    pub notification_trouble: Option<Option<String>>,
}

impl Change {
    fn made_to(self, old: DesktopSettings) -> DesktopSettings {
        DesktopSettings {
            start_at_login: self.start_at_login.unwrap_or(old.start_at_login),
            notifications: self.notifications.unwrap_or(old.notifications),
            notification_trouble: self.notification_trouble.unwrap_or(old.notification_trouble),
            language: self.language.unwrap_or(old.language),
        }
    }
}

/// The file they are kept in.
#[derive(Clone, Debug)]
pub struct Settings(PathBuf);

impl Settings {
    /// Those in `folder`.
    pub fn of(folder: &Path) -> Self {
        Self(folder.join("desktop.json"))
    }

    /// Where they are.
    pub fn file(&self) -> &Path {
        &self.0
    }

    /// What they are. A file that cannot be read is as good as none.
    pub fn load(&self) -> DesktopSettings {
        let read = || -> io::Result<_> { Ok(serde_json::from_slice(&fs::read(&self.0)?)?) };
        read().unwrap_or_else(|error| {
            if error.kind() != io::ErrorKind::NotFound {
                tracing::warn!(%error, file = %self.0.display(), "the settings of this desktop cannot be read");
            }
            DesktopSettings::default()
        })
    }

    /// Changes them and returns what they are now. A reader never sees half a file.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn change(&self, change: Change) -> io::Result<DesktopSettings> {
        let old = self.load();
        let new = change.made_to(old.clone());
        if new != old || !self.0.exists() {
            let beside = self.0.with_extension(format!("json.{}", std::process::id()));
            fs::write(&beside, serde_json::to_vec_pretty(&new)?)?;
            estatus_access::replace(&beside, &self.0)?;
        }
        Ok(new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_changed_stays() {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings::of(folder.path());
        assert_eq!(settings.load(), DesktopSettings::default());
        let trouble = Change { notification_trouble: Some(Some("none".to_owned())), ..Change::default() };
        settings.change(trouble).unwrap();
        let spanish: Change = serde_json::from_str(r#"{"language":"es","notification_trouble":"mine"}"#).unwrap();
        let now = settings.change(spanish).unwrap();
        let expected = DesktopSettings {
            notification_trouble: Some("none".to_owned()),
            language: Language::Es,
            ..DesktopSettings::default()
        };
        assert_eq!((&now, &settings.load()), (&expected, &expected));
    }

    #[test]
    fn a_file_that_cannot_be_read_is_as_good_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings::of(folder.path());
        for broken in ["", "{", "[]", r#"{"language":"tlh"}"#] {
            fs::write(settings.file(), broken).unwrap();
            assert_eq!(settings.load(), DesktopSettings::default(), "{broken}");
        }
        fs::write(settings.file(), r#"{"notifications":false,"from_a_later_version":1}"#).unwrap();
        assert_eq!(settings.load(), DesktopSettings { notifications: false, ..DesktopSettings::default() });
    }

    #[test]
    fn the_systems_language_holds_where_none_is_chosen() {
        let check = |language: Language, locale, spanish| {
            assert_eq!(language.is_spanish(locale), spanish, "{language:?} {locale:?}");
        };
        check(Language::System, Some("es_MX"), true);
        check(Language::System, Some("ES-es"), true);
        check(Language::System, Some("en_GB"), false);
        check(Language::System, Some("C"), false);
        check(Language::System, None, false);
        check(Language::En, Some("es_MX"), false);
        check(Language::Es, Some("en_GB"), true);
    }

    #[tokio::test]
    async fn whoever_watches_the_file_is_told_of_a_change() {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings::of(folder.path());
        let mut changes = estatus_engine::file_changes(settings.file().to_owned());
        // The watch begins at some time; until then a change is not seen.
        let told = async {
            loop {
                let off = !settings.load().notifications;
                settings.change(Change { notifications: Some(off), ..Change::default() }).unwrap();
                if tokio::time::timeout(std::time::Duration::from_millis(500), changes.recv()).await.is_ok() {
                    return;
                }
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), told).await.unwrap();
    }
}
