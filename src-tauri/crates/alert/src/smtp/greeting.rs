//! Says who we are, and hears what the server offers.

use std::net::IpAddr;

use tokio::io::{AsyncRead, AsyncWrite};

use super::{
    SmtpError,
    dialogue::{Dialogue, Reply},
};

#[cfg_attr(unix, path = "greeting/unix.rs")]
#[cfg_attr(windows, path = "greeting/windows.rs")]
mod platform;

/// What a server offers beyond plain SMTP (RFC 5321, section 4.1.1.1), keywords and parameters in capitals.
#[derive(Debug, Default)]
pub(super) struct Offers(Vec<String>);

impl Offers {
    fn of(reply: &Reply) -> Self {
        Self(reply.lines.iter().skip(1).map(|line| line.trim().to_ascii_uppercase()).collect())
    }

    /// Whether `keyword`, in capitals, is offered.
    pub(super) fn has(&self, keyword: &str) -> bool {
        self.0.iter().any(|line| line.split_ascii_whitespace().next() == Some(keyword))
    }

    /// Whether one can log in by `mechanism`. Old servers write `AUTH=` for those that wait for it.
    pub(super) fn has_login_by(&self, mechanism: &str) -> bool {
        let of_auth = |line: &String| {
            let rest = line.strip_prefix("AUTH")?.strip_prefix([' ', '='])?;
            Some(rest.split_ascii_whitespace().any(|word| word == mechanism))
        };
        self.0.iter().filter_map(of_auth).any(|is_there| is_there)
    }
}

/// Greets as `own`; in the older way where the server does not know the newer one.
///
/// # Errors
/// What the server answers where it does not take the greeting.
pub(super) async fn greet<S: AsyncRead + AsyncWrite + Unpin>(
    dialogue: &mut Dialogue<S>,
    own: &str,
) -> Result<Offers, SmtpError> {
    let reply = dialogue.ask(&format!("EHLO {own}")).await?;
    match reply.code {
        200..300 => Ok(Offers::of(&reply)),
        // RFC 5321, section 3.2, and RFC 1869, section 4.6: not known, not implemented, not with this parameter.
        500 | 502 | 504 => {
            let reply = dialogue.ask(&format!("HELO {own}")).await?;
            super::done(reply).map(|()| Offers::default())
        }
        _ => Err(SmtpError::from(reply)),
    }
}

/// What this machine calls itself: what is `configured`, else its own name if that is a full one, else the address that
/// this end of the connection has (RFC 5321, section 4.1.4).
pub(super) fn own_name(configured: Option<&str>, address: IpAddr) -> String {
    match configured.map(str::to_owned).or_else(|| platform::host_name().filter(|name| is_full(name))) {
        Some(name) => name.parse().map_or(name, literal),
        None => literal(address),
    }
}

/// RFC 5321, section 4.1.3.
fn literal(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => format!("[{address}]"),
        IpAddr::V6(address) => format!("[IPv6:{address}]"),
    }
}

/// Whether `name` may be known to others: it has several labels of letters, digits and hyphens, and is not one of those
/// that hold on a machine or in a house alone.
fn is_full(name: &str) -> bool {
    const NEVER: [&str; 6] = ["local", "localdomain", "localhost", "lan", "home", "internal"];
    let labels: Vec<&str> = name.trim_end_matches('.').split('.').collect();
    let is_label = |label: &&str| {
        let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !label.is_empty() && label.len() < 64 && label.bytes().all(is_inner) && !label.starts_with('-')
    };
    let last = labels.last().map(|label| label.to_ascii_lowercase()).unwrap_or_default();
    let is_address = last.bytes().all(|byte| byte.is_ascii_digit());
    labels.len() > 1 && labels.iter().all(is_label) && !is_address && !NEVER.contains(&last.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_full_name_is_one() {
        for name in ["mail.example.com", "a.b", "pc-1.corp.example."] {
            assert!(is_full(name), "{name}");
        }
        let not =
            ["", "pc", "localhost", "localhost.localdomain", "pc.local", "a..b", "a_b.c", "192.0.2.1", "-a.b", "ñ.es"];
        for name in not {
            assert!(!is_full(name), "{name}");
        }
    }

    #[test]
    fn an_address_is_written_as_a_literal() {
        let check = |configured, address: &str, said: &str| {
            assert_eq!(own_name(configured, address.parse().unwrap()), said);
        };
        check(Some("mail.example.com"), "192.0.2.1", "mail.example.com");
        check(Some("pc"), "192.0.2.1", "pc");
        check(Some("192.0.2.7"), "192.0.2.1", "[192.0.2.7]");
        check(Some("2001:db8::1"), "192.0.2.1", "[IPv6:2001:db8::1]");
        assert_eq!(literal("::ffff:192.0.2.1".parse().unwrap()), "[192.0.2.1]");
    }

    #[test]
    fn what_is_offered_is_read_however_it_is_written() {
        let lines =
            ["mail.test", "auth=LOGIN", "Auth cram-md5 Plain", "STARTTLS ", "SIZE 100"].map(str::to_owned).into();
        let offers = Offers::of(&Reply { code: 250, lines });
        assert!(offers.has("STARTTLS") && offers.has("SIZE") && !offers.has("SMTPUTF8") && !offers.has("MAIL.TEST"));
        assert!(offers.has_login_by("LOGIN") && offers.has_login_by("PLAIN") && !offers.has_login_by("XOAUTH2"));
    }
}
