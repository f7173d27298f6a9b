//! How fleets stood, and what other rules would have done with the load that they had.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use estatus_api::{ApiError, ErrorCode, FleetReplay, FleetSample, OtherRule, ReplayPoint, Reply, TriedRule};
use estatus_core::{
    Timestamp,
    engine::{AskError, FleetView},
    fleet::{
        Fleet, Planned, Policy,
        instance::InstanceState,
        replay::{Outcome, Pace, Sample, affordable, replay},
    },
    maintenance::Cron,
    time::{earlier, elapsed},
    words::Words,
};
use jiff::tz::TimeZone;
use tokio::task::spawn_blocking;

use super::{Answer, failed, reply_async, wrong};
use crate::{clock, event_loop::EventLoop, view, workers::Workers};

/// A replay looks back so far where nobody says how far.
const LOOKS_BACK: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// So many times a replay looks at an instance at most: some seconds' work.
const LOOKS: u64 = 10_000_000;
/// The most points in one answer.
const POINTS: usize = 1_500;
/// An instance is taken to boot within this where none has.
const BOOTS_WITHIN: Duration = Duration::from_secs(60);

impl<W: Workers> EventLoop<W> {
    /// How a fleet stood since then.
    pub(super) fn fleet_history(&self, fleet: String, since: Timestamp, answer: Answer) {
        let (store, words) = (self.store.clone(), view::words(self.core.config()));
        let unknown = self.core.fleet(&fleet, clock::now()).is_none();
        let unknown = unknown.then(|| self.refused(&AskError::NoSuchFleet(fleet.clone())));
        reply_async(answer, async move {
            if let Some(unknown) = unknown {
                return Err(unknown);
            }
            // What has just been seen is still on its way to the disk.
            store.flush().await;
            let samples = store.samples(&fleet, since, Timestamp::now()).await.map_err(failed(words.language()))?;
            Ok(Reply::FleetHistory(thinned(&samples, POINTS).map(fleet_sample).collect()))
        });
    }

    /// What `other` would have done with the load that a fleet had.
    pub(super) fn replay(&self, name: &str, other: &OtherRule, since: Option<Timestamp>, answer: Answer) {
        let (store, words) = (self.store.clone(), view::words(self.core.config()));
        let found = self.core.fleet(name, clock::now());
        let found = found.ok_or_else(|| self.refused(&AskError::NoSuchFleet(name.to_owned())));
        let zone = &self.core.config().zone;
        let tried = found.and_then(|view| Ok((another(&view.fleet, other, zone, &words)?, view)));
        let now = Timestamp::now();
        let since = since.unwrap_or_else(|| earlier(now, LOOKS_BACK));
        reply_async(answer, async move {
            let (other, view) = tried?;
            // What has just been seen is still on its way to the disk.
            store.flush().await;
            let samples = store.samples(&view.fleet.name, since, now).await.map_err(failed(words.language()))?;
            let boot = boot_time(&view);
            let name = Arc::clone(&view.fleet.name);
            let replayed = spawn_blocking(move || replayed(&samples, &view.fleet, &other, boot)).await;
            let replayed = replayed.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
            replayed.map(Reply::Replay).ok_or_else(|| {
                let message = words.text("refused.no_fleet_history", &[("name", &name)]);
                ApiError { code: ErrorCode::Failed, message }
            })
        });
    }
}

/// `fleet` with another rule, if that makes sense.
fn another(fleet: &Fleet, other: &OtherRule, zone: &TimeZone, words: &Words) -> Result<Fleet, ApiError> {
    let (min, max) = (other.min.unwrap_or(fleet.min), other.max.unwrap_or(fleet.max));
    let (desired, load) = (other.desired.unwrap_or(fleet.desired), other.load.unwrap_or(fleet.load));
    if !(min <= desired && desired <= max && max <= Fleet::LARGEST) {
        let [min, desired, max, most] = [min, desired, max, Fleet::LARGEST].map(|number| number.to_string());
        let places = [("min", &*min), ("desired", &*desired), ("max", &*max), ("most", &*most)];
        return Err(wrong(words.text("refused.replay_size", &places)));
    }
    if !(load > 0.0 && load <= 1.0) {
        return Err(wrong(words.text("refused.replay_load", &[])));
    }
    let policy = policy(fleet, other, zone, words)?;
    Ok(Fleet { enabled: true, min, desired, max, load, policy, ..fleet.clone() })
}

fn policy(fleet: &Fleet, other: &OtherRule, zone: &TimeZone, words: &Words) -> Result<Policy, ApiError> {
    let in_force = &fleet.policy;
    match other.policy.as_deref().unwrap_or(in_force.word()) {
        "target" => Ok(Policy::Target),
        "seed" => Ok(Policy::Seed),
        "manual" => Ok(Policy::Manual),
        "schedule" => match (&other.schedule, in_force) {
            (Some(plans), _) if !plans.is_empty() => {
                let zone = zone.iana_name().unwrap_or("UTC");
                let planned = |from: &str, desired| Ok(Planned { from: Cron::parse(from, zone)?, desired });
                let plans = plans.iter().map(|plan| planned(plan.from.trim(), plan.desired));
                plans.collect::<Result<_, _>>().map(Policy::Schedule).map_err(
                    |error: estatus_core::maintenance::CronError| {
                        wrong(words.text("refused.replay_times", &[("error", &error.to_string())]))
                    },
                )
            }
            (_, Policy::Schedule(_)) => Ok(in_force.clone()),
            _ => Err(wrong(words.text("refused.replay_schedule", &[("name", &fleet.name)]))),
        },
        word => Err(wrong(words.text("refused.replay_policy", &[("policy", word)]))),
    }
}

/// How long its instances take to boot: as half of those that run did.
fn boot_time(view: &FleetView) -> Duration {
    let running = view.instances.iter().filter(|one| one.instance.state == InstanceState::Running);
    let booted = running.map(|one| elapsed(one.instance.launched, one.instance.since));
    // One that runs for a shorter time than it has lived has only been silent meanwhile.
    let mut all: Vec<Duration> = booted.filter(|booted| *booted <= view.fleet.boot_within).collect();
    all.sort_unstable();
    all.get(all.len() / 2).copied().unwrap_or_else(|| BOOTS_WITHIN.min(view.fleet.boot_within))
}

/// What both rules would have done; nothing where nothing is known.
fn replayed(samples: &[Sample], fleet: &Fleet, other: &Fleet, boot: Duration) -> Option<FleetReplay> {
    let larger = Fleet { desired: fleet.desired.max(other.desired), ..fleet.clone() };
    // Where no load was known there is nothing to begin with.
    let known = samples.iter().position(|sample| sample.known > 0)?;
    let (samples, every) = affordable(samples.get(known..)?, &larger, LOOKS);
    let (first, last) = (samples.first()?, samples.last()?);
    let pace = Pace { boot, every };
    // What is switched off decides nothing: it is asked what its rule would do.
    let in_force = replay(samples, &Fleet { enabled: true, ..fleet.clone() }, pace);
    let another = replay(samples, other, pace);
    if in_force.hours <= 0.0 {
        return None;
    }
    let was = samples.iter().map(|sample| (sample.at, sample.instances)).collect::<BTreeMap<_, _>>();
    let course = in_force.course.iter().zip(&another.course).filter_map(|((at, in_force), (_, other))| {
        Some(ReplayPoint { at: *at, was: *was.get(at)?, in_force: *in_force, other: *other })
    });
    let course: Vec<ReplayPoint> = course.collect();
    Some(FleetReplay {
        from: first.at,
        to: last.at,
        hours: in_force.hours,
        was: in_force.was,
        in_force: tried(fleet, in_force.would),
        other: tried(other, another.would),
        course: thinned(&course, POINTS).copied().collect(),
    })
}

fn tried(fleet: &Fleet, outcome: Outcome) -> TriedRule {
    let Fleet { min, desired, max, load, .. } = *fleet;
    TriedRule { policy: fleet.policy.word().to_owned(), min, desired, max, load, outcome }
}

fn fleet_sample(sample: &Sample) -> FleetSample {
    FleetSample { at: sample.at, running: sample.instances, mean: sample.mean() }
}

/// `all`, or as many of them, evenly, as may be; the last always.
fn thinned<T>(all: &[T], most: usize) -> impl Iterator<Item = &T> {
    let each = all.len().div_ceil(most.max(1)).max(1);
    let last = all.len().saturating_sub(1);
    all.iter().enumerate().filter(move |(place, _)| (last - place).is_multiple_of(each)).map(|(_, one)| one)
}
