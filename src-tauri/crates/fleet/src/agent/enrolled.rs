//! What an agent keeps, so that it need not enrol again when it starts again: its key, its certificate, and by which token it has
//! got it.

use std::{
    io,
    path::{Path, PathBuf},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use estatus_access::{create_private_folder, write_atomically};
use rcgen::{KeyPair, PublicKeyData};
use ring::digest::{SHA256, digest};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde::{Deserialize, Serialize};

use super::{AgentError, pinned::Shown};
use crate::wire::{Token, read_file, read_token};

const FILE: &str = "agent.json";
/// What is kept is kept beside the token, in a folder whose name is the token's with this at its end.
const BESIDE: &str = ".agent";

/// An agent that is enrolled, or will be.
pub(crate) struct Enrolled {
    token_file: PathBuf,
    file: PathBuf,
    kept: Kept,
}

/// What is on disk.
#[derive(Clone, Serialize, Deserialize)]
struct Kept {
    fleet: String,
    instance: String,
    /// The SHA-256 of the authority's certificate.
    authority: String,
    /// That of the token by which it enrols or has enrolled.
    token: String,
    /// PKCS #8.
    key: String,
    /// What it has got for it.
    certificate: Option<String>,
}

impl Enrolled {
    /// What is kept for the token in `token_file`; where that is another than the one before, everything begins anew.
    ///
    /// # Errors
    /// There is neither a token nor a certificate, or nothing can be kept.
    pub(crate) fn open(token_file: PathBuf, state: Option<PathBuf>) -> Result<Self, AgentError> {
        let folder = state.unwrap_or_else(|| {
            let mut beside = token_file.as_os_str().to_owned();
            beside.push(BESIDE);
            beside.into()
        });
        let kept = |error| AgentError::State(folder.clone(), error);
        create_private_folder(&folder).map_err(kept)?;
        let file = folder.join(FILE);
        let known = read_file(&file).map_err(kept)?.and_then(|json| serde_json::from_str::<Kept>(&json).ok());
        let enrolled = match (known, given(&token_file)) {
            (Some(known), Ok(token)) if known.token == fingerprint(&token.text) => {
                Self { token_file, file, kept: known }
            }
            (_, Ok(token)) => Self { token_file, file, kept: Kept::new(&token).map_err(kept)? },
            (Some(known), Err(_)) if known.certificate.is_some() => Self { token_file, file, kept: known },
            (_, Err(error)) => return Err(AgentError::Token(token_file, error)),
        };
        // The key is on disk before the token is used for it: who is killed between can use it again.
        enrolled.write().map_err(kept)?;
        Ok(enrolled)
    }

    pub(crate) fn fleet(&self) -> &str {
        &self.kept.fleet
    }

    pub(crate) fn instance(&self) -> &str {
        &self.kept.instance
    }

    /// Which authority's engine is to be believed.
    pub(crate) fn authority(&self) -> Vec<u8> {
        BASE64_STANDARD.decode(&self.kept.authority).unwrap_or_default()
    }

    /// Its key, as it is shown to the engine.
    pub(crate) fn public_key(&self) -> io::Result<Vec<u8>> {
        Ok(pair(&self.kept.key)?.subject_public_key_info())
    }

    /// The certificate and its key, if there is one.
    pub(crate) fn shown(&self) -> io::Result<Option<Shown>> {
        let Some(certificate) = &self.kept.certificate else { return Ok(None) };
        let certificate = BASE64_STANDARD.decode(certificate).map_err(io::Error::other)?;
        let key = BASE64_STANDARD.decode(&self.kept.key).map_err(io::Error::other)?;
        Ok(Some(Shown { certificate: CertificateDer::from(certificate), key: PrivateKeyDer::Pkcs8(key.into()) }))
    }

    /// The token, if it is there.
    ///
    /// # Errors
    /// Why it is not.
    pub(crate) fn token(&self) -> Result<String, String> {
        given(&self.token_file).map(|given| given.text)
    }

    /// Looks for another token than the one by which it has enrolled: whether everything begins anew with that.
    ///
    /// # Errors
    /// Nothing can be kept.
    pub(crate) fn take_new_token(&mut self) -> io::Result<bool> {
        let Ok(token) = given(&self.token_file) else { return Ok(false) };
        if self.kept.token == fingerprint(&token.text) {
            return Ok(false);
        }
        self.kept = Kept::new(&token)?;
        self.write()?;
        Ok(true)
    }

    /// Keeps the certificate for its key.
    ///
    /// # Errors
    /// It cannot be kept.
    pub(crate) fn certify(&mut self, certificate: &[u8]) -> io::Result<()> {
        self.kept.certificate = Some(BASE64_STANDARD.encode(certificate));
        self.write()
    }

    /// Keeps the certificate for another key.
    ///
    /// # Errors
    /// It cannot be kept.
    pub(crate) fn renew(&mut self, key: &KeyPair, certificate: &[u8]) -> io::Result<()> {
        self.kept.key = BASE64_STANDARD.encode(key.serialized_der());
        self.certify(certificate)
    }

    fn write(&self) -> io::Result<()> {
        write_atomically(&self.file, &serde_json::to_string(&self.kept)?, None)
    }
}

impl Kept {
    fn new(token: &Given) -> io::Result<Self> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        Ok(Self {
            fleet: token.said.fleet.clone(),
            instance: token.said.instance.clone(),
            authority: BASE64_STANDARD.encode(&token.said.authority),
            token: fingerprint(&token.text),
            key: BASE64_STANDARD.encode(key.serialized_der()),
            certificate: None,
        })
    }
}

/// A token as it stands in a file.
struct Given {
    text: String,
    said: Token,
}

fn given(file: &Path) -> Result<Given, String> {
    let text = read_file(file).map_err(|error| error.to_string())?.ok_or("there is no such file")?;
    let text = text.trim().to_owned();
    let said = read_token(&text).ok_or("there is no token in it")?;
    Ok(Given { text, said })
}

fn pair(key: &str) -> io::Result<KeyPair> {
    let key = BASE64_STANDARD.decode(key).map_err(io::Error::other)?;
    KeyPair::try_from(key).map_err(io::Error::other)
}

/// What a token is known by, which is no use to anybody else.
fn fingerprint(token: &str) -> String {
    BASE64_STANDARD.encode(digest(&SHA256, token.as_bytes()))
}
