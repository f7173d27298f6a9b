//! Our own network is cut, really: in network namespaces of the test's own, for 75 seconds.
//!
//! Needs root, and `ip` and `nft`; `cargo xtask test` sees to them. Where namespaces cannot be made the test fails and
//! says so: a promise that was not tried is not kept.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by them")]

use std::{
    process::Command,
    time::{Duration, Instant},
};

use estatus_tests::{Estatus, MailServer, Site, within};
use serde_json::Value;

const CUT_FOR: Duration = Duration::from_secs(75);
const FAR: usize = 20;
const NEAR: usize = 5;

/// Two hosts that a cable joins: `near` is this machine, `far` the other one and its gateway.
struct Lab {
    near: String,
    far: String,
}

impl Lab {
    fn new(name: &str) -> Self {
        let id = format!("{name}{}", std::process::id());
        let lab = Self { near: format!("estatus-near-{id}"), far: format!("estatus-far-{id}") };
        run(&["ip", "netns", "add", &lab.near]);
        run(&["ip", "netns", "add", &lab.far]);
        let far = &lab.far;
        run(&["ip", "-n", &lab.near, "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", far]);
        for (host, address) in [(&lab.near, "10.77.0.1/16"), (&lab.far, "10.77.0.2/16")] {
            run(&["ip", "-n", host, "address", "add", address, "dev", "cable"]);
            run(&["ip", "-n", host, "link", "set", "cable", "up"]);
            run(&["ip", "-n", host, "link", "set", "lo", "up"]);
        }
        for number in 0..FAR {
            run(&["ip", "-n", far, "address", "add", &format!("10.77.1.{number}/16"), "dev", "cable"]);
        }
        run(&["ip", "-n", &lab.near, "route", "add", "default", "via", "10.77.0.2"]);
        lab
    }

    fn on_near(&self) -> [&str; 4] {
        ["ip", "netns", "exec", &self.near]
    }

    fn on_far(&self) -> [&str; 4] {
        ["ip", "netns", "exec", &self.far]
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for host in [&self.near, &self.far] {
            let _ = Command::new("ip").args(["netns", "delete", host]).status();
        }
    }
}

fn run(words: &[&str]) {
    let output = Command::new(words[0]).args(&words[1..]).output().unwrap_or_else(|error| panic!("{words:?}: {error}"));
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn config(mail: &MailServer, near: &Site, far: &Site) -> String {
    let mut config = format!("{}[network]\nreference = []\n[alerts]\nmerge_within = \"100ms\"\n", mail.table());
    let mut add = |name: String, url: String| {
        config += &format!(
            "[[monitor]]\nname = \"{name}\"\nhttp = \"{url}\"\nevery = \"2s\"\ntimeout = \"1s\"\nretry_every = \"1s\"\n"
        );
    };
    (0..FAR).for_each(|number| add(format!("far {number}"), format!("http://10.77.1.{number}:{}/", far.port())));
    (0..NEAR).for_each(|number| add(format!("near {number}"), near.url()));
    config
}

/// Cuts by `cut`, mends by `mend`, and sees that nobody noticed but the grey in the history.
fn endure(name: &str, cut: &[&str], mend: &[&str]) {
    let lab = Lab::new(name);
    let far = Site::start_by(&lab.on_far(), "0.0.0.0");
    let near = Site::start_by(&lab.on_near(), "127.0.0.1");
    let mail = MailServer::start_by(&lab.on_near());
    let mut estatus = Estatus::new(&config(&mail, &near, &far))
        .with_env("SMTP_PASSWORD", MailServer::PASSWORD)
        .with_env("SSL_CERT_FILE", mail.authority())
        .run_by(&lab.on_near());
    estatus.start();
    for number in 0..FAR {
        estatus.wait_for(&format!("far {number}"), "up");
    }
    let place = |words: &[&str]| run(&words.iter().map(|word| lab.name(word)).collect::<Vec<_>>());
    place(cut);
    let begun = Instant::now();
    let off = within(CUT_FOR, || {
        let status = estatus.json(&["status"]);
        (!status["engine"]["network_off"].as_array().unwrap().is_empty()).then_some(())
    });
    assert!(off.is_some(), "the cut was not noticed");
    // The cut lasts as long as the promise says; nothing is waited for but its end.
    let _ = within(CUT_FOR.saturating_sub(begun.elapsed()), || None::<()>);
    place(mend);
    let conclusive = |status: &Value| {
        let monitors = status["monitors"].as_array().unwrap();
        monitors.iter().all(|monitor| monitor["last"]["verdict"] == "up" && monitor["health"] == "up")
    };
    let status = within(Duration::from_secs(30), || Some(estatus.json(&["status"])).filter(&conclusive));
    assert!(status.is_some(), "not all is well again: {}", estatus.say(&["status"]).out);

    assert_eq!(estatus.json(&["incidents"]), Value::Array(Vec::new()));
    assert!(mail.rest().is_empty(), "nobody is told");
    for number in 0..FAR {
        let history = estatus.json(&["history", &format!("far {number}"), "--since", "10m"]);
        assert!(history["inconclusive"].as_f64().unwrap() > 60.0, "{history}");
        assert!(history["uptime"].as_f64().unwrap() > 0.9, "{history}");
    }
    for number in 0..NEAR {
        let history = estatus.json(&["history", &format!("near {number}"), "--since", "10m"]);
        assert_eq!((&history["inconclusive"], &history["uptime"]), (&0.0.into(), &1.0.into()), "{history}");
        assert!(history["observed"].as_f64().unwrap() > 75.0, "{history}");
    }
}

impl Lab {
    /// Command lines name the hosts as NEAR and FAR.
    fn name<'a>(&'a self, word: &'a str) -> &'a str {
        match word {
            "NEAR" => &self.near,
            "FAR" => &self.far,
            _ => word,
        }
    }
}

#[test]
fn nobody_is_told_of_a_link_that_is_down_for_75_seconds() {
    endure(
        "a",
        &["ip", "-n", "FAR", "link", "set", "cable", "down"],
        &["ip", "-n", "FAR", "link", "set", "cable", "up"],
    );
}

#[test]
fn nobody_is_told_of_packets_that_are_dropped_in_silence_for_75_seconds() {
    const DROP: &str =
        "add table ip cut; add chain ip cut everything { type filter hook prerouting priority -500; policy drop; }";
    let nft = ["ip", "netns", "exec", "FAR", "nft"];
    endure("b", &[&nft[..], &[DROP]].concat(), &[&nft[..], &["delete table ip cut"]].concat());
}
