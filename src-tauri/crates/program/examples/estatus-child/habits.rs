//! The habits.

use std::{
    ffi::OsString,
    fs,
    io::{self, Write},
    net::TcpListener,
    os::{
        linux::net::SocketAddrExt,
        unix::{
            net::{SocketAddr, UnixDatagram},
            process::CommandExt,
        },
    },
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use rustix::process::{Signal, getpid, kill_process, setsid};
use tokio::signal::unix::{SignalKind, signal};

/// Does as the habit says.
pub(crate) fn live(tag: &str, habit: &str, args: impl Iterator<Item = OsString>) {
    let args: Vec<String> = args.map(|arg| arg.into_string().unwrap()).collect();
    let arg = |index: usize| args.get(index).map(String::as_str).unwrap_or_default();
    match habit {
        "sleep" => sleep(),
        "exit" => std::process::exit(arg(0).parse().unwrap()),
        "say" => println!("{}", args.join(" ")),
        "env" => write_env(arg(0)),
        // Ignores SIGTERM.
        "deaf" => runtime().block_on(deaf()),
        // Stops itself: it acts on no signal until it is continued.
        "stopped" => {
            println!("stopped");
            kill_process(getpid(), Signal::STOP).unwrap();
            sleep();
        }
        // Its descendants are out of its session and its parent is gone.
        "daemon" => {
            other(tag, "fork-and-go", &["deaf"]).status().unwrap();
            println!("daemon");
            sleep();
        }
        "fork-and-go" => {
            setsid().unwrap();
            other(tag, arg(0), &[]).spawn().unwrap();
        }
        // Leaves something behind that holds its output and ends on no signal that can be caught.
        "leave" => {
            other(tag, "fork-and-go", &["deaf"]).status().unwrap();
            println!("leaves");
        }
        // The same without any variable, or pipe, or group, by which it could be known.
        "bare" => {
            other(tag, "fork-and-go", &["sleep"])
                .env_clear()
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .unwrap();
            println!("bare");
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
        "flood" => flood(arg(0).parse().unwrap()),
        // As long as it is asked to end it starts others.
        "burst" => runtime().block_on(burst(tag, arg(0).parse().unwrap())),
        "port" => {
            let listener = TcpListener::bind(("127.0.0.1", arg(0).parse::<u16>().unwrap())).unwrap();
            println!("listening on {}", listener.local_addr().unwrap().port());
            sleep();
        }
        // A child of its listens.
        "port-below" => {
            spawned(&mut other(tag, "port", &[arg(0)]));
            sleep();
        }
        // A child of its, out of its group, ignores SIGTERM.
        "deaf-below" => {
            let mut child = other(tag, "deaf", &[]);
            spawned(child.process_group(0));
            sleep();
        }
        "notify" => {
            notify(&args);
            sleep();
        }
        // Another becomes its first process.
        "main-pid" => {
            let child = spawned(&mut other(tag, "exit-when-asked", &["7"]));
            notify(&[format!("MAINPID={}\nREADY=1", child.id())]);
        }
        "exit-when-asked" => runtime().block_on(exit_when_asked(arg(0).parse().unwrap())),
        "count" => count(arg(0).parse().unwrap()),
        _ => panic!("{habit} is no habit"),
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn sleep() {
    loop {
        std::thread::park();
    }
}

/// Another process of the same executable.
fn other(tag: &str, habit: &str, args: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([tag, habit]).args(args);
    command
}

fn spawned(command: &mut Command) -> Child {
    command.spawn().unwrap()
}

async fn deaf() {
    let mut asked = signal(SignalKind::terminate()).unwrap();
    println!("deaf");
    loop {
        asked.recv().await;
    }
}

async fn exit_when_asked(code: i32) {
    let mut asked = signal(SignalKind::terminate()).unwrap();
    println!("waits");
    asked.recv().await;
    std::process::exit(code);
}

async fn burst(tag: &str, forks: u32) {
    let mut asked = signal(SignalKind::terminate()).unwrap();
    println!("ready to burst");
    asked.recv().await;
    for _ in 0..forks {
        spawned(&mut other(tag, "deaf", &[]));
    }
    println!("burst");
    sleep();
}

fn flood(bytes: usize) {
    let line = [b'x'; 99];
    let mut out = io::stdout().lock();
    for _ in 0..bytes / 100 {
        out.write_all(&line).unwrap();
        out.write_all(b"\n").unwrap();
    }
    out.flush().unwrap();
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

fn write_env(file: &str) {
    let env: Vec<String> = std::env::vars().map(|(name, value)| format!("{name}={value}\n")).collect();
    fs::write(file, env.concat()).unwrap();
    sleep();
}

/// Prints numbers, and goes on from where it stopped. As long as it lives it holds a port, so two cannot live.
fn count(port: u16) {
    let state = PathBuf::from(std::env::var_os("ESTATUS_STATE_DIR").unwrap());
    let Ok(_only) = TcpListener::bind(("127.0.0.1", port)) else {
        fs::write(state.join("twice"), "").unwrap();
        return sleep();
    };
    for number in 1_u64.. {
        println!("{number}");
        std::thread::sleep(Duration::from_micros(500));
    }
}
