//! Links that do something, for the notifications of a desktop that can only follow links: they are followed by starting
//! Estatus, so that they do what they say whether it runs or not.
//!
//! Anybody can put such a link into a web page. Only one that has the key of this data folder does more than to show the
//! window.

use std::path::Path;

use estatus_config::places;
use estatus_core::{ids::RunId, stable_name::fnv1a};
use url::{Url, form_urlencoded::Serializer};

use crate::{
    desktop::{Action, Page},
    span::Span,
};

/// What all links begin with.
const SCHEME: &str = "estatus";

/// What the links of a desktop's folder begin with. Each folder has its own, by which the tray of that folder is started; that of
/// the user's own is the short one.
pub(crate) fn scheme(folder: &Path) -> String {
    // However it is written, it is one folder.
    let written = |folder: &Path| folder.display().to_string().to_lowercase();
    let written_so = written(folder);
    if places::own_data_folder().is_ok_and(|own| written(&own) == written_so) {
        SCHEME.to_owned()
    } else {
        format!("{SCHEME}-{:016x}", fnv1a(written_so.as_bytes()))
    }
}

/// Makes the links of a desktop's folder, and knows them again.
#[derive(Clone, Debug)]
pub(crate) struct Links {
    scheme: String,
    key: String,
}

impl Links {
    /// Those that begin with this scheme and have this key.
    pub(crate) fn new(scheme: String, key: String) -> Self {
        Self { scheme, key }
    }

    /// The link that does this. What notifications do not offer has none of its own, and shows the window.
    pub(crate) fn to(&self, action: &Action) -> String {
        let mut query = Serializer::new(String::new());
        match action {
            Action::Open(page) => drop(query.append_pair("page", &page.to_string())),
            Action::Restart(program) => drop(query.append_pair("program", program)),
            Action::Acknowledge(monitor) => drop(query.append_pair("monitor", monitor)),
            Action::Answer { run, step, .. } => {
                query.append_pair("run", &run.to_string()).append_pair("step", step);
            }
            Action::Snooze { monitor, span } => {
                query.append_pair("for", word(*span));
                if let Some(monitor) = monitor {
                    query.append_pair("monitor", monitor);
                }
            }
            Action::CheckAll
            | Action::Stop(_)
            | Action::EndSnooze
            | Action::StartAtLogin(_)
            | Action::StartEngine
            | Action::Quit => return self.to(&Action::Open(Page::Overview)),
        }
        format!("{}:{}?{}", self.scheme, action.key(), query.append_pair("key", &self.key).finish())
    }

    /// What the link does.
    pub(crate) fn action(&self, link: &str) -> Action {
        self.read(link).unwrap_or(Action::Open(Page::Overview))
    }

    fn read(&self, link: &str) -> Option<Action> {
        // Whichever tray Windows starts for it, the key tells whose it is.
        let link = Url::parse(link).ok().filter(|link| link.scheme().starts_with(SCHEME))?;
        let value = |name: &str| link.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        if value("key")? != self.key {
            return None;
        }
        let answer = |approved: bool| {
            let run = RunId(value("run")?.parse().ok()?);
            Some(Action::Answer { run, step: value("step")?.into(), approved })
        };
        Some(match link.path() {
            "open" => Action::Open(value("page")?.parse().ok()?),
            "restart" => Action::Restart(value("program")?.into()),
            "acknowledge" => Action::Acknowledge(value("monitor")?.into()),
            "approve" => answer(true)?,
            "deny" => answer(false)?,
            "snooze" => Action::Snooze { monitor: value("monitor").map(Into::into), span: span(&value("for")?)? },
            _ => return None,
        })
    }
}

fn word(span: Span) -> &'static str {
    match span {
        Span::Hour => "hour",
        Span::FourHours => "4-hours",
        Span::Morning => "morning",
        Span::Week => "week",
    }
}

fn span(word: &str) -> Option<Span> {
    Span::ALL.into_iter().find(|span| self::word(*span) == word)
}

#[cfg(test)]
mod tests {
    use estatus_core::ids::IncidentId;

    use super::*;

    fn links() -> Links {
        Links::new(SCHEME.to_owned(), "5ec7e7".to_owned())
    }

    #[test]
    fn each_folder_has_its_own_links_and_that_of_the_user_the_short_ones() {
        assert_eq!(scheme(&places::own_data_folder().unwrap()), SCHEME);
        let (one, other) = (scheme(Path::new("/data/one")), scheme(Path::new("/data/other")));
        assert_ne!(one, other);
        assert_eq!(scheme(Path::new("/Data/One")), one);
        let links = Links::new(one.clone(), "5ec7e7".to_owned());
        let (restart, link) = (Action::Restart("web".into()), links.to(&Action::Restart("web".into())));
        assert!(link.starts_with(&format!("{one}:restart?")), "{link}");
        assert_eq!(links.action(&link), restart);
    }

    #[test]
    fn a_link_does_what_the_button_says_and_is_one_word_without_quotation_marks() {
        let check = |action: Action| {
            let link = links().to(&action);
            assert!(link.chars().all(|char| char.is_ascii_graphic() && char != '"'), "{link}");
            assert_eq!(links().action(&link), action, "{link}");
        };
        check(Action::Open(Page::Incident(IncidentId(7))));
        check(Action::Open(Page::Program("a/b?c=d&key=x#y \"ñ\" %1".into())));
        check(Action::Open(Page::Flow("a/b?c=d&key=x#y \"ñ\" %1".into())));
        check(Action::Open(Page::Run(RunId(31))));
        check(Action::Open(Page::Settings));
        check(Action::Restart("web & \"db\"".into()));
        check(Action::Acknowledge("ñandú".into()));
        for approved in [true, false] {
            check(Action::Answer { run: RunId(31), step: "ask & \"wait\"".into(), approved });
        }
        for span in Span::ALL {
            check(Action::Snooze { monitor: None, span });
            check(Action::Snooze { monitor: Some("m".into()), span });
        }
    }

    #[test]
    fn a_link_that_is_not_ours_shows_the_window_and_nothing_more() {
        let check = |link: &str| assert_eq!(links().action(link), Action::Open(Page::Overview), "{link}");
        check("");
        check("estatus:");
        check("estatus:restart?program=web");
        check("estatus:restart?program=web&key=");
        check("estatus:restart?program=web&key=5ec7e8");
        check("https://restart?program=web&key=5ec7e7");
        check("estatus:quit?key=5ec7e7");
        check("estatus:open?page=https%3A%2F%2Fexample.org&key=5ec7e7");
        check("estatus:snooze?for=ever&key=5ec7e7");
        check("estatus:approve?run=31&step=ask");
        check("estatus:approve?run=x&step=ask&key=5ec7e7");
        check("estatus:deny?run=31&key=5ec7e7");
        check(&Links::new(SCHEME.to_owned(), "another".to_owned()).to(&Action::Restart("web".into())));
        check(&links().to(&Action::Quit));
    }
}
