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
    /// Answers with its last lines; fewer if they are long, for an answer has a limit.
    pub(super) fn last(self, lines: usize, answer: Answer) {
        reply_blocking(answer, move || {
            let newest = |mut log: LogReader| log.older(None, &LogFilter::default(), lines.min(LINES_LIMIT), || true);
            let page = self.or_empty(LogReader::open(&self.folder).and_then(newest))?;
            Ok(Reply::Log(page.lines.into_iter().map(log_line).collect()))
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

#[cfg(test)]
mod tests {
    use std::fs;

    use estatus_core::config::Language;
    use jiff::tz::TimeZone;
    use tokio::sync::oneshot;

    use super::*;

    /// A program that has written these entries, all of one time.
    fn log_of(entries: &str) -> (tempfile::TempDir, ProgramLog) {
        let folder = tempfile::tempdir().unwrap();
        let written: String = entries.lines().map(|entry| format!("2026-11-21T12:40:05.123Z {entry}\n")).collect();
        fs::create_dir(folder.path().join("log")).unwrap();
        fs::write(folder.path().join("log/current.log"), written).unwrap();
        let words = Words::new(Language::English, TimeZone::UTC);
        let log = ProgramLog { program: "web".to_owned(), folder: folder.path().to_owned(), words };
        (folder, log)
    }

    async fn read(log: ProgramLog, from: LogFrom, text: &str, stream: Option<LogStream>) -> Result<LogPage, ApiError> {
        let (answer, answered) = oneshot::channel();
        log.read(Asked { from, text: text.to_owned(), stream, limit: 2 }, answer);
        match answered.await.unwrap()? {
            Reply::LogPage(page) => Ok(page),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_log_is_searched_in_one_stream_and_around_a_place() {
        let entries = "O one\nE Two\nO three two\nE four\nE two";
        let check = async |from, text: &str, stream, wanted: &[&str], more: bool| {
            let (_folder, log) = log_of(entries);
            let page = read(log, from, text, stream).await.unwrap();
            let texts: Vec<_> = page.lines.iter().map(|line| line.text.as_str()).collect();
            assert_eq!((texts.as_slice(), page.rest.is_some()), (wanted, more), "{from:?} {text} {stream:?}");
            page.lines[0].place.unwrap()
        };
        let place = check(LogFrom::End, "two", None, &["three two", "two"], true).await;
        check(LogFrom::End, "two", Some(LogStream::Err), &["Two", "two"], false).await;
        check(LogFrom::Before(place), "", None, &["one", "Two"], false).await;
        check(LogFrom::After(place), "", None, &["four", "two"], false).await;
    }

    #[tokio::test]
    async fn a_program_without_a_log_has_no_lines_and_a_long_text_is_refused() {
        let (folder, log) = log_of("");
        fs::remove_dir_all(folder.path().join("log")).unwrap();
        assert_eq!(read(log, LogFrom::End, "x", None).await, Ok(LogPage::default()));
        let (_folder, log) = log_of("O x");
        let refused = read(log, LogFrom::End, &"x".repeat(1_001), None).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::Wrong);
        assert!(refused.message.contains("1000"), "{}", refused.message);
    }

    #[test]
    fn nothing_is_read_any_more_once_nobody_waits() {
        let (_folder, log) = log_of("O one\nO two");
        let asked = Asked { from: LogFrom::End, text: "none".to_owned(), stream: None, limit: 9 };
        let Ok(Reply::LogPage(page)) = log.page(&asked, || false) else { panic!("no page") };
        assert!(page.lines.is_empty() && page.rest.is_some());
    }
}
