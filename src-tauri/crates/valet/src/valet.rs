//! The valet: starts programs for those who know its token, on loopback, and ends them when they hang up.

use std::{
    collections::hash_map::RandomState,
    hash::BuildHasher as _,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use crate::{
    here,
    wire::{Order, Told},
};

/// Where tests find whom to ask: the address, the token and the folder of drives.
pub(crate) const VARIABLE: &str = "ESTATUS_VALET";
/// More bytes than this ask for nothing.
const LONGEST_ORDER: u64 = 1 << 20;

/// A valet. It takes no further orders when it is dropped.
pub struct Valet {
    address: SocketAddr,
    token: String,
    is_gone: Arc<AtomicBool>,
}

impl Valet {
    /// Has one wait for orders.
    ///
    /// # Errors
    /// If nothing can listen on loopback.
    pub fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let chance = RandomState::new();
        let token = format!("{:016x}{:016x}", chance.hash_one(1), chance.hash_one(2));
        let is_gone = Arc::new(AtomicBool::new(false));
        let (known, gone) = (token.clone(), Arc::clone(&is_gone));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if gone.load(Ordering::Relaxed) {
                    break;
                }
                let known = known.clone();
                // Whoever hangs up wants nothing more.
                thread::spawn(move || stream.and_then(|stream| serve(&stream, &known)));
            }
        });
        Ok(Self { address, token, is_gone })
    }

    /// The variable by which tests find it, and its value. `drives` is where each of their drives is, called by its letter
    /// and a colon.
    pub fn variable(&self, drives: &Path) -> (&'static str, String) {
        (VARIABLE, format!("{} {} {}", self.address, self.token, drives.display()))
    }
}

impl Drop for Valet {
    fn drop(&mut self) {
        self.is_gone.store(true, Ordering::Relaxed);
        // Whoever waits for somebody to come sees it then.
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(stream: &TcpStream, token: &str) -> io::Result<()> {
    let mut asked = BufReader::new(stream.take(LONGEST_ORDER));
    let mut line = String::new();
    asked.read_line(&mut line)?;
    let order: Order = serde_json::from_str(&line)?;
    if order.token != token {
        return Ok(());
    }
    let (program, told) = match here::start(&order) {
        Ok(started) => started,
        Err(error) => return tell(stream, &Told::CannotStart(error.to_string())),
    };
    tell(stream, &Told::Started)?;
    let answers = stream.try_clone()?;
    thread::spawn(move || told.iter().try_for_each(|said| tell(&answers, &said)));
    // Nothing more is said; it ends when this does.
    io::copy(&mut asked, &mut io::sink())?;
    drop(program);
    Ok(())
}

fn tell(mut stream: &TcpStream, said: &Told) -> io::Result<()> {
    stream.write_all((serde_json::to_string(said)? + "\n").as_bytes())
}
