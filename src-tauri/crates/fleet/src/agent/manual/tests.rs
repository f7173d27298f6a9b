use std::sync::mpsc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

/// What the page answers to a request, which is written out but for the end of its head.
async fn ask(manual: &Manual, request: &str, body: &str) -> String {
    let at = manual.page.at;
    let mut stream = TcpStream::connect(at).await.unwrap();
    let request = request.replace("HOST", &format!("127.0.0.1:{}", at.port())).replace('\n', "\r\n");
    let length = body.len();
    let request = format!("{request}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

async fn begin() -> Manual {
    let tell: Teller = Arc::new(|_| {});
    Manual::begin(None, "web-<1>", "host.example:50051", &tell).await.unwrap()
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

#[tokio::test]
async fn the_page_is_told_and_shows_the_load_in_the_language_that_is_wanted() {
    let (tell, told) = mpsc::channel();
    let tell: Teller = Arc::new(move |news| tell.send(news).unwrap());
    let manual = Manual::begin(None, "web-<1>", "host.example:50051", &tell).await.unwrap();
    assert_eq!(told.recv().unwrap(), AgentNews::Page(format!("http://{}/", manual.page.at)));
    manual.set(0.42);
    let english = ask(&manual, "GET / HTTP/1.1\nHost: HOST", "").await;
    assert_eq!(status(&english), "200");
    for part in [
        "<html lang=\"en\">",
        "Load of web-&lt;1&gt;",
        "value=\"42\"",
        "Not connected to Estatus at host.example:50051",
    ] {
        assert!(english.contains(part), "{part}: {english}");
    }
    assert!(!english.contains("{{") && !english.contains("http://") && !english.contains("https://"), "{english}");
    let spanish = ask(&manual, "GET / HTTP/1.1\nHost: HOST\nAccept-Language: es-CO,es;q=0.9", "").await;
    assert!(spanish.contains("<html lang=\"es\">") && spanish.contains("Carga de web-&lt;1&gt;"), "{spanish}");
    manual.show(Standing::There);
    let state = ask(&manual, "GET /state HTTP/1.1\nHost: HOST", "").await;
    assert!(state.ends_with("{\"load\":42,\"standing\":\"there\"}"), "{state}");
}

#[tokio::test]
async fn the_page_alone_sets_the_load() {
    let manual = begin().await;
    let body = |load: &str| format!("load={load}&key={}", manual.page.key);
    let post = "POST /load HTTP/1.1\nHost: HOST";
    let answer = ask(&manual, &format!("{post}\nAccept: application/json\nOrigin: http://HOST"), &body("70")).await;
    assert_eq!((status(&answer), manual.load()), ("204", 0.7));
    let answer = ask(&manual, &format!("{post}\nSec-Fetch-Site: same-origin"), &body("40")).await;
    assert_eq!((status(&answer), manual.load()), ("303", 0.4));
    assert!(answer.to_lowercase().contains("\r\nlocation: /\r\n"), "{answer}");

    let refused = async |request: &str, body: &str, expected: &str| {
        let answer = ask(&manual, request, body).await;
        assert_eq!((status(&answer), manual.load()), (expected, 0.4), "{request} {body}");
    };
    refused(post, "load=70", "403").await;
    refused(post, "load=70&key=guessed", "403").await;
    refused(&format!("{post}\nOrigin: http://evil.example"), &body("70"), "403").await;
    refused(&format!("{post}\nOrigin: null"), &body("70"), "403").await;
    refused(&format!("{post}\nSec-Fetch-Site: cross-site"), &body("70"), "403").await;
    refused("POST /load HTTP/1.1\nHost: evil.example", &body("70"), "421").await;
    refused("GET / HTTP/1.1\nHost: evil.example", "", "421").await;
    refused("POST / HTTP/1.1\nHost: HOST", &body("70"), "405").await;
    refused("GET /other HTTP/1.1\nHost: HOST", "", "404").await;
    for wrong in ["101", "-1", "x", ""] {
        refused(post, &body(wrong), "422").await;
    }
    refused(post, &format!("{}&{}", body("70"), "x".repeat(LONGEST)), "413").await;
}

#[tokio::test]
async fn a_load_from_elsewhere_is_within_its_bounds() {
    let manual = begin().await;
    for (load, expected) in [(0.5, 0.5), (7.0, 1.0), (-1.0, 0.0), (f32::NAN, 0.0), (0.666, 0.67)] {
        manual.set(load);
        assert_eq!(manual.load(), expected);
    }
}

#[test]
fn the_language_is_the_one_that_is_wanted_most() {
    let check = |wanted: &str, expected: Language| {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_LANGUAGE, wanted.parse().unwrap());
        assert_eq!(language(&headers), expected, "{wanted}");
    };
    check("es", Language::Spanish);
    check("en-US,en;q=0.5", Language::English);
    check("fr, es;q=0.3, en;q=0.2", Language::Spanish);
    check("es;q=0.1, EN;q=0.2", Language::English);
    check("de", Language::English);
    check("es;q=x", Language::English);
    assert_eq!(language(&HeaderMap::new()), Language::English);
}
