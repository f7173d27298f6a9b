//! What the tray and the window take: for `cargo xtask bench desktop`, beside a Tauri application that does nothing.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    path::PathBuf,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use estatus_tests::{Estatus, built, eventually};
use serde_json::json;

use crate::{
    panel::{Icon, Panel},
    session::Session,
    tray::Tray,
};

const STARTS: usize = 10;
const OPENINGS: usize = 5;
/// What has just started is quiet after this.
const SETTLED: Duration = Duration::from_secs(3);
/// Threads that wait for work in vain have ended after this; tokio gives them ten seconds.
const THREADS_GONE: Duration = Duration::from_secs(12);
const IDLE: Duration = Duration::from_secs(20);
/// A painted page has more colours than this in its first lines; an empty window has one or two.
const PAINTED: usize = 16;

/// One check an hour: nothing to do while it is measured.
const IDLE_CONFIG: &str =
    "[network]\nreference = []\n[[monitor]]\nname = \"this machine\"\nping = \"127.0.0.1\"\nevery = \"1h\"\n";

#[tokio::test]
#[ignore = "it measures: cargo xtask bench desktop"]
async fn figures() {
    let mut estatus = Estatus::new(IDLE_CONFIG);
    let hosting = {
        let (session, tray, _icon, _) = started(&estatus).await;
        std::thread::sleep(SETTLED);
        let memory = memory_of(tray.pid());
        drop((tray, session));
        memory
    };
    estatus.start();
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        starts.push(started(&estatus).await.3);
    }
    let (session, tray, icon, _) = started(&estatus).await;
    std::thread::sleep(THREADS_GONE);
    let attached = memory_of(tray.pid());
    let before = switches(tray.pid());
    std::thread::sleep(IDLE);
    let after = switches(tray.pid());
    let wakes: u64 = after.iter().map(|(thread, count)| count - before.get(thread).copied().unwrap_or_default()).sum();
    let frames = session.frames();
    session.paint_ground("black");
    cleared(&session);
    let mut openings = Vec::new();
    let mut open = 0.0;
    for _ in 0..OPENINGS {
        let clicked = Instant::now();
        icon.click().await;
        openings.push(painted(&session, clicked));
        std::thread::sleep(SETTLED);
        open = memory_of(tray.pid());
        tray.close_window(&session);
        eventually("the window's process has ended", || tray.windows().is_empty().then_some(()));
        cleared(&session);
    }
    std::thread::sleep(SETTLED);
    let closed = memory_of(tray.pid());
    drop((tray, frames));
    let bare = Bare::measure();
    let figures = json!({
        "start_ms": median(starts),
        "paint_ms": [median(openings), bare.paint],
        "idle_mb": [attached, bare.idle],
        "hosting_mb": hosting,
        "open_mb": [open, bare.open],
        "closed_mb": [closed, bare.closed],
        "wakes": wakes,
    });
    println!("figures: {figures}");
}

/// A tray on a desktop of its own, its icon, and after how many milliseconds that was there.
async fn started(estatus: &Estatus) -> (Session, Tray, Icon, f64) {
    let session = Session::start();
    let mut panel = Panel::on(session.bus()).await;
    let begun = Instant::now();
    let tray = Tray::start(&session, estatus, &["--hidden"]);
    let icon = panel.icon().await;
    (session, tray, icon, millis(begun))
}

/// What the peer takes: `examples/bare.rs` of the tray.
struct Bare {
    paint: f64,
    idle: f64,
    open: f64,
    closed: f64,
}

impl Bare {
    fn measure() -> Self {
        let session = Session::start();
        session.paint_ground("black");
        let program = built("examples/bare");
        let mut bare = session.command(program).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        std::thread::sleep(SETTLED);
        let idle = memory_of(bare.id());
        let mut openings = Vec::new();
        let mut open = 0.0;
        for _ in 0..OPENINGS {
            let told = Instant::now();
            tell(&mut bare, "open\n");
            openings.push(painted(&session, told));
            std::thread::sleep(SETTLED);
            open = memory_of(bare.id());
            tell(&mut bare, "close\n");
            cleared(&session);
        }
        std::thread::sleep(SETTLED);
        let closed = memory_of(bare.id());
        bare.kill().unwrap();
        bare.wait().unwrap();
        Self { paint: median(openings), idle, open, closed }
    }
}

fn tell(bare: &mut Child, what: &str) {
    bare.stdin.as_mut().unwrap().write_all(what.as_bytes()).unwrap();
}

/// Milliseconds until a page is painted.
fn painted(session: &Session, since: Instant) -> f64 {
    eventually("a page is painted", || (colours(session) > PAINTED).then_some(()));
    millis(since)
}

/// Waits until nothing is on the display any more.
fn cleared(session: &Session) {
    eventually("nothing is on the display", || (colours(session) == 1).then_some(()));
}

fn colours(session: &Session) -> usize {
    session.screen().lines(40..140).colours()
}

fn millis(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// The proportional set size of a process and all its descendants, in megabytes (proc_pid_smaps_rollup(5)).
fn memory_of(pid: u32) -> f64 {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let kilobytes = rollup.lines().find_map(|line| line.strip_prefix("Pss:")?.trim().strip_suffix(" kB"));
    let own = kilobytes.map_or(0.0, |text| text.trim().parse::<f64>().unwrap() / 1e3);
    own + children(pid).into_iter().map(memory_of).sum::<f64>()
}

fn children(pid: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let listed = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    listed.flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>()).collect()
}

/// How often each of its threads has been woken, or sent to wait, since it began.
fn switches(pid: u32) -> BTreeMap<PathBuf, u64> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten().map(|task| task.path());
    let count = |status: String| {
        let counts = status.lines().filter_map(|line| line.split_once("ctxt_switches:")?.1.trim().parse::<u64>().ok());
        counts.sum::<u64>()
    };
    tasks.filter_map(|task| Some((task.clone(), count(fs::read_to_string(task.join("status")).ok()?)))).collect()
}
