//! A notification as Windows takes it: a document, and the tag by which a newer one takes its place.

use estatus_core::stable_name::stable_name;

use crate::{
    desktop::{About, Notification},
    links::Links,
};

/// So many buttons have room.
const BUTTONS: usize = 5;
/// So many characters may a tag have.
const TAG: usize = 64;

/// A notification for Windows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Toast {
    pub(crate) tag: String,
    pub(crate) xml: String,
}

impl Toast {
    /// The one for this. It stays on the screen for a while, a longer one if it is urgent, and then among all others in the
    /// notification centre: one that waited there for somebody would keep all that come after it from being seen.
    pub(crate) fn of(notification: &Notification, links: &Links) -> Self {
        let duration = if notification.urgent { "long" } else { "short" };
        let link = |action| escaped(&links.to(action));
        let buttons: String = notification
            .buttons
            .iter()
            .take(BUTTONS)
            .map(|button| {
                let (text, link) = (escaped(&button.text), link(&button.action));
                format!(r#"<action activationType="protocol" content="{text}" arguments="{link}"/>"#)
            })
            .collect();
        let (title, body, click) =
            (escaped(&notification.title), escaped(&notification.body), link(&notification.click));
        let body = if body.is_empty() { body } else { format!("<text>{body}</text>") };
        let xml = format!(
            r#"<toast activationType="protocol" launch="{click}" duration="{duration}"><visual><binding template="ToastGeneric"><text>{title}</text>{body}</binding></visual><actions>{buttons}</actions></toast>"#
        );
        Self { tag: tag(&notification.about), xml }
    }
}

/// What a notification about this is replaced and taken away by.
pub(crate) fn tag(about: &About) -> String {
    match about {
        About::Incident(id) => format!("incident {}", id.0),
        About::Program(name) => stable_name(&format!("program {name}"), TAG / 2),
        About::Flow(name) => stable_name(&format!("flow {name}"), TAG / 2),
        About::Fleet(name) => stable_name(&format!("fleet {name}"), TAG / 2),
        About::Question(run, place) => format!("question {run} {place}"),
        About::Many => "many".to_owned(),
        About::Meanwhile => "meanwhile".to_owned(),
        About::Failure => "failure".to_owned(),
    }
}

/// Text in which there is no markup, and nothing that a document may not have.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(char),
            '\u{fffe}' | '\u{ffff}' => {}
            _ if char.is_control() => {}
            _ => escaped.push(char),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use estatus_core::ids::{IncidentId, RunId};

    use super::*;
    use crate::desktop::{Action, Button, Icon, Page};

    fn notification() -> Notification {
        Notification {
            about: About::Incident(IncidentId(7)),
            icon: Icon::Down,
            title: "web is down".to_owned(),
            body: "connection refused\nSince 14:02.".to_owned(),
            urgent: false,
            click: Action::Open(Page::Incident(IncidentId(7))),
            buttons: vec![Button { text: "Restart vite".to_owned(), action: Action::Restart("vite".into()) }],
        }
    }

    fn toast(change: impl FnOnce(&mut Notification)) -> Toast {
        let mut changed = notification();
        change(&mut changed);
        Toast::of(&changed, &Links::new("estatus".to_owned(), "5ec7e7".to_owned()))
    }

    #[test]
    fn a_toast_says_what_the_notification_says_and_its_buttons_are_links() {
        let Toast { tag, xml } = toast(|_| {});
        assert_eq!(tag, "incident 7");
        let expected = [
            r#"<toast activationType="protocol" launch="estatus:open?page=incident%2F7&amp;key=5ec7e7" duration="short">"#,
            r#"<visual><binding template="ToastGeneric"><text>web is down</text>"#,
            "<text>connection refused\nSince 14:02.</text></binding></visual>",
            r#"<actions><action activationType="protocol" content="Restart vite" "#,
            r#"arguments="estatus:restart?program=vite&amp;key=5ec7e7"/></actions></toast>"#,
        ];
        assert_eq!(xml, expected.concat());
    }

    #[test]
    fn an_urgent_one_is_shown_longer_and_does_not_wait_for_anybody() {
        let xml = toast(|it| it.urgent = true).xml;
        assert!(xml.contains(r#"duration="long""#) && !xml.contains("scenario"), "{xml}");
    }

    #[test]
    fn no_text_becomes_markup_or_breaks_the_document() {
        let xml = toast(|it| {
            it.title = "a <b> & \"c\"\u{1b}\u{0}\u{ffff}".to_owned();
            it.body = "</text><action content='x'/>".to_owned();
            it.buttons[0].text = "\"/><evil a=\"".to_owned();
        })
        .xml;
        assert!(xml.contains("<text>a &lt;b&gt; &amp; &quot;c&quot;</text>"), "{xml}");
        assert!(xml.contains("<text>&lt;/text&gt;&lt;action content='x'/&gt;</text>"), "{xml}");
        assert!(xml.contains(r#"content="&quot;/&gt;&lt;evil a=&quot;" "#), "{xml}");
    }

    #[test]
    fn there_is_no_empty_line_and_no_button_too_many() {
        let xml = toast(|it| {
            it.body.clear();
            it.buttons = vec![it.buttons[0].clone(); 9];
        })
        .xml;
        assert_eq!((xml.matches("<text>").count(), xml.matches("<action ").count()), (1, BUTTONS));
    }

    #[test]
    fn every_tag_is_short_enough() {
        let check = |about: About, expected: &str| assert_eq!(tag(&about), expected);
        check(About::Many, "many");
        check(About::Question(RunId(31), 2), "question 31 2");
        let of = |name: &str| tag(&About::Program(name.into()));
        assert!(of("web").starts_with("program-web-"), "{}", of("web"));
        assert!(tag(&About::Flow("web".into())).starts_with("flow-web-"));
        let long = of(&"😀".repeat(99));
        assert!(long.encode_utf16().count() <= TAG, "{long}");
        assert_ne!(of("customer-portal-backend-staging"), of("customer-portal-backend-production"));
    }
}
