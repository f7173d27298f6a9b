//! Agrees on TLS and judges the certificates.

use std::sync::Arc;

use estatus_core::{
    Timestamp,
    check::CertificateAssertions,
    observation::{Cause, Phase},
};
use rustls::{
    ClientConfig, DigitallySignedStruct, SignatureScheme,
    client::{
        Resumption,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{self, CryptoProvider},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use rustls_platform_verifier::Verifier;
use tokio::{net::TcpStream, sync::OnceCell};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{
    cause,
    certificate::{self, Certificate},
    trace::Trace,
};

/// What all TLS connections share; made at the first of them, for it reads every certificate this machine trusts.
#[derive(Default)]
pub(crate) struct Tls {
    /// Trusted beside what this machine trusts.
    pub(crate) extra_roots: Vec<CertificateDer<'static>>,
    shared: OnceCell<Shared>,
}

struct Shared {
    verifier: Arc<Verifier>,
    verified: TlsConnector,
    unverified: TlsConnector,
}

/// A connection on which TLS was agreed.
pub(crate) struct Secured {
    /// The connection.
    pub(crate) stream: Box<TlsStream<TcpStream>>,
    /// The certificates that the server presented, its own first.
    pub(crate) chain: Vec<Certificate>,
}

impl Tls {
    /// Agrees on TLS with `host` over `stream`, in [`Phase::Tls`], and judges the certificates before anything is sent.
    ///
    /// # Errors
    /// What is wrong with the certificates, or why TLS failed.
    pub(crate) async fn shake_hands(
        &self,
        stream: TcpStream,
        host: &str,
        alpn: &[&[u8]],
        asked: CertificateAssertions,
        trace: &mut Trace,
    ) -> Result<Secured, Cause> {
        trace.enter(Phase::Tls);
        // Several small writes follow one another; Nagle's algorithm would hold each back for the acknowledgement of the
        // one before. Where it cannot be switched off, things are slower, not wrong.
        let _ = stream.set_nodelay(true);
        let shared = self.shared.get_or_try_init(|| load(self.extra_roots.clone())).await?;
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| Cause::Tls { error: format!("“{host}” is not a name that a certificate can be for") })?;
        let connector = if asked.verify { &shared.verified } else { &shared.unverified };
        let alpn = alpn.iter().map(|protocol| protocol.to_vec()).collect();
        let connecting = connector.with_alpn(alpn).connect(name.clone(), stream);
        let stream = Box::new(connecting.await.map_err(|error| cause::of_io(&error))?);

        let presented = stream.get_ref().1.peer_certificates().unwrap_or_default();
        let chain = certificate::read_chain(presented);
        let now = Timestamp::now();
        if asked.verify {
            let verdict = verify(Arc::clone(&shared.verifier), presented, name).await?;
            verdict.map_err(|error| certificate::explain(&error, &chain, host, now))?;
        }
        certificate::note_last_days(&chain, asked.warn_days, now, trace);
        Ok(Secured { stream, chain })
    }
}

/// Reads what this machine trusts, from some hundred files; not cached where it fails, for that may be mended.
async fn load(extra_roots: Vec<CertificateDer<'static>>) -> Result<Shared, Cause> {
    let loaded = tokio::task::spawn_blocking(|| {
        let provider = Arc::new(crypto::ring::default_provider());
        let verifier = Arc::new(Verifier::new_with_extra_roots(extra_roots, Arc::clone(&provider))?);
        let connector = |check_signatures| -> Result<_, rustls::Error> {
            let lenient = Arc::new(Lenient { provider: Arc::clone(&provider), check_signatures });
            let config = ClientConfig::builder_with_provider(Arc::clone(&provider));
            let config = config.with_safe_default_protocol_versions()?.dangerous();
            let mut config = config.with_custom_certificate_verifier(lenient).with_no_client_auth();
            // A resumed session presents no certificates.
            config.resumption = Resumption::disabled();
            Ok(TlsConnector::from(Arc::new(config)))
        };
        Ok::<_, rustls::Error>(Shared { verifier, verified: connector(true)?, unverified: connector(false)? })
    });
    let setup = |error: String| Cause::Setup {
        error: format!("the certificates that this machine trusts cannot be read: {error}; install ca-certificates"),
    };
    loaded.await.map_err(|error| setup(error.to_string()))?.map_err(|error| setup(error.to_string()))
}

/// Asks the platform. Windows' own verifier blocks, perhaps to fetch a certificate; on Linux it only computes.
async fn verify(
    verifier: Arc<Verifier>,
    chain: &[CertificateDer<'static>],
    name: ServerName<'static>,
) -> Result<Result<(), rustls::Error>, Cause> {
    if !cfg!(windows) {
        return Ok(judge(&verifier, chain, &name));
    }
    let chain = chain.to_vec();
    let verdict = tokio::task::spawn_blocking(move || judge(&verifier, &chain, &name)).await;
    verdict.map_err(|error| Cause::Tls { error: error.to_string() })
}

fn judge(verifier: &Verifier, chain: &[CertificateDer<'_>], name: &ServerName<'_>) -> Result<(), rustls::Error> {
    let (own, others) = chain.split_first().ok_or(rustls::Error::NoCertificatesPresented)?;
    verifier.verify_server_cert(own, others, name, &[], UnixTime::now()).map(drop)
}

/// Lets every chain through the handshake, so that it can be read and then judged by [`Tls::shake_hands`].
#[derive(Debug)]
struct Lenient {
    provider: Arc<CryptoProvider>,
    check_signatures: bool,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        if !self.check_signatures {
            return Ok(HandshakeSignatureValid::assertion());
        }
        crypto::verify_tls12_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        if !self.check_signatures {
            return Ok(HandshakeSignatureValid::assertion());
        }
        crypto::verify_tls13_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
