//! What is left of a program that has been stopped.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};

use super::{
    peer::{Peer, Program},
    told::AlertPipe,
};
use crate::bench::{daemon::Lab, meter};

/// Six descendants: below a shell, deaf, in a session of its own, forked twice, without anything by which it could be
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
    let folder = lab.folder("stop")?;
    let told = AlertPipe::new(&folder)?;
    let script = lab.write("stop/script", SCRIPT)?.display().to_string();
    let program = Program::new("web", ["/bin/sh", &script, &told.pipe(), lab.mark()]);
    let stand = peer.start(lab, &[program], None)?;
    told.wait("begins", PATIENCE)?;
    anyhow::ensure!(alive(lab) == 6, "only {} of six descendants began to live", alive(lab));
    stand.stop("web").context("it cannot be stopped")?;
    let begun = Instant::now();
    while alive(lab) > 0 && begun.elapsed() < GOES_WITHIN {
        thread::sleep(Duration::from_millis(100));
    }
    let survivors = alive(lab);
    stand.end(lab);
    Ok(survivors)
}

fn alive(lab: &Lab) -> usize {
    let lines: Vec<String> = meter::marked(lab.mark()).into_iter().map(meter::command_line).collect();
    (1..=6).filter(|number| lines.iter().any(|line| line.trim() == format!("sleep {}.{number}", lab.mark()))).count()
}
