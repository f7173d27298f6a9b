//! A log as the engine tells it.

use std::io;

use estatus_api::{Event, LogFrom, LogLine, LogPlace, LogStream, Reply, Request, StepOf};
use estatus_program::{Line, LogPage, Place, Stream};

use super::Sought;
use crate::{CommandError, asking::trouble, listening::Listening};

/// The most lines that the engine tells at once.
pub(crate) const MOST_LINES: usize = 10_000;

/// Whose log it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LogOf {
    /// A program's.
    Program(String),
    /// That of a step of a run, which ends with the step.
    Step(StepOf),
}

impl LogOf {
    /// Asks to be told of it from now on.
    pub(crate) fn follow(&self) -> Request {
        let (log_of, step) = match self {
            Self::Program(program) => (Some(program.clone()), None),
            Self::Step(of) => (None, Some(*of)),
        };
        Request::Follow { log_of, step, usage: false }
    }

    /// Asks for its last lines.
    fn last(&self, lines: usize) -> Request {
        match self {
            Self::Program(program) => Request::Log { program: program.clone(), lines },
            Self::Step(of) => Request::StepLog { of: *of, lines },
        }
    }

    /// The lines that `event` tells of it.
    fn told<'a>(&self, event: &'a Event) -> Option<&'a [LogLine]> {
        match (self, event) {
            (Self::Program(_), Event::Log { lines, .. }) => Some(lines),
            (Self::Step(followed), Event::StepLog { of, lines }) if followed == of => Some(lines),
            _ => None,
        }
    }

    /// Whether nothing is written to it any more, from what `event` tells on.
    fn ends_with(&self, event: &Event) -> bool {
        match (self, event) {
            (Self::Step(of), Event::Step { run, place, step }) => {
                of.run == *run && of.place == *place && step.state.is_over()
            }
            (Self::Step(of), Event::Run(summary)) => of.run == summary.run && summary.state.is_over(),
            _ => false,
        }
    }
}

/// A log that the engine reads.
pub(super) struct AskedLog {
    line: Listening,
    of: LogOf,
    shown: Shown,
    is_over: bool,
}

impl AskedLog {
    /// A log that nobody writes to any more, or is not followed.
    pub(super) fn of(line: Listening, of: LogOf) -> Self {
        Self { line, of, shown: Shown::default(), is_over: true }
    }

    /// Follows a log, so that no line is missed that is written from now on.
    pub(super) async fn followed(mut line: Listening, of: LogOf) -> Result<Self, CommandError> {
        line.request(of.follow()).await.map_err(trouble)?;
        Ok(Self { is_over: false, ..Self::of(line, of) })
    }

    /// The last lines.
    pub(super) async fn last(&mut self, lines: usize) -> io::Result<Vec<Line>> {
        // One line at least says from where on all is new.
        let last = self.line.log(self.of.last(lines.max(1))).await.map_err(io::Error::other)?;
        let mut new = self.shown.read(last);
        let new = new.split_off(new.len().saturating_sub(lines));
        Ok(new.into_iter().map(line).collect())
    }

    /// The newest lines that are `sought` of those before `before`, or of all.
    pub(super) async fn older(&mut self, before: Option<Place>, sought: &Sought, lines: usize) -> io::Result<LogPage> {
        let LogOf::Program(program) = &self.of else { return Ok(LogPage::default()) };
        let request = Request::ReadLog {
            program: program.clone(),
            from: before.map_or(LogFrom::End, |Place { file, at }| LogFrom::Before(LogPlace { file, at })),
            text: sought.text.clone(),
            stream: sought.stream,
            limit: lines.min(MOST_LINES),
        };
        let Reply::LogPage(page) = self.line.request(request).await.map_err(io::Error::other)? else {
            return Err(io::Error::other("the engine sent something else than lines of a log"));
        };
        if before.is_none() {
            self.shown.read(page.lines.clone());
        }
        Ok(LogPage { lines: page.lines.into_iter().map(line).collect(), rest: page.rest.map(place) })
    }

    /// What is written next; nothing once that is all.
    pub(super) async fn next(&mut self) -> io::Result<Option<Vec<Line>>> {
        while !self.is_over {
            let event = self.line.event().await.map_err(io::Error::other)?;
            self.is_over = self.of.ends_with(&event);
            match self.of.told(&event) {
                // The last lines may be told after the end, or not at all.
                _ if self.is_over => return self.last(MOST_LINES).await.map(Some),
                Some(lines) => {
                    let new = self.shown.told(lines.to_vec());
                    return Ok(Some(new.into_iter().map(line).collect()));
                }
                None => {}
            }
        }
        Ok(None)
    }
}

/// How far a log has been shown.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    last: Option<LogLine>,
}

impl Shown {
    /// Those of the last lines of the log that have not been shown; they are now.
    pub(crate) fn read(&mut self, lines: Vec<LogLine>) -> Vec<LogLine> {
        let newer = |last: &LogLine| lines.iter().position(|line| line.at > last.at).unwrap_or(lines.len());
        let new = self.seen(&lines).or(self.last.as_ref().map(newer));
        self.show(lines, new)
    }

    /// Those of the lines that are told that have not been shown; they are now. A log that has just been begun is told from
    /// its beginning.
    pub(crate) fn told(&mut self, lines: Vec<LogLine>) -> Vec<LogLine> {
        let new = self.seen(&lines);
        self.show(lines, new)
    }

    /// How many of `lines` have been shown; nothing if the last one that was is not among them.
    fn seen(&self, lines: &[LogLine]) -> Option<usize> {
        let last = self.last.as_ref()?;
        lines.iter().rposition(|line| line == last).map(|place| place + 1)
    }

    fn show(&mut self, mut lines: Vec<LogLine>, new: Option<usize>) -> Vec<LogLine> {
        let new = lines.split_off(new.unwrap_or_default());
        self.last = new.last().cloned().or(self.last.take());
        new
    }
}

const fn place(told: LogPlace) -> Place {
    Place { file: told.file, at: told.at }
}

fn line(told: LogLine) -> Line {
    let stream = told.stream.map(|stream| match stream {
        LogStream::Out => Stream::Out,
        LogStream::Err => Stream::Err,
    });
    let place = told.place.map(place).unwrap_or_default();
    Line { place, at: told.at, stream, text: told.text, is_part: told.part }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use estatus_api::{
        Admits, Client, Connection, Endpoint, Hello, Host, HostKind, Listener, PROTOCOL, Permission, Snapshot,
    };
    use estatus_core::{
        Timestamp,
        flow::run::{RunState, StepState},
        ids::RunId,
    };

    use super::*;
    use crate::show::flows::testing::{step, summary};

    const OF: StepOf = StepOf { run: RunId(7), place: 1 };

    /// The lines of these numbers, each of the second of its number.
    fn lines(numbers: std::ops::RangeInclusive<i64>) -> Vec<LogLine> {
        let line = |number| LogLine {
            at: Timestamp::from_second(number).unwrap(),
            stream: Some(LogStream::Out),
            text: number.to_string(),
            part: false,
            place: None,
        };
        numbers.map(line).collect()
    }

    fn texts(lines: Vec<Line>) -> Vec<String> {
        lines.into_iter().map(|line| line.text).collect()
    }

    /// An engine that is asked to follow a log, then for its last lines, and once more when the step has ended.
    async fn engine(mut listener: Listener, ends: Event) -> io::Result<()> {
        let mut connection = listener.accept().await?;
        let host = Host {
            kind: HostKind::Terminal,
            pid: 1,
            started: Timestamp::UNIX_EPOCH,
            config: "c".into(),
            data: "d".into(),
        };
        let (version, permission) = ("0".to_owned(), Permission::Edit);
        let hello = Hello { protocol: PROTOCOL, version, host, permission, snapshot: Snapshot::default() };
        connection.outgoing.hello(hello).await?;
        let writes = |numbers| Arc::new(Event::StepLog { of: OF, lines: lines(numbers) });

        answer(&mut connection, |asked| asked == LogOf::Step(OF).follow(), Reply::Done, None).await?;
        // The second line is told, and is among the last lines, too.
        let reads = |asked: Request| matches!(asked, Request::StepLog { of: OF, .. });
        answer(&mut connection, reads, Reply::Log(lines(1..=2)), Some(writes(2..=3))).await?;
        connection.outgoing.event(writes(4..=4)).await?;
        connection.outgoing.event(Arc::new(ends)).await?;
        answer(&mut connection, reads, Reply::Log(lines(1..=5)), None).await
    }

    async fn answer(
        connection: &mut Connection,
        is_asked: impl Fn(Request) -> bool,
        reply: Reply,
        before: Option<Arc<Event>>,
    ) -> io::Result<()> {
        let asked = connection.next().await?.unwrap();
        assert!(is_asked(asked.request.clone()), "{:?}", asked.request);
        if let Some(event) = before {
            connection.outgoing.event(event).await?;
        }
        connection.outgoing.answer(asked.id, Ok(reply)).await
    }

    /// What is shown of the log of a step, first `last` lines, if it `ends` so.
    async fn followed(last: usize, ends: Event) -> Vec<Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        let endpoint = Endpoint::of(folder.path());
        let server = tokio::spawn(engine(Listener::bind(&endpoint, Admits::ThisUser).unwrap(), ends));
        let line = Listening::on(Client::attach(&endpoint).await.unwrap());
        let mut log = AskedLog::followed(line, LogOf::Step(OF)).await.unwrap();
        let mut shown = vec![texts(log.last(last).await.unwrap())];
        while let Some(lines) = log.next().await.unwrap() {
            shown.push(texts(lines));
        }
        server.await.unwrap().unwrap();
        shown
    }

    #[tokio::test]
    async fn of_the_log_of_a_step_each_line_is_shown_once_until_it_ends() {
        let step = Event::Step { run: OF.run, place: OF.place, step: step("build", StepState::Failed) };
        assert_eq!(followed(40, step).await, [&["1", "2"][..], &["3"], &["4"], &["5"]]);
        let run = Event::Run(summary(RunState::Cancelled));
        assert_eq!(followed(0, run).await, [&[][..], &["3"], &["4"], &["5"]]);
    }

    #[test]
    fn what_has_been_shown_is_found_again_by_its_last_line() {
        let after = |shown: &[LogLine]| Shown { last: shown.last().cloned() };
        let read = |shown: Vec<LogLine>, last: Vec<LogLine>, wanted: Vec<LogLine>| {
            let mut known = after(&shown);
            assert_eq!(known.read(last), wanted);
            assert_eq!(known.last, wanted.last().or(shown.last()).cloned());
        };
        read(Vec::new(), lines(1..=3), lines(1..=3));
        read(lines(1..=2), lines(1..=3), lines(3..=3));
        read(lines(1..=3), lines(1..=3), Vec::new());
        // The clock was set back.
        let back = [lines(5..=6), lines(1..=2)].concat();
        read(lines(5..=6), back, lines(1..=2));
        // So much was written that it is not there any more.
        read(lines(1..=2), lines(8..=9), lines(8..=9));
        read(lines(1..=2), Vec::new(), Vec::new());

        let told = |shown: Vec<LogLine>, told: Vec<LogLine>, wanted: Vec<LogLine>| {
            assert_eq!(after(&shown).told(told), wanted);
        };
        told(lines(1..=2), lines(3..=4), lines(3..=4));
        told(lines(1..=2), lines(1..=4), lines(3..=4));
        told(lines(5..=6), lines(1..=2), lines(1..=2));
    }
}
