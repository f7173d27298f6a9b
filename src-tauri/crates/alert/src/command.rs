//! Tells by a command.

use estatus_core::{
    command::{CommandEnd, CommandOutcome, CommandRun},
    config::CommandChannel,
    incident::DeliveryResult,
    outside::cut,
    ports::Ports,
    words::Words,
};

use crate::{
    payload::Payload,
    text::{SAID_LIMIT, lines, one_line},
    undelivered::{temporary, unconfirmed},
};

/// The exit code that asks for another try later: `EX_TEMPFAIL` of `sysexits.h`.
const TRY_LATER: i32 = 75;
/// The most bytes of a command's output that are kept.
const OUTPUT_LIMIT: usize = 4096;
/// The most bytes of one variable. Windows has room for 32,767 UTF-16 units in the whole environment.
const VARIABLE_LIMIT: usize = 8000;

/// One delivery by a command.
///
/// The command finds `ESTATUS_MESSAGE_ID`, `ESTATUS_CHANNEL`, `ESTATUS_SUBJECT` and `ESTATUS_TEXT` in its environment,
/// and of the first alert `ESTATUS_MONITOR` (the name of the monitor, program, flow or fleet), `ESTATUS_SUBJECT_KIND`,
/// `ESTATUS_NEWS`, where a remedy was tried `ESTATUS_TRIES` and `ESTATUS_HEALED_BY`, where a run failed `ESTATUS_RUN`
/// (its number), `ESTATUS_STEP` (the step by which it did) and `ESTATUS_ATTEMPT` (in which of its attempts), and where a step
/// asks or tells something `ESTATUS_RUN` and `ESTATUS_STEP`, its name, and where something is wrong with a fleet, or was,
/// `ESTATUS_TROUBLE` (`cannot_launch`, …); on its standard input, the whole [`Payload`] as JSON.
pub(crate) struct CommandDelivery<'a> {
    pub(crate) channel: &'a CommandChannel,
    pub(crate) ports: &'a dyn Ports,
    pub(crate) words: &'a Words,
}

impl CommandDelivery<'_> {
    /// Runs the command to its end.
    pub(crate) async fn deliver(&self, payload: &Payload) -> DeliveryResult {
        let run = CommandRun {
            command: self.channel.command.clone(),
            env: environment(payload),
            // A `Payload` has no map with other keys than strings, so it always is JSON.
            stdin: serde_json::to_string(payload).ok(),
            timeout: self.channel.timeout,
            output_limit: OUTPUT_LIMIT,
        };
        let outcome = self.ports.run(run).await;
        self.judge(&outcome, &payload.channel)
    }

    fn judge(&self, outcome: &CommandOutcome, channel: &str) -> DeliveryResult {
        let say = |key: &str, values: &[(&str, &str)]| {
            let output = self.output(outcome);
            let values: Vec<_> = values.iter().copied().chain([("channel", channel), ("output", &output)]).collect();
            self.words.text(key, &values)
        };
        match &outcome.end {
            CommandEnd::Exited(0) => DeliveryResult::Delivered,
            CommandEnd::Exited(code) => {
                let key = if *code == TRY_LATER { "delivery.command_later" } else { "delivery.command_exit" };
                temporary(say(key, &[("code", &code.to_string())]))
            }
            CommandEnd::Signaled(number) => {
                temporary(say("delivery.command_signal", &[("number", &number.to_string())]))
            }
            CommandEnd::TimedOut { .. } => {
                unconfirmed(say("delivery.command_timed_out", &[("after", &self.words.span(self.channel.timeout))]))
            }
            CommandEnd::Unseen | CommandEnd::Cancelled => unconfirmed(say("delivery.command_unseen", &[])),
            CommandEnd::CannotStart(error) => temporary(say("delivery.command_start", &[("error", error)])),
        }
    }

    /// What it said of its failure, or else at all.
    fn output(&self, outcome: &CommandOutcome) -> String {
        let said = [&outcome.stderr, &outcome.stdout].map(|text| one_line(text, SAID_LIMIT));
        let said = said.into_iter().find(|text| !text.is_empty());
        said.unwrap_or_else(|| self.words.text("delivery.no_output", &[]))
    }
}

fn environment(payload: &Payload) -> Vec<(String, String)> {
    let first = payload.alerts.first();
    let incident = first.and_then(|alert| alert.incident.as_ref()).filter(|incident| incident.tries > 0);
    let healed_by = incident.and_then(|incident| incident.healed_by.as_deref()).unwrap_or_default();
    let failed = first.and_then(|alert| alert.run.as_ref());
    let failed_step = failed.and_then(|run| run.failed.as_ref());
    let asks = first.and_then(|alert| alert.approval.as_ref()).map(|asked| (asked.run, asked.step.as_str()));
    let tells = first.and_then(|alert| alert.told.as_ref()).map(|told| (told.run, told.step.as_str()));
    let speaks = asks.or(tells);
    let run = failed.map(|run| run.id).or(speaks.map(|(run, _)| run));
    let step = failed_step.map(|step| step.name.as_str()).or(speaks.map(|(_, step)| step));
    let trouble = first.and_then(|alert| alert.fleet.as_ref()).map(|fleet| fleet.trouble);
    let variables = [
        ("ESTATUS_MESSAGE_ID", payload.message_id.clone()),
        ("ESTATUS_CHANNEL", one_line(&payload.channel, VARIABLE_LIMIT)),
        ("ESTATUS_SUBJECT", one_line(&payload.subject, VARIABLE_LIMIT)),
        ("ESTATUS_TEXT", lines(&payload.text, VARIABLE_LIMIT)),
        ("ESTATUS_MONITOR", first.map(|alert| one_line(&alert.monitor, VARIABLE_LIMIT)).unwrap_or_default()),
        ("ESTATUS_SUBJECT_KIND", first.map(|alert| alert.subject_kind.to_owned()).unwrap_or_default()),
        ("ESTATUS_NEWS", first.map(|alert| alert.news.to_owned()).unwrap_or_default()),
        ("ESTATUS_TRIES", incident.map(|incident| incident.tries.to_string()).unwrap_or_default()),
        ("ESTATUS_HEALED_BY", one_line(healed_by, VARIABLE_LIMIT)),
        ("ESTATUS_RUN", run.map(|run| run.to_string()).unwrap_or_default()),
        ("ESTATUS_STEP", one_line(step.unwrap_or_default(), VARIABLE_LIMIT)),
        ("ESTATUS_ATTEMPT", failed_step.map(|step| step.attempt.to_string()).unwrap_or_default()),
        ("ESTATUS_TROUBLE", trouble.unwrap_or_default().to_owned()),
    ];
    variables.map(|(name, value)| (name.to_owned(), cut(value, VARIABLE_LIMIT))).into()
}
