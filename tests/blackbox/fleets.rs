//! `kill -9` of the engine, of agents and of those who supervise them, at any moment: one intent is one instance, nobody runs
//! whom nobody counts, and there are soon as many as desired again.

use std::{
    collections::{BTreeMap, BTreeSet, hash_map::RandomState},
    env, fs,
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
    io,
    net::{TcpListener, TcpStream},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use estatus_tests::{Estatus, built, free_port, within};
use serde_json::Value;
use tempfile::TempDir;

/// Somebody is killed so many times, where `ESTATUS_ROUNDS` does not say how often.
const ROUNDS: u64 = 12;
const DESIRED: usize = 3;
/// An agent whose engine dies again and again tries again once a minute.
const WHOLE_WITHIN: Duration = Duration::from_secs(100);

/// A fleet of processes of this machine, each of which notes that it was begun, and whether it found itself running.
struct Web {
    estatus: Estatus,
    folder: TempDir,
}

impl Web {
    fn new() -> Self {
        Self::listening(free_port(), "")
    }

    /// One whose agents come to this port, with another line in its table.
    fn listening(port: u16, line: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let command = format!(
            "cd {} && echo $ESTATUS_INSTANCE >>begun && exec 9>>lock-$ESTATUS_INSTANCE && \
             {{ flock -n 9 || echo $ESTATUS_INSTANCE >>twice; }} && exec {} agent --load manual",
            folder.path().display(),
            built("estatus").display()
        );
        let config = format!(
            "[network]\nreference = []\n[fleet.web]\nmin = 1\ndesired = {DESIRED}\nmax = 6\nheartbeat = \"1s\"\n\
             listen = \"127.0.0.1:{port}\"\nbudget = {{ launches = 100000, within = \"1h\" }}\n{line}\n\
             [fleet.web.local]\ncommand = '{command}'\n",
        );
        Self { estatus: Estatus::new(&config), folder }
    }

    /// The processes by instance, if they are those that are counted, as many as desired, and all is well with them.
    fn whole(&self) -> Option<BTreeMap<String, Vec<u32>>> {
        let web = self.estatus.fleet("web")?;
        let instances = web["instances"].as_array()?;
        let is_well = |one: &Value| one["state"] == "running" && one["load"].is_number();
        let counted: BTreeSet<&str> =
            instances.iter().filter(|one| is_well(one)).filter_map(|one| one["name"].as_str()).collect();
        let processes = self.estatus.local_instances();
        let is_whole = instances.len() == DESIRED
            && counted.len() == DESIRED
            && counted.iter().copied().eq(processes.keys().map(String::as_str))
            && processes.values().all(|pids| pids.len() == 1)
            && self.estatus.shims_of_instances().len() == DESIRED
            && web["orphans"].is_null();
        is_whole.then_some(processes)
    }

    /// How long it takes to be whole.
    #[track_caller]
    fn becomes_whole(&self, after: &str) -> Duration {
        let since = Instant::now();
        let whole = within(WHOLE_WITHIN, || self.whole());
        assert!(
            whole.is_some(),
            "not whole {WHOLE_WITHIN:?} after {after}: {} but there are {:?}, supervised by {:?}",
            self.estatus.say(&["fleet", "show", "web"]).out,
            self.estatus.local_instances(),
            self.estatus.shims_of_instances()
        );
        since.elapsed()
    }

    fn noted(&self, name: &str) -> Vec<String> {
        let noted = fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
        noted.lines().map(str::to_owned).collect()
    }

    /// No name was given twice, and each was decided on.
    fn was_true(&self) {
        assert_eq!(self.noted("twice"), [""; 0], "two of one name at once");
        let begun = self.noted("begun");
        let names: BTreeSet<&String> = begun.iter().collect();
        assert_eq!(names.len(), begun.len(), "one name was begun twice: {begun:?}");
        let launched: i64 =
            self.estatus.decisions("web").iter().map(|one| one["change"].as_i64().unwrap().max(0)).sum();
        let last = names.iter().filter_map(|name| name.strip_prefix("web-")?.parse::<i64>().ok()).max();
        assert!(last.is_some_and(|last| last <= launched), "{last:?} of {launched} that were decided on");
    }
}

/// Kills whoever is still there.
fn kill(pid: u32) {
    let _ = Command::new("kill").args(["-KILL", &pid.to_string()]).output();
}

/// Numbers that `seed` foresees.
fn dice(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut thrown = 0_u64;
    move |below| {
        thrown += 1;
        BuildHasherDefault::<DefaultHasher>::default().hash_one((seed, thrown)) % below
    }
}

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok()?.parse().ok()
}

/// Who is killed in a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Victim {
    Engine,
    Agent,
    Shim,
}

/// Each round kills these, in this order.
const DEATHS: &[&[Victim]] = {
    use Victim::{Agent, Engine, Shim};
    &[
        &[Engine],
        &[Agent],
        &[Shim],
        &[Agent, Engine],
        &[Engine, Agent],
        &[Shim, Agent],
        &[Agent, Engine, Engine],
        &[Engine, Shim, Agent],
        &[Agent, Agent, Agent, Engine],
        &[Engine, Agent, Agent, Agent, Engine, Engine],
    ]
};

/// Forwards whoever comes to a port of its own to another, as a router does; gives back the port, and how many have come.
fn forwards_to(port: u16) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (at, come) = (listener.local_addr().unwrap().port(), Arc::<AtomicUsize>::default());
    let counted = Arc::clone(&come);
    thread::spawn(move || {
        for near in listener.incoming().map_while(Result::ok) {
            // Whoever comes too early comes again.
            let Ok(far) = TcpStream::connect(("127.0.0.1", port)) else { continue };
            counted.fetch_add(1, Ordering::Relaxed);
            for (mut from, mut to) in
                [(near.try_clone().unwrap(), far.try_clone().unwrap()), (far.try_clone().unwrap(), near)]
            {
                thread::spawn(move || {
                    let _ = io::copy(&mut from, &mut to);
                    let _ = to.shutdown(std::net::Shutdown::Both);
                });
            }
        }
    });
    (at, come)
}

#[test]
fn agents_come_to_the_address_that_is_advertised_and_know_the_engine_by_it() {
    let port = free_port();
    let (advertised, come) = forwards_to(port);
    let mut web = Web::listening(port, &format!("advertise = \"localhost:{advertised}\""));
    web.estatus.start();
    web.becomes_whole("the start");
    // Each enrols, and attends by another connection.
    assert!(come.load(Ordering::Relaxed) >= 2 * DESIRED, "{come:?}");
}

#[test]
fn whoever_is_killed_one_intent_is_one_instance_and_the_fleet_is_soon_whole() {
    let seed = number("ESTATUS_SEED").unwrap_or_else(|| RandomState::new().hash_one(0) % 100_000);
    let rounds = number("ESTATUS_ROUNDS").unwrap_or(ROUNDS);
    eprintln!("ESTATUS_SEED={seed}");
    let mut dice = dice(seed);
    let mut web = Web::new();
    web.estatus.start();
    web.becomes_whole("the first start");
    let mut took: BTreeMap<&[Victim], Vec<Duration>> = BTreeMap::new();
    for round in 0..rounds {
        let _ = within(Duration::from_millis(dice(700)), || None::<()>);
        let deaths = DEATHS[usize::try_from(dice(DEATHS.len() as u64)).unwrap()];
        let mut is_dead = false;
        for victim in deaths {
            if *victim == Victim::Engine {
                if is_dead {
                    // It dies as it begins, too.
                    web.estatus.begin();
                    let _ = within(Duration::from_millis(dice(1_500)), || None::<()>);
                }
                web.estatus.kill();
                is_dead = true;
            } else {
                let of_instances = web.estatus.local_instances().into_values().flatten().collect();
                let of_shims = web.estatus.shims_of_instances().into_iter().map(|(_, pid)| pid).collect();
                let there: Vec<u32> = if *victim == Victim::Agent { of_instances } else { of_shims };
                if !there.is_empty() {
                    kill(there[usize::try_from(dice(there.len() as u64)).unwrap()]);
                }
            }
            // The next dies of what this one has begun: the launch, the commit, the goodbye.
            let _ = within(Duration::from_micros(dice(60_000)), || None::<()>);
        }
        if is_dead {
            web.estatus.start();
        }
        let whole = web.becomes_whole(&format!("round {round} killed {deaths:?}"));
        took.entry(deaths).or_default().push(whole);
        assert_eq!(web.noted("twice"), [""; 0], "two of one name at once after round {round}");
    }
    web.was_true();
    for (deaths, took) in &took {
        let longest = took.iter().max().unwrap();
        eprintln!("{deaths:?}: {} rounds, whole again after {longest:?} at most", took.len());
    }
    eprintln!(
        "{rounds} rounds, {} instances, {} decisions",
        web.noted("begun").len(),
        web.estatus.decisions("web").len()
    );
}
