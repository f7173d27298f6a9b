//! Our own network is cut, really: in network namespaces of the test's own, for 75 seconds. And what else a network does to a
//! fleet.
//!
//! Needs root, and `ip` and `nft`; `cargo xtask test` sees to them. Where namespaces cannot be made the test fails and
//! says so: a promise that was not tried is not kept.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by them")]

mod fleet;

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use estatus_api::{Edit, Reply, Request, Section, TrialOf};
use estatus_core::observation::Verdict;
use estatus_tests::{Estatus, MailServer, Site, eventually, within};
use jiff::Timestamp;
use serde_json::{Value, json};

/// Where `ip netns exec` finds what takes the place of files in `/etc`.
const NAMES: &str = "/etc/netns";
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

    /// From now on names are looked up at `server`, in what is started on this machine from then on.
    fn ask_names_of(&self, server: &str) {
        let folder = Path::new(NAMES).join(&self.near);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("resolv.conf"), format!("nameserver {server}\n").repeat(2)).unwrap();
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
        let _ = fs::remove_dir_all(Path::new(NAMES).join(&self.near));
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

/// What comes of trying a monitor of `url`.
fn tried(estatus: &Estatus, url: &str) -> Verdict {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut client = estatus.attach().await;
        let table = json!({ "name": "tried", "http": url, "timeout": "1s" });
        let edits = vec![Edit::Put { section: Section::Monitor, name: None, table, called: None }];
        let of = TrialOf::Monitor("tried".to_owned());
        let reply = client.request(Request::Try { edits, of, secrets: Vec::new() }).await;
        let Ok(Reply::Tried(tried)) = reply else { panic!("{reply:?}") };
        tried.verdict
    })
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
    let url = format!("http://10.77.1.0:{}/", far.port());
    assert_eq!(tried(&estatus, &url), Verdict::Inconclusive, "what is tried is judged as what is watched");
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

#[test]
fn a_failure_is_judged_when_a_witness_has_answered_though_the_gateway_is_silent() {
    const SILENT: &str = "add table ip deaf; add chain ip deaf in { type filter hook input priority 0; policy accept; }; \
                          add rule ip deaf in ip daddr 10.77.0.2 drop";
    let lab = Lab::new("c");
    let (page, reference) = (Site::start_by(&lab.on_far(), "10.77.1.1"), Site::start_by(&lab.on_far(), "10.77.1.2"));
    run(&[&lab.on_far()[..], &["nft", SILENT]].concat());
    let config = format!(
        "[network]\nreference = [\"10.77.1.2:{}\"]\n[[monitor]]\nname = \"page\"\nhttp = \"http://10.77.1.1:{}/\"\n\
         every = \"1s\"\nretry_every = \"1s\"\nfailures = 1\n",
        reference.port(),
        page.port()
    );
    let mut estatus = Estatus::new(&config).run_by(&lab.on_near());
    estatus.start();
    estatus.wait_for("page", "up");
    // The gateway has had its time to answer, and it is known that it does not.
    let _ = within(Duration::from_secs(4), || None::<()>);
    drop(page);
    let opened: Timestamp = eventually("there is an incident", || {
        estatus.json(&["incidents"])[0]["opened"].as_str().and_then(|opened| opened.parse().ok())
    });
    let took = Timestamp::now().duration_since(opened);
    println!("judged after {took:#}");
    assert!(took < jiff::SignedDuration::from_millis(1500), "judged after {took:#}");
}

/// A name server on `far` that knows `page-N.test`, and for whom all below `dead` is delegated to one that never answers.
struct Names(Child);

impl Names {
    fn start(lab: &Lab) -> Self {
        const SILENT: &str = "add table ip dead; add chain ip dead in { type filter hook input priority 0; policy accept; }; \
             add rule ip dead in udp dport 5399 drop; add rule ip dead in tcp dport 5399 drop";
        run(&[&lab.on_far()[..], &["nft", SILENT]].concat());
        let far = lab.on_far();
        let records = (0..FAR).map(|number| format!("--host-record=page-{number}.test,10.77.1.{number}"));
        let mut server = Command::new(far[0])
            .args(&far[1..])
            .args(["dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--pid-file="])
            .args(["--local=/test/", "--server=/dead/127.0.0.1#5399", "--dns-forward-max=10000"])
            .args(records)
            .stderr(Stdio::null())
            .spawn()
            .expect("dnsmasq is installed");
        let answers = within(Duration::from_secs(20), || {
            let mut look_up = Command::new("ip");
            look_up.args(&lab.on_near()[1..]).args(["getent", "ahosts", "page-0.test"]).stdout(Stdio::null());
            (look_up.status().unwrap().success() || server.try_wait().unwrap().is_some()).then_some(())
        });
        assert!(answers.is_some() && server.try_wait().unwrap().is_none(), "the name server does not answer");
        Self(server)
    }
}

impl Drop for Names {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn names_whose_servers_are_silent_cost_the_others_nothing() {
    const DEAD: usize = 80;
    const WELL: usize = 40;
    let lab = Lab::new("d");
    lab.ask_names_of("10.77.0.2");
    let site = Site::start_by(&lab.on_far(), "0.0.0.0");
    let _names = Names::start(&lab);
    let mut config = "[network]\nreference = []\n".to_owned();
    let mut add = |name: String, url: String, timeout: &str| {
        config += &format!(
            "[[monitor]]\nname = \"{name}\"\nhttp = \"{url}\"\nevery = \"1s\"\ntimeout = \"{timeout}\"\nretry_every = \"1s\"\n"
        );
    };
    (0..DEAD).for_each(|number| add(format!("dead {number}"), format!("http://name-{number}.dead/"), "1s"));
    let page = |number: usize| format!("http://page-{}.test:{}/?{number}", number % FAR, site.port());
    (0..WELL).for_each(|number| add(format!("page {number}"), page(number), "5s"));
    let mut estatus = Estatus::new(&config).run_by(&lab.on_near());
    estatus.start();
    for number in 0..DEAD {
        estatus.wait_for(&format!("dead {number}"), "down");
    }
    // Each look-up of a dead name keeps its thread for twenty seconds; who is kept up by them would show by then.
    let _ = within(Duration::from_secs(40), || None::<()>);
    let status = estatus.json(&["status"]);
    let down = |kind: &str| {
        let monitors = status["monitors"].as_array().unwrap().iter();
        let named = monitors.filter(|monitor| monitor["name"].as_str().unwrap().starts_with(kind));
        named.filter(|monitor| monitor["health"] != "up").count()
    };
    assert_eq!((down("page"), down("dead")), (0, DEAD));
    let incidents = estatus.json(&["incidents"]);
    let healthy: Vec<&Value> = incidents
        .as_array()
        .unwrap()
        .iter()
        .filter(|incident| incident["monitor"].as_str().unwrap().starts_with("page"))
        .collect();
    assert!(healthy.is_empty(), "{healthy:?}");
}
