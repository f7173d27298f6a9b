//! Values with a meaning: words of a list, names, paths, patterns, codes, commands, secrets.

use std::path::PathBuf;

use estatus_core::{
    check::{CodeRange, IpVersion, RecordType, Redirects, StartTls},
    command::Run,
    config::{AlertWhen, EmailSecurity, Language, WebhookUrl},
    encoding::OutputEncoding,
    exit::Signal,
    flow::{CatchUp, Otherwise, Overlap},
    program::{OnQuit, RestartWhen},
    secret::SecretRef,
};
use regex::Regex;
use schemars::{Schema, SchemaGenerator, json_schema};

use crate::{
    net::Page,
    problem::{Span, advice, shown},
    reason::{Reason, reason},
    shape::{Node, Reader, Shape},
    syntax::literally,
    table::table,
    tables::{Launch, Rule},
    units,
};

/// A value that is one of a few words.
macro_rules! choice {
    ($($type:ty { $($word:literal => $value:expr),* $(,)? })*) => { $(
        impl Shape for $type {
            fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
                match chosen(&[$($word),*], node, at, reader)? {
                    $($word => Some($value),)*
                    _ => None,
                }
            }

            fn schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "enum": [$($word),*] })
            }
        }
    )* };
}

choice! {
    Language { "en" => Language::English, "es" => Language::Spanish }
    EmailSecurity {
        "starttls" => EmailSecurity::StartTls,
        "tls" => EmailSecurity::Tls,
        "none" => EmailSecurity::None,
    }
    StartTls {
        "smtp" => StartTls::Smtp,
        "imap" => StartTls::Imap,
        "pop3" => StartTls::Pop3,
        "ftp" => StartTls::Ftp,
    }
    AlertWhen { "always" => AlertWhen::Always, "unhealed" => AlertWhen::Unhealed }
    RestartWhen {
        "always" => RestartWhen::Always,
        "on-failure" => RestartWhen::OnFailure,
        "never" => RestartWhen::Never,
    }
    OnQuit { "stop" => OnQuit::Stop, "leave running" => OnQuit::LeaveRunning }
    CatchUp { "none" => CatchUp::None, "latest" => CatchUp::Latest, "all" => CatchUp::All }
    Overlap { "skip" => Overlap::Skip, "queue" => Overlap::Queue, "replace" => Overlap::Replace }
    Otherwise { "fail" => Otherwise::Fail, "continue" => Otherwise::Continue }
    Rule {
        "target" => Rule::Target,
        "seed" => Rule::Seed,
        "manual" => Rule::Manual,
        "schedule" => Rule::Schedule,
    }
    Launch {
        "local" => Launch::Local,
        "command" => Launch::Command,
        "ec2" => Launch::Ec2,
        "asg" => Launch::Asg,
    }
}

/// The one of `words` that `node` is.
pub(crate) fn chosen<'t>(
    words: &[&'static str],
    node: Node<'t>,
    at: &Span,
    reader: &mut Reader<'_>,
) -> Option<&'t str> {
    let list = || words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
    match node.text() {
        None => reader.expected(reason!("a.one_of", words = list()), node, at),
        Some(text) if words.contains(&text) => Some(text),
        Some(text) => {
            let advice = advice(text, words.iter().copied());
            reader.refuse(at, reason!("not_one_of", found = shown(text), words = list(), advice))
        }
    }
}

impl Shape for RecordType {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        let word = chosen(&Self::ALL.map(Self::word), node, at, reader)?;
        Self::ALL.into_iter().find(|record| record.word() == word)
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "enum": Self::ALL.map(Self::word) })
    }
}

impl Shape for OutputEncoding {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        let names: Vec<&'static str> = Self::names().collect();
        chosen(&names, node, at, reader).and_then(Self::named)
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "enum": Self::names().collect::<Vec<_>>() })
    }
}

impl Shape for Signal {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        let name = chosen(&Self::ALL.map(Self::name), node, at, reader)?;
        Self::ALL.into_iter().find(|signal| signal.name() == name)
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "enum": Self::ALL.map(Self::name) })
    }
}

impl Shape for IpVersion {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        match (node.integer(), node.text()) {
            (Some(4), _) | (_, Some("4")) => Some(Self::V4),
            (Some(6), _) | (_, Some("6")) => Some(Self::V6),
            _ => reader.refuse(at, reason!("expected", what = reason!("a.ip_version"))),
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "enum": [4, 6, "4", "6"] })
    }
}

/// The name of a monitor, a program, a channel, a flow or a step: one line, at most 100 characters.
#[derive(Clone, Debug)]
pub(crate) struct Name(pub(crate) String);

impl Name {
    pub(crate) const LONGEST: usize = 100;

    /// What is wrong with `text` as a name.
    pub(crate) fn wrong(text: &str) -> Option<Reason> {
        if text.trim().is_empty() {
            return Some(reason!("name_empty"));
        }
        if text.chars().count() > Self::LONGEST {
            return Some(reason!("name_long", most = Self::LONGEST));
        }
        text.chars().any(char::is_control).then(|| reason!("name_control"))
    }
}

impl Shape for Name {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        let text = String::read(node, at, reader)?;
        match Self::wrong(&text) {
            Some(reason) => reader.refuse(at, reason),
            None => Some(Self(text)),
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "maxLength": Self::LONGEST })
    }
}

/// A text that is not empty and that any system call takes: without a zero character.
#[derive(Clone, Debug)]
pub(crate) struct Plain(pub(crate) String);

impl Shape for Plain {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        let text = String::read(node, at, reader)?;
        if text.trim().is_empty() {
            return reader.refuse(at, reason!("must_not_be_empty"));
        }
        if text.contains('\0') { reader.refuse(at, reason!("zero_character")) } else { Some(Self(text)) }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1 })
    }
}

impl Shape for PathBuf {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        let path = Plain::read(node, at, reader)?;
        if let Some(escape) = escape_of(&path.0, at, reader) {
            return reader.refuse(at, escape);
        }
        Some(reader.resolve(&path.0))
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        Plain::schema(generator)
    }
}

impl Shape for Regex {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(text) = node.text() else { return reader.expected(reason!("a.regex"), node, at) };
        match Self::new(text) {
            Ok(pattern) => Some(pattern),
            Err(error) => {
                let reason = error.to_string();
                let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ");
                reader.refuse(at, reason!("no_regex", reason))
            }
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "regex" })
    }
}

/// A size from `LEAST` to `MOST`, both in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size<const LEAST: u64, const MOST: u64>(pub(crate) u64);

impl<const LEAST: u64, const MOST: u64> Shape for Size<LEAST, MOST> {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(text) = reader.with_unit(node, at) else { return reader.expected(reason!("a.size"), node, at) };
        match units::size(text) {
            Err(error) => reader.refuse(at, error.reason()),
            Ok(size) if size < LEAST => reader.refuse(at, reason!("too_little", text, least = LEAST)),
            Ok(size) if size > MOST => reader.refuse(at, reason!("too_large", text, most = MOST)),
            Ok(size) => Some(Self(size)),
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": r"^\s*[0-9]+(\.[0-9]*)?\s*[KMGTkmgt]?[Ii]?[Bb]\s*$",
            "examples": ["512KB", "1MB", "1MiB"],
        })
    }
}

impl Shape for CodeRange {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        let what = reason!("a.codes");
        if let Some(code) = node.integer() {
            let code = u32::try_from(code).ok();
            return code.map(|code| Self { first: code, last: code }).or_else(|| reader.expected(what, node, at));
        }
        let Some(text) = node.text() else { return reader.expected(what, node, at) };
        let (first, last) = text.split_once(['-', '–']).unwrap_or((text, text));
        let range = (first.trim().parse().ok(), last.trim().parse().ok());
        match range {
            (Some(first), Some(last)) if first <= last => Some(Self { first, last }),
            (Some(_), Some(_)) => reader.refuse(at, reason!("ends_before", text)),
            _ => reader.unreadable(what, text, at),
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "type": "integer", "minimum": 0, "maximum": u32::MAX },
            { "type": "string", "pattern": r"^\s*[0-9]+\s*([-–]\s*[0-9]+\s*)?$" },
        ] })
    }
}

impl Shape for Redirects {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        /// More than any browser follows.
        const MOST: u32 = 50;
        if node.text() == Some("refuse") {
            return Some(Self::Refuse);
        }
        let number = node.integer().and_then(|number| u32::try_from(number).ok()).filter(|number| *number <= MOST);
        match number {
            Some(at_most) => Some(Self::Follow { at_most }),
            None => reader.refuse(at, reason!("expected", what = reason!("a.redirects", most = MOST))),
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "const": "refuse" }, { "type": "integer", "minimum": 0, "maximum": 50 }] })
    }
}

impl Shape for Run {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        if node.text().is_some() {
            let line = Plain::read(node, at, reader)?;
            return match escape_of(&line.0, at, reader) {
                Some(escape) => reader.refuse(at, escape),
                None if cfg!(windows) && has_more_lines(&line.0) => {
                    reader.refuse(at, reason!("shell_of_several_lines"))
                }
                None => Some(Self::Shell(line.0)),
            };
        }
        let Some(parts) = node.elements(at) else {
            return reader.expected(reason!("a.command"), node, at);
        };
        let mut word = |(node, at): (Node<'_>, Span)| {
            let word = argument(node, &at, reader)?;
            match escape_of(&word, &at, reader) {
                Some(escape) => reader.refuse(&at, escape),
                None => Some(word),
            }
        };
        let mut words = parts.into_iter().map(&mut word).collect::<Option<Vec<_>>>()?;
        if words.first().is_none_or(String::is_empty) {
            return reader.refuse(at, reason!("names_no_program"));
        }
        let program = words.remove(0);
        Some(Self::Program { program, args: words })
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "type": "string", "minLength": 1 },
            { "type": "array", "items": { "type": "string" }, "minItems": 1 },
        ] })
    }
}

/// Whether there is more in a command than one line: `cmd` would run the first and say nothing of the others.
fn has_more_lines(command: &str) -> bool {
    command.trim().contains(['\n', '\r'])
}

/// What is wrong with the `text` at `at`, if it stands on one line and holds what an escape like `\t` means: in a path of
/// Windows nobody means it.
fn escape_of(text: &str, at: &Span, reader: &Reader<'_>) -> Option<Reason> {
    let control = text.chars().find(|c| c.is_control())?;
    let written = reader.written(at);
    let inner =
        written.strip_prefix('"').filter(|rest| !rest.starts_with("\"\"")).and_then(|rest| rest.strip_suffix('"'));
    let inner = inner.filter(|inner| inner.contains('\\'))?;
    let what = match control {
        '\t' => reason!("a.tab"),
        '\n' | '\r' => reason!("a.line_end"),
        _ => reason!("a.control"),
    };
    Some(reason!("escaped", escape = control.escape_default().to_string(), what, literal = literally(inner)))
}

fn argument(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<String> {
    let text = String::read(node, at, reader)?;
    if text.contains('\0') { reader.refuse(at, reason!("zero_character")) } else { Some(text) }
}

table! {
    /// Where a secret is kept: exactly one of these. The secret itself never stands in this file.
    struct SecretPlace requires [] {
        /// Entered in the window or by `estatus secret set`, under this name: in the system's keyring, service "estatus", or,
        /// where there is none, in a private file of the data folder.
        keyring: Plain,
        /// In this environment variable of Estatus.
        env: Plain,
        /// In this file, which only its owner may read.
        file: PathBuf,
    }
}

impl Shape for SecretRef {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        let forms = || {
            let [keyring, env, file] = ["{ keyring = \"NAME\" }", "{ env = \"VARIABLE\" }", "{ file = \"PATH\" }"];
            reason!("secret_forms", keyring, env, file)
        };
        if node.text().is_some() {
            return reader.refuse(at, reason!("secret_in_file", forms = forms()));
        }
        let mut place = SecretPlace::read(node, at, reader)?;
        if place.present.len() != 1 {
            return reader.refuse(at, reason!("secret_nowhere", forms = forms()));
        }
        let keyring = place.keyring.take().map(|name| Self::Keyring(name.0));
        let env = place.env.take_placed();
        let file = place.file.take().map(Self::File);
        if let Some(variable) = &env
            && variable.value.0.contains('=')
        {
            reader.problem_with("env", &variable.at, reason!("variable_with_sign"));
        }
        reader.secret_variables.extend(env.iter().map(|variable| variable.value.0.clone()));
        keyring.or(env.map(|variable| Self::Env(variable.value.0))).or(file)
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        SecretPlace::schema(generator)
    }
}

/// Where a webhook is: an `http` or `https` URL, or where one that is a secret is kept.
impl Shape for WebhookUrl {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        match node {
            Node::Table(_) => SecretRef::read(node, at, reader).map(Self::Secret),
            _ => Page::read(node, at, reader).map(|page| Self::Plain(page.0)),
        }
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [Page::schema(generator), SecretRef::schema(generator)] })
    }
}

/// A text, or where a secret one is kept.
#[derive(Clone, Debug)]
pub(crate) enum Valued {
    Text(String),
    Secret(SecretRef),
}

impl Shape for Valued {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        match node {
            Node::Table(_) => SecretRef::read(node, at, reader).map(Self::Secret),
            _ if node.text().is_some() => argument(node, at, reader).map(Self::Text),
            _ => reader.expected(reason!("a.text_or_secret"), node, at),
        }
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "string" }, SecretRef::schema(generator)] })
    }
}
