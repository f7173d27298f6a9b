//! Tokens: each lets one instance of one fleet get a certificate, once, and tells it whom it may believe to be the engine.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use estatus_core::{Timestamp, fleet::command::Refusal, secret::Secret};
use prost::Message;
use ring::hmac;

use super::proto::agent::Token;

/// So long a token is valid.
pub(crate) const LIFETIME: Duration = Duration::from_secs(15 * 60);
/// What a token begins with, so that whoever finds one knows what it is.
const BEGINS: &str = "estatus-token.";
/// No token is longer.
const LONGEST: usize = 4 * 1024;

/// What a token is signed with.
pub(crate) struct TokenKey(hmac::Key);

impl TokenKey {
    pub(crate) fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// The token that says `said`.
    pub(crate) fn sign(&self, said: &Token) -> Secret {
        let said = said.encode_to_vec();
        let signature = hmac::sign(&self.0, &said);
        let [said, signature] = [&said, signature.as_ref()].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part));
        Secret::new(format!("{BEGINS}{said}.{signature}"))
    }

    /// What a token says that this key has signed.
    pub(crate) fn verify(&self, token: &str, now: Timestamp) -> Result<Token, Refusal> {
        let Read { said, bytes, signature } = Read::of(token).ok_or(Refusal::NoToken)?;
        hmac::verify(&self.0, &bytes, &signature).map_err(|_| Refusal::Foreign)?;
        if i64::try_from(said.expires).is_ok_and(|expires| expires <= now.as_second()) {
            return Err(Refusal::Expired);
        }
        Ok(said)
    }
}

/// What a token says, whoever has signed it; nothing if it is none.
pub(crate) fn read(token: &str) -> Option<Token> {
    Read::of(token).map(|read| read.said)
}

/// A token in its parts.
struct Read {
    said: Token,
    bytes: Vec<u8>,
    signature: Vec<u8>,
}

impl Read {
    fn of(token: &str) -> Option<Self> {
        let token = token.trim();
        let (said, signature) = token.strip_prefix(BEGINS).filter(|_| token.len() <= LONGEST)?.split_once('.')?;
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(said).ok()?;
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?;
        let said = Token::decode(bytes.as_slice()).ok()?;
        Some(Self { said, bytes, signature })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(instance: &str, expires: u64) -> Token {
        Token { fleet: "web".to_owned(), instance: instance.to_owned(), expires, authority: vec![7; 32] }
    }

    #[test]
    fn a_token_says_whose_it_is_until_it_has_run_out() {
        let key = TokenKey::new(&[1; 32]);
        let token = key.sign(&said("web-7", 1000));
        let at = |second| Timestamp::from_second(second).unwrap();
        assert_eq!(key.verify(token.reveal(), at(999)), Ok(said("web-7", 1000)));
        assert_eq!(key.verify(&format!(" {}\n", token.reveal()), at(0)), Ok(said("web-7", 1000)));
        assert_eq!(key.verify(token.reveal(), at(1000)), Err(Refusal::Expired));
        assert_eq!(TokenKey::new(&[2; 32]).verify(token.reveal(), at(0)), Err(Refusal::Foreign));
        assert_eq!(read(token.reveal()), Some(said("web-7", 1000)));
    }

    #[test]
    fn what_is_no_token_is_known_for_it() {
        let key = TokenKey::new(&[1; 32]);
        let token = key.sign(&said("web-7", 1000));
        let (head, signature) = token.reveal().rsplit_once('.').unwrap();
        let check = |token: &str, why| assert_eq!(key.verify(token, Timestamp::UNIX_EPOCH), Err(why), "{token}");
        for none in ["", "secret", "estatus-token.", "estatus-token.!.!", head] {
            check(none, Refusal::NoToken);
        }
        check(&format!("{head}.{}", "A".repeat(LONGEST)), Refusal::NoToken);
        check(&format!("{head}."), Refusal::Foreign);
        check(&format!("{head}.{}", &signature[..20]), Refusal::Foreign);
        let other = key.sign(&said("web-8", 1000));
        let (other, _) = other.reveal().rsplit_once('.').unwrap();
        check(&format!("{other}.{signature}"), Refusal::Foreign);
    }
}
