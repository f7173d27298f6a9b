//! The one place that prints. Whoever has seen enough (`estatus status | head`) does not make a command fail, and an engine
//! never waits for a terminal ([`Printer`]).

use std::{
    fmt,
    io::{self, Write},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

/// Prints a line to standard output.
macro_rules! say {
    () => { $crate::output::say(format_args!("")) };
    ($($said:tt)*) => { $crate::output::say(format_args!($($said)*)) };
}

/// Prints a line to standard error.
macro_rules! complain {
    ($($said:tt)*) => { $crate::output::complain(format_args!($($said)*)) };
}

/// Why a line could not be printed, other than that nobody reads any more.
static FAILED: OnceLock<io::Error> = OnceLock::new();

/// Prints a line to standard output.
pub(crate) fn say(line: fmt::Arguments<'_>) {
    note(writeln!(io::stdout(), "{line}"));
}

/// Prints a line to standard error, where nothing can be done about an error.
pub(crate) fn complain(line: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Why not everything could be printed; nothing if it could, or if nobody wanted to read it.
pub(crate) fn failed() -> Option<&'static io::Error> {
    note(io::stdout().flush());
    FAILED.get()
}

fn note(written: io::Result<()>) {
    if let Err(error) = written
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        // The first says most.
        let _ = FAILED.set(error);
    }
}

/// So many lines wait for a terminal that takes none.
const LINES_LIMIT: usize = 1_000;
/// At the end what waits gets so long.
const FINISHES_WITHIN: Duration = Duration::from_secs(1);

/// Prints on a thread of its own. What a terminal does not take is left out, and how much that was is said.
#[derive(Clone)]
pub(crate) struct Printer {
    queue: SyncSender<Queued>,
    left_out: Arc<AtomicU64>,
}

enum Queued {
    Text(Vec<u8>),
    /// Says that all before it is printed.
    Mark(SyncSender<()>),
}

impl Printer {
    /// Prints to `out`.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub(crate) fn start(out: impl Write + Send + 'static) -> io::Result<Self> {
        let (queue, queued) = sync_channel(LINES_LIMIT);
        thread::Builder::new().name("print".to_owned()).spawn(move || print(out, &queued))?;
        Ok(Self { queue, left_out: Arc::default() })
    }

    /// Prints a line, now or later.
    pub(crate) fn line(&self, line: fmt::Arguments<'_>) {
        self.text(format!("{}\n", line.to_string().trim_end()).into_bytes());
    }

    /// Waits until all of it is printed, if the terminal takes it within a second.
    pub(crate) fn finish(&self) {
        self.finish_within(FINISHES_WITHIN);
    }

    fn finish_within(&self, bound: Duration) {
        let end = Instant::now() + bound;
        let (mark, printed) = sync_channel(1);
        while !(self.tell_left_out() && self.queue.try_send(Queued::Mark(mark.clone())).is_ok()) {
            if Instant::now() > end {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        // A terminal that does not take it has had its time.
        let _ = printed.recv_timeout(end.saturating_duration_since(Instant::now()));
    }

    fn text(&self, text: Vec<u8>) {
        if !self.tell_left_out() || self.queue.try_send(Queued::Text(text)).is_err() {
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether there is room again for what comes next.
    fn tell_left_out(&self) -> bool {
        let count = self.left_out.swap(0, Ordering::Relaxed);
        if count == 0 {
            return true;
        }
        let lines = if count == 1 { "1 line" } else { &format!("{count} lines") };
        let note = format!("… {lines} skipped here: the terminal was too slow\n");
        let is_told = self.queue.try_send(Queued::Text(note.into_bytes())).is_ok();
        if !is_told {
            self.left_out.fetch_add(count, Ordering::Relaxed);
        }
        is_told
    }
}

/// For the log: what is written at once is left out or printed as one.
impl Write for Printer {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.text(text.to_vec());
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn print(mut out: impl Write, queued: &Receiver<Queued>) {
    while let Ok(queued) = queued.recv() {
        match queued {
            // A terminal that has gone does not stop the engine.
            Queued::Text(text) => drop(out.write_all(&text).and_then(|()| out.flush())),
            Queued::Mark(printed) => drop(printed.try_send(())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, mpsc::channel};

    use super::*;

    /// Takes nothing until it is told to.
    struct Stuck {
        /// Told that it is asked to take something.
        asked: SyncSender<()>,
        freed: Receiver<()>,
        taken: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Stuck {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            // Somebody waits for the first time only.
            let _ = self.asked.try_send(());
            // Its sender is dropped when it is freed.
            let _ = self.freed.recv();
            self.taken.lock().unwrap().extend(text);
            Ok(text.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_terminal_that_takes_nothing_holds_nobody_up_and_what_it_missed_is_counted() {
        let (asked, is_asked) = sync_channel(1);
        let (free, freed) = channel::<()>();
        let taken = Arc::new(Mutex::new(Vec::new()));
        let printer = Printer::start(Stuck { asked, freed, taken: Arc::clone(&taken) }).unwrap();
        printer.line(format_args!("0"));
        // Were the queue full before, there would be room for one once more, and two places at which lines are left out.
        is_asked.recv_timeout(Duration::from_secs(30)).unwrap();
        for number in 1..2 * LINES_LIMIT {
            printer.line(format_args!("{number}"));
        }
        let left_out = printer.left_out.load(Ordering::Relaxed);
        drop(free);
        printer.finish_within(Duration::from_secs(30));
        let text = String::from_utf8(taken.lock().unwrap().clone()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let (last, printed) = lines.split_last().unwrap();
        assert!(printed.iter().enumerate().all(|(number, line)| *line == number.to_string()), "{text}");
        assert_eq!(printed.len() as u64 + left_out, 2 * LINES_LIMIT as u64);
        assert_eq!(*last, format!("… {left_out} lines skipped here: the terminal was too slow"));
    }
}
