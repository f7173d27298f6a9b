//! Deliveries by a command.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by them")]

mod support;

use std::{fs, time::Duration};

use estatus_core::{
    command::{CommandLine, Run},
    config::{Channel, CommandChannel, Language},
    fleet::Trouble,
    flow::Otherwise,
    incident::{Alert, DeliveryResult, News},
};
use estatus_valet::path;
use serde_json::Value;
use support::{
    closed_incident, courier, failure, fleets,
    flows::{approval, run_failed, suppressed, told},
    message, portfolio,
    programs::{cooling, given_up, healed, web_answers},
    refused, words,
};

async fn deliver(line: &str, timeout: Duration) -> DeliveryResult {
    tell(line, timeout, vec![portfolio(News::Recovered { incident: closed_incident() }), refused("b")]).await
}

async fn tell(line: &str, timeout: Duration, alerts: Vec<Alert>) -> DeliveryResult {
    let run = Run::Shell(line.to_owned());
    let command = CommandLine::new(run);
    let told = message(58, alerts);
    let channel = Channel::Command(CommandChannel { command, timeout });
    courier().deliver(&channel, &told, &words(Language::English)).await
}

#[tokio::test]
async fn a_command_finds_the_message_in_its_environment_and_on_its_input() {
    let folder = tempfile::tempdir().unwrap();
    let [variables, input] = ["variables", "input"].map(|name| folder.path().join(name));
    let line = format!(
        "printf '%s|' \"$ESTATUS_MESSAGE_ID\" \"$ESTATUS_CHANNEL\" \"$ESTATUS_SUBJECT\" \"$ESTATUS_MONITOR\" \
         \"$ESTATUS_NEWS\" \"$ESTATUS_TEXT\" > '{}'; cat > '{}'",
        path(&variables),
        path(&input)
    );
    assert_eq!(deliver(&line, Duration::from_secs(20)).await, DeliveryResult::Delivered);
    let variables = fs::read_to_string(variables).unwrap();
    let subject = "[1 down, 1 up again] portfolio, b";
    let begin =
        format!("estatus-k3v9-58|email|{subject}|portfolio|recovered|1 down, 1 up again.\n\nportfolio is up again;");
    assert!(variables.starts_with(&begin), "{variables}");
    let told: Value = serde_json::from_str(&fs::read_to_string(input).unwrap()).unwrap();
    assert_eq!((&told["subject"], &told["alerts"][1]["monitor"]), (&subject.into(), &"b".into()));
}

#[tokio::test]
async fn a_test_message_says_that_it_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let [variables, input] = ["variables", "input"].map(|name| folder.path().join(name));
    let line = format!(
        "printf '%s|' \"$ESTATUS_CHANNEL\" \"$ESTATUS_NEWS\" \"$ESTATUS_SUBJECT\" > '{}'; cat > '{}'",
        path(&variables),
        path(&input)
    );
    let command = CommandLine::new(Run::Shell(line));
    let channel = Channel::Command(CommandChannel { command, timeout: Duration::from_secs(20) });
    assert_eq!(courier().test("desk", &channel, &words(Language::English)).await, DeliveryResult::Delivered);
    assert_eq!(fs::read_to_string(variables).unwrap(), "desk|test|Test message from Estatus|");
    let told: Value = serde_json::from_str(&fs::read_to_string(input).unwrap()).unwrap();
    assert_eq!(told["alerts"][0]["title"], "Messages to the channel “desk” arrive");
    assert_eq!((&told["bad"], &told["alerts"][0]["subject_kind"]), (&false.into(), &"test".into()));
}

#[tokio::test]
async fn a_command_finds_what_is_told_and_of_what() {
    let check = async |alert: Alert, expected: &str| {
        let folder = tempfile::tempdir().unwrap();
        let variables = folder.path().join("variables");
        let line = format!(
            "printf '%s|' \"$ESTATUS_MONITOR\" \"$ESTATUS_SUBJECT_KIND\" \"$ESTATUS_NEWS\" \"$ESTATUS_TRIES\" \
             \"$ESTATUS_HEALED_BY\" \"$ESTATUS_RUN\" \"$ESTATUS_STEP\" \"$ESTATUS_ATTEMPT\" \"$ESTATUS_TROUBLE\" > '{}'",
            path(&variables)
        );
        assert_eq!(tell(&line, Duration::from_secs(20), vec![alert]).await, DeliveryResult::Delivered);
        assert_eq!(fs::read_to_string(variables).unwrap(), expected);
    };
    check(refused("web port"), "web port|monitor|down|||||||").await;
    check(cooling(), "web|program|cooling|||||||").await;
    check(run_failed(), "heal-web|flow|run_failed|||31|clear the cache|4||").await;
    check(suppressed("heal-web", 3), "heal-web|flow|suppressed|||||||").await;
    check(approval("Now?", Otherwise::Fail), "deploy|flow|approval|||31|ask|||").await;
    check(fleets::lost(Some("web-3")), "web|fleet|fleet_trouble||||||lost|").await;
    check(fleets::well(Trouble::AtMax), "web|fleet|fleet_well||||||at_max|").await;
    check(told("Done"), "backup|flow|told|||31|say so|||").await;
    check(web_answers(News::Escalated { incident: given_up() }), "web answers|monitor|escalated|3||||||").await;
    check(web_answers(News::Recovered { incident: healed() }), "web answers|monitor|recovered|2|restarting web|||||")
        .await;
}

#[tokio::test]
async fn how_a_command_ends_is_how_the_delivery_does() {
    let check = async |line: &str, expected: &str| {
        let result = deliver(line, Duration::from_secs(20)).await;
        assert_eq!(failure(result), (expected.to_owned(), false, false));
    };
    check("exit 1", "the command of the channel email exited with code 1 (no output): find out why, 0 is success")
        .await;
    check(
        "echo out; echo no such user >&2; exit 67",
        "the command of the channel email exited with code 67 (no such user): find out why, 0 is success",
    )
    .await;
    check("echo busy; exit 75", "the command of the channel email asks to be retried later, with exit code 75 (busy)")
        .await;
}

#[tokio::test]
async fn a_command_that_was_ended_may_have_told_all_the_same() {
    let error = "the command of the channel email did not finish within 100 ms and was ended, so it may have sent the \
                 alert anyway: increase its timeout";
    let result = deliver("exec sleep 60", Duration::from_millis(100)).await;
    assert_eq!(failure(result), (error.to_owned(), true, false));
}
