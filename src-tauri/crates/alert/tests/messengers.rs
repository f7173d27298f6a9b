//! Deliveries to chats and to services that push to phones: the exact request that each documents, at a web server on
//! loopback.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by them")]

mod support;

use std::time::Duration;

use estatus_core::{
    config::{Channel, Language, Receiver, WebhookChannel, WebhookUrl},
    ids::MessageId,
    incident::{DeliveryResult, Incident, Message, News},
};
use serde_json::{Value, json};
use support::{
    alert, closed_incident, courier_with, failure,
    flows::told,
    incident, message, portfolio, secret, warning,
    web::{Web, answer},
    words,
};
use url::Url;

const BOT: &str = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";

fn down() -> Message {
    message(41, vec![portfolio(News::Down { incident: incident() })])
}

/// The end of what `down` was.
fn up() -> Message {
    let mut up = message(58, vec![portfolio(News::Recovered { incident: closed_incident() })]);
    up.answers = vec![MessageId(41)];
    up
}

/// A message that is longer than anything takes.
fn long() -> Message {
    message(60, vec![told(&"🔥 ñandú\n".repeat(5000))])
}

const DOWN_TITLE: &str =
    "[Down] portfolio (https://isaac-bh.github.io/): status 503 Service Unavailable, expected 200-299";

async fn deliver(receiver: Receiver, url: &Url, told: &Message) -> DeliveryResult {
    let courier =
        courier_with([("TOKEN", format!("{BOT}\n")), ("URL", url.to_string()), ("NO_URL", "T0K3N".to_owned())]);
    let channel = Channel::Webhook(WebhookChannel { receiver, timeout: Duration::from_secs(20) });
    courier.deliver(&channel, told, &words(Language::English)).await
}

/// What arrives where `receiver` makes a receiver of a server's address.
async fn arrives(receiver: impl Fn(&Url) -> Receiver, told: &Message) -> (String, Value) {
    let web = Web::start(answer("200 OK", "", "ok")).await;
    assert_eq!(deliver(receiver(&web.url), &web.url, told).await, DeliveryResult::Delivered);
    let (head, body) = web.request().await;
    assert!(head.to_lowercase().contains("\r\ncontent-type: application/json\r\n"), "{head}");
    (head, serde_json::from_str(&body).unwrap())
}

/// The address of the server of `url`.
fn server(url: &Url) -> Url {
    url.join("/").unwrap()
}

fn telegram(url: &Url) -> Receiver {
    Receiver::Telegram { server: server(url), token: secret("TOKEN"), chat: "-1001234567890".to_owned() }
}

fn discord(_: &Url) -> Receiver {
    Receiver::Discord { url: secret("URL") }
}

fn slack(_: &Url) -> Receiver {
    Receiver::Slack { url: secret("URL") }
}

fn teams(_: &Url) -> Receiver {
    Receiver::Teams { url: secret("URL") }
}

fn ntfy(url: &Url) -> Receiver {
    Receiver::Ntfy { server: server(url), topic: "my-alerts".to_owned(), token: None }
}

fn gotify(url: &Url) -> Receiver {
    Receiver::Gotify { server: server(url), token: secret("TOKEN") }
}

/// The text of a message: its title first, and nothing of a mail's signature.
#[track_caller]
fn is_whole(text: &Value, mark: &str, title: &str) {
    let text = text.as_str().unwrap();
    assert!(text.starts_with(&format!("{mark} {title}")), "{text}");
    assert!(text.contains("\n\nportfolio is ") && !text.contains("-- "), "{text}");
    assert!(text.contains("Back soon"), "{text}");
}

#[tokio::test]
async fn a_bot_of_telegram_sends_a_message_to_its_chat() {
    let (head, body) = arrives(telegram, &down()).await;
    assert!(head.starts_with(&format!("POST /bot{BOT}/sendMessage HTTP/1.1\r\n")), "{head}");
    is_whole(&body["text"], "🔴", DOWN_TITLE);
    let expected =
        json!({ "chat_id": "-1001234567890", "text": body["text"], "link_preview_options": { "is_disabled": true } });
    assert_eq!(body, expected);
    is_whole(&arrives(telegram, &up()).await.1["text"], "🟢", "[Up again after 5 min 3 s] portfolio");
}

#[tokio::test]
async fn a_webhook_of_discord_gets_content_that_mentions_nobody() {
    let (head, body) = arrives(discord, &down()).await;
    assert!(head.starts_with("POST /hooks/T0K3N-in-the-path HTTP/1.1\r\n"), "{head}");
    is_whole(&body["content"], "🔴", &DOWN_TITLE.replace('[', "\\["));
    assert_eq!(body, json!({ "content": body["content"], "allowed_mentions": { "parse": [] } }));
}

#[tokio::test]
async fn a_webhook_of_slack_gets_a_text_in_which_nothing_is_markup() {
    let (_, body) = arrives(slack, &down()).await;
    let text = body["text"].as_str().unwrap();
    assert!(text.contains("| &lt;h1&gt;Back soon&lt;/h1&gt;\n  | Try again &amp; again."), "{text}");
    is_whole(&body["text"], "🔴", DOWN_TITLE);
    assert_eq!(body, json!({ "text": text, "mrkdwn": false }));
}

#[tokio::test]
async fn a_workflow_of_teams_gets_an_adaptive_card() {
    let (_, body) = arrives(teams, &down()).await;
    let blocks = body["attachments"][0]["content"]["body"].as_array().unwrap();
    let lines: Vec<&str> = blocks[1..].iter().map(|block| block["inlines"][0]["text"].as_str().unwrap()).collect();
    assert!(lines[0].starts_with("portfolio is down") && lines.contains(&"  | <h1>Back soon</h1>"), "{lines:?}");
    let title =
        json!({ "type": "TextRun", "text": DOWN_TITLE, "weight": "Bolder", "size": "Medium", "color": "Attention" });
    assert_eq!(blocks[0], json!({ "type": "RichTextBlock", "inlines": [title] }));
    for (block, line) in blocks[1..].iter().zip(&lines) {
        let spacing = &block["spacing"];
        assert!(*spacing == "Default" || *spacing == "None", "{block}");
        let inlines = json!([{ "type": "TextRun", "text": line }]);
        assert_eq!(*block, json!({ "type": "RichTextBlock", "spacing": spacing, "inlines": inlines }));
    }
    let expected = json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "body": blocks,
            },
        }],
    });
    assert_eq!(body, expected);
    let up = arrives(teams, &up()).await.1;
    assert_eq!(up["attachments"][0]["content"]["body"][0]["inlines"][0]["color"], "Good");
}

/// What a name, an address and a target say is shown as it is, whatever it would stand for.
#[tokio::test]
async fn a_name_is_shown_as_it_is_whatever_would_be_markup_in_it() {
    const NAME: &str = "a_b_c *x* [y](z) `q` ~s~";
    let failed = Incident { monitor: NAME.into(), ..incident() };
    let told = message(41, vec![alert(NAME, "https://example.com/*a*_b_", News::Down { incident: failed })]);
    let title = format!("[Down] {NAME} (https://example.com/*a*_b_): status 503 Service Unavailable, expected 200-299");
    let begins = |text: &Value, expected: &str| {
        let text = text.as_str().unwrap();
        assert!(text.starts_with(&format!("🔴 {expected}\n\n")), "{text}");
    };
    let (_, body) = arrives(telegram, &told).await;
    begins(&body["text"], &title);
    assert_eq!(body["parse_mode"], Value::Null, "without one nothing is markup");
    let escaped = title.replace(NAME, r"a\_b\_c \*x\* \[y](z) \`q\` \~s\~").replace("[Down]", r"\[Down]");
    begins(&arrives(discord, &told).await.1["content"], &escaped);
    let (_, body) = arrives(slack, &told).await;
    begins(&body["text"], &title);
    assert_eq!(body["mrkdwn"], false);
    let card = arrives(teams, &told).await.1;
    let shown = json!({ "type": "TextRun", "text": title, "weight": "Bolder", "size": "Medium", "color": "Attention" });
    assert_eq!(card["attachments"][0]["content"]["body"][0]["inlines"], json!([shown]));
    let (_, body) = arrives(ntfy, &told).await;
    assert_eq!((&body["title"], &body["markdown"]), (&json!(title), &Value::Null));
    let (_, body) = arrives(gotify, &told).await;
    assert_eq!((&body["title"], &body["extras"]), (&json!(title), &Value::Null));
}

#[tokio::test]
async fn a_topic_of_ntfy_gets_json_at_the_root_of_its_server() {
    let (head, body) = arrives(ntfy, &down()).await;
    assert!(head.starts_with("POST / HTTP/1.1\r\n") && !head.to_lowercase().contains("authorization"), "{head}");
    let expected = json!({
        "topic": "my-alerts",
        "title": DOWN_TITLE,
        "message": body["message"],
        "priority": 4,
        "tags": ["rotating_light"],
    });
    assert_eq!(body, expected);
    let with_token =
        |url: &Url| Receiver::Ntfy { server: server(url), topic: "t".to_owned(), token: Some(secret("TOKEN")) };
    let (head, body) = arrives(with_token, &up()).await;
    assert!(
        head.lines().any(|line| line.to_lowercase() == format!("authorization: bearer {}", BOT.to_lowercase())),
        "{head}"
    );
    assert_eq!((&body["priority"], &body["tags"]), (&json!(3), &json!(["white_check_mark"])));
}

#[tokio::test]
async fn an_application_of_gotify_says_who_it_is_in_a_header() {
    let (head, body) = arrives(gotify, &down()).await;
    assert!(head.starts_with("POST /message HTTP/1.1\r\n"), "{head}");
    assert!(head.lines().any(|line| line.to_lowercase() == format!("x-gotify-key: {}", BOT.to_lowercase())), "{head}");
    assert_eq!(body, json!({ "title": DOWN_TITLE, "message": body["message"], "priority": 8 }));
    let below = |url: &Url| Receiver::Gotify { server: url.join("/push/").unwrap(), token: secret("TOKEN") };
    let (head, body) = arrives(below, &up()).await;
    assert!(head.starts_with("POST /push/message HTTP/1.1\r\n"), "{head}");
    assert_eq!(body["priority"], 4);
}

#[tokio::test]
async fn a_webhook_can_be_at_an_address_that_is_a_secret() {
    let json = |_: &Url| Receiver::Json {
        url: WebhookUrl::Secret(secret("URL")),
        headers: Vec::new(),
        secret_headers: Vec::new(),
        template: None,
    };
    let (head, body) = arrives(json, &down()).await;
    assert!(head.starts_with("POST /hooks/T0K3N-in-the-path HTTP/1.1\r\n"), "{head}");
    assert_eq!(body["subject"], DOWN_TITLE);
}

#[tokio::test]
async fn what_is_too_long_is_cut_and_not_refused() {
    let characters = |text: &Value| text.as_str().unwrap().encode_utf16().count();
    let told = long();
    assert_eq!(characters(&arrives(telegram, &told).await.1["text"]), 4096);
    assert_eq!(characters(&arrives(discord, &told).await.1["content"]), 2000);
    assert!(characters(&arrives(slack, &told).await.1["text"]) <= 4000);
    let message = arrives(ntfy, &told).await.1["message"].clone();
    assert!((4000..=4096).contains(&message.as_str().unwrap().len()));
    let card = arrives(teams, &told).await.1;
    assert!(card.to_string().len() < 28 * 1024, "{}", card.to_string().len());
}

#[tokio::test]
async fn several_at_once_and_reminders_are_one_text_too() {
    let told = message(59, vec![portfolio(News::Recovered { incident: closed_incident() }), warning()]);
    let (_, body) = arrives(telegram, &told).await;
    let text = body["text"].as_str().unwrap();
    assert!(text.starts_with("🔴 [1 with a warning, 1 up again] portfolio\n\n1 with a warning"), "{text}");
    let again = message(60, vec![portfolio(News::Reminder { incident: incident() })]);
    let (_, body) = arrives(discord, &again).await;
    assert!(body["content"].as_str().unwrap().starts_with("🔴 \\[Still down"), "{body}");
}

#[tokio::test]
async fn a_refusal_is_explained_without_the_secret() {
    let check = async |receiver: fn(&Url) -> Receiver, said: &str, expected: &str| {
        let web = Web::start(answer("401 Unauthorized", "", said)).await;
        let (url, server) = (web.url.clone(), web.url.authority().to_owned());
        let (error, perhaps_received, permanent) = failure(deliver(receiver(&url), &url, &down()).await);
        assert_eq!(error, expected.replace("SERVER", &server));
        assert_eq!((perhaps_received, permanent), (false, true));
        web.request().await;
    };
    let settings = "check the settings of the channel email";
    check(
        telegram,
        &format!("{{\"description\":\"no bot {BOT}\"}}"),
        &format!("SERVER refused the message with 401 Unauthorized: {{\"description\":\"no bot ***\"}}: {settings}"),
    )
    .await;
    check(
        discord,
        "nothing at hooks/T0K3N-in-the-path",
        &format!("SERVER refused the message with 401 Unauthorized: nothing at ***: {settings}"),
    )
    .await;
    check(
        gotify,
        &format!("who is {BOT}?"),
        &format!("SERVER refused the message with 401 Unauthorized: who is ***?: {settings}"),
    )
    .await;
}

#[tokio::test]
async fn a_secret_that_is_missing_or_no_address_is_told_before_anything_is_sent() {
    let nowhere: Url = "http://127.0.0.1:1/".parse().unwrap();
    let check = async |place: &str, expected: &str, permanent: bool| {
        let result = deliver(Receiver::Slack { url: secret(place) }, &nowhere, &down()).await;
        assert_eq!(failure(result), (expected.to_owned(), false, permanent));
    };
    check("NOWHERE", "a secret of the channel email is not available: the variable NOWHERE is not set: set it", false)
        .await;
    check(
        "NO_URL",
        "the secret in which the URL of the channel email is kept holds no http or https URL: enter it again",
        true,
    )
    .await;
}
