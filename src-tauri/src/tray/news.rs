//! Decides what is told by notifications, and when: what changes within half a second is told together, and what
//! happens while nothing may be told is summed up afterwards.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use estatus_api::{AttemptState, Event, IncidentState, ProgramStatus, RunSummary};
use estatus_core::{flow::run::RunState, incident::Health, program::ProgramState};
use jiff::{SignedDuration, Timestamp};

use super::{
    desktop::About,
    view::{FleetShown, View},
};

/// What changes within this is told at the same time.
const GATHERED: Duration = Duration::from_millis(500);
/// If more than this …
const SINGLE: usize = 3;
/// … is told within this, it is told by one notification; and what comes within as much after that waits for its end.
const TOGETHER: SignedDuration = SignedDuration::from_secs(10);
/// What was told of so many is remembered; of those before, the recovery is not told.
const REMEMBERED: usize = 1_000;

/// Something that is wrong, or was.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NewsItem {
    pub(crate) about: About,
    /// The monitor's, the program's, the flow's or the fleet's.
    pub(crate) name: Arc<str>,
    pub(crate) since: Timestamp,
    pub(crate) why: String,
    /// What was done about it.
    pub(crate) tries: usize,
    pub(crate) last_try: Option<AttemptState>,
    pub(crate) given_up: bool,
    pub(crate) acknowledged: bool,
    pub(crate) over: Option<Timestamp>,
    /// How long it lasted, where that was measured.
    pub(crate) lasted: Option<Duration>,
    /// Whether it is a figure beyond its limit.
    pub(crate) over_limit: bool,
    /// Whether it is a program that cannot be started, and not one that does not stay up.
    pub(crate) cannot_start: bool,
    /// The run that did not go well, or was not begun, if it is a flow's: nothing that could be over.
    pub(crate) run: Option<RunSummary>,
}

impl NewsItem {
    fn of_incident(incident: &IncidentState) -> Self {
        Self {
            about: About::Incident(incident.id),
            name: Arc::clone(&incident.monitor),
            since: incident.opened,
            why: incident.cause.clone(),
            tries: incident.attempts.len(),
            last_try: incident.attempts.last().cloned(),
            given_up: incident.escalated.is_some(),
            acknowledged: incident.acknowledged.is_some(),
            over: None,
            lasted: None,
            over_limit: incident.over_limit,
            cannot_start: false,
            run: None,
        }
    }

    fn of_program(program: &ProgramStatus) -> Self {
        Self {
            about: About::Program(Arc::clone(&program.name)),
            name: Arc::clone(&program.name),
            since: program.since,
            why: program.trouble.clone().unwrap_or_default(),
            tries: 0,
            last_try: None,
            given_up: false,
            acknowledged: false,
            over: None,
            lasted: None,
            over_limit: false,
            cannot_start: program.state == ProgramState::CannotStart,
            run: None,
        }
    }

    fn of_run(run: &RunSummary) -> Self {
        Self {
            about: About::Flow(Arc::clone(&run.flow)),
            name: Arc::clone(&run.flow),
            since: run.ended.unwrap_or(run.began),
            why: run.why.clone().unwrap_or_default(),
            tries: 0,
            last_try: None,
            given_up: false,
            acknowledged: false,
            over: None,
            lasted: None,
            over_limit: false,
            cannot_start: false,
            run: Some(run.clone()),
        }
    }

    /// Of a fleet it is not told since when something is wrong with it.
    fn of_fleet(fleet: &FleetShown, now: Timestamp) -> Self {
        Self {
            about: About::Fleet(Arc::clone(&fleet.name)),
            name: Arc::clone(&fleet.name),
            since: now,
            why: fleet.why.clone().unwrap_or_default(),
            tries: 0,
            last_try: None,
            given_up: false,
            acknowledged: false,
            over: None,
            lasted: None,
            over_limit: false,
            cannot_start: false,
            run: None,
        }
    }

    /// Whether it is that a flow was not begun.
    pub(crate) fn is_suppressed(&self) -> bool {
        self.run.as_ref().is_some_and(|run| run.state == RunState::Suppressed)
    }

    /// Whether somebody has to see to it: nothing more is tried.
    pub(crate) fn is_urgent(&self) -> bool {
        self.given_up && self.over.is_none()
    }

    /// Whether there is nothing to come after it was told.
    fn is_final(&self) -> bool {
        self.over.is_some() || self.run.is_some()
    }
}

/// What is to be told.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Announcement {
    /// Of one.
    One(Box<NewsItem>),
    /// Of many at once.
    Many(Vec<NewsItem>),
    /// Of what happened while nothing was told.
    Meanwhile(Vec<NewsItem>),
    /// Nothing any more of this.
    Withdraw(About),
}

/// When nothing may be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quiet {
    /// The person wants no notifications at all.
    Always,
    /// Alerts are paused, or the desktop must not be disturbed.
    Now,
    /// Only of monitors that are snoozed.
    No,
}

/// What is known, and what of it was told.
#[derive(Debug, Default)]
pub(crate) struct News {
    known: BTreeMap<About, Known>,
    /// What has changed since it was last told, or waits for the quiet to end.
    changed: BTreeSet<About>,
    held: BTreeSet<About>,
    /// When the first of what has changed did.
    gathers_since: Option<Timestamp>,
    /// What was told lately, each by a notification of its own, and when.
    lately: Vec<(Timestamp, NewsItem)>,
    /// When many were told by one last.
    many: Option<Timestamp>,
}

#[derive(Debug)]
struct Known {
    trouble: NewsItem,
    told: Notified,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Notified {
    /// It was there before us, or somebody does not want to hear of it.
    Never,
    NotYet,
    Yes,
}

impl News {
    /// Begins, or goes on, with how things are: what is new then is nothing to tell of, what is over is.
    pub(crate) fn begin(&mut self, view: &View, now: Timestamp) {
        let mut open: BTreeMap<About, NewsItem> =
            troubles(view, now).map(|trouble| (trouble.about.clone(), trouble)).collect();
        for (about, known) in &mut self.known {
            match open.remove(about) {
                Some(trouble) if trouble == known.trouble => {}
                Some(trouble) => known.trouble = trouble,
                None if known.trouble.is_final() => {}
                None => known.trouble.over = Some(now),
            }
            self.changed.insert(about.clone());
        }
        self.gathers_since = self.gathers_since.or((!self.changed.is_empty()).then_some(now));
        for (about, trouble) in open {
            self.known.insert(about, Known { trouble, told: Notified::Never });
        }
    }

    /// Takes an event in that the view has folded already.
    pub(crate) fn take(&mut self, event: &Event, now: Timestamp) {
        match event {
            Event::Incident(incident) => self.is(NewsItem::of_incident(incident), now),
            Event::IncidentClosed { incident, lasted, .. } => {
                let about = About::Incident(*incident);
                if let Some(known) = self.known.get_mut(&about) {
                    known.trouble.lasted = lasted.and_then(|lasted| Duration::try_from_secs_f64(lasted).ok());
                }
                self.is_over(about, now);
            }
            Event::Program(program) if is_given_up(program.state) => {
                self.is(NewsItem::of_program(program), now);
            }
            Event::Program(program) if !is_restless(program.state) => {
                self.is_over(About::Program(Arc::clone(&program.name)), now);
            }
            Event::Run(run) => self.is(NewsItem::of_run(run), now),
            Event::Fleet(fleet) => {
                let fleet = FleetShown::new(fleet);
                if fleet.is_broken() {
                    self.is(NewsItem::of_fleet(&fleet, now), now);
                } else {
                    self.is_over(About::Fleet(fleet.name), now);
                }
            }
            Event::FleetGone(name) => self.is_over(About::Fleet(Arc::clone(name)), now),
            Event::ProgramGone(name) => self.is_over(About::Program(Arc::clone(name)), now),
            _ => {}
        }
    }

    fn is(&mut self, trouble: NewsItem, now: Timestamp) {
        let about = trouble.about.clone();
        match self.known.get_mut(&about) {
            // A program that is tried now and then is not in a new trouble each time.
            Some(known) if matches!(about, About::Program(_)) && known.trouble.over.is_none() => return,
            Some(known) if matches!(about, About::Fleet(_)) && known.trouble.over.is_none() => {
                // It has gone on since it was heard of first.
                let trouble = NewsItem { since: known.trouble.since, ..trouble };
                if known.trouble == trouble {
                    return;
                }
                known.trouble = trouble;
            }
            Some(known) if known.trouble == trouble => return,
            Some(known) => known.trouble = trouble,
            None => {
                self.known.insert(about.clone(), Known { trouble, told: Notified::NotYet });
            }
        }
        self.has_changed(about, now);
    }

    fn is_over(&mut self, about: About, now: Timestamp) {
        let Some(known) = self.known.get_mut(&about) else { return };
        known.trouble.over = Some(now);
        self.has_changed(about, now);
    }

    fn has_changed(&mut self, about: About, now: Timestamp) {
        self.changed.insert(about);
        self.gathers_since = self.gathers_since.or(Some(now));
    }

    /// How long to wait before it is to be told what has changed. A clock that was set back does not make it longer.
    pub(crate) fn due_in(&self, now: Timestamp) -> Option<Duration> {
        let since = self.gathers_since?;
        let passed = Duration::try_from(now.duration_since(since)).unwrap_or(GATHERED);
        let held = self.many.filter(|many| is_lately(*many, now)).map(|many| TOGETHER - now.duration_since(many));
        let held = held.and_then(|held| Duration::try_from(held).ok()).unwrap_or_default();
        Some(GATHERED.saturating_sub(passed).max(held))
    }

    /// When the first snooze ends that something waits for.
    pub(crate) fn snooze_ends(&self, view: &View) -> Option<Timestamp> {
        self.held
            .iter()
            .filter_map(|about| view.monitors.get(&self.known.get(about)?.trouble.name)?.snoozed_until)
            .min()
    }

    /// What is to be told now.
    pub(crate) fn tell(&mut self, view: &View, quiet: Quiet, now: Timestamp) -> Vec<Announcement> {
        let mut tellings = self.sum_up(view, quiet, now);
        if self.due_in(now).is_some_and(|wait| wait.is_zero()) {
            self.gathers_since = None;
            let changed = std::mem::take(&mut self.changed);
            let mut told: Vec<NewsItem> = Vec::new();
            for about in changed {
                match self.verdict(&about, view, quiet, now) {
                    Some(Verdict::Tell(trouble)) => told.push(*trouble),
                    Some(Verdict::Withdraw) => {
                        self.lately.retain(|(_, item)| item.about != about);
                        tellings.push(Announcement::Withdraw(about));
                    }
                    None => {}
                }
            }
            tellings.extend(self.together(told, now));
        }
        self.forget();
        tellings
    }

    /// Each of `told` by itself or, where that were too many within a short time, all of that time by one.
    fn together(&mut self, told: Vec<NewsItem>, now: Timestamp) -> Vec<Announcement> {
        let is_newer = |item: &NewsItem| told.iter().any(|newer| newer.about == item.about);
        self.lately.retain(|(at, item)| is_lately(*at, now) && !is_newer(item));
        if told.is_empty() || self.lately.len() + told.len() <= SINGLE {
            self.lately.extend(told.iter().map(|item| (now, item.clone())));
            return told.into_iter().map(|item| Announcement::One(Box::new(item))).collect();
        }
        self.many = Some(now);
        let all: Vec<NewsItem> = self.lately.drain(..).map(|(_, item)| item).chain(told).collect();
        let withdrawn: Vec<_> = all.iter().map(|item| Announcement::Withdraw(item.about.clone())).collect();
        withdrawn.into_iter().chain([Announcement::Many(all)]).collect()
    }

    /// What becomes of a change.
    fn verdict(&mut self, about: &About, view: &View, quiet: Quiet, now: Timestamp) -> Option<Verdict> {
        let known = self.known.get_mut(about)?;
        let trouble = &known.trouble;
        let (over, is_final) = (trouble.over.is_some(), trouble.is_final());
        let was_told = known.told == Notified::Yes;
        if quiet == Quiet::Always || trouble.acknowledged && !over {
            known.told = Notified::Never;
        }
        let verdict = match known.told {
            Notified::Never => was_told.then_some(Verdict::Withdraw),
            _ if is_quiet(trouble, view, quiet, now) => {
                self.held.insert(about.clone());
                return None;
            }
            Notified::NotYet if over => None,
            _ if over && !is_well(trouble, view) => Some(Verdict::Withdraw),
            _ => {
                known.told = Notified::Yes;
                Some(Verdict::Tell(Box::new(trouble.clone())))
            }
        };
        if is_final {
            self.known.remove(about);
        }
        verdict
    }

    /// What was held back and need not be any more.
    fn sum_up(&mut self, view: &View, quiet: Quiet, now: Timestamp) -> Vec<Announcement> {
        if quiet == Quiet::Always {
            self.held.clear();
        }
        let known = &self.known;
        let is_free =
            |about: &&About| known.get(*about).is_none_or(|known| !is_quiet(&known.trouble, view, quiet, now));
        let free: Vec<About> = self.held.iter().filter(is_free).cloned().collect();
        let mut troubles = Vec::new();
        for about in free {
            self.held.remove(&about);
            let Some(known) = self.known.get_mut(&about) else { continue };
            known.told = Notified::Yes;
            troubles.push(known.trouble.clone());
            if known.trouble.is_final() {
                self.known.remove(&about);
            }
        }
        troubles.sort_by_key(|trouble| trouble.since);
        match troubles.as_slice() {
            [] => Vec::new(),
            [one] if one.over.is_none() => vec![Announcement::One(Box::new(one.clone()))],
            _ => vec![Announcement::Meanwhile(troubles)],
        }
    }

    fn forget(&mut self) {
        while self.known.len() > REMEMBERED {
            let Some((about, _)) = self.known.pop_first() else { return };
            self.changed.remove(&about);
            self.held.remove(&about);
        }
    }
}

enum Verdict {
    Tell(Box<NewsItem>),
    Withdraw,
}

/// Whether little time has passed since `at`. A clock that was set back does not make it longer.
fn is_lately(at: Timestamp, now: Timestamp) -> bool {
    (SignedDuration::ZERO..TOGETHER).contains(&now.duration_since(at))
}

fn troubles(view: &View, now: Timestamp) -> impl Iterator<Item = NewsItem> {
    let given_up = view.programs.iter().filter(|program| is_given_up(program.state));
    let fleets = view.fleets.iter().filter(|fleet| fleet.is_broken());
    let of_fleets = fleets.map(move |fleet| NewsItem::of_fleet(fleet, now));
    view.incidents.values().map(NewsItem::of_incident).chain(given_up.map(NewsItem::of_program)).chain(of_fleets)
}

/// Whether a program is only tried now and then, so that somebody should look.
fn is_given_up(state: ProgramState) -> bool {
    matches!(state, ProgramState::Cooling | ProgramState::CannotStart)
}

/// Whether a program is on its way, so that its trouble may not be over.
fn is_restless(state: ProgramState) -> bool {
    use ProgramState::{Backoff, Looking, Starting, Waiting};
    is_given_up(state) || matches!(state, Backoff | Looking | Starting | Waiting)
}

/// Whether what is over ended well: it may be over because nobody wants to know any more.
fn is_well(trouble: &NewsItem, view: &View) -> bool {
    match &trouble.about {
        About::Program(name) => {
            view.programs.iter().any(|program| program.name == *name && program.state == ProgramState::Running)
        }
        About::Fleet(name) => view.fleets.iter().any(|fleet| fleet.name == *name && !fleet.is_broken()),
        _ => view.monitors.get(&trouble.name).is_some_and(|watched| watched.health == Health::Up),
    }
}

fn is_quiet(trouble: &NewsItem, view: &View, quiet: Quiet, now: Timestamp) -> bool {
    let snoozed = || {
        let watched = view.monitors.get(&trouble.name).filter(|_| matches!(trouble.about, About::Incident(_)));
        watched.and_then(|watched| watched.snoozed_until).is_some_and(|until| until > now)
    };
    quiet != Quiet::No || snoozed()
}
