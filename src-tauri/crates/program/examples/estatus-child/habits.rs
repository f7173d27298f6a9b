//! The habits.

use std::{
    ffi::OsString,
    fs,
    io::{self, Write},
    net::TcpListener,
    path::{Path, PathBuf},
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
            let rest: Vec<&str> = args.iter().skip(1).map(String::as_str).collect();
            platform::apart(&mut other(tag, arg(0), &rest)).spawn().unwrap();
        }
        // Leaves something behind that holds its output and ends on no signal that can be caught.
        "leave" => {
            other(tag, "fork-and-go", &["deaf"]).status().unwrap();
            println!("leaves");
        }
        // Leaves something behind that does as it is said, and ends with this code.
        "leave-and-exit" => {
            let left: Vec<&str> = args.iter().skip(1).map(String::as_str).collect();
            other(tag, "fork-and-go", &left).status().unwrap();
            println!("started");
            std::process::exit(arg(0).parse().unwrap());
        }
        // The same without any variable, or pipe, or group, by which it could be known.
        "leave-bare-and-exit" => {
            let left: Vec<&str> = args.iter().skip(1).map(String::as_str).collect();
            bare(&mut other(tag, "fork-and-go", &left)).status().unwrap();
            println!("started");
            std::process::exit(arg(0).parse().unwrap());
        }
        // As long as it lives, so does something without any variable, or pipe, or group, by which it could be known.
        "bare" => {
            bare(&mut other(tag, "fork-and-go", &["sleep"])).status().unwrap();
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
        // Waits, when it is asked to end, for a child that does that.
        "tidy-below" => runtime().block_on(tidy_below(tag, arg(0))),
        "exit-when-asked" => runtime().block_on(exit_when_asked(arg(0).parse().unwrap())),
        "count" => count(arg(0).parse().unwrap()),
        // Says both, and how it ends.
        "both" => {
            println!("{}", arg(0));
            eprintln!("{}", arg(1));
            std::process::exit(arg(2).parse().unwrap());
        }
        "tell" => tell(&args),
        "complain" => eprintln!("{} refused", std::env::var(arg(0)).unwrap()),
        "cat" => drop(io::copy(&mut io::stdin(), &mut io::stdout()).unwrap()),
        // Reads and writes at the same time, and says how much that was.
        "tee" => println!("{}", io::copy(&mut io::stdin(), &mut io::stderr()).unwrap()),
        "numbers" => {
            let numbers: String = (1..=arg(0).parse().unwrap()).map(|number: u32| format!("{number}\n")).collect();
            io::stdout().write_all(numbers.as_bytes()).unwrap();
            io::stderr().write_all(numbers.as_bytes()).unwrap();
            std::process::exit(7);
        }
        "once" => once(&PathBuf::from(arg(0)), arg(1)),
        // Says one thing, and another once this file is there.
        "until" => until(&PathBuf::from(arg(0)), arg(1), arg(2)),
        // Says in a file who it is.
        "noted" => {
            note(&PathBuf::from(arg(0)), &std::process::id().to_string());
            sleep();
        }
        "write-on" => write_on(&PathBuf::from(arg(0))),
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

async fn tidy_below(tag: &str, file: &str) {
    let mut asked = Asked::new();
    let mut below = spawned(&mut other(tag, "tidy", &[file]));
    asked.wait().await;
    std::process::exit(below.wait().unwrap().code().unwrap_or_default());
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

fn bare(command: &mut Command) -> &mut Command {
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null())
}

/// Says where it is, and what these variables are.
fn tell(names: &[String]) {
    println!("{}", std::env::current_dir().unwrap().display());
    let values = names.iter().map(|name| std::env::var(name).unwrap_or_else(|_| "unset".to_owned()));
    println!("{}", values.collect::<Vec<_>>().join(" "));
}

fn note(file: &Path, line: &str) {
    let mut file = fs::OpenOptions::new().create(true).append(true).open(file).unwrap();
    file.write_all(format!("{line}\n").as_bytes()).unwrap();
}

/// Says when it begins, ends when it is told so, and says when two of it run at once.
fn once(folder: &Path, name: &str) {
    if fs::create_dir(folder.join("running")).is_err() {
        fs::write(folder.join("twice"), "").unwrap();
    }
    note(&folder.join("begun"), name);
    while !folder.join("go").exists() {
        std::thread::sleep(Duration::from_millis(10));
    }
    fs::remove_dir(folder.join("running")).unwrap();
    note(&folder.join("ended"), name);
    println!("done");
    std::process::exit(3);
}

fn until(file: &Path, first: &str, last: &str) {
    println!("{first}");
    while !file.exists() {
        std::thread::sleep(Duration::from_millis(10));
    }
    println!("{last}");
}

/// Writes lines of a kilobyte for as long as it can, and says in a file how far it has come.
fn write_on(file: &Path) {
    note(&file.with_extension("pid"), &std::process::id().to_string());
    let mut counted = fs::File::create(file).unwrap();
    let line = [[b'x'; 999].as_slice(), b"\n"].concat();
    while io::stdout().write_all(&line).is_ok() && io::stderr().write_all(&line).is_ok() {
        counted.write_all(b"x\n").unwrap();
    }
}

fn flood(bytes: usize) {
    let line = [b'x'; 99];
    // As much at a time as those write that write much: where a system is slow, lines would take longer than the test.
    let mut out = io::BufWriter::new(io::stdout().lock());
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
