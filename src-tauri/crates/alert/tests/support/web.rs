//! A web server that reads one request and says what it was told to say.

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    task::JoinHandle,
};
use url::Url;

/// Where the server is, and the request once it has come.
pub struct Web {
    pub url: Url,
    request: JoinHandle<String>,
}

impl Web {
    /// Starts one that answers with `answer`, given as it goes over the wire; where it is empty, the connection is cut.
    pub async fn start(answer: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hooks/T0K3N-in-the-path", listener.local_addr().unwrap()).parse().unwrap();
        let request = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !is_complete(&request) {
                assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0, "the request ends in the middle");
            }
            stream.write_all(answer.as_bytes()).await.unwrap();
            String::from_utf8(request).unwrap()
        });
        Self { url, request }
    }

    /// The request, head and body.
    pub async fn request(self) -> (String, String) {
        let request = self.request.await.unwrap();
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }
}

fn is_complete(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    body.len() >= length.unwrap_or(0)
}

/// An answer with `status` and a short body.
pub fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}
