//! How fleets and their instances look in a terminal.

use comfy_table::Cell;
use estatus_api::{DecisionStatus, FleetReplay, FleetStatus, FleetSummary, TriedRule};
use estatus_core::{
    Timestamp,
    config::Language,
    fleet::replay::{OVERLOADED, Outcome},
    maintenance::in_words,
    time::elapsed,
    words::whole_percent,
};

use super::{one_line, table, time};

/// Prints the fleets, a line each.
pub(crate) fn list(fleets: &[FleetSummary]) {
    if fleets.is_empty() {
        say!("no fleets are configured; `estatus config example` shows one");
        return;
    }
    let mut table = table(&["FLEET", "RUNNING", "MIN", "DESIRED", "MAX", "LOAD", "TARGET", "POLICY", "NOTE"]);
    for fleet in fleets {
        table.add_row(vec![
            Cell::new(one_line(&fleet.name)),
            Cell::new(of(fleet.running, fleet.count)),
            Cell::new(fleet.min),
            Cell::new(fleet.desired),
            Cell::new(fleet.max),
            Cell::new(fleet.mean.map(percent).unwrap_or_default()),
            Cell::new(percent(fleet.load)),
            Cell::new(&fleet.policy),
            Cell::new(one_line(&note(fleet))),
        ]);
    }
    say!("{table}");
}

fn note(fleet: &FleetSummary) -> String {
    let disabled = (!fleet.enabled).then(|| "disabled".to_owned());
    disabled.into_iter().chain(fleet.troubles.iter().cloned()).collect::<Vec<_>>().join("; ")
}

/// Prints a fleet with its instances.
pub(crate) fn fleet(status: &FleetStatus) {
    let FleetStatus { summary, instances, orphans, refused } = status;
    let mean = summary.mean.map_or_else(|| "not known".to_owned(), percent);
    say!(
        "{}: {} running (min {}, desired {}, max {}); load {mean}, target {} by the policy {}",
        one_line(&summary.name),
        of(summary.running, summary.count),
        summary.min,
        summary.desired,
        summary.max,
        percent(summary.load),
        summary.policy
    );
    if let Some(decision) = &summary.last_decision {
        say!("last decision, {}: {}", time(decision.at), one_line(&decision.says));
        for rejected in &decision.rejected {
            say!("  not done: {}", one_line(rejected));
        }
    }
    summary.troubles.iter().for_each(|trouble| say!("wrong: {}", one_line(trouble)));
    if summary.insecure {
        say!("warning: agents beyond this machine may speak a protocol that is not encrypted (insecure = true)");
    }
    if !instances.is_empty() {
        let mut table = table(&["INSTANCE", "ID", "STATE", "FOR", "LOAD", "ADDRESS", "NOTE"]);
        for one in instances {
            let mut notes: Vec<String> = Vec::new();
            notes.extend(one.protected.then(|| "protected".to_owned()));
            notes.extend(one.by_user.then(|| "launched by hand".to_owned()));
            notes.extend(one.outdated.then(|| "of an older template".to_owned()));
            notes.extend((one.faults > 0).then(|| format!("said {} times what is no load", one.faults)));
            notes.extend(one.error.clone());
            table.add_row(vec![
                Cell::new(one_line(&one.name)),
                Cell::new(one_line(one.id.as_deref().unwrap_or_default())),
                Cell::new(one.state),
                Cell::new(in_words(elapsed(one.since, Timestamp::now()))),
                Cell::new(one.load.map(percent).unwrap_or_default()),
                Cell::new(one_line(one.address.as_deref().unwrap_or_default())),
                Cell::new(one_line(&notes.join("; "))),
            ]);
        }
        say!("{table}");
    }
    if !orphans.is_empty() {
        let names = orphans.iter().map(|orphan| one_line(orphan)).collect::<Vec<_>>().join(", ");
        say!("launched by Estatus and in no fleet, left alone: {names}");
    }
    refused.iter().for_each(|one| say!("refused {} times: {}", one.count, one_line(&one.why)));
}

/// Prints what was decided of a fleet.
pub(crate) fn decisions(decisions: &[DecisionStatus]) {
    if decisions.is_empty() {
        say!("nothing was decided so far");
        return;
    }
    let mut table = table(&["NUMBER", "AT", "CHANGE", "INSTANCES", "LOAD", "DECISION"]);
    for decision in decisions {
        let not_done = decision.rejected.iter().map(|rejected| format!("not done: {rejected}"));
        let says = std::iter::once(decision.says.clone()).chain(not_done).collect::<Vec<_>>().join("; ");
        table.add_row(vec![
            Cell::new(decision.number),
            Cell::new(time(decision.at)),
            Cell::new(format!("{:+}", decision.change)),
            Cell::new(decision.instances),
            Cell::new(decision.mean.map(percent).unwrap_or_default()),
            Cell::new(one_line(&says)),
        ]);
    }
    say!("{table}");
}

/// Prints what another rule would have done, beside what was done.
pub(crate) fn replay(replay: &FleetReplay) {
    let FleetReplay { from, to, hours, was, in_force, other, .. } = replay;
    let mut table = table(&["", "WHAT WAS", "IN FORCE", "INSTEAD"]);
    let rules = [in_force, other];
    let mut row = |title: &str, was: String, [in_force, other]: [String; 2]| {
        table.add_row(vec![Cell::new(title), Cell::new(was), Cell::new(in_force), Cell::new(other)]);
    };
    let of = |say: &dyn Fn(&TriedRule) -> String| rules.map(say);
    row("policy", String::new(), of(&|rule| rule.policy.clone()));
    row("load", String::new(), of(&|rule| percent(rule.load)));
    row(
        "min, desired, max",
        String::new(),
        of(&|TriedRule { min, desired, max, .. }| format!("{min}, {desired}, {max}")),
    );
    let mut outcome = |title: &str, say: &dyn Fn(&Outcome) -> String| {
        row(title, say(was), rules.map(|rule| say(&rule.outcome)));
    };
    outcome("launched", &|outcome| outcome.launches.to_string());
    outcome("removed", &|outcome| outcome.removals.to_string());
    outcome("time above its load", &|outcome| percent(outcome.above));
    outcome(&format!("time above {}", percent(OVERLOADED)), &|outcome| percent(outcome.overloaded));
    outcome("instance hours", &|outcome| format!("{:.1}", outcome.instance_hours));
    say!("{table}");
    say!("Tried on {hours:.1} h of load, from {} to {}. Nothing was changed.", time(*from), time(*to));
}

fn of(running: usize, count: usize) -> String {
    if running == count { running.to_string() } else { format!("{running} of {count}") }
}

fn percent(share: f64) -> String {
    whole_percent(Language::English, share)
}
