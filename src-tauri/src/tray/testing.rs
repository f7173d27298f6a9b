//! A desktop that is none, and an engine's words, for tests.

use std::sync::Arc;

use estatus_api::{
    AttemptState, Event, FleetSummary, FlowStatus, Hello, Host, HostKind, IncidentState, LastSeen, MonitorState,
    PROTOCOL, Permission, ProgramStatus, Question, RunStatus, RunSummary, Snapshot, StepStatus,
};
use estatus_config::places::Service;
use estatus_core::{
    check::Kind,
    engine::Ask,
    flow::run::{RunState, StepState},
    ids::{IncidentId, RunId, StartId},
    incident::Health,
    observation::{Phase, Verdict},
    program::ProgramState,
    standing::Standing,
};
use estatus_tray::{Change, DesktopSettings, Heard};
use jiff::{Timestamp, ToSpan, Zoned};

use super::{
    controller::{ControlFlow, Controller, TrayEvent},
    desktop::{About, Desktop, Face, Item, Menu, Notification, Page},
};

/// Saturday, two minutes past two in the afternoon.
pub(crate) fn noon() -> Zoned {
    "2026-11-21T14:02:00[UTC]".parse().unwrap()
}

/// What was wanted of the desktop, in order.
#[derive(Default)]
pub(crate) struct Fake {
    pub(crate) faces: Vec<Face>,
    pub(crate) shown: Vec<Notification>,
    pub(crate) closed: Vec<About>,
    pub(crate) opened: Vec<Page>,
    pub(crate) asked: Vec<Ask>,
    pub(crate) looked_at: Vec<RunId>,
    pub(crate) changed: Vec<Change>,
    pub(crate) at_login: Vec<bool>,
    pub(crate) engines_started: usize,
    /// The service whose the engine is.
    pub(crate) service: Option<Service>,
    /// Whether things are elsewhere now.
    pub(crate) moved: bool,
    /// Whether there is an engine to stop.
    pub(crate) hosts: bool,
    pub(crate) told_window: Vec<Option<String>>,
}

impl Desktop for Fake {
    fn draw(&mut self, face: &Face) {
        self.faces.push(face.clone());
    }

    fn notify(&mut self, notification: &Notification) {
        self.shown.push(notification.clone());
    }

    fn close_notification(&mut self, about: &About) {
        self.closed.push(about.clone());
    }

    fn open_window(&mut self, page: &Page) {
        self.opened.push(page.clone());
    }

    fn tell_window(&mut self, trouble: Option<&str>) {
        self.told_window.push(trouble.map(str::to_owned));
    }

    fn change(&mut self, change: Change) {
        self.changed.push(change);
    }

    fn start_at_login(&mut self, wanted: bool) {
        self.at_login.push(wanted);
    }

    fn ask(&mut self, ask: Ask) {
        self.asked.push(ask);
    }

    fn look_at(&mut self, run: RunId) {
        self.looked_at.push(run);
    }

    fn service(&self) -> Option<Service> {
        self.service
    }

    fn is_moved(&self) -> bool {
        self.moved
    }

    fn start_engine(&mut self) {
        self.engines_started += 1;
    }

    fn stop_engine(&mut self) -> bool {
        self.hosts
    }
}

/// A controller, and what time it is for it.
pub(crate) struct Tray {
    pub(crate) controller: Controller<Fake>,
    pub(crate) now: Zoned,
}

impl Tray {
    /// One that has heard nothing yet.
    pub(crate) fn new() -> Self {
        let controller = Controller::new(Fake::default(), DesktopSettings::default(), None);
        Self { controller, now: noon() }
    }

    /// One that is attached to an engine of another process.
    pub(crate) fn attached(snapshot: Snapshot) -> Self {
        let mut tray = Self::new();
        let _ = tray.hear(hello(snapshot));
        tray
    }

    pub(crate) fn happens(&mut self, event: TrayEvent) -> ControlFlow {
        self.controller.take(event, &self.now);
        self.controller.settle(&self.now)
    }

    pub(crate) fn hear(&mut self, heard: Heard) -> ControlFlow {
        self.happens(TrayEvent::Engine(heard))
    }

    pub(crate) fn event(&mut self, event: Event) -> ControlFlow {
        self.hear(Heard::Event(Arc::new(event)))
    }

    /// A step of a run stands so.
    pub(crate) fn steps(&mut self, run: u64, place: usize, step: StepStatus) {
        let _ = self.event(Event::Step { run: RunId(run), place, step });
    }

    /// A monitor goes down, with this incident.
    pub(crate) fn goes_down(&mut self, id: u64, name: &str) {
        let _ = self.event(Event::Monitor(monitor(name, Health::Down)));
        let _ = self.event(Event::Incident(incident(id, name, &self.now)));
    }

    /// It is up again.
    pub(crate) fn comes_back(&mut self, id: u64, name: &str) {
        let _ = self.event(Event::Monitor(monitor(name, Health::Up)));
        self.is_closed(id, None);
    }

    /// Its incident is over, and lasted for so many seconds.
    pub(crate) fn is_closed(&mut self, id: u64, lasted: Option<f64>) {
        let _ = self.event(Event::IncidentClosed { incident: IncidentId(id), closed: self.now.timestamp(), lasted });
    }

    /// So many milliseconds pass.
    pub(crate) fn later(&mut self, millis: i64) -> ControlFlow {
        self.now = self.now.checked_add(millis.milliseconds()).unwrap();
        self.happens(TrayEvent::Due)
    }

    pub(crate) fn face(&self) -> &Face {
        self.controller.desktop.faces.last().unwrap()
    }

    /// The notifications since the last time, by their titles.
    pub(crate) fn told(&mut self) -> Vec<String> {
        self.controller.desktop.shown.drain(..).map(|notification| notification.title).collect()
    }
}

/// A menu as it is read: a line each, what is in a submenu after `>`, what is disabled in brackets.
pub(crate) fn read(menu: &Menu) -> Vec<String> {
    menu.0.iter().flat_map(lines).collect()
}

fn lines(item: &Item) -> Vec<String> {
    match item {
        Item::Text(text) => vec![format!("({text})")],
        Item::Choice { text, enabled, .. } => vec![if *enabled { text.clone() } else { format!("({text})") }],
        Item::Switch { text, on, .. } => vec![format!("{text}: {}", if *on { "on" } else { "off" })],
        Item::Submenu { text, items, .. } => {
            items.iter().flat_map(lines).map(|line| format!("{text} > {line}")).collect()
        }
        Item::Separator => vec!["-".to_owned()],
    }
}

pub(crate) fn hello(snapshot: Snapshot) -> Heard {
    hosted_by(0, snapshot)
}

/// By the process itself, or by another.
pub(crate) fn hosted_by(pid: u32, snapshot: Snapshot) -> Heard {
    let (kind, started) = (HostKind::Tray, Timestamp::UNIX_EPOCH);
    let host = Host { kind, pid, started, config: "c".into(), data: "d".into() };
    Heard::Hello(Box::new(Hello {
        protocol: PROTOCOL,
        version: "0".into(),
        host,
        permission: Permission::Edit,
        snapshot,
    }))
}

pub(crate) fn monitors(all: &[(&str, Health)]) -> Snapshot {
    Snapshot { monitors: all.iter().map(|(name, health)| monitor(name, *health)).collect(), ..Snapshot::default() }
}

pub(crate) fn monitor(name: &str, health: Health) -> MonitorState {
    let last = LastSeen {
        at: noon().timestamp(),
        verdict: Verdict::Down,
        latency_ms: None,
        detail: "no response within 5 s".to_owned(),
        phases_ms: Vec::new(),
        failed_in: None,
        warning: None,
        certificate_until: None,
        evidence: None,
        redirected_to: None,
        remote: None,
    };
    MonitorState {
        name: name.into(),
        kind: Kind::Tcp,
        target: "127.0.0.1:1".to_owned(),
        tags: Vec::new(),
        health,
        standing: Standing::of_monitor(health, false),
        since: Some(noon().timestamp()),
        over_limit: false,
        last: Some(last),
        flapping: false,
        unsteady: false,
        paused_until: None,
        snoozed_until: None,
        heals: None,
    }
}

pub(crate) fn incident(id: u64, monitor: &str, now: &Zoned) -> IncidentState {
    IncidentState {
        id: IncidentId(id),
        monitor: monitor.into(),
        opened: now.timestamp(),
        closed: None,
        lasted: None,
        over_limit: false,
        cause: "connection refused".to_owned(),
        phase: Phase::Connect,
        evidence: None,
        redirected_to: None,
        acknowledged: None,
        attempts: Vec::new(),
        escalated: None,
        alerts: Vec::new(),
    }
}

/// A try whose outcome is known if `outcome` is.
pub(crate) fn attempt(deed: &str, outcome: Option<&str>) -> AttemptState {
    AttemptState {
        command: None,
        deed: deed.to_owned(),
        began: noon().timestamp(),
        ended: outcome.map(|_| noon().timestamp()),
        healed: outcome.map(|_| false),
        outcome: outcome.map(str::to_owned),
        output: Vec::new(),
        run: None,
    }
}

/// A flow with this run going on, if there is one.
pub(crate) fn flow(name: &str, run: Option<u64>) -> FlowStatus {
    let run = run.map(|id| self::run(id, name, RunState::Running));
    FlowStatus { name: name.into(), enabled: true, steps: 2, next: None, run, queued: 0 }
}

/// A run that somebody asked for.
pub(crate) fn run(id: u64, flow: &str, state: RunState) -> RunSummary {
    let why = "step “clear the cache” failed: exit code 3".to_owned();
    RunSummary {
        run: RunId(id),
        flow: flow.into(),
        state,
        cause: "started by a user".to_owned(),
        heals: Vec::new(),
        why: state.is_failure().then_some(why),
        failed: state.is_failure().then_some(0),
        repeats: None,
        began: noon().timestamp(),
        ended: state.is_over().then(|| noon().timestamp()),
    }
}

/// Such a run, with these steps.
pub(crate) fn run_status(id: u64, flow: &str, state: RunState, steps: &[StepStatus]) -> RunStatus {
    RunStatus { summary: run(id, flow, state), steps: steps.to_vec(), since_success: None, is_current: true }
}

pub(crate) fn step(name: &str, state: StepState) -> StepStatus {
    StepStatus {
        attempts: 1,
        began: Some(noon().timestamp()),
        ended: state.is_over().then(|| noon().timestamp()),
        ..StepStatus::new(name, "wait 1 s".to_owned(), state)
    }
}

/// One that asks this, or did, until three o'clock.
pub(crate) fn asking(name: &str, text: &str, state: StepState) -> StepStatus {
    let until = "2026-11-21T15:00:00Z".parse().unwrap();
    let question = Question { text: text.to_owned(), until, continues: false };
    StepStatus { question: Some(question), ..step(name, state) }
}

pub(crate) fn program(name: &str, state: ProgramState, stops_with_estatus: bool) -> ProgramStatus {
    ProgramStatus {
        name: name.into(),
        command: name.to_owned(),
        state,
        standing: Standing::of_program(state, false),
        since: noon().timestamp(),
        pid: (state == ProgramState::Running).then_some(4_711),
        start: StartId(1),
        restarts: 0,
        last_exit: None,
        trouble: match state {
            ProgramState::Cooling => Some("port 80 is held".to_owned()),
            ProgramState::CannotStart => Some("nmp was not found".to_owned()),
            _ => None,
        },
        says: None,
        next_start: None,
        stops_with_estatus,
    }
}

/// A fleet with so many instances, all of which run; with troubles it does not stand well.
pub(crate) fn fleet(name: &str, count: usize, troubles: &[&str]) -> FleetSummary {
    FleetSummary {
        name: name.into(),
        standing: if troubles.is_empty() { Standing::Well } else { Standing::Doubtful },
        enabled: true,
        policy: "target".to_owned(),
        launch: "local".to_owned(),
        min: 1,
        desired: 2,
        max: 5,
        load: 0.6,
        heartbeat: 5.0,
        insecure: false,
        count,
        running: count,
        mean: Some(0.5),
        troubles: troubles.iter().map(|trouble| (*trouble).to_owned()).collect(),
        last_decision: None,
    }
}
