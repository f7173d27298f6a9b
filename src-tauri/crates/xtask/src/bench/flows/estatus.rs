//! Flows of Estatus.

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, bail, ensure};

use super::{
    Options,
    contract::Client,
    figures::{Figures, Idle},
    median,
};
use crate::{
    bench::{
        daemon::{Daemon, Lab, kill},
        meter,
    },
    command::{clean, run},
    platform,
};

/// What does nothing in the least time that there is.
const NOTHING: &str = "wait = \"1ms\"";
/// What [`NOTHING`] takes by itself, in milliseconds.
const NOTHING_TAKES: f64 = 1.0;
const TRUE: &str = "run = [\"true\"]";
/// How often a flow with many steps is run.
const ROUNDS: usize = 9;
/// How often `true` is run without a step each time.
const BARE: u32 = 50;
/// How often the engine is killed.
const KILLS: usize = 10;
/// An engine gives memory back once a minute.
const GIVES_BACK_WITHIN: Duration = Duration::from_secs(65);
/// Before CPU time is measured, an engine is left alone for so long.
const SETTLES: Duration = Duration::from_secs(15);
const ENDS_WITHIN: Duration = Duration::from_secs(60);

pub(super) fn measure(lab: &Lab, program: &Path, options: &Options, figures: &mut Figures) -> Result<()> {
    let column = &mut figures.estatus;
    println!("── estatus: an empty flow {} times, and flows of {} steps", options.rounds, options.steps);
    [column.empty, column.step, column.true_step] = steps(lab, program, options)?;
    println!("── estatus: {} steps that run `true` side by side", options.side);
    column.side = side(lab, program, options.side)?;
    println!("── estatus: its engine is killed while a step runs, and started again, {KILLS} times");
    column.true_again = Some(true_again(lab, program)?.into());
    println!("── estatus: {} runs that wait", options.flows);
    column.waiting = Some(waiting(lab, program, options.flows)?);
    for (flows, idle) in [options.flows, 0].into_iter().zip(&mut figures.idle) {
        println!("── estatus: {flows} scheduled flows of which none is due, for {} s", options.seconds);
        *idle = Some(self::idle(lab, program, flows, options.seconds)?);
    }
    Ok(())
}

/// An empty flow, and what a step takes that does nothing, and one that runs `true` beyond what that takes by itself.
fn steps(lab: &Lab, program: &Path, options: &Options) -> Result<[Option<f64>; 3]> {
    let many = options.steps;
    let flows = [("empty", NOTHING, 1), ("empty_many", NOTHING, many), ("true", TRUE, 1), ("true_many", TRUE, many)];
    let flows = flows.map(|(name, does, count)| flow(name, "", does, "", count));
    let engine = Engine::start(lab, program, &flows.concat())?;
    let mut client = engine.client()?;
    let empty = several(usize::try_from(options.rounds)?, || client.run("empty").map(ms))?;
    let nothing = several(ROUNDS, || Ok(each(&mut client, "empty", many)? - NOTHING_TAKES))?;
    let runs_true = several(ROUNDS, || Ok(each(&mut client, "true", many)? - bare()?))?;
    drop(client);
    engine.end(lab);
    println!("   `true` takes {:.2} ms by itself", bare()?);
    Ok([empty, nothing, runs_true])
}

/// The one in the middle of so many figures, after it was done once.
fn several(count: usize, mut measure: impl FnMut() -> Result<f64>) -> Result<Option<f64>> {
    measure()?;
    (0..count).map(|_| measure()).collect::<Result<_>>().map(median)
}

/// What each further step takes: a flow of one step beside the one of many of the same.
fn each(client: &mut Client, flow: &str, many: u32) -> Result<f64> {
    let one = several(5, || client.run(flow).map(ms))?.unwrap_or_default();
    let all = ms(client.run(&format!("{flow}_many"))?);
    Ok((all - one) / f64::from(many - 1))
}

/// What it takes to start `true` and to see it end.
fn bare() -> Result<f64> {
    let begun = Instant::now();
    for _ in 0..BARE {
        ensure!(clean("true").stdin(Stdio::null()).status()?.success(), "`true` fails");
    }
    Ok(ms(begun.elapsed()) / f64::from(BARE))
}

fn side(lab: &Lab, program: &Path, count: u32) -> Result<Option<f64>> {
    let engine = Engine::start(lab, program, &flow("side", "", TRUE, "needs = []", count))?;
    let mut client = engine.client()?;
    let took: Result<Vec<f64>> = (0..3).map(|_| client.run("side").map(|took| took.as_secs_f64())).collect();
    drop(client);
    engine.end(lab);
    Ok(median(took?))
}

/// The engine is killed in a run, whose command ends while there is none: how long the next takes, at the worst, until it
/// says how that ended.
fn true_again(lab: &Lab, program: &Path) -> Result<f64> {
    let folder = lab.folder("killed")?;
    let pipe = folder.join("go");
    run(clean("mkfifo").arg(&pipe))?;
    let script = lab.write("killed/script", "read go <$1\n")?;
    let command =
        ["/bin/sh", &script.display().to_string(), &pipe.display().to_string(), lab.mark()].map(str::to_owned);
    let last = flow("killed", "", &format!("run = {command:?}"), "", 1);
    let mut engine = Engine::start(lab, program, &last)?;
    let mut worst = Duration::ZERO;
    for _ in 0..KILLS {
        let begun = engine.client()?.begin("killed")?;
        wait_until("the command runs", || Ok(!meter::marked(lab.mark()).is_empty()))?;
        kill(&[engine.daemon.pid()]);
        fs::write(&pipe, "\n")?;
        wait_until("the command has ended", || Ok(meter::marked(lab.mark()).is_empty()))?;
        wait_until("the engine has ended", || Ok(engine.daemon.check().is_err()))?;
        let started = Instant::now();
        engine.again(lab)?;
        let state = engine.client()?.end_of(begun)?;
        worst = worst.max(started.elapsed());
        ensure!(state == "succeeded", "the run ended as {state}, though its command did well");
    }
    engine.end(lab);
    Ok(worst.as_secs_f64())
}

/// Kilobytes for each of so many runs that wait.
fn waiting(lab: &Lab, program: &Path, count: u32) -> Result<f64> {
    let flows = |number: u32| flow(&format!("waits_{number}"), "", "wait = \"1h\"", "", 1);
    let flows = (0..count).map(flows).chain([flow("empty", "", NOTHING, "", 1)]);
    let engine = Engine::start(lab, program, &flows.collect::<String>())?;
    let mut client = engine.client()?;
    // What any run takes, however many there are, is not counted.
    several(usize::try_from(count)?, || client.run("empty").map(ms))?;
    let before = memory(&engine)?;
    for number in 0..count {
        client.begin(&format!("waits_{number}"))?;
    }
    let after = memory(&engine)?;
    drop(client);
    engine.end(lab);
    Ok((after as f64 - before as f64) / 1e3 / f64::from(count))
}

/// What it has when it has given back what it needed for a moment.
fn memory(engine: &Engine) -> Result<u64> {
    let begun = Instant::now();
    let mut least = u64::MAX;
    while begun.elapsed() < GIVES_BACK_WITHIN {
        thread::sleep(Duration::from_secs(1));
        engine.daemon.check()?;
        least = least.min(meter::proportional(engine.daemon.pid()));
    }
    Ok(least)
}

fn idle(lab: &Lab, program: &Path, count: u32, seconds: u64) -> Result<Idle> {
    let flows = |number: u32| flow(&format!("later_{number}"), "every = \"24h\"", NOTHING, "", 1);
    let engine = Engine::start(lab, program, &(0..count).map(flows).collect::<String>())?;
    drop(engine.client()?);
    thread::sleep(SETTLES);
    let pid = engine.daemon.pid();
    let (cpu, wakes, from) = (meter::cpu_of_threads(pid)?, meter::wakes(pid)?, Instant::now());
    thread::sleep(Duration::from_secs(seconds));
    let used = meter::cpu_of_threads(pid)?.saturating_sub(cpu);
    let (woke, over) = (meter::wakes(pid)?.saturating_sub(wakes), from.elapsed().as_secs_f64());
    engine.end(lab);
    Ok(Idle { cpu_percent: used.as_secs_f64() * 100.0 / over, wakes: woke as f64 * 60.0 / over })
}

/// A flow of `count` steps that all do the same.
fn flow(name: &str, keys: &str, does: &str, more: &str, count: u32) -> String {
    let mut toml = format!("[flow.{name}]\n{keys}\n");
    for number in 0..count {
        // Without a line between them, as a file of a thousand flows is long enough.
        let _ = writeln!(toml, "[[flow.{name}.step]]\nname = \"step {number}\"\n{does}\n{more}");
    }
    toml
}

/// An engine at work.
struct Engine {
    program: PathBuf,
    folder: PathBuf,
    daemon: Daemon,
}

impl Engine {
    fn start(lab: &Lab, program: &Path, flows: &str) -> Result<Self> {
        let folder = lab.folder("estatus")?;
        fs::write(folder.join("estatus.toml"), format!("[network]\nreference = []\n\n{flows}"))?;
        let data = folder.join("data");
        fs::create_dir(&data)?;
        platform::close_to_others(&data)?;
        let daemon = run_engine(lab, program, &folder)?;
        Ok(Self { program: program.to_owned(), folder, daemon })
    }

    /// Starts another where this one was.
    fn again(&mut self, lab: &Lab) -> Result<()> {
        self.daemon = run_engine(lab, &self.program, &self.folder)?;
        Ok(())
    }

    fn client(&self) -> Result<Client> {
        Client::connect(&self.folder.join("data"), || self.daemon.check())
    }

    fn end(self, lab: &Lab) {
        self.daemon.end_by("-TERM", ENDS_WITHIN);
        lab.end_programs();
    }
}

fn run_engine(lab: &Lab, program: &Path, folder: &Path) -> Result<Daemon> {
    let mut command = clean(program);
    command.arg("--config").arg(folder.join("estatus.toml")).arg("--data").arg(folder.join("data")).arg("run");
    Daemon::run(lab, &command)
}

fn wait_until(what: &str, is_so: impl Fn() -> Result<bool>) -> Result<()> {
    let begun = Instant::now();
    while !is_so()? {
        if begun.elapsed() > ENDS_WITHIN {
            bail!("not within {} s: {what}", ENDS_WITHIN.as_secs());
        }
        thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

fn ms(span: Duration) -> f64 {
    span.as_secs_f64() * 1e3
}
