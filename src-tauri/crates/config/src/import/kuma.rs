//! JSON backups of Uptime Kuma: `monitorList` and `notificationList`.

mod check;

use std::collections::BTreeMap;

use estatus_api::Section;
use serde_json::{Map, Value as Json, json};

use super::{
    found::{Found, Table},
    keys::{Keys, Whose},
    line::seconds,
};
use crate::reason::{Reason, note};

/// Why keys are left out.
static WHY: [(&str, Reason); 8] = [
    ("description", note!("no_descriptions")),
    ("proxyId", note!("say_proxy")),
    ("resendInterval", note!("see_remind")),
    ("packetSize", note!("one_size")),
    ("parent", note!("no_group")),
    ("tlsCert", note!("no_own_certificate")),
    ("docker_host", note!("no_docker")),
    ("retryOnlyOnStatusCodeFailure", note!("every_failure")),
];

/// Why keys of a notification are left out.
static WHY_OF_CHANNELS: [(&str, Reason); 3] = [
    ("webhookAdditionalHeaders", note!("say_headers")),
    ("webhookCustomBody", note!("say_template")),
    ("webhookContentType", note!("say_template")),
];

/// Keys that are no wish of the user's, or belong to kinds of monitor that are told as a whole.
const NOTHING: [&str; 17] = [
    "id",
    "weight",
    "pathName",
    "path",
    "childrenIDs",
    "includeSensitiveData",
    "dns_last_result",
    "forceInactive",
    "maintenance",
    "screenshot",
    "httpBodyEncoding",
    "mqttTopic",
    "mqttSuccessMessage",
    "mqttCheckType",
    "kafkaProducerSaslOptions",
    "user_id",
    "snmpVersion",
];

/// What Uptime Kuma writes where the user said nothing.
fn pass_over_usual(keys: &mut Keys<'_>) {
    keys.usual("packetSize", 56);
    keys.usual("ping_count", 1);
    keys.usual("ping_numeric", true);
    keys.usual("ping_per_request_timeout", 2);
    keys.usual("gamedigGivenPortOnly", true);
    keys.usual("conditions", "[]");
}

/// Why keys of the file are left out.
static WHY_OF_FILE: [(&str, Reason); 3] = [
    ("proxyList", note!("not_imported")),
    ("maintenanceList", note!("not_imported")),
    ("statusPageList", note!("not_imported")),
];

pub(super) fn read(text: &str, found: &mut Found) -> Result<(), Reason> {
    let file: Json = serde_json::from_str(text).map_err(|error| note!("as_told", error = error.to_string()))?;
    let file = file.as_object().ok_or_else(|| note!("no_monitor_list"))?;
    let whose = Whose { is_export: true, ..Whose::of(note!("the_file"), &WHY_OF_FILE) };
    let read = Keys::read(file, &whose, found, |keys, found| {
        let monitors = keys.list("monitorList")?;
        let channels = channels(keys.list("notificationList").unwrap_or_default(), found);
        let groups: BTreeMap<i64, &str> = monitors.iter().filter_map(group).collect();
        for each in monitors {
            match each.as_object() {
                Some(each) => monitor(each, &groups, &channels, found),
                None => found.note(note!("monitor_list_object")),
            }
        }
        keys.pass_over(&["version"]);
        Some(())
    });
    read.ok_or_else(|| note!("no_monitor_list"))?;
    found.note(note!("all_channels"));
    Ok(())
}

/// The number and the name of a group.
fn group(monitor: &Json) -> Option<(i64, &str)> {
    (monitor.get("type")?.as_str()? == "group").then_some(())?;
    Some((monitor.get("id")?.as_i64()?, monitor.get("name")?.as_str()?))
}

/// The channels that could be made, by their numbers; for those that could not, nothing.
type Channels = BTreeMap<String, Option<String>>;

fn channels(list: &[Json], found: &mut Found) -> Channels {
    let list = list.iter().filter_map(Json::as_object);
    let numbered = |each: &Map<String, Json>| each.get("id").and_then(Json::as_i64).unwrap_or_default().to_string();
    list.map(|each| (numbered(each), channel(each, found))).collect()
}

/// Keys by which Uptime Kuma finds a notification.
const OF_NOTIFICATIONS: [&str; 6] = ["id", "name", "config", "isDefault", "user_id", "userId"];

/// Adds the channel that a notification is, if it can be one.
fn channel(notification: &Map<String, Json>, found: &mut Found) -> Option<String> {
    let inner =
        notification.get("config").and_then(Json::as_str).and_then(|text| serde_json::from_str::<Json>(text).ok());
    let inner = inner.as_ref().and_then(Json::as_object);
    let named = |map: &Map<String, Json>| map.get("name").and_then(Json::as_str).map(str::to_owned);
    let wanted = named(notification).or_else(|| inner.and_then(named)).unwrap_or_default();
    let name = found.name(Section::Channel, &wanted);
    let whose = Whose { is_export: true, ..Whose::of(name.as_str(), &WHY_OF_CHANNELS) };
    let read = |map, found: &mut Found| Keys::read(map, &whose, found, |keys, found| channel_table(&name, keys, found));
    let table = match inner {
        None => read(notification, found)?,
        Some(inner) => {
            let table = read(inner, found)?;
            Keys::read(notification, &whose, found, |keys, found| {
                keys.pass_over(&OF_NOTIFICATIONS);
                if keys.truth("active") == Some(false) {
                    found.left(name.as_str(), "active", note!("channel_is_on"));
                }
                Some(table)
            })?
        }
    };
    found.add(Section::Channel, &name, table)
}

fn channel_table(name: &str, keys: &mut Keys<'_>, found: &mut Found) -> Option<Table> {
    keys.pass_over(&OF_NOTIFICATIONS);
    keys.pass_over(&["applyExisting", "active"]);
    let kind = keys.text("type").unwrap_or_default();
    let made = match kind {
        "webhook" => keys.text("webhookURL").map(|url| json!({ "webhook": url })),
        "slack" => keys.text("slackwebhookURL").map(super::slack),
        "discord" => keys.text("discordWebhookUrl").map(super::discord),
        _ => None,
    };
    let Some(Json::Object(table)) = made else {
        let why = match kind {
            "smtp" => note!("say_email"),
            "telegram" | "ntfy" | "gotify" | "pushover" | "teams" => note!("say_service", form = kind),
            _ => note!("no_channel_of_type", kind = super::said(kind)),
        };
        found.without(name, "type", why);
        return None;
    };
    if kind == "webhook" {
        keys.usual("webhookContentType", "json");
        found.note(note!("webhook_form", name));
    }
    Some(table)
}

fn monitor(monitor: &Map<String, Json>, groups: &BTreeMap<i64, &str>, channels: &Channels, found: &mut Found) {
    let text = |key: &str| monitor.get(key).and_then(Json::as_str).unwrap_or_default();
    let (name, kind) = (text("name"), text("type"));
    if kind == "group" {
        found.without(name, "type", note!("group"));
        return;
    }
    let name = found.name(Section::Monitor, name);
    let whose = Whose { is_export: true, ..Whose::of(name.as_str(), &WHY) };
    let table = Keys::read(monitor, &whose, found, |keys, found| {
        keys.pass_over(&["name", "type"]);
        if keys.truth("upsideDown") == Some(true) {
            found.without(&name, "upsideDown", note!("upside_down"));
            return None;
        }
        let check = check::check(kind, &name, keys, found);
        let mut table = check.map_err(|(key, why)| found.without(&name, key, why)).ok()?;
        times(keys, &mut table);
        if keys.truth("active") == Some(false) {
            table.insert("enabled".to_owned(), false.into());
        }
        tags(&name, keys, groups, &mut table, found);
        if let Some(named) = keys.object("notificationIDList") {
            let named = named.iter().filter(|(_, is_on)| is_on.as_bool() != Some(false));
            let named: Option<Vec<String>> = named.map(|(id, _)| channels.get(id).cloned().flatten()).collect();
            // With one of them missing, nobody but the others would be told.
            let named = named.filter(|named| !named.is_empty());
            table.extend(named.map(|named| ("channels".to_owned(), named.into())));
        }
        keys.pass_over(&NOTHING);
        pass_over_usual(keys);
        Some(table)
    });
    if let Some(table) = table {
        found.add(Section::Monitor, &name, table);
    }
}

fn times(keys: &mut Keys<'_>, table: &mut Table) {
    for (theirs, ours) in [("interval", "every"), ("timeout", "timeout")] {
        let span = keys.number(theirs).and_then(seconds);
        table.extend(span.map(|span| (ours.to_owned(), span)));
    }
    let retries = keys.whole("maxretries").unwrap_or_default();
    table.insert("failures".to_owned(), retries.saturating_add(1).into());
    let retry = keys.number("retryInterval").and_then(seconds).filter(|_| retries > 0);
    table.extend(retry.map(|retry| ("retry_every".to_owned(), retry)));
}

fn tags(name: &str, keys: &mut Keys<'_>, groups: &BTreeMap<i64, &str>, table: &mut Table, found: &mut Found) {
    let mut tags: Vec<String> = Vec::new();
    for tag in keys.list("tags").unwrap_or_default() {
        let value = tag.get("value").and_then(Json::as_str).filter(|value| !value.is_empty());
        match (tag.get("name").and_then(Json::as_str), value) {
            (Some(tag), Some(value)) => tags.push(format!("{tag}: {value}")),
            (Some(tag), None) => tags.push(tag.to_owned()),
            (None, _) => found.left(name, "tags", note!("tag_without_name")),
        }
    }
    match keys.whole("parent").map(|parent| groups.get(&parent)) {
        Some(Some(group)) => tags.push((*group).to_owned()),
        Some(None) => found.left(name, "parent", note!("no_group")),
        None => {}
    }
    if !tags.is_empty() {
        table.insert("tags".to_owned(), tags.into());
    }
}
