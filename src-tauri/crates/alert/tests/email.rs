//! What a mail is like that arrives, at a server that we did not write.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by them")]

mod support;

use estatus_core::{
    config::{Channel, EmailSecurity, Language},
    fleet::{Trouble, command::ProviderErrorKind},
    flow::Otherwise,
    ids::MessageId,
    incident::{Alert, DeliveryResult, Health, Incident, Message, News},
    observation::{Cause, Failure, Phase},
    program::{Leftover, ProgramTrouble, StartFailure},
    remedy::{Outcome, RemedyError},
    usage::Measure,
};
use mail_parser::{MessageParser, MimeHeaders as _};
use serde_json::json;
use support::{
    alert, at,
    authority::trusting,
    closed_incident, courier, fleets,
    flows::{
        approval, long_run, not_healed_by_flow, run_crashed, run_failed, run_failed_as_it_was, run_failed_somewhere,
        run_timed_out, run_timed_out_at_no_step, run_undone, suppressed, told as told_by_flow,
    },
    incident, message, portfolio,
    programs::{
        attempt, being_healed, cannot_start, cooling, end, given_up, healed, program, restart, stale, tried,
        web_answers,
    },
    refused,
    smtpd::{Smtpd, Taken, login},
    warning, words,
};

/// What arrives when `message` is told in `language` through a server without TLS.
async fn told(message: &Message, language: Language) -> Taken {
    told_to(&Smtpd::start(json!({})), message, language).await
}

/// The same, where the server is there already.
async fn told_to(server: &Smtpd, message: &Message, language: Language) -> Taken {
    let channel = Channel::Email(server.channel(EmailSecurity::None));
    assert_eq!(courier().deliver(&channel, message, &words(language)).await, DeliveryResult::Delivered);
    server.taken()
}

fn parse(taken: &Taken) -> mail_parser::Message<'_> {
    MessageParser::default().parse(taken.content.as_bytes()).unwrap()
}

/// Subject and text part.
fn readable(taken: &Taken) -> String {
    let mail = parse(taken);
    format!("{}\n\n{}", mail.subject().unwrap(), mail.body_text(0).unwrap().replace("\r\n", "\n"))
}

#[test]
fn it_goes_by_starttls_and_login_to_every_recipient_in_text_and_html() {
    trusting(async |authority| {
        let mut settings = authority.settings("starttls", "sound");
        settings["users"] = json!({ "ejemplo@mail.com": support::PASSWORD });
        let server = Smtpd::start(settings);
        let mut channel = server.channel(EmailSecurity::StartTls);
        channel.login = login();
        channel.to.push("Otra Persona <otra@mail.com>".to_owned());
        let told = message(41, vec![portfolio(News::Down { incident: incident() })]);
        let channel = Channel::Email(channel);
        assert_eq!(courier().deliver(&channel, &told, &words(Language::English)).await, DeliveryResult::Delivered);

        let taken = server.taken();
        assert!(taken.tls);
        assert_eq!(taken.login.as_deref(), Some("ejemplo@mail.com"));
        assert_eq!(taken.from, "ejemplo@mail.com");
        assert_eq!(taken.to, ["destinatario@mail.com", "otra@mail.com"]);
        let mail = parse(&taken);
        assert_eq!(mail.message_id(), Some("estatus-k3v9-41@mail.com"));
        assert_eq!(mail.header_raw("Auto-Submitted").map(str::trim), Some("auto-generated"));
        assert!(mail.date().is_some());
        assert_eq!(mail.to().unwrap().iter().count(), 2);
        assert!(
            mail.content_type()
                .is_some_and(|kind| kind.ctype() == "multipart" && kind.subtype() == Some("alternative"))
        );
        assert_eq!((mail.text_body_count(), mail.html_body_count(), mail.attachment_count()), (1, 1, 0));
        for part in [mail.body_text(0), mail.body_html(0)].map(Option::unwrap) {
            for fact in ["https://isaac-bh.github.io/", "503", "2026-03-01 12:00:00 -06", "portfolio"] {
                assert!(part.contains(fact), "{fact} is not in {part}");
            }
        }
        assert!(taken.content.lines().all(|line| line.len() <= 998));
    });
}

#[test]
fn it_goes_by_implicit_tls() {
    trusting(async |authority| {
        let server = Smtpd::start(authority.settings("implicit", "sound"));
        let channel = Channel::Email(server.channel(EmailSecurity::Tls));
        let told = message(1, vec![refused("web")]);
        assert_eq!(courier().deliver(&channel, &told, &words(Language::English)).await, DeliveryResult::Delivered);
        assert!(server.taken().tls);
    });
}

#[tokio::test]
async fn a_second_try_is_recognised_as_the_same_mail() {
    let told = message(41, vec![portfolio(News::Down { incident: incident() })]);
    let tries = [self::told(&told, Language::English).await, self::told(&told, Language::English).await];
    let [first, second] = tries.each_ref().map(parse);
    assert_eq!(first.message_id(), second.message_id());
    assert_eq!(readable(&tries[0]), readable(&tries[1]));
    assert_eq!(first.body_html(0), second.body_html(0));
}

#[tokio::test]
async fn a_recovery_answers_the_alert() {
    let mut over = message(58, vec![portfolio(News::Recovered { incident: closed_incident() })]);
    over.answers = vec![MessageId(41), MessageId(50)];
    let taken = told(&over, Language::English).await;
    let mail = parse(&taken);
    assert_eq!(mail.in_reply_to().as_text(), Some("estatus-k3v9-50@mail.com"));
    let references = mail.references().as_text_list().unwrap();
    assert_eq!(references, ["estatus-k3v9-41@mail.com", "estatus-k3v9-50@mail.com"]);

    // The base subject of RFC 5256: without `Re:` and leading brackets.
    let base = |subject: &str| subject.split_once("] ").unwrap().1.to_owned();
    let begun = told(&message(41, vec![portfolio(News::Down { incident: incident() })]), Language::English).await;
    assert_eq!(base(mail.subject().unwrap()), base(parse(&begun).subject().unwrap()));
}

#[tokio::test]
async fn of_a_long_conversation_the_first_and_the_last_messages_are_referred_to() {
    let mut late = message(900, vec![portfolio(News::Reminder { incident: incident() })]);
    late.answers = (1..=500).map(MessageId).collect();
    let taken = told(&late, Language::English).await;
    let mail = parse(&taken);
    let references = mail.references().as_text_list().unwrap();
    assert_eq!(references.len(), 20);
    assert_eq!(references[..2], ["estatus-k3v9-1@mail.com", "estatus-k3v9-482@mail.com"]);
    assert_eq!(references[19], "estatus-k3v9-500@mail.com");
}

#[tokio::test]
async fn names_from_outside_can_add_no_header_and_no_markup() {
    let mut told =
        message(1, vec![alert("web\r\nBcc: spy@evil.org", "<script>x</script>", News::Down { incident: incident() })]);
    told.channel = "a\r\nb".to_owned();
    let taken = self::told(&told, Language::English).await;
    let mail = parse(&taken);
    assert!(mail.bcc().is_none());
    assert!(!taken.content.contains("\r\nBcc:"));
    assert_eq!(taken.to, ["destinatario@mail.com"]);
    assert!(mail.subject().unwrap().starts_with("[Down] web Bcc: spy@evil.org (<script>x</script>)"));
    let html = mail.body_html(0).unwrap();
    for markup in ["<script>", "<h1>Back", "src=", "url(", "<link", "<img"] {
        assert!(!html.contains(markup), "{markup} is in {html}");
    }
    assert!(html.contains("&lt;h1&gt;Back soon"));
}

#[tokio::test]
async fn many_alerts_are_counted_in_full_only_as_far_as_a_person_reads() {
    let alerts = (1..=500).map(|number| refused(&format!("server {number}"))).collect();
    let taken = told(&message(1, alerts), Language::English).await;
    let text = readable(&taken);
    assert!(text.starts_with("[500 monitors are down] server 1, server 2, "), "{text}");
    assert!(text.contains("server 50 is down.") && !text.contains("server 51 is down."));
    assert!(text.contains("and 450 more: server 51, server 52, "));
    assert!(taken.content.len() < 200_000);
}

#[tokio::test]
async fn a_test_mail_says_which_settings_work() {
    let server = Smtpd::start(json!({}));
    let channel = server.channel(EmailSecurity::None);
    let courier = courier();
    for _ in 0..2 {
        assert_eq!(
            courier.test("email", &Channel::Email(channel.clone()), &words(Language::Spanish)).await,
            DeliveryResult::Delivered
        );
    }
    let mails = [server.taken(), server.taken()];
    assert_ne!(parse(&mails[0]).message_id(), parse(&mails[1]).message_id());
    let port = channel.server.to_string();
    insta::assert_snapshot!(readable(&mails[0]).replace(&port, "SERVER"));
}

/// What a step says in several lines.
const LINES: &str = "Deploy <b>version 3</b>?\r\n  12 files changed\n\nThe old one stays for a day.\u{7}\n";

/// What EC2 says where it has no room.
const NO_ROOM: &str = "InsufficientInstanceCapacity: We currently do not have sufficient t3.large capacity.";

fn refused_launch() -> Alert {
    let said = "UnauthorizedOperation: You are not authorized to perform this operation. <b>\r\n\u{1b}[0m";
    fleets::cannot_launch(Some(ProviderErrorKind::Credentials), said)
}

fn no_template() -> Alert {
    let said = "the launch template lt-0abc has no version 7";
    fleets::cannot_launch(Some(ProviderErrorKind::Configuration), said)
}

/// Every kind of news alone and in company, in both languages, as the text part and as HTML.
#[tokio::test]
async fn every_kind_of_news_reads_well_in_every_language() {
    let incident = support::incident;
    let flapping = News::Flapping { times: 6, within: std::time::Duration::from_secs(3600), incident: incident() };
    let cases = [
        ("down", vec![portfolio(News::Down { incident: incident() })]),
        ("reminder", vec![portfolio(News::Reminder { incident: incident() })]),
        ("recovered", vec![portfolio(News::Recovered { incident: closed_incident() })]),
        ("flapping", vec![portfolio(flapping)]),
        ("settled up", vec![portfolio(News::Settled { health: Health::Up, incident: Some(closed_incident()) })]),
        ("settled down", vec![portfolio(News::Settled { health: Health::Down, incident: Some(incident()) })]),
        ("warning", vec![warning()]),
        ("three down", vec![refused("a"), refused("b"), refused("c")]),
        ("escalated", vec![web_answers(News::Escalated { incident: given_up() })]),
        ("escalated at once", vec![web_answers(News::Escalated { incident: given_up_at_once() })]),
        ("told only once it was not healed", vec![web_answers(News::Down { incident: given_up() })]),
        ("told only once it could not be healed", vec![web_answers(News::Down { incident: given_up_at_once() })]),
        ("being healed", vec![web_answers(News::Reminder { incident: being_healed() })]),
        ("healed", vec![web_answers(News::Recovered { incident: healed() })]),
        ("recovered after it was given up", vec![web_answers(News::Recovered { incident: recovered_late() })]),
        ("cooling", vec![cooling()]),
        ("cannot be started", vec![cannot_start()]),
        ("steady", vec![program("web", News::Steady)]),
        ("stale", vec![stale()]),
        ("a flow failed", vec![run_failed()]),
        ("a flow failed as it was", vec![run_failed_as_it_was()]),
        ("a flow failed and is not all undone", vec![run_undone()]),
        ("a flow timed out", vec![run_timed_out()]),
        ("a flow timed out at no step", vec![run_timed_out_at_no_step()]),
        ("a flow crashed", vec![run_crashed()]),
        ("a flow failed somewhere", vec![run_failed_somewhere()]),
        ("a flow is begun too often", vec![suppressed("heal-web", 3)]),
        ("a flow is begun twice", vec![suppressed("heal the web", 1)]),
        ("a flow did not heal", vec![web_answers(News::Escalated { incident: not_healed_by_flow() })]),
        ("a flow asks", vec![approval("Deploy version <3>?", Otherwise::Fail)]),
        ("a flow asks in several lines", vec![approval(LINES, Otherwise::Continue)]),
        ("a flow tells", vec![told_by_flow("The backup is done: 12 files & 3 MB")]),
        ("a flow tells in several lines", vec![told_by_flow(LINES)]),
        ("a flow has nothing to tell", vec![told_by_flow(" \r\n")]),
        ("two flows ask", vec![approval("Now?", Otherwise::Fail), approval("And now?", Otherwise::Fail)]),
        ("two flows tell", vec![told_by_flow(LINES), told_by_flow("two")]),
        ("two flows failed", vec![run_failed(), run_timed_out()]),
        ("two flows are begun too often", vec![suppressed("a", 3), suppressed("b", 3)]),
        ("mixed with flows", vec![refused("a"), run_failed(), suppressed("b", 1)]),
        ("mixed with words of flows", vec![told_by_flow(LINES), approval(LINES, Otherwise::Fail), refused("a")]),
        ("a fleet has no right to launch", vec![refused_launch()]),
        ("a fleet cannot launch what does not exist", vec![no_template()]),
        ("a fleet has no room", vec![fleets::cannot_launch(Some(ProviderErrorKind::Capacity), NO_ROOM)]),
        ("a fleet asks too often", vec![fleets::cannot_launch(Some(ProviderErrorKind::Throttled), "Rate exceeded")]),
        ("a fleet reaches nobody", vec![fleets::cannot_launch(Some(ProviderErrorKind::Unreachable), "")]),
        ("a fleet cannot launch for another reason", vec![fleets::cannot_launch(Some(ProviderErrorKind::Other), "no")]),
        ("a fleet cannot launch", vec![fleets::trouble(Trouble::CannotLaunch)]),
        ("a fleet is at its maximum", vec![fleets::trouble(Trouble::AtMax)]),
        ("a fleet has lost an instance", vec![fleets::lost(Some("web-3"))]),
        ("a fleet has lost some instance", vec![fleets::lost(None)]),
        ("a fleet is held", vec![fleets::trouble(Trouble::Held)]),
        ("a fleet can launch again", vec![fleets::well(Trouble::CannotLaunch)]),
        ("a fleet is no longer at its maximum", vec![fleets::well(Trouble::AtMax)]),
        ("a fleet has lost no instance any more", vec![fleets::well(Trouble::Lost)]),
        ("a fleet is no longer held", vec![fleets::well(Trouble::Held)]),
        ("two fleets cannot launch", vec![refused_launch(), no_template()]),
        ("two fleets are at their maximum", vec![fleets::trouble(Trouble::AtMax); 2]),
        ("two fleets have lost instances", vec![fleets::lost(Some("web-3")), fleets::lost(None)]),
        ("two fleets are held", vec![fleets::trouble(Trouble::Held); 2]),
        ("two fleets are well", vec![fleets::well(Trouble::Held), fleets::well(Trouble::Lost)]),
        (
            "mixed with fleets",
            vec![
                fleets::well(Trouble::CannotLaunch),
                fleets::lost(Some("web-3")),
                fleets::trouble(Trouble::Held),
                fleets::trouble(Trouble::AtMax),
                refused("a"),
                refused_launch(),
            ],
        ),
        ("two cooling", vec![cooling(), cannot_start()]),
        ("mixed", vec![refused("a"), warning(), portfolio(News::Recovered { incident: closed_incident() })]),
        (
            "mixed with programs",
            vec![
                program("db", News::Steady),
                cooling(),
                web_answers(News::Escalated { incident: given_up() }),
                web_answers(News::Recovered { incident: healed() }),
            ],
        ),
    ];
    let server = Smtpd::start(json!({}));
    for language in [Language::English, Language::Spanish] {
        let mut all = String::new();
        for (name, alerts) in &cases {
            let taken = told_to(&server, &message(1, alerts.clone()), language).await;
            let mail = parse(&taken);
            let html = mail.body_html(0).unwrap();
            // A key that has no text is shown itself.
            for family in [
                "label",
                "title",
                "state",
                "count",
                "tally",
                "before",
                "note",
                "footer",
                "tr",
                "gave_up",
                "stale",
                "step",
                "run",
                "budget",
                "suppressed",
                "undoing",
                "last_success",
                "changed",
                "more",
                "approval",
                "unanswered",
                "fleet",
                "provider",
            ] {
                assert!(!html.contains(&format!("mail.{family}")), "{html}");
            }
            all += &format!("=== {name}\n{}\n", readable(&taken));
        }
        insta::assert_snapshot!(format!("{language:?}"), all);
    }
    for (name, of) in [
        ("html", "mixed"),
        ("html_of_an_incident", "escalated"),
        ("html_of_a_program", "cooling"),
        ("html_of_a_flow", "a flow failed"),
        ("html_of_a_flow_that_is_not_undone", "a flow failed and is not all undone"),
        ("html_of_a_fleet", "a fleet has no right to launch"),
        ("html_of_a_question", "a flow asks in several lines"),
    ] {
        let (_, alerts) = cases.iter().find(|(name, _)| *name == of).unwrap();
        let taken = told_to(&server, &message(1, alerts.clone()), Language::Spanish).await;
        insta::assert_snapshot!(name, parse(&taken).body_html(0).unwrap().replace("\r\n", "\n"));
    }
}

/// A figure beyond its limit is never said to be down, and what only fails now and then neither.
#[tokio::test]
async fn what_is_there_is_not_said_to_be_down() {
    let over = |incident: Incident| {
        let cause = Cause::Host { figure: Measure::Cpu, measured: 97.0, limit: 90.0 };
        let failure = Failure::new(Phase::Assertion, cause);
        let mut incident = Incident { cause: failure.clone(), last: failure.clone(), ..incident };
        for attempt in &mut incident.attempts {
            if let Some(Outcome::StillDown(why)) = &mut attempt.outcome {
                *why = failure.clone();
            }
        }
        incident
    };
    let within = std::time::Duration::from_secs(3600);
    let failure = Failure::new(Phase::Connect, Cause::Refused);
    let cases = [
        News::Down { incident: over(support::incident()) },
        News::Reminder { incident: over(support::incident()) },
        News::Recovered { incident: over(closed_incident()) },
        News::Recovered { incident: over(healed()) },
        News::Flapping { times: 4, within, incident: over(support::incident()) },
        News::Settled { health: Health::Up, incident: Some(over(closed_incident())) },
        News::Settled { health: Health::Down, incident: Some(over(support::incident())) },
        News::Escalated { incident: over(given_up()) },
        News::Escalated { incident: over(given_up_at_once()) },
        News::Down { incident: over(given_up()) },
        News::Down { incident: over(given_up_at_once()) },
        News::Unsteady { times: 12, within, failure },
    ];
    let server = Smtpd::start(json!({}));
    for (language, wrong, right) in [(Language::English, " down", "limit"), (Language::Spanish, "caíd", "límite")] {
        for news in cases.clone() {
            let is_unsteady = matches!(news, News::Unsteady { .. });
            let one = alert("this machine", "this machine", news);
            let alone_and_in_company =
                [vec![one.clone()], vec![one.clone(), one.clone()], vec![one, program("db", News::Steady)]];
            for alerts in alone_and_in_company {
                let taken = told_to(&server, &message(1, alerts), language).await;
                let mail = parse(&taken);
                let (subject, html) = (mail.subject().unwrap(), mail.body_html(0).unwrap());
                for family in ["label", "title", "state", "note", "count", "tally"] {
                    assert!(!html.contains(&format!("mail.{family}")), "{html}");
                }
                assert!(is_unsteady || html.contains(right) && !html.contains(wrong), "{html}");
                assert!(!subject.to_lowercase().contains(wrong.trim()), "{subject}");
            }
        }
    }
    let settled = message(1, vec![portfolio(News::Settled { health: Health::Up, incident: None })]);
    let taken = told_to(&server, &settled, Language::English).await;
    assert_eq!(parse(&taken).subject(), Some("[Stable again, up] portfolio (https://isaac-bh.github.io/)"));
}

/// How long it lasted is told as it was measured, whatever the wall clock did meanwhile.
#[tokio::test]
async fn a_clock_that_was_set_does_not_make_an_incident_longer() {
    let incident = Incident {
        closed: Some(at("2026-03-01T19:00:09Z")),
        measured: Some(std::time::Duration::from_secs(9)),
        ..support::incident()
    };
    let server = Smtpd::start(json!({}));
    let taken = told_to(&server, &message(1, vec![portfolio(News::Recovered { incident })]), Language::English).await;
    assert!(parse(&taken).subject().unwrap().starts_with("[Up again after 9.0 s]"), "{:?}", parse(&taken).subject());
}

/// A user had stopped the program.
fn given_up_at_once() -> Incident {
    let stopped = Some(Outcome::NotDone(RemedyError::StoppedByUser));
    Incident { attempts: vec![attempt(restart(), 1, stopped)], ..given_up() }
}

/// Somebody else has healed it, on the next day.
fn recovered_late() -> Incident {
    let mut late = given_up();
    late.attempts[2].began = at("2026-03-02T18:00:06Z");
    late.closed = Some(at("2026-03-02T19:00:00Z"));
    late
}

#[tokio::test]
async fn what_is_told_of_a_program_stays_one_conversation() {
    let base = async |alert: Alert| {
        let taken = told(&message(1, vec![alert]), Language::English).await;
        parse(&taken).subject().unwrap().split_once("] ").unwrap().1.to_owned()
    };
    assert_eq!(base(cooling()).await, "web (npm run dev -- --port 5173)");
    assert_eq!(base(program("web", News::Steady)).await, base(cooling()).await);
    let healed = base(web_answers(News::Recovered { incident: healed() })).await;
    assert_eq!(base(web_answers(News::Escalated { incident: given_up() })).await, healed);
}

#[tokio::test]
async fn what_is_told_of_a_fleet_stays_one_conversation() {
    let base = async |alert: Alert| {
        let taken = told(&message(1, vec![alert]), Language::English).await;
        parse(&taken).subject().unwrap().split_once("] ").unwrap().1.to_owned()
    };
    for alert in [refused_launch(), fleets::lost(Some("web-3")), fleets::well(Trouble::Lost)] {
        assert_eq!(base(alert).await, "web");
    }
}

/// What a provider says is told as text, in one line, and only so much of it.
#[tokio::test]
async fn the_words_of_a_provider_have_a_bound_and_add_no_header() {
    let said = format!("<html>\r\nBcc: spy@evil.org\r\n{}", "x".repeat(100_000));
    let taken = told(&message(1, vec![fleets::cannot_launch(None, &said); 50]), Language::English).await;
    let mail = parse(&taken);
    assert!(mail.bcc().is_none() && taken.content.len() < 500_000, "{}", taken.content.len());
    let html = mail.body_html(0).unwrap();
    assert!(
        !html.contains("<html>\r\nBcc") && html.contains("instances: &lt;html&gt; Bcc: spy@evil.org xxx"),
        "{html}"
    );
}

#[tokio::test]
async fn what_a_program_wrote_is_shown_as_text_and_at_most_40_lines_of_it() {
    let mut ended = end();
    ended.tail = (1..=100).map(|number| format!("<b onload=x>{number}</b>\r\n</pre>{}", "y".repeat(900))).collect();
    ended.left = (0..1000).map(|port| Leftover::Port { port, holder: None }).collect();
    let trouble = ProgramTrouble::CannotStart(StartFailure::ProgramMissing { program: "<i>\r\nx".to_owned() });
    let alert = program("<u>web\r\nBcc: spy@evil.org", News::Cooling { trouble, last_end: Some(ended) });
    let taken = told(&message(1, vec![alert.clone()]), Language::English).await;
    let mail = parse(&taken);
    assert!(mail.bcc().is_none());
    let html = mail.body_html(0).unwrap();
    for markup in ["<b ", "<i>", "<u>", "</pre>y"] {
        assert!(!html.contains(markup), "{markup} is in {html}");
    }
    assert!(html.contains("&lt;b onload=x&gt;100") && !html.contains("&lt;b onload=x&gt;60&lt;"), "{html}");
    let text = mail.body_text(0).unwrap();
    assert_eq!(text.lines().filter(|line| line.starts_with("  | ")).count(), 40);
    assert!(taken.content.len() < 100_000);

    let taken = told(&message(1, vec![alert; 50]), Language::English).await;
    assert!(taken.content.len() < 500_000, "{}", taken.content.len());
}

#[tokio::test]
async fn of_many_tries_the_last_are_told_and_the_others_counted() {
    let tries = (0..1000).map(|_| attempt(restart(), 1, Some(Outcome::NotDone(RemedyError::Interrupted)))).collect();
    let incident = Incident { escalated: Some(at("2026-03-01T18:00:07Z")), ..tried(tries) };
    let taken = told(&message(1, vec![web_answers(News::Escalated { incident })]), Language::English).await;
    let text = readable(&taken);
    assert!(text.contains("web answers is still down: 1000 attempts to heal it failed."), "{text}");
    assert!(text.contains("Tried: 990 times before, without success"), "{text}");
    assert_eq!(text.matches("Tried: restarted web at 12:00:01 → Estatus was restarted meanwhile").count(), 10);
}

/// The steps of a run are told one by one where that is little to read, and what a command wrote never becomes markup.
#[tokio::test]
async fn of_a_long_run_the_step_that_failed_is_told_and_not_every_other_one() {
    let text = async |steps| {
        let output = (1..=100).map(|number| format!("</pre><b>{number}")).collect();
        let taken = told(&message(1, vec![long_run(steps, output)]), Language::English).await;
        assert!(!parse(&taken).body_html(0).unwrap().contains("<b>"));
        readable(&taken)
    };
    let short = text(20).await;
    assert!(
        short.contains("  | step 0: succeeded, 1.0 s\n") && short.contains("  | step 19: failed, 1.0 s\n"),
        "{short}"
    );
    let long = text(21).await;
    assert!(long.contains("At step: step 20\n") && !long.contains("step 0"), "{long}");
    assert!(long.contains("  | </pre><b>61\n") && !long.contains("<b>60\n"), "{long}");
}

/// What a step says is never more than its words, and the subject is one line.
#[tokio::test]
async fn the_words_of_a_flow_are_the_mail_and_add_no_header_and_no_markup() {
    let text = "Done\u{2028}\u{b}now\nBcc: spy@evil.org\n\n<script>alert(1)</script>";
    for (alert, begins) in
        [(told_by_flow(text), "Done now"), (approval(text, Otherwise::Fail), "[Approval needed] deploy: Done now")]
    {
        let taken = told(&message(1, vec![alert]), Language::English).await;
        let mail = parse(&taken);
        assert_eq!((mail.subject(), mail.bcc().is_none()), (Some(begins), true));
        assert!(!mail.body_html(0).unwrap().contains("<script>"));
        let text = mail.body_text(0).unwrap().replace("\r\n", "\n");
        assert!(text.contains("now\nBcc: spy@evil.org\n\n<script>alert(1)</script>\n\n  Flow: "), "{text}");
    }
    let long = "x".repeat(100_000);
    let many = vec![told_by_flow(&long); 50];
    let taken = told(&message(1, many), Language::English).await;
    assert!(taken.content.len() < 500_000, "{}", taken.content.len());
    let taken = told(&message(1, vec![told_by_flow(&long)]), Language::English).await;
    assert!(parse(&taken).subject().unwrap().len() <= 200 && taken.content.len() < 50_000);
}

/// Of much that has changed, and of much that is not undone, a part is told and the rest counted.
#[tokio::test]
async fn of_many_changes_and_undoings_a_part_is_told() {
    let mut alert = run_undone();
    let News::RunFailed { run } = &mut alert.news else { panic!("it failed") };
    let mut definition = (*run.run.definition).clone();
    for number in 0..30 {
        let mut step = definition.steps[2].clone();
        step.name = format!("copy {number}").into();
        definition.steps.push(step);
        run.steps.push(run.steps[2].clone());
    }
    run.run.definition = definition.into();
    let compared = run.run.compared.as_mut().unwrap();
    compared.changes = vec![compared.changes[0].clone(); 30];
    let taken = told(&message(1, vec![alert]), Language::English).await;
    let text = readable(&taken);
    assert_eq!((text.matches("  Not undone: ").count(), text.matches("  Changed since then: ").count()), (11, 11));
    assert!(
        text.contains("  Not undone: and 21 more\n") && text.contains("  Changed since then: and 20 more\n"),
        "{text}"
    );
}
