//! The habits of Unix.

use std::{
    fs,
    os::{
        linux::net::SocketAddrExt,
        unix::{
            net::{SocketAddr, UnixDatagram},
            process::CommandExt,
        },
    },
    process::Command,
};

use rustix::process::{Signal, getpid, kill_process, setsid};
use tokio::signal::unix::{SignalKind, signal};

use crate::habits::{other, sleep, spawned};

pub(crate) fn live(tag: &str, habit: &str, args: &[String]) {
    match habit {
        // Stops itself: it acts on no signal until it is continued.
        "stopped" => {
            println!("stopped");
            kill_process(getpid(), Signal::STOP).unwrap();
            sleep();
        }
        // Goes under another name.
        "disguise" => {
            println!("disguise");
            let _ = other(tag, "sleep", &[]).arg0("[kworker/0:1]").exec();
        }
        "close" => {
            let nothing = fs::File::options().write(true).open("/dev/null").unwrap();
            rustix::stdio::dup2_stdout(&nothing).unwrap();
            rustix::stdio::dup2_stderr(&nothing).unwrap();
            sleep();
        }
        "notify" => {
            notify(args);
            sleep();
        }
        // Another becomes its first process.
        "main-pid" => {
            let child = spawned(&mut other(tag, "exit-when-asked", &["7"]));
            notify(&[format!("MAINPID={}\nREADY=1", child.id())]);
        }
        _ => panic!("{habit} is no habit"),
    }
}

/// SIGTERM, which then does nothing by itself.
pub(crate) struct Asked(tokio::signal::unix::Signal);

impl Asked {
    pub(crate) fn new() -> Self {
        Self(signal(SignalKind::terminate()).unwrap())
    }

    pub(crate) async fn wait(&mut self) {
        self.0.recv().await;
    }
}

pub(crate) fn leave_session() {
    setsid().unwrap();
}

/// In a group of its own.
pub(crate) fn apart(command: &mut Command) -> &mut Command {
    command.process_group(0)
}

fn notify(messages: &[String]) {
    let socket = UnixDatagram::unbound().unwrap();
    let address = std::env::var("NOTIFY_SOCKET").unwrap();
    let address = match address.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name).unwrap(),
        None => SocketAddr::from_pathname(address).unwrap(),
    };
    for message in messages {
        socket.send_to_addr(message.as_bytes(), &address).unwrap();
    }
}
