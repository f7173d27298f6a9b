//! Whether the service of Windows runs again once the machine was started again, which no test inside of it can try.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::wine::{self, Session};

/// What a service of a machine that starts needs until it runs and its program with it, and far more.
const PATIENCE: Duration = Duration::from_secs(90);

/// Installs Estatus as a service, has it keep a program running, ends Windows, starts it, and looks whether both are there.
pub(super) fn service_survives(estatus: &Path) -> Result<()> {
    let session = Session::start()?;
    let machine = Machine::new(&session, estatus)?;
    machine.say(&["service", "install", "--yes"])?;
    machine.waits_until_all_runs()?;
    session.reboot()?;
    machine.waits_until_all_runs().context("The machine was started again")?;
    machine.say(&["service", "uninstall"])?;
    Ok(())
}

/// A Windows with a configuration.
struct Machine<'s> {
    session: &'s Session,
    estatus: String,
    folder: PathBuf,
}

impl<'s> Machine<'s> {
    fn new(session: &'s Session, estatus: &Path) -> Result<Self> {
        let folder = session.drive().join("watched");
        fs::create_dir(&folder)?;
        let estatus = wine::path(estatus);
        let machine = Self { session, estatus, folder };
        fs::write(machine.folder.join("other.toml"), "")?;
        // It is a program that runs until it is ended, and is there.
        let program = format!(
            "[network]\nreference = []\n[[program]]\nname = \"keeper\"\n\
             command = ['{}', 'run', '--config', 'C:\\watched\\other.toml', '--data', 'C:\\watched\\other']\n",
            machine.estatus
        );
        fs::write(machine.folder.join("estatus.toml"), program)?;
        Ok(machine)
    }

    /// What the program says to these words.
    fn say(&self, words: &[&str]) -> Result<String> {
        let places = ["--config", r"C:\watched\estatus.toml", "--data", r"C:\watched\data"];
        // Into a file: what it starts keeps a pipe, the service for as long as it runs.
        let said = self.folder.join("said");
        let file = File::create(&said)?;
        let mut command = self.session.command(&self.estatus);
        command.args(words).args(places).stderr(file.try_clone()?).stdout(file);
        let status = command.status().context("Failed to start Wine")?;
        let said = String::from_utf8_lossy(&fs::read(&said)?).into_owned();
        ensure!(status.success(), "`estatus {}` ended with {status}: {said}", words.join(" "));
        Ok(said)
    }

    /// The service, and the program that it keeps.
    fn waits_until_all_runs(&self) -> Result<()> {
        let given_up = Instant::now() + PATIENCE;
        while let Err(error) = self.all_runs() {
            if Instant::now() > given_up {
                bail!("not within {} s: {error:#}", PATIENCE.as_secs());
            }
            thread::sleep(Duration::from_millis(200));
        }
        Ok(())
    }

    fn all_runs(&self) -> Result<()> {
        let service: Value = serde_json::from_str(&self.say(&["service", "status", "--json"])?)?;
        ensure!(service["running"] == true, "the service does not run: {service}");
        let status: Value = serde_json::from_str(&self.say(&["status", "--json"])?)?;
        ensure!(status["programs"][0]["state"] == "running", "the program does not run: {status}");
        Ok(())
    }
}
