//! A client of the engine that keeps its connection: what a run takes is measured without the start of a program.

use std::{
    io::{ErrorKind, Read, Write},
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::platform::{self, Stream};

/// What comes late by so much does not come.
const PATIENCE: Duration = Duration::from_secs(120);

/// A connection with an engine. Its frames are a length of four bytes, the highest first, and JSON.
pub(super) struct Client {
    stream: Stream,
    asked: u64,
}

impl Client {
    /// Connects to the engine of the data folder `data`, as soon as there is one that answers.
    pub(super) fn connect(data: &Path, check: impl Fn() -> Result<()>) -> Result<Self> {
        let begun = Instant::now();
        loop {
            check()?;
            match platform::connect(&data.join("engine.sock")) {
                Ok(stream) => {
                    stream.set_read_timeout(Some(PATIENCE))?;
                    let mut client = Self { stream, asked: 0 };
                    client.frame("hello")?;
                    return Ok(client);
                }
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {}
                Err(error) => return Err(error).context("Failed to connect to the engine"),
            }
            if begun.elapsed() > PATIENCE {
                bail!("the engine does not answer");
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Begins a run of `flow`; its number. What is told meanwhile is passed over.
    pub(super) fn begin(&mut self, flow: &str) -> Result<u64> {
        let begun = self.ask(&json!({ "request": "do", "of": { "ask": "run_flow", "flow": flow } }))?;
        begun.as_u64().context("a run has no number")
    }

    /// Runs `flow`, and waits until it is told that it has ended: how long that takes.
    pub(super) fn run(&mut self, flow: &str) -> Result<Duration> {
        let asked = Instant::now();
        self.send(&json!({ "request": "do", "of": { "ask": "run_flow", "flow": flow } }))?;
        // Its end may be told before the answer that it has begun.
        let (mut run, mut ended) = (None, None);
        while run.is_none() || ended.is_none() {
            let frame = self.next()?;
            if let Some(result) = self.answer(&frame) {
                run = Some(result?);
            }
            ended = ended.or(over(&frame, |it| it["flow"] == flow));
        }
        let took = asked.elapsed();
        if ended.as_deref() != Some("succeeded") {
            bail!("a run of {flow} ended as {ended:?}");
        }
        Ok(took)
    }

    /// Waits until it is told that `run` is over, or was before; how it ended.
    pub(super) fn end_of(&mut self, run: u64) -> Result<String> {
        let shown = self.ask(&json!({ "request": "run", "of": { "run": run } }))?;
        if !shown["ended"].is_null() {
            return Ok(shown["state"].as_str().unwrap_or_default().to_owned());
        }
        loop {
            let frame = self.next()?;
            if let Some(state) = over(&frame, |it| it["run"] == run) {
                return Ok(state);
            }
        }
    }

    fn ask(&mut self, request: &Value) -> Result<Value> {
        self.send(request)?;
        loop {
            let frame = self.next()?;
            if let Some(result) = self.answer(&frame) {
                return result;
            }
        }
    }

    fn send(&mut self, request: &Value) -> Result<()> {
        self.asked += 1;
        let text = json!({ "id": self.asked, "request": request }).to_string();
        let length = u32::try_from(text.len())?.to_be_bytes();
        self.stream.write_all(&[&length[..], text.as_bytes()].concat()).context("the engine takes nothing")
    }

    /// What is answered to what was asked last, if this is the answer.
    fn answer(&self, frame: &Value) -> Option<Result<Value>> {
        let answer = Some(&frame["of"]).filter(|of| frame["frame"] == "answer" && of["id"] == self.asked)?;
        let refused = || anyhow::anyhow!("the engine refuses: {}", answer["result"]["Err"]);
        Some(answer["result"].get("Ok").map(|reply| reply["of"].clone()).ok_or_else(refused))
    }

    fn frame(&mut self, kind: &str) -> Result<Value> {
        let frame = self.next()?;
        if frame["frame"] == kind { Ok(frame) } else { bail!("the engine says {frame} instead of {kind}") }
    }

    fn next(&mut self) -> Result<Value> {
        let mut length = [0; 4];
        self.stream.read_exact(&mut length).context("the engine says nothing")?;
        let mut text = vec![0; usize::try_from(u32::from_be_bytes(length))?];
        self.stream.read_exact(&mut text).context("the engine breaks off")?;
        serde_json::from_slice(&text).context("the engine says what is no JSON")
    }
}

/// How a run ended that is meant, if it is that which is told.
fn over(frame: &Value, meant: impl Fn(&Value) -> bool) -> Option<String> {
    let event = Some(&frame["of"]).filter(|of| frame["frame"] == "event" && of["event"] == "run")?;
    let run = Some(&event["of"]).filter(|run| meant(run) && !run["ended"].is_null())?;
    run["state"].as_str().map(str::to_owned)
}
