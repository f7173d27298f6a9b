//! “Este programa verifica que un servicio web esté disponible.”
//!
//! The author asks for a page every hour by a script under the Windows task scheduler. When the status code is not
//! within 200 to 299, the script logs in to a mail server over STARTTLS and sends an HTML mail with the URL, the code,
//! and the date and time. At the end he wishes for figures of performance, and not only whether it works at one moment.

use estatus_tests::{Estatus, MailServer, Site, eventually};
use jiff::Timestamp;
use mail_parser::HeaderValue;

#[test]
fn a_web_service_is_watched_unattended_and_its_author_is_told_by_mail() {
    let site = Site::start();
    let mail = MailServer::start();
    let url = site.url();
    // The author's hour is a second here.
    let config = format!(
        "language = \"es\"\nzone = \"America/Mexico_City\"\n{}\n[alerts]\nmerge_within = \"100ms\"\n\
         [[monitor]]\nname = \"portfolio\"\nhttp = \"{url}\"\nevery = \"1s\"\nretry_every = \"1s\"\n\
         accept = [\"200-299\"]\n",
        mail.table()
    );
    let mut estatus = Estatus::new(&config)
        .with_env("SMTP_PASSWORD", MailServer::PASSWORD)
        .with_env("SSL_CERT_FILE", mail.authority());

    let tested = estatus.say(&["email", "test"]);
    assert_eq!(tested.code, 0, "{tested:?}");
    assert!(mail.next().message().subject().is_some());

    estatus.start();
    estatus.wait_for("portfolio", "up");
    assert!(mail.rest().is_empty());

    let broken_at = Timestamp::now();
    site.break_it();
    let down = mail.next();
    assert!(down.tls);
    assert_eq!(down.login.as_deref(), Some(MailServer::USER));
    assert_eq!(down.to, ["destinatario@mail.com"]);
    let message = down.message();
    let html = message.body_html(0).expect("an HTML part").into_owned();
    let text = message.body_text(0).expect("a text part").into_owned();
    let monitor = estatus.wait_for("portfolio", "down");
    let incident = &estatus.json(&["incidents"])[0];
    let opened: Timestamp = incident["opened"].as_str().unwrap().parse().unwrap();
    assert!(opened >= broken_at);
    // The date and time of the detection, on the author's clock.
    let detected = opened.in_tz("America/Mexico_City").unwrap().strftime("%Y-%m-%d %H:%M:%S").to_string();
    for part in [&html, &text] {
        for said in [url.trim_end_matches('/'), "503", "200-299", &detected] {
            assert!(part.contains(said), "“{said}” is not in {part}");
        }
    }
    let subject = message.subject().unwrap();
    assert!(subject.contains("portfolio") && subject.contains("503"), "{subject}");
    assert!(!html.contains("http-equiv") && !html.contains("<img"), "nothing remote is shown");
    assert_eq!(monitor["last"]["verdict"], "down");

    site.mend();
    let up = mail.next();
    let message = up.message();
    assert_eq!(message.in_reply_to(), &HeaderValue::Text(down.id().into()), "the recovery answers the same thread");
    estatus.wait_for("portfolio", "up");
    let incident = eventually("the incident is told to be over", || {
        let incident = estatus.json(&["incidents"])[0].clone();
        let delivered = |alert: &serde_json::Value| alert["delivery"]["state"] == "delivered";
        incident["alerts"].as_array().unwrap().iter().all(delivered).then_some(incident)
    });
    assert!(incident["closed"].is_string());
    let news: Vec<_> = incident["alerts"].as_array().unwrap().iter().map(|alert| alert["news"].clone()).collect();
    assert_eq!(news, ["down", "recovered"]);
    assert!(mail.rest().is_empty(), "one mail when it breaks, one when it is well again, no more");

    let history = estatus.json(&["history", "portfolio", "--since", "1h"]);
    let uptime = history["uptime"].as_f64().unwrap();
    assert!(0.0 < uptime && uptime < 1.0, "{history}");
    let [p50, p95, p99] = ["p50_ms", "p95_ms", "p99_ms"].map(|key| history[key].as_f64().unwrap());
    assert!(0.0 < p50 && p50 <= p95 && p95 <= p99, "{history}");
    assert!(!history["points"].as_array().unwrap().is_empty());
}
