//! From the end of a program until it runs again.

use std::time::Duration;

use anyhow::{Context, Result};

use super::{
    peer::{Peer, Program},
    told::AlertPipe,
};
use crate::bench::daemon::Lab;

/// Says that it runs, and later that it ends. Twice the start of a shell is within what is measured.
const SCRIPT: &str = "echo begins >$1\nsleep $2\necho ends >$1\n";
const PATIENCE: Duration = Duration::from_secs(30);

/// One wait for each round.
pub(crate) fn waits(lab: &Lab, peer: &Peer) -> Result<Vec<Duration>> {
    let folder = lab.folder("restart")?;
    let told = AlertPipe::new(&folder)?;
    let script = lab.write("restart/script", SCRIPT)?.display().to_string();
    let lives = peer.lives().as_secs_f64().to_string();
    let program = Program::new("web", ["/bin/sh", &script, &told.pipe(), &lives, lab.mark()]);
    let stand = peer.start(lab, &[program], None)?;
    told.wait("begins", PATIENCE).with_context(|| stand.daemon.said())?;
    let waits: Result<Vec<Duration>> = (0..peer.rounds())
        .map(|_| {
            stand.daemon.check()?;
            let (ended, _) = told.wait("ends", PATIENCE)?;
            let (begun, _) = told.wait("begins", PATIENCE)?;
            Ok(begun - ended)
        })
        .collect();
    stand.end(lab);
    waits
}
