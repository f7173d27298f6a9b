//! What programs wrote.

use std::{
    io,
    path::PathBuf,
    time::{Duration, Instant},
};

use estatus_api::{ApiError, ErrorCode, LogFrom, LogPage, LogPlace, LogStream, Reply};
use estatus_core::words::Words;
use estatus_program::{LogFilter, LogReader, Place, Stream};

use super::{Answer, reply_blocking, wrong};
use crate::view::{log_line, log_place};

/// The most lines of a log in one answer.
pub(super) const LINES_LIMIT: usize = 10_000;

/// What has been found after this is answered, and where to go on.
const READ_WITHIN: Duration = Duration::from_secs(1);

/// The log of a program.
pub(super) struct ProgramLog {
    pub(super) program: String,
    /// The folder of the program.
    pub(super) folder: PathBuf,
    pub(super) words: Words,
}

impl ProgramLog {
    /// Answers with its last lines.
    pub(super) fn last(self, lines: usize, answer: Answer) {
        reply_blocking(answer, move || {
            let read = LogReader::open(&self.folder).and_then(|mut log| log.last(lines.min(LINES_LIMIT)));
            self.or_empty(read).map(|lines| Reply::Log(lines.into_iter().map(log_line).collect()))
        });
    }

    /// Answers with what is `asked` for. Nothing is read any more once nobody waits for the answer.
    pub(super) fn read(self, asked: Asked, answer: Answer) {
        tokio::task::spawn_blocking(move || {
            let began = Instant::now();
            let page = self.page(&asked, || !answer.is_closed() && began.elapsed() < READ_WITHIN);
            // A client that has gone meanwhile wants nothing.
            let _ = answer.send(page);
        });
    }

    fn page(&self, asked: &Asked, goes_on: impl FnMut() -> bool) -> Result<Reply, ApiError> {
        let Some(filter) = LogFilter::new(&asked.text, asked.stream.map(stream)) else {
            let limit = LogFilter::TEXT_LIMIT.to_string();
            return Err(wrong(self.words.text("log.text_too_long", &[("limit", &limit)])));
        };
        let limit = asked.limit.min(LINES_LIMIT);
        let read = LogReader::open(&self.folder).and_then(|mut log| match asked.from {
            LogFrom::End => log.older(None, &filter, limit, goes_on),
            LogFrom::Before(before) => log.older(Some(place(before)), &filter, limit, goes_on),
            LogFrom::After(after) => log.newer(place(after), &filter, limit, goes_on),
        });
        let page = self.or_empty(read)?;
        let lines = page.lines.into_iter().map(log_line).collect();
        Ok(Reply::LogPage(LogPage { lines, rest: page.rest.map(log_place) }))
    }

    /// A program that has written nothing yet has no log.
    fn or_empty<T: Default>(&self, read: io::Result<T>) -> Result<T, ApiError> {
        match read {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(T::default()),
            read => read.map_err(|error| {
                let about = [("program", self.program.as_str()), ("error", &error.to_string())];
                ApiError { code: ErrorCode::Failed, message: self.words.text("log.unreadable", &about) }
            }),
        }
    }
}

/// What is asked for of a log.
pub(super) struct Asked {
    pub(super) from: LogFrom,
    pub(super) text: String,
    pub(super) stream: Option<LogStream>,
    pub(super) limit: usize,
}

const fn place(place: LogPlace) -> Place {
    Place { file: place.file, at: place.at }
}

const fn stream(stream: LogStream) -> Stream {
    match stream {
        LogStream::Out => Stream::Out,
        LogStream::Err => Stream::Err,
    }
}
