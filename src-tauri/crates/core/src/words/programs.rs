//! Programs and remedies.

use super::Words;
use crate::{
    program::{Ended, LeftBehind, Leftover, ProgramState, ProgramTrouble, StartFailure},
    remedy::{Outcome, RemedyError, RemedyKind},
    restart::COOLING_EVERY,
    supervision::ChangeCause,
};

impl Words {
    /// Why a program could not be started, and what to do about it, in one sentence without a full stop.
    pub fn start_failure(&self, failure: &StartFailure) -> String {
        match failure {
            StartFailure::PortHeld { port, holder: None } => {
                self.text("start.port_held_unseen", &[("port", &port.to_string())])
            }
            _ => self.tagged("start", "kind", failure),
        }
    }

    /// What a stop could not do away with, in one sentence without a full stop.
    pub fn leftover(&self, left: &Leftover) -> String {
        match left {
            Leftover::Port { port, holder: None } => self.text("left.port_unseen", &[("port", &port.to_string())]),
            _ => self.tagged("left", "left", left),
        }
    }

    /// Why a program is cooling, in one sentence without a full stop.
    pub fn program_trouble(&self, trouble: &ProgramTrouble) -> String {
        match trouble {
            ProgramTrouble::CannotStart(failure) => self.start_failure(failure),
            ProgramTrouble::NoAnswer => self.text("program.no_answer", &[("every", &self.span(COOLING_EVERY))]),
            ProgramTrouble::TooManyRestarts(count) => {
                let restarts = count.restarts.to_string();
                self.text("program.restarts", &[("restarts", &restarts), ("within", &self.span(count.within))])
            }
            ProgramTrouble::Daemon(left) => self.daemon(left),
        }
    }

    /// How a start of a program ended, in one sentence without a full stop.
    pub fn ended(&self, ended: &Ended) -> String {
        ended.daemon().map_or_else(|| self.exit(ended.exit), |left| self.daemon(left))
    }

    /// That a program goes into the background, and what to do about it.
    fn daemon(&self, left: &LeftBehind) -> String {
        self.text("program.daemon", &[("name", &left.name), ("pid", &left.pid.to_string())])
    }

    /// When a program that is cooling is tried again, and how it is at once, in one sentence without a full stop.
    pub fn cooling(&self, program: &str) -> String {
        let is_one_word = program.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/'));
        let program = if is_one_word { program.to_owned() } else { format!("\"{program}\"") };
        self.text("program.retries", &[("every", &self.span(COOLING_EVERY)), ("program", &program)])
    }

    /// What a program waits for.
    pub fn waits(&self, program: &str) -> String {
        self.text("program.waits", &[("program", program)])
    }

    /// Why a program stands as it does.
    pub(crate) fn why(&self, why: &ChangeCause) -> String {
        let plain = |key| self.text(key, &[]);
        match why {
            ChangeCause::Exit(exit) => self.exit(*exit),
            ChangeCause::Daemon(left) => self.daemon(left),
            ChangeCause::Trouble(trouble) => self.program_trouble(trouble),
            ChangeCause::Asked => plain("why.asked"),
            ChangeCause::Remedy => plain("why.remedy"),
            ChangeCause::Planned => plain("why.planned"),
            ChangeCause::Configured => plain("why.configured"),
            ChangeCause::NotReady(within) => self.text("why.not_ready", &[("within", &self.span(*within))]),
            ChangeCause::Silent => plain("why.silent"),
            ChangeCause::TooBig { bytes } => {
                self.text("why.too_big", &[("megabytes", &(bytes / 1_000_000).to_string())])
            }
            ChangeCause::TooBusy { percent } => {
                let percent = super::percent(self.language, format_args!("{percent:.0}"));
                self.text("why.too_busy", &[("percent", &percent)])
            }
            ChangeCause::Quitting => plain("why.quitting"),
        }
    }

    /// A process, by its number.
    pub(crate) fn process(&self, pid: u32) -> String {
        self.text("why.process", &[("pid", &pid.to_string())])
    }

    /// How a program stands.
    pub fn program_state(&self, state: ProgramState) -> String {
        self.text(&format!("program.{state}"), &[])
    }

    /// What a remedy did, like `restarted web`.
    pub fn deed(&self, deed: &RemedyKind) -> String {
        self.tagged("deed", "deed", deed)
    }

    /// What a remedy does, like `restarting web`.
    pub fn doing(&self, deed: &RemedyKind) -> String {
        self.tagged("doing", "deed", deed)
    }

    /// How a remedy went, without a full stop.
    pub fn outcome(&self, outcome: &Outcome) -> String {
        match outcome {
            Outcome::Healed => self.text("outcome.healed", &[]),
            Outcome::StillDown(failure) if failure.cause.is_beyond_limit() => {
                self.text("outcome.still_beyond", &[("cause", &self.failure(failure))])
            }
            Outcome::StillDown(failure) => self.text("outcome.still_down", &[("cause", &self.failure(failure))]),
            Outcome::NotDone(undone) => self.undone(undone),
        }
    }

    /// Why a remedy could not be done, without a full stop.
    pub fn undone(&self, undone: &RemedyError) -> String {
        match undone {
            RemedyError::CannotStart { failure } => self.start_failure(failure),
            RemedyError::Ended { exit } => self.text("undone.ended", &[("exit", &self.exit(*exit))]),
            RemedyError::CommandEnded { exit } => self.text("undone.command_ended", &[("exit", &self.exit(*exit))]),
            RemedyError::FlowFailed { flow, failed: Some(failed) } => {
                let why = self.in_attempt(self.step_error(&failed.error), failed.attempt, failed.attempts);
                self.text("undone.flow_failed", &[("flow", flow), ("step", &failed.step), ("why", &why)])
            }
            RemedyError::FlowFailed { flow, failed: None } => self.text("undone.flow_cancelled", &[("flow", flow)]),
            RemedyError::Cooling => self.text("undone.cooling", &[("every", &self.span(COOLING_EVERY))]),
            _ => self.tagged("undone", "kind", undone),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::tz::TimeZone;

    use super::*;
    use crate::{
        config::Language,
        exit::Exit,
        observation::{Cause, Failure, Phase},
        program::RestartCount,
    };

    fn words(language: Language) -> Words {
        Words::new(language, TimeZone::UTC)
    }

    /// `english` is what is told in English; no language has a fact without words.
    fn check(tell: impl Fn(&Words) -> String, english: &str) {
        assert_eq!(tell(&words(Language::English)), english);
        for text in Language::ALL.map(|language| tell(&words(language))) {
            let key = text.split(['.', ' ']).next().unwrap_or_default();
            let is_key = ["start", "left", "program", "deed", "doing", "outcome", "undone"].contains(&key);
            assert!(!is_key || !text.starts_with(&format!("{key}.")), "there is no text {text}");
        }
    }

    #[test]
    fn every_failure_to_start_says_what_happened_and_what_to_do() {
        let check = |failure: StartFailure, text: &str| check(|words| words.start_failure(&failure), text);
        let text = str::to_owned;
        check(
            StartFailure::ProgramMissing { program: text("nmp") },
            "nmp was not found: install it, or correct the command in estatus.toml",
        );
        check(
            StartFailure::NotExecutable { program: text("run.sh"), error: text("Permission denied") },
            "run.sh cannot be executed (Permission denied): make it executable, or correct the command in estatus.toml",
        );
        check(
            StartFailure::DirectoryMissing { directory: text("/srv/web") },
            "the directory /srv/web does not exist: create it, or correct it in estatus.toml",
        );
        check(
            StartFailure::PortHeld { port: 5173, holder: Some(text("node (pid 4711)")) },
            "port 5173 is in use by node (pid 4711): stop it, or let Estatus adopt it with `estatus adopt`",
        );
        check(
            StartFailure::PortHeld { port: 5173, holder: None },
            "port 5173 is in use by a process that Estatus cannot see, perhaps another user's: stop it, or give this \
             program another port",
        );
        check(
            StartFailure::Secret { error: text("the variable TOKEN is not set: set it") },
            "a secret that it needs is not available: the variable TOKEN is not set: set it",
        );
        check(
            StartFailure::AdoptedGone { pid: 4711 },
            "the process with pid 4711 ended before it could be adopted: look for it again with `estatus adopt`",
        );
        check(
            StartFailure::Refused { error: text("Resource temporarily unavailable") },
            "the operating system refused to start it (Resource temporarily unavailable): check whether memory, \
             processes or permissions are lacking",
        );
    }

    #[test]
    fn what_is_left_of_a_stop_is_named() {
        let check = |left: Leftover, text: &str| check(|words| words.leftover(&left), text);
        check(
            Leftover::Process { pid: 4711, name: "node".to_owned() },
            "its process node (pid 4711) is still running: stop it manually",
        );
        check(
            Leftover::Port { port: 5173, holder: Some("node (pid 4711)".to_owned()) },
            "port 5173 is still in use by node (pid 4711): stop it manually",
        );
        check(
            Leftover::Port { port: 5173, holder: None },
            "port 5173 is still in use by a process that Estatus cannot see: stop it manually",
        );
    }

    #[test]
    fn a_program_that_is_cooling_says_why_and_when_it_is_tried_again() {
        let restarts = ProgramTrouble::TooManyRestarts(RestartCount { restarts: 5, within: Duration::from_secs(60) });
        let missing = StartFailure::DirectoryMissing { directory: "/srv/web".to_owned() };
        check(|words| words.program_trouble(&restarts), "it was restarted 5 times and never stayed up for 1 min");
        check(
            |words| words.program_trouble(&ProgramTrouble::CannotStart(missing.clone())),
            "the directory /srv/web does not exist: create it, or correct it in estatus.toml",
        );
        let left = LeftBehind { pid: 4711, name: "nginx".to_owned() };
        check(
            |words| words.program_trouble(&ProgramTrouble::Daemon(left.clone())),
            "it exited with code 0 and left nginx (pid 4711) in the background, where Estatus cannot keep it running, \
             so it was ended: run it in the foreground (nginx -g \"daemon off;\", redis-server --daemonize no, -f, \
             --foreground, --no-daemon …)",
        );
        let retries = "Estatus retries every 5 min; to retry now, run `estatus restart web`";
        check(|words| words.cooling("web"), retries);
        check(|words| words.cooling("my web"), &retries.replace(" web", " \"my web\""));
    }

    #[test]
    fn every_state_of_a_program_has_a_name() {
        let check = |state: ProgramState, text: &str| check(|words| words.program_state(state), text);
        check(ProgramState::Looking, "locating");
        check(ProgramState::Stopped, "stopped");
        check(ProgramState::Finished, "finished");
        check(ProgramState::Waiting, "waiting for others");
        check(ProgramState::Starting, "starting");
        check(ProgramState::Running, "running");
        check(ProgramState::Stopping, "stopping");
        check(ProgramState::Backoff, "restart pending");
        check(ProgramState::Cooling, "crash loop");
        check(ProgramState::CannotStart, "cannot be started");
    }

    #[test]
    fn what_a_remedy_does_is_told_while_it_does_it_and_afterwards() {
        let check = |deed: RemedyKind, doing: &str, done: &str| {
            check(|words| words.doing(&deed), doing);
            check(|words| words.deed(&deed), done);
        };
        let web = || "web".to_owned();
        check(RemedyKind::Restart { program: web() }, "restarting web", "restarted web");
        check(RemedyKind::Start { program: web() }, "starting web", "started web");
        check(RemedyKind::Stop { program: web() }, "stopping web", "stopped web");
        check(RemedyKind::Run { command: "./heal.sh -f".to_owned() }, "running ./heal.sh -f", "ran ./heal.sh -f");
    }

    #[test]
    fn how_a_remedy_went_is_told_in_words() {
        let check = |outcome: Outcome, text: &str| check(|words| words.outcome(&outcome), text);
        let not_done = Outcome::NotDone;
        check(Outcome::Healed, "it is up again");
        check(
            Outcome::StillDown(Failure::new(Phase::Connect, Cause::Refused)),
            "still down: connection refused: nothing is listening on the port",
        );
        check(
            not_done(RemedyError::CannotStart { failure: StartFailure::PortHeld { port: 80, holder: None } }),
            "port 80 is in use by a process that Estatus cannot see, perhaps another user's: stop it, or give this \
             program another port",
        );
        check(
            not_done(RemedyError::NotReady { within: Duration::from_secs(60) }),
            "the program was not ready within 1 min",
        );
        check(
            not_done(RemedyError::Ended { exit: Exit::Code(127) }),
            "the program ended before it was ready: exit code 127 (command not found)",
        );
        check(
            not_done(RemedyError::Cooling),
            "the program is in a crash loop, so Estatus now starts it only every 5 min",
        );
        check(
            not_done(RemedyError::StoppedByUser),
            "the program was stopped by a user and stays stopped until it is started",
        );
        check(
            not_done(RemedyError::Finished),
            "the program has finished, and its restart policy does not start it again",
        );
        check(not_done(RemedyError::Command { error: "no such file".to_owned() }), "the command failed: no such file");
        check(not_done(RemedyError::CommandEnded { exit: Exit::Code(3) }), "the command failed: exit code 3");
        let within = Duration::from_secs(60);
        check(not_done(RemedyError::CommandTimedOut { within }), "the command did not end within 1 min");
        check(not_done(RemedyError::Interrupted), "Estatus was restarted meanwhile");
        check(not_done(RemedyError::Gone), "it is no longer in the configuration");
    }
}
