//! An agent of ours, connected with its engine, again and again.

use std::{error::Error, future, io, net::IpAddr, sync::Arc, time::Duration};

use futures_util::stream;
use rcgen::{KeyPair, PublicKeyData};
use rustls::ClientConfig;
use tokio::{
    sync::mpsc::{self, error::TrySendError},
    time::{Instant, Interval, MissedTickBehavior, interval, sleep, timeout},
};
use tonic::{Code, Status, Streaming};

use super::{
    AgentNews, Never, Teller,
    backoff::Backoff,
    dial::{self, Connection, NoWay, encrypted},
    enrolled::Enrolled,
    load::{Load, Standing},
    pinned::client_config,
    server::Server,
};
use crate::{
    socket::Patience,
    wire::{
        AgentServiceClient, Channel, Drained, EnrolRequest, FromAgent, FromEngine, Heartbeat, Hello, LONGEST, Renewal,
        Said, Says, origin,
    },
};

/// The engine answers within this whatever it is asked: it may be busy.
const ANSWERS_WITHIN: Duration = Duration::from_secs(45);
/// Whoever was refused does not come again sooner.
const REFUSED_FOR: Duration = Duration::from_secs(10);
/// So many things wait to be sent. If they are not, the connection is none.
const WAITING: usize = 8;
/// What is said arrives within so many heartbeats, which is soon enough for a new connection to be made before an instance that is
/// silent is taken for lost; but within no less than the one time, and no more than the other. Otherwise the way is another one now,
/// or none.
const ARRIVES_WITHIN: (u32, Duration, Duration) = (3, Duration::from_secs(5), Duration::from_secs(20));
/// An engine that wants to hear of the load more often than this is not believed.
const SHORTEST: Duration = Duration::from_millis(10);

/// An agent of ours.
pub(crate) struct Attending {
    pub(crate) server: String,
    pub(crate) enrolled: Enrolled,
    pub(crate) load: Arc<Load>,
    pub(crate) drain_within: Duration,
    pub(crate) tell: Teller,
    /// What others may ask it.
    pub(crate) _health: Option<Server>,
}

/// Why an agent is not connected any more.
#[derive(Debug)]
enum Ended {
    /// The engine is gone, or was never there.
    Lost(String),
    /// It does not want this agent.
    Refused(String),
    /// It is another one.
    Another,
}

impl From<NoWay> for Ended {
    fn from(why: NoWay) -> Self {
        match why {
            NoWay::Another => Self::Another,
            NoWay::Unreachable(why) => Self::Lost(why),
        }
    }
}

impl From<Status> for Ended {
    fn from(status: Status) -> Self {
        match status.code() {
            Code::PermissionDenied | Code::Unauthenticated => Self::Refused(status.message().to_owned()),
            _ => Self::Lost(in_words(&status)),
        }
    }
}

impl From<io::Error> for Ended {
    fn from(error: io::Error) -> Self {
        Self::Lost(dial::in_words(&error))
    }
}

impl Attending {
    /// Goes on for ever.
    pub(crate) async fn run(mut self) -> Never {
        let mut backoff = Backoff::default();
        let mut told = None;
        loop {
            let began = Instant::now();
            let ended = match self.attend(&mut told).await {
                Ok(never) => return never,
                Err(ended) => ended,
            };
            self.load.show(Standing::Away);
            let at_least = match ended {
                Ended::Lost(_) => Duration::ZERO,
                Ended::Refused(_) | Ended::Another => REFUSED_FOR,
            };
            let news = match ended {
                Ended::Lost(why) => AgentNews::Lost(why),
                Ended::Refused(why) => AgentNews::Refused(why),
                Ended::Another => AgentNews::Another,
            };
            if told.as_ref() != Some(&news) {
                (self.tell)(news.clone());
                told = Some(news);
            }
            sleep(backoff.after(began, at_least)).await;
        }
    }

    /// Connects, enrols if need be, and says what the load is until something is in the way; `told` is nothing once that is
    /// over which was told before.
    async fn attend(&mut self, told: &mut Option<AgentNews>) -> Result<Never, Ended> {
        self.enrolled.take_new_token()?;
        if self.enrolled.shown()?.is_none() {
            self.enrol().await?;
        }
        let config = client_config(&self.enrolled.authority(), self.enrolled.shown()?);
        let Reached { mut client, from, patience } = self.client(config.map_err(io::Error::other)?).await?;
        let (say, said) = mpsc::channel(WAITING);
        let hello = Said::Hello(Hello { address: from.to_string() });
        let said = stream::unfold(said, async |mut said: mpsc::Receiver<Said>| {
            Some((FromAgent { said: Some(said.recv().await?) }, said))
        });
        say.try_send(hello).map_err(io::Error::other)?;
        let answer = timeout(ANSWERS_WITHIN, client.attend(said)).await;
        let engine = answer.map_err(|_| late())??.into_inner();
        let mut session = Session { attending: self, say, engine, patience, beats: None, drain: None, renewing: None };
        session.run(told).await
    }

    async fn enrol(&mut self) -> Result<(), Ended> {
        let token = self.enrolled.token().map_err(Ended::Lost)?;
        let config = client_config(&self.enrolled.authority(), None).map_err(io::Error::other)?;
        let Reached { mut client, from, .. } = self.client(config).await?;
        let public_key = self.enrolled.public_key()?;
        let request = EnrolRequest { token, public_key, address: from.to_string() };
        let answer = timeout(ANSWERS_WITHIN, client.enrol(request)).await;
        let certificate = answer.map_err(|_| late())??.into_inner().certificate;
        self.enrolled.certify(&certificate)?;
        let (fleet, instance) = (self.enrolled.fleet().to_owned(), self.enrolled.instance().to_owned());
        (self.tell)(AgentNews::Enrolled { fleet, instance });
        Ok(())
    }

    async fn client(&self, config: ClientConfig) -> Result<Reached, Ended> {
        let Connection { channel, from, patience } = encrypted(&self.server, config).await?;
        let client = AgentServiceClient::with_origin(channel, origin("https", &self.server)?);
        Ok(Reached { client: client.max_decoding_message_size(LONGEST), from, patience })
    }
}

/// The engine.
struct Reached {
    client: AgentServiceClient<Channel>,
    /// From where it is reached.
    from: IpAddr,
    patience: Patience,
}

/// One connection.
struct Session<'a> {
    attending: &'a mut Attending,
    say: mpsc::Sender<Said>,
    engine: Streaming<FromEngine>,
    /// How long the connection waits for what is said to arrive.
    patience: Patience,
    /// When the load is said; not before the engine has said how often.
    beats: Option<Interval>,
    /// When it was told to finish.
    drain: Option<Drain>,
    /// The key for which the certificate is renewed.
    renewing: Option<KeyPair>,
}

struct Drain {
    since: Instant,
    is_told: bool,
}

impl Session<'_> {
    async fn run(&mut self, told: &mut Option<AgentNews>) -> Result<Never, Ended> {
        loop {
            let beats = &mut self.beats;
            let beat = async {
                match beats {
                    Some(beats) => drop(beats.tick().await),
                    None => future::pending().await,
                }
            };
            tokio::select! {
                message = self.engine.message() => match message?.and_then(|message| message.says) {
                    Some(says) => self.hear(says, told)?,
                    None => return Err(Ended::Lost("the engine has closed the connection".to_owned())),
                },
                () = beat => self.beat().await?,
            }
        }
    }

    fn hear(&mut self, says: Says, told: &mut Option<AgentNews>) -> Result<(), Ended> {
        match says {
            Says::Terms(terms) => self.take(Duration::from_millis(terms.heartbeat_milliseconds.into()), told),
            Says::Drain(_) => {
                if self.drain.is_none() {
                    self.drain = Some(Drain { since: Instant::now(), is_told: false });
                    self.attending.load.show(Standing::Draining);
                    (self.attending.tell)(AgentNews::Drains);
                }
            }
            Says::Renew(_) => {
                let key = KeyPair::generate().map_err(io::Error::other)?;
                self.say(Said::Renewal(Renewal { public_key: key.subject_public_key_info() }))?;
                self.renewing = Some(key);
            }
            Says::Renewed(renewed) => {
                if let Some(key) = self.renewing.take() {
                    self.attending.enrolled.renew(&key, &renewed.certificate)?;
                    (self.attending.tell)(AgentNews::Renewed);
                }
            }
            Says::SetLoad(set) => self.attending.load.set(set.load),
        }
        Ok(())
    }

    /// Says what the load is at once, and so often from now on.
    fn take(&mut self, heartbeat: Duration, told: &mut Option<AgentNews>) {
        let (missed, least, most) = ARRIVES_WITHIN;
        self.patience.lasts(heartbeat.saturating_mul(missed).clamp(least, most));
        let mut beats = interval(heartbeat.max(SHORTEST));
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        if self.beats.replace(beats).is_none() {
            *told = None;
            self.attending.load.show(Standing::There);
            (self.attending.tell)(AgentNews::Attends {
                instance: self.attending.enrolled.instance().to_owned(),
                server: self.attending.server.clone(),
                heartbeat,
            });
        }
    }

    async fn beat(&mut self) -> Result<(), Ended> {
        let load = self.attending.load.now().await;
        self.say(Said::Heartbeat(Heartbeat { load }))?;
        if let Some(drain) = &mut self.drain
            && !drain.is_told
            && (self.attending.load.is_idle(load) || drain.since.elapsed() >= self.attending.drain_within)
        {
            drain.is_told = true;
            self.say(Said::Drained(Drained {}))?;
            (self.attending.tell)(AgentNews::Drained);
        }
        Ok(())
    }

    fn say(&self, said: Said) -> Result<(), Ended> {
        self.say.try_send(said).map_err(|error| match error {
            TrySendError::Full(_) => Ended::Lost("the engine takes nothing".to_owned()),
            TrySendError::Closed(_) => Ended::Lost("the connection was closed".to_owned()),
        })
    }
}

fn late() -> Ended {
    Ended::Lost(format!("the engine does not answer within {} s", ANSWERS_WITHIN.as_secs()))
}

/// What a status says; what lies below it, where that says more.
pub(super) fn in_words(status: &Status) -> String {
    let mut why: &(dyn Error + 'static) = status;
    while let Some(below) = why.source() {
        why = below;
    }
    match why.downcast_ref::<io::Error>() {
        Some(error) => dial::in_words(error),
        None if why.is::<Status>() => dial::in_plain_words(status.message()),
        None => dial::in_plain_words(&why.to_string()),
    }
}
