//! Programs that are children of this process.

use std::{
    io::{self, BufRead as _, BufReader, Read, Write as _},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use crate::wire::{Order, Told};

/// How often one is looked at that has closed its outputs and goes on.
const LOOK: Duration = Duration::from_millis(10);

/// A child. It ends with this value.
pub(crate) struct Here {
    child: Arc<Mutex<Child>>,
    _input: Option<ChildStdin>,
}

/// Starts it; what it says comes by the channel, its end last.
pub(crate) fn start(order: &Order) -> io::Result<(Here, Receiver<Told>)> {
    let mut command = Command::new(&order.program);
    command.args(&order.args).envs(order.env.iter().map(|(name, value)| (name, value)));
    if let Some(folder) = &order.folder {
        command.current_dir(folder);
    }
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let input = give(child.stdin.take(), order.input.clone());
    let (tell, told) = channel();
    let outputs = [hear(child.stdout.take(), &tell, Told::Out), hear(child.stderr.take(), &tell, Told::Err)];
    let child = Arc::new(Mutex::new(child));
    let watched = Arc::clone(&child);
    thread::spawn(move || {
        for output in outputs {
            // One that cannot be read has nothing more to say.
            let _ = output.join();
        }
        // Nobody needs to be there any more to hear it.
        let _ = tell.send(Told::Ended(end(&watched)));
    });
    Ok((Here { child, _input: input }, told))
}

/// Writes all of `text`, or keeps `input` open where there is none.
fn give(input: Option<ChildStdin>, text: Option<String>) -> Option<ChildStdin> {
    let Some(text) = text else { return input };
    let mut input = input?;
    // It need not read what it is given.
    thread::spawn(move || drop(input.write_all(text.as_bytes())));
    None
}

fn hear(
    output: Option<impl Read + Send + 'static>,
    tell: &Sender<Told>,
    as_what: fn(String) -> Told,
) -> JoinHandle<()> {
    let tell = tell.clone();
    thread::spawn(move || {
        let lines = output.map(BufReader::new).into_iter().flat_map(|output| output.split(b'\n'));
        for line in lines.map_while(Result::ok) {
            // It must be read, though nobody is there any more to hear it.
            let _ = tell.send(as_what(String::from_utf8_lossy(&line).into_owned()));
        }
    })
}

/// Waits for its end; the exit code, if it was not killed.
fn end(child: &Mutex<Child>) -> Option<i32> {
    loop {
        match lock(child).try_wait() {
            Ok(None) => {}
            Ok(Some(status)) => return status.code(),
            Err(_) => return None,
        }
        thread::sleep(LOOK);
    }
}

fn lock(child: &Mutex<Child>) -> MutexGuard<'_, Child> {
    child.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Here {
    fn drop(&mut self) {
        let mut child = lock(&self.child);
        // It may have ended.
        let _ = child.kill();
        let _ = child.wait();
    }
}
