//! Ecosystem files of PM2: JSON, YAML, or JavaScript that exports nothing but a literal.

mod command;
mod literal;

use std::path::Path;

use estatus_api::Section;
use serde_json::{Map, Value as Json, json};

use self::{command::command, literal::literal};
use super::{
    found::{Found, Table},
    keys::{Keys, Whose, written},
    line::{seconds, variables},
    machine::Machine,
};
use crate::reason::{Reason, note};

const KEPT_BY_ESTATUS: Reason = note!("kept");
const OWN_DELAYS: Reason = note!("own_delays");

/// Why keys are left out.
static WHY: [(&str, Reason); 19] = [
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
    ("treekill", note!("ends_the_tree")),
    ("env_file", note!("say_env_file")),
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
    "namespace",
    "pid_file",
];

/// Keys that say what holds anyway.
const USUAL: [(&str, bool); 6] = [
    ("watch", false),
    ("wait_ready", false),
    ("treekill", true),
    ("autostart", true),
    ("autorestart", true),
    ("force", false),
];

pub(super) fn read(text: &str, file: &Path, machine: &Machine, found: &mut Found) -> Result<(), Reason> {
    let folder = file.parent().filter(|folder| folder.is_absolute());
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or("ecosystem.config.js");
    let file = literal(text, name, folder)?;
    for app in apps(&file).ok_or_else(|| note!("no_apps"))? {
        match app.as_object() {
            Some(app) => program(app, folder, machine, found),
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

fn program(app: &Map<String, Json>, folder: Option<&Path>, machine: &Machine, found: &mut Found) {
    let text = |key: &str| app.get(key).and_then(Json::as_str).filter(|text| !text.is_empty());
    let script = ["script", "cmd", "command"].iter().find_map(|key| Some((*key, text(key)?)));
    let name = app.get("name").and_then(written).or_else(|| script.map(|(_, script)| stem(script)));
    let name = found.name(Section::Program, &name.unwrap_or_default());
    let Some((key_of_script, script)) = script else {
        found.without(&name, "script", note!("no_command"));
        return;
    };
    let table = Keys::read(app, &Whose::of(name.as_str(), &WHY), found, |keys, found| {
        keys.pass_over(&["name", key_of_script]);
        keys.pass_over(&NOTHING);
        USUAL.iter().for_each(|(key, usual)| keys.usual(key, *usual));
        let mut table = Table::new();
        let directory = directory(&name, keys, folder, found);
        let mut env = match keys.object("env") {
            Some(env) => variables(&name, "env", env, found),
            None => Table::new(),
        };
        let command = command(&name, script, keys, directory.as_deref(), machine, &mut env, found);
        table.insert("command".to_owned(), command);
        env.extend(keys.written("port").map(|port| ("PORT".to_owned(), port.into())));
        table.extend(directory.map(|directory| ("directory".to_owned(), directory.into())));
        if !env.is_empty() {
            table.insert("env".to_owned(), Json::Object(env));
        }
        if keys.truth("autostart") == Some(false) {
            table.insert("enabled".to_owned(), false.into());
        }
        ending(&name, keys, &mut table, found);
        ceilings(&name, keys, &mut table, found);
        instances(&name, keys, found);
        for key in app.keys().filter(|key| key.starts_with("env_") && *key != "env_file") {
            keys.pass_over(&[key]);
            found.left(name.as_str(), key, note!("env_of_pm2"));
        }
        Some(table)
    });
    if let Some(table) = table {
        found.add(Section::Program, &name, table);
    }
}

/// The name of a file without its folder and its ending.
fn stem(script: &str) -> String {
    let file = script.rsplit(['/', '\\']).next().unwrap_or(script);
    file.rsplit_once('.').map_or(file, |(stem, _)| stem).to_owned()
}

/// Where it runs: PM2 starts from the folder of its file.
fn directory(name: &str, keys: &mut Keys<'_>, folder: Option<&Path>, found: &mut Found) -> Option<String> {
    let own = keys.text("cwd");
    if folder.is_none() && !own.is_some_and(is_absolute) {
        found.note(note!("cwd_unknown", name));
    }
    match (own, folder) {
        (Some(own), Some(folder)) if !is_absolute(own) => folder.join(own).to_str().map(str::to_owned),
        (Some(own), _) => Some(own.to_owned()),
        (None, folder) => folder.and_then(Path::to_str).map(str::to_owned),
    }
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
    let one = keys.whole("stop_exit_codes").map(|code| vec![code]);
    let codes = one.or_else(|| keys.all_whole("stop_exit_codes")).unwrap_or_default();
    if !codes.is_empty() {
        table.insert("ignore".to_owned(), codes.into());
    }
    let within = keys.number("kill_timeout").and_then(|millis| seconds(millis / 1000.0));
    let mut stop = json!({ "signal": "SIGINT" });
    if let (Some(within), Some(stop)) = (within, stop.as_object_mut()) {
        stop.insert("within".to_owned(), within);
    }
    table.insert("stop".to_owned(), stop);
    keys.usual("cron_restart", 0);
    keys.usual("cron_restart", "0");
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
    keys.usual("exec_mode", "fork");
    keys.usual("exec_mode", "fork_mode");
    if keys.text("exec_mode").is_some_and(|mode| mode.starts_with("cluster")) {
        found.left(name, "exec_mode", note!("one_copy_port"));
    }
}
