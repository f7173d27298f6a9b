//! The habits.

use std::{
    ffi::OsString,
    fs,
    io::{self, Write},
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::platform::{self, Asked};

/// Does as the habit says.
pub(crate) fn live(tag: &str, habit: &str, args: impl Iterator<Item = OsString>) {
    let args: Vec<String> = args.map(|arg| arg.into_string().unwrap()).collect();
    let arg = |index: usize| args.get(index).map(String::as_str).unwrap_or_default();
    match habit {
        "sleep" => sleep(),
        "exit" => std::process::exit(arg(0).parse().unwrap()),
        "say" => println!("{}", args.join(" ")),
        "env" => write_env(arg(0)),
        // Does not do as it is asked.
        "deaf" => runtime().block_on(deaf()),
        // Its descendants are out of its session and its parent is gone.
        "daemon" => {
            other(tag, "fork-and-go", &["deaf"]).status().unwrap();
            println!("daemon");
            sleep();
        }
        "fork-and-go" => {
            platform::leave_session();
            platform::apart(&mut other(tag, arg(0), &[])).spawn().unwrap();
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
        // A child of its, out of its group, is deaf.
        "deaf-below" => {
            spawned(platform::apart(&mut other(tag, "deaf", &[])));
            sleep();
        }
        // Writes into a file that it was asked, while its children, which are asked too, still live.
        "tidy" => runtime().block_on(tidy(tag, arg(0))),
        "exit-when-asked" => runtime().block_on(exit_when_asked(arg(0).parse().unwrap())),
        "count" => count(arg(0).parse().unwrap()),
        _ => platform::live(tag, habit, &args),
    }
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

pub(crate) fn sleep() {
    loop {
        std::thread::park();
    }
}

/// Another process of the same executable.
pub(crate) fn other(tag: &str, habit: &str, args: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([tag, habit]).args(args);
    command
}

pub(crate) fn spawned(command: &mut Command) -> Child {
    command.spawn().unwrap()
}

async fn deaf() {
    let mut asked = Asked::new();
    println!("deaf");
    loop {
        asked.wait().await;
    }
}

async fn exit_when_asked(code: i32) {
    let mut asked = Asked::new();
    println!("waits");
    asked.wait().await;
    std::process::exit(code);
}

async fn tidy(tag: &str, file: &str) {
    let mut asked = Asked::new();
    spawned(&mut other(tag, "exit-when-asked", &["0"]));
    println!("begun");
    asked.wait().await;
    for line in ["one", "two", "three"] {
        fs::OpenOptions::new().create(true).append(true).open(file).unwrap().write_all(line.as_bytes()).unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    std::process::exit(3);
}

async fn burst(tag: &str, forks: u32) {
    let mut asked = Asked::new();
    println!("ready to burst");
    asked.wait().await;
    for _ in 0..forks {
        // One that is ended while it starts cannot be started; this one is about to be ended, too, and not to end by itself.
        drop(other(tag, "deaf", &[]).spawn());
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
