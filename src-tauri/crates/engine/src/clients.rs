//! Those who watch and ask: one task a connection.

mod following;
mod searching;
mod trials;

use std::{io, sync::Arc, time::Duration};

use estatus_api::{
    ApiError, ClientFrame, Connection, ErrorCode, Hello, Host, PROTOCOL, Peer, Permission, Reply, Request, Snapshot,
    StepOf, User,
};
use estatus_core::{
    engine::{Ask, Repeat},
    flow::run::RunRecord,
};
use following::{Due, Following};
use searching::Searching;
use tokio::{
    sync::{Semaphore, broadcast, mpsc, oneshot},
    task::spawn_blocking,
    time::timeout,
};
use trials::{TrialNews, Trials};

use crate::{
    discretion,
    door::Door,
    step_log::StepLog,
    tasks::Published,
    trying::{TryAnswer, Trying, Wanted},
};

/// So many clients are served at once; further ones wait to be accepted.
const CLIENTS_LIMIT: usize = 64;
/// So many of them may be other users'; further ones are sent away, so that those who may edit always get through.
const OTHERS_LIMIT: usize = 32;
/// A client that does not take a frame within this is dropped.
const TAKES_WITHIN: Duration = Duration::from_secs(10);
/// After the system could not accept a client, it is asked again after this.
const ACCEPT_AGAIN: Duration = Duration::from_millis(200);

/// Where the answer to a request goes.
pub(crate) type Answer = oneshot::Sender<Result<Reply, ApiError>>;
/// Where it comes from.
type Pending = oneshot::Receiver<Result<Reply, ApiError>>;

/// What a client wants of the loop.
pub(crate) enum ClientRequest {
    /// To be shown how things are and told what changes from then on.
    Enter(oneshot::Sender<Entered>),
    /// To have a request answered.
    Ask {
        /// The request.
        request: Request,
        /// What the client may do.
        permission: Permission,
        /// Where the answer goes.
        answer: Answer,
    },
    /// To have something tried, which it polls itself.
    Try {
        /// What.
        wanted: Wanted,
        /// What the client may do.
        permission: Permission,
        /// Where the trial goes.
        answer: TryAnswer,
    },
    /// To be told where the log of a step is, which it follows.
    FindStepLog {
        /// The step.
        of: StepOf,
        /// Where the answer goes.
        answer: oneshot::Sender<Result<StepLog, ApiError>>,
    },
    /// To have what programs use measured, which is told to all who follow it.
    Measure,
}

/// A run that a client wants to be repeated, as the store has it.
pub(crate) struct ToRepeat {
    pub(crate) record: Box<RunRecord>,
    pub(crate) how: Repeat,
    pub(crate) answer: Answer,
}

/// What a client is shown first.
pub(crate) struct Entered {
    pub(crate) host: Arc<Host>,
    pub(crate) snapshot: Snapshot,
    pub(crate) events: broadcast::Receiver<Published>,
}

/// Accepts clients for as long as the engine runs.
pub(crate) async fn accept(door: Door, requests: mpsc::Sender<ClientRequest>) {
    let mut listener = door.opened().await;
    let places = Arc::new(Semaphore::new(CLIENTS_LIMIT));
    let others = Arc::new(Semaphore::new(OTHERS_LIMIT));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        match listener.accept().await {
            Ok(connection) => {
                let requests = requests.clone();
                let other = match connection.peer() {
                    Peer::Owner | Peer::Administrator => None,
                    Peer::OtherUser => match Arc::clone(&others).try_acquire_owned() {
                        Ok(other) => Some(other),
                        Err(_) => continue,
                    },
                };
                tokio::spawn(async move {
                    if let Err(error) = serve(connection, requests).await {
                        tracing::debug!(%error, "a client is gone");
                    }
                    drop((place, other));
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a client cannot be accepted");
                tokio::time::sleep(ACCEPT_AGAIN).await;
            }
        }
    }
}

async fn serve(mut connection: Connection, requests: mpsc::Sender<ClientRequest>) -> io::Result<()> {
    let permission = Permission::of(connection.peer());
    let (mut events, mut following) = enter(&mut connection, permission, &requests).await?;
    let mut searching = Searching::default();
    let mut trials = Trials::default();
    loop {
        tokio::select! {
            // Which lines are of a step that is followed is known once its beginning and its end have been heard.
            biased;
            published = events.recv() => match published {
                Ok(published) => {
                    following.hear(&published.event);
                    if following.wants(&published.event) {
                        tell(&mut connection, permission, published).await?;
                    }
                }
                Err(broadcast::error::RecvError::Lagged(_)) => return Err(slow()),
                Err(broadcast::error::RecvError::Closed) => return Ok(()),
            },
            asked = connection.next() => {
                let Some(asked) = asked? else { return Ok(()) };
                let ClientFrame { id, mut request } = asked;
                if let Request::Do(Ask::Approve { by, .. }) = &mut request {
                    by.user = name_of(connection.user().clone()).await;
                }
                let result = match request {
                    Request::ReadLog { ref text, .. } if !text.is_empty() => {
                        let pending = send(permission, &requests, request).await?;
                        if let Some((id, replaced)) = searching.begin(id, pending) {
                            in_time(connection.outgoing.answer(id, replaced)).await?;
                        }
                        continue;
                    }
                    Request::Follow { log_of, step, usage } => {
                        follow(permission, &requests, &mut following, log_of, step, usage).await?
                    }
                    Request::Try { edits, of, secrets } => {
                        let wanted = Wanted { edits, of: of.clone(), secrets, beside: trials.count() };
                        match begin(permission, &requests, wanted).await? {
                            Ok(trying) => {
                                trials.add(id, of, trying);
                                continue;
                            }
                            Err(refused) => Err(refused),
                        }
                    }
                    Request::EndTrial { of } => {
                        let result = ask(permission, &requests, Request::EndTrial { of: of.clone() }).await?;
                        if result.is_ok() {
                            trials.end(&of);
                        }
                        result
                    }
                    request => ask(permission, &requests, request).await?,
                };
                let result = result.map(|reply| discretion::reply(reply, permission));
                in_time(connection.outgoing.answer(id, result)).await?;
            }
            (id, result) = searching.next() => {
                let result = result.map(|reply| discretion::reply(reply, permission));
                in_time(connection.outgoing.answer(id, result)).await?;
            },
            due = following.next() => match due {
                Due::Log(event) => in_time(connection.outgoing.event(event)).await?,
                Due::Usage => requests.send(ClientRequest::Measure).await.map_err(io::Error::other)?,
            },
            happened = trials.next() => match happened {
                TrialNews::Told(event) => in_time(connection.outgoing.event(event)).await?,
                TrialNews::Over { id, result } => in_time(connection.outgoing.answer(id, result)).await?,
            },
        }
    }
}

/// As the system calls `user`, who answers a question: what a client says of itself does not count.
async fn name_of(user: User) -> Option<String> {
    // What the system does not say within this, it may say never.
    const WITHIN: Duration = Duration::from_secs(5);
    timeout(WITHIN, spawn_blocking(move || user.name())).await.ok()?.ok()
}

async fn enter(
    connection: &mut Connection,
    permission: Permission,
    requests: &mpsc::Sender<ClientRequest>,
) -> io::Result<(broadcast::Receiver<Published>, Following)> {
    let (sender, receiver) = oneshot::channel();
    requests.send(ClientRequest::Enter(sender)).await.map_err(io::Error::other)?;
    let Entered { host, snapshot, events } = receiver.await.map_err(io::Error::other)?;
    let snapshot = discretion::snapshot(snapshot, permission);
    let (host, following) = (Host::clone(&host), Following::new(&host.data));
    let hello = Hello { protocol: PROTOCOL, version: env!("CARGO_PKG_VERSION").to_owned(), host, permission, snapshot };
    in_time(connection.outgoing.hello(hello)).await?;
    Ok((events, following))
}

async fn ask(
    permission: Permission,
    requests: &mpsc::Sender<ClientRequest>,
    request: Request,
) -> io::Result<Result<Reply, ApiError>> {
    let answer = send(permission, requests, request).await?;
    Ok(answer.await.unwrap_or_else(|_| Err(stopping())))
}

/// Hands a request to the loop; the answer comes later.
async fn send(permission: Permission, requests: &mpsc::Sender<ClientRequest>, request: Request) -> io::Result<Pending> {
    let (answer, pending) = oneshot::channel();
    let request = ClientRequest::Ask { request, permission, answer };
    requests.send(request).await.map_err(io::Error::other)?;
    Ok(pending)
}

/// Begins a trial.
async fn begin(
    permission: Permission,
    requests: &mpsc::Sender<ClientRequest>,
    wanted: Wanted,
) -> io::Result<Result<Trying, ApiError>> {
    let (answer, receiver) = oneshot::channel();
    requests.send(ClientRequest::Try { wanted, permission, answer }).await.map_err(io::Error::other)?;
    Ok(receiver.await.unwrap_or_else(|_| Err(stopping())))
}

/// Has a client follow what it asks for from now on, if all of it is there.
async fn follow(
    permission: Permission,
    requests: &mpsc::Sender<ClientRequest>,
    following: &mut Following,
    log_of: Option<String>,
    step: Option<StepOf>,
    usage: bool,
) -> io::Result<Result<Reply, ApiError>> {
    let step = match step {
        Some(of) => match find_step_log(requests, of).await? {
            Ok(log) => Some((of, log)),
            Err(error) => return Ok(Err(error)),
        },
        None => None,
    };
    let request = Request::Follow { log_of: log_of.clone(), step: step.as_ref().map(|(of, _)| *of), usage };
    let result = ask(permission, requests, request).await?;
    if result.is_ok() {
        following.set(log_of.as_deref(), step, usage).await;
    }
    Ok(result)
}

async fn find_step_log(requests: &mpsc::Sender<ClientRequest>, of: StepOf) -> io::Result<Result<StepLog, ApiError>> {
    let (answer, receiver) = oneshot::channel();
    requests.send(ClientRequest::FindStepLog { of, answer }).await.map_err(io::Error::other)?;
    Ok(receiver.await.unwrap_or_else(|_| Err(stopping())))
}

async fn tell(connection: &mut Connection, permission: Permission, published: Published) -> io::Result<()> {
    if let Some(barrier) = published.after {
        barrier.pass().await;
    }
    in_time(connection.outgoing.event(discretion::event(published.event, permission))).await
}

async fn in_time(write: impl Future<Output = io::Result<()>>) -> io::Result<()> {
    tokio::time::timeout(TAKES_WITHIN, write).await.map_err(|_| slow())?
}

/// That there will be no answer any more.
pub(crate) fn stopping() -> ApiError {
    ApiError { code: ErrorCode::Gone, message: "the engine is stopping".to_owned() }
}

fn slow() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "it does not keep up")
}
