//! How many of a program run after its supervisor was killed and started again.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};

use super::{peer::Peer, restart};
use crate::bench::{daemon::Lab, meter};

const ROUNDS: u32 = 5;
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a program has run when its supervisor is killed, at another moment of that each time.
const RUNS_FOR: Duration = Duration::from_secs(2);
/// Then it is looked at for so long.
const SETTLES: Duration = Duration::from_secs(8);
/// Longer than anybody looks.
const LIVES: Duration = Duration::from_secs(3600);

/// The most that ran at once, of all rounds.
pub(crate) fn most(lab: &Lab, peer: &Peer) -> Result<usize> {
    let rounds = (1..=ROUNDS).map(|round| after_kill(lab, peer, RUNS_FOR * round / ROUNDS));
    Ok(rounds.collect::<Result<Vec<_>>>()?.into_iter().max().unwrap_or_default())
}

fn after_kill(lab: &Lab, peer: &Peer, runs_for: Duration) -> Result<usize> {
    let (program, told) = restart::lives(lab, peer, LIVES)?;
    let mut stand = peer.start(lab, &[program], None)?;
    told.wait("begins", PATIENCE).with_context(|| stand.said())?;
    thread::sleep(runs_for);
    stand.kill(lab);
    stand.run(lab)?;
    let (begun, mut most) = (Instant::now(), 0);
    while begun.elapsed() < SETTLES {
        most = most.max(running(lab));
        thread::sleep(Duration::from_millis(20));
    }
    ensure!(running(lab) > 0, "nothing runs any more since its supervisor was started again: {}", stand.said());
    stand.end(lab);
    Ok(most)
}

fn running(lab: &Lab) -> usize {
    meter::marked(lab.mark()).len()
}
