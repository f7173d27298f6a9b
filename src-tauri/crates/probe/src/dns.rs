//! Asks a name server for one kind of record, with no cache in between.

mod exchange;

use std::net::{IpAddr, SocketAddr};

use estatus_core::{
    check::{DnsCheck, HostPort, RecordType},
    observation::{Cause, Phase},
};
use hickory_proto::{
    op::{Query, ResponseCode},
    rr::{Name, RData, RecordType as WireType},
};

use crate::{dial, network, trace::Trace};

/// Asks the check's server, or the first one of this machine, and holds the answers against what is expected.
pub(crate) async fn probe(check: &DnsCheck, trace: &mut Trace) -> Result<(), Cause> {
    let name = name_to_ask_for(check)?;
    let server = server(check.server.as_ref(), trace).await?;
    trace.remote = Some(server.ip());
    trace.enter(Phase::FirstByte);
    let wire_type = wire_type(check.record);
    let reply = exchange::ask(server, Query::query(name, wire_type)).await?;

    trace.enter(Phase::Assertion);
    match reply.metadata.response_code {
        ResponseCode::NoError => {}
        code => {
            let code = code_word(code);
            trace.seen.clone_from(&code);
            return Err(if code == NXDOMAIN {
                Cause::NameNotFound { name: check.name.clone() }
            } else {
                Cause::DnsCode { code }
            });
        }
    }
    // A name server that follows an alias answers with the alias too.
    let of_type = reply.answers.iter().filter(|record| record.record_type() == wire_type);
    let mut found: Vec<String> = of_type.map(|record| shown(&record.data)).collect();
    found.sort();
    found.dedup();
    trace.seen = found.join(", ");
    judge(check, found)
}

fn judge(check: &DnsCheck, found: Vec<String>) -> Result<(), Cause> {
    if found.is_empty() && check.expect.is_empty() {
        return Err(Cause::DnsAnswer { wanted: vec![check.record.word().to_owned()], found });
    }
    let known: Vec<String> = found.iter().map(|answer| comparable(answer)).collect();
    let missing = check.expect.iter().any(|wanted| !known.contains(&comparable(wanted)));
    if missing { Err(Cause::DnsAnswer { wanted: check.expect.clone(), found }) } else { Ok(()) }
}

/// The check's name; for an address whose name is wanted, the one below `in-addr.arpa` or `ip6.arpa` (RFC 1035, section
/// 3.5; RFC 3596, section 2.5).
fn name_to_ask_for(check: &DnsCheck) -> Result<Name, Cause> {
    if check.record == RecordType::Ptr
        && let Ok(address) = check.name.parse::<IpAddr>()
    {
        return Ok(Name::from(address));
    }
    let mut name = Name::from_str_relaxed(&check.name)
        .map_err(|error| Cause::Setup { error: format!("“{}” cannot be a DNS name: {error}", check.name) })?;
    name.set_fqdn(true);
    Ok(name)
}

async fn server(configured: Option<&HostPort>, trace: &mut Trace) -> Result<SocketAddr, Cause> {
    const DOMAIN: u16 = 53;
    let Some(configured) = configured else {
        let mut server = network::name_server().await.map_err(|error| Cause::Setup { error })?;
        server.set_port(DOMAIN);
        return Ok(server);
    };
    if configured.host.parse::<IpAddr>().is_err() {
        trace.enter(Phase::Dns);
    }
    let addresses = dial::look_up(&configured.host, None, trace).await?;
    let mut server = addresses.first().copied().ok_or_else(|| Cause::NoAddress { name: configured.host.clone() })?;
    server.set_port(configured.port);
    Ok(server)
}

fn wire_type(record: RecordType) -> WireType {
    match record {
        RecordType::A => WireType::A,
        RecordType::Aaaa => WireType::AAAA,
        RecordType::Caa => WireType::CAA,
        RecordType::Cname => WireType::CNAME,
        RecordType::Mx => WireType::MX,
        RecordType::Ns => WireType::NS,
        RecordType::Ptr => WireType::PTR,
        RecordType::Soa => WireType::SOA,
        RecordType::Srv => WireType::SRV,
        RecordType::Txt => WireType::TXT,
    }
}

/// An answer as zone files show it, but names without the dot at their end, texts without quotes, and no control
/// characters, which a terminal would obey.
fn shown(data: &RData) -> String {
    let text = data.to_string().replace(char::is_control, "\u{fffd}");
    match data {
        RData::TXT(_) => text,
        _ => text.split(' ').map(without_dot).collect::<Vec<_>>().join(" "),
    }
}

fn without_dot(word: &str) -> &str {
    word.strip_suffix('.').filter(|rest| !rest.is_empty()).unwrap_or(word)
}

/// What makes two spellings of one answer equal: case, quotes, the dot at the end of a name, the way an address is
/// written do not count.
fn comparable(answer: &str) -> String {
    if let Ok(address) = answer.parse::<IpAddr>() {
        return address.to_string();
    }
    let words = answer.split_whitespace().map(|word| without_dot(word.trim_matches('"')).to_lowercase());
    words.collect::<Vec<_>>().join(" ")
}

const NXDOMAIN: &str = "NXDOMAIN";

/// The code's name in IANA's registry of DNS RCODEs.
fn code_word(code: ResponseCode) -> String {
    let word = match code {
        ResponseCode::NoError => "NOERROR",
        ResponseCode::FormErr => "FORMERR",
        ResponseCode::ServFail => "SERVFAIL",
        ResponseCode::NXDomain => NXDOMAIN,
        ResponseCode::NotImp => "NOTIMP",
        ResponseCode::Refused => "REFUSED",
        ResponseCode::YXDomain => "YXDOMAIN",
        ResponseCode::YXRRSet => "YXRRSET",
        ResponseCode::NXRRSet => "NXRRSET",
        ResponseCode::NotAuth => "NOTAUTH",
        ResponseCode::NotZone => "NOTZONE",
        ResponseCode::BADVERS => "BADVERS",
        ResponseCode::BADCOOKIE => "BADCOOKIE",
        other => return format!("RCODE {}", u16::from(other)),
    };
    word.to_owned()
}

#[cfg(test)]
mod tests {
    use hickory_proto::rr::rdata::{MX, NS, SOA, TXT};

    use super::*;

    fn check_of(record: RecordType, name: &str, expect: &[&str]) -> DnsCheck {
        let expect = expect.iter().map(|&wanted| wanted.to_owned()).collect();
        DnsCheck { name: name.to_owned(), record, server: None, expect }
    }

    #[test]
    fn every_expected_answer_must_be_there_however_it_is_written() {
        let check = |record, expect: &[&str], found: &[&str], well: bool| {
            let found = found.iter().map(|&answer| answer.to_owned()).collect();
            let verdict = judge(&check_of(record, "example.org", expect), found);
            assert_eq!(verdict.is_ok(), well, "{expect:?}: {verdict:?}");
        };
        check(RecordType::A, &[], &["10.0.0.1"], true);
        check(RecordType::A, &[], &[], false);
        check(RecordType::A, &["10.0.0.1"], &[], false);
        check(RecordType::A, &["10.0.0.2", "10.0.0.1"], &["10.0.0.1", "10.0.0.2", "10.0.0.3"], true);
        check(RecordType::A, &["10.0.0.2", "10.0.0.4"], &["10.0.0.1", "10.0.0.2"], false);
        check(RecordType::Aaaa, &["2001:DB8:0:0::1"], &["2001:db8::1"], true);
        check(RecordType::Mx, &["10  Mail.Example.Org."], &["10 mail.example.org"], true);
        check(RecordType::Mx, &["20 mail.example.org"], &["10 mail.example.org"], false);
        check(RecordType::Caa, &["0 issue letsencrypt.org"], &["0 issue \"letsencrypt.org\""], true);
        check(RecordType::Txt, &["\"v=spf1 -all\""], &["v=spf1 -all"], true);
    }

    #[test]
    fn names_are_shown_without_their_dot_and_nothing_that_a_terminal_would_obey() {
        let check = |data: RData, text: &str| assert_eq!(shown(&data), text);
        let name = |text: &str| Name::from_ascii(text).unwrap();
        check(RData::NS(NS(name("ns.example.org."))), "ns.example.org");
        check(RData::MX(MX::new(0, Name::root())), "0 .");
        let soa = SOA::new(name("ns.example.org."), name("admin.example.org."), 7, 3600, 600, 86400, 60);
        check(RData::SOA(soa), "ns.example.org admin.example.org 7 3600 600 86400 60");
        check(RData::TXT(TXT::new(vec!["one. ".into(), "\u{1b}[2Jtwo.".into()])), "one. \u{fffd}[2Jtwo.");
    }

    #[test]
    fn no_answer_without_an_expectation_names_the_wanted_type() {
        let verdict = judge(&check_of(RecordType::Mx, "example.org", &[]), Vec::new());
        assert_eq!(verdict, Err(Cause::DnsAnswer { wanted: vec!["MX".into()], found: vec![] }));
    }

    #[test]
    fn the_name_of_an_address_is_asked_for_in_the_reverse_tree() {
        let check = |record, name: &str, asked: &str| {
            assert_eq!(name_to_ask_for(&check_of(record, name, &[])).unwrap().to_ascii(), asked);
        };
        check(RecordType::Ptr, "192.0.2.7", "7.2.0.192.in-addr.arpa.");
        check(RecordType::Ptr, "7.2.0.192.in-addr.arpa", "7.2.0.192.in-addr.arpa.");
        let nibbles = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.";
        check(RecordType::Ptr, "2001:db8::1", nibbles);
        check(RecordType::A, "example.org", "example.org.");
        check(RecordType::Srv, "_sip._tcp.example.org.", "_sip._tcp.example.org.");
        check(RecordType::A, "año.example", "xn--ao-zja.example.");
        let refused = name_to_ask_for(&check_of(RecordType::A, &"a".repeat(64), &[]));
        assert!(matches!(refused, Err(Cause::Setup { .. })), "{refused:?}");
    }
}
