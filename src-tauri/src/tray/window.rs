//! The window, a process of its own.

use std::{
    collections::VecDeque,
    io,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use anyhow::Result;
use estatus_tray::{OPEN, Places, TROUBLE, beside_us};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, Command},
    sync::{mpsc, watch},
};

use super::{desktop::Page, words::outside};

const PROGRAM: &str = if cfg!(windows) { "estatus-window.exe" } else { "estatus-window" };
/// So many pages wait at most to be opened; those beyond are forgotten.
const WAITING: usize = 8;

/// The way to the window. It closes when this is dropped.
pub(crate) struct Window {
    is_open: Arc<AtomicBool>,
    pages: mpsc::Sender<String>,
    trouble: watch::Sender<Option<String>>,
}

impl Window {
    /// No window yet. Its program stands beside ours.
    pub(crate) fn new(places: &Places) -> Result<Self> {
        let (pages, wanted) = mpsc::channel(WAITING);
        let (trouble, known) = watch::channel(None);
        let is_open = Arc::new(AtomicBool::new(false));
        tokio::spawn(keep(beside_us(PROGRAM)?, places.clone(), Arc::clone(&is_open), wanted, known));
        Ok(Self { is_open, pages, trouble })
    }

    /// Whether there is one.
    pub(crate) fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Relaxed)
    }

    /// Shows the window, with this page.
    pub(crate) fn open(&self, page: &Page) {
        if self.pages.try_send(page.to_string()).is_err() {
            tracing::warn!("the window does not take in what it is to open");
        }
    }

    /// Tells it why there is no engine, now and when it is opened.
    pub(crate) fn tell(&self, trouble: Option<&str>) {
        self.trouble.send_replace(trouble.map(str::to_owned));
    }
}

/// Starts the window when it is wanted and there is none.
async fn keep(
    program: PathBuf,
    places: Places,
    is_open: Arc<AtomicBool>,
    mut pages: mpsc::Receiver<String>,
    mut trouble: watch::Receiver<Option<String>>,
) {
    let mut next = pages.recv().await;
    while let Some(page) = next {
        next = match start(&program, &places, &page) {
            Ok(child) => {
                trouble.mark_changed();
                is_open.store(true, Ordering::Relaxed);
                show(child, &is_open, &mut pages, &mut trouble).await
            }
            Err(error) => {
                tracing::error!(%error, program = %program.display(), "no window can be opened");
                pages.recv().await
            }
        };
    }
}

fn start(program: &Path, places: &Places, page: &str) -> io::Result<Child> {
    let mut window = Command::new(program);
    window.arg("--config").arg(&places.config).arg("--data").arg(&places.data).args(["--orders", "--page", page]);
    window.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()
}

/// Tells the window what to open until it is closed; then returns the page for which the next one is wanted.
async fn show(
    mut child: Child,
    is_open: &AtomicBool,
    pages: &mut mpsc::Receiver<String>,
    trouble: &mut watch::Receiver<Option<String>>,
) -> Option<String> {
    // It ends when its standard input does.
    let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else { return pages.recv().await };
    let mut answers = BufReader::new(output).lines();
    // What it was told to open and has not said that it shows: it may have been about to end.
    let mut told = VecDeque::new();
    loop {
        tokio::select! {
            biased;
            ended = child.wait() => {
                is_open.store(false, Ordering::Relaxed);
                if let Ok(status) = ended && !status.success() {
                    tracing::warn!(%status, "the window ended unexpectedly");
                }
                while let Ok(Some(_)) = answers.next_line().await {
                    told.pop_front();
                }
                return match told.pop_back() {
                    Some(page) => Some(page),
                    None => pages.recv().await,
                };
            }
            Ok(Some(_)) = answers.next_line() => drop(told.pop_front()),
            page = pages.recv() => {
                let page = page?;
                if input.write_all(format!("{OPEN}{page}\n").as_bytes()).await.is_err() {
                    // It is about to end.
                    return Some(page);
                }
                told.push_back(page);
            }
            Ok(()) = trouble.changed() => {
                let why = trouble.borrow_and_update().as_deref().map(outside).unwrap_or_default();
                // If it does not take that in it is about to end.
                let _ = input.write_all(format!("{TROUBLE}{why}\n").as_bytes()).await;
            }
        }
    }
}
