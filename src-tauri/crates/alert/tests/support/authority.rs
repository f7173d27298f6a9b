//! A certificate authority of our own, trusted the way that an administrator has one trusted on Linux: by the variable
//! `SSL_CERT_FILE`. A test cannot set that for itself, so it runs itself once more with it.

use std::{
    any::type_name,
    env, fs,
    future::Future,
    path::{Path, PathBuf},
    process::Command,
};

use estatus_valet::path;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use serde_json::{Value, json};

const FOLDER: &str = "ESTATUS_TEST_AUTHORITY";

/// The folder with the authority's certificates: `NAME.pem` and `NAME.key`.
pub struct Authority(PathBuf);

impl Authority {
    /// Where `name` lies in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The settings for a server that has the certificate `name`: `sound`, `expired`, `elsewhere` (for another host),
    /// `stranger` (by an authority that nobody trusts but who has `strangers.pem`), or one that signs itself: `own`, or
    /// `itself`, which is trusted as such.
    pub fn settings(&self, tls: &str, name: &str) -> Value {
        let path = |end| path(&self.0.join(format!("{name}.{end}")));
        json!({ "tls": tls, "certificate": path("pem"), "key": path("key") })
    }
}

/// Runs `test` in a process that trusts the authority.
pub fn trusting<T: Future<Output = ()>, F: FnOnce(Authority) -> T>(test: F) {
    if let Some(folder) = env::var_os(FOLDER) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        return runtime.block_on(test(Authority(folder.into())));
    }
    let folder = tempfile::tempdir().unwrap();
    write_certificates(folder.path());
    let closure = type_name::<F>();
    let (_program, name) = closure.trim_end_matches("::{{closure}}").split_once("::").unwrap();
    let again = Command::new(env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture"])
        .env(FOLDER, folder.path())
        .env("SSL_CERT_FILE", folder.path().join("authority.pem"))
        .output()
        .unwrap();
    let said = [again.stdout, again.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
    assert!(again.status.success() && said[0].contains("1 passed"), "{name}: {}{}", said[0], said[1]);
}

fn write_certificates(folder: &Path) {
    let (authority, authority_pem) = authority("Test Authority");
    let (stranger, stranger_pem) = self::authority("Stranger");
    fs::write(folder.join("strangers.pem"), stranger_pem).unwrap();
    // As `openssl req -x509` makes them.
    let sign_itself = |name: &str, host: &str| {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([host.to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, host);
        let pem = params.self_signed(&key).unwrap().pem();
        fs::write(folder.join(format!("{name}.pem")), &pem).unwrap();
        fs::write(folder.join(format!("{name}.key")), key.serialize_pem()).unwrap();
        pem
    };
    sign_itself("own", "nas.example");
    let itself_pem = sign_itself("itself", "localhost");
    fs::write(folder.join("authority.pem"), authority_pem + &itself_pem).unwrap();
    let write = |name: &str, host: &str, issuer: &Issuer<'_, KeyPair>, last_year: i32| {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([host.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(last_year, 1, 1);
        fs::write(folder.join(format!("{name}.pem")), params.signed_by(&key, issuer).unwrap().pem()).unwrap();
        fs::write(folder.join(format!("{name}.key")), key.serialize_pem()).unwrap();
    };
    write("sound", "localhost", &authority, 4000);
    write("expired", "localhost", &authority, 2001);
    write("elsewhere", "mail.example.org", &authority, 4000);
    write("stranger", "localhost", &stranger, 4000);
}

fn authority(name: &str) -> (Issuer<'static, KeyPair>, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    let certificate = params.self_signed(&key).unwrap();
    let pem = certificate.pem();
    (Issuer::new(params, key), pem)
}
