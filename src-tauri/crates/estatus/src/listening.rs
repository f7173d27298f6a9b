//! A connection over which one asks and listens at the same time.

use std::{collections::VecDeque, sync::Arc};

use estatus_api::{ApiError, Client, ErrorCode, Event, Hello, LogLine, Reply, Request, Said};

use crate::{CommandError, asking::attach, configuration::Places};

/// A connection to the engine on which no event is missed: what is told while an answer is awaited comes afterwards.
pub(crate) struct Listening {
    client: Client,
    /// What was told meanwhile.
    meanwhile: VecDeque<Arc<Event>>,
}

impl Listening {
    /// Connects to the engine that runs on the data folder.
    pub(crate) async fn attach(places: &Places) -> Result<Self, CommandError> {
        Ok(Self::on(attach(places).await?))
    }

    /// Listens on a connection on which nothing has been asked yet.
    pub(crate) fn on(client: Client) -> Self {
        Self { client, meanwhile: VecDeque::new() }
    }

    /// What the engine said first.
    pub(crate) fn hello(&self) -> &Hello {
        self.client.hello()
    }

    /// Asks, and waits for the answer.
    pub(crate) async fn request(&mut self, request: Request) -> Result<Reply, ApiError> {
        let asked = self.client.ask(request).await?;
        loop {
            match self.client.hear().await? {
                Said::Answer { id, result } if id == asked => return result,
                Said::Answer { .. } => {}
                Said::Event(event) => self.meanwhile.push_back(event),
            }
        }
    }

    /// Asks by `request` for the last lines of a log that is followed. What was told of it meanwhile and is among them is not
    /// told again.
    pub(crate) async fn log(&mut self, request: Request) -> Result<Vec<LogLine>, ApiError> {
        let Reply::Log(last) = self.request(request.clone()).await? else {
            let message = "the engine sent something else than a log".to_owned();
            return Err(ApiError { code: ErrorCode::Failed, message });
        };
        if let Some(newest) = last.last() {
            let told = self.meanwhile.iter_mut().filter_map(|event| told_of(&request, Arc::make_mut(event)));
            told.for_each(|lines| lines.retain(|line| line.at > newest.at));
        }
        Ok(last)
    }

    /// What is told next.
    pub(crate) async fn event(&mut self) -> Result<Arc<Event>, ApiError> {
        match self.meanwhile.pop_front() {
            Some(event) => Ok(event),
            None => self.client.event().await,
        }
    }
}

/// The lines that `event` tells of the log that `request` asks for.
fn told_of<'a>(request: &Request, event: &'a mut Event) -> Option<&'a mut Vec<LogLine>> {
    match event {
        Event::Log { program, lines } => {
            matches!(request, Request::Log { program: asked, .. } if **asked == **program).then_some(lines)
        }
        Event::StepLog { of, lines } => {
            matches!(request, Request::StepLog { of: asked, .. } if asked == of).then_some(lines)
        }
        _ => None,
    }
}
