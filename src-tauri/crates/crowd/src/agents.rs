//! Agents of ours.

use std::{fs, path::Path, time::Duration};

use estatus_fleet::{AgentNews, AgentOptions, LoadSource, Protocol, agent};

use crate::tickets::{self, Ticket};

pub(crate) async fn play(folder: &Path, load: &Path) {
    tickets::take(folder, |Ticket { instance, server, token }| {
        let home = folder.join("homes").join(&instance);
        fs::create_dir_all(&home).unwrap();
        let token_file = home.join("token");
        fs::write(&token_file, token).unwrap();
        let options = AgentOptions {
            server,
            protocol: Protocol::Own { token_file, state: None },
            load: LoadSource::File(load.to_owned()),
            listen: None,
            drain_within: Duration::ZERO,
        };
        tokio::spawn(async move {
            let tell = move |news| {
                if let AgentNews::Lost(_) | AgentNews::Refused(_) | AgentNews::Another | AgentNews::NoLoad(_) = news {
                    println!("{instance}: {news:?}");
                }
            };
            panic!("{}", agent(options, tell).await);
        });
    })
    .await;
}
