//! What programs and this machine use is written down, minute by minute.

use estatus_core::{
    check::{Check, HostCheck},
    config::Monitor,
    engine::Ask,
    ids::Key,
    usage::{Measure, Spread},
};

use crate::scene::{Scene, monitor, program, seconds};

const LITTLE: (u64, f64) = (1_000_000, 10.0);
const MUCH: (u64, f64) = (3_000_000, 50.0);

/// What was written down at last of `measure` in each minute after the scene began.
fn kept(scene: &Scene, by: &Key, measure: &Measure) -> Vec<(i64, Spread)> {
    let first = scene.used[0].1.at.as_second();
    let of = scene.used.iter().filter(|(whose, _)| whose == by).flat_map(|(_, minute)| {
        let spread = minute.measures.iter().find(|(known, _)| known == measure).map(|(_, spread)| *spread);
        spread.map(|spread| ((minute.at.as_second() - first) / 60, spread))
    });
    let mut all: Vec<(i64, Spread)> = Vec::new();
    for (minute, spread) in of {
        all.retain(|(known, _)| *known != minute);
        all.push((minute, spread));
    }
    all
}

fn even(value: f64) -> Spread {
    Spread { mean: value, least: value, most: value }
}

#[test]
fn what_a_program_uses_is_kept_minute_by_minute_while_it_runs() {
    let web = Key::Program("web".into());
    let mut scene = Scene::new(vec![program("web")], vec![]);
    scene.uses = LITTLE;
    scene.passes(180.0);
    assert_eq!(scene.used.iter().filter(|(by, _)| *by == web).count(), scene.used.len());
    let minutes = kept(&scene, &web, &Measure::MemoryBytes);
    assert!((3..=4).contains(&minutes.len()), "{minutes:?}");
    assert!(minutes.iter().all(|(_, spread)| *spread == even(1_000_000.0)), "{minutes:?}");
    // The CPU is not known before the second look.
    assert_eq!(scene.used[0].1.measures.len(), 1);
    assert_eq!(kept(&scene, &web, &Measure::Cpu)[0], (0, even(10.0)));

    scene.asks(Ask::StopProgram { program: "web".to_owned() });
    let stopped = scene.used.len();
    scene.passes(600.0);
    assert_eq!(scene.used.len(), stopped);
}

#[test]
fn what_was_measured_before_a_program_stops_is_written_down_then() {
    let web = Key::Program("web".into());
    let mut scene = Scene::new(vec![program("web")], vec![]);
    scene.uses = LITTLE;
    scene.passes(61.0);
    scene.uses = MUCH;
    scene.passes(15.0);
    scene.asks(Ask::StopProgram { program: "web".to_owned() });
    let most = kept(&scene, &web, &Measure::MemoryBytes).iter().map(|(_, spread)| spread.most).fold(0.0, f64::max);
    assert_eq!(most, 3_000_000.0);
    // Started again at once, it goes on with the same minute.
    scene.asks(Ask::StartProgram { program: "web".to_owned() });
    scene.uses = LITTLE;
    scene.passes(20.0);
    scene.asks(Ask::StopProgram { program: "web".to_owned() });
    let minutes = kept(&scene, &web, &Measure::MemoryBytes);
    let (_, last) = minutes[minutes.len() - 1];
    assert_eq!((last.least, last.most), (1_000_000.0, 3_000_000.0), "{minutes:?}");
}

#[test]
fn what_a_host_monitor_measures_is_kept_and_what_others_do_not_measure_is_not() {
    let host = Monitor { check: Check::Host(HostCheck::default()), every: seconds(20.0), ..monitor("host", None) };
    let mut scene = Scene::new(vec![], vec![host]);
    scene.measures = vec![(Measure::Cpu, 20.0), (Measure::Load, 0.5)];
    scene.passes(130.0);
    scene.measures = vec![(Measure::Cpu, 80.0), (Measure::Load, 0.5)];
    scene.passes(130.0);
    let by = Key::Monitor("host".into());
    let minutes = kept(&scene, &by, &Measure::Cpu);
    assert!((4..=6).contains(&minutes.len()), "{minutes:?}");
    assert_eq!(minutes[0].1, even(20.0));
    assert_eq!(minutes[minutes.len() - 1].1, even(80.0));
    assert!(kept(&scene, &by, &Measure::Load).iter().all(|(_, spread)| *spread == even(0.5)));

    let mut scene = Scene::new(vec![], vec![monitor("web port", None)]);
    scene.passes(130.0);
    assert_eq!(scene.used, []);
}
