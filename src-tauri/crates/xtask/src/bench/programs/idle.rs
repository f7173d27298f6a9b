//! What it takes to supervise programs that do nothing.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};

use super::{
    peer::{Peer, Program},
    stand::Stand,
};
use crate::bench::{daemon::Lab, meter};

/// All of them run within this.
const PATIENCE: Duration = Duration::from_secs(120);
/// Then they are left alone for so long before anything is measured.
const SETTLES: Duration = Duration::from_secs(15);

/// Of all that supervises.
pub(crate) struct Idle {
    /// Bytes, with what is shared counted once.
    pub(crate) memory: u64,
    /// Of one core.
    pub(crate) cpu_percent: f64,
}

pub(crate) fn idle(lab: &Lab, peer: &Peer, count: u32, seconds: u64) -> Result<Idle> {
    let programs: Vec<Program> = (0..count).map(|number| sleeps(lab, peer, &format!("idle-{number}"))).collect();
    let running = || running(&programs[0].line());
    let stand = peer.start(lab, &programs, None)?;
    let begun = Instant::now();
    while running() < programs.len() {
        stand.check()?;
        if begun.elapsed() > PATIENCE {
            bail!("only {} of {count} programs run", running());
        }
        thread::sleep(Duration::from_millis(200));
    }
    println!("   all of them ran after {:.1} s", begun.elapsed().as_secs_f64());
    thread::sleep(SETTLES);
    let (before, from) = (cpu(lab, &stand), Instant::now());
    thread::sleep(Duration::from_secs(seconds));
    let used = cpu(lab, &stand).saturating_sub(before);
    let cpu_percent = used.as_secs_f64() * 100.0 / from.elapsed().as_secs_f64();
    let memory = stand.supervisors(lab).into_iter().map(meter::proportional).sum();
    stand.end(lab);
    Ok(Idle { memory, cpu_percent })
}

fn sleeps(lab: &Lab, peer: &Peer, name: &str) -> Program {
    match peer.for_windows() {
        Some(windows) => windows.habit(name, ["sleep", lab.mark()]),
        None => Program::new(name, ["/bin/sleep", lab.mark()]),
    }
}

/// How many processes have this command line.
fn running(line: &str) -> usize {
    meter::marked(line).into_iter().filter(|pid| meter::command_line(*pid).trim_end() == line).count()
}

fn cpu(lab: &Lab, stand: &Stand<'_>) -> Duration {
    stand.supervisors(lab).into_iter().filter_map(|pid| meter::cpu(pid).ok()).sum()
}
