//! A connection to the engine that comes back by itself.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use estatus_api::{ApiError, AttachError, Client, Endpoint, ErrorCode, Event, Hello, Reply, Request, Said};
use tokio::{
    sync::{Notify, mpsc, oneshot},
    time::{Instant, sleep_until},
};

/// After the first failure to attach it is tried again after this, then after twice as long, …
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// … and so on up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A connection that lasts for so long says that the engine is well again.
const STEADY: Duration = Duration::from_secs(10);
/// So many requests may wait for their answers; more wait to be sent.
const WAITING_LIMIT: usize = 64;

/// What comes from the engine.
#[derive(Clone, Debug)]
pub enum Heard {
    /// Attached: how things are.
    Hello(Box<Hello>),
    /// Something changed.
    Event(Arc<Event>),
    /// There is no connection; it is tried again.
    Lost(Lost),
}

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Whether no engine runs at all, so that one may be started.
    pub no_engine: bool,
    /// Why, in English.
    pub why: String,
}

/// The way to ask the engine, whether it is there or not.
#[derive(Clone, Debug)]
pub struct Asking {
    questions: mpsc::Sender<PendingRequest>,
    now: Arc<Notify>,
}

impl Asking {
    /// Asks, and waits for the answer.
    ///
    /// # Errors
    /// What the engine answers, or that there is none.
    pub async fn request(&self, request: Request) -> Result<Reply, ApiError> {
        let (answer, answered) = oneshot::channel();
        self.questions.send(PendingRequest { request, answer }).await.map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }

    /// Tries to attach at once, if it is not attached: there may be an engine now.
    pub fn try_now(&self) {
        self.now.notify_one();
    }
}

#[derive(Debug)]
struct PendingRequest {
    request: Request,
    answer: oneshot::Sender<Result<Reply, ApiError>>,
}

/// A line to the engine of `endpoint`, and the way to ask through it.
pub fn line(endpoint: Endpoint) -> (Line, Asking) {
    let (sender, questions) = mpsc::channel(WAITING_LIMIT);
    let now = Arc::new(Notify::new());
    let asking = Asking { questions: sender, now: Arc::clone(&now) };
    (Line { endpoint, questions, now }, asking)
}

/// A connection to the engine that comes back by itself.
#[derive(Debug)]
pub struct Line {
    endpoint: Endpoint,
    questions: mpsc::Receiver<PendingRequest>,
    now: Arc<Notify>,
}

/// Why a connection ends.
enum End {
    /// The engine has gone.
    Gone(ApiError),
    /// Nobody listens any more.
    Deaf,
}

impl Line {
    /// Attaches, tells all that is heard, and attaches again, until nobody listens any more.
    pub async fn keep<T: From<Heard>>(mut self, heard: mpsc::Sender<T>) {
        let mut pause = FIRST_PAUSE;
        loop {
            let lost = match Client::attach(&self.endpoint).await {
                Ok(client) => {
                    let since = Instant::now();
                    let end = self.attached(client, &heard).await;
                    pause = if since.elapsed() > STEADY { FIRST_PAUSE } else { pause };
                    match end {
                        End::Gone(error) => Lost { no_engine: false, why: error.message },
                        End::Deaf => return,
                    }
                }
                Err(error) => Lost { no_engine: matches!(error, AttachError::NoEngine), why: error.to_string() },
            };
            if heard.send(Heard::Lost(lost).into()).await.is_err() {
                return;
            }
            self.wait(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn attached<T: From<Heard>>(&mut self, mut client: Client, heard: &mpsc::Sender<T>) -> End {
        if heard.send(Heard::Hello(Box::new(client.hello().clone())).into()).await.is_err() {
            return End::Deaf;
        }
        let mut waiting = BTreeMap::new();
        loop {
            tokio::select! {
                said = client.hear() => match said {
                    Ok(Said::Event(event)) => if heard.send(Heard::Event(event).into()).await.is_err() { return End::Deaf },
                    Ok(Said::Answer { id, result }) => answer(waiting.remove(&id), result),
                    Err(error) => return End::Gone(error),
                },
                Some(question) = self.questions.recv(), if waiting.len() < WAITING_LIMIT => {
                    match client.ask(question.request).await {
                        Ok(id) => { waiting.insert(id, question.answer); }
                        Err(error) => return End::Gone(error),
                    }
                },
                () = heard.closed() => return End::Deaf,
            }
        }
    }

    /// Lets `pause` pass, unless it is to be tried now; whoever asks meanwhile is told that there is no engine.
    async fn wait(&mut self, pause: Duration) {
        let until = Instant::now() + pause;
        loop {
            tokio::select! {
                () = sleep_until(until) => return,
                () = self.now.notified() => return,
                Some(question) = self.questions.recv() => answer(Some(question.answer), Err(gone())),
            }
        }
    }
}

fn answer(waiting: Option<oneshot::Sender<Result<Reply, ApiError>>>, result: Result<Reply, ApiError>) {
    if let Some(waiting) = waiting {
        // Whoever has stopped waiting wants nothing.
        let _ = waiting.send(result);
    }
}

fn gone() -> ApiError {
    ApiError { code: ErrorCode::Gone, message: "there is no connection to the engine".to_owned() }
}

#[cfg(test)]
mod tests {
    use estatus_api::{Admits, Host, HostKind, Listener, PROTOCOL, Permission, Snapshot};
    use jiff::Timestamp;

    use super::*;

    fn hello() -> Hello {
        let (kind, started) = (HostKind::Terminal, Timestamp::UNIX_EPOCH);
        let host = Host { kind, pid: 1, started, config: "c".into(), data: "d".into() };
        let (permission, snapshot) = (Permission::Edit, Snapshot::default());
        Hello { protocol: PROTOCOL, version: "0".into(), host, permission, snapshot }
    }

    /// Greets one client, answers its first request and is gone.
    async fn engine(endpoint: Endpoint) {
        let mut listener = Listener::bind(&endpoint, Admits::ThisUser).unwrap();
        let mut connection = listener.accept().await.unwrap();
        connection.outgoing.hello(hello()).await.unwrap();
        let asked = connection.next().await.unwrap().unwrap();
        connection.outgoing.event(Arc::new(Event::MonitorGone("m".into()))).await.unwrap();
        connection.outgoing.answer(asked.id, Ok(Reply::Done)).await.unwrap();
    }

    #[tokio::test]
    async fn a_line_says_that_there_is_no_engine_and_attaches_when_there_is_one_again() {
        let folder = tempfile::tempdir().unwrap();
        let endpoint = Endpoint::of(folder.path());
        let (line, asking) = line(endpoint.clone());
        let (sender, mut heard) = mpsc::channel::<Heard>(8);
        tokio::spawn(line.keep(sender));

        assert!(matches!(heard.recv().await, Some(Heard::Lost(Lost { no_engine: true, .. }))));
        let refused = asking.request(Request::Status).await;
        assert_eq!(refused.map_err(|error| error.code), Err(ErrorCode::Gone));

        for _ in 0..2 {
            let engine = tokio::spawn(engine(endpoint.clone()));
            asking.try_now();
            while !matches!(heard.recv().await, Some(Heard::Hello(_))) {}
            assert_eq!(asking.request(Request::Status).await, Ok(Reply::Done));
            assert!(matches!(heard.recv().await, Some(Heard::Event(_))));
            assert!(matches!(heard.recv().await, Some(Heard::Lost(Lost { no_engine: false, .. }))));
            engine.await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_line_ends_when_nobody_listens() {
        let folder = tempfile::tempdir().unwrap();
        let endpoint = Endpoint::of(folder.path());
        tokio::spawn(engine(endpoint.clone()));
        let (line, asking) = line(endpoint);
        let (sender, mut heard) = mpsc::channel::<Heard>(1);
        let keeping = tokio::spawn(line.keep(sender));
        while !matches!(heard.recv().await, Some(Heard::Hello(_))) {}
        drop(heard);
        keeping.await.unwrap();
        assert!(asking.request(Request::Status).await.is_err());
    }
}
