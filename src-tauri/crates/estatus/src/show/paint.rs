//! Colours for words.

use std::io::IsTerminal;

use anstyle::{AnsiColor, Style};
use comfy_table::{Cell, Color};
use estatus_core::{
    flow::run::{RunState, StepState},
    incident::Health,
    observation::Verdict,
    program::ProgramState,
};

/// Colours words, or leaves them as they are where nobody could see it.
pub(crate) struct Paint {
    colours: bool,
}

/// What a word says of things.
#[derive(Clone, Copy)]
enum Tone {
    Well,
    Doubtful,
    Bad,
    /// Nobody minds.
    Idle,
}

impl Tone {
    fn of_health(health: Health) -> Self {
        match health {
            Health::Up => Self::Well,
            Health::Suspect | Health::Recovering => Self::Doubtful,
            Health::Down => Self::Bad,
            Health::Unknown | Health::Paused => Self::Idle,
        }
    }

    fn of_program(state: ProgramState) -> Self {
        match state {
            ProgramState::Running => Self::Well,
            ProgramState::Looking
            | ProgramState::Waiting
            | ProgramState::Starting
            | ProgramState::Stopping
            | ProgramState::Backoff => Self::Doubtful,
            ProgramState::Cooling | ProgramState::CannotStart => Self::Bad,
            ProgramState::Stopped | ProgramState::Finished => Self::Idle,
        }
    }

    fn of_run(state: RunState) -> Self {
        match state {
            RunState::Succeeded => Self::Well,
            RunState::Queued | RunState::Running | RunState::WaitingForApproval => Self::Doubtful,
            RunState::Failed | RunState::TimedOut | RunState::Crashed | RunState::Suppressed => Self::Bad,
            RunState::Cancelled | RunState::Skipped => Self::Idle,
        }
    }

    fn of_step(state: StepState) -> Self {
        match state {
            StepState::Succeeded => Self::Well,
            StepState::Running | StepState::WaitingForApproval | StepState::Retrying => Self::Doubtful,
            StepState::Failed | StepState::TimedOut | StepState::Indeterminate => Self::Bad,
            StepState::Scheduled | StepState::Cancelled | StepState::Skipped => Self::Idle,
        }
    }

    fn on_a_line(self) -> AnsiColor {
        match self {
            Self::Well => AnsiColor::Green,
            Self::Doubtful => AnsiColor::Yellow,
            Self::Bad => AnsiColor::Red,
            Self::Idle => AnsiColor::BrightBlack,
        }
    }

    fn in_a_table(self) -> Color {
        match self {
            Self::Well => Color::Green,
            Self::Doubtful => Color::Yellow,
            Self::Bad => Color::Red,
            Self::Idle => Color::DarkGrey,
        }
    }
}

/// How a program stands, as everybody calls it.
const fn program_word(state: ProgramState) -> &'static str {
    match state {
        ProgramState::Cooling => "crash loop",
        ProgramState::CannotStart => "cannot be started",
        _ => state.word(),
    }
}

/// `timed_out` as people write it.
fn in_two_words(word: &str) -> String {
    word.replace('_', " ")
}

impl Paint {
    /// Colours only on a terminal whose user does not mind (<https://no-color.org>).
    pub(crate) fn for_stdout() -> Self {
        let minds = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { colours: std::io::stdout().is_terminal() && !minds }
    }

    /// No colours.
    #[cfg(test)]
    pub(crate) fn plain() -> Self {
        Self { colours: false }
    }

    /// The health's word, at least `width` characters wide.
    pub(crate) fn health(&self, health: Health, width: usize) -> String {
        self.word(Tone::of_health(health), &format!("{:<width$}", health.word()))
    }

    /// The word of a program's state, at least `width` characters wide.
    pub(crate) fn program(&self, state: ProgramState, width: usize) -> String {
        self.word(Tone::of_program(state), &format!("{:<width$}", program_word(state)))
    }

    /// The word of a run's state, at least `width` characters wide.
    pub(crate) fn run(&self, state: RunState, width: usize) -> String {
        self.word(Tone::of_run(state), &format!("{:<width$}", in_two_words(state.word())))
    }

    /// The word of a step's state, at least `width` characters wide.
    pub(crate) fn step(&self, state: StepState, width: usize) -> String {
        self.word(Tone::of_step(state), &format!("{:<width$}", in_two_words(state.word())))
    }

    /// A cell of a table that says `word` of a monitor in `health`.
    pub(super) fn health_cell(&self, health: Health, word: &str) -> Cell {
        self.cell(Tone::of_health(health), word)
    }

    /// A cell of a table that says how a program stands.
    pub(super) fn program_cell(&self, state: ProgramState) -> Cell {
        self.cell(Tone::of_program(state), program_word(state))
    }

    /// A cell of a table that says how a run stands.
    pub(super) fn run_cell(&self, state: RunState) -> Cell {
        self.cell(Tone::of_run(state), &in_two_words(state.word()))
    }

    /// A cell of a table that says how a step stands.
    pub(super) fn step_cell(&self, state: StepState) -> Cell {
        self.cell(Tone::of_step(state), &in_two_words(state.word()))
    }

    /// The verdict's word.
    pub(crate) fn verdict(&self, verdict: Verdict) -> String {
        match verdict {
            Verdict::Up => self.word(Tone::Well, "up"),
            Verdict::Down => self.word(Tone::Bad, "down"),
            Verdict::Inconclusive => self.word(Tone::Idle, "inconclusive"),
        }
    }

    /// Something to be glad of.
    pub(crate) fn good(&self, text: &str) -> String {
        self.word(Tone::Well, text)
    }

    /// Something that is wrong.
    pub(crate) fn bad(&self, text: &str) -> String {
        self.word(Tone::Bad, text)
    }

    /// Something to look at.
    pub(crate) fn warning(&self, text: &str) -> String {
        self.word(Tone::Doubtful, text)
    }

    fn word(&self, tone: Tone, text: &str) -> String {
        if !self.colours {
            return text.to_owned();
        }
        let style = Style::new().fg_color(Some(tone.on_a_line().into()));
        format!("{style}{text}{style:#}")
    }

    fn cell(&self, tone: Tone, word: &str) -> Cell {
        if self.colours { Cell::new(word).fg(tone.in_a_table()) } else { Cell::new(word) }
    }
}
