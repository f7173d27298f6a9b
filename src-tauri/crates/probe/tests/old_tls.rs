//! Servers and certificates that are not as they should be today, and what is said of them.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by them")]

mod common;

use std::sync::Arc;

use common::{
    PATIENCE, assert_down, assert_up,
    authority::{Authority, Wanted},
    http,
    nginx::Nginx,
    openssl::{Identity, Server},
    prober,
    server::serve,
};
use estatus_core::{
    check::{CertificateAssertions, Check, HostPort, TlsCheck, Trust},
    observation::{Cause, Observation, Phase},
};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::{CertifiedKey, SingleCertAndKey},
    version::{TLS12, TLS13},
};
use tokio_rustls::TlsAcceptor;

fn check(port: u16, host: &str, trust: Trust) -> Check {
    let address = HostPort { host: host.to_owned(), port };
    let certificate = CertificateAssertions { trust, warn_days: 0 };
    Check::Tls(TlsCheck { address, ip: None, starttls: None, certificate })
}

async fn probe(port: u16, trust: Trust) -> Observation {
    prober().probe(&check(port, "localhost", trust), PATIENCE).await
}

#[tokio::test]
async fn a_server_that_has_nothing_in_common_with_us_is_told_by_what_it_agrees_on() {
    let rsa = Identity::with_key("rsa:2048");
    let down = async |arguments: &[&str], cause: Cause| {
        let server = Server::start(&rsa, arguments);
        assert_down(&probe(server.port, Trust::Machine).await, Phase::Tls, &cause);
    };
    let version = |offered: &str| Cause::TlsVersion { offered: offered.to_owned() };
    let cipher = |offered: &str| Cause::TlsCipher { offered: offered.to_owned() };
    let old = "ALL:@SECLEVEL=0";
    down(&["-tls1_1", "-cipher", old], version("TLS 1.1")).await;
    down(&["-tls1", "-cipher", old], version("TLS 1.0")).await;
    let cbc = cipher("TLS 1.2 with TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA");
    down(&["-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA"], cbc).await;
    down(&["-tls1_2", "-cipher", "AES256-SHA"], cipher("TLS 1.2 with TLS_RSA_WITH_AES_256_CBC_SHA")).await;
    down(&["-tls1_2", "-curves", "P-521"], cipher("TLS 1.2 with P-521")).await;
    down(&["-tls1_3", "-curves", "P-521"], cipher("TLS 1.3 with P-521")).await;

    // The page behind it is told by the same sentence.
    let server = Server::start(&rsa, &["-tls1_1", "-cipher", old, "-www"]);
    let page = Check::Http(Box::new(http(&format!("https://localhost:{}/", server.port))));
    assert_down(&prober().probe(&page, PATIENCE).await, Phase::Tls, &version("TLS 1.1"));
}

#[tokio::test]
async fn a_key_that_cannot_be_verified_is_named() {
    let p521 = Identity::with_key("ec -pkeyopt ec_paramgen_curve:P-521");
    let server = Server::start(&p521, &["-tls1_2"]);
    let cause = Cause::CertificateAlgorithm { subject: "Old".into(), algorithm: "ECDSA on P-521".into() };
    assert_down(&probe(server.port, Trust::Machine).await, Phase::Tls, &cause);
    // Where nothing is verified, that is no matter; but in TLS 1.2 the curve must be offered too (RFC 8422, section 5.1).
    let server = Server::start(&p521, &["-tls1_3"]);
    let observation = probe(server.port, Trust::Anybody).await;
    assert_eq!(observation.failure, None);
    assert!(observation.seen.contains("certificate of Old"), "{}", observation.seen);
}

#[tokio::test]
async fn certificates_as_nobody_makes_them_any_more_are_told_in_one_sentence_each() {
    let root = "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 30 -subj /CN=Root";
    let request = "req -newkey rsa:2048 -nodes -keyout own.key -out own.csr -subj /CN=Own";
    let signed = |identity: &Identity| {
        let pem = std::fs::read(identity.path("ca.pem")).unwrap();
        CertificateDer::from_pem_slice(&pem).unwrap()
    };
    let down = async |steps: &[&str], cause: Cause| {
        let identity = Identity::made(steps);
        // A key of 1024 bits is more than OpenSSL itself allows.
        let server = Server::start(&identity, &["-cipher", "DEFAULT:@SECLEVEL=0"]);
        let prober = prober().trusting([signed(&identity)]);
        let observation = prober.probe(&check(server.port, "localhost", Trust::Machine), PATIENCE).await;
        assert_down(&observation, Phase::Tls, &cause);
        let observation = prober.probe(&check(server.port, "localhost", Trust::Anybody), PATIENCE).await;
        assert_eq!(observation.failure, None, "{steps:?}");
    };
    let subject = || "Own".to_owned();
    // A certificate without extensions is of version 1.
    let version_1 = "x509 -req -in own.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out own.pem -days 30";
    down(&[root, request, version_1], Cause::CertificateVersion { subject: subject(), version: 1 }).await;
    let sign =
        "x509 -req -in own.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out own.pem -days 30 -copy_extensions copy";
    let request = |key: &str, extensions: &str| {
        format!("req -newkey {key} -nodes -keyout own.key -out own.csr -subj /CN=Own {extensions}")
    };
    let host = "-addext subjectAltName=DNS:localhost";
    let weak = Cause::CertificateWeakKey { subject: subject(), bits: 1024 };
    down(&[root, &request("rsa:1024", host), sign], weak).await;
    let sha1 = format!("{sign} -sha1");
    let forgeable = Cause::CertificateOldSignature { subject: subject(), hash: "SHA-1".into() };
    down(&[root, &request("rsa:2048", host), &sha1], forgeable).await;
    let for_clients = format!("{host} -addext extendedKeyUsage=clientAuth");
    let purpose = Cause::CertificatePurpose { subject: subject() };
    down(&[root, &request("rsa:2048", &for_clients), sign], purpose).await;
    let nameless = "-addext keyUsage=digitalSignature";
    down(&[root, &request("rsa:2048", nameless), sign], Cause::CertificateNoNames { subject: subject() }).await;
    let authority = format!("{host} -addext basicConstraints=critical,CA:TRUE");
    let of_authority = Cause::CertificateOfAuthority { subject: subject() };
    down(&[root, &request("rsa:2048", &authority), sign], of_authority).await;

    // One of version 1 that signs itself.
    let itself = "x509 -req -in own.csr -signkey own.key -out own.pem -days 30";
    let steps = [root, &request("rsa:2048", host), itself];
    down(&steps, Cause::CertificateSelfSigned { subject: subject() }).await;
    let identity = Identity::made(&steps);
    for version in ["-tls1_2", "-tls1_3"] {
        let server = Server::start(&identity, &[version]);
        assert_eq!(probe(server.port, Trust::File(identity.path("own.pem"))).await.failure, None, "{version}");
    }
}

#[tokio::test]
async fn an_address_that_stands_as_a_dns_name_is_told_so() {
    let own = "req -x509 -newkey rsa:2048 -nodes -keyout own.key -out own.pem -days 30 -subj /CN=Own -addext \
               subjectAltName=DNS:127.0.0.1 -addext basicConstraints=critical,CA:FALSE";
    let identity = Identity::made(&[own]);
    let server = Server::start(&identity, &[]);
    let pem = std::fs::read(identity.path("own.pem")).unwrap();
    let prober = prober().trusting([CertificateDer::from_pem_slice(&pem).unwrap()]);
    let observation = prober.probe(&check(server.port, "127.0.0.1", Trust::Machine), PATIENCE).await;
    assert_down(&observation, Phase::Tls, &Cause::CertificateAddressAsName { host: "127.0.0.1".into() });
}

#[tokio::test]
async fn a_missing_intermediate_is_named() {
    let authority = Authority::new("Test Authority");
    let wanted = Wanted { common_name: Some("Intermediate"), names: &[], days: (-30, 30) };
    let (intermediate, certificate) = authority.below(&wanted);
    let prober = prober().trusting([authority.root()]);
    let servers = "server { listen 127.0.0.1:PORT; listen 127.0.0.1:TLS_PORT ssl; ssl_certificate own.pem;
                   ssl_certificate_key own.key; location / { return 200 ok; } }";
    let own = intermediate.sign(&Wanted::default());
    let nginx = Nginx::start(&[], servers, |directory| own.write(directory, "own"));
    let page = || Check::Http(Box::new(http(&nginx.tls_url("/"))));
    let alone = Cause::CertificateAlone { issuer: "Intermediate".into() };
    assert_down(&prober.probe(&page(), PATIENCE).await, Phase::Tls, &alone);
    let whole = intermediate.sign(&Wanted::default()).with(certificate);
    let nginx = Nginx::start(&[], servers, |directory| whole.write(directory, "own"));
    let page = Check::Http(Box::new(http(&nginx.tls_url("/"))));
    assert_up(&prober.probe(&page, PATIENCE).await, "200 OK");
}

#[tokio::test]
async fn a_wanted_client_certificate_is_told_so() {
    let rsa = Identity::with_key("rsa:2048");
    for version in ["-tls1_2", "-tls1_3"] {
        let server = Server::start(&rsa, &[version, "-Verify", "1", "-www"]);
        let mut page = http(&format!("https://localhost:{}/", server.port));
        page.certificate.trust = Trust::Anybody;
        let observation = prober().probe(&Check::Http(Box::new(page)), PATIENCE).await;
        assert_eq!(observation.failure.unwrap().cause, Cause::ClientCertificate, "{version}");
    }
}

/// Whoever shows a certificate without having its key is nobody, however much it is trusted.
#[tokio::test]
async fn a_certificate_without_its_key_is_nothing() {
    let (shown, held) = (Wanted::default().signed_by_itself(false), Wanted::default().signed_by_itself(false));
    let folder = tempfile::tempdir().unwrap();
    shown.write(folder.path(), "own");
    let key = PrivateKeyDer::try_from(held.key.serialize_der()).unwrap();
    let key = rustls::crypto::ring::sign::any_supported_type(&key).unwrap();
    let presented = SingleCertAndKey::from(CertifiedKey::new(shown.chain.clone(), key));
    let presented = Arc::new(presented);
    for version in [&TLS12, &TLS13] {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_protocol_versions(&[version]).unwrap();
        let config = config.with_no_client_auth().with_cert_resolver(Arc::clone(&presented) as _);
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let address = serve(move |stream| {
            let acceptor = acceptor.clone();
            async move { drop(acceptor.accept(stream).await) }
        })
        .await;
        let trust = Trust::File(folder.path().join("own.pem"));
        let failure = probe(address.port(), trust).await.failure.unwrap();
        assert_eq!(failure.cause, Cause::CertificateForged { subject: "Test Server".into() });
    }
}

/// A certificate that is trusted itself, as OpenSSL has it: though it says that it is an authority, as `openssl req -x509`
/// makes it.
#[tokio::test]
async fn a_certificate_that_is_trusted_itself_is_accepted() {
    let own = Identity::with_key("rsa:2048");
    let server = Server::start(&own, &["-www"]);
    let pem = std::fs::read(own.path("own.pem")).unwrap();
    let root = CertificateDer::from_pem_slice(&pem).unwrap();
    let by_machine = prober().trusting([root.clone()]);
    let probe_at = async |host: &str, trust: Trust| by_machine.probe(&check(server.port, host, trust), PATIENCE).await;
    assert_eq!(probe_at("localhost", Trust::Machine).await.failure, None);
    // What the machine trusts is still for the hosts that it names.
    let wrong = Cause::CertificateWrongHost { host: "127.0.0.1".into(), names: vec!["localhost".into()] };
    assert_down(&probe_at("127.0.0.1", Trust::Machine).await, Phase::Tls, &wrong);

    let itself = Cause::CertificateSelfSigned { subject: "Old".into() };
    assert_down(&probe(server.port, Trust::Machine).await, Phase::Tls, &itself);
    let file = || Trust::File(own.path("own.pem"));
    assert_eq!(probe(server.port, file()).await.failure, None);
    // A server's own certificate says who it is, whatever it is called; in PEM or not.
    let der = own.path("own.der");
    std::fs::write(&der, root).unwrap();
    for trust in [file(), Trust::File(der)] {
        assert_eq!(prober().probe(&check(server.port, "127.0.0.1", trust), PATIENCE).await.failure, None);
    }
    let other = Identity::with_key("rsa:2048");
    let trust = Trust::File(other.path("own.pem"));
    assert_down(&probe(server.port, trust).await, Phase::Tls, &itself);

    let missing = probe(server.port, Trust::File(own.path("nowhere.pem"))).await.failure.unwrap();
    assert!(matches!(missing.cause, Cause::TrustFile { .. }), "{missing:?}");
}
