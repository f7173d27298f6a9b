//! What is left of a program that has been stopped.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};

use super::{
    peer::{Peer, Program},
    told::Told,
};
use crate::bench::{daemon::Lab, meter};

/// Six descendants on Linux: below a shell, deaf, in a session of its own, forked twice, without anything by which it could be
/// known, and all of it at once. `$2` marks them, with a number for each.
const SCRIPT: &str = r#"
sh -c "sleep $2.1; true" &
(trap '' TERM; exec sleep $2.2) &
setsid sleep $2.3 &
(sleep $2.4 &)
env -i setsid sh -c "exec </dev/null >/dev/null 2>&1; sleep $2.5 & exit" &
(trap '' TERM HUP INT; setsid sh -c "sleep $2.6 & exit") &
wait %5 %6
sleep 0.2
echo begins >$1
exec sleep $2.0
"#;
const PATIENCE: Duration = Duration::from_secs(30);
/// What has not ended by then survives.
const GOES_WITHIN: Duration = Duration::from_secs(10);

/// How many of the six live.
pub(crate) fn survivors(lab: &Lab, peer: &Peer) -> Result<usize> {
    let (program, told) = descends(lab, peer)?;
    let stand = peer.start(lab, &[program], None)?;
    told.wait("begins", PATIENCE).with_context(|| stand.said())?;
    wait_for(lab, 6, PATIENCE);
    anyhow::ensure!(alive(lab) == 6, "only {} of six descendants began to live", alive(lab));
    stand.stop("web").context("it cannot be stopped")?;
    wait_for(lab, 0, GOES_WITHIN);
    let survivors = alive(lab);
    stand.end(lab);
    Ok(survivors)
}

/// A program with six descendants, and where it says that it has them.
fn descends(lab: &Lab, peer: &Peer) -> Result<(Program, Told)> {
    if let Some(windows) = peer.for_windows() {
        let told = Told::through_port()?;
        return Ok((windows.habit("web", ["descend", told.address(), lab.mark()]), told));
    }
    let folder = lab.folder("stop")?;
    let told = Told::through_pipe(&folder)?;
    let script = lab.write("stop/script", SCRIPT)?.display().to_string();
    Ok((Program::new("web", ["/bin/sh", &script, told.address(), lab.mark()]), told))
}

fn wait_for(lab: &Lab, count: usize, patience: Duration) {
    let begun = Instant::now();
    while alive(lab) != count && begun.elapsed() < patience {
        thread::sleep(Duration::from_millis(100));
    }
}

fn alive(lab: &Lab) -> usize {
    let lines: Vec<String> = meter::marked(lab.mark()).into_iter().map(meter::command_line).collect();
    let is = |line: &str, number: u32| line.trim_end().ends_with(&format!("sleep {}.{number}", lab.mark()));
    (1..=6).filter(|number| lines.iter().any(|line| is(line, *number))).count()
}
