//! A mail server that answers as a test wants it to, however odd.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    sync::mpsc::{Receiver, Sender, channel},
    time::Duration,
};

use estatus_core::config::{EmailChannel, EmailSecurity};

use super::smtpd::channel_to;

/// How long a server may take to hear what is waited for.
const BOUND: Duration = Duration::from_secs(20);

/// A running server. It serves one connection.
pub struct Scripted {
    port: u16,
    heard: Receiver<String>,
}

impl Scripted {
    /// Starts a server that answers each line with `answer`, which is given how many lines it heard before, and hangs up
    /// where that is `None`.
    pub fn start(answer: impl Fn(usize, &str) -> Option<Vec<u8>> + Send + 'static) -> Self {
        Self::start_at("127.0.0.1:0", answer)
    }

    /// The same at another address.
    pub fn start_at(address: &str, answer: impl Fn(usize, &str) -> Option<Vec<u8>> + Send + 'static) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (tell, heard) = channel();
        std::thread::spawn(move || {
            if let Ok((stream, _)) = listener.accept() {
                // The client may have heard enough before the end.
                let _ = serve(stream, &tell, &answer);
            }
        });
        Self { port, heard }
    }

    /// A server that takes every mail, but for what `other` answers.
    pub fn with(other: impl Fn(&str) -> Option<&'static str> + Send + 'static) -> Self {
        Self::start(move |_, line| Some(format!("{}\r\n", other(line).unwrap_or_else(|| usual(line))).into()))
    }

    /// A channel that goes to it, without a login.
    pub fn channel(&self) -> EmailChannel {
        let mut channel = channel_to(self.port, EmailSecurity::None);
        channel.server.host = "127.0.0.1".to_owned();
        channel
    }

    /// The next line that it has heard.
    pub fn heard(&self) -> String {
        self.heard.recv_timeout(BOUND).expect("something is said")
    }

    /// All lines that it has heard, after the conversation.
    pub fn all_heard(self) -> Vec<String> {
        let next = || self.heard.recv_timeout(BOUND).ok();
        std::iter::from_fn(next).collect()
    }
}

/// What a server says that takes every mail.
pub fn usual(line: &str) -> &'static str {
    match line.get(..4).unwrap_or_default() {
        "" => "220 mail.test ESMTP",
        "DATA" => "354 go on",
        "QUIT" => "221 bye",
        _ => "250 OK",
    }
}

fn serve(
    mut stream: TcpStream,
    tell: &Sender<String>,
    answer: &impl Fn(usize, &str) -> Option<Vec<u8>>,
) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).split(b'\n');
    let mut said = answer(0, "");
    let mut count = 0;
    let mut is_data = false;
    while let Some(bytes) = said {
        stream.write_all(&bytes)?;
        let next = |lines: &mut std::io::Split<BufReader<TcpStream>>| -> std::io::Result<Option<String>> {
            Ok(lines.next().transpose()?.map(|line| String::from_utf8_lossy(&line).trim_end().to_owned()))
        };
        if is_data && bytes[0] < b'4' {
            is_data = false;
            while next(&mut lines)?.is_some_and(|line| line != ".") {}
            count += 1;
            said = answer(count, "content");
            continue;
        }
        let Some(line) = next(&mut lines)? else { break };
        count += 1;
        is_data = line == "DATA";
        said = answer(count, &line);
        let Ok(()) = tell.send(line) else { break };
    }
    Ok(())
}
