//! The built program.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    eventually,
    processes::{apart, ask},
    within,
};

/// An `estatus` with a configuration file and a data folder of its own.
pub struct Estatus {
    folder: TempDir,
    config: PathBuf,
    data: PathBuf,
    /// Whether what runs on them finds them by itself.
    is_found: bool,
    env: Vec<(String, String)>,
    /// What is put before every command line.
    before: Vec<String>,
    program: PathBuf,
    /// What its engine is started with.
    run: Vec<&'static str>,
    engine: Option<Child>,
}

/// What a command said, and how it ended.
#[derive(Debug)]
pub struct Said {
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
    /// The exit code.
    pub code: i32,
}

impl Estatus {
    /// With `config` as its `estatus.toml`. Nothing runs yet.
    pub fn new(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (file, data) = (folder.path().join("estatus.toml"), folder.path().join("data"));
        let estatus = Self::on(folder, file, data, false);
        estatus.configure(config);
        estatus
    }

    /// Of a user with this home, where nothing of Estatus is yet: what runs on it makes its files where it finds none.
    pub fn of_new_user(home: &Path) -> Self {
        let (config, data) = (home.join(".config/estatus/estatus.toml"), home.join(".local/share/estatus"));
        Self::on(tempfile::tempdir().unwrap(), config, data, true)
    }

    fn on(folder: TempDir, config: PathBuf, data: PathBuf, is_found: bool) -> Self {
        let program = built("estatus");
        let (env, before, run) = (Vec::new(), Vec::new(), vec!["run"]);
        Self { folder, config, data, is_found, env, before, program, run, engine: None }
    }

    /// The same, finding `value` in the variable `name`.
    #[must_use]
    pub fn with_env(mut self, name: &str, value: impl AsRef<Path>) -> Self {
        self.env.push((name.to_owned(), value.as_ref().to_str().unwrap().to_owned()));
        self
    }

    /// The same, with its command lines put after `before`.
    #[must_use]
    pub fn run_by(mut self, before: &[&str]) -> Self {
        self.before = before.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    /// The same, whose engine admits every user of this machine.
    #[must_use]
    pub fn for_all_users(mut self) -> Self {
        self.run.push("--all-users");
        self
    }

    /// The same, run by the user `user`, with files of that user's, among them a copy of the program: where it was built
    /// others may not come. Needs root.
    #[cfg(target_os = "linux")]
    #[must_use]
    pub fn owned_by(mut self, user: u32) -> Self {
        self.program = self.folder.path().join("estatus");
        fs::copy(built("estatus"), &self.program).unwrap();
        for file in [self.folder.path(), &self.config(), &self.program] {
            std::os::unix::fs::chown(file, Some(user), Some(user)).unwrap();
        }
        let user = user.to_string();
        self.run_by(&["setpriv", "--reuid", &user, "--regid", &user, "--clear-groups"])
    }

    /// What its commands find in their environment.
    pub fn env(&self) -> &[(String, String)] {
        &self.env
    }

    /// What says to other programs where its files are; nothing where they find them by themselves.
    pub fn places(&self) -> Vec<&str> {
        if self.is_found {
            return Vec::new();
        }
        vec!["--config", self.config.to_str().unwrap(), "--data", self.data.to_str().unwrap()]
    }

    /// The configuration file.
    pub fn config(&self) -> PathBuf {
        self.config.clone()
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.data.clone()
    }

    /// Saves another configuration.
    pub fn configure(&self, config: &str) {
        let aside = self.folder.path().join("new.toml");
        fs::write(&aside, config).unwrap();
        fs::rename(aside, self.config()).unwrap();
    }

    /// Starts the engine and waits until it can be asked.
    pub fn start(&mut self) {
        let mut command = self.command(&self.run);
        let mut engine = apart(&mut command).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let mut lines = BufReader::new(engine.stdout.take().unwrap()).lines();
        let runs = lines.by_ref().map_while(Result::ok).any(|line| line.starts_with("Estatus is running"));
        // Its further output is read so that it never waits for us.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        self.engine = Some(engine);
        assert!(runs, "the engine does not start: {:?}", self.say(&["config", "check"]));
        eventually("the engine answers", || (self.say(&["status"]).code != 2).then_some(()));
    }

    /// Starts the engine with `out` as its standard output, and waits until it can be asked.
    pub fn start_silently(&mut self, out: impl Into<Stdio>) {
        let mut command = self.command(&self.run);
        self.engine = Some(apart(&mut command).stdout(out).stderr(Stdio::inherit()).spawn().unwrap());
        eventually("the engine answers", || (self.say(&["status"]).code == 0).then_some(()));
    }

    /// Starts the engine, and does not wait for it.
    pub fn begin(&mut self) {
        let mut command = self.command(&self.run);
        self.engine = Some(apart(&mut command).stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().unwrap());
    }

    /// Kills the engine on the spot.
    pub fn kill(&mut self) {
        let mut engine = self.engine.take().expect("an engine runs");
        engine.kill().unwrap();
        engine.wait().unwrap();
    }

    /// Asks the engine to stop, as a service manager would, and waits until it has.
    pub fn stop(&mut self) -> ExitStatus {
        assert!(ask(self.pid()));
        self.ended()
    }

    /// Waits until the engine has ended.
    pub fn ended(&mut self) -> ExitStatus {
        self.engine.take().expect("an engine runs").wait().unwrap()
    }

    /// Tells the hidden window of the engine what Windows tells windows, and waits for the answer.
    #[cfg(windows)]
    pub fn tell(&self, message: u32, word: usize) -> isize {
        let window = eventually("it has a window", || crate::windows::window_of(self.pid(), "EstatusTerminal"));
        window.tell(message, word)
    }

    /// A program as `status` shows it.
    pub fn program(&self, name: &str) -> Option<Value> {
        let status: Value = serde_json::from_str(&self.say(&["status", "--json"]).out).ok()?;
        status["programs"].as_array()?.iter().find(|program| program["name"] == name).cloned()
    }

    /// Waits until the program `name` runs with another process than `before`, and gives back its pid.
    #[track_caller]
    pub fn wait_for_process(&self, name: &str, before: Option<u64>) -> u64 {
        eventually(&format!("{name} runs: {:?}", self.program(name)), || {
            let program = self.program(name).filter(|program| program["state"] == "running")?;
            program["pid"].as_u64().filter(|pid| Some(*pid) != before)
        })
    }

    /// The process of the engine.
    pub fn pid(&self) -> u32 {
        self.engine.as_ref().expect("an engine runs").id()
    }

    /// The processes that supervise its programs, by the name of each program's folder; those of an engine that was
    /// killed too.
    #[cfg(target_os = "linux")]
    pub fn shims(&self) -> Vec<(String, u32)> {
        shims_below(&self.data().join("programs"))
    }

    /// The processes that supervise its programs and commands, or help them with that, by the names of their executables;
    /// those of an engine that was killed too.
    #[cfg(windows)]
    pub fn shims(&self) -> Vec<(String, u32)> {
        crate::processes::running_from(&self.data().join("shims"))
    }

    /// Kills those who supervise its programs; one may have ended by itself.
    #[cfg(target_os = "linux")]
    pub fn kill_shims(&self) {
        for (_, pid) in self.shims() {
            let mut kill = Command::new("kill");
            let _ = kill.args(["-s", "KILL", &pid.to_string()]).stderr(Stdio::null()).status();
        }
    }

    /// Kills those who supervise its programs; one may have ended by itself.
    #[cfg(windows)]
    pub fn kill_shims(&self) {
        crate::processes::kill_running_from(&self.data().join("shims"));
    }

    /// The processes that supervise the commands of its flows and remedies, in the same way.
    #[cfg(target_os = "linux")]
    pub fn shims_of_commands(&self) -> Vec<(String, u32)> {
        shims_below(&self.data().join("commands"))
    }

    /// Attaches to the engine, as the window does.
    ///
    /// # Panics
    /// If no engine runs.
    pub async fn attach(&self) -> estatus_api::Client {
        estatus_api::Client::attach(&estatus_api::Endpoint::of(&self.data())).await.unwrap()
    }

    /// Runs a command to its end.
    pub fn say(&self, arguments: &[&str]) -> Said {
        said(self.command(arguments).output().unwrap())
    }

    /// Runs a command to its end that reads `input`.
    pub fn say_to(&self, arguments: &[&str], input: &str) -> Said {
        let mut command = self.command(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // It may end without reading.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        said(child.wait_with_output().unwrap())
    }

    /// What a command prints as JSON.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let said = self.say(&[arguments, &["--json"]].concat());
        serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"))
    }

    /// A monitor as `status` shows it.
    pub fn monitor(&self, name: &str) -> Option<Value> {
        let status = within(crate::BOUND, || {
            let said = self.say(&["status", "--json"]);
            serde_json::from_str::<Value>(&said.out).ok()
        })?;
        status["monitors"].as_array()?.iter().find(|monitor| monitor["name"] == name).cloned()
    }

    /// Waits until the monitor `name` is in `health`, and shows it.
    #[track_caller]
    pub fn wait_for(&self, name: &str, health: &str) -> Value {
        eventually(&format!("{name} is {health}: {:?}", self.monitor(name)), || {
            self.monitor(name).filter(|monitor| monitor["health"] == health)
        })
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut words = self.before.iter().map(String::as_str).collect::<Vec<_>>();
        words.push(self.program.to_str().unwrap());
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).arg("--config").arg(self.config()).arg("--data").arg(self.data()).args(arguments);
        command.envs(self.env.iter().map(|(name, value)| (name, value))).env("LANG", "C.UTF-8").stdin(Stdio::null());
        command
    }
}

impl Drop for Estatus {
    /// What it has started ends with it, if it can: it is asked before it is killed.
    fn drop(&mut self) {
        if let Some(mut engine) = self.engine.take()
            && !(ask(engine.id()) && within(crate::BOUND, || engine.try_wait().transpose()).is_some())
        {
            let _ = engine.kill();
            let _ = engine.wait();
        }
        #[cfg(target_os = "linux")]
        self.end_instances();
    }
}

fn said(Output { status, stdout, stderr }: Output) -> Said {
    Said {
        out: String::from_utf8(stdout).unwrap(),
        err: String::from_utf8(stderr).unwrap(),
        code: status.code().unwrap_or(-1),
    }
}

/// The processes that hold the lock of a folder in `folder`, by the name of that.
#[cfg(target_os = "linux")]
pub(crate) fn shims_below(folder: &Path) -> Vec<(String, u32)> {
    let Ok(supervised) = folder.canonicalize() else { return Vec::new() };
    let pids = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let locks = |pid: u32| {
        let open = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        let mut files = open.filter_map(|entry| fs::read_link(entry.path()).ok());
        let lock = files.find(|file| file.ends_with("shim.lock") && file.starts_with(&supervised))?;
        let folder = lock.parent()?.file_name()?.to_str()?.to_owned();
        Some((folder, pid))
    };
    pids.filter_map(locks).collect()
}

/// The program `name` of this workspace, as it was built beside the test that runs.
pub fn built(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().and_then(Path::parent).unwrap();
    let program = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(program.exists(), "{} is not built: cargo build --workspace, or cargo xtask test", program.display());
    program
}
