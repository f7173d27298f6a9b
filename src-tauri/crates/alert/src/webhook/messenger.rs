//! Messages as chats and services that push to phones take them.
//!
//! What is too long for one of them is cut, never refused. Names, addresses and what targets say are shown as they are, whatever
//! stands for bold or a link where they are shown.

use estatus_core::outside::cut;
use serde_json::{Value, json};

use super::markdown;
use crate::payload::Payload;

/// So many bytes of a card are its text: with the rest of it, it stays below what Teams takes.
const CARD_TEXT: usize = 24 * 1024;

/// A message for people who read it on a phone.
struct Brief<'a> {
    /// All of it in one line.
    title: &'a str,
    /// The rest of it.
    text: &'a str,
    bad: bool,
}

impl<'a> Brief<'a> {
    /// `payload` without what only a mail needs: the mark of an answer, and the signature (RFC 3676, section 4.3).
    fn of(payload: &'a Payload) -> Self {
        let title = payload.subject.strip_prefix("Re: ").unwrap_or(&payload.subject);
        let text = payload.text.rsplit_once("\n-- \n").map_or(&*payload.text, |(text, _)| text);
        Self { title, text: text.trim_end(), bad: payload.bad }
    }

    fn mark(&self) -> &'static str {
        if self.bad { "🔴" } else { "🟢" }
    }

    /// The title and the rest as one text.
    fn whole(&self) -> String {
        format!("{} {}\n\n{}", self.mark(), self.title, self.text)
    }
}

/// For `sendMessage` of a bot: at most 4,096 characters (<https://core.telegram.org/bots/api#sendmessage>).
pub(super) fn telegram(chat: &str, payload: &Payload) -> Value {
    let text = short(&Brief::of(payload).whole(), 4096);
    // A target that is down is nothing to look into for a picture.
    json!({ "chat_id": chat, "text": text, "link_preview_options": { "is_disabled": true } })
}

/// For a webhook: at most 2,000 characters (<https://discord.com/developers/docs/resources/webhook#execute-webhook>).
pub(super) fn discord(payload: &Payload) -> Value {
    let content = short(&markdown::escaped(&Brief::of(payload).whole()), 2000);
    // What a target says calls nobody.
    json!({ "content": content, "allowed_mentions": { "parse": [] } })
}

/// For an incoming webhook (<https://api.slack.com/messaging/webhooks>): best no more than 4,000 characters, and with three
/// of them escaped (<https://api.slack.com/reference/surfaces/formatting#escaping>). Without `mrkdwn` nothing else is markup
/// (<https://api.slack.com/reference/messaging/payload>).
pub(super) fn slack(payload: &Payload) -> Value {
    let text = short(&Brief::of(payload).whole(), 4000);
    json!({ "text": text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"), "mrkdwn": false })
}

/// For a workflow that posts when a webhook request is received: an adaptive card, in no more than 28 KB
/// (<https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using>). A `TextBlock` would
/// be read as Markdown, whose escapes some of its readers show; a `TextRun` is shown as it is
/// (<https://learn.microsoft.com/adaptive-cards/schema-explorer/text-run>).
pub(super) fn teams(payload: &Payload) -> Value {
    let brief = Brief::of(payload);
    let color = if brief.bad { "Attention" } else { "Good" };
    let title = short(brief.title, 500);
    let title = json!({ "type": "TextRun", "text": title, "weight": "Bolder", "size": "Medium", "color": color });
    let mut body = vec![json!({ "type": "RichTextBlock", "inlines": [title] })];
    body.extend(paragraphs(&short(brief.text, 8000)));
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "body": body,
            },
        }],
    })
}

/// `text` in a card, each line a paragraph, as line ends within one count for nothing; as much of it as there is room for.
fn paragraphs(text: &str) -> Vec<Value> {
    let (mut paragraphs, mut room) = (Vec::new(), CARD_TEXT);
    let mut spacing = "Default";
    for line in text.lines() {
        if line.trim().is_empty() {
            spacing = "Default";
            continue;
        }
        let whole = paragraph(line, spacing);
        let Some(left) = room.checked_sub(whole.to_string().len() + 1) else {
            paragraphs.push(paragraph("…", spacing));
            break;
        };
        paragraphs.push(whole);
        (room, spacing) = (left, "None");
    }
    paragraphs
}

fn paragraph(text: &str, spacing: &str) -> Value {
    json!({ "type": "RichTextBlock", "spacing": spacing, "inlines": [{ "type": "TextRun", "text": text }] })
}

/// For the root of a server, as JSON (<https://docs.ntfy.sh/publish/#publish-as-json>). What is longer than 4,096 bytes becomes
/// an attachment (<https://docs.ntfy.sh/publish/#limitations>).
pub(super) fn ntfy(topic: &str, payload: &Payload) -> Value {
    let brief = Brief::of(payload);
    let (priority, tag) = if brief.bad { (4, "rotating_light") } else { (3, "white_check_mark") };
    json!({
        "topic": topic,
        "title": short(brief.title, 250),
        "message": cut(brief.text.to_owned(), 4096),
        "priority": priority,
        "tags": [tag],
    })
}

/// For `POST /message` (<https://gotify.net/api-docs#/message/createMessage>); from priority 8 on its app makes itself heard.
pub(super) fn gotify(payload: &Payload) -> Value {
    let brief = Brief::of(payload);
    let priority = if brief.bad { 8 } else { 4 };
    json!({ "title": short(brief.title, 250), "message": short(brief.text, 8000), "priority": priority })
}

/// At most 250 characters of title and 1,024 of message (<https://pushover.net/api#limits>). Priority 1 goes through the
/// quiet hours that somebody has set there.
pub(super) fn pushover(token: &str, user: &str, payload: &Payload) -> Value {
    let brief = Brief::of(payload);
    json!({
        "token": token,
        "user": user,
        "title": short(brief.title, 250),
        "message": short(brief.text, 1024),
        "priority": i32::from(brief.bad),
    })
}

/// `text`, cut to `most` characters, as UTF-16 counts them: nobody counts more.
fn short(text: &str, most: usize) -> String {
    if text.encode_utf16().count() <= most {
        return text.to_owned();
    }
    let mut room = most.saturating_sub(1);
    let fits = |letter: &char| {
        let left = room.checked_sub(letter.len_utf16());
        room = left.unwrap_or_default();
        left.is_some()
    };
    let mut kept: String = text.chars().take_while(fits).collect();
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests {
    use estatus_core::config::Language;

    use super::*;

    fn payload(text: String, bad: bool) -> Payload {
        Payload {
            message_id: "estatus-k3v9-41".to_owned(),
            channel: "phone".to_owned(),
            language: Language::English,
            created: "2026-03-01T18:00:07Z".parse().unwrap_or_default(),
            answers: Vec::new(),
            subject: "Re: [Down] portfolio".to_owned(),
            text,
            bad,
            alerts: Vec::new(),
        }
    }

    #[test]
    fn pushover_gets_who_is_told_with_the_message() {
        let told = payload("portfolio is down.\n\n-- \nSent by Estatus.".to_owned(), true);
        let expected = json!({
            "token": "azGDORePK8gMaC0QOYAMyEEuzJnyUi",
            "user": "uQiRzpo4DXghDmr9QzzfQu27cmVRsG",
            "title": "[Down] portfolio",
            "message": "portfolio is down.",
            "priority": 1,
        });
        assert_eq!(pushover("azGDORePK8gMaC0QOYAMyEEuzJnyUi", "uQiRzpo4DXghDmr9QzzfQu27cmVRsG", &told), expected);
        let long = pushover("a", "u", &payload("ñ".repeat(5000), false));
        assert_eq!(
            (long["message"].as_str().map(|text| text.chars().count()), &long["priority"]),
            (Some(1024), &json!(0))
        );
    }

    #[test]
    fn a_text_is_cut_between_its_characters() {
        let check = |text: &str, most: usize, expected: &str| assert_eq!(short(text, most), expected);
        check("abc", 3, "abc");
        check("abcd", 3, "ab…");
        check("🔥🔥", 4, "🔥🔥");
        check("🔥🔥🔥", 4, "🔥…");
        check("🔥🔥🔥", 5, "🔥🔥…");
    }
}
