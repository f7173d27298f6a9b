//! An engine with very many agents.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::{
    HEARTBEAT, Options, Used,
    crowd::Crowd,
    figures::{Delays, Figures},
    wait_until, watch,
};
use crate::{
    bench::daemon::{Daemon, Lab, free_port},
    command::{clean, run},
    platform,
};

/// The agents live in so many processes, those that die in one more.
const PARTS: u32 = 8;
/// So many of each kind die.
const DEAD: u32 = 11;
/// So many instances speak the document's protocol.
const DOCUMENT: u32 = 100;
/// How often the load gets too high.
const ROUNDS: u32 = 3;
/// A load with which nothing is done, and one that is too high, the mean being to be 60 %.
const LOADS: [&str; 2] = ["50%", "95%"];
/// All are launched, and attend, within this.
const BOOT_WITHIN: Duration = Duration::from_secs(1_800);
/// Anything else happens within this.
const PATIENCE: Duration = Duration::from_secs(120);
/// How late those that live are heard is looked at for so long.
const DELAYS_OVER: Duration = Duration::from_secs(40);

/// Launches an instance: a ticket for whoever plays it.
const CREATE: &str = r#"number=${ESTATUS_INSTANCE##*-}
case $ESTATUS_FLEET in
web) place=web-$((number > DEAD ? number % PARTS + 1 : 0)); read -r token <"$ESTATUS_TOKEN_FILE" ;;
*) place=$ESTATUS_FLEET; token=none ;;
esac
: >"LAB/all-$ESTATUS_FLEET/$ESTATUS_INSTANCE"
printf '%s\n%s\n' "$ESTATUS_SERVER" "$token" >"LAB/$place/$ESTATUS_INSTANCE"
echo "{\"id\": \"$ESTATUS_INSTANCE\"}"
"#;
const LIST: &str = r#"printf '['
ls "LAB/all-$ESTATUS_FLEET" | sed 's/.*/{ "id": "&", "name": "&" }/; $!s/$/,/'
printf ']'
"#;
const TERMINATE: &str = r#"rm -f "LAB/all-$ESTATUS_FLEET/$ESTATUS_INSTANCE"
"#;

/// `without` is the memory of an engine without a fleet.
pub(super) fn measure(
    lab: &Lab,
    crowd: &Crowd,
    program: &Path,
    options: &Options,
    without: u64,
    figures: &mut Figures,
) -> Result<()> {
    println!("── estatus: to decide on {} instances", options.agents);
    figures.decide_ms = Some(crowd.decide(options.agents)?);
    println!("── estatus: {} agents are launched, enrol and attend", options.agents);
    let mut stage = Stage::set(lab, crowd, program, options.agents)?;
    stage.all_run()?;
    println!("── estatus: they say their load every {} s for {} s", HEARTBEAT.as_secs(), options.seconds);
    // What booting took is given back, and what is heard first is over.
    thread::sleep(HEARTBEAT * 4);
    let Used { cpu_of_sweep, memory } = watch(&stage.engine, options.seconds)?;
    stage.all_run()?;
    figures.cpu_of_sweep = Some(cpu_of_sweep);
    figures.memory_of_one = Some((memory as f64 - without as f64) / f64::from(options.agents + DOCUMENT));
    println!("── estatus: their load gets too high, {ROUNDS} times");
    figures.launch = (0..ROUNDS).map(|_| stage.launch()).collect::<Result<Vec<_>>>()?.into_iter().max();
    stage.switch_off()?;
    println!("── estatus: all live for {} s, then {DEAD} of each kind are dead", DELAYS_OVER.as_secs());
    let living = stage.delays()?;
    stage.kill()?;
    figures.delays = [Some(living), Some(stage.delays()?)];
    Ok(())
}

pub(super) fn run_engine(lab: &Lab, program: &Path, folder: &Path) -> Result<Daemon> {
    let mut command = clean(program);
    command.arg("--config").arg(folder.join("estatus.toml")).arg("--data").arg(folder.join("data")).arg("run");
    Daemon::run(lab, &command)
}

/// An engine, and whom it has to do with.
struct Stage {
    engine: Daemon,
    program: PathBuf,
    folder: PathBuf,
    port: u16,
    /// So many agents there are at least.
    least: u32,
    /// So many there are now, and may be.
    agents: u32,
    /// Something is done with the fleets by itself.
    is_on: bool,
    /// The agents that are to die.
    mortal: Daemon,
    _crowds: Vec<Daemon>,
}

impl Stage {
    fn set(lab: &Lab, crowd: &Crowd, program: &Path, agents: u32) -> Result<Self> {
        let folder = lab.folder("estatus")?;
        let at = |name: &str| folder.join(name);
        let parts: Vec<PathBuf> = (0..=PARTS).map(|part| at(&format!("web-{part}"))).collect();
        let others = ["all-web", "all-document", "document", "data"].map(at);
        for folder in parts.iter().chain(&others) {
            fs::create_dir(folder)?;
        }
        platform::close_to_others(&at("data"))?;
        for (name, script) in [("create", CREATE), ("list", LIST), ("terminate", TERMINATE)] {
            let script = script.replace("LAB", &folder.display().to_string());
            fs::write(at(name), script.replace("DEAD", &DEAD.to_string()).replace("PARTS", &PARTS.to_string()))?;
        }
        fs::write(at("load"), LOADS[0])?;
        let play = |part: &PathBuf| crowd.play(lab, ["agents".as_ref(), part.as_os_str(), at("load").as_os_str()]);
        let mut crowds = parts.iter().map(play).collect::<Result<Vec<_>>>()?;
        let mortal = crowds.remove(0);
        let (log, dead) = (at("asked"), at("dead"));
        let document = ["document".as_ref(), others[2].as_os_str(), log.as_os_str(), dead.as_os_str()];
        crowds.push(crowd.play(lab, document.into_iter().chain([DEAD.to_string().as_ref()]))?);
        let port = free_port()?;
        fs::write(at("estatus.toml"), configuration(&folder, port, [agents; 2], true))?;
        let engine = run_engine(lab, program, &folder)?;
        let program = program.to_owned();
        Ok(Self { engine, program, folder, port, least: agents, agents, is_on: true, mortal, _crowds: crowds })
    }

    /// Waits until all are there that should be.
    fn all_run(&self) -> Result<()> {
        let wanted = u64::from(self.agents);
        let far = || {
            let said = self.fleets().unwrap_or_default();
            format!(
                ": {} of {wanted} run, {} by the document's protocol",
                said["web"]["running"], said["document"]["running"]
            )
        };
        let all = || {
            self.engine.check()?;
            thread::sleep(Duration::from_secs(1));
            // It may not answer yet.
            let Ok(fleets) = self.fleets() else { return Ok(false) };
            Ok(fleets["web"]["running"] == wanted && fleets["document"]["running"] == DOCUMENT)
        };
        wait_until("all run", BOOT_WITHIN, all, far)
    }

    /// How long it takes from when the load is too high until there is another instance, of which there may be one more now.
    fn launch(&mut self) -> Result<Duration> {
        let low = || Ok(self.fleets()?["web"]["mean"].as_f64().is_some_and(|mean| mean < 0.55));
        wait_until("the load is low again", PATIENCE, low, String::new)?;
        self.agents += 1;
        self.configure()?;
        let begun = SystemTime::now();
        fs::write(self.folder.join("load"), LOADS[1])?;
        let launched = self.folder.join("all-web").join(format!("web-{}", self.agents));
        wait_until("another is launched", PATIENCE, || Ok(launched.exists()), String::new)?;
        let took = launched.metadata()?.modified()?.duration_since(begun)?;
        println!("   {:.2} s", took.as_secs_f64());
        fs::write(self.folder.join("load"), LOADS[0])?;
        self.all_run()?;
        Ok(took)
    }

    /// From now on nobody is launched and nobody removed.
    fn switch_off(&mut self) -> Result<()> {
        self.is_on = false;
        self.configure()
    }

    /// Some stop to answer, but their connections stay.
    fn kill(&self) -> Result<()> {
        fs::write(self.folder.join("dead"), "")?;
        run(clean("kill").args(["-STOP", &self.mortal.pid().to_string()]))?;
        // From then on each of them is missed.
        thread::sleep(HEARTBEAT);
        Ok(())
    }

    /// Has the engine take over how it is now.
    fn configure(&self) -> Result<()> {
        let (file, next) = (self.folder.join("estatus.toml"), self.folder.join("next"));
        fs::write(&next, configuration(&self.folder, self.port, [self.least, self.agents], self.is_on))?;
        fs::rename(next, file)?;
        let is_taken = || {
            let fleet = &self.fleets()?["web"];
            Ok(fleet["max"] == self.agents && fleet["enabled"] == self.is_on)
        };
        wait_until("the engine has read its file", PATIENCE, is_taken, String::new)
    }

    /// How late those that live are heard from now on.
    fn delays(&self) -> Result<Delays> {
        let from = SystemTime::now().duration_since(UNIX_EPOCH)?;
        let mut silent = Duration::ZERO;
        for _ in 0..4 {
            thread::sleep(DELAYS_OVER / 4);
            silent = silent.max(self.longest_silence()?);
        }
        Ok(Delays { asked: self.asked_late(from)?, silent })
    }

    /// For how long an agent that lives has seemed silent.
    fn longest_silence(&self) -> Result<Duration> {
        let fleet = self.ask(&["fleet", "show", "web", "--json"])?;
        let instances = fleet["instances"].as_array().context("the fleet has no instances")?;
        let lives = |instance: &&Value| number_of(&instance["name"]).is_some_and(|number| number > DEAD);
        let silent = instances.iter().filter(lives).filter_map(|instance| instance["silent"].as_f64());
        silent.reduce(f64::max).map(Duration::from_secs_f64).context("nobody is heard")
    }

    /// How much later than due an instance that lives was asked since `from`.
    fn asked_late(&self, from: Duration) -> Result<Duration> {
        let log = fs::read_to_string(self.folder.join("asked"))?;
        let mut asked: BTreeMap<u32, Vec<Duration>> = BTreeMap::new();
        for line in log.lines() {
            let Some((number, at)) = line.split_once(' ') else { continue };
            let (number, at) = (number.parse()?, Duration::from_nanos(at.parse()?));
            if number > DEAD && at >= from {
                asked.entry(number).or_default().push(at);
            }
        }
        ensure!(asked.len() == usize::try_from(DOCUMENT - DEAD)?, "only {} were asked", asked.len());
        let gaps = asked.values().flat_map(|times| times.windows(2).map(|pair| pair[1].saturating_sub(pair[0])));
        Ok(gaps.max().context("nobody was asked twice")?.saturating_sub(HEARTBEAT))
    }

    /// How the fleets are, by their names.
    fn fleets(&self) -> Result<Value> {
        let fleets = self.ask(&["fleet", "list", "--json"])?;
        let fleets = fleets.as_array().context("there is no list of fleets")?;
        Ok(fleets.iter().filter_map(|fleet| Some((fleet["name"].as_str()?.to_owned(), fleet.clone()))).collect())
    }

    fn ask(&self, words: &[&str]) -> Result<Value> {
        self.engine.check()?;
        let mut command = clean(&self.program);
        command.arg("--config").arg(self.folder.join("estatus.toml")).arg("--data").arg(self.folder.join("data"));
        // It ends with 1 where something is wrong: what it prints is what counts.
        let said = command.args(words).output().context("Failed to start estatus")?;
        let error = String::from_utf8_lossy(&said.stderr);
        serde_json::from_slice(&said.stdout).with_context(|| format!("`estatus {}`: {error}", words.join(" ")))
    }
}

fn configuration(folder: &Path, port: u16, web: [u32; 2], enabled: bool) -> String {
    let commands = ["create", "list", "terminate"]
        .map(|name| format!("{name} = [\"/bin/sh\", \"{}\"]", folder.join(name).display()))
        .join("\n");
    let fleet = |name: &str, [desired, max]: [u32; 2]| {
        format!(
            "[fleet.{name}]\ndesired = {desired}\nmax = {max}\nheartbeat = \"{}s\"\nboot_within = \"1h\"\n\
             listen = \"127.0.0.1:{port}\"\nbudget = {{ launches = 100000, within = \"1h\" }}\nenabled = {enabled}\n\
             [fleet.{name}.command]\n{commands}\n\n",
            HEARTBEAT.as_secs()
        )
    };
    let fleets = [fleet("web", web), fleet("document", [DOCUMENT; 2])].concat();
    format!("[network]\nreference = []\n\n{fleets}")
}

/// The number of an instance: 7 of `web-7`.
fn number_of(name: &Value) -> Option<u32> {
    name.as_str()?.rsplit_once('-')?.1.parse().ok()
}
