//! From the end of a program until it runs again.

use std::time::Duration;

use anyhow::{Context, Result};

use super::{
    peer::{Peer, Program},
    told::Told,
};
use crate::bench::daemon::Lab;

/// Says that it runs, and later that it ends. On Linux twice the start of a shell is within what is measured.
const SCRIPT: &str = "echo begins >$1\nsleep $2\necho ends >$1\n";
const PATIENCE: Duration = Duration::from_secs(30);

/// One wait for each of so many rounds.
pub(crate) fn waits(lab: &Lab, peer: &Peer, rounds: usize) -> Result<Vec<Duration>> {
    let (program, told) = lives(lab, peer, peer.lives())?;
    let stand = peer.start(lab, &[program], None)?;
    told.wait("begins", PATIENCE).with_context(|| stand.said())?;
    let waits: Result<Vec<Duration>> = (0..rounds)
        .map(|_| {
            stand.check()?;
            let (ended, _) = told.wait("ends", PATIENCE)?;
            let (begun, _) = told.wait("begins", PATIENCE)?;
            Ok(begun - ended)
        })
        .collect();
    stand.end(lab);
    waits
}

/// A program that says that it runs, and after `span` that it ends; and where it says so.
pub(super) fn lives(lab: &Lab, peer: &Peer, span: Duration) -> Result<(Program, Told)> {
    if let Some(windows) = peer.for_windows() {
        let told = Told::through_port()?;
        return Ok((windows.habit("web", ["live", &span.as_millis().to_string(), told.address(), lab.mark()]), told));
    }
    let folder = lab.folder("restart")?;
    let told = Told::through_pipe(&folder)?;
    let script = lab.write("restart/script", SCRIPT)?.display().to_string();
    let span = span.as_secs_f64().to_string();
    Ok((Program::new("web", ["/bin/sh", &script, told.address(), &span, lab.mark()]), told))
}
