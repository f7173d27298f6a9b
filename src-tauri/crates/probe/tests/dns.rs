//! A dns check asks a real name server: dnsmasq, on a port of its own.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by them")]

mod common;

use std::{
    net::{IpAddr, Ipv4Addr, TcpStream, UdpSocket},
    thread,
    time::{Duration, Instant},
};

use common::{IMPATIENCE, PATIENCE, assert_down, assert_up, prober};
use estatus_core::{
    check::{Check, DnsCheck, HostPort, RecordType},
    observation::{Cause, Observation, Phase},
};
use estatus_valet::{Fixture, Running};

/// A name server that knows the zone `test` and nothing else.
struct Dnsmasq {
    process: Running,
    port: u16,
}

impl Dnsmasq {
    fn start() -> Self {
        let mut zone: Vec<String> = [
            "--local=/test/",
            "--host-record=web.test,192.0.2.10,2001:db8::10",
            "--host-record=two.test,192.0.2.21",
            "--host-record=two.test,192.0.2.20",
            "--cname=alias.test,web.test",
            "--mx-host=test,mail.test,10",
            "--mx-host=test,backup.test,20",
            "--srv-host=_sip._tcp.test,sip.test,5060,5,7",
            "--caa-record=test,0,issue,letsencrypt.org",
            "--txt-record=test,v=spf1 -all",
        ]
        .map(str::to_owned)
        .into();
        // More than one datagram holds.
        zone.extend((0..10).map(|n| format!("--txt-record=long.test,{n}{}", "x".repeat(250))));
        loop {
            let server = Self::start_on(free_port(), &zone);
            if server.listens() {
                return server;
            }
        }
    }

    fn start_on(port: u16, zone: &[String]) -> Self {
        let process = Fixture::new("/usr/sbin/dnsmasq")
            .args(["--no-daemon", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--bind-interfaces"])
            .args([format!("--port={port}"), "--listen-address=127.0.0.1".to_owned(), "--pid-file=".to_owned()])
            .args(zone)
            .start();
        Self { process, port }
    }

    /// Waits until it listens; it does not where somebody else was faster to take the port.
    fn listens(&self) -> bool {
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            assert!(Instant::now() < deadline, "dnsmasq does not listen");
            thread::sleep(Duration::from_millis(5));
            if self.process.has_ended() {
                return false;
            }
        }
        true
    }

    async fn ask(&self, record: RecordType, name: &str, expect: &[&str]) -> Observation {
        ask(record, name, expect, "127.0.0.1", self.port, PATIENCE).await
    }
}

fn free_port() -> u16 {
    loop {
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = udp.local_addr().unwrap().port();
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

async fn ask(record: RecordType, name: &str, expect: &[&str], host: &str, port: u16, timeout: Duration) -> Observation {
    let check = DnsCheck {
        name: name.to_owned(),
        record,
        server: Some(HostPort { host: host.to_owned(), port }),
        expect: expect.iter().map(|&wanted| wanted.to_owned()).collect(),
    };
    prober().probe(&Check::Dns(check), timeout).await
}

#[tokio::test]
async fn answers_of_every_type_are_found_and_shown() {
    let server = Dnsmasq::start();
    let check = async |record, name: &str, expect: &[&str], seen: &str| {
        let observation = server.ask(record, name, expect).await;
        assert_up(&observation, seen);
        assert_eq!(observation.remote, Some(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        assert!(observation.phases.get(Phase::FirstByte).is_some());
        assert!(observation.phases.get(Phase::Dns).is_none());
    };
    check(RecordType::A, "web.test", &[], "192.0.2.10").await;
    check(RecordType::A, "WEB.test.", &["192.0.2.10"], "192.0.2.10").await;
    check(RecordType::A, "two.test", &["192.0.2.21"], "192.0.2.20, 192.0.2.21").await;
    check(RecordType::A, "alias.test", &["192.0.2.10"], "192.0.2.10").await;
    check(RecordType::Cname, "alias.test", &["web.test."], "web.test").await;
    check(RecordType::Aaaa, "web.test", &["2001:DB8:0::10"], "2001:db8::10").await;
    check(RecordType::Mx, "test", &["10 Mail.test."], "10 mail.test, 20 backup.test").await;
    check(RecordType::Srv, "_sip._tcp.test", &[], "5 7 5060 sip.test").await;
    check(RecordType::Caa, "test", &["0 issue letsencrypt.org"], "0 issue \"letsencrypt.org\"").await;
    check(RecordType::Txt, "test", &["v=spf1 -all"], "v=spf1 -all").await;
    check(RecordType::Ptr, "192.0.2.10", &["web.test"], "web.test").await;
    check(RecordType::Ptr, "2001:db8::10", &[], "web.test").await;
}

#[tokio::test]
async fn an_answer_too_long_for_a_datagram_is_fetched_over_tcp() {
    let server = Dnsmasq::start();
    let ninth = format!("9{}", "x".repeat(250));
    let observation = server.ask(RecordType::Txt, "long.test", &[&ninth]).await;
    assert_eq!(observation.failure, None);
    assert!(observation.seen.starts_with("0xxx"), "{}", observation.seen);
}

#[tokio::test]
async fn a_server_that_answers_otherwise_is_told() {
    let server = Dnsmasq::start();
    let check = async |record, name: &str, expect: &[&str], cause: Cause| {
        assert_down(&server.ask(record, name, expect).await, Phase::Assertion, &cause);
    };
    let answer = |wanted: &[&str], found: &[&str]| {
        let [wanted, found] = [wanted, found].map(|texts| texts.iter().map(|&text| text.to_owned()).collect());
        Cause::DnsAnswer { wanted, found }
    };
    check(RecordType::A, "none.test", &[], Cause::NameNotFound { name: "none.test".into() }).await;
    check(RecordType::Mx, "web.test", &[], answer(&["MX"], &[])).await;
    check(RecordType::Mx, "web.test", &["10 mail.test"], answer(&["10 mail.test"], &[])).await;
    check(RecordType::A, "two.test", &["192.0.2.9"], answer(&["192.0.2.9"], &["192.0.2.20", "192.0.2.21"])).await;
    check(RecordType::A, "example.org", &[], Cause::DnsCode { code: "REFUSED".into() }).await;
}

#[tokio::test]
async fn a_server_by_name_is_looked_up() {
    let server = Dnsmasq::start();
    let observation = ask(RecordType::A, "web.test", &[], "localhost", server.port, PATIENCE).await;
    assert_up(&observation, "192.0.2.10");
    assert!(observation.phases.get(Phase::Dns).is_some());
}

#[tokio::test]
async fn a_server_that_stays_silent_fails_the_wait_for_the_answer() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let observation = ask(RecordType::A, "web.test", &[], "127.0.0.1", port, IMPATIENCE).await;
    assert_down(&observation, Phase::FirstByte, &Cause::TimedOut { after: IMPATIENCE });
}

#[tokio::test]
async fn a_port_where_no_server_listens_refuses() {
    let observation = ask(RecordType::A, "web.test", &[], "127.0.0.1", free_port(), PATIENCE).await;
    assert_down(&observation, Phase::FirstByte, &Cause::Refused);
}

#[tokio::test]
async fn what_cannot_be_a_name_is_not_asked_for() {
    let name = format!("{}.test", "a".repeat(64));
    let observation = ask(RecordType::A, &name, &[], "127.0.0.1", 53, PATIENCE).await;
    assert!(matches!(observation.failure.unwrap().cause, Cause::Setup { error } if error.contains(&name)));
}
