//! One connection: the handshake, then the verdict on the certificates.

use std::{
    io,
    path::Path,
    sync::{Arc, LazyLock},
};

use estatus_core::{Timestamp, check::Trust, observation::Cause};
use rustls::{
    ClientConfig,
    client::Resumption,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, ServerName},
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::{
    Failed, Secured, Tls, certificate,
    trust::{Authorities, Given, Strict},
    verdict,
    witness::Witness,
};

/// The cryptography of all connections.
pub(crate) static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| Arc::new(ring::default_provider()));

impl Tls {
    /// The same, trusting certificates signed by `roots` beside what this machine trusts.
    pub fn trust(&mut self, roots: impl IntoIterator<Item = CertificateDer<'static>>) {
        self.extra_roots.extend(roots);
    }

    /// Agrees on TLS with `host` over `stream`, and judges the certificates before anything is sent.
    ///
    /// # Errors
    /// What is wrong with the certificates, or why TLS failed.
    pub async fn shake_hands(
        &self,
        stream: TcpStream,
        host: &str,
        alpn: &[&[u8]],
        trust: &Trust,
    ) -> Result<Secured, Failed> {
        let name = server_name(host)?;
        let judges = self.judges(trust).await?;
        let witness = Arc::new(Witness::new(judges.is_some()));
        let mut config = config(Arc::clone(&witness)).map_err(|error| Cause::Tls { error: error.to_string() })?;
        config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
        let connecting = TlsConnector::from(Arc::new(config)).connect(name.clone(), stream);
        let stream = connecting.await.map_err(|error| witness.explain(error, host))?;

        let presented = stream.get_ref().1.peer_certificates().unwrap_or_default();
        let chain = certificate::read_chain(presented);
        if let Some(judges) = judges {
            let verdict = judges.judge(presented.to_vec(), name).await?;
            verdict.map_err(|error| verdict::explain(&error, &chain, host, Timestamp::now()))?;
        }
        Ok(Secured { stream: Box::new(stream), chain })
    }

    /// For a library that agrees on TLS itself: the certificates that this machine trusts, judged by the same rules.
    ///
    /// # Errors
    /// [`Cause::NoAuthorities`] where there are none.
    pub async fn client_config(&self) -> Result<ClientConfig, Cause> {
        let strict = Strict(self.authorities().await?);
        let config = ClientConfig::builder_with_provider(Arc::clone(&PROVIDER)).with_safe_default_protocol_versions();
        let config = config.map_err(|error| Cause::Tls { error: error.to_string() })?.dangerous();
        Ok(config.with_custom_certificate_verifier(Arc::new(strict)).with_no_client_auth())
    }

    /// Who judges where `trust` is asked for; nobody where nothing is verified.
    async fn judges(&self, trust: &Trust) -> Result<Option<Judges>, Cause> {
        match trust {
            Trust::Anybody => Ok(None),
            Trust::Machine => Ok(Some(Judges { machine: Some(self.authorities().await?), given: None })),
            Trust::File(path) => {
                let given = Some(Arc::new(read(path).await?));
                // A machine that trusts nobody can trust the file.
                Ok(Some(Judges { machine: self.authorities().await.ok(), given }))
            }
        }
    }

    /// Reads what this machine trusts, if `trust` asks for it and nobody has read it yet: that is no time of a server's.
    pub async fn prepare(&self, trust: &Trust) {
        if *trust != Trust::Anybody {
            // Where it cannot be read, the handshake says so.
            let _ = self.authorities().await;
        }
    }

    /// What this machine trusts; not kept where it cannot be read, for that may be mended.
    async fn authorities(&self) -> Result<Arc<Authorities>, Cause> {
        let load = async || {
            let roots = self.extra_roots.clone();
            let loaded = tokio::task::spawn_blocking(|| Authorities::load(roots)).await;
            let setup = |error: String| Cause::NoAuthorities { error };
            let loaded = loaded.map_err(|error| setup(error.to_string()))?;
            loaded.map(Arc::new).map_err(|error| setup(error.to_string()))
        };
        self.authorities.get_or_try_init(load).await.cloned()
    }
}

/// Those whose word counts, each for itself.
struct Judges {
    machine: Option<Arc<Authorities>>,
    given: Option<Arc<Given>>,
}

impl Judges {
    /// Windows' own verifier blocks, perhaps to fetch a certificate; on Linux it only computes.
    async fn judge(
        self,
        chain: Vec<CertificateDer<'static>>,
        name: ServerName<'static>,
    ) -> Result<Result<(), rustls::Error>, Cause> {
        if !cfg!(windows) {
            return Ok(self.decide(&chain, &name));
        }
        let verdict = tokio::task::spawn_blocking(move || self.decide(&chain, &name)).await;
        verdict.map_err(|error| Cause::Tls { error: error.to_string() })
    }

    /// The first that says yes decides; else the last one says why not.
    fn decide(&self, chain: &[CertificateDer<'static>], name: &ServerName<'static>) -> Result<(), rustls::Error> {
        let machine = self.machine.as_ref().map(|machine| machine.judge(chain, name));
        if let Some(Ok(())) = machine {
            return Ok(());
        }
        let given = self.given.as_ref().map(|given| given.judge(chain, name));
        given.or(machine).unwrap_or(Err(rustls::Error::NoCertificatesPresented))
    }
}

async fn read(path: &Path) -> Result<Given, Cause> {
    let wrong = |error: String| Cause::TrustFile { path: path.display().to_string(), error };
    let bytes = tokio::fs::read(path).await.map_err(|error| wrong(plain(&error)))?;
    Given::read(&bytes).map_err(wrong)
}

/// What the operating system says, without its number and the full stop of Windows: it goes on after that.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    let words = text.split_once(" (os error").map_or(text.as_str(), |(words, _)| words);
    words.trim_end_matches('.').to_owned()
}

fn server_name(host: &str) -> Result<ServerName<'static>, Cause> {
    ServerName::try_from(host.to_owned())
        .map_err(|_| Cause::Tls { error: format!("“{host}” is not a name that a certificate can be for") })
}

fn config(witness: Arc<Witness>) -> Result<ClientConfig, rustls::Error> {
    let config = ClientConfig::builder_with_provider(Arc::clone(&PROVIDER)).with_safe_default_protocol_versions()?;
    let config = config.dangerous().with_custom_certificate_verifier(Arc::clone(&witness) as _);
    let mut config = config.with_client_cert_resolver(witness);
    // A resumed session presents no certificates.
    config.resumption = Resumption::disabled();
    Ok(config)
}
