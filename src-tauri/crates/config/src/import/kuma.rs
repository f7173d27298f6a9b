//! JSON backups of Uptime Kuma: `monitorList` and `notificationList`.

mod check;

use std::collections::BTreeMap;

use estatus_api::Section;
use serde_json::{Map, Value as Json, json};

use super::{
    found::{Found, Table},
    keys::Keys,
    line::seconds,
};
use crate::reason::{Reason, note};

/// Why keys are left out.
static WHY: [(&str, Reason); 7] = [
    ("description", note!("no_descriptions")),
    ("proxyId", note!("say_proxy")),
    ("resendInterval", note!("see_remind")),
    ("packetSize", note!("one_size")),
    ("parent", note!("no_group")),
    ("tlsCert", note!("no_own_certificate")),
    ("docker_host", note!("no_docker")),
];

/// Keys that are no wish of the user's, or belong to kinds of monitor that are told as a whole.
const NOTHING: [&str; 23] = [
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
    "packetSize",
    "mqttTopic",
    "mqttSuccessMessage",
    "mqttCheckType",
    "gamedigGivenPortOnly",
    "kafkaProducerSaslOptions",
    "kafkaProducerBrokers",
    "retryOnlyOnStatusCodeFailure",
    "jsonPathOperator",
    "authMethod",
    "user_id",
    "snmpVersion",
];

pub(super) fn read(text: &str, found: &mut Found) -> Result<(), Reason> {
    let file: Json = serde_json::from_str(text).map_err(|error| note!("as_told", error = error.to_string()))?;
    let monitors = file.get("monitorList").and_then(Json::as_array).ok_or_else(|| note!("no_monitor_list"))?;
    let channels = channels(file.get("notificationList").and_then(Json::as_array), found);
    let groups: BTreeMap<i64, &str> = monitors.iter().filter_map(group).collect();
    for each in monitors {
        match each.as_object() {
            Some(each) => monitor(each, &groups, &channels, found),
            None => found.note(note!("monitor_list_object")),
        }
    }
    for key in ["proxyList", "maintenanceList", "statusPageList"] {
        if file.get(key).and_then(Json::as_array).is_some_and(|list| !list.is_empty()) {
            found.left(note!("the_file"), key, note!("not_imported"));
        }
    }
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

fn channels(list: Option<&Vec<Json>>, found: &mut Found) -> Channels {
    let list = list.map_or(&[][..], Vec::as_slice).iter().filter_map(Json::as_object);
    let numbered = |each: &Map<String, Json>| each.get("id").and_then(Json::as_i64).unwrap_or_default().to_string();
    list.map(|each| (numbered(each), channel(each, found))).collect()
}

/// Adds the channel that a notification is, if it can be one.
fn channel(notification: &Map<String, Json>, found: &mut Found) -> Option<String> {
    let inner =
        notification.get("config").and_then(Json::as_str).and_then(|text| serde_json::from_str::<Json>(text).ok());
    let inner = inner.as_ref().and_then(Json::as_object).unwrap_or(notification);
    let (mut outer, mut keys) = (Keys::new(notification), Keys::new(inner));
    let name = outer.text("name").or_else(|| keys.text("name")).unwrap_or_default();
    let kind = keys.text("type").unwrap_or_default();
    let made = match kind {
        "webhook" => keys.text("webhookURL").map(|url| json!({ "webhook": url })),
        "slack" => keys.text("slackwebhookURL").map(super::slack),
        "discord" => keys.text("discordWebhookUrl").map(super::discord),
        _ => None,
    };
    let name = found.name(Section::Channel, name);
    let Some(Json::Object(table)) = made else {
        let why = match kind {
            "smtp" => note!("say_email"),
            _ => note!("no_channel_of_type", kind = super::said(kind)),
        };
        found.without(&name, "type", why);
        return None;
    };
    if kind == "webhook" {
        found.note(note!("webhook_form", name = name.as_str()));
    }
    found.add(Section::Channel, &name, table).then_some(name)
}

fn monitor(monitor: &Map<String, Json>, groups: &BTreeMap<i64, &str>, channels: &Channels, found: &mut Found) {
    let mut keys = Keys::new(monitor);
    let name = keys.text("name").unwrap_or_default();
    let kind = keys.text("type").unwrap_or_default();
    if kind == "group" {
        found.without(name, "type", note!("group"));
        return;
    }
    let name = found.name(Section::Monitor, name);
    if keys.truth("upsideDown") == Some(true) {
        found.without(&name, "upsideDown", note!("upside_down"));
        return;
    }
    let mut table = match check::check(kind, &name, &mut keys, found) {
        Ok(table) => table,
        Err((key, why)) => return found.without(&name, key, why),
    };
    times(&mut keys, &mut table);
    if keys.truth("active") == Some(false) {
        table.insert("enabled".to_owned(), false.into());
    }
    tags(&name, &mut keys, groups, &mut table, found);
    if let Some(named) = keys.object("notificationIDList") {
        let named = named.iter().filter(|(_, is_on)| is_on.as_bool() != Some(false));
        let named: Option<Vec<String>> = named.map(|(id, _)| channels.get(id).cloned().flatten()).collect();
        // With one of them missing, nobody but the others would be told.
        let named = named.filter(|named| !named.is_empty());
        table.extend(named.map(|named| ("channels".to_owned(), named.into())));
    }
    keys.pass_over(&NOTHING);
    keys.rest(&name, &WHY, found);
    found.add(Section::Monitor, &name, table);
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
