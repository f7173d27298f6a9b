//! Somebody sets the wall clock while Estatus runs.

use std::time::Duration;

use estatus_core::{incident::News, observation::Verdict, record::Record};
use jiff::SignedDuration;

use crate::{HOUR, MINUTE, Scene, config, monitor};

/// A monitor that was down for 20 minutes, in whose middle the clock was set by so many hours.
fn outage(hours: i64) -> Scene {
    let mut scene = Scene::new(config([monitor("a")]));
    scene.pass(HOUR).break_it("a").pass(MINUTE * 10);
    scene.clock_set = SignedDuration::from_hours(hours);
    scene.pass(MINUTE * 10).mend("a").pass(MINUTE * 10);
    scene
}

/// It is the same however the clock is set.
#[track_caller]
fn check(measured: impl Fn(Scene) -> Duration) {
    let undisturbed = measured(outage(0));
    assert!((MINUTE * 20..MINUTE * 21).contains(&undisturbed), "{undisturbed:?}");
    for hours in [-3, 3] {
        assert_eq!(measured(outage(hours)), undisturbed, "set by {hours} h");
    }
}

#[test]
fn how_long_it_was_down_is_what_the_boot_clock_says() {
    check(|scene| {
        let mut alerts = scene.sent.iter().flat_map(|(_, message)| &message.alerts);
        let recovered = alerts.find_map(|alert| match &alert.news {
            News::Recovered { incident } => Some(incident),
            _ => None,
        });
        recovered.unwrap().lasted(scene.clocks().utc)
    });
}

#[test]
fn observations_say_how_long_the_one_before_held_by_the_boot_clock() {
    check(|scene| {
        let (mut down, mut last) = (Duration::ZERO, None);
        for record in &scene.records {
            let Record::Observation { after, observation, .. } = record else { continue };
            assert_eq!(after.is_none(), last.is_none(), "only the first one has none before it");
            if last == Some(Verdict::Down) {
                down += after.unwrap();
            }
            last = Some(observation.verdict);
        }
        down
    });
}
