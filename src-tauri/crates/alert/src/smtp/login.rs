//! Logs in to a mail server (RFC 4954).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tokio::io::{AsyncRead, AsyncWrite};

use super::{
    SmtpError,
    dialogue::{Dialogue, Reply, Silence},
    greeting::Offers,
};

/// The longest command, in bytes, without its end (RFC 5321, section 4.5.3.1.4).
const COMMAND: usize = 510;

/// A user name and its password.
pub(super) struct Credentials {
    pub(super) username: String,
    pub(super) password: String,
}

impl Credentials {
    /// The message of the mechanism PLAIN (RFC 4616), in Base64.
    pub(super) fn plain(&self) -> String {
        STANDARD.encode(format!("\0{}\0{}", self.username, self.password))
    }
}

/// Logs in by PLAIN, else by LOGIN: whichever is offered and understood.
///
/// # Errors
/// [`SmtpError::NoLogin`] where neither is offered; what the server answers where it refuses.
pub(super) async fn log_in<S: AsyncRead + AsyncWrite + Unpin>(
    dialogue: &mut Dialogue<S>,
    offers: &Offers,
    credentials: &Credentials,
) -> Result<(), SmtpError> {
    let [offers_plain, offers_login] = ["PLAIN", "LOGIN"].map(|mechanism| offers.has_login_by(mechanism));
    let reply = match (offers_plain, offers_login) {
        (false, false) => return Err(SmtpError::NoLogin),
        (false, true) => by_login(dialogue, credentials).await?,
        (true, offers_login) => {
            let reply = by_plain(dialogue, credentials).await?;
            // It was not refused for who we are but not understood.
            let is_not_understood = matches!(reply.code, 500..=502 | 504);
            if offers_login && is_not_understood { by_login(dialogue, credentials).await? } else { reply }
        }
    };
    super::done(reply)
}

async fn by_plain<S: AsyncRead + AsyncWrite + Unpin>(
    dialogue: &mut Dialogue<S>,
    credentials: &Credentials,
) -> Result<Reply, Silence> {
    let message = credentials.plain();
    let at_once = format!("AUTH PLAIN {message}");
    let reply = dialogue.ask(if at_once.len() > COMMAND { "AUTH PLAIN" } else { &at_once }).await?;
    // Some ask for it though it was there.
    if reply.code == 334 { dialogue.ask(&message).await } else { Ok(reply) }
}

/// The first question is for the user name and the second for the password, whatever they say and in whatever language:
/// the mechanism was never standardized.
async fn by_login<S: AsyncRead + AsyncWrite + Unpin>(
    dialogue: &mut Dialogue<S>,
    credentials: &Credentials,
) -> Result<Reply, Silence> {
    let mut reply = dialogue.ask("AUTH LOGIN").await?;
    for answer in [&credentials.username, &credentials.password] {
        if reply.code != 334 {
            break;
        }
        reply = dialogue.ask(&STANDARD.encode(answer)).await?;
    }
    Ok(reply)
}
