//! One question to one name server: over UDP, and over TCP where the answer does not fit.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use estatus_core::observation::Cause;
use hickory_proto::op::{Edns, Message, MessageType, Query, ResponseCode};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
    time::timeout,
};

use crate::cause;

/// The largest answer that no network on the way has to cut into pieces, as agreed at the DNS flag day 2020.
const UDP_ANSWER: u16 = 1232;

/// A datagram may get lost: when no answer came by then, the question is asked once more.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// How many datagrams that are no answer to the question are passed over.
const STRANGERS: usize = 64;

/// Asks `server`; waits for as long as it takes.
///
/// # Errors
/// [`Cause::Refused`], [`Cause::Unreachable`], [`Cause::Broken`], [`Cause::Closed`] or [`Cause::Protocol`].
pub(super) async fn ask(server: SocketAddr, question: Query) -> Result<Message, Cause> {
    let mut edns = Edns::new();
    edns.set_max_payload(UDP_ANSWER);
    let reply = put(server, question.clone(), Some(edns)).await?;
    // What a server answers that is older than EDNS (RFC 6891, section 7).
    let is_too_old = matches!(reply.metadata.response_code, ResponseCode::FormErr | ResponseCode::NotImp);
    if is_too_old && reply.edns.is_none() { put(server, question, None).await } else { Ok(reply) }
}

async fn put(server: SocketAddr, question: Query, edns: Option<Edns>) -> Result<Message, Cause> {
    // A random id from a random port: nobody who does not see the question can forge the answer (RFC 5452).
    let mut request = Message::query();
    request.metadata.recursion_desired = true;
    request.add_query(question);
    request.edns = edns;
    let bytes = request.to_vec().map_err(|error| Cause::Protocol { error: error.to_string() })?;

    let reply = over_udp(server, &request, &bytes).await?;
    if reply.metadata.truncation { over_tcp(server, &request, &bytes).await } else { Ok(reply) }
}

async fn over_udp(server: SocketAddr, request: &Message, bytes: &[u8]) -> Result<Message, Cause> {
    let own: SocketAddr =
        if server.is_ipv4() { (Ipv4Addr::UNSPECIFIED, 0).into() } else { (Ipv6Addr::UNSPECIFIED, 0).into() };
    let socket = UdpSocket::bind(own).await.map_err(|error| of_udp(&error))?;
    socket.connect(server).await.map_err(|error| of_udp(&error))?;
    socket.send(bytes).await.map_err(|error| of_udp(&error))?;
    if let Ok(reply) = timeout(RETRY_AFTER, receive(&socket, request)).await {
        return reply;
    }
    socket.send(bytes).await.map_err(|error| of_udp(&error))?;
    receive(&socket, request).await
}

async fn receive(socket: &UdpSocket, request: &Message) -> Result<Message, Cause> {
    let mut datagram = vec![0; usize::from(UDP_ANSWER)];
    for _ in 0..STRANGERS {
        let length = socket.recv(&mut datagram).await.map_err(|error| of_udp(&error))?;
        if let Some(reply) = answer_to(request, datagram.get(..length).unwrap_or_default()) {
            return reply;
        }
    }
    Err(Cause::Protocol { error: "too many datagrams that are no answer to the question".to_owned() })
}

async fn over_tcp(server: SocketAddr, request: &Message, bytes: &[u8]) -> Result<Message, Cause> {
    let reply = read_over_tcp(server, bytes).await.map_err(|error| cause::of_io(&error))?;
    answer_to(request, &reply)
        .unwrap_or_else(|| Err(Cause::Protocol { error: "the answer is to another question".to_owned() }))
}

/// A message over TCP is led by its length (RFC 1035, section 4.2.2).
async fn read_over_tcp(server: SocketAddr, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(bytes.len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes(), bytes].concat()).await?;
    let length = stream.read_u16().await?;
    let mut reply = vec![0; usize::from(length)];
    stream.read_exact(&mut reply).await?;
    Ok(reply)
}

/// What `bytes` answer to `request`; `None` where they answer something else.
fn answer_to(request: &Message, bytes: &[u8]) -> Option<Result<Message, Cause>> {
    if bytes.first_chunk() != Some(&request.metadata.id.to_be_bytes()) {
        return None;
    }
    let reply = match Message::from_vec(bytes) {
        Ok(reply) => reply,
        Err(error) => return Some(Err(Cause::Protocol { error: error.to_string() })),
    };
    // A server that cannot read the question may leave it out of its answer.
    let same = reply.queries == request.queries
        || (reply.queries.is_empty() && reply.metadata.response_code != ResponseCode::NoError);
    (same && reply.metadata.message_type == MessageType::Response).then_some(Ok(reply))
}

/// That nobody listens on a UDP port is a reset connection to Windows.
fn of_udp(error: &io::Error) -> Cause {
    if error.kind() == io::ErrorKind::ConnectionReset { Cause::Refused } else { cause::of_io(error) }
}

#[cfg(test)]
mod tests {
    use hickory_proto::rr::{Name, RecordType};

    use super::*;

    fn question(name: &str) -> Query {
        Query::query(Name::from_ascii(name).unwrap(), RecordType::A)
    }

    fn request() -> Message {
        let mut request = Message::query();
        request.add_query(question("example.org."));
        request
    }

    #[test]
    fn only_an_answer_to_the_question_is_taken() {
        let request = request();
        let check = |what: &str, change: fn(&mut Message), taken: bool| {
            let mut reply = request.clone().into_response();
            change(&mut reply);
            assert_eq!(answer_to(&request, &reply.to_vec().unwrap()).is_some(), taken, "{what}");
        };
        check("the answer", |_| {}, true);
        check("another id", |reply| reply.metadata.id ^= 1, false);
        check("another question", |reply| reply.queries = vec![question("example.com.")], false);
        check("a question in capitals", |reply| reply.queries = vec![question("EXAMPLE.org.")], true);
        check("no question", |reply| reply.queries.clear(), false);
        check(
            "an error without the question",
            |reply| {
                reply.queries.clear();
                reply.metadata.response_code = ResponseCode::FormErr;
            },
            true,
        );
        check("a question back", |reply| reply.metadata.message_type = MessageType::Query, false);
        assert!(answer_to(&request, &[]).is_none());
    }

    #[test]
    fn an_answer_that_cannot_be_read_is_a_fault_of_the_server() {
        let request = request();
        let mut bytes = request.clone().into_response().to_vec().unwrap();
        bytes.truncate(14);
        assert!(matches!(answer_to(&request, &bytes), Some(Err(Cause::Protocol { .. }))));
    }

    /// A server that is older than EDNS answers FORMERR, some with no more than a header (RFC 6891, section 7).
    #[tokio::test]
    async fn a_server_that_does_not_know_edns_is_asked_without() {
        for code in [ResponseCode::FormErr, ResponseCode::NotImp] {
            let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let asked = ask(server.local_addr().unwrap(), question("example.org."));
            let answered = async {
                let mut datagram = [0; 512];
                let mut hear = async || {
                    let (length, client) = server.recv_from(&mut datagram).await.unwrap();
                    (Message::from_vec(&datagram[..length]).unwrap(), client)
                };
                let (request, client) = hear().await;
                assert!(request.edns.is_some());
                let mut reply = request.into_response();
                reply.edns = None;
                reply.queries.clear();
                reply.metadata.response_code = code;
                server.send_to(&reply.to_vec().unwrap(), client).await.unwrap();
                let (request, client) = hear().await;
                assert!(request.edns.is_none());
                server.send_to(&request.into_response().to_vec().unwrap(), client).await.unwrap();
            };
            let (reply, ()) = tokio::join!(asked, answered);
            assert_eq!(reply.unwrap().metadata.response_code, ResponseCode::NoError);
        }
    }

    #[tokio::test]
    async fn a_lost_question_is_asked_once_more() {
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let asked = ask(server.local_addr().unwrap(), question("example.org."));
        let answered = async {
            let mut datagram = [0; 512];
            server.recv_from(&mut datagram).await.unwrap();
            let (length, client) = server.recv_from(&mut datagram).await.unwrap();
            let reply = Message::from_vec(&datagram[..length]).unwrap().into_response();
            server.send_to(b"noise", client).await.unwrap();
            server.send_to(&reply.to_vec().unwrap(), client).await.unwrap();
        };
        let (reply, ()) = tokio::join!(asked, answered);
        assert_eq!(reply.unwrap().queries, vec![question("example.org.")]);
    }
}
