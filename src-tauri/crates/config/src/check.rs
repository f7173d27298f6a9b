//! A check, as the core wants it.

use std::{path::PathBuf, sync::Arc};

use estatus_core::{
    check::{
        Auth, CertificateAssertions, Check, CodeRange, CommandCheck, DnsCheck, FleetCheck, HttpCheck, Kind, PingCheck,
        ProcessCheck, RecordType, Redirects, TcpCheck, TextAssertions, TlsCheck, Trust,
    },
    command::{CommandLine, Run},
    config::Monitor,
    fleet::Fleet,
    secret::SecretRef,
};

use crate::{
    problem::{Span, shown},
    reason::{Part, Reason, reason},
    shape::{At, Field, Own, Reader, plain},
    tables::{self, BELONGS},
    values::{Plain, Valued},
};

/// The kinds of check that `table` names, each with where it stands.
pub(crate) fn kinds(table: &tables::Check) -> Vec<(Kind, &Span)> {
    let of_key = |key| Kind::ALL.into_iter().find(|kind| kind.word() == key);
    table.present.iter().filter_map(|key| Some((of_key(key.value)?, &key.at))).collect()
}

/// The check of kind `kind` that `table` describes, where these `fleets` are configured.
pub(crate) fn check(
    kind: Kind,
    table: &mut tables::Check,
    fleets: &[Arc<Fleet>],
    reader: &mut Reader<'_>,
) -> Option<Check> {
    refuse_foreign_keys(table, kind, reader);
    match kind {
        Kind::Http => http(table, reader).map(|check| Check::Http(Box::new(check))),
        Kind::Tcp => tcp(table, reader).map(Check::Tcp),
        Kind::Tls => tls(table, reader).map(Check::Tls),
        Kind::Dns => dns(table, reader).map(Check::Dns),
        Kind::Ping => ping(table).map(Check::Ping),
        Kind::Process => process(table, reader).map(Check::Process),
        Kind::Command => command_check(table, reader).map(Check::Command),
        Kind::Host => table.host.take().map(Check::Host),
        Kind::Fleet => fleet(table, fleets, reader).map(Check::Fleet),
    }
}

/// Says which keys belong to checks of another kind.
fn refuse_foreign_keys(table: &tables::Check, kind: Kind, reader: &mut Reader<'_>) {
    for key in &table.present {
        let belongs = BELONGS.iter().find(|(name, _)| *name == key.value);
        if let Some((name, kinds)) = belongs.filter(|(_, kinds)| !kinds.contains(&kind)) {
            let words = kinds.iter().map(|kind| Part::from(kind.word()));
            let kinds = words.reduce(|first, second| reason!("and", first, second).into()).unwrap_or(Part::NOTHING);
            reader.problem(&key.at, reason!("belongs_to_kinds", name = *name, kinds, kind = kind.word()));
        }
    }
}

fn http(table: &mut tables::Check, reader: &mut Reader<'_>) -> Option<HttpCheck> {
    let auth = auth(&mut table.username, &mut table.password, &mut table.bearer, reader);
    let (headers, secret_headers) = headers(&mut table.headers, reader);
    let method = method(&mut table.method, reader);
    let accept = status_codes(&mut table.accept, reader);
    Some(HttpCheck {
        url: table.http.take()?.0,
        method: method?,
        headers,
        secret_headers,
        body: table.body.take(),
        auth,
        redirects: table.redirects.take().unwrap_or(Redirects::Follow { at_most: Monitor::REDIRECTS }),
        accept,
        text: text(table),
        json: table.json.take().map_or_else(Vec::new, |json| json.0),
        below: table.below.take().map(|below| below.0),
        ip: table.ip.take(),
        proxy: table.proxy.take().map(|proxy| proxy.0),
        certificate: certificate(table, reader),
        body_limit: table.body_limit.take().map_or(Monitor::BODY_LIMIT, |size| size.0),
    })
}

/// Who sends a request.
pub(crate) fn auth(
    username: &mut Field<String>,
    password: &mut Field<SecretRef>,
    bearer: &mut Field<SecretRef>,
    reader: &mut Reader<'_>,
) -> Option<Auth> {
    let bearer = bearer.take_placed();
    if let Some(bearer) = &bearer
        && !(username.is_absent() && password.is_absent())
    {
        reader.problem_with("bearer", &bearer.at, reason!("two_logins"));
    }
    let basic = login(username, password, |username| username, reader);
    let basic = basic.map(|(username, password)| Auth::Basic { username, password });
    basic.or(bearer.map(|bearer| Auth::Bearer(bearer.value)))
}

/// A user name with its password: none, or both.
pub(crate) fn login<T>(
    username: &mut Field<T>,
    password: &mut Field<SecretRef>,
    text: impl FnOnce(T) -> String,
    reader: &mut Reader<'_>,
) -> Option<(String, SecretRef)> {
    if let Some(at) = username.at().filter(|_| password.is_absent()) {
        reader.problem_with("username", at, reason!("needs_beside", key = "password"));
    }
    if let Some(at) = password.at().filter(|_| username.is_absent()) {
        reader.problem_with("password", at, reason!("needs_beside", key = "username"));
    }
    Some((text(username.take()?), password.take()?))
}

/// What RFC 9110 calls a token: a method, the name of a header.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// The method of a request, in capitals.
pub(crate) fn method(field: &mut Field<Plain>, reader: &mut Reader<'_>) -> Option<String> {
    let Some(At { value, at }) = field.take_placed() else { return Some("GET".to_owned()) };
    let method = value.0.to_ascii_uppercase();
    if !is_token(&method) || method == "CONNECT" {
        reader.problem_with("method", &at, reason!("expected", what = reason!("a.method")));
        return None;
    }
    Some(method)
}

/// Headers whose names and values may be sent, and those whose values are secrets.
pub(crate) fn headers(field: &mut Field<Own<Valued>>, reader: &mut Reader<'_>) -> Named {
    split(field.take().unwrap_or(Own(Vec::new())), header_is_wrong, "headers", reader)
}

/// What is wrong with a header.
fn header_is_wrong(name: &str, value: Option<&str>) -> Option<Reason> {
    if !is_token(name) {
        return Some(reason!("no_header"));
    }
    let wrong = value.is_some_and(|value| value.contains(|c: char| c.is_control() && c != '\t'));
    wrong.then(|| reason!("header_value"))
}

/// What is wrong with a variable.
fn variable_is_wrong(name: &str, _: Option<&str>) -> Option<Reason> {
    (name.is_empty() || name.contains(['=', '\0'])).then(|| reason!("no_variable"))
}

/// Texts under the user's names, and secrets under the user's names.
pub(crate) type Named = (Vec<(String, String)>, Vec<(String, SecretRef)>);

/// Tells plain values and secrets apart, and says what is wrong with them.
fn split(
    values: Own<Valued>,
    wrong: impl Fn(&str, Option<&str>) -> Option<Reason>,
    key: &str,
    reader: &mut Reader<'_>,
) -> Named {
    let (mut texts, mut secrets) = (Vec::new(), Vec::new());
    for (At { value: name, at }, value) in values.0 {
        let text = if let Valued::Text(text) = &value { Some(text.as_str()) } else { None };
        if let Some(reason) = wrong(&name, text) {
            reader.within(key, |reader| reader.problem_with(&name, &at, reason));
        }
        match value {
            Valued::Text(text) => texts.push((name, text)),
            Valued::Secret(place) => secrets.push((name, place)),
        }
    }
    (texts, secrets)
}

/// The status codes that are well.
pub(crate) fn status_codes(field: &mut Field<Vec<At<CodeRange>>>, reader: &mut Reader<'_>) -> Vec<CodeRange> {
    /// What RFC 9110 lets a status code be.
    const CODES: CodeRange = CodeRange { first: 100, last: 999 };
    accept(field, CODES, CodeRange { first: 200, last: 299 }, reader)
}

/// The codes that are well: those in the file, each within `bounds`, or `default`.
fn accept(
    field: &mut Field<Vec<At<CodeRange>>>,
    bounds: CodeRange,
    default: CodeRange,
    reader: &mut Reader<'_>,
) -> Vec<CodeRange> {
    let Some(At { value: ranges, at }) = field.take_placed() else { return vec![default] };
    if ranges.is_empty() {
        reader.problem_with("accept", &at, reason!("names_no_code"));
    }
    for range in &ranges {
        if !bounds.contains(range.value.first) || !bounds.contains(range.value.last) {
            let (range_text, bounds) = (range.value.to_string(), bounds.to_string());
            reader.problem_with("accept", &range.at, reason!("not_within", range = range_text, bounds));
        }
    }
    plain(ranges)
}

fn text(table: &mut tables::Check) -> TextAssertions {
    TextAssertions {
        contains: table.contains.take().map_or_else(Vec::new, plain),
        lacks: table.lacks.take().map_or_else(Vec::new, plain),
        matches: table.matches.take().map_or_else(Vec::new, plain),
    }
}

fn certificate(table: &mut tables::Check, reader: &mut Reader<'_>) -> CertificateAssertions {
    CertificateAssertions {
        trust: trust(&mut table.verify_tls, &mut table.trust, reader),
        warn_days: table.certificate_days.take().map_or(Monitor::CERTIFICATE_DAYS, |days| days.0),
    }
}

/// Whose certificates are accepted.
pub(crate) fn trust(verify: &mut Field<bool>, file: &mut Field<PathBuf>, reader: &mut Reader<'_>) -> Trust {
    match (verify.take().unwrap_or(true), file.take_placed()) {
        (true, None) => Trust::Machine,
        (true, Some(file)) => Trust::File(file.value),
        (false, None) => Trust::Anybody,
        (false, Some(file)) => {
            reader.problem_with("trust", &file.at, reason!("trust_unverified"));
            Trust::File(file.value)
        }
    }
}

fn tcp(table: &mut tables::Check, reader: &mut Reader<'_>) -> Option<TcpCheck> {
    let expect = table.expect.take_placed();
    if let Some(expect) = &expect
        && expect.value.len() != 1
    {
        reader.problem_with("expect", &expect.at, reason!("one_expected"));
    }
    Some(TcpCheck {
        address: table.tcp.take()?.0,
        ip: table.ip.take(),
        send: table.send.take(),
        expect: expect.and_then(|expect| plain(expect.value).pop()),
    })
}

fn tls(table: &mut tables::Check, reader: &mut Reader<'_>) -> Option<TlsCheck> {
    Some(TlsCheck {
        address: table.tls.take()?.0,
        ip: table.ip.take(),
        starttls: table.starttls.take(),
        certificate: certificate(table, reader),
    })
}

fn dns(table: &mut tables::Check, reader: &mut Reader<'_>) -> Option<DnsCheck> {
    let record = table.record.take().unwrap_or(RecordType::A);
    let expect = table.expect.take().unwrap_or_default();
    for answer in &expect {
        let wrong = match record {
            RecordType::A => answer.value.parse::<std::net::Ipv4Addr>().is_err().then_some(4_u32),
            RecordType::Aaaa => answer.value.parse::<std::net::Ipv6Addr>().is_err().then_some(6),
            _ => None,
        };
        if let Some(version) = wrong {
            reader.problem_with("expect", &answer.at, reason!("no_answer", record = record.word(), version));
        }
    }
    let name = table.dns.take_placed()?;
    if name.value.0.len() > 254 || name.value.0.contains(char::is_whitespace) {
        reader.problem_with("dns", &name.at, reason!("expected", what = reason!("a.dns_name")));
    }
    let server = table.server.take().map(|server| server.0);
    Some(DnsCheck { name: name.value.0, record, server, expect: plain(expect) })
}

fn ping(table: &mut tables::Check) -> Option<PingCheck> {
    Some(PingCheck { host: table.ping.take()?.0, ip: table.ip.take() })
}

fn process(table: &mut tables::Check, reader: &mut Reader<'_>) -> Option<ProcessCheck> {
    let at_most = table.at_most.take_placed();
    let at_least = table.at_least.take_placed();
    let most = at_most.as_ref().map(|most| most.value.0);
    let least = at_least.as_ref().map_or(most.unwrap_or(1).min(1), |least| least.value.0);
    if let Some(bound) = at_most.as_ref().filter(|_| most.is_some_and(|most| most < least)) {
        reader.problem_with("at_most", &bound.at, reason!("less_than", key = "at_least", number = least));
    }
    if let Some(bound) = at_least.filter(|_| least == 0 && most.is_none()) {
        reader.problem_with("at_least", &bound.at, reason!("asks_for_nothing"));
    }
    Some(ProcessCheck { by: table.process.take()?.0, at_least: least, at_most: most })
}

/// The check of a fleet; whether there is one of that name is looked at elsewhere.
fn fleet(table: &mut tables::Check, fleets: &[Arc<Fleet>], reader: &mut Reader<'_>) -> Option<FleetCheck> {
    let name = table.fleet.take()?;
    let fleet = fleets.iter().find(|fleet| *fleet.name == *name);
    let bound = table.at_least.take_placed();
    if let Some(bound) = &bound {
        let most = fleet.map(|fleet| fleet.max).filter(|most| bound.value.0 > *most);
        match most {
            Some(most) => {
                let more = || reason!("more_than_fleet", fleet = shown(&name), most);
                reader.problem_with("at_least", &bound.at, more);
            }
            None if bound.value.0 == 0 => reader.problem_with("at_least", &bound.at, reason!("asks_for_nobody")),
            None => {}
        }
    }
    let usual = fleet.map_or(Fleet::MIN, |fleet| fleet.min).max(1);
    Some(FleetCheck { fleet: name.into(), at_least: bound.map_or(usual, |bound| bound.value.0) })
}

fn command_check(table: &mut tables::Check, reader: &mut Reader<'_>) -> Option<CommandCheck> {
    const CODES: CodeRange = CodeRange { first: 0, last: u32::MAX };
    let accept = accept(&mut table.accept, CODES, CodeRange { first: 0, last: 0 }, reader);
    let directory = table.directory.take();
    let env = table.env.take();
    let text = text(table);
    let command = command_line(table.command.take()?, directory, env, reader);
    Some(CommandCheck { command, accept, text })
}

/// A command with where it runs and what it finds.
pub(crate) fn command_line(
    run: Run,
    directory: Option<PathBuf>,
    env: Option<Own<Valued>>,
    reader: &mut Reader<'_>,
) -> CommandLine {
    let (env, secret_env) = split(env.unwrap_or(Own(Vec::new())), variable_is_wrong, "env", reader);
    CommandLine { run, directory, env, secret_env }
}
