//! The whole core in a seeded world under a virtual clock, with everything that goes wrong in a real one.
//!
//! A failure names the seed that repeats it: `ESTATUS_SEED=N cargo nextest run -p estatus-simulation`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test tells and fails by them"
)]

mod agenda;
mod changes;
mod disk;
mod fleets;
mod flows;
mod inbox;
mod loads;
mod programs;
mod rules;
mod script;
mod starting;
mod waking;
mod world;

use loads::Shape;
use programs::Troubles;
use script::{Faults, Script};
use world::World;

/// Everything that can go wrong around Estatus.
const EVERYTHING: Faults =
    Faults { network: true, sleep: true, clock: true, mail: true, disk: true, crashes: true, ..Faults::NONE };

/// Runs `days` of the world that `seed` makes, with `faults`.
fn simulate(seed: u64, days: u64, faults: Faults) -> String {
    let mut world = World::new(Script::new(seed, days, faults));
    world.run();
    world.summary()
}

fn many(first_seed: u64, worlds: u64, days: u64, faults: Faults) {
    if let Some(seed) = std::env::var("ESTATUS_SEED").ok().and_then(|seed| seed.parse().ok()) {
        println!("{}", simulate(seed, days, faults));
        return;
    }
    for seed in first_seed..first_seed + worlds {
        println!("{}", simulate(seed, days, faults));
    }
}

#[test]
fn a_calm_world_keeps_every_promise_for_200_days() {
    many(1, 5, 40, Faults::NONE);
}

#[test]
fn broken_networks_keep_every_promise_for_200_days() {
    many(100, 5, 40, Faults { network: true, ..Faults::NONE });
}

#[test]
fn a_laptop_that_sleeps_and_whose_clock_jumps_keeps_every_promise_for_200_days() {
    many(200, 5, 40, Faults { sleep: true, clock: true, network: true, ..Faults::NONE });
}

#[test]
fn broken_mail_and_a_failing_disk_keep_every_promise_for_200_days() {
    many(300, 5, 40, Faults { mail: true, disk: true, ..Faults::NONE });
}

#[test]
fn crashes_at_every_step_keep_every_promise_for_200_days() {
    many(400, 5, 40, Faults { crashes: true, mail: true, ..Faults::NONE });
}

#[test]
fn everything_at_once_keeps_every_promise_for_200_days() {
    many(500, 5, 40, EVERYTHING);
}

#[test]
fn a_user_who_changes_everything_leaves_every_promise_kept_for_200_days() {
    many(1100, 5, 40, Faults { edits: true, ..Faults::NONE });
}

#[test]
fn a_user_who_changes_everything_while_everything_goes_wrong_leaves_every_promise_kept_for_200_days() {
    many(1200, 5, 40, Faults { edits: true, ..EVERYTHING });
}

/// Runs `days` of the world of programs that `seed` makes.
fn supervise(seed: u64, days: u64, troubles: Troubles) -> String {
    let mut world = programs::World::new(seed, days, troubles);
    world.run();
    world.summary()
}

fn supervise_many(first_seed: u64, worlds: u64, days: u64, troubles: Troubles) {
    let seed = std::env::var("ESTATUS_SEED").ok().and_then(|seed| seed.parse().ok());
    let (first, count) = seed.map_or((first_seed, worlds), |seed| (seed, 1));
    for seed in first..first + count {
        println!("{}", supervise(seed, days, troubles));
    }
}

#[test]
fn programs_that_misbehave_keep_every_promise_for_200_days() {
    supervise_many(600, 10, 20, Troubles::NONE);
}

#[test]
fn programs_that_misbehave_while_estatus_crashes_keep_every_promise_for_200_days() {
    supervise_many(700, 10, 20, Troubles { crashes: true, ..Troubles::NONE });
}

#[test]
fn programs_keep_every_promise_for_200_days_while_the_user_changes_everything() {
    supervise_many(800, 10, 20, Troubles { edits: true, ..Troubles::NONE });
}

#[test]
fn programs_keep_every_promise_for_200_days_while_the_user_changes_everything_and_estatus_crashes() {
    supervise_many(900, 10, 20, Troubles { crashes: true, edits: true, ..Troubles::NONE });
}

#[test]
fn programs_keep_every_promise_for_200_days_while_orders_are_never_heard_of_again() {
    supervise_many(1000, 10, 20, Troubles { crashes: true, edits: true, silence: true });
}

#[test]
fn the_same_seed_tells_the_same_story_of_programs() {
    let troubles = Troubles { crashes: true, edits: true, ..Troubles::NONE };
    assert_eq!(supervise(7, 5, troubles), supervise(7, 5, troubles));
}

/// Runs `days` of the world of flows that `seed` makes.
fn run_flows(seed: u64, days: u64, troubles: flows::Troubles) -> String {
    let mut world = flows::World::new(seed, days, troubles);
    world.run();
    world.summary()
}

fn run_many_flows(first_seed: u64, worlds: u64, days: u64, troubles: flows::Troubles) {
    let seed = std::env::var("ESTATUS_SEED").ok().and_then(|seed| seed.parse().ok());
    let (first, count) = seed.map_or((first_seed, worlds), |seed| (seed, 1));
    for seed in first..first + count {
        println!("{}", run_flows(seed, days, troubles));
    }
}

#[test]
fn flows_keep_every_promise_for_100_days() {
    run_many_flows(1300, 5, 20, flows::Troubles::NONE);
}

#[test]
fn flows_keep_every_promise_for_100_days_while_estatus_and_what_supervises_them_die() {
    run_many_flows(1400, 5, 20, flows::Troubles { crashes: true, ..flows::Troubles::NONE });
}

#[test]
fn flows_keep_every_promise_for_100_days_while_the_user_changes_everything() {
    run_many_flows(1500, 5, 20, flows::Troubles { edits: true, ..flows::Troubles::NONE });
}

#[test]
fn flows_keep_every_promise_for_100_days_while_the_machine_sleeps_and_its_clock_is_set() {
    run_many_flows(1600, 5, 20, flows::Troubles { sleep: true, clock: true, ..flows::Troubles::NONE });
}

#[test]
fn flows_keep_every_promise_after_whichever_effect_estatus_dies() {
    let seed = std::env::var("ESTATUS_SEED").ok().and_then(|seed| seed.parse().ok());
    let (first, count) = seed.map_or((1900, 3), |seed| (seed, 1));
    for seed in first..first + count {
        let mut whole = flows::World::brief(seed, None);
        whole.run();
        println!("{}, {} effects", whole.summary(), whole.effects());
        for effect in 1..=whole.effects() {
            flows::World::brief(seed, Some(effect)).run();
        }
    }
}

#[test]
fn flows_keep_every_promise_for_60_days_while_the_disk_is_full_and_estatus_dies() {
    run_many_flows(1800, 3, 20, flows::Troubles { crashes: true, disk: true, ..flows::Troubles::NONE });
}

#[test]
fn flows_keep_every_promise_for_100_days_while_everything_goes_wrong() {
    run_many_flows(1700, 5, 20, flows::Troubles { crashes: true, edits: true, sleep: true, clock: true, disk: true });
}

#[test]
fn the_same_seed_tells_the_same_story_of_flows() {
    let troubles = flows::Troubles { crashes: true, edits: true, sleep: true, clock: true, disk: true };
    assert_eq!(run_flows(7, 5, troubles), run_flows(7, 5, troubles));
}

/// Runs `hours` of the world of fleets that `seed` makes.
fn scale(seed: u64, hours: u32, troubles: fleets::Troubles) -> String {
    let mut world = fleets::World::new(seed, hours, troubles);
    world.run();
    world.summary()
}

fn scale_many(first_seed: u64, worlds: u64, hours: u32, troubles: fleets::Troubles) {
    let seed = std::env::var("ESTATUS_SEED").ok().and_then(|seed| seed.parse().ok());
    let (first, count) = seed.map_or((first_seed, worlds), |seed| (seed, 1));
    for seed in first..first + count {
        println!("{}", scale(seed, hours, troubles));
    }
}

#[test]
fn fleets_of_an_honest_provider_keep_every_promise() {
    scale_many(2000, 12, 8, fleets::Troubles { honest: true, ..fleets::Troubles::NONE });
}

#[test]
fn fleets_keep_every_promise_whatever_their_provider_and_servers_do() {
    scale_many(2100, 12, 8, fleets::Troubles::NONE);
}

#[test]
fn fleets_keep_every_promise_while_estatus_dies() {
    scale_many(2200, 12, 8, fleets::Troubles { crashes: true, ..fleets::Troubles::NONE });
}

#[test]
fn fleets_keep_every_promise_while_estatus_is_cut_off() {
    scale_many(2300, 12, 8, fleets::Troubles { cuts: true, ..fleets::Troubles::NONE });
}

#[test]
fn fleets_keep_every_promise_while_the_user_changes_everything() {
    scale_many(2400, 12, 8, fleets::Troubles { edits: true, ..fleets::Troubles::NONE });
}

#[test]
fn fleets_keep_every_promise_while_the_machine_sleeps_and_its_clock_is_set() {
    scale_many(2500, 12, 8, fleets::Troubles { sleep: true, clock: true, ..fleets::Troubles::NONE });
}

#[test]
fn fleets_keep_every_promise_while_everything_goes_wrong() {
    scale_many(2600, 30, 12, fleets::Troubles::ALL);
}

#[test]
fn fleets_keep_every_promise_after_whichever_effect_estatus_dies() {
    let seed = std::env::var("ESTATUS_SEED").ok().and_then(|seed| seed.parse().ok());
    let mut whole = fleets::World::brief(seed.unwrap_or(2900), None);
    whole.run();
    println!("{}, {} effects", whole.summary(), whole.effects());
    for effect in 1..=whole.effects() {
        fleets::World::brief(seed.unwrap_or(2900), Some(effect)).run();
    }
}

#[test]
fn the_same_seed_tells_the_same_story_of_fleets() {
    assert_eq!(scale(7, 12, fleets::Troubles::ALL), scale(7, 12, fleets::Troubles::ALL));
}

#[test]
fn nobody_is_told_of_what_a_start_or_a_wished_stop_explains_for_100_days() {
    let seed = std::env::var("ESTATUS_SEED").ok().and_then(|seed| seed.parse().ok());
    let (first, count) = seed.map_or((800, 10), |seed| (seed, 1));
    for seed in first..first + count {
        let mut world = starting::World::new(seed, 10);
        world.run();
        println!("{}", world.summary());
    }
}

#[test]
fn the_same_seed_tells_the_same_story() {
    let faults = Faults { edits: true, ..EVERYTHING };
    assert_eq!(simulate(7, 10, faults), simulate(7, 10, faults));
}

#[test]
fn a_steady_load_is_left_alone_as_by_kubernetes() {
    loads::compare(Shape::Steady);
}

#[test]
fn under_a_noisy_load_target_launches_no_more_than_kubernetes_and_is_overloaded_no_longer() {
    loads::compare(Shape::Noisy);
}

#[test]
fn under_a_load_of_steps_target_launches_no_more_than_kubernetes_and_is_overloaded_no_longer() {
    loads::compare(Shape::Step);
}

#[test]
fn under_a_daily_load_target_launches_no_more_than_kubernetes_and_is_overloaded_no_longer() {
    loads::compare(Shape::Daily);
}

#[test]
fn under_a_load_of_flashes_target_launches_no_more_than_kubernetes_and_is_overloaded_no_longer() {
    loads::compare(Shape::Flash);
}

#[test]
fn the_rule_of_the_document_launches_361_an_hour_under_a_constant_load() {
    loads::never_rests();
}
