//! Speaks SMTP, one command after the other, so that it is known at every moment what the server can have got.

mod dialogue;
mod explain;
mod greeting;
mod login;
#[cfg(test)]
mod tests;

use std::{io, net::SocketAddr, time::Duration};

use dialogue::{Dialogue, Reply, Silence};
use estatus_core::{
    config::{EmailChannel, EmailSecurity, Login},
    incident::DeliveryResult,
    ports::Ports,
    words::Words,
};
use estatus_tls::{ConnectionError, Failed, Tls};
use greeting::{Offers, greet};
use lettre::Address;
use login::Credentials;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
    time::timeout,
};

use crate::{email::Mail, redactor::Redactor, within};

/// How long the server may take to answer a farewell; nothing depends on it.
const FAREWELL: Duration = Duration::from_secs(1);

/// So many tries wait for a recipient who is refused for the moment (a greylist, a full mailbox) before the others are
/// told without them.
const PATIENT_TRIES: u32 = 3;

/// One delivery by SMTP.
pub(crate) struct SmtpDelivery<'a> {
    pub(crate) channel: &'a EmailChannel,
    pub(crate) ports: &'a dyn Ports,
    pub(crate) words: &'a Words,
    /// How many tries have failed before.
    pub(crate) failed: u32,
    /// Whether it has failed if a single recipient is refused. Otherwise those are told who can be.
    pub(crate) everybody: bool,
}

/// A connection in the clear or within TLS.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// How far a conversation has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Lookup,
    /// The connection, implicit TLS, the server's greeting.
    Connect,
    /// We say who we are.
    Hello,
    StartTls,
    Login,
    Sender,
    Recipients,
    /// The server has been asked to take the content.
    Data,
    /// The content is under way or all of it was sent; the answer is outstanding.
    Content,
}

/// What the server answered in place of what was hoped for.
#[derive(Debug)]
struct Answer {
    code: u16,
    text: String,
}

impl Answer {
    fn is_permanent(&self) -> bool {
        self.code >= 500
    }
}

/// Why a conversation failed.
#[derive(Debug)]
enum SmtpError {
    Connection(ConnectionError),
    Answer(Answer),
    /// What came is no SMTP.
    NotSmtp(String),
    /// The time was up.
    TimedOut,
    /// STARTTLS is not offered.
    NoStartTls,
    /// No way to log in is offered that we know.
    NoLogin,
    /// The server does not take addresses beyond ASCII.
    International(String),
    /// These recipients were refused.
    Recipients(Vec<(Address, Answer)>),
}

/// A conversation, as far as it has come.
struct Conversation {
    stage: Stage,
    /// What we called ourselves.
    own_name: String,
    dialogue: Option<Dialogue<Box<dyn Stream>>>,
}

impl SmtpDelivery<'_> {
    /// Delivers `mail`, if there is one.
    pub(crate) async fn deliver(&self, mail: Result<Mail, DeliveryResult>) -> DeliveryResult {
        let mail = match mail {
            Ok(mail) => mail,
            Err(why) => return why,
        };
        let mut redactor = Redactor::default();
        let credentials = match self.credentials(&mut redactor).await {
            Ok(credentials) => credentials,
            Err(why) => return why,
        };
        let mut conversation = Conversation { stage: Stage::Lookup, own_name: String::new(), dialogue: None };
        let outcome = within(self.channel.timeout, self.converse(&mut conversation, &mail, credentials)).await;
        if outcome.is_some() {
            conversation.say_goodbye().await;
        }
        match outcome.unwrap_or(Err(SmtpError::TimedOut)) {
            Ok(()) => DeliveryResult::Delivered,
            Err(smtp_error) => self.explain(&conversation, &smtp_error.cleaned(&redactor)),
        }
    }

    async fn credentials(&self, redactor: &mut Redactor) -> Result<Option<Credentials>, DeliveryResult> {
        let Some(Login { username, password }) = &self.channel.login else { return Ok(None) };
        match self.ports.secret(password).await {
            Ok(password) => {
                redactor.know(&password);
                let credentials = Credentials { username: username.clone(), password: password.reveal().to_owned() };
                redactor.know_text(&credentials.plain());
                Ok(Some(credentials))
            }
            Err(error) => Err(self.no_password(username, &error.to_string())),
        }
    }

    async fn converse(
        &self,
        conversation: &mut Conversation,
        mail: &Mail,
        credentials: Option<Credentials>,
    ) -> Result<(), SmtpError> {
        let stream = self.open(conversation).await?;
        let dialogue = conversation.dialogue.insert(Dialogue::over(stream));
        self.talk(dialogue, &mut conversation.stage, &conversation.own_name, mail, credentials).await
    }

    /// Connects, and has TLS where it is asked for.
    async fn open(&self, conversation: &mut Conversation) -> Result<Box<dyn Stream>, SmtpError> {
        let Conversation { stage, own_name, .. } = conversation;
        let server = &self.channel.server;
        let unknown = |error: io::Error| SmtpError::Connection(ConnectionError::Name(error.to_string()));
        let addresses: Vec<_> = lookup_host((server.host.as_str(), server.port)).await.map_err(unknown)?.collect();

        let stream = self.reach(&addresses, stage, own_name).await?;
        match self.channel.security {
            EmailSecurity::None => Ok(Box::new(stream)),
            EmailSecurity::Tls | EmailSecurity::StartTls => self.secure(stream, &addresses).await,
        }
    }

    /// Connects, and speaks up to where TLS begins, if it begins later.
    async fn reach(
        &self,
        addresses: &[SocketAddr],
        stage: &mut Stage,
        own_name: &mut String,
    ) -> Result<TcpStream, SmtpError> {
        *stage = Stage::Connect;
        let stream = self.connect(addresses).await?;
        let address = stream.local_addr().map_err(|error| SmtpError::of(&error, true))?.ip();
        *own_name = greeting::own_name(self.channel.hello.as_deref(), address);
        if self.channel.security != EmailSecurity::StartTls {
            return Ok(stream);
        }
        let mut dialogue = Dialogue::over(stream);
        ask_for_tls(&mut dialogue, stage, own_name).await?;
        let early = || SmtpError::NotSmtp("it went on in the clear where TLS should begin".to_owned());
        dialogue.into_stream().ok_or_else(early)
    }

    /// The same for a look, beside the delivery.
    async fn reach_aside(&self, addresses: &[SocketAddr]) -> Result<TcpStream, SmtpError> {
        self.reach(addresses, &mut Stage::Connect, &mut String::new()).await
    }

    /// All addresses together get half the time, so when all of it is up, the connection stands and is silent.
    async fn connect(&self, addresses: &[SocketAddr]) -> Result<TcpStream, SmtpError> {
        let each = self.channel.timeout / 2 / u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
        let mut failed = ConnectionError::Connect(io::ErrorKind::AddrNotAvailable.to_string());
        for address in addresses {
            failed = match timeout(each, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => ConnectionError::of_io(&error, false),
                Err(_) => ConnectionError::ConnectTimedOut,
            };
        }
        Err(SmtpError::Connection(failed))
    }

    /// Whom this machine trusts is read anew each time: it is seldom asked for, and may change.
    async fn secure(&self, stream: TcpStream, addresses: &[SocketAddr]) -> Result<Box<dyn Stream>, SmtpError> {
        let host = &self.channel.server.host;
        let failed = match Tls::default().shake_hands(stream, host, &[], &self.channel.trust).await {
            Ok(secured) => return Ok(secured.stream),
            Err(failed) => failed,
        };
        if failed.calls_for_a_look()
            && let Some(cause) = estatus_tls::look(host, || self.reach_aside(addresses)).await
        {
            return Err(SmtpError::Connection(ConnectionError::of_tls(cause)));
        }
        match failed {
            Failed::Io(error) => Err(SmtpError::of(&error, true)),
            Failed::NothingInCommon(cause) | Failed::Because(cause) => {
                Err(SmtpError::Connection(ConnectionError::of_tls(cause)))
            }
        }
    }

    /// Greets, logs in where that is asked for, and hands `mail` over.
    async fn talk<S: Stream>(
        &self,
        dialogue: &mut Dialogue<S>,
        stage: &mut Stage,
        own_name: &str,
        mail: &Mail,
        credentials: Option<Credentials>,
    ) -> Result<(), SmtpError> {
        // After STARTTLS the server does not greet again, but must be greeted.
        if self.channel.security != EmailSecurity::StartTls {
            done(dialogue.hear().await?)?;
        }
        *stage = Stage::Hello;
        let offers = greet(dialogue, own_name).await?;
        if let Some(credentials) = credentials {
            *stage = Stage::Login;
            login::log_in(dialogue, &offers, &credentials).await?;
        }
        *stage = Stage::Sender;
        let international = international(&offers, mail)?;
        done(dialogue.ask(&format!("MAIL FROM:<{}>{international}", mail.sender)).await?)?;
        *stage = Stage::Recipients;
        self.name_recipients(dialogue, &mail.recipients).await?;
        *stage = Stage::Data;
        go_on(dialogue.ask("DATA").await?)?;
        *stage = Stage::Content;
        done(dialogue.send_content(&mail.content).await?)
    }

    /// Fails where nobody is accepted, or somebody is not who must be.
    async fn name_recipients<S: Stream>(&self, dialogue: &mut Dialogue<S>, all: &[Address]) -> Result<(), SmtpError> {
        let mut refused = Vec::new();
        for to in all {
            match done(dialogue.ask(&format!("RCPT TO:<{to}>")).await?) {
                Ok(()) => {}
                Err(SmtpError::Answer(answer)) => refused.push((to.clone(), answer)),
                Err(other) => return Err(other),
            }
        }
        let wait = self.failed < PATIENT_TRIES && refused.iter().any(|(_, answer)| !answer.is_permanent());
        if !refused.is_empty() && (refused.len() == all.len() || self.everybody || wait) {
            return Err(SmtpError::Recipients(refused));
        }
        for (to, answer) in refused {
            tracing::warn!(%to, code = answer.code, answer = answer.text, "a recipient was refused; the others are told");
        }
        Ok(())
    }
}

impl Conversation {
    async fn say_goodbye(&mut self) {
        if let Some(dialogue) = &mut self.dialogue {
            let _whatever_it_says = within(FAREWELL, dialogue.ask("QUIT")).await;
        }
    }
}

/// Speaks up to the point where TLS begins.
async fn ask_for_tls<S: Stream>(
    dialogue: &mut Dialogue<S>,
    stage: &mut Stage,
    own_name: &str,
) -> Result<(), SmtpError> {
    done(dialogue.hear().await?)?;
    *stage = Stage::Hello;
    let offers = greet(dialogue, own_name).await?;
    *stage = Stage::StartTls;
    if !offers.has("STARTTLS") {
        return Err(SmtpError::NoStartTls);
    }
    done(dialogue.ask("STARTTLS").await?)
}

/// What a reply means that should say that something is done (RFC 5321, section 4.2.1).
fn done(reply: Reply) -> Result<(), SmtpError> {
    if (200..300).contains(&reply.code) { Ok(()) } else { Err(SmtpError::from(reply)) }
}

/// What a reply means that should ask for more; some say that it is done.
fn go_on(reply: Reply) -> Result<(), SmtpError> {
    if (200..400).contains(&reply.code) { Ok(()) } else { Err(SmtpError::from(reply)) }
}

/// What must be said of the sender if an address is not ASCII (RFC 6531).
fn international(offers: &Offers, mail: &Mail) -> Result<&'static str, SmtpError> {
    let beyond_ascii = |address: &&Address| !AsRef::<str>::as_ref(*address).is_ascii();
    match std::iter::once(&mail.sender).chain(&mail.recipients).find(beyond_ascii) {
        None => Ok(""),
        Some(_) if offers.has("SMTPUTF8") => Ok(" SMTPUTF8"),
        Some(address) => Err(SmtpError::International(address.to_string())),
    }
}

impl SmtpError {
    /// What a failure of the connection is.
    fn of(error: &io::Error, connected: bool) -> Self {
        Self::Connection(ConnectionError::of_io(error, connected))
    }

    /// The same, where a server may have repeated a secret.
    fn cleaned(self, redactor: &Redactor) -> Self {
        let answer = |Answer { code, text }| Answer { code, text: redactor.clean(&text) };
        match self {
            Self::Answer(said) => Self::Answer(answer(said)),
            Self::NotSmtp(said) => Self::NotSmtp(redactor.clean(&said)),
            Self::Recipients(refused) => {
                Self::Recipients(refused.into_iter().map(|(to, said)| (to, answer(said))).collect())
            }
            other => other,
        }
    }
}

impl From<Silence> for SmtpError {
    fn from(silence: Silence) -> Self {
        match silence {
            Silence::Io(error) => Self::of(&error, true),
            Silence::NotSmtp(said) => Self::NotSmtp(said),
        }
    }
}

/// What a reply is that was not hoped for.
impl From<Reply> for SmtpError {
    fn from(reply: Reply) -> Self {
        let (code, text) = (reply.code, reply.text());
        if code < 400 { Self::NotSmtp(format!("{code} {text}")) } else { Self::Answer(Answer { code, text }) }
    }
}
