//! What Monit does, as a remedy.

use serde_json::{Value as Json, json};

use super::{line::Line, shell, words::Word};
use crate::{
    import::{
        found::{Found, Table},
        line,
    },
    reason::note,
};

/// A command that Monit runs, without a shell.
pub(super) struct Command {
    pub(super) words: Vec<String>,
    /// How long until what it starts is there.
    pub(super) within: Option<Json>,
}

/// The commands of a check.
pub(super) struct Commands {
    pub(super) start: Option<Command>,
    pub(super) stop: Option<Command>,
    pub(super) restart: Option<Command>,
    /// Whether Monit runs them by itself.
    pub(super) are_run: bool,
}

impl Default for Commands {
    fn default() -> Self {
        Self { start: None, stop: None, restart: None, are_run: true }
    }
}

impl Commands {
    /// What Monit does where the file says nothing: it starts what is not there.
    pub(super) fn usual(&self, starts: bool) -> Option<Table> {
        if starts && self.are_run { run(self.start.as_ref()?) } else { None }
    }

    /// The remedy that `action` is; nothing if it only tells.
    pub(super) fn remedy(&self, name: &str, action: &[Word], found: &mut Found) -> Option<Table> {
        let end = action.iter().position(|word| word.is(&["else"])).unwrap_or(action.len());
        if end < action.len() {
            found.left(name, "else", note!("tells_itself"));
        }
        let (first, rest) = action.get(..end)?.split_first()?;
        let key = format!("then {}", first.text);
        Line::read(rest, name, &key, found, |line, found| {
            let remedy = match first.text.to_ascii_lowercase().as_str() {
                "alert" => return None,
                "exec" => executed(name, line, found),
                "start" => self.start.as_ref().and_then(run),
                "stop" => self.stop.as_ref().and_then(run),
                "restart" => self.restarted(),
                _ => None,
            };
            if remedy.is_none() {
                found.left(name, &first.text, note!("cannot_do"));
            }
            remedy.filter(|_| self.are_run)
        })
    }

    /// By its own command, or by those that stop and start.
    fn restarted(&self) -> Option<Table> {
        match (&self.restart, &self.stop, &self.start) {
            (Some(restart), ..) => run(restart),
            (None, Some(stop), Some(start)) => {
                let line = format!("{}; {}", shell(&stop.words), shell(&start.words));
                Some(remedy(line.into(), start.within.as_ref()))
            }
            (None, None, Some(start)) => run(start),
            _ => None,
        }
    }
}

fn executed(name: &str, line: &mut Line<'_>, found: &mut Found) -> Option<Table> {
    let words = line::words(&line.next()?.text);
    told_user(name, "exec", line, found);
    run(&Command { words, within: None })
}

/// Says that a command is run as nobody else.
pub(super) fn told_user(name: &str, key: &str, line: &mut Line<'_>, found: &mut Found) {
    line.has(&["as"]);
    let (user, group) = (line.after(&["uid"]), line.after(&["gid"]));
    if user.or(group).is_some() {
        found.left(name, &format!("{key} … as uid"), note!("run_as"));
    }
}

fn run(command: &Command) -> Option<Table> {
    (!command.words.is_empty()).then(|| remedy(json!(command.words), command.within.as_ref()))
}

fn remedy(run: Json, within: Option<&Json>) -> Table {
    let mut remedy = Table::new();
    remedy.insert("run".to_owned(), run);
    remedy.extend(within.map(|within| ("within".to_owned(), within.clone())));
    remedy
}
