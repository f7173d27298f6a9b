//! A conversation in lines, as it comes before TLS: with a proxy, or with a server that offers STARTTLS.

use std::io;

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

/// The longest line that is read, in bytes. SMTP and its kin allow 512 (RFC 5321, section 4.5.3.1.5); proxies add
/// long headers.
const LINE: u64 = 8 * 1024;

/// The most lines that one answer may have.
const LINES: usize = 100;

/// A connection on which both sides speak in lines.
pub(crate) struct Lines {
    stream: BufReader<TcpStream>,
}

impl Lines {
    /// A conversation over `stream`.
    pub(crate) fn over(stream: TcpStream) -> Self {
        Self { stream: BufReader::with_capacity(1024, stream) }
    }

    /// Sends `text`, which has its line ends.
    pub(crate) async fn say(&mut self, text: &str) -> io::Result<()> {
        self.stream.write_all(text.as_bytes()).await
    }

    /// Reads one line, without its end.
    ///
    /// # Errors
    /// `UnexpectedEof` where the other side closes; `InvalidData` where the line has no end.
    pub(crate) async fn hear(&mut self) -> io::Result<String> {
        let mut line = Vec::new();
        (&mut self.stream).take(LINE).read_until(b'\n', &mut line).await?;
        if line.pop_if(|last| *last == b'\n').is_none() {
            let endless = line.len() as u64 == LINE;
            let kind = if endless { io::ErrorKind::InvalidData } else { io::ErrorKind::UnexpectedEof };
            return Err(io::Error::new(kind, "the line has no end"));
        }
        line.pop_if(|last| *last == b'\r');
        Ok(String::from_utf8_lossy(&line).into_owned())
    }

    /// Reads lines up to the one that is the `last`, which is among them.
    ///
    /// # Errors
    /// As [`Lines::hear`]; `InvalidData` where there is no end of lines.
    pub(crate) async fn hear_until(&mut self, last: impl Fn(&str) -> bool) -> io::Result<Vec<String>> {
        let mut heard = Vec::new();
        while heard.len() < LINES {
            let line = self.hear().await?;
            let is_last = last(&line);
            heard.push(line);
            if is_last {
                return Ok(heard);
            }
        }
        Err(io::Error::new(io::ErrorKind::InvalidData, "the answer has no end"))
    }

    /// The connection, for what comes after the lines.
    ///
    /// # Errors
    /// `InvalidData` where the other side has said more already: what comes in the clear ahead of TLS must not count as
    /// if it had come within (CVE-2011-0411).
    pub(crate) fn into_stream(self) -> io::Result<TcpStream> {
        if self.stream.buffer().is_empty() {
            Ok(self.stream.into_inner())
        } else {
            Err(io::Error::new(io::ErrorKind::InvalidData, "it went on in the clear where TLS should begin"))
        }
    }

    /// The connection below.
    pub(crate) fn stream(&self) -> &TcpStream {
        self.stream.get_ref()
    }
}
