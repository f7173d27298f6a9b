//! What a run of a flow would do, and what is found of that by looking, without doing any of it.

use std::{path::Path, sync::Arc};

use estatus_api::{Finding, FlowPlan, PlannedStep, Reply};
use estatus_core::{
    check::Check,
    command::CommandLine,
    config::{Config, Monitor},
    engine::{AskError, Plan},
    flow::{Step, StepAction},
    observation::{Observation, Verdict},
    program::ProgramAction,
    secret::SecretRef,
    words::Words,
};
use estatus_program::Executable;
use futures_util::future::join_all;
use tokio::task::spawn_blocking;

use super::reply_async;
use crate::{
    bounded::{GRACE, bounded},
    clients::Answer,
    clock,
    event_loop::EventLoop,
    ports::EnginePorts,
    view,
    workers::Workers,
};

impl<W: Workers> EventLoop<W> {
    pub(super) fn plan(&self, flow: String, answer: Answer) {
        let config = self.core.config();
        let Some(flow) = config.flows.iter().find(|known| *known.name == *flow).map(Arc::clone) else {
            // A client that has gone meanwhile wants nothing.
            let _ = answer.send(Err(self.refused(&AskError::NoSuchFlow(flow))));
            return;
        };
        let words = view::words(config);
        let looks = |step| looks(config, &words, step).into_iter().map(|look| self.seen_by_the_core(look)).collect();
        let looks: Vec<Vec<Look>> = flow.definition.steps.iter().map(looks).collect();
        let scout = Scout { workers: Arc::clone(&self.tasks.workers), ports: self.ports.clone(), words };
        reply_async(answer, async move {
            let found = join_all(looks.into_iter().map(|looks| scout.look_at_all(looks))).await;
            let words = scout.words;
            let planned = spawn_blocking(move || flow_plan(&words, &Plan::of(&flow), found)).await;
            Ok(Reply::Plan(planned.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))))
        });
    }

    /// Fleets the core itself knows: what is to be looked at of them is seen already.
    fn seen_by_the_core(&self, look: Look) -> Look {
        match look {
            Look::Probe(monitor) => match &monitor.check {
                Check::Fleet(check) => {
                    let observation = self.core.observe_fleet(check, clock::now().utc);
                    Look::Seen(monitor, Box::new(observation))
                }
                _ => Look::Probe(monitor),
            },
            look => look,
        }
    }
}

/// Something that is to be looked at for a step.
enum Look {
    /// It is known already.
    Known(Finding),
    /// Whether a monitor's check passes.
    Probe(Arc<Monitor>),
    /// What was seen of a monitor's check.
    Seen(Arc<Monitor>, Box<Observation>),
    /// Whether a command could be started.
    Command(CommandLine),
    /// The same of the one that takes the step back.
    Undo(CommandLine),
    /// Whether a secret is available.
    Secrets(Vec<SecretRef>),
}

/// What is to be looked at for `step`.
fn looks(config: &Config, words: &Words, step: &Step) -> Vec<Look> {
    let known =
        |well: bool, key: &str, values: &[(&str, &str)]| Look::Known(Finding { well, text: words.text(key, values) });
    let mut looks = match &step.action {
        StepAction::Run { command, .. } => vec![Look::Command(command.clone())],
        StepAction::Check { monitor } | StepAction::WaitUntil { monitor, .. } => {
            let found = config.monitors.iter().find(|known| known.name == *monitor);
            vec![match found {
                Some(monitor) => Look::Probe(Arc::clone(monitor)),
                None => known(false, "plan.found.no_monitor", &[("monitor", monitor)]),
            }]
        }
        StepAction::Program { action, program } => {
            let found = config.programs.iter().find(|known| known.name == *program);
            vec![match (found, action) {
                (None, _) => known(false, "plan.found.no_such_program", &[("program", program)]),
                (Some(_), ProgramAction::Stop) => known(true, "plan.found.to_stop", &[("program", program)]),
                (Some(program), ProgramAction::Start | ProgramAction::Restart) => {
                    Look::Command(program.command.clone())
                }
            }]
        }
        StepAction::Wait { .. } => Vec::new(),
        StepAction::Http { request } => {
            let nothing_sent = known(true, "plan.found.http", &[("url", request.url.as_str())]);
            let secrets: Vec<SecretRef> = request.secrets().cloned().collect();
            let secrets = (!secrets.is_empty()).then_some(Look::Secrets(secrets));
            std::iter::once(nothing_sent).chain(secrets).collect()
        }
        StepAction::Tell { channels, .. } => {
            let channels = Channels::of(config, channels.as_ref());
            let nobody = known(false, "plan.found.no_channel", &[]);
            channels.found(words).map(Look::Known).chain(channels.there.is_empty().then_some(nobody)).collect()
        }
        // Who looks can answer all the same.
        StepAction::Approve { channels, .. } => {
            let channels = Channels::of(config, channels.as_ref());
            let nobody = known(true, "plan.found.asks_nobody", &[]);
            channels.found(words).map(Look::Known).chain(channels.there.is_empty().then_some(nobody)).collect()
        }
        StepAction::Flow { flow } => {
            let found = config.flows.iter().find(|known| known.name == *flow);
            let count = found.map(|flow| flow.definition.steps.len()).unwrap_or_default().to_string();
            vec![match found {
                Some(found) if found.enabled => known(true, "plan.found.flow", &[("flow", flow), ("count", &count)]),
                Some(_) => known(false, "plan.found.flow_off", &[("flow", flow)]),
                None => known(false, "plan.found.no_flow", &[("flow", flow)]),
            }]
        }
    };
    looks.extend(step.undo.clone().map(Look::Undo));
    looks
}

/// Who would be told or asked by a step.
struct Channels {
    there: Vec<String>,
    missing: Vec<String>,
}

impl Channels {
    /// Those of a step that names `channels`.
    fn of(config: &Config, channels: Option<&Vec<String>>) -> Self {
        let all = || config.channels.keys().cloned().collect();
        let named: Vec<String> = channels.or(config.alerts.channels.as_ref()).cloned().unwrap_or_else(all);
        let (there, missing) = named.into_iter().partition(|channel| config.channels.contains_key(channel));
        Self { there, missing }
    }

    fn found(&self, words: &Words) -> impl Iterator<Item = Finding> {
        let missing = self.missing.iter().map(|channel| {
            let text = words.text("plan.found.no_such_channel", &[("channel", channel)]);
            Finding { well: false, text }
        });
        let there = (!self.there.is_empty()).then(|| {
            let values = [("count", &*self.there.len().to_string()), ("channels", &*self.there.join(", "))];
            Finding { well: true, text: words.text("plan.found.channels", &values) }
        });
        missing.chain(there)
    }
}

/// Looks at what a run would need.
struct Scout<W> {
    workers: Arc<W>,
    ports: EnginePorts,
    words: Words,
}

impl<W: Workers> Scout<W> {
    /// What is found of a step, all of it looked at side by side.
    async fn look_at_all(&self, looks: Vec<Look>) -> Vec<Finding> {
        join_all(looks.into_iter().map(|look| self.look_at(look))).await.concat()
    }

    async fn look_at(&self, look: Look) -> Vec<Finding> {
        match look {
            Look::Known(finding) => vec![finding],
            Look::Probe(monitor) => vec![self.probe(&monitor).await],
            Look::Seen(monitor, observation) => vec![self.seen(&monitor, *observation)],
            Look::Command(line) => self.command(line).await,
            Look::Undo(line) => {
                let found = self.command(line).await.into_iter();
                let undo = |finding: Finding| {
                    let text = self.words.text("plan.found.undo", &[("found", &finding.text)]);
                    Finding { text, ..finding }
                };
                found.map(undo).collect()
            }
            Look::Secrets(places) => {
                let nameless: Vec<_> = places.into_iter().map(|place| (String::new(), place)).collect();
                vec![self.secrets(&nameless).await]
            }
        }
    }

    fn found(&self, well: bool, key: &str, values: &[(&str, &str)]) -> Finding {
        Finding { well, text: self.words.text(key, values) }
    }

    async fn probe(&self, monitor: &Monitor) -> Finding {
        match bounded(monitor.timeout + GRACE, self.workers.probe(monitor)).await {
            Some(observation) => self.seen(monitor, observation),
            None => self.found(false, "plan.found.unknown", &[("monitor", &*monitor.name)]),
        }
    }

    fn seen(&self, monitor: &Monitor, observation: Observation) -> Finding {
        let name = ("monitor", &*monitor.name);
        let Observation { verdict, seen, failure, .. } = observation;
        let why = failure.map(|failure| self.words.failure(&failure));
        match (verdict, why) {
            (Verdict::Up, _) if seen.is_empty() => self.found(true, "plan.found.passes", &[name]),
            (Verdict::Up, _) => self.found(true, "plan.found.passes.seen", &[name, ("seen", &seen)]),
            (Verdict::Down, Some(why)) => self.found(false, "plan.found.fails", &[name, ("why", &why)]),
            (_, Some(why)) => self.found(false, "plan.found.unknown.why", &[name, ("why", &why)]),
            (_, None) => self.found(false, "plan.found.unknown", &[name]),
        }
    }

    /// Whether a command could be started: its directory and its program are there, and its secrets available.
    async fn command(&self, line: CommandLine) -> Vec<Finding> {
        let secrets = line.secret_env.clone();
        let directory = line.directory.clone();
        // A disk may keep whoever asks waiting.
        let looked = spawn_blocking(move || match &line.directory {
            Some(directory) if !directory.is_dir() => None,
            _ => Some(Executable::of(&line)),
        });
        let mut found = match bounded(GRACE, looked).await {
            Some(Ok(Some(executable))) => self.executable(directory.as_deref(), executable),
            Some(Ok(None)) => vec![self.directory(false, directory.as_deref().unwrap_or(Path::new("")))],
            _ => vec![self.found(false, "plan.found.late", &[])],
        };
        if !secrets.is_empty() {
            found.push(self.secrets(&secrets).await);
        }
        found
    }

    fn executable(&self, directory: Option<&Path>, executable: Executable) -> Vec<Finding> {
        let directory = directory.map(|directory| self.directory(true, directory));
        let program = match executable {
            Executable::At { name, path } if path == Path::new(&name) => {
                Some(self.found(true, "plan.found.program.same", &[("program", &name)]))
            }
            Executable::At { name, path } => {
                let path = path.display().to_string();
                Some(self.found(true, "plan.found.program", &[("program", &name), ("path", &path)]))
            }
            Executable::Nowhere { name } => Some(self.found(false, "plan.found.no_program", &[("program", &name)])),
            // What comes of that is known to nobody before.
            Executable::OfShell => None,
        };
        directory.into_iter().chain(program).collect()
    }

    fn directory(&self, well: bool, directory: &Path) -> Finding {
        let key = if well { "plan.found.directory" } else { "plan.found.no_directory" };
        self.found(well, key, &[("directory", &directory.display().to_string())])
    }

    /// Whether secrets are available; they are fetched, and forgotten.
    async fn secrets(&self, places: &[(String, SecretRef)]) -> Finding {
        let never = || Err(self.ports.no_secrets_in_time());
        match bounded(GRACE, self.ports.secrets(places)).await.unwrap_or_else(never) {
            Ok(_) => {
                let names: Vec<&str> =
                    places.iter().map(|(name, _)| name.as_str()).filter(|name| !name.is_empty()).collect();
                match names.is_empty() {
                    true => self.found(true, "plan.found.secret", &[]),
                    false => self.found(true, "plan.found.secrets", &[("names", &names.join(", "))]),
                }
            }
            Err(error) => self.found(false, "plan.found.no_secret", &[("error", &error.to_string())]),
        }
    }
}

/// `plan` for clients, with what was found of each step.
fn flow_plan(words: &Words, plan: &Plan, found: Vec<Vec<Finding>>) -> FlowPlan {
    let definition = &plan.flow.definition;
    let steps = definition.steps.iter().zip(&plan.steps).zip(found).enumerate();
    let steps: Vec<PlannedStep> = steps
        .map(|(place, ((step, planned), findings))| PlannedStep {
            name: Arc::clone(&step.name),
            does: words.step_action(&step.action),
            after: step
                .needs
                .iter()
                .filter_map(|place| Some(Arc::clone(&definition.steps.get(*place)?.name)))
                .collect(),
            when: words.step_when(definition, step),
            well: is_well(plan, place, &findings),
            begins: planned.begins,
            findings,
            if_it_fails: words.if_it_fails(definition, place, &planned.if_it_fails),
        })
        .collect();
    FlowPlan { flow: Arc::clone(&plan.flow.name), well: steps.iter().all(|step| step.well), steps }
}

/// Whether the run would not fail at the step at `place` by what was found.
fn is_well(plan: &Plan, place: usize, findings: &[Finding]) -> bool {
    let action = plan.flow.definition.steps.get(place).map(|step| &step.action);
    let looks = matches!(action, Some(StepAction::Check { .. } | StepAction::WaitUntil { .. }));
    findings.iter().all(|finding| finding.well) || looks && !plan.fails_by_what_is_seen_at(place)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use estatus_core::{
        check::Auth,
        config::{Channel, CommandChannel, Language},
        flow::{Flow, request::HttpRequest, text::Text},
    };
    use jiff::tz::TimeZone;

    use super::*;

    /// With one channel called `desk`, and the flows `on`, with two steps, and `off`.
    fn config() -> Config {
        let wait = || Step::new("s", StepAction::Wait { lasts: Duration::ZERO }, Vec::new());
        let on = Flow::new("on", vec![wait(), wait()]);
        let off = Flow { enabled: false, ..Flow::new("off", Vec::new()) };
        let run = estatus_core::command::Run::Shell("tell".to_owned());
        let command = CommandLine::new(run);
        let desk = Channel::Command(CommandChannel { command, timeout: Duration::ZERO });
        Config { flows: vec![on.into(), off.into()], channels: [("desk".to_owned(), desk)].into(), ..Config::default() }
    }

    #[track_caller]
    fn check(config: &Config, action: StepAction, expected: &[(bool, &str)]) {
        let words = Words::new(Language::English, TimeZone::UTC);
        let looks = looks(config, &words, &Step::new("s", action, Vec::new()));
        let known = looks.iter().filter_map(|look| if let Look::Known(known) = look { Some(known) } else { None });
        let found: Vec<(bool, &str)> = known.map(|finding| (finding.well, finding.text.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn what_needs_no_look_is_said_at_once() {
        let config = config();
        let flow = |flow: &str| StepAction::Flow { flow: flow.into() };
        check(&config, flow("on"), &[(true, "the flow “on” has 2 steps")]);
        check(&config, flow("off"), &[(false, "the flow “off” is not enabled")]);
        check(&config, flow("gone"), &[(false, "there is no flow called “gone”")]);
        let stop = StepAction::Program { action: ProgramAction::Stop, program: "web".into() };
        check(&config, stop, &[(false, "there is no program called “web”")]);
        check(&config, StepAction::Check { monitor: "web".into() }, &[(false, "there is no monitor called “web”")]);
        check(&config, StepAction::Wait { lasts: Duration::ZERO }, &[]);
    }

    #[test]
    fn whom_a_step_would_tell_is_said_and_that_it_is_nobody() {
        let tell = |channels: Option<&[&str]>| StepAction::Tell {
            channels: channels.map(|names| names.iter().map(|&name| name.to_owned()).collect()),
            text: Text::new("hello"),
        };
        let mut config = config();
        check(&config, tell(None), &[(true, "this channel would be used: desk")]);
        check(&config, tell(Some(&["desk"])), &[(true, "this channel would be used: desk")]);
        let (gone, nobody) = ("there is no channel called “gone”", "there is no channel: nobody would be told");
        check(&config, tell(Some(&["gone"])), &[(false, gone), (false, nobody)]);
        config.alerts.channels = Some(Vec::new());
        check(&config, tell(None), &[(false, nobody)]);
        config.alerts.channels = None;
        config.channels.clear();
        check(&config, tell(None), &[(false, nobody)]);
    }

    #[test]
    fn a_request_is_not_sent_and_its_secrets_are_looked_for() {
        let request = HttpRequest {
            method: "POST".to_owned(),
            auth: Some(Auth::Bearer(SecretRef::Keyring("ci".to_owned()))),
            secret_headers: vec![("X-Key".to_owned(), SecretRef::Keyring("key".to_owned()))],
            ..HttpRequest::new("https://ci.example/deploy".parse().unwrap())
        };
        let action = StepAction::Http { request: Box::new(request) };
        check(&config(), action.clone(), &[(true, "nothing was sent to https://ci.example/deploy")]);
        let words = Words::new(Language::English, TimeZone::UTC);
        let looks = looks(&config(), &words, &Step::new("s", action, Vec::new()));
        let expected = ["ci", "key"].map(|name| SecretRef::Keyring(name.to_owned()));
        assert!(looks.iter().any(|look| matches!(look, Look::Secrets(places) if *places == expected)));
    }
}
