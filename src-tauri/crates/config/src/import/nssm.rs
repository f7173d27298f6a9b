//! What `nssm dump` prints: lines `nssm.exe set NAME KEY [SUBKEY] VALUE`, quoted for cmd.

use std::collections::BTreeMap;

use estatus_api::Section;
use estatus_core::naming::windows_variables;
use serde_json::{Value as Json, json};

use super::{
    found::{Found, Table},
    line::seconds,
};
use crate::{
    argv::arguments,
    reason::{Reason, note},
};

/// A service as it is put together from its lines.
#[derive(Default)]
struct Service {
    application: Option<String>,
    parameters: Vec<String>,
    directory: Option<String>,
    env: Table,
    /// What is done after exits: by exit code, or for all others.
    exits: Vec<(String, String)>,
    table: Table,
    /// Milliseconds after Ctrl-C.
    console: Option<f64>,
    /// The ways to stop that are skipped, a bit each; the first is Ctrl-C.
    skipped: u32,
    /// What is left out: keys and reasons.
    left: Vec<(String, Reason)>,
}

/// Keys that are understood.
const UNDERSTOOD: [&str; 9] = [
    "AppDirectory",
    "AppEnvironmentExtra",
    "AppEvents",
    "AppExit",
    "Application",
    "AppParameters",
    "AppStopMethodConsole",
    "AppStopMethodSkip",
    "Start",
];
/// Keys of which nothing is to be said: their only value says what Estatus does anyway, or only shows.
const NOTHING: [&str; 3] = ["DisplayName", "Type", "AppNoConsole"];
/// Of these nothing is to be said where they hold what holds without them: a dump leaves it out, the registry may not.
const DEFAULTS: [(&str, &str); 15] = [
    ("AppAffinity", "All"),
    ("AppKillProcessTree", "1"),
    ("AppPriority", "NORMAL_PRIORITY_CLASS"),
    ("AppRedirectHook", "0"),
    ("AppRestartDelay", "0"),
    ("AppRotateBytes", "0"),
    ("AppRotateBytesHigh", "0"),
    ("AppRotateDelay", "0"),
    ("AppRotateFiles", "0"),
    ("AppRotateOnline", "0"),
    ("AppRotateSeconds", "0"),
    ("AppStopMethodThreads", "1500"),
    ("AppStopMethodWindow", "1500"),
    ("AppThrottle", "1500"),
    ("AppTimestampLog", "0"),
];

const KEPT_BY_ESTATUS: Reason = note!("kept");

/// Why keys that begin so are left out.
static WHY: [(&str, Reason); 11] = [
    ("AppStdout", KEPT_BY_ESTATUS),
    ("AppStderr", KEPT_BY_ESTATUS),
    ("AppRotate", KEPT_BY_ESTATUS),
    ("AppTimestampLog", note!("knows_when")),
    ("AppThrottle", note!("own_delays")),
    ("AppRestartDelay", note!("own_delays")),
    ("AppKillProcessTree", note!("ends_the_tree")),
    ("AppEnvironment", note!("adds_variables")),
    ("Environment", note!("say_env")),
    ("ObjectName", note!("runs_as")),
    ("DependOn", note!("no_services")),
];

/// Whether `line` is one of those that `nssm dump` prints.
pub(super) fn is_line(line: &str) -> bool {
    line.to_ascii_lowercase().contains("nssm") && understood(line).is_some()
}

pub(super) fn read(text: &str, found: &mut Found) -> Result<(), Reason> {
    let mut settings = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        match understood(line) {
            Some(setting) => settings.push(setting),
            None => found.note(note!("nssm_line", line = super::said(line.trim()))),
        }
    }
    add(settings, found);
    found.note(note!("remove_from_nssm"));
    Ok(())
}

/// Adds the services that `settings` make: each a name, a key and its values.
pub(super) fn add(settings: Vec<(String, String, Vec<String>)>, found: &mut Found) {
    let mut services: BTreeMap<String, Service> = BTreeMap::new();
    for (name, key, values) in settings {
        services.entry(name).or_default().take(&key, values);
    }
    for (name, service) in services {
        service.add(&name, found);
    }
}

/// The name, the key and what is behind it, of a line.
fn understood(line: &str) -> Option<(String, String, Vec<String>)> {
    let words = arguments(&for_cmd(line.trim()));
    let at = words.iter().position(|word| {
        let word = word.to_ascii_lowercase();
        let program = word.rsplit(['\\', '/']).next().unwrap_or(&word);
        program.starts_with("nssm") && !program.contains(' ')
    })?;
    let mut words = words.into_iter().skip(at + 1);
    match (words.next()?.as_str(), words.next()?) {
        ("set", name) => Some((name, words.next()?, words.collect())),
        ("install", name) => Some((name, "Application".to_owned(), words.collect())),
        _ => None,
    }
}

/// What cmd hands over: outside quotation marks, a circumflex makes the next character an ordinary one.
fn for_cmd(line: &str) -> String {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let mut handed = String::with_capacity(line.len());
    for c in line.chars() {
        if c == '^' && !is_quoted && !is_escaped {
            is_escaped = true;
            continue;
        }
        is_quoted ^= c == '"' && !is_escaped;
        is_escaped = false;
        handed.push(c);
    }
    handed
}

/// A key as the lists have it: NSSM knows keys in capital and small letters alike.
fn as_listed(key: &str) -> &str {
    let defaults = DEFAULTS.into_iter().map(|(key, _)| key);
    let mut listed = UNDERSTOOD.into_iter().chain(NOTHING).chain(defaults);
    listed.find(|listed| listed.eq_ignore_ascii_case(key)).unwrap_or(key)
}

fn begins_with(key: &str, beginning: &str) -> bool {
    key.get(..beginning.len()).is_some_and(|begins| begins.eq_ignore_ascii_case(beginning))
}

impl Service {
    fn take(&mut self, key: &str, rest: Vec<String>) {
        let mut rest = rest.into_iter();
        let first = rest.next().unwrap_or_default();
        let key = as_listed(key);
        match key {
            "Application" => {
                self.application = Some(first);
                self.parameters.extend(rest.by_ref());
            }
            "AppParameters" => self.parameters = arguments(&first),
            "AppDirectory" => self.directory = Some(first),
            "AppEnvironmentExtra" => {
                [first].into_iter().chain(rest.by_ref()).for_each(|variable| self.variable(&variable));
            }
            "AppExit" => match rest.next() {
                Some(action) => self.exits.push((first, action)),
                None => self.left.push((format!("{key} {first}"), note!("no_action"))),
            },
            "AppEvents" => {
                let hook: Vec<String> = [key.to_owned(), first].into_iter().chain(rest.by_ref()).collect();
                self.left.push((hook.join(" "), note!("nothing_like_it")));
            }
            "AppStopMethodConsole" => self.console = self.number(key, &first),
            "AppStopMethodSkip" => self.skipped = self.number(key, &first).unwrap_or_default(),
            "Start" => self.start(&first),
            _ if NOTHING.contains(&key) || DEFAULTS.contains(&(key, first.as_str())) => {}
            _ => {
                let why = WHY.iter().find(|(begins, _)| begins_with(key, begins)).map(|(_, why)| why.clone());
                self.left.push((key.to_owned(), why.unwrap_or(note!("nothing_like_it"))));
                return;
            }
        }
        for word in rest {
            self.left.push((format!("{key} … {word}"), note!("nothing_like_it")));
        }
    }

    fn number<N: std::str::FromStr>(&mut self, key: &str, text: &str) -> Option<N> {
        let number = text.parse().ok();
        if number.is_none() {
            self.left.push((key.to_owned(), note!("no_number", value = super::said(text))));
        }
        number
    }

    /// A variable as NSSM writes it: with a mark before it that says whether it is the first.
    fn variable(&mut self, variable: &str) {
        match variable.trim_start_matches([':', '+']).split_once('=') {
            Some((name, value)) if !variable.starts_with('-') => drop(self.env.insert(name.to_owned(), value.into())),
            _ => {
                let name = variable.split('=').next().unwrap_or_default();
                self.left.push((format!("AppEnvironmentExtra {name}"), note!("sets_no_variable")));
            }
        }
    }

    fn start(&mut self, start: &str) {
        match start {
            "SERVICE_AUTO_START" | "SERVICE_DELAYED_AUTO_START" => {}
            "SERVICE_DEMAND_START" | "SERVICE_DISABLED" => drop(self.table.insert("enabled".to_owned(), false.into())),
            _ => self.left.push(("Start".to_owned(), note!("no_start"))),
        }
    }

    fn add(mut self, name: &str, found: &mut Found) {
        let entry = found.name(Section::Program, name);
        for (key, why) in std::mem::take(&mut self.left) {
            found.left(&entry, &key, why);
        }
        let Some(application) = self.application.take().filter(|application| !application.is_empty()) else {
            found.without(&entry, "Application", note!("no_command"));
            return;
        };
        self.variables_stay(&application, &entry, found);
        // Where nothing is said, NSSM runs a program in the folder that holds it.
        let beside = application.rsplit_once(['\\', '/']).map(|(folder, _)| folder.to_owned());
        if let Some(directory) = self.directory.take().or(beside).filter(|directory| !directory.is_empty()) {
            self.table.insert("directory".to_owned(), directory.into());
        }
        let command: Vec<String> = std::iter::once(application).chain(std::mem::take(&mut self.parameters)).collect();
        self.table.insert("command".to_owned(), command.into());
        if !self.env.is_empty() {
            self.table.insert("env".to_owned(), Json::Object(std::mem::take(&mut self.env)));
        }
        self.stop(&entry, found);
        self.restart(&entry, found);
        found.add(Section::Program, &entry, self.table);
    }

    /// Says where NSSM puts the value of a variable, and Estatus does not.
    fn variables_stay(&self, application: &str, entry: &str, found: &mut Found) {
        let env = self.env.iter().map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()));
        let own = [application.to_owned()].into_iter().chain(self.directory.clone());
        for text in
            own.chain(self.parameters.iter().cloned()).chain(env).filter(|text| !windows_variables(text).is_empty())
        {
            found.note(note!("variables_stay", entry, text = super::said(&text)));
        }
    }

    /// NSSM begins with Ctrl-C, unless that is skipped, and goes on with other ways.
    fn stop(&mut self, entry: &str, found: &mut Found) {
        const CONSOLE: u32 = 1;
        if self.skipped & CONSOLE != 0 {
            found.note(note!("skips_console", entry));
            return;
        }
        let mut stop = json!({ "signal": "SIGINT" });
        let within = self.console.and_then(|millis| seconds(millis / 1000.0));
        if let (Some(within), Some(stop)) = (within, stop.as_object_mut()) {
            stop.insert("within".to_owned(), within);
        }
        self.table.insert("stop".to_owned(), stop);
    }

    fn restart(&mut self, entry: &str, found: &mut Found) {
        let (mut restarted, mut ignored) = (Vec::new(), Vec::new());
        for (exit, action) in std::mem::take(&mut self.exits) {
            let is_restart = match action.as_str() {
                "Restart" => true,
                "Exit" | "Ignore" | "Suicide" => false,
                _ => {
                    let why = note!("no_exit_action", action = super::said(&action));
                    found.left(entry, &format!("AppExit {exit}"), why);
                    continue;
                }
            };
            match exit.parse::<i64>() {
                Ok(code) if is_restart => restarted.push(code),
                Ok(code) => ignored.push(code),
                Err(_) if is_restart => {}
                Err(_) => drop(self.table.insert("restart".to_owned(), "never".into())),
            }
        }
        let is_never = self.table.contains_key("restart");
        if is_never && !restarted.is_empty() {
            self.table.insert("restart_on".to_owned(), restarted.into());
        } else if !is_never && !ignored.is_empty() {
            self.table.insert("ignore".to_owned(), ignored.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_divided_as_cmd_and_windows_do() {
        #[track_caller]
        fn check(line: &str, expected: &[&str]) {
            assert_eq!(arguments(&for_cmd(line)), expected, "{line}");
        }
        check("a  b", &["a", "b"]);
        check(r#""C:\Program Files\a.exe" -x"#, &[r"C:\Program Files\a.exe", "-x"]);
        check(r#"^"--name \^"big dog\^" ^& more^""#, &[r#"--name "big dog" & more"#]);
        check(r#""ends in \\" next"#, &[r"ends in \", "next"]);
        check(r"C:\a\ b", &[r"C:\a\", "b"]);
        check(r#""" x"#, &["", "x"]);
        check(r#""not ^escaped""#, &["not ^escaped"]);
        check("", &[]);
    }
}
