//! From a check that fails until the new process answers.

use std::{
    env, fs,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};

use super::{
    peer::{Peer, Program},
    told::Told,
};
use crate::{
    bench::daemon::{Lab, free_port},
    command::clean,
};

/// How often the page is checked.
pub(crate) const EVERY: Duration = Duration::from_secs(1);
const ROUNDS: usize = 10;
const PATIENCE: Duration = Duration::from_secs(60);

/// The worst of some rounds, without what the page takes to start.
pub(crate) fn worst(lab: &Lab, peer: &Peer) -> Result<Duration> {
    let folder = lab.folder("heal")?;
    let told = Told::through_pipe(&folder)?;
    let (port, broken) = (free_port()?, folder.join("broken"));
    let own = env::current_exe()?.display().to_string();
    let (file, pipe) = (broken.display().to_string(), told.address());
    let command = [own.as_str(), "bench", "page", &port.to_string(), &file, pipe, lab.mark()];
    let starts = (0..ROUNDS).map(|_| start(&command, &told)).collect::<Result<Vec<_>>>()?;
    let starts_within = starts.into_iter().max().unwrap_or_default();
    let stand = peer.start(lab, &[Program::new("web", command)], Some(port))?;
    let mut worst = Duration::ZERO;
    for _ in 0..ROUNDS {
        let old = wait_for_another(port, None)?;
        // Long enough to have run well, and at another moment between two checks each time.
        thread::sleep(EVERY * 2 + Duration::from_millis(u64::from(old.bytes().map(u32::from).sum::<u32>()) * 7 % 1000));
        told.forget();
        replace(&broken, &old)?;
        let (failed, _) = told.wait("fails", PATIENCE)?;
        wait_for_another(port, Some(&old))?;
        worst = worst.max(failed.elapsed().saturating_sub(starts_within));
    }
    stand.end(lab);
    println!("   the page itself takes {:.1} ms to start", starts_within.as_secs_f64() * 1e3);
    Ok(worst)
}

/// Starts the page by itself: how long that takes.
fn start(command: &[&str], told: &Told) -> Result<Duration> {
    let begun = Instant::now();
    let mut page = clean(command[0]).args(&command[1..]).stdin(Stdio::null()).spawn()?;
    let listens = told.wait("listens", PATIENCE);
    page.kill()?;
    page.wait()?;
    Ok(listens?.0 - begun)
}

fn replace(file: &Path, text: &str) -> Result<()> {
    let aside = file.with_extension("new");
    fs::write(&aside, text)?;
    fs::rename(aside, file)?;
    Ok(())
}

/// Waits until another process than `old` answers well, and gives back its number.
fn wait_for_another(port: u16, old: Option<&str>) -> Result<String> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if let Some(found) = ask(port).filter(|found| Some(found.as_str()) != old) {
            return Ok(found);
        }
        thread::sleep(Duration::from_millis(1));
    }
    bail!("no other process answers")
}

/// Who answers well.
fn ask(port: u16) -> Option<String> {
    let mut connection = TcpStream::connect(("127.0.0.1", port)).ok()?;
    connection.set_read_timeout(Some(Duration::from_secs(1))).ok()?;
    connection.write_all(b"GET / HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    head.starts_with("HTTP/1.1 200").then(|| body.to_owned())
}
