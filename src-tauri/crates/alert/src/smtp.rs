//! Speaks SMTP, one command after the other, so that it is known at every moment what the server can have got.

mod explain;

use std::{error::Error, io, time::Duration};

use estatus_core::{
    config::{EmailChannel, EmailSecurity, Login},
    incident::DeliveryResult,
    ports::Ports,
    words::Words,
};
use lettre::{
    Address,
    transport::smtp::{
        self,
        authentication::{Credentials, Mechanism},
        client::{AsyncSmtpConnection, TlsParameters},
        commands, extension,
        extension::{ClientId, Extension, MailParameter},
    },
};
use tokio::net::lookup_host;

use crate::{email::Mail, scrub::Scrub, trouble::Trouble, within};

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

/// How far a conversation has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Lookup,
    /// The connection, implicit TLS, the server's greeting.
    Connect,
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
enum Breach {
    Trouble(Trouble),
    Answer(Answer),
    /// What came is no SMTP.
    NotSmtp(String),
    /// The time was up.
    TimedOut,
    /// The certificates of this machine cannot be had.
    Trust(String),
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
    connection: Option<AsyncSmtpConnection>,
}

impl SmtpDelivery<'_> {
    /// Delivers `mail`, if there is one.
    pub(crate) async fn deliver(&self, mail: Result<Mail, DeliveryResult>) -> DeliveryResult {
        let mail = match mail {
            Ok(mail) => mail,
            Err(why) => return why,
        };
        let mut scrub = Scrub::default();
        let credentials = match self.credentials(&mut scrub).await {
            Ok(credentials) => credentials,
            Err(why) => return why,
        };
        let mut conversation = Conversation { stage: Stage::Lookup, connection: None };
        let outcome = within(self.channel.timeout, self.converse(&mut conversation, &mail, credentials)).await;
        if outcome.is_some() {
            conversation.say_goodbye().await;
        }
        match outcome.unwrap_or(Err(Breach::TimedOut)) {
            Ok(()) => DeliveryResult::Delivered,
            Err(breach) => self.explain(conversation.stage, &breach.cleaned(&scrub)),
        }
    }

    async fn credentials(&self, scrub: &mut Scrub) -> Result<Option<Credentials>, DeliveryResult> {
        let Some(Login { username, password }) = &self.channel.login else { return Ok(None) };
        match self.ports.secret(password).await {
            Ok(password) => {
                scrub.know(&password);
                Ok(Some(Credentials::new(username.clone(), password.reveal().to_owned())))
            }
            Err(error) => Err(self.no_password(username, &error.to_string())),
        }
    }

    async fn converse(
        &self,
        conversation: &mut Conversation,
        mail: &Mail,
        credentials: Option<Credentials>,
    ) -> Result<(), Breach> {
        let opened = self.open(&mut conversation.stage).await?;
        let connection = conversation.connection.insert(opened);
        if let Some(credentials) = credentials {
            conversation.stage = Stage::Login;
            log_in(connection, &credentials).await?;
        }
        conversation.stage = Stage::Sender;
        let parameters = international(connection, mail)?;
        connection.command(commands::Mail::new(Some(mail.sender.clone()), parameters)).await?;
        conversation.stage = Stage::Recipients;
        self.name_recipients(connection, &mail.recipients).await?;
        conversation.stage = Stage::Data;
        connection.command(commands::Data).await?;
        conversation.stage = Stage::Content;
        connection.message(&mail.content).await?;
        Ok(())
    }

    /// Connects, and has TLS where it is asked for.
    async fn open(&self, stage: &mut Stage) -> Result<AsyncSmtpConnection, Breach> {
        let server = &self.channel.server;
        let unknown = |error: io::Error| Breach::Trouble(Trouble::Name(error.to_string()));
        let addresses: Vec<_> = lookup_host((server.host.as_str(), server.port)).await.map_err(unknown)?.collect();

        *stage = Stage::Connect;
        let hello = ClientId::default();
        let implicit_tls = match self.channel.security {
            EmailSecurity::Tls => Some(self.tls()?),
            EmailSecurity::StartTls | EmailSecurity::None => None,
        };
        // All addresses together get half the time, so when all of it is up, the connection stands and is silent.
        let each = self.channel.timeout / 2 / u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(&addresses[..], Some(each), &hello, implicit_tls, None)
                .await
                .map_err(|error| Breach::of(&error, false))?;

        if self.channel.security == EmailSecurity::StartTls {
            *stage = Stage::StartTls;
            if !connection.can_starttls() {
                return Err(Breach::NoStartTls);
            }
            connection.starttls(self.tls()?, &hello).await?;
        }
        Ok(connection)
    }

    fn tls(&self) -> Result<TlsParameters, Breach> {
        TlsParameters::builder(self.channel.server.host.clone()).build().map_err(|error| {
            let source = error.source().map(ToString::to_string);
            Breach::Trust(source.unwrap_or_else(|| error.to_string()))
        })
    }

    /// Fails where nobody is accepted, or somebody is not who must be.
    async fn name_recipients(&self, connection: &mut AsyncSmtpConnection, all: &[Address]) -> Result<(), Breach> {
        let mut refused = Vec::new();
        for to in all {
            match connection.command(commands::Rcpt::new(to.clone(), Vec::new())).await.map_err(Breach::from) {
                Ok(_) => {}
                Err(Breach::Answer(answer)) => refused.push((to.clone(), answer)),
                Err(other) => return Err(other),
            }
        }
        let wait = self.failed < PATIENT_TRIES && refused.iter().any(|(_, answer)| !answer.is_permanent());
        if !refused.is_empty() && (refused.len() == all.len() || self.everybody || wait) {
            return Err(Breach::Recipients(refused));
        }
        for (to, answer) in refused {
            tracing::warn!(%to, code = answer.code, answer = answer.text, "a recipient was refused; the others are told");
        }
        Ok(())
    }
}

impl Conversation {
    async fn say_goodbye(&mut self) {
        if let Some(connection) = &mut self.connection {
            let _whatever_it_says = within(FAREWELL, connection.quit()).await;
        }
    }
}

async fn log_in(connection: &mut AsyncSmtpConnection, credentials: &Credentials) -> Result<(), Breach> {
    const MECHANISMS: [Mechanism; 2] = [Mechanism::Plain, Mechanism::Login];
    if connection.server_info().get_auth_mechanism(&MECHANISMS).is_none() {
        return Err(Breach::NoLogin);
    }
    connection.auth(&MECHANISMS, credentials).await?;
    Ok(())
}

/// What must be said of the sender if an address is not ASCII (RFC 6531).
fn international(connection: &AsyncSmtpConnection, mail: &Mail) -> Result<Vec<MailParameter>, Breach> {
    let beyond_ascii = |address: &&Address| !AsRef::<str>::as_ref(*address).is_ascii();
    match std::iter::once(&mail.sender).chain(&mail.recipients).find(beyond_ascii) {
        None => Ok(Vec::new()),
        Some(_) if connection.server_info().supports_feature(Extension::SmtpUtfEight) => {
            Ok(vec![extension::MailParameter::SmtpUtfEight])
        }
        Some(address) => Err(Breach::International(address.to_string())),
    }
}

impl Breach {
    /// What a failure of lettre's is: it tells its kinds apart only by questions and by what led to it.
    fn of(error: &smtp::Error, connected: bool) -> Self {
        let said = error.source().map(ToString::to_string).unwrap_or_default();
        if let Some(code) = error.status() {
            return Self::Answer(Answer { code: code.into(), text: said });
        }
        if let Some(trouble) = Trouble::of(error, connected) {
            return Self::Trouble(trouble);
        }
        if !error.is_response() {
            return Self::Trouble(Trouble::Connect(said));
        }
        // lettre's words where the connection ends before an answer does.
        if said == "incomplete response" { Self::Trouble(Trouble::Closed) } else { Self::NotSmtp(said) }
    }

    /// The same, where a server may have repeated a secret.
    fn cleaned(self, scrub: &Scrub) -> Self {
        let answer = |Answer { code, text }| Answer { code, text: scrub.clean(&text) };
        match self {
            Self::Answer(said) => Self::Answer(answer(said)),
            Self::NotSmtp(said) => Self::NotSmtp(scrub.clean(&said)),
            Self::Recipients(refused) => {
                Self::Recipients(refused.into_iter().map(|(to, said)| (to, answer(said))).collect())
            }
            other => other,
        }
    }
}

impl From<smtp::Error> for Breach {
    fn from(error: smtp::Error) -> Self {
        Self::of(&error, true)
    }
}
