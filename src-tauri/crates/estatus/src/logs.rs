//! `estatus logs`: what a program writes, from its files; from the engine, where another user may not read them. And
//! `estatus flow log`: what a step writes, from the engine.

mod asked;

use std::io::{self, ErrorKind, IsTerminal, Write};

use asked::AskedLog;
pub(crate) use asked::{LogOf, MOST_LINES, Shown};
use estatus_api::{LogStream, StepOf};
use estatus_core::Timestamp;
use estatus_program::{Line, LogFilter, LogReader, Stream};
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::{
    CommandError, Outcome, Result,
    arguments::{ShownLog, SoughtLines},
    configuration::Places,
    listening::Listening,
    show,
};

/// A line, for `--json`.
#[derive(Serialize)]
struct Written<'a> {
    at: Timestamp,
    /// `out` or `err`; nothing where Estatus itself says what was lost.
    stream: Option<&'static str>,
    text: &'a str,
    /// Whether the line goes on with the next entry of its stream.
    part: bool,
}

pub(crate) async fn logs(places: &Places, program: &str, sought: &SoughtLines, wanted: ShownLog) -> Result {
    let sought = Sought::of(sought)?;
    let log = match open(places, program) {
        Ok(log) => Log::Read(log),
        Err(Unopened::Denied) => {
            let line = Listening::attach(places).await?;
            Log::Asked(AskedLog::followed(line, LogOf::Program(program.to_owned())).await?)
        }
        Err(Unopened::Because(error)) => return Err(error),
    };
    print(log, program, wanted, sought.as_ref()).await
}

/// `estatus flow log`: the log `of` a step that is called `name`. It is followed only if `wanted` says so.
pub(crate) async fn of_step(line: Listening, of: StepOf, name: &str, wanted: ShownLog) -> Result {
    let of = LogOf::Step(of);
    let log = if wanted.follow { AskedLog::followed(line, of).await? } else { AskedLog::of(line, of) };
    print(Log::Asked(log), name, wanted, None).await
}

async fn print(mut log: Log, name: &str, wanted: ShownLog, sought: Option<&Sought>) -> Result {
    let page = Page { json: wanted.json, terminal: io::stdout().is_terminal(), paint: show::Paint::for_stdout() };
    match turn(&mut log, &page, wanted, sought).await {
        Ok(()) => Ok(Outcome::Well),
        // Whoever read along has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(Outcome::Well),
        Err(error) => Err(CommandError::Failed(format!("the log of “{name}” cannot be read: {error}"))),
    }
}

/// Where lines come from.
#[expect(clippy::large_enum_variant, reason = "there is one of it")]
enum Log {
    /// The files.
    Read(LogReader),
    /// The engine.
    Asked(AskedLog),
}

impl Log {
    async fn last(&mut self, lines: usize) -> io::Result<Vec<Line>> {
        match self {
            Self::Read(log) => log.last(lines),
            Self::Asked(log) => log.last(lines).await,
        }
    }

    /// The last lines that are `sought`.
    async fn search(&mut self, sought: &Sought, lines: usize) -> io::Result<Vec<Line>> {
        let (mut found, mut before) = (Vec::new(), None);
        while found.len() < lines {
            let left = lines - found.len();
            let page = match self {
                Self::Read(log) => log.older(before, &sought.filter, left, || true)?,
                Self::Asked(log) => log.older(before, sought, left).await?,
            };
            found.splice(..0, page.lines);
            before = page.rest;
            if before.is_none() {
                break;
            }
        }
        Ok(found)
    }

    /// What is written next; nothing once that is all.
    async fn next(&mut self) -> io::Result<Option<Vec<Line>>> {
        match self {
            Self::Read(log) => log.next().await.map(Some),
            Self::Asked(log) => log.next().await,
        }
    }
}

async fn turn(log: &mut Log, page: &Page, wanted: ShownLog, sought: Option<&Sought>) -> io::Result<()> {
    let ShownLog { lines, follow, .. } = wanted;
    let last = match sought {
        Some(sought) if lines > 0 => log.search(sought, lines).await?,
        _ => log.last(lines).await?,
    };
    page.print(&last)?;
    if !follow {
        if last.is_empty() && lines > 0 {
            complain!("{}", if sought.is_some() { "no such lines" } else { "no output yet" });
        }
        return Ok(());
    }
    while let Some(mut lines) = log.next().await? {
        if let Some(sought) = sought {
            lines.retain(|line| sought.filter.has(line));
        }
        page.print(&lines)?;
    }
    Ok(())
}

/// What is looked for in a log.
struct Sought {
    text: String,
    stream: Option<LogStream>,
    filter: LogFilter,
}

impl Sought {
    /// Nothing if all lines are shown.
    fn of(lines: &SoughtLines) -> std::result::Result<Option<Self>, CommandError> {
        let text = lines.search.clone().unwrap_or_default();
        if text.is_empty() && !lines.errors {
            return Ok(None);
        }
        let filter = LogFilter::new(&text, lines.errors.then_some(Stream::Err)).ok_or_else(|| {
            CommandError::Wrong(format!("the text to search for is longer than {} bytes", LogFilter::TEXT_LIMIT))
        })?;
        Ok(Some(Self { text, stream: lines.errors.then_some(LogStream::Err), filter }))
    }
}

/// Why files are not read.
enum Unopened {
    /// They are another user's.
    Denied,
    /// Nobody can read them.
    Because(CommandError),
}

fn open(places: &Places, program: &str) -> std::result::Result<LogReader, Unopened> {
    let folder = estatus_program::folder(&places.data, program);
    LogReader::open(&folder).map_err(|error| match error.kind() {
        ErrorKind::PermissionDenied => Unopened::Denied,
        ErrorKind::NotFound => Unopened::Because(match places.load() {
            Ok(config) if config.programs.iter().any(|known| &*known.name == program) => {
                CommandError::Failed(format!("“{program}” has no output yet"))
            }
            Ok(_) => CommandError::Wrong(format!("{} has no program called “{program}”", places.config.display())),
            Err(_) => CommandError::Failed(format!("there is no log of “{program}” in {}", folder.display())),
        }),
        _ => Unopened::Because(CommandError::Failed(format!("the log of “{program}” cannot be read: {error}"))),
    })
}

/// How lines are printed.
struct Page {
    json: bool,
    terminal: bool,
    paint: show::Paint,
}

impl Page {
    fn print(&self, lines: &[Line]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        for line in lines {
            writeln!(out, "{}", if self.json { as_json(line)? } else { self.as_text(line) })?;
        }
        out.flush()
    }

    fn as_text(&self, line: &Line) -> String {
        let at = line.at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S%.3f").to_string();
        let text = if self.terminal { show::one_line(&line.text) } else { line.text.clone() };
        let more = if line.is_part { "…" } else { "" };
        match line.stream {
            Some(Stream::Out) => format!("{at}   {text}{more}"),
            Some(Stream::Err) => format!("{at} {} {text}{more}", self.paint.warning("!")),
            None => format!("{at} {} {}", self.paint.warning("–"), self.paint.warning(&text)),
        }
    }
}

fn as_json(line: &Line) -> serde_json::Result<String> {
    let stream = line.stream.map(|stream| match stream {
        Stream::Out => "out",
        Stream::Err => "err",
    });
    serde_json::to_string(&Written { at: line.at, stream, text: &line.text, part: line.is_part })
}

#[cfg(test)]
mod tests {
    use estatus_program::Place;

    use super::*;

    fn line(stream: Option<Stream>, text: &str, is_part: bool) -> Line {
        Line { place: Place::default(), at: Timestamp::UNIX_EPOCH, stream, text: text.to_owned(), is_part }
    }

    #[test]
    fn a_line_says_where_it_was_written_to() {
        let check = |line: &Line, wanted: &str| {
            let page = Page { json: false, terminal: true, paint: show::Paint::plain() };
            let text = page.as_text(line);
            assert!(text.contains(".000 ") && text.ends_with(wanted), "{text}");
        };
        check(&line(Some(Stream::Out), "ready", false), "   ready");
        check(&line(Some(Stream::Err), "oh\u{1b}[2J", false), " ! oh [2J");
        check(&line(Some(Stream::Out), "long", true), "   long…");
        check(&line(None, "3 lines were lost", false), " – 3 lines were lost");
    }

    #[test]
    fn a_line_is_an_object_for_programs() {
        let check = |line: &Line, wanted: &str| assert_eq!(as_json(line).unwrap(), wanted);
        let at = "\"at\":\"1970-01-01T00:00:00Z\"";
        let err = line(Some(Stream::Err), "a\u{1b}b", false);
        check(&err, &format!("{{{at},\"stream\":\"err\",\"text\":\"a\\u001bb\",\"part\":false}}"));
        check(&line(None, "lost", false), &format!("{{{at},\"stream\":null,\"text\":\"lost\",\"part\":false}}"));
    }
}
