//! Whom Gatus tells, and after how many failures: `alerting` of the file, `alerts` of an endpoint.

use std::collections::BTreeMap;

use estatus_api::Section;
use serde_json::{Map, Value as Json};

use super::has_variable;
use crate::{
    import::{
        discord,
        found::{Found, Table},
        keys::{Keys, Whose},
        slack,
    },
    reason::{Reason, note},
};

/// Why keys of an alert are left out.
static WHY: [(&str, Reason); 3] = [
    ("description", note!("no_descriptions")),
    ("send-on-resolved", note!("tells_itself")),
    ("minimum-reminder-interval", note!("see_remind")),
];

/// The ways to tell somebody, by their types.
pub(super) type Providers<'j> = BTreeMap<&'j str, Provider>;

/// A way to tell somebody.
#[derive(Default)]
pub(super) struct Provider {
    /// The channel that could be made of it.
    channel: Option<String>,
    /// What holds for alerts that do not say.
    default: Alert,
}

/// What an alert says.
#[derive(Clone, Copy, Default)]
struct Alert {
    is_on: Option<bool>,
    failures: Option<i64>,
    successes: Option<i64>,
}

impl Alert {
    /// Of an alert with these keys.
    fn of(map: &Map<String, Json>, whose: &Whose<'_>, found: &mut Found) -> Self {
        let alert = Keys::read(map, whose, found, |keys, _| {
            keys.pass_over(&["type"]);
            keys.usual("send-on-resolved", true);
            Some(Self {
                is_on: keys.truth("enabled"),
                failures: keys.whole("failure-threshold"),
                successes: keys.whole("success-threshold"),
            })
        });
        alert.unwrap_or_default()
    }

    /// With what `default` says where it does not.
    fn or(self, default: Self) -> Self {
        Self {
            is_on: self.is_on.or(default.is_on),
            failures: self.failures.or(default.failures),
            successes: self.successes.or(default.successes),
        }
    }
}

/// The ways to tell somebody; adds the channels that can be made of them.
pub(super) fn alerting<'j>(alerting: Option<&'j Map<String, Json>>, found: &mut Found) -> Providers<'j> {
    let mut providers = Providers::new();
    for (kind, settings) in alerting.into_iter().flatten() {
        let provider = settings.as_object().map(|settings| provider(kind, settings, found));
        match provider {
            Some(provider) => drop(providers.insert(kind, provider)),
            None => found.left(note!("the_file"), &format!("alerting.{kind}"), note!("no_table")),
        }
    }
    providers
}

fn provider(kind: &str, settings: &Map<String, Json>, found: &mut Found) -> Provider {
    let mut provider = Provider::default();
    let key = format!("alerting.{kind}");
    if let Some(default) = settings.get("default-alert").and_then(Json::as_object) {
        let below = format!("{key}.default-alert.");
        provider.default = Alert::of(default, &Whose::below(note!("the_file"), &below, &WHY), found);
    }
    let make = match kind {
        "slack" => slack,
        "discord" => discord,
        "email" => {
            found.left(note!("the_file"), &key, note!("say_email"));
            return provider;
        }
        "telegram" | "ntfy" | "gotify" | "pushover" | "teams" => {
            found.left(note!("the_file"), &key, note!("say_service", form = kind));
            return provider;
        }
        _ => {
            found.left(note!("the_file"), &key, note!("no_channel"));
            return provider;
        }
    };
    let name = found.name(Section::Channel, kind);
    if has_variable(&Json::Object(settings.clone())) {
        found.without(&name, "webhook-url", note!("variable"));
        return provider;
    }
    let below = format!("{key}.");
    let table = Keys::read(settings, &Whose::below(note!("the_file"), &below, &[]), found, |keys, found| {
        keys.pass_over(&["default-alert"]);
        match keys.text("webhook-url").map(make) {
            Some(Json::Object(table)) => Some(table),
            _ => {
                found.without(&name, "webhook-url", note!("not_there"));
                None
            }
        }
    });
    provider.channel = table.and_then(|table| found.add(Section::Channel, &name, table));
    provider
}

/// Puts into the keys of the monitor `name` who is told, and after how many failures in a row: those of the first alert.
pub(super) fn alerts(name: &str, list: &[Json], providers: &Providers<'_>, table: &mut Table, found: &mut Found) {
    let whose = Whose::below(name, "alerts.", &WHY);
    let mut told = Vec::new();
    for alert in list {
        let Some(keys) = alert.as_object() else {
            found.left(name, "alerts", note!("one_no_table"));
            continue;
        };
        let kind = keys.get("type").and_then(Json::as_str).unwrap_or_default();
        let provider = providers.get(kind);
        let alert = Alert::of(keys, &whose, found).or(provider.map(|provider| provider.default).unwrap_or_default());
        if alert.is_on != Some(false) {
            told.push((alert, provider.and_then(|provider| provider.channel.clone())));
        }
    }
    let Some((first, _)) = told.first() else { return };
    // What Gatus takes where nothing is said.
    let counts = |alert: &Alert| (alert.failures.unwrap_or(3), alert.successes.unwrap_or(2));
    let (failures, successes) = counts(first);
    table.insert("failures".to_owned(), failures.into());
    table.insert("successes".to_owned(), successes.into());
    if told.iter().any(|(alert, _)| counts(alert) != (failures, successes)) {
        found.left(name, "alerts", note!("alerts_differ"));
    }
    // With one of them missing, nobody but the others would be told.
    let channels: Option<Vec<String>> = told.into_iter().map(|(_, channel)| channel).collect();
    if let Some(mut channels) = channels {
        channels.dedup();
        table.insert("channels".to_owned(), channels.into());
    }
}
