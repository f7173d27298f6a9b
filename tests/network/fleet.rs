//! A fleet whose agents are behind a network that is cut, or bad.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use estatus_tests::{Estatus, built, eventually, within};
use serde_json::Value;
use tempfile::TempDir;

use super::{Lab, run};

/// Where agents reach Estatus.
const LISTEN: &str = "10.77.0.1:50051";
/// The processes of an instance have this group, and its number on top: by that its packets are known.
const GROUP: u32 = 50_000;
/// A cut lasts so long: an instance that is silent for six heartbeats or twelve is lost.
const CUT_FOR: Duration = Duration::from_secs(45);
/// For so long the network is bad.
const BAD_FOR: Duration = Duration::from_secs(75);

/// A cloud of ours on the far host, to which three commands speak: its instances are agents.
struct Cloud {
    folder: TempDir,
    instances: Instances,
    taking: Option<JoinHandle<()>>,
}

type Instances = Arc<Mutex<BTreeMap<String, Child>>>;

const CREATE: &str = r#"#!/bin/sh
set -e
cd "$(dirname "$0")"
if mkdir "there/$ESTATUS_INSTANCE" 2>/dev/null; then
    cp "$ESTATUS_TOKEN_FILE" "there/$ESTATUS_INSTANCE/token"
    echo "create $ESTATUS_INSTANCE $ESTATUS_SERVER" >orders
fi
echo "{\"id\": \"$ESTATUS_INSTANCE\"}"
"#;

const LIST: &str = r#"#!/bin/sh
cd "$(dirname "$0")/there"
all=""
for name in *; do
    [ -d "$name" ] && all="$all${all:+, }{\"id\": \"$name\", \"name\": \"$name\"}"
done
echo "[$all]"
"#;

const TERMINATE: &str = r#"#!/bin/sh
cd "$(dirname "$0")"
echo "terminate $ESTATUS_INSTANCE_ID" >orders
while [ -d "there/$ESTATUS_INSTANCE_ID" ]; do sleep 0.05; done
"#;

impl Cloud {
    fn new(lab: &Lab) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("there")).unwrap();
        for (name, script) in [("create", CREATE), ("list", LIST), ("terminate", TERMINATE)] {
            fs::write(folder.path().join(name), script).unwrap();
        }
        let orders = folder.path().join("orders");
        run(&["mkfifo", orders.to_str().unwrap()]);
        // Opened both ways it never ends.
        let taken = OpenOptions::new().read(true).write(true).open(&orders).unwrap();
        let instances = Instances::default();
        let (there, far) = (folder.path().join("there"), lab.far.clone());
        let taking = thread::spawn({
            let instances = Arc::clone(&instances);
            move || take(taken, &there, &far, &instances)
        });
        Self { folder, instances, taking: Some(taking) }
    }

    fn commands(&self) -> String {
        let command = |name: &str| format!("{name} = 'sh {}'\n", self.folder.path().join(name).display());
        format!("[fleet.web.command]\n{}", ["create", "list", "terminate"].map(command).concat())
    }

    /// The processes that run, by instance.
    fn processes(&self) -> BTreeMap<String, u32> {
        self.instances.lock().unwrap().iter().map(|(name, child)| (name.clone(), child.id())).collect()
    }

    /// What an agent has said.
    fn said(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join("there").join(name).join("said")).unwrap_or_default()
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        fs::write(self.folder.path().join("orders"), "end\n").unwrap();
        let _ = self.taking.take().unwrap().join();
    }
}

/// Takes orders until it is to end, and with it all there is.
fn take(orders: File, there: &Path, far: &str, instances: &Instances) {
    for line in BufReader::new(orders).lines().map_while(Result::ok) {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["create", name, server] => {
                let agent = agent(&there.join(name), far, name, server);
                instances.lock().unwrap().insert(name.to_owned(), agent);
            }
            ["terminate", name] => {
                instances.lock().unwrap().remove(name).into_iter().for_each(end);
                let _ = fs::remove_dir_all(there.join(name));
            }
            _ => break,
        }
    }
    std::mem::take(&mut *instances.lock().unwrap()).into_values().for_each(end);
}

fn agent(folder: &Path, far: &str, name: &str, server: &str) -> Child {
    let said = File::create(folder.join("said")).unwrap();
    Command::new("ip")
        .args(["netns", "exec", far, "setpriv", "--regid", &group_of(name), "--clear-groups"])
        .arg(built("estatus"))
        .args(["agent", "--server", server, "--token-file"])
        .arg(folder.join("token"))
        .args(["--load", "manual"])
        .stdin(Stdio::null())
        .stdout(said.try_clone().unwrap())
        .stderr(said)
        .spawn()
        .unwrap()
}

fn end(mut child: Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// `web-7` has 50007.
fn group_of(name: &str) -> String {
    let number: u32 = name.rsplit_once('-').and_then(|(_, number)| number.parse().ok()).unwrap();
    (GROUP + number).to_string()
}

/// Estatus on the near host with three instances on the far one.
struct Web {
    estatus: Estatus,
    cloud: Cloud,
    lab: Lab,
}

impl Web {
    fn start(lab: Lab, heartbeat: &str) -> Self {
        let cloud = Cloud::new(&lab);
        let config = format!(
            "[network]\nreference = []\n[fleet.web]\nmin = 1\ndesired = 3\nmax = 5\nlaunch = \"command\"\n\
             heartbeat = \"{heartbeat}\"\nlisten = \"{LISTEN}\"\n{}",
            cloud.commands()
        );
        let mut estatus = Estatus::new(&config).run_by(&lab.on_near());
        estatus.start();
        let web = Self { estatus, cloud, lab };
        web.are(&["web-1", "web-2", "web-3"]);
        // It is known how their heartbeats come once there were a few.
        let _ = within(Duration::from_secs(12), || None::<()>);
        web
    }

    /// Waits until these run and no others, in the fleet and in the cloud, and nothing is wrong.
    #[track_caller]
    fn are(&self, names: &[&str]) {
        self.estatus.wait_for_fleet("web", &format!("a fleet of {names:?}"), |web| {
            let there = names_in(web, "running");
            let is_well = web["instances"].as_array()?.len() == names.len() && web["troubles"].is_null();
            (there == names && is_well && self.cloud.processes().keys().eq(names)).then_some(())
        });
    }

    fn show(&self) -> Value {
        self.estatus.fleet("web").unwrap()
    }

    /// How many were launched or removed by what was decided.
    fn deeds(&self) -> usize {
        let is_deed = |one: &&Value| one["change"] != 0 || one["victims"].is_array();
        self.estatus.decisions("web").iter().filter(is_deed).count()
    }

    fn cut(&self) {
        run(&["ip", "-n", &self.lab.far, "link", "set", "cable", "down"]);
    }

    fn mend(&self) {
        run(&["ip", "-n", &self.lab.far, "link", "set", "cable", "up"]);
    }

    /// From now on nothing that the agent of `name` sends arrives anywhere.
    fn cut_off(&self, name: &str) {
        let rules = format!(
            "add table ip alone; add chain ip alone out {{ type filter hook output priority 0; policy accept; }}; \
             add rule ip alone out meta skgid {} drop",
            group_of(name)
        );
        run(&[&self.lab.on_far()[..], &["nft", &rules]].concat());
    }

    /// From now on nothing arrives any more that the agent of `name` sends over the connection that it has.
    fn forget_connection_of(&self, name: &str) {
        let pid = format!("pid={},", self.cloud.processes()[name]);
        let listed = Command::new("ip").args(&self.lab.on_far()[1..]).args(["ss", "-tnpH"]).output().unwrap().stdout;
        let listed = String::from_utf8(listed).unwrap();
        let of_it = listed.lines().find(|line| line.contains(&pid)).unwrap();
        let port = of_it.split_whitespace().nth(3).and_then(|from| from.rsplit_once(':')).unwrap().1;
        let rules = format!(
            "add table ip way; add chain ip way in {{ type filter hook input priority 0; policy accept; }}; \
             add rule ip way in tcp sport {port} drop"
        );
        run(&[&self.lab.on_near()[..], &["nft", &rules]].concat());
    }
}

/// The names of the instances in `state`.
fn names_in<'w>(web: &'w Value, state: &str) -> Vec<&'w str> {
    let instances = web["instances"].as_array().map(Vec::as_slice).unwrap_or_default();
    instances.iter().filter(|one| one["state"] == state).filter_map(|one| one["name"].as_str()).collect()
}

#[test]
fn a_fleet_that_falls_silent_as_a_whole_is_held_until_the_cut_is_mended() {
    let web = Web::start(Lab::new("e"), "1s");
    let (before, deeds) = (web.cloud.processes(), web.deeds());
    web.cut();
    let begun = Instant::now();
    let held = web.estatus.wait_for_fleet("web", "the fleet is held", |web| {
        let troubles = web["troubles"].to_string();
        troubles.contains("perhaps this machine is cut off").then_some(begun.elapsed())
    });
    // The cut lasts until each would have been lost long ago; nothing is waited for but its end.
    let _ = within(CUT_FOR.saturating_sub(begun.elapsed()), || None::<()>);
    let shown = web.show();
    assert!(names_in(&shown, "running").is_empty(), "{shown}");
    assert!(shown["troubles"].to_string().contains("perhaps this machine is cut off"), "{shown}");
    let reasons = shown["last_decision"]["rejected"].to_string();
    assert!(reasons.contains("nothing is changed") && reasons.contains("heard of"), "{shown}");
    assert_eq!(web.estatus.say(&["fleet", "show", "web"]).code, 1);
    web.mend();
    let mended = Instant::now();
    web.are(&["web-1", "web-2", "web-3"]);
    println!("held {held:?} after the cut, and whole {:?} after it was mended", mended.elapsed());
    assert_eq!((web.cloud.processes(), web.deeds()), (before, deeds), "nobody is replaced");
}

#[test]
fn an_agent_that_is_cut_off_alone_is_suspect_then_lost_and_replaced() {
    let web = Web::start(Lab::new("f"), "1s");
    web.cut_off("web-1");
    let begun = Instant::now();
    let suspect = web.estatus.wait_for_fleet("web", "web-1 is suspect", |web| {
        (names_in(web, "suspect") == ["web-1"]).then_some(begun.elapsed())
    });
    web.are(&["web-2", "web-3", "web-4"]);
    println!("suspect after {suspect:?}, and replaced after {:?}", begun.elapsed());
    let decisions = web.estatus.decisions("web");
    let is_it = |one: &&Value| one["says"].as_str().is_some_and(|says| says.contains("web-1 was lost"));
    let replaced: Vec<&Value> = decisions.iter().filter(is_it).collect();
    assert_eq!(replaced.len(), 1, "{decisions:?}");
    assert_eq!(replaced[0]["victims"], serde_json::json!(["web-1"]), "{replaced:?}");
}

#[test]
fn an_agent_whose_connection_is_forgotten_on_the_way_makes_another_before_it_is_taken_for_lost() {
    let web = Web::start(Lab::new("h"), "2s");
    let (before, deeds, said) = (web.cloud.processes(), web.deeds(), web.cloud.said("web-1"));
    web.forget_connection_of("web-1");
    let begun = Instant::now();
    eventually("the agent gives up its connection", || (web.cloud.said("web-1") != said).then_some(()));
    web.are(&["web-1", "web-2", "web-3"]);
    println!("heard again after {:?}", begun.elapsed());
    assert_eq!((web.cloud.processes(), web.deeds()), (before, deeds), "nobody is replaced");
}

/// A cable that takes its time with what it carries, and loses some of it.
struct Cable {
    process: Child,
    orders: ChildStdin,
}

impl Cable {
    /// Between the two hosts of a laboratory, in the place of the one they have.
    fn between(lab: &Lab, name: &str) -> Self {
        let ends = ["n", "f"].map(|end| format!("es{name}{end}{}", std::process::id()));
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("network/fleet/cable.py");
        let mut process = Command::new("python3")
            .arg(script)
            .args(&ends)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 is installed");
        let mut ready = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        assert_eq!(ready, "ready\n", "devices cannot be made");
        let orders = process.stdin.take().unwrap();
        run(&["ip", "-n", &lab.near, "link", "delete", "cable"]);
        for (end, (host, address)) in ends.iter().zip([(&lab.near, "10.77.0.1/16"), (&lab.far, "10.77.0.2/16")]) {
            run(&["ip", "link", "set", end.as_str(), "netns", host, "name", "cable"]);
            run(&["ip", "-n", host, "address", "add", address, "dev", "cable"]);
            run(&["ip", "-n", host, "link", "set", "cable", "up"]);
        }
        Self { process, orders }
    }

    /// From now on whatever it carries arrives so many seconds later, but for this part, which is lost.
    fn is(&mut self, delay: f64, loss: f64) {
        writeln!(self.orders, "{delay} {loss}").unwrap();
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn nobody_is_called_lost_where_a_fifth_is_lost_each_way_on_a_slow_one() {
    let lab = Lab::new("g");
    let mut cable = Cable::between(&lab, "g");
    let web = Web::start(lab, "2s");
    let (before, deeds) = (web.cloud.processes(), web.deeds());
    cable.is(0.1, 0.2);
    let begun = Instant::now();
    let (mut suspect, mut longest) = (0, 0.0_f64);
    let lost = within(BAD_FOR, || {
        let shown = web.estatus.fleet("web")?;
        suspect += usize::from(!names_in(&shown, "suspect").is_empty());
        longest =
            shown["instances"].as_array()?.iter().filter_map(|one| one["silent"].as_f64()).fold(longest, f64::max);
        (!names_in(&shown, "lost").is_empty() || shown["troubles"].is_array()).then_some(shown)
    });
    println!("after {:?}: seen suspect {suspect} times, silent for {longest} s at most", begun.elapsed());
    assert_eq!(lost, None);
    assert_eq!((web.cloud.processes(), web.deeds()), (before, deeds), "nobody is replaced");

    // Over the same way a new one finds to us.
    let added = web.estatus.say(&["fleet", "add", "web"]);
    assert_eq!(added.code, 0, "{added:?}");
    web.estatus.wait_for_fleet("web", &format!("web-4 is there: {}", web.cloud.said("web-4")), |web| {
        names_in(web, "running").contains(&"web-4").then_some(())
    });
}
