//! An agent that runs.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use estatus_fleet::{AgentNews, AgentOptions, LoadSource, Protocol, agent};
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};

use crate::engine::{PATIENCE, Token};

/// An agent, until this is dropped.
pub(crate) struct Agent {
    news: mpsc::UnboundedReceiver<AgentNews>,
    task: JoinHandle<()>,
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// How an agent of ours runs whose load is set by hand.
pub(crate) fn own(server: SocketAddr, token: &Token) -> AgentOptions {
    options(server, Protocol::Own { token_file: token.file.clone(), state: None })
}

/// The same, with what it keeps in a folder of its own.
pub(crate) fn own_in(server: SocketAddr, token: &Path, state: &Path) -> AgentOptions {
    options(server, Protocol::Own { token_file: token.to_owned(), state: Some(state.to_owned()) })
}

pub(crate) fn options(server: SocketAddr, protocol: Protocol) -> AgentOptions {
    AgentOptions {
        server: server.to_string(),
        protocol,
        load: LoadSource::Manual { page: None },
        listen: None,
        drain_within: Duration::from_secs(5),
    }
}

pub(crate) fn file(path: PathBuf) -> LoadSource {
    LoadSource::File(path)
}

impl Agent {
    pub(crate) fn start(options: AgentOptions) -> Self {
        let (tell, news) = mpsc::unbounded_channel();
        let task = tokio::spawn(async move {
            let tell_news = tell.clone();
            let error = agent(options, move |news| drop(tell_news.send(news))).await;
            panic!("{error}");
        });
        Self { news, task }
    }

    /// What was told next that `wanted` makes something of.
    pub(crate) async fn told<T>(&mut self, mut wanted: impl FnMut(&AgentNews) -> Option<T>) -> T {
        let told = async {
            loop {
                let news = self.news.recv().await.expect("an agent that goes on");
                if let Some(found) = wanted(&news) {
                    return found;
                }
            }
        };
        timeout(PATIENCE, told).await.expect("it is told in time")
    }

    /// Waits until it tells exactly that.
    pub(crate) async fn tells(&mut self, wanted: AgentNews) {
        self.told(|news| (*news == wanted).then_some(())).await;
    }

    pub(crate) async fn attends(&mut self) {
        self.told(|news| matches!(news, AgentNews::Attends { .. }).then_some(())).await;
    }

    pub(crate) async fn refused(&mut self) -> String {
        self.told(|news| match news {
            AgentNews::Refused(why) => Some(why.clone()),
            _ => None,
        })
        .await
    }
}
