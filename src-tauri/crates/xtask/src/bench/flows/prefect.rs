//! Flows of Prefect, run by its own Python and kept by the server that it starts by itself; and the journal in SQLite.
//!
//! It comes from the Python Package Index into the user's caches, in the version that `requirements.txt` names, with all
//! that it needs. It is measured as it comes, except that it prints nothing and sends nothing to its makers.

use std::{
    env, fs,
    path::PathBuf,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::{Options, figures::Figures, median};
use crate::{
    bench::{
        daemon::{Daemon, Lab, kill},
        meter, table,
    },
    command::{clean, output, run},
    python,
};

const REQUIREMENTS: &str = include_str!("prefect/requirements.txt");
const SCRIPT: &str = include_str!("prefect/flows.py");
/// How it is set up, beside having a home of its own.
const SETTINGS: [(&str, &str); 5] = [
    ("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "100"),
    ("DO_NOT_TRACK", "1"),
    ("PREFECT_SERVER_ANALYTICS_ENABLED", "false"),
    ("PREFECT_LOGGING_LEVEL", "CRITICAL"),
    ("PREFECT_SERVER_LOGGING_LEVEL", "CRITICAL"),
];
/// For so long a run is looked at whose process was killed.
const WATCHED_FOR: Duration = Duration::from_secs(20);
/// So many runs wait while their memory is measured.
const WAITING: u32 = 50;
/// How many rows the journal is measured with.
const ROWS: u32 = 1_000;
/// Whatever it is asked for has begun within this, with its server.
const PATIENCE: Duration = Duration::from_secs(120);
/// Before its memory is measured, it is left alone for so long.
const SETTLES: Duration = Duration::from_secs(10);

/// Prefect, as it was fetched.
pub(super) struct Prefect<'a> {
    lab: &'a Lab,
    python: PathBuf,
    script: PathBuf,
    home: PathBuf,
}

impl<'a> Prefect<'a> {
    /// Fetches it, if that has not been done.
    pub(super) fn fetch(lab: &'a Lab) -> Result<Self> {
        let python = python::environment("prefect", REQUIREMENTS)?;
        let (script, home) = (lab.write("flows.py", SCRIPT)?, lab.folder("prefect")?);
        Ok(Self { lab, python, script, home })
    }

    pub(super) fn measure(&self, options: &Options, figures: &mut Figures) -> Result<()> {
        // An empty flow takes it a second.
        let rounds = (options.rounds / 10).max(1);
        println!(
            "── prefect: an empty flow {rounds} times, tasks that do nothing or run `true`, {} at once",
            options.side
        );
        let words = [rounds, options.steps, options.side].map(|word| word.to_string());
        let measured = self.says(&["measure", &words[0], &words[1], &words[2]])?;
        let spawn = measured["spawn"].as_f64().context("it does not say what `true` takes by itself")?;
        println!("   `true` takes {spawn:.2} ms by itself");
        let column = &mut figures.prefect;
        column.empty = middle(&measured["empty"]);
        figures.empty_async = middle(&measured["empty_async"]);
        column.step = middle(&measured["step"]);
        column.true_step = middle(&measured["true"]).map(|took| took - spawn);
        column.side = measured["side"].as_f64().map(|took| took / 1e3);
        println!("── prefect: the process of a run is killed, and its server with it");
        column.true_again = self.true_again()?;
        println!("── prefect: {WAITING} runs that wait");
        column.waiting = Some(self.waiting()?);
        println!("── SQLite: a row for each of {ROWS} steps");
        let journal = self.lab.join("journal.db").display().to_string();
        figures.journal = middle(&self.says(&["journal", &journal, &ROWS.to_string()])?["step"]);
        Ok(())
    }

    /// When what it says of a run is true whose process was killed; nothing if it never said that it ran.
    fn true_again(&self) -> Result<Option<table::Value>> {
        let process = self.start(&["hang"])?;
        let run = process.said("run")?;
        process.said("hangs")?;
        drop(process);
        let killed = Instant::now();
        let id = run.as_str().context("a run has no number")?;
        let seen = self.says(&["watch", id, &WATCHED_FOR.as_secs().to_string()])?;
        let still = seen["running"] == true;
        println!("   then its run is said to be {}", seen["state"]);
        let after = killed.elapsed().as_secs_f64();
        Ok(Some(if still { table::Value::Above(WATCHED_FOR.as_secs_f64()) } else { after.into() }))
    }

    /// Kilobytes for each of some runs that wait, all of them coroutines of one process.
    fn waiting(&self) -> Result<f64> {
        let pipe = self.lab.join("begin");
        run(clean("mkfifo").arg(&pipe))?;
        let process = self.start(&["wait", &WAITING.to_string(), &pipe.display().to_string()])?;
        process.said("ready")?;
        thread::sleep(SETTLES);
        let before = process.memory();
        fs::write(&pipe, "\n")?;
        process.said("waiting")?;
        thread::sleep(SETTLES);
        Ok((process.memory() as f64 - before as f64) / 1e3 / f64::from(WAITING))
    }

    /// What it says, having done as told.
    fn says(&self, words: &[&str]) -> Result<Value> {
        let said = output(&mut self.command(words))?;
        serde_json::from_str(said.trim()).with_context(|| format!("it says {said}"))
    }

    fn start(&self, words: &[&str]) -> Result<Process> {
        Daemon::run(self.lab, &self.command(words)).map(Process)
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = clean(&self.python);
        for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PREFECT_")) {
            command.env_remove(name);
        }
        command.envs(SETTINGS).env("PREFECT_HOME", &self.home).arg(&self.script).args(words);
        command
    }
}

/// A process of Prefect, which ends with its server when this is dropped.
struct Process(Daemon);

impl Process {
    /// Waits until it says so; what it says.
    fn said(&self, name: &str) -> Result<Value> {
        let begun = Instant::now();
        loop {
            let said = self.0.said();
            let mut lines = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            if let Some(line) = lines.find(|line| line.get(name).is_some()) {
                return Ok(line[name].clone());
            }
            self.0.check()?;
            if begun.elapsed() > PATIENCE {
                bail!("it does not say “{name}” within {} s, but: {said}", PATIENCE.as_secs());
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Of the process and its server, in bytes.
    fn memory(&self) -> u64 {
        meter::tree(self.0.pid()).into_iter().map(meter::proportional).sum()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        kill(&meter::tree(self.0.pid()));
    }
}

fn middle(values: &Value) -> Option<f64> {
    median(values.as_array()?.iter().filter_map(Value::as_f64).collect())
}
