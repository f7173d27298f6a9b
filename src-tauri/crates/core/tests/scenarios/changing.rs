//! The file changes, or the user wants something, while an incident is open and messages wait.

use std::{collections::BTreeMap, sync::Arc};

use estatus_core::{
    config::{Channel, Config, Monitor},
    engine::Ask,
    incident::Health,
    observation::Warning,
    time::later,
};

use crate::{HOUR, MINUTE, Scene, channel, config, daily, monitor};

fn apply(scene: &mut Scene, config: Config) {
    scene.core.apply_config(Arc::new(config), scene.clocks());
    scene.carry_out();
}

fn with_channels(names: &[&str]) -> Config {
    let channels: BTreeMap<String, Channel> = names.iter().map(|name| ((*name).to_owned(), channel())).collect();
    Config { channels, ..config([monitor("a")]) }
}

#[test]
fn a_channel_that_is_renamed_while_estatus_does_not_run_keeps_what_waits_for_it() {
    let of_channel = |name: &str| Config { channels: [(name.to_owned(), channel())].into(), ..config([monitor("a")]) };
    let mut before = Scene::new(of_channel("mail"));
    before.pass(HOUR);
    before.mail_works = false;
    before.break_it("a").pass(MINUTE * 30);
    assert!(before.told().is_empty());
    let mut after = Scene::restored(of_channel("post"), before.core.snapshot(), before.now);
    after.break_it("a").pass(HOUR).mend("a").pass(HOUR);
    assert_eq!(after.told(), ["1.5 h: a down", "2.5 h: a was down"]);
    assert!(after.core.snapshot().messages.is_empty());
}

#[test]
fn a_monitor_that_is_put_back_goes_on_where_it_was() {
    let check = |away: std::time::Duration, told: &[&str]| {
        let mut scene = Scene::new(config([monitor("a"), monitor("b")]));
        scene.pass(HOUR).break_it("a").pass(HOUR);
        assert_eq!(scene.told(), ["1.0 h: a down"]);
        apply(&mut scene, config([monitor("b")]));
        assert_eq!(scene.core.open_incidents().count(), 0, "nobody sees the incident of what is not configured");
        scene.pass(away);
        apply(&mut scene, config([monitor("a"), monitor("b")]));
        scene.pass(HOUR).mend("a").pass(HOUR);
        assert_eq!(scene.told(), told, "after {away:?}");
        assert!(scene.core.snapshot().incidents.is_empty(), "after {away:?}");
    };
    check(MINUTE, &["3.0 h: a was down"]);
    check(HOUR * 20, &["23.0 h: a was down"]);
    check(HOUR * 30, &["32.0 h: a down", "33.0 h: a was down"]);
}

#[test]
fn what_is_known_of_a_removed_monitor_outlives_a_restart_for_a_day() {
    let mut scene = Scene::new(config([monitor("a"), monitor("b")]));
    scene.pass(HOUR).ask(Ask::Pause { monitor: "a".to_owned(), until: None }).unwrap();
    apply(&mut scene, config([monitor("b")]));
    let restarted = |after| Scene::restored(config([monitor("b")]), scene.core.snapshot(), scene.now + after);
    let mut soon = restarted(HOUR);
    apply(&mut soon, config([monitor("a"), monitor("b")]));
    assert_eq!(soon.health("a"), Health::Paused);
    let mut late = restarted(HOUR * 25);
    late.pass(MINUTE);
    apply(&mut late, config([monitor("a"), monitor("b")]));
    late.pass(MINUTE);
    assert_eq!(late.health("a"), Health::Up);
}

#[test]
fn an_alert_that_is_due_is_told_although_its_monitor_is_gone() {
    let mut scene = Scene::new(config([monitor("a"), monitor("b")]));
    scene.mail_works = false;
    scene.pass(HOUR).break_it("a").pass(HOUR);
    apply(&mut scene, config([monitor("b")]));
    scene.mail_works = true;
    scene.pass(HOUR);
    assert_eq!(scene.told(), ["2.0 h: a down"]);
}

#[test]
fn what_waits_for_a_renamed_channel_goes_to_its_new_name() {
    let mut scene = Scene::new(with_channels(&["mail"]));
    scene.mail_works = false;
    scene.pass(HOUR).break_it("a").pass(HOUR);
    apply(&mut scene, with_channels(&["post"]));
    scene.mail_works = true;
    scene.pass(HOUR).mend("a").pass(HOUR);
    let told: Vec<_> = scene.sent.iter().map(|(_, message)| (&*message.channel, message.answers.len())).collect();
    assert_eq!(told, [("post", 0), ("post", 1)]);
}

#[test]
fn what_waits_for_a_removed_channel_is_kept_for_a_day() {
    let check = |away, is_kept: bool| {
        let mut scene = Scene::new(with_channels(&["mail", "pager"]));
        let waits = |scene: &Scene| scene.core.messages().find(|message| message.channel == "mail").map(|it| it.id);
        scene.mail_works = false;
        scene.pass(HOUR).break_it("a").pass(HOUR);
        let before = waits(&scene);
        apply(&mut scene, with_channels(&["pager"]));
        scene.pass(away);
        apply(&mut scene, with_channels(&["mail", "pager"]));
        assert_eq!(waits(&scene) == before, is_kept, "after {away:?}");
        assert!(waits(&scene).is_some(), "what is down is told to it in any case");
    };
    check(HOUR * 20, true);
    check(HOUR * 30, false);
}

#[test]
fn a_new_channel_is_told_what_is_down() {
    let mut scene = Scene::new(with_channels(&["mail"]));
    scene.pass(HOUR).break_it("a").pass(HOUR);
    apply(&mut scene, with_channels(&["mail", "pager"]));
    scene.pass(HOUR);
    let told: Vec<_> = scene.sent.iter().map(|(_, message)| &*message.channel).collect();
    assert_eq!(told, ["mail", "pager"]);
}

#[test]
fn a_warning_that_begins_in_a_snooze_is_told_at_its_end() {
    let mut scene = Scene::new(config([monitor("a")]));
    let not_after = "2026-12-01T00:00:00Z".parse().unwrap();
    scene.pass(HOUR);
    let until = Some(later(scene.clocks().utc, HOUR * 2));
    scene.ask(Ask::Snooze { monitor: Some("a".to_owned()), until }).unwrap();
    scene.warning = Some(Warning::CertificateExpires { subject: "a".to_owned(), not_after });
    scene.pass(HOUR);
    assert!(scene.told().is_empty());
    scene.pass(HOUR * 3);
    assert_eq!(scene.told(), ["3.0 h: a warning"]);
}

/// Mails held from 22:00 on, one of them after a failed try.
fn held() -> Scene {
    let mut quiet = config([monitor("a")]);
    quiet.alerts.quiet_hours = vec![daily(22, 7)];
    let mut scene = Scene::new(quiet);
    scene.mail_works = false;
    scene.pass(HOUR + MINUTE * 50).break_it("a").pass(HOUR);
    scene.mail_works = true;
    assert!(scene.told().is_empty(), "it is a quiet time");
    scene
}

#[test]
fn what_is_held_is_told_when_its_reason_ends_early() {
    let mut scene = held();
    apply(&mut scene, config([monitor("a")]));
    scene.pass(MINUTE);
    assert_eq!(scene.told().len(), 1, "the quiet hours were taken out");

    let mut scene = held();
    let mut shorter = config([monitor("a")]);
    shorter.alerts.quiet_hours = vec![daily(22, 23)];
    apply(&mut scene, shorter);
    scene.pass(HOUR);
    assert_eq!(scene.told().len(), 1, "they end at 23:00 now");

    let mut scene = Scene::new(config([monitor("a")]));
    scene.mail_works = false;
    scene.pass(HOUR).break_it("a").pass(HOUR);
    let until = Some(later(scene.clocks().utc, HOUR * 24));
    scene.ask(Ask::Snooze { monitor: None, until }).unwrap();
    scene.pass(HOUR);
    scene.mail_works = true;
    scene.pass(HOUR);
    assert!(scene.told().is_empty(), "all is snoozed");
    scene.ask(Ask::Snooze { monitor: None, until: None }).unwrap();
    scene.pass(MINUTE);
    assert_eq!(scene.told().len(), 1, "the snooze was ended");
}

#[test]
fn what_is_held_is_looked_at_again_when_the_clock_is_set() {
    let mut scene = held();
    let now = scene.clocks();
    let set = estatus_core::time::Now { utc: later(now.utc, HOUR * 9), ..now };
    scene.core.handle_timeout(set);
    scene.carry_out();
    assert_eq!(scene.told().len(), 1, "it is 7:50 now");
}

#[test]
fn a_message_older_than_its_clock_is_not_given_up_at_its_first_failed_try() {
    let mut scene = Scene::new(config([monitor("a")]));
    scene.mail_works = false;
    scene.pass(HOUR).break_it("a").pass(MINUTE * 5);
    let now = scene.clocks();
    scene.core.handle_timeout(estatus_core::time::Now { utc: later(now.utc, HOUR * 24 * 365), ..now });
    scene.carry_out();
    assert_eq!(scene.core.messages().count(), 1);
}

#[test]
fn a_probe_of_which_nothing_is_heard_is_made_anew() {
    let mut scene = Scene::new(config([monitor("a")]));
    scene.pass(HOUR).hangs.insert("a".to_owned());
    scene.pass(MINUTE * 4).hangs.clear();
    let before = scene.probes.len();
    scene.pass(MINUTE * 10);
    assert!(scene.probes.len() > before + 2, "it is probed again");
}

#[test]
fn disabling_and_enabling_a_monitor_keeps_its_incident() {
    let mut scene = Scene::new(config([monitor("a")]));
    scene.pass(HOUR).break_it("a").pass(HOUR);
    apply(&mut scene, config([Monitor { enabled: false, ..monitor("a") }]));
    scene.pass(HOUR);
    apply(&mut scene, config([monitor("a")]));
    scene.pass(HOUR).mend("a").pass(HOUR);
    assert_eq!(scene.told(), ["1.0 h: a down", "4.0 h: a was down"]);
}
