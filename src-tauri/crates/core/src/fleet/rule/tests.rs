use std::{collections::BTreeSet, sync::LazyLock};

use jiff::{SignedDuration, tz::TimeZone};
use proptest::prelude::*;

use super::*;
use crate::{
    config::Language,
    fleet::{Direction, FleetMemory, LaunchBudget},
    time::Instant,
    words::Words,
};

fn at(second: u64) -> Now {
    let passed = Duration::from_secs(second + 100_000);
    let utc = Timestamp::UNIX_EPOCH + SignedDuration::try_from(passed).unwrap();
    Now { monotonic: Instant::from_boot(passed), slept: Duration::ZERO, utc }
}

fn fleet(policy: Policy, desired: u32, max: u32) -> Fleet {
    Fleet { policy, desired, max, ..Fleet::new("web") }
}

/// The fleet that is decided on, ten minutes after it began.
#[derive(Debug)]
struct Scene {
    instances: Vec<(Arc<str>, Seen<'static>)>,
    needs: Needs,
    memory: FleetMemory,
    planned: Option<u32>,
}

const NOW: u64 = 600;

impl Scene {
    /// Instances i-1, i-2 …, the oldest first, each a word: its load in per cent, `?` if it has not said one yet, how many
    /// seconds a suspect one is silent (`s20`), or a lost one (`x90`); `boot`, `failed` or `drain`. One with a `p` behind
    /// it is protected, with a `u` a user's, with an `o` outdated.
    fn new(instances: &str) -> Self {
        let instances = instances.split_whitespace().zip(1..).map(|(word, number)| seen(word, number)).collect();
        Self { instances, needs: Needs::new(0, at(0)), memory: FleetMemory::default(), planned: None }
    }

    fn decide(&self, fleet: &Fleet) -> Decision {
        let instances: Vec<_> = self.instances.iter().map(|(name, seen)| Seen { name, ..*seen }).collect();
        let state = FleetState {
            instances: &instances,
            needs: &self.needs,
            launches: &self.memory.launches,
            replacements: &self.memory.replacements,
            turns: &self.memory.turns,
            planned: self.planned,
        };
        decide(&state, fleet, at(NOW))
    }

    /// Asserts what is decided, in words: the sentence, who is removed, and all that is rejected.
    fn check(&self, fleet: &Fleet, wanted: &str, victims: &str, rejected: &[&str]) {
        let words = Words::new(Language::English, TimeZone::UTC);
        let decision = self.decide(fleet);
        let not: Vec<String> = decision.rejected.iter().map(|rejected| words.rejected(rejected)).collect();
        assert_eq!(words.decision(&decision), wanted, "{decision:?}");
        assert_eq!(decision.victims.join(" "), victims, "{decision:?}");
        assert_eq!(not, rejected);
    }
}

static NOBODY: LazyLock<Arc<str>> = LazyLock::new(|| "".into());

fn seen(word: &str, number: u64) -> (Arc<str>, Seen<'static>) {
    let bare = word.strip_suffix(&['p', 'u', 'o'][..]).unwrap_or(word);
    let seconds = |text: &str| Duration::from_secs(text.parse().unwrap());
    let (state, load, silent) = match bare.split_at(1) {
        ("b", _) => (InstanceState::Booting, None, Duration::ZERO),
        ("f", _) => (InstanceState::Failed, None, Duration::ZERO),
        ("d", _) => (InstanceState::Draining, Some(0.9), Duration::ZERO),
        ("?", _) => (InstanceState::Running, None, Duration::ZERO),
        ("s", silent) => (InstanceState::Suspect, None, seconds(silent)),
        ("x", silent) => (InstanceState::Lost, None, seconds(silent)),
        _ => (InstanceState::Running, Some(bare.parse::<f32>().unwrap() / 100.0), Duration::ZERO),
    };
    let seen = Seen {
        name: &NOBODY,
        state,
        load,
        silent,
        launched: at(number).utc,
        protected: word.ends_with('p'),
        by_user: word.ends_with('u'),
        outdated: word.ends_with('o'),
    };
    (format!("i-{number}").into(), seen)
}

fn check(policy: Policy, instances: &str, wanted: &str, victims: &str, rejected: &[&str]) {
    Scene::new(instances).check(&fleet(policy, 2, 10), wanted, victims, rejected);
}

#[test]
fn the_rule_of_the_document_is_kept_to_the_letter_between_min_and_max() {
    let check = |instances: &str, wanted: &str, victims: &str, rejected: &[&str]| {
        check(Policy::Seed, instances, wanted, victims, rejected);
    };
    check("62 60", "1 more: the mean load is 61%, and should be 60%", "", &[]);
    check("100 100", "1 more: the mean load is 100%, and should be 60%", "", &[]);
    // It knows nothing of those that boot.
    check("100 100 boot boot", "1 more: the mean load is 100%, and should be 60%", "", &[]);
    check("60 60 60", "no change: the mean load is 60%, near the 60% that it should be", "", &[]);
    check("50 40 boot", "1 fewer: the mean load is 45%, and should be 60%", "i-3", &[]);
    check("50 40 45", "1 fewer: the mean load is 45%, and should be 60%", "i-2", &[]);
    let floor = "1 is not removed: there should be no fewer than 2";
    check("50 40", "no change: the mean load is 45%, and should be 60%", "", &[floor]);
    check("50", "1 more: there is 1 instance, and should be 2", "", &[floor]);
    check("90", "1 more: the mean load is 90%, and should be 60%", "", &[]);
    check("", "2 more: there are 0 instances, and should be 2", "", &[]);
    check(
        "90 90 90 90 90 90 90 90 90 90",
        "no change: the mean load is 90%, and should be 60%",
        "",
        &["1 more is not launched: there may be no more than 10"],
    );
}

#[test]
fn a_fleet_grows_when_it_is_full_however_full_it_is_to_be() {
    let check = |load: f64, instances: &str, wanted: &str| {
        let fleet = Fleet { load, ..fleet(Policy::Target, 2, 10) };
        Scene::new(instances).check(&fleet, wanted, "", &[]);
    };
    check(0.92, "100 100", "1 more: the mean load is 100%, and should be 92%");
    check(0.95, "99 99 99", "1 more: the mean load is 99%, and should be 95%");
    check(1.0, "100 100", "1 more: the mean load is 100%, and should be 100%");
    check(1.0, "97 97", "no change: the mean load is 97%, near the 100% that it should be");
}

#[test]
fn target_grows_in_proportion_and_counts_those_that_boot() {
    let check = |instances: &str, wanted: &str, rejected: &[&str]| {
        check(Policy::Target, instances, wanted, "", rejected);
    };
    check("74 74", "1 more: the mean load is 74%, and should be 60%", &[]);
    check("90 90 90 90", "2 more: the mean load is 90%, and should be 60%", &[]);
    check("100 100 100", "2 more: the mean load is 100%, and should be 60%", &[]);
    check(
        "90 90 90 90 boot boot",
        "no change: the mean load is 90%, and should be 60%",
        &["3 more are not launched: 2 others are still starting"],
    );
    check("100 100 100 100 boot", "2 more: the mean load is 100%, and should be 60%", &[]);
    // The dead band.
    check("66 66 66 66", "no change: the mean load is 66%, near the 60% that it should be", &[]);
    check("67 67 67 67", "1 more: the mean load is 67%, and should be 60%", &[]);
    check(
        "55 55 55 55",
        "no change: the mean load is 55%, near the 60% that it should be",
        &["i-1 stays: without it the mean load would be 73%"],
    );
    // Those that are not heard of are idle.
    check("90 90 90 ?", "1 more: the mean load is 90%, and should be 60%", &[]);
    check(
        "70 70 70 ?",
        "no change: the mean load is 70%, and should be 60%",
        &["1 more is not launched: only 3 of 4 instances are heard of"],
    );
    check("? ?", "no change: no load is known yet", &[]);
    check("?", "1 more: there is 1 instance, and should be 2", &[]);
    check(
        "100 100 100 100 100 100 100 100",
        "2 more: the mean load is 100%, and should be 60%",
        &["4 more are not launched: there may be no more than 10"],
    );
}

#[test]
fn target_shrinks_to_what_was_needed_lately_and_not_below_what_is_desired() {
    let three = "3 fewer: the mean load is 20%, and should be 60%";
    let stays = "i-4 stays: without it the mean load would be 60%";
    let six = || Scene::new("20 20 20 20 20 20");
    six().check(&fleet(Policy::Target, 2, 10), three, "i-1 i-2 i-3", &[stays]);
    let needed = |need: u32, ago: u64| {
        let mut scene = six();
        scene.needs.note(need, at(NOW - ago));
        scene
    };
    let not = "2 are not removed: 5 were needed 4 min 10 s ago";
    let one = "1 fewer: the mean load is 20%, and should be 60%";
    needed(5, 250).check(&fleet(Policy::Target, 2, 10), one, "i-1", &[not]);
    needed(5, 301).check(&fleet(Policy::Target, 2, 10), three, "i-1 i-2 i-3", &[stays]);
    let none = "no change: the mean load is 20%, and should be 60%";
    needed(9, 0).check(&fleet(Policy::Target, 2, 10), none, "", &["3 are not removed: 9 were needed 0 ms ago"]);
    let floor = "2 are not removed: there should be no fewer than 5";
    six().check(&fleet(Policy::Target, 5, 10), one, "i-1", &[floor]);
    six().check(&fleet(Policy::Target, 6, 10), none, "", &["3 are not removed: there should be no fewer than 6"]);
    let booting = "4 are not removed: another one is still starting";
    Scene::new("20 20 20 20 20 20 boot").check(&fleet(Policy::Target, 2, 10), none, "", &[booting]);
}

#[test]
fn those_that_are_not_heard_of_are_full_when_target_shrinks() {
    let one = "1 fewer: the mean load is 20%, and should be 60%";
    let none = "no change: the mean load is 20%, and should be 60%";
    let stays = "i-2 stays: without it the mean load would be 60%";
    check(Policy::Target, "20 20 20 20 ?", one, "i-1", &[stays]);
    let few = "2 are not removed: only 2 of 4 instances are heard of";
    check(Policy::Target, "20 20 ? ?", none, "", &[few, "i-1 stays: without it the mean load would be 80%"]);
}

#[test]
fn launches_are_withheld_by_their_budget_and_shrinking_by_turns() {
    let budget = LaunchBudget { launches: 3, within: Duration::from_secs(3600) };
    let limited = Fleet { budget, ..fleet(Policy::Target, 2, 10) };
    let launched = |ago: &[u64]| {
        let mut scene = Scene::new("90 90 90 90");
        scene.memory.launches = ago.iter().map(|ago| at(NOW).utc - SignedDuration::from_secs(*ago as i64)).collect();
        scene
    };
    let said = |count: u32| format!("{count} more: the mean load is 90%, and should be 60%");
    launched(&[3601, 10]).check(&limited, &said(2), "", &[]);
    let not = "1 more is not launched: no more than 3 launches are allowed within 1 h";
    launched(&[3599, 10]).check(&limited, &said(1), "", &[not]);
    let not = "2 more are not launched: no more than 3 launches are allowed within 1 h";
    launched(&[30, 20, 10]).check(&limited, "no change: the mean load is 90%, and should be 60%", "", &[not]);
    // The document knows no budget.
    launched(&[30, 20, 10]).check(&Fleet { policy: Policy::Seed, ..limited }, &said(1), "", &[]);

    let turned = |instances: &str, turns: i64| {
        let mut scene = Scene::new(instances);
        scene.memory.turns = (0..turns).map(|turn| at(NOW).utc - SignedDuration::from_mins(turn * 10)).collect();
        scene
    };
    let target = fleet(Policy::Target, 2, 10);
    turned("20 20 20 20", 3).check(&target, "2 fewer: the mean load is 20%, and should be 60%", "i-1 i-2", &[]);
    let not = "2 are not removed: the fleet has turned from growing to shrinking or back 4 times within 1 h";
    turned("20 20 20 20", 4).check(&target, "no change: the mean load is 20%, and should be 60%", "", &[not]);
    turned("90 90 90 90", 4).check(&target, &said(2), "", &[]);
}

#[test]
fn a_single_one_that_is_lost_or_failed_is_replaced_and_many_at_once_are_not() {
    let check = |instances: &str, wanted: &str, victims: &str, rejected: &[&str]| {
        check(Policy::Target, instances, wanted, victims, rejected);
    };
    check("60 60 60 x90", "1 replaced: i-4 was lost", "i-4", &[]);
    check("60 60 failed x90", "2 replaced: i-3 failed to start; i-4 was lost", "i-3 i-4", &[]);
    check("x90", "1 replaced, 1 more: there is 1 instance, and should be 2; i-1 was lost", "i-1", &[]);
    check("90 90 90 x90", "1 replaced, 1 more: the mean load is 90%, and should be 60%; i-4 was lost", "i-4", &[]);
    // What is not needed any more is the first to go, and not replaced.
    let stays = "i-1 stays: without it the mean load would be 80%";
    check("20 20 20 x90 failed", "2 removed: the mean load is 20%, and should be 60%", "i-5 i-4", &[stays]);
    check("60 60 60 s20", "no change: the mean load is 60%, near the 60% that it should be", "", &[]);
    check("s20", "1 more: there is 1 instance, and should be 2", "", &[]);
    // Those of a user, and protected ones, are left as they are, and others are launched where more are needed.
    check("60 60 60 x90u failedp", "no change: the mean load is 60%, near the 60% that it should be", "", &[]);
    check("60 x90p", "1 more: there is 1 instance, and should be 2", "", &[]);
}

#[test]
fn a_fleet_of_which_little_is_heard_is_held() {
    let check = |instances: &str, wanted: &str, rejected: &str| {
        for policy in [Policy::Target, Policy::Seed, Policy::Manual, Policy::Schedule(Vec::new())] {
            check(policy, instances, wanted, "", &[rejected]);
        }
    };
    let few = |known: u32, all: u32| format!("nothing is changed: only {known} of {all} instances are heard of");
    let many = |silent: u32, all: u32| {
        format!(
            "nothing is changed: {silent} of {all} instances fell silent at once; perhaps this machine is cut off from them"
        )
    };
    let no_change = |mean: u32| format!("no change: the mean load is {mean}%, and should be 60%");
    check("x900 x900", "no change: no load is known yet", &few(0, 2));
    check("90 90 x900 x900 x900 failed", &no_change(90), &few(2, 5));
    check("90 x900 x900 boot", &no_change(90), &few(1, 3));
    check("90 90 90 90 90 90 s60 s16 s30 s20", &no_change(90), &many(4, 10));
    check("10 10 10 10 x31 x32", &no_change(10), &many(2, 6));
}

#[test]
fn a_fleet_is_held_only_while_many_are_silent_and_newly_so() {
    let check = |instances: &str, held: bool| {
        let decision = Scene::new(instances).decide(&fleet(Policy::Target, 2, 20));
        assert_eq!(decision.is_held(), held, "{instances}: {decision:?}");
        assert!(!(held && decision.acts()));
    };
    check("60 60 60 60 60 60 60 s20 s20 s20", false);
    check("60 60 60 60 60 60 s20 s20 s20 s20", true);
    check("60 60 60 60 60 60 s20 s20 s20 x61", false);
    check("60 60 60 60 60 60 60 s20 s20 s20 s14", false);
    check("60 60 60 60 60 60 x61 x61 x61 x61", false);
    check("60 60 60 x61 x61 x61", false);
    check("60 60 x61 x61 x61", true);
    check("60 x30", false);
    check("60 s30 s30", true);
    check("x30", false);
    // They are new.
    check("60 ? ? ? ?", false);
    check("? ? ?", false);
}

#[test]
fn victims_are_of_no_use_still_booting_outdated_least_loaded_or_old_in_this_order() {
    let check = |instances: &str, left: u32, victims: &str, rejected: &[&str]| {
        let scene = Scene { planned: Some(left), ..Scene::new(instances) };
        let decision = scene.decide(&fleet(Policy::Schedule(Vec::new()), 1, 99));
        let words = Words::new(Language::English, TimeZone::UTC);
        let not: Vec<String> = decision.rejected.iter().map(|rejected| words.rejected(rejected)).collect();
        assert_eq!(decision.victims.join(" "), victims, "{instances}");
        assert_eq!(not, rejected, "{instances}");
    };
    let all = "60 x90 30 boot 30.4 20 failed 90o boot ? 80o";
    check(all, 1, "i-7 i-2 i-4 i-9 i-11 i-8 i-6 i-3 i-5 i-1", &[]);
    check(all, 9, "i-7 i-2", &[]);
    check(all, 6, "i-7 i-2 i-4 i-9 i-11", &[]);
    check(all, 10, "i-7 i-2", &[]);
    check(all, 11, "i-7 i-2", &[]);
    let some = "70u 20p 60 boot 30u 40p 50 10o";
    let [two, five, six] =
        ["i-2 stays: it is protected", "i-5 stays: a user launched it", "i-6 stays: it is protected"];
    // Only those whose turn it was are named; and all of them if nobody else is left.
    check(some, 6, "i-4 i-8", &[]);
    check(some, 5, "i-4 i-8 i-7", &[two, five, six]);
    check(some, 4, "i-4 i-8 i-7 i-3", &[two, five, six]);
    check(some, 3, "i-4 i-8 i-7 i-3", &[two, five, six, "i-1 stays: a user launched it"]);
    check("70u 20p 60", 1, "i-3", &["i-2 stays: it is protected", "i-1 stays: a user launched it"]);
    // Whoever has been told to go is not counted.
    check("20 drain drain", 1, "", &[]);
}

#[test]
fn who_goes_by_the_clock_has_what_it_says() {
    let scene = |instances: &str, planned| Scene { planned, ..Scene::new(instances) };
    let plan = fleet(Policy::Schedule(Vec::new()), 2, 6);
    scene("20 90 50", Some(5)).check(&plan, "2 more: the schedule asks for 5", "", &[]);
    scene("20 90 50", Some(1)).check(&plan, "2 fewer: the schedule asks for 1", "i-1 i-3", &[]);
    scene("20 90 boot", Some(0)).check(&plan, "2 fewer: the schedule asks for 1", "i-3 i-1", &[]);
    scene("20 90 50", None).check(&plan, "1 fewer: the schedule asks for 2", "i-1", &[]);
    scene("20 90 x90", Some(2)).check(&plan, "1 removed: the schedule asks for 2", "i-3", &[]);
    scene("20 90 x90", Some(3)).check(&plan, "1 replaced: the schedule asks for 3; i-3 was lost", "i-3", &[]);
    scene("60 60", Some(9)).check(&plan, "4 more: the schedule asks for 6", "", &[]);
}

#[test]
fn by_hand_a_fleet_is_only_refilled() {
    let near = "no change: the mean load is 60%, near the 60% that it should be";
    check(Policy::Manual, "60 60 60", near, "", &[]);
    check(Policy::Manual, "60", "1 more: there is 1 instance, and should be 2", "", &[]);
    check(
        Policy::Manual,
        "60 x90 failed",
        "1 replaced: there is 1 instance, and should be 2; i-3 failed to start",
        "i-3",
        &[],
    );
    check(Policy::Manual, "60 60 x90", near, "", &[]);
    // What Estatus has launched in vain goes, also where a user has launched others meanwhile; what a user has, stays.
    check(Policy::Manual, "60 60 failed x90", "1 removed: i-3 failed to start", "i-3", &[]);
    check(
        Policy::Manual,
        "60 x90 failed failed",
        "1 replaced, 1 removed: there is 1 instance, and should be 2; i-3 failed to start; i-4 failed to start",
        "i-4 i-3",
        &[],
    );
    let more = "2 more are not launched: it is left to the user";
    check(Policy::Manual, "90 90 90 90", "no change: the mean load is 90%, and should be 60%", "", &[more]);
    let fewer = "2 are not removed: it is left to the user";
    check(Policy::Manual, "20 20 20 20", "no change: the mean load is 20%, and should be 60%", "", &[fewer]);
    let twelve = "60 ".repeat(12);
    check(Policy::Manual, &twelve, near, "", &[]);
}

#[test]
fn what_is_more_than_may_be_goes_at_once_and_what_is_switched_off_stays() {
    let off = |policy| Fleet { enabled: false, ..fleet(policy, 2, 3) };
    let mut scene = Scene::new("60 61 62 boot");
    scene.needs.note(9, at(NOW));
    let over = "1 fewer: there are 4 instances, and may be no more than 3";
    scene.check(&fleet(Policy::Target, 2, 3), over, "i-4", &[]);
    scene.check(&fleet(Policy::Seed, 2, 3), over, "i-4", &[]);
    let not = "1 is not removed: it is left to the user";
    scene.check(&off(Policy::Target), "no change: there are 4 instances, and may be no more than 3", "", &[not]);
    let not = "1 more is not launched: it is left to the user";
    Scene::new("90 90").check(&off(Policy::Target), "no change: the mean load is 90%, and should be 60%", "", &[not]);
    Scene::new("60 60 60 x90").check(
        &fleet(Policy::Target, 2, 3),
        "1 removed: there are 4 instances, and may be no more than 3",
        "i-4",
        &[],
    );
}

#[test]
fn replacing_has_a_budget_of_its_own() {
    let budget = LaunchBudget { launches: 2, within: Duration::from_secs(3600) };
    let limited = Fleet { budget, ..fleet(Policy::Target, 2, 10) };
    let mut scene = Scene::new("60 60 60 60 60 failed x90 failed");
    scene.memory.launches = vec![at(NOW).utc; 2];
    let waits = "i-7 is not replaced: no more than 2 launches are allowed within 1 h";
    scene.check(&limited, "2 replaced: i-6 failed to start; i-8 failed to start", "i-6 i-8", &[waits]);
    scene.memory.replacements = vec![at(NOW - 60).utc];
    let too = "i-8 is not replaced: no more than 2 launches are allowed within 1 h";
    scene.check(&limited, "1 replaced: i-6 failed to start", "i-6", &[too, waits]);
    // What waits to be replaced is not launched from the other budget instead.
    scene.memory = FleetMemory { replacements: vec![at(NOW - 60).utc; 2], ..FleetMemory::default() };
    let decision = scene.decide(&limited);
    assert_eq!((decision.change, decision.victims.len(), decision.rejected.len()), (0, 0, 3), "{decision:?}");
}

#[test]
fn what_a_decision_has_done_is_remembered_for_as_long_as_it_counts() {
    let budget = LaunchBudget { launches: 3, within: Duration::from_secs(3600) };
    let fleet = Fleet { budget, ..fleet(Policy::Target, 2, 10) };
    let mut memory = FleetMemory::default();
    let mut note = |change: i32, replaced: u32, reason: Reason, second: u64, wanted: (usize, usize, usize)| {
        let decision = Decision { change, replaced, reasons: vec![reason], ..Decision::default() };
        memory.note(&decision, &fleet, at(second).utc);
        let known = (memory.launches.len(), memory.replacements.len(), memory.turns.len());
        assert_eq!(known, wanted, "in second {second}");
        memory.direction
    };
    let above = || Reason::Above { mean: 0.9, load: 0.6, need: 9 };
    let below = || Reason::Below { mean: 0.2, load: 0.6, need: 1 };
    let lost = || Reason::ReplacesLost { instance: "i-1".into() };
    assert_eq!(note(2, 1, lost(), 0, (1, 1, 0)), None);
    assert_eq!(note(1, 0, above(), 10, (2, 1, 0)), Some(Direction::Growing));
    assert_eq!(note(0, 0, below(), 20, (2, 1, 0)), Some(Direction::Growing));
    assert_eq!(note(-1, 0, below(), 30, (2, 1, 1)), Some(Direction::Shrinking));
    assert_eq!(note(-1, 0, below(), 40, (2, 1, 1)), Some(Direction::Shrinking));
    assert_eq!(note(4, 0, above(), 50, (3, 1, 2)), Some(Direction::Growing));
    assert_eq!(note(-1, 0, Reason::Asked, 60, (3, 1, 2)), Some(Direction::Growing));
    assert_eq!(note(-1, 0, below(), 3640, (3, 0, 2)), Some(Direction::Shrinking));
    assert_eq!(note(0, 0, above(), 7300, (0, 0, 2)), Some(Direction::Shrinking));
}

/// Any instance, in any state.
fn any_instance() -> impl Strategy<Value = Seen<'static>> {
    use InstanceState as State;
    let rare = [State::Launching, State::Booting, State::Suspect, State::Lost, State::Failed, State::Draining];
    let rare = rare.into_iter().chain([State::Terminating, State::Gone]).collect::<Vec<_>>();
    let state = prop_oneof![6 => Just(State::Running), 4 => proptest::sample::select(rare)];
    let load = proptest::option::weighted(0.85, 0.0..=1.0_f32);
    let silent = (0..200_u64).prop_map(Duration::from_secs);
    let marks = (proptest::bool::weighted(0.1), proptest::bool::weighted(0.1), proptest::bool::weighted(0.1));
    (state, load, silent, 0..500_u64, marks).prop_map(|(state, load, silent, launched, marks)| Seen {
        name: &NOBODY,
        state,
        load: load.filter(|_| state == State::Running),
        silent,
        launched: at(launched).utc,
        protected: marks.0,
        by_user: marks.1,
        outdated: marks.2,
    })
}

fn any_scene() -> impl Strategy<Value = Scene> {
    let instances = proptest::collection::vec(any_instance(), 0..24);
    let ago = || proptest::collection::vec(0..4000_i64, 0..6);
    let needs = proptest::collection::vec(0..20_u32, 0..4);
    (instances, needs, ago(), ago(), ago(), proptest::option::of(0..24_u32)).prop_map(
        |(instances, needs, launches, replacements, turns, planned)| {
            let past =
                |ago: Vec<i64>| ago.into_iter().map(|ago| at(NOW).utc - SignedDuration::from_secs(ago)).collect();
            let names = (1..).map(|number| Arc::from(format!("i-{number}")));
            let mut scene = Scene { instances: names.zip(instances).collect(), planned, ..Scene::new("") };
            needs.into_iter().for_each(|need| scene.needs.note(need, at(NOW - 100)));
            let (launches, replacements, turns) = (past(launches), past(replacements), past(turns));
            scene.memory = FleetMemory { launches, replacements, turns, ..FleetMemory::default() };
            scene
        },
    )
}

fn any_fleet() -> impl Strategy<Value = Fleet> {
    let policy = prop_oneof![
        3 => Just(Policy::Target),
        1 => Just(Policy::Seed),
        1 => Just(Policy::Manual),
        1 => Just(Policy::Schedule(Vec::new())),
    ];
    (policy, (0..8_u32, 0..8_u32, 0..8_u32), 1..=10_u32, 0..8_u32, proptest::bool::weighted(0.9)).prop_map(
        |(policy, (min, more, most), load, launches, enabled)| Fleet {
            policy,
            min,
            desired: min + more,
            max: (min + more + most).max(1),
            load: f64::from(load) / 10.0,
            budget: LaunchBudget { launches, within: Duration::from_secs(3600) },
            enabled,
            ..Fleet::new("web")
        },
    )
}

proptest! {
    #[test]
    fn no_rule_goes_beyond_its_bounds(scene in any_scene(), fleet in any_fleet()) {
        let decision = scene.decide(&fleet);
        let of = |name: &Arc<str>| &scene.instances.iter().find(|(known, _)| known == name).unwrap().1;
        let counting = scene.instances.iter().filter(|(_, seen)| seen.state.counts()).count() as i64;
        let victims: Vec<_> = decision.victims.iter().map(of).collect();
        let removed = victims.iter().filter(|seen| seen.state.counts()).count() as i64;
        let left = counting + i64::from(decision.change);
        let lately = |times: &[Timestamp]| {
            let since = at(NOW).utc - SignedDuration::from_secs(3600);
            times.iter().filter(|time| **time >= since).count() as i64
        };
        let budget = i64::from(fleet.budget.launches);
        let replaced = i64::from(decision.replaced);
        let grown = i64::from(decision.change.max(0)) - replaced;

        // Between min and max.
        prop_assert!(decision.change <= 0 || left <= i64::from(fleet.max));
        prop_assert!(removed == 0 || left >= i64::from(fleet.min));
        prop_assert!(removed == 0 || left >= i64::from(fleet.desired) || matches!(fleet.policy, Policy::Schedule(_)));
        // Within the budgets.
        prop_assert!(grown <= (budget - lately(&scene.memory.launches)).max(0) || fleet.policy == Policy::Seed);
        prop_assert!(replaced <= (budget - lately(&scene.memory.replacements)).max(0));
        // What is removed and what is launched are told apart.
        prop_assert!(removed == i64::from(-decision.change.min(0)));
        prop_assert!(grown >= 0 && replaced <= victims.len() as i64 - removed);
        // Nobody is removed whom no rule removes, or who has been told already; and nobody twice.
        prop_assert!(victims.iter().all(|seen| seen.kept().is_none()));
        let may_go = |seen: &&Seen<'_>| seen.state.counts() || matches!(seen.state, InstanceState::Lost | InstanceState::Failed);
        prop_assert!(victims.iter().all(may_go));
        prop_assert_eq!(decision.victims.iter().collect::<BTreeSet<_>>().len(), victims.len());
        // Nothing is done that should not be.
        prop_assert!(!decision.acts() || (fleet.enabled && !decision.is_held()));
        prop_assert!(!decision.reasons.is_empty());
        // By hand nothing is removed that has ever worked.
        let lost = victims.iter().filter(|seen| seen.state == InstanceState::Lost).count() as i64;
        prop_assert!(fleet.policy != Policy::Manual || removed == 0 && lost <= replaced);
        let boots = scene.instances.iter().any(|(_, seen)| seen.state.is_booting());
        let is_over = counting > i64::from(fleet.max);
        prop_assert!(fleet.policy != Policy::Target || removed == 0 || is_over || !boots);
    }

    #[test]
    fn target_comes_to_rest_under_a_constant_load(
        load in 0.0..12.0_f64,
        count in 1..30_u32,
        boot in 0..20_u64,
        goal in 2..=9_u32,
    ) {
        let fleet = Fleet { load: f64::from(goal) / 10.0, max: 200, ..fleet(Policy::Target, 1, 200) };
        let fleet = Fleet { budget: LaunchBudget { launches: 1000, ..fleet.budget }, ..fleet };
        let mut servers: Vec<u64> = vec![0; count as usize];
        let mut needs = Needs::new(count, at(0));
        let mut changes = Vec::new();
        for beat in 0..400 {
            let working = servers.iter().filter(|works| **works <= beat).count();
            let shared = (load / working.max(1) as f64).min(1.0) as f32;
            let word = |works: &u64| if *works <= beat { format!("{}", shared * 100.0) } else { "boot".to_owned() };
            let words: Vec<String> = servers.iter().map(word).collect();
            let scene = Scene { needs: needs.clone(), ..Scene::new(&words.join(" ")) };
            let instances: Vec<_> = scene.instances.iter().map(|(name, seen)| Seen { name, ..*seen }).collect();
            let state = FleetState {
                instances: &instances,
                needs: &needs,
                launches: &[],
                replacements: &[],
                turns: &[],
                planned: None,
            };
            let decision = decide(&state, &fleet, at(beat * 5));
            let need = decision.need.unwrap_or(servers.len() as u32);
            needs.note(need, at(beat * 5));
            if decision.change != 0 {
                changes.push((beat, decision.change));
            }
            servers.extend((0..decision.change.max(0)).map(|_| beat + boot));
            servers.truncate(servers.len() - (-decision.change).max(0) as usize);
        }
        let turns = changes.windows(2).filter(|pair| (pair[0].1 > 0) != (pair[1].1 > 0)).count();
        prop_assert!(turns == 0 && changes.iter().all(|(beat, _)| *beat < 300), "{changes:?}");
        let mean = load / servers.len() as f64;
        prop_assert!(mean <= fleet.load * 1.1 + 1e-3, "{mean} for {}", fleet.load);
    }
}
