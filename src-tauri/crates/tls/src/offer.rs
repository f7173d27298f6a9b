//! What a server would agree on that cannot agree with us: a look at its first words, after which nothing follows.

mod names;
mod wire;

use std::io;

use estatus_core::observation::Cause;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::{Duration, timeout},
};

use crate::{certificate, verdict};
use wire::Heard;

/// How long the look may take.
const WITHIN: Duration = Duration::from_secs(3);

/// The most that is read of what a server says.
const LIMIT: usize = 64 * 1024;

/// The newest version that is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Newest {
    /// Its certificate and its curve are told in the clear.
    Tls12,
    Tls13,
}

/// Asks the server `host`, on connections that `connect` makes, what it would agree on. `None` where it shows nothing that
/// keeps us from agreeing.
pub async fn look<S, E, C>(host: &str, connect: impl Fn() -> C) -> Option<Cause>
where
    S: AsyncRead + AsyncWrite + Unpin,
    C: Future<Output = Result<S, E>>,
{
    let looks = async {
        for newest in [Newest::Tls12, Newest::Tls13] {
            let Ok(mut stream) = connect().await else { return None };
            let Ok(heard) = ask(&mut stream, host, newest).await else { return None };
            if let Some(heard) = heard {
                return judge(&heard);
            }
        }
        None
    };
    timeout(WITHIN, looks).await.ok().flatten()
}

/// What the server says to an offer of everything up to `newest`; `None` where it refuses.
async fn ask<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    host: &str,
    newest: Newest,
) -> io::Result<Option<Heard>> {
    stream.write_all(&wire::hello(host, newest == Newest::Tls13)).await?;
    stream.flush().await?;
    let mut bytes = Vec::new();
    while bytes.len() < LIMIT {
        // Room of its own would be kept by every probe under way, whether it comes to this or not.
        bytes.reserve(4096);
        let read = stream.read_buf(&mut bytes).await?;
        let heard = wire::read(&bytes);
        if read == 0 || heard.is_whole {
            return Ok(heard.version.is_some().then_some(heard));
        }
    }
    Ok(None)
}

/// What of it keeps us from agreeing.
fn judge(heard: &Heard) -> Option<Cause> {
    let version = names::version(heard.version?);
    if !names::is_spoken(heard.version?) {
        return Some(Cause::TlsVersion { offered: version });
    }
    let cipher = heard.cipher.filter(|cipher| !names::is_ours(*cipher)).map(names::cipher);
    let group = heard.group.filter(|group| !names::is_our_group(*group)).map(names::group);
    if let Some(what) = cipher.or(group) {
        return Some(Cause::TlsCipher { offered: format!("{version} with {what}") });
    }
    let chain = certificate::read_chain(&heard.chain);
    verdict::unfit(&chain)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found of a server that says `said`, whatever it is asked.
    async fn found(said: &[u8]) -> Option<Cause> {
        let said = said.to_vec();
        look("host.example", || {
            let (ours, mut theirs) = tokio::io::duplex(64 * 1024);
            let said = said.clone();
            tokio::spawn(async move {
                let mut hello = [0; 4096];
                let _ = theirs.read(&mut hello).await;
                let _ = theirs.write_all(&said).await;
            });
            std::future::ready(Ok::<_, io::Error>(ours))
        })
        .await
    }

    /// The record of a ServerHello.
    fn server_hello(version: u16, cipher: u16, extensions: &[u8]) -> Vec<u8> {
        let mut body = version.to_be_bytes().to_vec();
        body.extend([7; 32]);
        body.push(0);
        body.extend(cipher.to_be_bytes());
        body.push(0);
        if !extensions.is_empty() {
            body.extend((extensions.len() as u16).to_be_bytes());
            body.extend(extensions);
        }
        message(2, &body)
    }

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let length = (body.len() as u32).to_be_bytes();
        let mut message = vec![kind, length[1], length[2], length[3]];
        message.extend(body);
        let mut record = vec![22, 3, 3];
        record.extend((message.len() as u16).to_be_bytes());
        record.extend(message);
        record
    }

    #[tokio::test]
    async fn what_a_server_agrees_on_is_read() {
        let version = |offered: &str| Some(Cause::TlsVersion { offered: offered.to_owned() });
        let cipher = |offered: &str| Some(Cause::TlsCipher { offered: offered.to_owned() });
        assert_eq!(found(&server_hello(0x0301, 0x002f, &[])).await, version("TLS 1.0"));
        assert_eq!(found(&server_hello(0x0302, 0x002f, &[])).await, version("TLS 1.1"));
        let rsa = cipher("TLS 1.2 with TLS_RSA_WITH_AES_128_CBC_SHA");
        assert_eq!(found(&server_hello(0x0303, 0x002f, &[])).await, rsa);
        // ServerKeyExchange on a named curve (RFC 8422, section 5.4).
        let on = |group: u8| [server_hello(0x0303, 0xc02f, &[]), message(12, &[3, 0, group, 0])].concat();
        assert_eq!(found(&on(25)).await, cipher("TLS 1.2 with P-521"));
        assert_eq!(found(&on(23)).await, None);
        // HelloRetryRequest (RFC 8446, section 4.1.4).
        let retry = [0, 43, 0, 2, 3, 4, 0, 51, 0, 2, 0, 25];
        assert_eq!(found(&server_hello(0x0303, 0x1301, &retry)).await, cipher("TLS 1.3 with P-521"));
        // An alert, no TLS, nothing.
        assert_eq!(found(&[21, 3, 3, 0, 2, 2, 40]).await, None);
        assert_eq!(found(b"HTTP/1.1 400 Bad Request\r\n\r\n").await, None);
        assert_eq!(found(&[]).await, None);
    }

    #[test]
    fn nothing_that_is_heard_is_read_beyond_its_end() {
        let whole =
            [server_hello(0x0303, 0xc02f, &[0, 43, 0, 2, 3, 4]), message(11, &[0, 0, 5, 0, 0, 2, 1, 1])].concat();
        let mut state = 1_u64;
        for _ in 0..20_000 {
            let mut bytes = whole.clone();
            for _ in 0..3 {
                // Knuth's linear congruential generator will do.
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let at = (state >> 33) as usize % bytes.len();
                bytes[at] = (state >> 20) as u8;
            }
            bytes.truncate((state >> 40) as usize % (bytes.len() + 1));
            judge(&wire::read(&bytes));
        }
    }
}
