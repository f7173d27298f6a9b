//! Reads a body, unpacked and as text, and searches it while it comes.

use std::{io, ops::ControlFlow, time::Duration};

use estatus_core::{
    check::{HttpCheck, JsonStep, TextAssertions},
    observation::{Cause, Failure},
};
use http::{HeaderMap, header};
use http_body_util::BodyExt;
use hyper::body::Body as _;
use tokio::time::{Instant, timeout_at};

use super::{
    charset,
    coding::Unpacking,
    exchange::{Answer, Exchange},
    json,
    request::Hop,
    tail::Tail,
};
use crate::{
    text::{Extent, Search},
    trace::Trace,
};

/// How many bytes are read of a body of which nothing is asked, or nothing more: by then it is known that the server sends
/// pages, and how fast.
const ENOUGH: u64 = 1 << 20;

/// How long an endless body is listened to for what should not be in it.
const LISTENING: Duration = Duration::from_secs(1);

static NOTHING: TextAssertions = TextAssertions { contains: Vec::new(), lacks: Vec::new(), matches: Vec::new() };

/// Bodies that by their nature have no end, unless their length is said.
const ENDLESS: [&str; 4] = ["text/event-stream", "multipart/x-mixed-replace", "audio/", "video/"];

/// The reading of one body.
///
/// Where a text is asked for, all of the body is searched, up to the check's limit, and no more of it is kept than that
/// needs. What is not proven by then is no reason to be up: the words that should not be there may be in the rest. An
/// endless body is judged by what comes: up to all that should be in it, and for a second at least if something should
/// not be.
pub(super) struct Reading<'a> {
    headers: HeaderMap,
    unpacking: Unpacking,
    sink: Sink<'a>,
    is_endless: bool,
    listens: bool,
    /// The key that lets more be read; empty where there is none.
    limit_key: &'static str,
    end: End,
}

/// How the reading of a body ended.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    /// With the body.
    Body,
    /// At the limit; there is more.
    Limit,
    /// More would change nothing.
    Enough,
}

impl<'a> Reading<'a> {
    /// The reading of what `check` needs of the body of `answer`.
    pub(super) fn of(check: &'a HttpCheck, answer: &Answer) -> Self {
        let is_asked = !(check.text.is_empty() && check.json.is_empty());
        let limit = if is_asked { check.body_limit } else { check.body_limit.min(ENOUGH) };
        let mut reading = Self::up_to(limit, &check.text, is_asked, answer);
        reading.sink.json = (!check.json.is_empty()).then(Vec::new);
        reading.is_endless = check.json.is_empty() && is_endless(answer);
        reading.listens = !check.text.lacks.is_empty();
        reading
    }

    /// The reading of what `check` needs of the body of `answer`, and of its last lines; and of all of it where something
    /// `is_saved` of it.
    pub(super) fn to_keep(check: &'a HttpCheck, is_saved: bool, answer: &Answer) -> Self {
        let mut reading = Self::up_to(check.body_limit, &check.text, true, answer);
        reading.sink.tail = Some(Tail::default());
        reading.sink.json = is_saved.then(Vec::new);
        reading.is_endless = !is_saved && is_endless(answer);
        reading.limit_key = "";
        reading
    }

    /// The reading of the start of the body of `answer`, as evidence.
    pub(super) fn start_of(answer: &Answer) -> Self {
        Self::up_to(Failure::EVIDENCE_LIMIT as u64, &NOTHING, true, answer)
    }

    fn up_to(limit: u64, asked: &'a TextAssertions, as_text: bool, answer: &Answer) -> Self {
        let headers = answer.headers();
        Self {
            unpacking: if as_text { Unpacking::of(headers) } else { Unpacking::default() },
            sink: Sink {
                charset: as_text.then(|| charset::Reader::of(headers)),
                piece: String::new(),
                search: Search::of(asked),
                start: String::new(),
                tail: None,
                json: None,
                count: 0,
                limit,
                end: None,
            },
            is_endless: false,
            listens: false,
            limit_key: "body_limit",
            end: End::Enough,
            headers: headers.clone(),
        }
    }

    /// Reads.
    ///
    /// # Errors
    /// The body breaks off, or cannot be unpacked.
    pub(super) async fn read(
        &mut self,
        answer: Answer,
        exchange: &mut Exchange,
        trace: &mut Trace,
    ) -> Result<(), Cause> {
        let listen_until = Instant::now() + LISTENING;
        let mut body = answer.into_body();
        let mut is_empty = true;
        loop {
            let next = exchange.drive(trace, body.frame());
            let come = if !self.is_endless || !self.sink.search.has_all_wanted() {
                next.await
            } else if self.listens
                && let Ok(come) = timeout_at(listen_until, next).await
            {
                come
            } else {
                return Ok(());
            };
            let Some(frame) = come else { break };
            let Ok(data) = frame.map_err(|error| exchange.cause(&error))?.into_data() else { continue };
            is_empty = is_empty && data.is_empty();
            let unpacked = self.unpacking.push(&data, &mut |bytes| self.sink.take(bytes));
            if self.is_over(unpacked)? {
                return Ok(());
            }
            if self.is_endless {
                trace.known = self.sink.search.judge(Extent::All(self.sink.count)).err();
            }
        }
        // Where there is no body, there is nothing compressed either, whatever the header says.
        let unpacked = if is_empty {
            Ok(ControlFlow::Continue(()))
        } else {
            self.unpacking.finish(&mut |bytes| self.sink.take(bytes))
        };
        if !self.is_over(unpacked)? {
            self.sink.finish();
            self.end = End::Body;
        }
        Ok(())
    }

    /// The start of the text; empty where none was asked for.
    pub(super) fn start(&self) -> &str {
        &self.sink.start
    }

    /// What was read, held against what `check` asks for.
    ///
    /// # Errors
    /// The first assertion that does not hold, or of which that is not known.
    pub(super) fn judge(&mut self, check: &HttpCheck) -> Result<(), Cause> {
        let unknown = self
            .unpacking
            .unknown()
            .map(|coding| Cause::Compression { error: format!("nobody asked for the coding “{coding}”") });
        let is_whole = self.end != End::Limit && unknown.is_none();
        let extent = if is_whole { Extent::All(self.sink.count) } else { Extent::First(self.sink.count) };
        match (self.sink.search.judge(extent), unknown) {
            (Err(Cause::Unproven { .. }), Some(unknown)) => return Err(unknown),
            (Err(Cause::Unproven { text, within, .. }), None) => {
                return Err(Cause::Unproven { text, within, key: self.limit_key.to_owned() });
            }
            (Ok(()), Some(unknown)) if self.sink.json.is_some() => return Err(unknown),
            (judged, _) => judged?,
        }
        match &self.sink.json {
            Some(_) if self.end == End::Limit => {
                let key = if self.limit_key.is_empty() { String::new() } else { format!(" ({})", self.limit_key) };
                let error = format!("it is longer than the {} bytes that are read{key}", self.sink.count);
                Err(Cause::NotJson { error })
            }
            Some(bytes) => json::judge(&check.json, &charset::json(bytes, &self.headers)),
            None => Ok(()),
        }
    }

    /// The value of the body, which is JSON, at the end of `path`, once it has been judged.
    ///
    /// # Errors
    /// If it is not there.
    pub(super) fn value(&self, path: &[JsonStep]) -> Result<String, Cause> {
        json::value(path, &charset::json(self.sink.json.as_deref().unwrap_or_default(), &self.headers))
    }

    /// The last lines of the text, without the secrets of `hop`; none where they are not kept.
    pub(super) fn tail(&self, hop: &Hop) -> Vec<String> {
        self.sink.tail.as_ref().map(|tail| tail.lines(hop)).unwrap_or_default()
    }

    /// Whether nothing more is to be read.
    fn is_over(&mut self, unpacked: io::Result<ControlFlow<()>>) -> Result<bool, Cause> {
        match (self.sink.end, unpacked) {
            (Some(end), _) => {
                self.end = end;
                Ok(true)
            }
            (None, Ok(_)) => Ok(false),
            (None, Err(error)) => Err(corrupt(&error)),
        }
    }
}

fn is_endless(answer: &Answer) -> bool {
    let content_type = answer.headers().get(header::CONTENT_TYPE).map(|value| value.as_bytes().to_ascii_lowercase());
    let is_endless = |kind: Vec<u8>| ENDLESS.iter().any(|endless| kind.starts_with(endless.as_bytes()));
    content_type.is_some_and(is_endless) && answer.body().size_hint().exact().is_none()
}

fn corrupt(error: &io::Error) -> Cause {
    let error = match error.kind() {
        io::ErrorKind::UnexpectedEof => "it ends too early".to_owned(),
        _ => error.to_string(),
    };
    Cause::Compression { error }
}

/// Where unpacked bytes go, up to the limit.
struct Sink<'a> {
    /// What makes text of them; `None` where nobody asks for any.
    charset: Option<charset::Reader>,
    /// The text of the bytes that have just come.
    piece: String,
    search: Search<'a>,
    start: String,
    /// The last lines, where they are kept.
    tail: Option<Tail>,
    /// All of them, where JSON is asked for.
    json: Option<Vec<u8>>,
    count: u64,
    limit: u64,
    end: Option<End>,
}

impl Sink<'_> {
    fn take(&mut self, bytes: &[u8]) -> ControlFlow<()> {
        let room = usize::try_from(self.limit.saturating_sub(self.count)).unwrap_or(usize::MAX);
        let fitting = bytes.get(..room).unwrap_or(bytes);
        self.count += fitting.len() as u64;
        if let Some(json) = &mut self.json {
            json.extend_from_slice(fitting);
        }
        if let Some(charset) = &mut self.charset {
            charset.push(fitting, &mut self.piece);
            self.search();
        }
        if fitting.len() < bytes.len() {
            self.finish();
            self.end = Some(End::Limit);
        } else if self.search.is_refuted() || (self.is_proven() && self.count >= ENOUGH) {
            self.end = Some(End::Enough);
        }
        if self.end.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// What was held back comes to its end.
    fn finish(&mut self) {
        if let Some(charset) = &mut self.charset {
            charset.finish(&mut self.piece);
            self.search();
        }
    }

    fn is_proven(&self) -> bool {
        self.json.is_none() && self.tail.is_none() && self.search.is_proven()
    }

    fn search(&mut self) {
        self.search.push(&self.piece);
        let room = (Failure::EVIDENCE_LIMIT + 1).saturating_sub(self.start.len());
        let shown = self.piece.get(..self.piece.ceil_char_boundary(room)).unwrap_or_default();
        self.start.push_str(shown);
        self.tail.iter_mut().for_each(|tail| tail.push(&self.piece));
        self.piece.clear();
    }
}
