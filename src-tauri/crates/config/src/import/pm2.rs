//! Ecosystem files of PM2: JSON, YAML, or JavaScript that exports nothing but a literal.

use std::path::Path;

use estatus_api::Section;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde_json::{Map, Value as Json, json};

use super::{
    found::{Found, Table},
    keys::{Keys, written},
    line::{seconds, variables, words},
    one_line, yaml,
};
use crate::reason::{Reason, note};

/// What PM2 runs files with, by their ending.
const INTERPRETERS: [(&str, &str); 9] = [
    ("js", "node"),
    ("cjs", "node"),
    ("mjs", "node"),
    ("sh", "bash"),
    ("py", "python"),
    ("rb", "ruby"),
    ("php", "php"),
    ("pl", "perl"),
    ("ts", "bun"),
];

const KEPT_BY_ESTATUS: Reason = note!("kept");
const OWN_DELAYS: Reason = note!("own_delays");

/// Why keys are left out.
static WHY: [(&str, Reason); 17] = [
    ("watch", note!("no_watch")),
    ("ignore_watch", note!("no_watch")),
    ("max_restarts", OWN_DELAYS),
    ("min_uptime", OWN_DELAYS),
    ("restart_delay", OWN_DELAYS),
    ("exp_backoff_restart_delay", OWN_DELAYS),
    ("wait_ready", note!("wait_ready")),
    ("listen_timeout", note!("listen_timeout")),
    ("error_file", KEPT_BY_ESTATUS),
    ("out_file", KEPT_BY_ESTATUS),
    ("error", KEPT_BY_ESTATUS),
    ("output", KEPT_BY_ESTATUS),
    ("log", KEPT_BY_ESTATUS),
    ("log_file", KEPT_BY_ESTATUS),
    ("log_date_format", note!("knows_when")),
    ("uid", note!("runs_as")),
    ("user", note!("runs_as")),
];

/// Keys that change nothing here: how PM2 shows and keeps things.
const NOTHING: [&str; 10] = [
    "merge_logs",
    "combine_logs",
    "time",
    "vizion",
    "pmx",
    "automation",
    "source_map_support",
    "disable_source_map_support",
    "autostart",
    "treekill",
];

pub(super) fn read(text: &str, folder: Option<&Path>, found: &mut Found) -> Result<(), Reason> {
    let file = literal(text)?;
    for app in apps(&file).ok_or_else(|| note!("no_apps"))? {
        match app.as_object() {
            Some(app) => program(app, folder, found),
            None => found.note(note!("apps_object")),
        }
    }
    let others = file.as_object().filter(|file| file.contains_key("apps"));
    for key in others.into_iter().flat_map(Map::keys).filter(|key| *key != "apps") {
        found.left(note!("the_file"), key, note!("deploys_nothing"));
    }
    found.note(note!("remove_from_pm2"));
    Ok(())
}

/// The programs of a file: under `apps`, or without it, one or a list of them.
fn apps(file: &Json) -> Option<&[Json]> {
    match file.get("apps").unwrap_or(file) {
        Json::Array(apps) => Some(apps),
        app if app.get("script").is_some() => Some(std::slice::from_ref(app)),
        _ => None,
    }
}

fn literal(text: &str) -> Result<Json, Reason> {
    if text.lines().any(|line| line.starts_with("apps:")) {
        return yaml::read(text);
    }
    let literal = exported(text).ok_or_else(|| note!("only_json"))?;
    let options = ParseOptions { allow_missing_commas: false, ..ParseOptions::default() };
    // Its reader goes no deeper than 512 tables and lists.
    let read = parse_to_ast(literal, &CollectOptions::default(), &options);
    let read = read.map_err(|error| note!("plain_literal", error = one_line(&error.to_string())))?;
    read.value.map(Json::from).ok_or_else(|| note!("empty"))
}

/// What JavaScript exports, or the whole text if it is none.
fn exported(text: &str) -> Option<&str> {
    let mut rest = text.trim();
    loop {
        let after_comment = match (rest.strip_prefix("//"), rest.strip_prefix("/*")) {
            (Some(comment), _) => Some(comment.split_once('\n')?.1),
            (_, Some(comment)) => Some(comment.split_once("*/")?.1),
            _ => ["'use strict'", "\"use strict\""].iter().find_map(|mode| rest.strip_prefix(mode)),
        };
        match after_comment {
            Some(after) => rest = after.trim_start_matches(|c: char| c.is_whitespace() || c == ';'),
            None => break,
        }
    }
    let literal = match rest.strip_prefix("module.exports") {
        Some(rest) => rest.trim_start().strip_prefix('=')?,
        None => rest.strip_prefix("export default").unwrap_or(rest),
    };
    Some(literal.trim_end().trim_end_matches(';')).filter(|literal| literal.trim_start().starts_with(['{', '[']))
}

fn program(app: &Map<String, Json>, folder: Option<&Path>, found: &mut Found) {
    let mut keys = Keys::new(app);
    let script = keys.text("script");
    let name = keys.written("name").or_else(|| script.map(stem)).unwrap_or_default();
    let name = found.name(Section::Program, &name);
    let Some(script) = script else {
        found.without(&name, "script", note!("no_command"));
        return;
    };
    keys.pass_over(&NOTHING);
    let mut table = Table::new();
    table.insert("command".to_owned(), command(script, &mut keys));
    directory(&name, &mut keys, folder, &mut table, found);
    if let Some(env) = keys.object("env").filter(|env| !env.is_empty()) {
        table.insert("env".to_owned(), variables(&name, "env", env, found));
    }
    ending(&name, &mut keys, &mut table, found);
    ceilings(&name, &mut keys, &mut table, found);
    instances(&name, &mut keys, found);
    for key in app.keys().filter(|key| key.starts_with("env_")) {
        keys.pass_over(&[key]);
        found.left(&name, key, note!("env_of_pm2"));
    }
    keys.rest(&name, &WHY, found);
    found.add(Section::Program, &name, table);
}

/// The name of a file without its folder and its ending.
fn stem(script: &str) -> String {
    let file = script.rsplit(['/', '\\']).next().unwrap_or(script);
    file.rsplit_once('.').map_or(file, |(stem, _)| stem).to_owned()
}

/// The command as PM2 puts it together. A script with blanks is a line for the shell.
fn command(script: &str, keys: &mut Keys<'_>) -> Json {
    let args = match keys.text("args") {
        Some(args) => words(args),
        None => keys.list("args").unwrap_or_default().iter().filter_map(written).collect(),
    };
    let interpreter = keys.text("interpreter").or_else(|| keys.text("exec_interpreter"));
    if script.contains(char::is_whitespace) {
        let line = [script.to_owned()].into_iter().chain(args.iter().map(|arg| super::line::quoted(arg)));
        return line.collect::<Vec<_>>().join(" ").into();
    }
    let ending = script.rsplit_once('.').map(|(_, ending)| ending);
    let by_ending = INTERPRETERS.iter().find(|(known, _)| Some(*known) == ending).map(|(_, interpreter)| *interpreter);
    let interpreter = interpreter.or(by_ending).filter(|interpreter| *interpreter != "none");
    let options = ["interpreter_args", "node_args"].iter().flat_map(|key| match keys.text(key) {
        Some(line) => words(line),
        None => keys.list(key).unwrap_or_default().iter().filter_map(written).collect(),
    });
    let options: Vec<String> = options.collect();
    let options = options.into_iter().filter(|_| interpreter.is_some());
    let words = interpreter.map(str::to_owned).into_iter().chain(options).chain([script.to_owned()]).chain(args);
    words.collect::<Vec<_>>().into()
}

/// Where it runs: PM2 starts from the folder of its file.
fn directory(name: &str, keys: &mut Keys<'_>, folder: Option<&Path>, table: &mut Table, found: &mut Found) {
    let own = keys.text("cwd");
    let directory = match (own, folder) {
        (Some(own), _) if is_absolute(own) => Some(own.to_owned()),
        (Some(own), Some(folder)) => folder.join(own).to_str().map(str::to_owned),
        (Some(own), None) => Some(own.to_owned()),
        (None, Some(folder)) => folder.to_str().map(str::to_owned),
        (None, None) => None,
    };
    if folder.is_none() && !own.is_some_and(is_absolute) {
        found.note(note!("cwd_unknown", name));
    }
    table.extend(directory.map(|directory| ("directory".to_owned(), directory.into())));
}

/// Whether a path starts from no other folder, on whatever system it was written.
fn is_absolute(path: &str) -> bool {
    path.starts_with(['/', '\\', '~']) || path.get(1..2) == Some(":")
}

/// When it is started again, and how it is stopped: PM2 asks with SIGINT.
fn ending(name: &str, keys: &mut Keys<'_>, table: &mut Table, found: &mut Found) {
    if keys.truth("autorestart") == Some(false) {
        table.insert("restart".to_owned(), "never".into());
    }
    let codes: Vec<i64> = match keys.whole("stop_exit_codes") {
        Some(code) => vec![code],
        None => keys.list("stop_exit_codes").unwrap_or_default().iter().filter_map(Json::as_i64).collect(),
    };
    if !codes.is_empty() {
        table.insert("ignore".to_owned(), codes.into());
    }
    let within = keys.number("kill_timeout").and_then(|millis| seconds(millis / 1000.0));
    let mut stop = json!({ "signal": "SIGINT" });
    if let (Some(within), Some(stop)) = (within, stop.as_object_mut()) {
        stop.insert("within".to_owned(), within);
    }
    table.insert("stop".to_owned(), stop);
    match keys.text("cron_restart").or_else(|| keys.text("cron")) {
        Some(cron) if cron.split_whitespace().count() == 5 => drop(table.insert("every".to_owned(), cron.into())),
        Some(_) => found.left(name, "cron_restart", note!("five_fields")),
        None => {}
    }
}

/// The memory at which it is started again: PM2 looks every 30 seconds.
fn ceilings(name: &str, keys: &mut Keys<'_>, table: &mut Table, found: &mut Found) {
    let Some(limit) = keys.written("max_memory_restart").filter(|limit| limit != "0") else { return };
    let (number, unit) = limit.split_at(limit.find(|c: char| !c.is_ascii_digit()).unwrap_or(limit.len()));
    let unit = match unit.trim().to_ascii_uppercase().as_str() {
        "" => "B",
        "K" | "KB" => "KiB",
        "M" | "MB" => "MiB",
        "G" | "GB" => "GiB",
        _ => return found.left(name, "max_memory_restart", note!("no_size", limit = super::said(&limit))),
    };
    table.insert("memory".to_owned(), json!({ "above": format!("{number}{unit}"), "for": "30s" }));
}

fn instances(name: &str, keys: &mut Keys<'_>, found: &mut Found) {
    if let Some(instances) = keys.written("instances").filter(|instances| instances != "1") {
        found.left(name, "instances", note!("instances", instances = super::said(&instances)));
    }
    if keys.text("exec_mode").is_some_and(|mode| mode.starts_with("cluster")) {
        found.left(name, "exec_mode", note!("one_copy_port"));
    }
}
