//! The lines of SMTP: what is said to a server, and what it answers.

use std::io;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};

/// The longest line that is read, in bytes. The standard has 512 (RFC 5321, section 4.5.3.1.5); nobody keeps to it.
const LINE: u64 = 8 * 1024;

/// The most lines that one answer may have.
const LINES: usize = 200;

/// What a server answers (RFC 5321, section 4.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    /// From 200 to 599.
    pub(super) code: u16,
    /// What it says beside the code, line by line.
    pub(super) lines: Vec<String>,
}

impl Reply {
    /// What it says, in one line, with a status code of RFC 3463 only once.
    pub(super) fn text(&self) -> String {
        let status = self.lines.first().and_then(|line| line.split(' ').next()).filter(|word| is_status(word));
        let without = |line: &String| {
            let rest = status.and_then(|status| line.strip_prefix(status)).filter(|rest| rest.starts_with(' '));
            rest.map_or_else(|| line.clone(), |rest| rest.trim_start().to_owned())
        };
        let further = self.lines.iter().skip(1).map(without);
        let lines: Vec<String> = self.lines.first().cloned().into_iter().chain(further).collect();
        lines.join(" ")
    }
}

fn is_status(word: &str) -> bool {
    let mut parts = word.split('.');
    let is_number = |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    parts.by_ref().take(3).filter(|part| is_number(part)).count() == 3 && parts.next().is_none()
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Silence {
    /// The connection failed or was closed.
    Io(io::Error),
    /// What came is no answer of SMTP.
    NotSmtp(String),
}

impl From<io::Error> for Silence {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// A connection on which SMTP is spoken.
pub(super) struct Dialogue<S> {
    stream: BufReader<S>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Dialogue<S> {
    /// SMTP over `stream`.
    pub(super) fn over(stream: S) -> Self {
        Self { stream: BufReader::with_capacity(1024, stream) }
    }

    /// Says `command`, which is one line, and hears the answer.
    pub(super) async fn ask(&mut self, command: &str) -> Result<Reply, Silence> {
        self.send(format!("{command}\r\n").as_bytes()).await
    }

    /// Sends the content of a mail, whose lines end with CR LF, and hears the answer.
    pub(super) async fn send_content(&mut self, content: &[u8]) -> Result<Reply, Silence> {
        self.send(&stuffed(content)).await
    }

    /// Whoever hangs up has perhaps said why before, and that counts more than that nothing more can be sent.
    async fn send(&mut self, bytes: &[u8]) -> Result<Reply, Silence> {
        let sent = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        match sent.await {
            Ok(()) => self.hear().await,
            Err(error) => self.hear().await.map_err(|_| Silence::Io(error)),
        }
    }

    /// Hears an answer, which may have several lines.
    pub(super) async fn hear(&mut self) -> Result<Reply, Silence> {
        let mut heard: Option<Reply> = None;
        for _ in 0..LINES {
            let line = match self.line().await {
                Ok(line) => line,
                // Whoever hangs up in the middle of an answer has said enough.
                Err(Silence::Io(error)) => return heard.ok_or(Silence::Io(error)),
                Err(other) => return Err(other),
            };
            let Some((code, is_last, text)) = parse(&line) else { return Err(Silence::NotSmtp(line)) };
            let reply = heard.get_or_insert_with(|| Reply { code, lines: Vec::new() });
            reply.code = code;
            reply.lines.push(text.to_owned());
            if is_last {
                return heard.ok_or(Silence::NotSmtp(line));
            }
        }
        Err(Silence::NotSmtp("the answer has no end".to_owned()))
    }

    /// Reads a line, without its end. Other characters than those of UTF-8 are let pass.
    async fn line(&mut self) -> Result<String, Silence> {
        let mut line = Vec::new();
        (&mut self.stream).take(LINE).read_until(b'\n', &mut line).await?;
        if line.len() as u64 == LINE && line.last() != Some(&b'\n') {
            return Err(Silence::NotSmtp(String::from_utf8_lossy(&line).into_owned()));
        }
        if line.is_empty() {
            return Err(Silence::Io(io::ErrorKind::UnexpectedEof.into()));
        }
        line.pop_if(|last| *last == b'\n');
        line.pop_if(|last| *last == b'\r');
        Ok(String::from_utf8_lossy(&line).into_owned())
    }

    /// The connection, for TLS to begin on it; `None` where the other side has said more already: what comes in the clear
    /// ahead of TLS must not count as if it had come within (CVE-2011-0411).
    pub(super) fn into_stream(self) -> Option<S> {
        self.stream.buffer().is_empty().then(|| self.stream.into_inner())
    }
}

/// Code, whether it is the last line of an answer, and text.
fn parse(line: &str) -> Option<(u16, bool, &str)> {
    let (code, rest) = line.split_at_checked(3)?;
    let number: u16 = code.parse().ok().filter(|code| (200..600).contains(code))?;
    match rest.chars().next() {
        None => Some((number, true, "")),
        Some(' ' | '\t') => Some((number, true, &rest[1..])),
        Some('-') => Some((number, false, &rest[1..])),
        Some(_) => None,
    }
}

/// `content` as it goes over the wire: a point at the beginning of a line is doubled, a lone one is the end (RFC 5321,
/// section 4.5.2).
fn stuffed(content: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(content.len() + 64);
    for line in content.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b".") {
            bytes.push(b'.');
        }
        bytes.extend_from_slice(line);
    }
    if !bytes.ends_with(b"\r\n") {
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b".\r\n");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is heard of a server that says `said` and hangs up.
    async fn heard(said: &[u8]) -> Result<Reply, Silence> {
        let (ours, mut theirs) = tokio::io::duplex(64 * 1024);
        theirs.write_all(said).await.unwrap();
        drop(theirs);
        Dialogue::over(ours).hear().await
    }

    #[tokio::test]
    async fn an_answer_is_heard_however_it_is_written() {
        let check = async |said: &[u8], code: u16, text: &str| {
            let reply = heard(said).await.unwrap();
            assert_eq!((reply.code, reply.text().as_str()), (code, text), "{said:?}");
        };
        check(b"250 OK\r\n", 250, "OK").await;
        check(b"250\r\n", 250, "").await;
        check(b"250 OK\n", 250, "OK").await;
        check(b"250-mail.test\r\n250-SIZE\r\n250 HELP\r\n", 250, "mail.test SIZE HELP").await;
        check(b"550-5.1.1 No such user\r\n550 5.1.1 Ask again\r\n", 550, "5.1.1 No such user Ask again").await;
        // Whoever hangs up has said enough.
        check(b"421-4.7.0 Try again later\r\n", 421, "4.7.0 Try again later").await;
        check(b"421 bye", 421, "bye").await;
        check(b"535 Contrase\xf1a\r\n", 535, "Contrase\u{fffd}a").await;
        check(b"354\tgo\r\n", 354, "go").await;
    }

    #[tokio::test]
    async fn what_is_no_answer_is_told_from_silence() {
        let no_smtp: [&[u8]; 5] =
            [b"HTTP/1.1 400 Bad Request\r\n", b"999 x\r\n", b"25\r\n", b"250_x\r\n", b"\xff\xfe\r\n"];
        for said in no_smtp {
            assert!(matches!(heard(said).await, Err(Silence::NotSmtp(_))), "{said:?}");
        }
        assert!(matches!(heard(&b"250-x\r\n".repeat(LINES + 1)).await, Err(Silence::NotSmtp(_))));
        assert!(matches!(heard(&[b'2'; 10_000]).await, Err(Silence::NotSmtp(_))));
        assert!(matches!(heard(b"").await, Err(Silence::Io(error)) if error.kind() == io::ErrorKind::UnexpectedEof));
    }

    #[tokio::test]
    async fn what_came_ahead_of_tls_keeps_it_from_beginning() {
        let (ours, mut theirs) = tokio::io::duplex(1024);
        theirs.write_all(b"220 go\r\n250 injected\r\n").await.unwrap();
        let mut dialogue = Dialogue::over(ours);
        dialogue.hear().await.unwrap();
        assert!(dialogue.into_stream().is_none());
    }

    #[test]
    fn no_line_of_the_content_ends_it() {
        let check = |content: &[u8], sent: &[u8]| assert_eq!(stuffed(content), sent);
        check(b"a\r\n.\r\n..b\r\nc.\r\n", b"a\r\n..\r\n...b\r\nc.\r\n.\r\n");
        check(b"no end", b"no end\r\n.\r\n");
        check(b"", b"\r\n.\r\n");
    }
}
