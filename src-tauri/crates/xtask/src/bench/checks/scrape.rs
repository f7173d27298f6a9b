//! Asks blackbox_exporter to probe, at a steady rate over one connection, as Prometheus does.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use super::peer::Monitor;

/// Asks until it is dropped.
pub(crate) struct Scraper {
    end: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Scraper {
    /// Asks the exporter on `port` for all of `monitors` in turn, each once in `every`.
    pub(crate) fn start(port: u16, monitors: &[Monitor], every: Duration) -> Self {
        let urls: Vec<String> = monitors.iter().map(|monitor| monitor.url.clone()).collect();
        let end = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&end);
        let thread = thread::spawn(move || {
            let pace = every / u32::try_from(urls.len().max(1)).unwrap_or(u32::MAX);
            while !ended.load(Ordering::Relaxed) {
                // The first times it may not listen yet; later, a broken connection is made anew.
                let _ = ask_all(port, &urls, pace, &ended);
                thread::sleep(Duration::from_millis(100));
            }
        });
        Self { end, thread: Some(thread) }
    }
}

impl Drop for Scraper {
    fn drop(&mut self) {
        self.end.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn ask_all(port: u16, urls: &[String], pace: Duration, ended: &AtomicBool) -> Result<()> {
    let mut stream = BufReader::new(TcpStream::connect(("127.0.0.1", port))?);
    stream.get_ref().set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.get_ref().set_nodelay(true)?;
    let mut next = Instant::now();
    for url in urls.iter().cycle() {
        if ended.load(Ordering::Relaxed) {
            break;
        }
        let request = format!("GET /probe?module=http_2xx&target={url} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
        stream.get_mut().write_all(request.as_bytes())?;
        read_answer(&mut stream)?;
        next += pace;
        thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    Ok(())
}

/// Reads one answer to its end (RFC 9112, sections 6 and 7.1), so that the next one can follow.
fn read_answer(stream: &mut impl BufRead) -> Result<()> {
    let mut length = None;
    let mut line = read_line(stream)?;
    if line.split_whitespace().nth(1) != Some("200") {
        bail!("blackbox_exporter answered “{line}”");
    }
    while !line.is_empty() {
        line = read_line(stream)?;
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = Some(value.trim().parse()?);
        }
    }
    if let Some(length) = length {
        return skip(stream, length);
    }
    loop {
        let size = u64::from_str_radix(&read_line(stream)?, 16).context("not the size of a chunk")?;
        skip(stream, size + 2)?;
        if size == 0 {
            return Ok(());
        }
    }
}

fn read_line(stream: &mut impl BufRead) -> Result<String> {
    let mut line = String::new();
    stream.by_ref().take(8_192).read_line(&mut line)?;
    if !line.ends_with('\n') {
        bail!("the answer breaks off");
    }
    Ok(line.trim_end().to_owned())
}

fn skip(stream: &mut impl Read, bytes: u64) -> Result<()> {
    let skipped = std::io::copy(&mut stream.take(bytes), &mut std::io::sink())?;
    if skipped < bytes {
        bail!("the answer breaks off");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_to_its_end_and_no_further() {
        let check = |answer: &str| {
            let both = format!("{answer}rest");
            let mut stream = both.as_bytes();
            read_answer(&mut stream).unwrap();
            assert_eq!(stream, b"rest", "{answer}");
        };
        check("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde");
        check("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\na\r\n0123456789\r\n0\r\n\r\n");
    }

    #[test]
    fn a_refusal_and_a_broken_answer_are_errors() {
        let check = |answer: &str| assert!(read_answer(&mut answer.as_bytes()).is_err(), "{answer}");
        check("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        check("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc");
        check("HTTP/1.1 200 OK\r\n");
    }
}
