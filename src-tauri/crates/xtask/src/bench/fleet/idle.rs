//! An engine without a fleet.

use std::{
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};

use super::{LOOKS_EVERY, estatus::run_engine};
use crate::{
    bench::{daemon::Lab, meter},
    platform,
};

/// Before anything is measured, it is left alone for so long.
const SETTLES: Duration = Duration::from_secs(15);

/// What an engine without a fleet takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Idle {
    /// The size of the executable, in bytes.
    pub(super) executable: u64,
    /// Memory (PSS), in bytes.
    pub(super) memory: u64,
    /// Of one core.
    pub(super) cpu_percent: f64,
}

pub(super) fn measure(lab: &Lab, program: &Path, seconds: u64) -> Result<Idle> {
    println!("── estatus: an engine without a fleet for {seconds} s");
    let folder = lab.folder("idle")?;
    let data = folder.join("data");
    fs::create_dir(&data)?;
    platform::close_to_others(&data)?;
    fs::write(folder.join("estatus.toml"), "[network]\nreference = []\n")?;
    let daemon = run_engine(lab, program, &folder)?;
    thread::sleep(SETTLES);
    let (cpu, from) = (meter::cpu_of_threads(daemon.pid())?, Instant::now());
    let mut memory = u64::MAX;
    while from.elapsed() < Duration::from_secs(seconds) {
        thread::sleep(LOOKS_EVERY);
        daemon.check()?;
        memory = memory.min(meter::proportional(daemon.pid()));
    }
    let used = meter::cpu_of_threads(daemon.pid())?.saturating_sub(cpu);
    let cpu_percent = used.as_secs_f64() * 100.0 / from.elapsed().as_secs_f64();
    let executable = fs::metadata(program).with_context(|| format!("There is no {}", program.display()))?.len();
    daemon.end_by("-TERM", SETTLES);
    Ok(Idle { executable, memory, cpu_percent })
}
