//! An AWS of our own, which behaves as badly as the real one may: it forgets, lags, refuses, says nothing, says HTML, and
//! hangs up after it has done what it was asked for.

mod asg;
mod ec2;
mod metadata;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use estatus_core::Timestamp;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use url::{Url, form_urlencoded};

pub(super) use asg::FakeGroup;
pub(super) use ec2::FakeTemplate;
pub(super) use metadata::keys;

/// The server. It ends with this value.
pub(super) struct FakeAws {
    pub(super) url: Url,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

/// What goes wrong with a request.
#[derive(Clone, Debug)]
pub(super) enum Fault {
    /// It is refused with this status and code.
    Refused(u16, &'static str),
    /// The same, with a message.
    RefusedSaying(u16, &'static str, String),
    /// A proxy answers instead.
    Html,
    /// The answer is empty.
    Nothing,
    /// The connection is cut before it is done.
    CutBefore,
    /// The connection is cut once it is done.
    CutAfter,
    /// Nobody answers.
    Silence,
}

/// What there is.
pub(super) struct State {
    /// Whose requests are done.
    pub(super) keys: Vec<String>,
    /// What goes wrong with the next requests of that name.
    pub(super) faults: VecDeque<(&'static str, Fault)>,
    /// All requests: their names and what else they say.
    pub(super) asked: Vec<(String, Form)>,
    /// What was changed shows after this.
    pub(super) shows_after: Duration,
    /// An instance is pending for so long.
    pub(super) pending_for: Duration,
    /// So many instances have room.
    pub(super) room: usize,
    pub(super) templates: Vec<FakeTemplate>,
    pub(super) instances: Vec<ec2::FakeInstance>,
    pub(super) group: Option<FakeGroup>,
    /// By the client tokens: what was asked with them, and what was launched.
    tokens: BTreeMap<String, (Form, Option<usize>)>,
    /// So many seconds its clock is ahead.
    pub(super) ahead: i64,
    /// A machine's role, as its own service tells it.
    pub(super) machine_role: Option<&'static str>,
    last_id: u32,
}

pub(super) type Form = BTreeMap<String, String>;

/// Why a request is not done.
pub(super) struct Refused(u16, String, String);

fn refused<T>(status: u16, code: &str, message: &str) -> Result<T, Refused> {
    Err(Refused(status, code.to_owned(), message.to_owned()))
}

struct Request {
    method: String,
    path: String,
    headers: BTreeMap<String, String>,
    body: String,
}

impl FakeAws {
    /// Starts one that knows the key `AKIAFAKE`.
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        let state = Arc::new(Mutex::new(State {
            keys: vec!["AKIAFAKE".to_owned()],
            faults: VecDeque::new(),
            asked: Vec::new(),
            shows_after: Duration::ZERO,
            pending_for: Duration::ZERO,
            room: usize::MAX,
            templates: vec![FakeTemplate::new("lt-0abc", "web")],
            instances: Vec::new(),
            group: None,
            tokens: BTreeMap::new(),
            ahead: 0,
            machine_role: None,
            last_id: 0,
        }));
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { url, state, task }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// What goes wrong next.
    pub(super) fn fails(&self, action: &'static str, fault: Fault) {
        self.state().faults.push_back((action, fault));
    }

    /// How often that was asked.
    pub(super) fn count(&self, action: &str) -> usize {
        self.state().asked.iter().filter(|(asked, _)| asked == action).count()
    }
}

impl Drop for FakeAws {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, state: Arc<Mutex<State>>) {
    let Some(request) = read(&mut stream).await else { return };
    let answer = state.lock().unwrap().answer(&request);
    match answer {
        Some(answer) => {
            // Whoever asked may have been killed.
            let _ = stream.write_all(answer.as_bytes()).await;
        }
        // Until the other side has had enough.
        None => while stream.read_u8().await.is_ok() {},
    }
}

async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let headers: BTreeMap<String, String> = head
                .lines()
                .skip(1)
                .filter_map(|line| line.split_once(':'))
                .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
                .collect();
            let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
            if body.len() >= length {
                let mut words = head.split(' ');
                let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
                return Some(Request { method, path, headers, body: body.to_owned() });
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

impl State {
    /// The answer as it goes over the wire; empty where the connection is cut, and nothing where nobody answers.
    fn answer(&mut self, request: &Request) -> Option<String> {
        if request.path != "/" {
            return Some(metadata::answer(self, request).map_or_else(|| wire(404, ""), |body| wire(200, &body)));
        }
        let mut form: Form = form_urlencoded::parse(request.body.as_bytes()).into_owned().collect();
        let action = form.remove("Action").unwrap();
        self.asked.push((action.clone(), form.clone()));
        let fault = self.faults.iter().position(|(name, _)| *name == action);
        let fault = fault.and_then(|at| self.faults.remove(at)).map(|(_, fault)| fault);
        let refusal = |status: u16, code: &str, message: &str| wire_refused(&form, status, code, message);
        match &fault {
            Some(Fault::Refused(status, code)) => {
                return Some(self.at_its_time(refusal(*status, code, "It says why.")));
            }
            Some(Fault::RefusedSaying(status, code, message)) => return Some(refusal(*status, code, message)),
            Some(Fault::Html) => {
                let page = "<!DOCTYPE html><html><head><title>503</title></head><body>Try later.</body></html>";
                return Some(wire(503, page));
            }
            Some(Fault::Nothing) => return Some(wire(200, "")),
            Some(Fault::CutBefore) => return Some(String::new()),
            Some(Fault::Silence) => return None,
            Some(Fault::CutAfter) | None => {}
        }
        let done = match self.refuses(request) {
            Some(refused) => Err(refused),
            None => self.carry_out(&action, &form),
        };
        if matches!(fault, Some(Fault::CutAfter)) {
            return Some(String::new());
        }
        Some(self.at_its_time(match done {
            Ok(body) => wire(200, &format!("<{action}Response xmlns=\"urn:fake\">{body}</{action}Response>")),
            Err(Refused(status, code, message)) => refusal(status, &code, &message),
        }))
    }

    fn refuses(&self, request: &Request) -> Option<Refused> {
        let authorization = request.headers.get("authorization").cloned().unwrap_or_default();
        if request.body.contains("Action=AssumeRoleWithWebIdentity") {
            return None;
        }
        let known = |key: &String| authorization.contains(&format!("Credential={key}/"));
        if !self.keys.iter().any(known) {
            let message = "AWS was not able to validate the provided access credentials";
            return Some(Refused(401, "AuthFailure".to_owned(), message.to_owned()));
        }
        let date = &request.headers["x-amz-date"];
        let signed = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", date).unwrap().in_tz("UTC").unwrap();
        let off = signed.timestamp().as_second() - (Timestamp::now().as_second() + self.ahead);
        (off.abs() > 300).then(|| Refused(400, "RequestExpired".to_owned(), "Request has expired.".to_owned()))
    }

    fn carry_out(&mut self, action: &str, form: &Form) -> Result<String, Refused> {
        self.run_group();
        match action {
            "RunInstances" => self.run_instances(form),
            "DescribeInstances" => self.describe_instances(form),
            "TerminateInstances" => self.terminate_instances(form),
            "DescribeLaunchTemplateVersions" => self.describe_template(form),
            "CreateTags" => self.create_tags(form),
            "DescribeAutoScalingGroups" => self.describe_group(form),
            "DescribePolicies" => self.describe_policies(),
            "DescribeScalingActivities" => self.describe_activities(),
            "SetDesiredCapacity" => self.set_desired(form),
            "TerminateInstanceInAutoScalingGroup" => self.terminate_in_group(form),
            "AssumeRole" | "AssumeRoleWithWebIdentity" => metadata::assume(self, action, form),
            other => refused(400, "InvalidAction", other),
        }
    }

    fn at_its_time(&self, answer: String) -> String {
        let now = Timestamp::now() + jiff::SignedDuration::from_secs(self.ahead);
        let date = now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        answer.replacen("\r\n", &format!("\r\ndate: {date}\r\n"), 1)
    }

    fn new_id(&mut self, prefix: &str) -> String {
        self.last_id += 1;
        format!("{prefix}-{:017x}", self.last_id)
    }

    fn shows(&self, since: Instant) -> bool {
        since.elapsed() >= self.shows_after
    }
}

fn wire(status: u16, body: &str) -> String {
    format!("HTTP/1.1 {status} Fake\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// EC2 says it in one form, the other services in another.
fn wire_refused(form: &Form, status: u16, code: &str, message: &str) -> String {
    let error = format!("<Code>{code}</Code><Message>{}</Message>", escaped(message));
    let body = if form.get("Version").is_some_and(|version| version == "2016-11-15") {
        format!("<Response><Errors><Error>{error}</Error></Errors><RequestID>1</RequestID></Response>")
    } else {
        format!("<ErrorResponse><Error><Type>Sender</Type>{error}</Error><RequestId>1</RequestId></ErrorResponse>")
    };
    wire(status, &body)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// The values of `prefix1…`, `prefix2…`, as long as there are any.
fn numbered<'a>(form: &'a Form, prefix: &str, suffix: &str) -> Vec<&'a str> {
    (1..).map_while(|number| form.get(&format!("{prefix}{number}{suffix}"))).map(String::as_str).collect()
}
