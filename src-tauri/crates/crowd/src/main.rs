//! Everybody that `cargo xtask bench fleet` needs beside an engine, many in one process each.
//!
//! | command | plays |
//! |---|---|
//! | `agents TICKETS LOAD` | agents of ours, one for each ticket, whose load stands in the file LOAD |
//! | `document TICKETS LOG DEAD N` | instances of the source document's protocol: LOG says when which was asked; the first N answer no more once there is a file DEAD |
//! | `pages PORT` | pages with one gauge at every address of loopback, for Prometheus; `/count` says how many were asked for |
//! | `decide N` | nobody: says how long it takes to decide on N instances |
//!
//! A ticket is a file in the folder TICKETS with the name of the instance, and in two lines the engine's address and the token.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    reason = "what goes wrong ends it, and the bench says so"
)]

mod agents;
mod decide;
mod document;
mod pages;
mod tickets;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["agents", tickets, load] => agents::play(tickets.as_ref(), load.as_ref()).await,
        ["document", tickets, log, dead, count] => {
            document::play(tickets.as_ref(), log.as_ref(), dead.as_ref(), count.parse().unwrap()).await;
        }
        ["pages", port] => pages::serve(port.parse().unwrap()).await,
        ["decide", count] => decide::measure(count.parse().unwrap()),
        _ => panic!("see the source for what there is to say"),
    }
}
