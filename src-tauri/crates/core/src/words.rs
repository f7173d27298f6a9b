//! What is told, in the reader's language.
//!
//! Every text stands in `lang/` under a key, with `{name}` where a value goes: one file for each language, for the engine,
//! the tray and the window alike. A cause's key is its serde tag, and its values are its fields; where a field says
//! nothing (it is empty, or 0), a text under the same key and `.no_` with the field's name comes first, if there is one.

mod exits;
mod fleets;
mod flows;
mod programs;
mod reason;

use std::{collections::BTreeMap, fmt::Display, sync::LazyLock, time::Duration};

use jiff::{Timestamp, Zoned, tz::TimeZone};
use serde::Serialize;
use serde_json::Value;

use crate::{
    config::Language,
    incident::Health,
    input::AskError,
    maintenance::in_words,
    observation::{Cause, Failure, Phase, Warning},
    usage::Measure,
};

pub use reason::{Part, Reason};

type Catalogue = BTreeMap<String, String>;

static ENGLISH: LazyLock<Catalogue> = LazyLock::new(|| read(include_str!("../../../../lang/en.json")));
static SPANISH: LazyLock<Catalogue> = LazyLock::new(|| read(include_str!("../../../../lang/es.json")));

/// The texts of all sections. A file of texts is part of the program; that each is sound is a test's concern.
fn read(json: &str) -> Catalogue {
    serde_json::from_str::<BTreeMap<String, Catalogue>>(json).unwrap_or_default().into_values().flatten().collect()
}

fn catalogue(language: Language) -> &'static Catalogue {
    match language {
        Language::English => &ENGLISH,
        Language::Spanish => &SPANISH,
    }
}

/// The names of values that count something.
const COUNTS: [&str; 3] = ["count", "at_most", "restarts"];

/// The text under `key` with each `{name}` replaced by its value; the key itself where there is no such text. Where what
/// it counts is 1, the text under `key` and `.one` if there is one.
pub fn text(language: Language, key: &str, values: &[(&str, &str)]) -> String {
    let catalogue = catalogue(language);
    let is_one = values.iter().any(|(name, value)| *value == "1" && COUNTS.contains(name));
    let of_one = if is_one { catalogue.get(&format!("{key}.one")) } else { None };
    let template = of_one.or_else(|| catalogue.get(key)).map_or(key, String::as_str);
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let Some((name, after)) = after.split_once('}') else { break };
        text.push_str(values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value));
        rest = after;
    }
    text.push_str(rest);
    text
}

/// `number` with the decimal mark of `language`, of which it may have one, with no others for thousands.
pub fn decimal(language: Language, number: impl Display) -> String {
    let number = number.to_string();
    match language {
        Language::English => number,
        Language::Spanish => number.replace('.', ","),
    }
}

/// `number`, which is in percent already, with the sign as readers of `language` put it.
pub fn percent(language: Language, number: impl Display) -> String {
    text(language, "percent", &[("number", &decimal(language, number))])
}

/// A span as [`in_words()`] tells it, as readers of `language` write numbers.
pub fn span(language: Language, span: Duration) -> String {
    decimal(language, in_words(span))
}

/// A share, 0 to 1, in whole percent.
pub fn whole_percent(language: Language, share: f64) -> String {
    percent(language, format_args!("{:.0}", share * 100.0))
}

/// A share, 0 to 1, in percent with at most three decimals; never rounded up to all.
pub fn exact_percent(language: Language, share: f64) -> String {
    percent(language, in_percent(share))
}

/// The same as a number.
pub fn in_percent(share: f64) -> f64 {
    // A product of floating-point numbers may be a little less than it is; a millisecond in a year is more than that.
    (share * 1e5 + 1e-6).floor() / 1e3
}

/// A point in time to the minute, by the clock of its own zone, which is the reader's: as readers of `language` write it.
pub fn moment(language: Language, at: &Zoned) -> String {
    let part = |format: &str| at.strftime(format).to_string();
    let (year, month, day, time) = (part("%Y"), part("%m"), part("%d"), part("%H:%M"));
    text(language, "moment", &[("year", &year), ("month", &month), ("day", &day), ("time", &time)])
}

/// Puts facts into words of one language, with times in one zone.
#[derive(Clone, Debug)]
pub struct Words {
    language: Language,
    zone: TimeZone,
}

impl Words {
    /// Words of `language`, times in `zone`.
    pub fn new(language: Language, zone: TimeZone) -> Self {
        Self { language, zone }
    }

    /// The language.
    pub fn language(&self) -> Language {
        self.language
    }

    /// The text under `key`, as [`text()`] fills it.
    pub fn text(&self, key: &str, values: &[(&str, &str)]) -> String {
        text(self.language, key, values)
    }

    /// A span, as [`span()`] tells it.
    pub fn span(&self, span: Duration) -> String {
        self::span(self.language, span)
    }

    /// Why a probe failed, in one sentence without a full stop.
    pub fn failure(&self, failure: &Failure) -> String {
        let cause = self.cause(&failure.cause);
        match &failure.redirected_to {
            Some(address) => self.text("failure.redirected", &[("cause", &cause), ("address", address)]),
            None => cause,
        }
    }

    /// The same for a bare cause.
    pub fn cause(&self, cause: &Cause) -> String {
        if let Cause::Host { figure, measured, limit } = cause {
            let figure_text = self.tagged("figure", "of", figure);
            let [measured, limit] = [*measured, *limit].map(|value| in_unit(self.language, figure, value));
            return self.text("cause.host", &[("figure", &figure_text), ("measured", &measured), ("limit", &limit)]);
        }
        self.tagged("cause", "kind", cause)
    }

    /// What will happen, in one sentence without a full stop.
    pub fn warning(&self, warning: &Warning) -> String {
        self.tagged("warning", "kind", warning)
    }

    /// Why something is not done that was asked for.
    pub fn refusal(&self, error: &AskError) -> String {
        let (key, name) = match error {
            AskError::Quits => return self.text("refused.quits", &[]),
            AskError::WhichStep { run, steps } => {
                let (run, steps) = (run.to_string(), steps.join(", "));
                return self.text("refused.which_step", &[("run", &run), ("steps", &steps)]);
            }
            AskError::NoSuchStep { flow, step } => {
                return self.text("refused.no_such_step", &[("flow", flow), ("step", step)]);
            }
            AskError::NoSuchInstance { fleet, instance } => {
                return self.text("refused.no_such_instance", &[("fleet", fleet), ("instance", instance)]);
            }
            AskError::NothingToApprove(run) => ("refused.nothing_to_approve", &run.to_string()),
            AskError::NothingToRepeat(run) => ("refused.nothing_to_repeat", &run.to_string()),
            AskError::NoSuchMonitor(name) => ("refused.no_such_monitor", name),
            AskError::NoSuchProgram(name) => ("refused.no_such_program", name),
            AskError::RunsAlready(name) => ("refused.runs_already", name),
            AskError::NoIncident(name) => ("refused.no_incident", name),
            AskError::NoSuchFlow(name) => ("refused.no_such_flow", name),
            AskError::NoSuchFleet(name) => ("refused.no_such_fleet", name),
            AskError::FleetFull(name) => ("refused.fleet_full", name),
            AskError::InstanceProtected(name) => ("refused.instance_protected", name),
            AskError::FlowRuns(name) => ("refused.flow_runs", name),
            AskError::NoSuchRun(run) => ("refused.no_such_run", &run.to_string()),
        };
        self.text(key, &[("name", name)])
    }

    /// The phase's name.
    pub fn phase(&self, phase: Phase) -> String {
        self.text(&format!("phase.{}", word(&phase)), &[])
    }

    /// The health's name.
    pub fn health(&self, health: Health) -> String {
        self.text(&format!("health.{health}"), &[])
    }

    /// A point in time, in the zone, with the zone's name.
    pub fn time(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
    }

    /// The same to the minute.
    fn time_to_minute(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string()
    }

    /// A point in time to the minute, in the zone, without its name: for pages that name it once.
    pub fn minute(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// The zone.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// A point in time beside another: only the time of day where both are on the same day.
    pub fn time_beside(&self, at: Timestamp, other: Timestamp) -> String {
        let [local, other] = [at, other].map(|at| at.to_zoned(self.zone.clone()));
        if local.date() == other.date() { local.strftime("%H:%M:%S").to_string() } else { self.time(at) }
    }

    /// The text under `key`, if there is one.
    fn find(&self, key: &str) -> Option<String> {
        catalogue(self.language).get(key).cloned()
    }

    /// The text `{family}.{the fact's tag}` with the fact's fields as its values.
    fn tagged(&self, family: &str, tag: &str, fact: &impl Serialize) -> String {
        let Ok(Value::Object(mut fields)) = serde_json::to_value(fact) else { return family.to_owned() };
        let kind = fields.remove(tag);
        let key = format!("{family}.{}", kind.as_ref().and_then(Value::as_str).unwrap_or_default());
        let silent = fields.iter().filter(|(_, value)| says_nothing(value)).map(|(name, _)| format!("{key}.no_{name}"));
        let key = silent.into_iter().find(|key| catalogue(self.language).contains_key(key)).unwrap_or(key);
        let values: Vec<(&str, String)> =
            fields.iter().map(|(name, value)| (name.as_str(), self.value(name, value))).collect();
        let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.text(&key, &values)
    }

    fn value(&self, name: &str, value: &Value) -> String {
        match value {
            Value::String(text) if name.starts_with("not_") => {
                text.parse().map_or_else(|_| text.clone(), |at| self.time_to_minute(at))
            }
            Value::String(text) => text.clone(),
            Value::Array(items) if items.is_empty() => self.text("nothing", &[]),
            Value::Array(items) => items.iter().map(|item| self.value(name, item)).collect::<Vec<_>>().join(", "),
            Value::Object(_) => {
                serde_json::from_value::<Duration>(value.clone()).map(|span| self.span(span)).unwrap_or_default()
            }
            Value::Null => self.text("nothing", &[]),
            Value::Bool(_) | Value::Number(_) => decimal(self.language, value),
        }
    }
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Number(number) => number.as_u64() == Some(0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Bool(_) | Value::Object(_) => false,
    }
}

/// A value with the unit of its measure, as readers of `language` write it.
pub fn in_unit(language: Language, figure: &Measure, value: f64) -> String {
    const GB: f64 = 1e9;
    match figure {
        Measure::Cpu | Measure::Memory | Measure::DiskFreePercent { .. } => {
            percent(language, format_args!("{value:.0}"))
        }
        Measure::Load => decimal(language, format_args!("{value:.2}")),
        Measure::MemoryBytes | Measure::DiskFreeBytes { .. } if value < GB => format!("{:.0} MB", value / 1e6),
        Measure::MemoryBytes | Measure::DiskFreeBytes { .. } => decimal(language, format_args!("{:.1} GB", value / GB)),
    }
}

/// The word that serde writes for a fieldless variant.
fn word(variant: &impl Serialize) -> String {
    serde_json::to_value(variant).ok().and_then(|value| Some(value.as_str()?.to_owned())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_text_exists_once_in_every_language_with_the_same_values() {
        let places = |text: &str| {
            let mut places: Vec<String> =
                text.split('{').skip(1).filter_map(|part| Some(part.split_once('}')?.0.to_owned())).collect();
            places.sort();
            places
        };
        let shape = |json: &str| -> BTreeSet<(String, String, Vec<String>)> {
            let sections: BTreeMap<String, Catalogue> = serde_json::from_str(json).unwrap();
            let shape = |(section, texts): (String, Catalogue)| {
                texts.into_iter().map(move |(key, text)| (key, section.clone(), places(&text)))
            };
            sections.into_iter().flat_map(shape).collect()
        };
        let english = shape(include_str!("../../../../lang/en.json"));
        let spanish = shape(include_str!("../../../../lang/es.json"));
        let different: Vec<_> = english.symmetric_difference(&spanish).collect();
        assert!(different.is_empty(), "{different:?}");
        assert!(english.iter().is_sorted_by(|one, next| one.0 < next.0), "a text stands in two sections");
        assert_eq!((ENGLISH.len(), SPANISH.len()), (english.len(), english.len()));
        // Of two texts with one key the later would take the place of the other, unseen.
        for json in [include_str!("../../../../lang/en.json"), include_str!("../../../../lang/es.json")] {
            let mut keys = BTreeSet::new();
            let stands = json.lines().filter_map(|line| line.trim_start().strip_prefix('"')?.split_once("\":"));
            let twice: Vec<&str> = stands.map(|(key, _)| key).filter(|key| !keys.insert(*key)).collect();
            assert!(twice.is_empty() && keys.len() > 100, "{twice:?}");
        }
    }

    #[test]
    fn what_is_there_once_is_told_so() {
        let check = |language, key: &str, count: &str, said: &str| {
            assert_eq!(text(language, key, &[("count", count)]), said);
        };
        check(Language::English, "config.more_problems", "2", "… and 2 more problems");
        check(Language::English, "config.more_problems", "1", "… and 1 more problem");
        check(Language::Spanish, "mail.tried.before", "1", "antes, una vez sin éxito");
        check(Language::English, "tray.count.up", "1", "1 up");
        let words = Words::new(Language::English, TimeZone::UTC);
        let redirects = |at_most| words.cause(&Cause::Redirects { at_most, to: "http://h/".into() });
        assert_eq!(redirects(1), "more than 1 redirect; the next leads to http://h/");
        assert_eq!(redirects(2), "more than 2 redirects; the next leads to http://h/");
    }

    #[test]
    fn a_share_is_never_rounded_up_to_all_nor_down_where_it_is_exact() {
        let check = |share, wanted: &str| assert_eq!(exact_percent(Language::English, share), wanted);
        check(1.0, "100%");
        check(0.999_999, "99.999%");
        // Down for a millisecond in a year.
        check(1.0 - 0.001 / 31_536_000.0, "99.999%");
        check(0.57, "57%");
        check(0.5, "50%");
        check(0.0, "0%");
    }

    #[test]
    fn numbers_have_the_decimal_mark_of_the_readers_language() {
        let bytes = |free: f64| Cause::Host { figure: Measure::MemoryBytes, measured: free, limit: 4e9 };
        let check = |language, texts: [&str; 5]| {
            let words = Words::new(language, TimeZone::UTC);
            assert_eq!(exact_percent(language, 0.998_76), texts[0]);
            assert_eq!(in_unit(language, &Measure::Load, 1.5), texts[1]);
            assert!(words.cause(&bytes(5.25e9)).contains(texts[2]), "{}", words.cause(&bytes(5.25e9)));
            assert_eq!(words.span(Duration::from_millis(4_250)), texts[3]);
            let error = crate::undone::StepError::TimedOut { within: Duration::from_millis(2_500) };
            assert!(words.step_error(&error).contains(texts[4]), "{}", words.step_error(&error));
        };
        check(Language::English, ["99.876%", "1.50", "5.2 GB", "4.2 s", "2.5 s"]);
        check(Language::Spanish, ["99,876\u{a0}%", "1,50", "5,2 GB", "4,2 s", "2,5 s"]);
        // What has no decimals is the same in both.
        assert_eq!(span(Language::Spanish, Duration::from_secs(75)), "1 min 15 s");
        let within = Reason::new("page.hangs", vec![("within", Duration::from_secs(5).into())]);
        assert!(within.in_words(Language::Spanish).contains("5,0 s"), "{}", within.in_words(Language::Spanish));
    }

    #[test]
    fn the_percent_sign_stands_as_in_the_readers_language() {
        let host = Cause::Host { figure: Measure::Memory, measured: 97.4, limit: 90.0 };
        let check = |language, whole: &str, exact: &str, cause: &str| {
            assert_eq!(whole_percent(language, 0.744), whole);
            assert_eq!(exact_percent(language, 1.0), exact);
            assert_eq!(Words::new(language, TimeZone::UTC).cause(&host), cause);
        };
        check(Language::English, "74%", "100%", "memory usage is 97%, beyond its limit of 90%");
        // The number stays on the line of its sign.
        check(
            Language::Spanish,
            "74\u{a0}%",
            "100\u{a0}%",
            "uso de memoria: 97\u{a0}%, fuera de su límite de 90\u{a0}%",
        );
    }

    #[test]
    fn no_text_puts_the_percent_sign_as_in_another_language() {
        let check = |catalogue: &Catalogue, is_right: fn(char) -> bool| {
            for (key, text) in catalogue {
                // What is written in estatus.toml stands in quotation marks, and is the same in every language.
                let said = text.split(['"', '“', '”', '«', '»']).step_by(2).collect::<String>();
                let mut before: Vec<&str> = said.split('%').collect();
                before.pop();
                assert!(before.iter().all(|before| before.chars().next_back().is_none_or(is_right)), "{key}: {text}");
            }
        };
        check(&ENGLISH, |before| !before.is_whitespace());
        check(&SPANISH, |before| before == '\u{a0}');
    }

    #[test]
    fn the_date_is_left_out_beside_a_time_of_the_same_day() {
        let words = Words::new(Language::English, TimeZone::fixed(jiff::tz::Offset::constant(-6)));
        let check = |at: &str, text: &str| {
            let [at, other] = [at, "2026-03-01T18:00:00Z"].map(|time| time.parse().expect("a time"));
            assert_eq!(words.time_beside(at, other), text);
        };
        check("2026-03-01T18:40:05Z", "12:40:05");
        check("2026-03-02T05:59:59Z", "23:59:59");
        check("2026-03-02T06:00:00Z", "2026-03-02 00:00:00 -06");
    }

    #[test]
    fn a_moment_is_told_by_the_readers_clock_and_as_their_language_writes_it() {
        let at: Timestamp = "2026-03-02T05:59:59Z".parse().unwrap();
        let here = at.to_zoned(TimeZone::fixed(jiff::tz::Offset::constant(-6)));
        let reason = crate::text!("holder" "process", pid = 4711_u32, at = here);
        let check = |language, wanted: &str| assert_eq!(reason.in_words(language), wanted);
        check(Language::English, "process 4711, since 2026-03-01 23:59");
        check(Language::Spanish, "proceso 4711, desde 01/03/2026 23:59");
        // Where the reader may be elsewhere, the zone stands beside it.
        let words = Words::new(Language::Spanish, TimeZone::fixed(jiff::tz::Offset::constant(-6)));
        let warning = words.warning(&Warning::CertificateExpires { subject: "a".into(), not_after: at });
        assert_eq!(warning, "el certificado de a caduca el 2026-03-01 23:59 -06");
    }

    #[test]
    fn causes_are_told_with_their_values() {
        let words = Words::new(Language::English, TimeZone::UTC);
        let check = |cause: Cause, text: &str| assert_eq!(words.cause(&cause), text);
        check(Cause::TimedOut { after: Duration::from_secs(10) }, "no response within 10 s");
        check(
            Cause::Status { code: 503, reason: "Service Unavailable".into(), accepted: "200-299".into() },
            "status 503 Service Unavailable, expected 200-299",
        );
        check(
            Cause::CertificateExpired { subject: "a".into(), not_after: Timestamp::UNIX_EPOCH },
            "the certificate of a expired on 1970-01-01 00:00 UTC",
        );
        check(
            Cause::Host { figure: Measure::Cpu, measured: 97.0, limit: 90.0 },
            "CPU usage is 97%, beyond its limit of 90%",
        );
        check(
            Cause::RedirectFollowed { redirect: 301, code: 200, reason: "OK".into(), accepted: "301".into() },
            "status 200 OK, expected 301: the redirect (301) was followed; to check the redirect itself, set redirects \
             = \"refuse\"",
        );
    }

    #[test]
    fn a_cause_does_not_speak_of_what_is_not_there() {
        let words = Words::new(Language::English, TimeZone::UTC);
        let check = |cause: Cause, text: &str| assert_eq!(words.cause(&cause), text);
        check(
            Cause::Status { code: 520, reason: String::new(), accepted: "200-299".into() },
            "status 520, expected 200-299",
        );
        check(
            Cause::RedirectFollowed { redirect: 302, code: 520, reason: String::new(), accepted: "302".into() },
            "status 520, expected 302: the redirect (302) was followed; to check the redirect itself, set redirects = \
             \"refuse\"",
        );
        check(Cause::Missing { text: "ok".into(), within: 0 }, "“ok” was not found: the response is empty");
        check(Cause::Missing { text: "ok".into(), within: 9 }, "“ok” was not found in the 9 bytes received");
        check(Cause::NoMatch { pattern: "o+".into(), within: 0 }, "nothing matches o+: the response is empty");
        let json = |found| Cause::Json { path: "jobs.left".into(), wanted: "= 0".into(), found };
        check(json(None), "expected jobs.left = 0, but the response does not contain it");
        check(json(Some("3".into())), "expected jobs.left = 0, found 3");
        let dns = |wanted: &[&str]| Cause::DnsAnswer {
            wanted: wanted.iter().map(|&text| text.to_owned()).collect(),
            found: vec![],
        };
        let unproven = |key: &str| Cause::Unproven { text: "ok".into(), within: 9, key: key.into() };
        check(
            unproven("body_limit"),
            "“ok” was not found in the first 9 bytes, but may be in the rest, which is not read: increase body_limit",
        );
        check(unproven(""), "“ok” was not found in the first 9 bytes, but may be in the rest, which is not kept");
        check(dns(&["10.0.0.1"]), "the DNS server has no such record; expected: 10.0.0.1");
    }

    #[test]
    fn a_failure_after_a_redirect_names_the_address() {
        let words = Words::new(Language::English, TimeZone::UTC);
        let failure = Failure::new(Phase::Connect, Cause::Refused);
        assert_eq!(words.failure(&failure), "connection refused: nothing is listening on the port");
        assert_eq!(
            words.failure(&failure.redirected_to("https://example.org/login")),
            "connection refused: nothing is listening on the port, after a redirect to https://example.org/login",
        );
    }
}
