//! A log as the engine tells it.

use std::{collections::VecDeque, io};

use estatus_api::{Client, Event, LogLine, LogStream, Reply, Request, Said};
use estatus_program::{Line, Stream};

use crate::{
    CommandError,
    asking::{attach, trouble},
    configuration::Places,
};

/// A log that the engine reads.
pub(super) struct AskedLog {
    client: Client,
    program: String,
    /// What was written while its last lines were asked for.
    meanwhile: VecDeque<Vec<LogLine>>,
}

impl AskedLog {
    /// Follows the log of `program`, so that no line is missed that is written from now on.
    pub(super) async fn open(places: &Places, program: &str) -> Result<Self, CommandError> {
        let mut client = attach(places).await?;
        let follow = Request::Follow { log_of: Some(program.to_owned()), step: None, usage: false };
        client.request(follow).await.map_err(trouble)?;
        Ok(Self { client, program: program.to_owned(), meanwhile: VecDeque::new() })
    }

    /// The last lines.
    pub(super) async fn last(&mut self, lines: usize) -> io::Result<Vec<Line>> {
        let request = Request::Log { program: self.program.clone(), lines };
        let asked = self.client.ask(request).await.map_err(io::Error::other)?;
        let last = loop {
            match self.client.hear().await.map_err(io::Error::other)? {
                Said::Answer { id, result } if id == asked => match result.map_err(io::Error::other)? {
                    Reply::Log(lines) => break lines,
                    _ => return Err(io::ErrorKind::InvalidData.into()),
                },
                Said::Answer { .. } => {}
                Said::Event(event) => self.meanwhile.extend(written(&event)),
            }
        };
        // What was told before the answer may be in it.
        if let Some(newest) = last.last() {
            self.meanwhile.iter_mut().for_each(|lines| lines.retain(|line| line.at > newest.at));
        }
        Ok(last.into_iter().map(line).collect())
    }

    /// What is written next.
    pub(super) async fn next(&mut self) -> io::Result<Vec<Line>> {
        if let Some(lines) = self.meanwhile.pop_front() {
            return Ok(lines.into_iter().map(line).collect());
        }
        loop {
            let event = self.client.event().await.map_err(io::Error::other)?;
            if let Some(lines) = written(&event) {
                return Ok(lines.into_iter().map(line).collect());
            }
        }
    }
}

fn written(event: &Event) -> Option<Vec<LogLine>> {
    match event {
        Event::Log { lines, .. } => Some(lines.clone()),
        _ => None,
    }
}

fn line(told: LogLine) -> Line {
    let stream = told.stream.map(|stream| match stream {
        LogStream::Out => Stream::Out,
        LogStream::Err => Stream::Err,
    });
    Line { at: told.at, stream, text: told.text, is_part: told.part }
}
