//! A server that takes every connection and never says a word.

use std::{
    collections::VecDeque,
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use anyhow::{Context, Result};

/// So many connections are kept; the oldest one goes when there are more.
const KEPT: usize = 2_000;

/// The server; it serves until the program ends.
pub(crate) struct Hung {
    address: SocketAddr,
    taken: Arc<AtomicUsize>,
}

impl Hung {
    /// Starts it on loopback.
    pub(crate) fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).context("Failed to listen on loopback")?;
        let address = listener.local_addr()?;
        let taken = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&taken);
        thread::spawn(move || keep_silent(&listener, &count));
        Ok(Self { address, taken })
    }

    /// A page of it that never comes.
    pub(crate) fn url(&self, number: usize) -> String {
        format!("http://{}/hung/{number}", self.address)
    }

    /// How many connections it has taken so far.
    pub(crate) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }
}

fn keep_silent(listener: &TcpListener, taken: &AtomicUsize) {
    let mut kept: VecDeque<TcpStream> = VecDeque::with_capacity(KEPT);
    for connection in listener.incoming().flatten() {
        taken.fetch_add(1, Ordering::Relaxed);
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(connection);
    }
}
