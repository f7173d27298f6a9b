//! How fast a program's output comes into its log.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, bail, ensure};

use super::{
    peer::{Peer, Program},
    stand::Stand,
    told::Told,
};
use crate::bench::daemon::Lab;

const SCRIPT: &str = "echo begins >$1\ncat $2\nexec sleep $3\n";
const LAST: &[u8] = b"this is the last line\n";
const LINE: usize = 100;
const PATIENCE: Duration = Duration::from_secs(120);

/// Until every line of it is in the log.
pub(crate) fn megabytes_per_second(lab: &Lab, peer: &Peer, megabytes: u64) -> Result<f64> {
    let folder = lab.folder("capture")?;
    let told = Told::through_pipe(&folder)?;
    let lines = usize::try_from(megabytes)? * 1_000_000 / LINE;
    let mut line = [b'x'; LINE];
    line[LINE - 1] = b'\n';
    let text = [line.repeat(lines), LAST.to_vec()].concat();
    let file = folder.join("text");
    std::fs::write(&file, &text)?;
    let script = lab.write("capture/script", SCRIPT)?.display().to_string();
    let arguments = ["/bin/sh", &script, told.address(), &file.display().to_string(), lab.mark()];
    let stand = peer.start(lab, &[Program::new("web", arguments)], None)?;
    let (begun, _) = told.wait("begins", PATIENCE)?;
    while !is_whole(&stand) {
        stand.check()?;
        if begun.elapsed() > PATIENCE {
            bail!("its output did not come into the log");
        }
        thread::sleep(Duration::from_micros(500));
    }
    let took = Instant::now() - begun;
    let logged: usize = stand.logs("web").iter().map(count_lines).sum::<Result<usize>>()?;
    ensure!(logged > lines, "only {logged} of {} lines are in the log", lines + 1);
    stand.end(lab);
    Ok(text.len() as f64 / 1e6 / took.as_secs_f64())
}

/// Whether the last line has been written.
fn is_whole(stand: &Stand<'_>) -> bool {
    let ends = |log: &PathBuf| {
        let mut end = Vec::new();
        let mut log = File::open(log).ok()?;
        log.seek(SeekFrom::End(-i64::try_from(LAST.len()).ok()?)).ok()?;
        log.read_to_end(&mut end).ok()?;
        Some(end == LAST)
    };
    stand.logs("web").iter().any(|log| ends(log) == Some(true))
}

fn count_lines(log: &PathBuf) -> Result<usize> {
    let text = std::fs::read(log)?;
    Ok(text.split(|&byte| byte == b'\n').filter(|line| line.ends_with(b"xxx") || line.ends_with(b"last line")).count())
}
