//! The service as it is wanted: whose, as whom, with what.

use std::{
    collections::BTreeMap,
    fs::{self, DirBuilder, File},
    io::{self, Write},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use estatus_config::places;
use estatus_core::words::Reason;

use super::{
    account::Account,
    systemd::Scope,
    unit::{self, Unit},
};
use crate::{
    CommandError,
    arguments::ServiceAccount,
    configuration::Places,
    running::this_program,
    service::{
        access::{Access, Shared},
        command_line, merged,
    },
};

/// The manager of a user's services is there within this once they linger.
const MANAGER_WITHIN: Duration = Duration::from_secs(20);
/// Where systemd looks for programs, as Debian has it; a user's manager has the same.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The service as it is wanted.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(super) scope: Scope,
    /// As whom it runs.
    pub(crate) account: Account,
    /// The console program.
    pub(crate) executable: PathBuf,
    /// The configuration file.
    pub(crate) config: PathBuf,
    /// The data folder.
    pub(crate) data: PathBuf,
    /// Variables that it has beside those of systemd.
    env: Vec<(String, String)>,
    /// Whether the user has said where the configuration file is.
    config_is_given: bool,
    /// Whether the user has said where the data folder is.
    data_is_given: bool,
    /// How the user has said as whom it is to run.
    as_whom: String,
}

impl Wanted {
    /// What somebody wants who has said so much.
    pub(crate) fn find(
        places: &Places,
        said: &ServiceAccount,
        env: Vec<(String, String)>,
    ) -> Result<Self, CommandError> {
        let scope = if said.whose.user { Scope::User } else { Scope::System };
        let account = account(said)?;
        let own = account == Account::current()?;
        let no_home = |error: places::NoHome| CommandError::Wrong(error.to_string());
        let given = places.given_config()?;
        let (config_is_given, data_is_given) = (given.is_some(), places.given_data().is_some());
        let as_whom = match &said.account {
            _ if said.whose.user => "--user ".to_owned(),
            _ if said.as_root => "--as-root ".to_owned(),
            Some(name) => format!("--account {name} "),
            None => String::new(),
        };
        let config = match given {
            Some(config) => config,
            None if own => places::own_config_file().map_err(no_home)?,
            None => places::config_file_of(&account.home),
        };
        let data = match places.given_data() {
            Some(data) => data,
            None if own => places::own_data_folder().map_err(no_home)?,
            None => places::data_folder_of(&account.home),
        };
        // What is not said stays as it is.
        let installed = || fs::read_to_string(scope.unit_file(&account)).ok().filter(|text| Unit::is_ours(text));
        let env = merged(installed().map(|text| Unit::env(&text)).unwrap_or_default(), env);
        let executable = this_program()?;
        let wanted = Self { scope, account, executable, config, data, env, config_is_given, data_is_given, as_whom };
        wanted.must_be_sayable()?;
        Ok(wanted)
    }

    /// Where what the service is to have for its configuration stands now.
    pub(crate) fn config_now(&self) -> &Path {
        &self.config
    }

    /// Whether a tray whose engine on `data` ends is the service's face from then on.
    pub(crate) fn takes_place_on(&self, data: &Path) -> bool {
        self.data == data
    }

    /// Why the service is not to run what is there: others can change it, or who can is not seen.
    pub(crate) fn shared(&self) -> Option<Shared> {
        let shared =
            |path: &Path| Shared::of(path, estatus_access::refuse_shared_with_others_than(self.account.uid, path));
        self.config.parent().into_iter().chain([self.config.as_path(), &self.data]).find_map(shared)
    }

    /// The data folders on which an engine would run what the service runs.
    pub(crate) fn rivals(&self) -> Vec<&Path> {
        vec![&self.data]
    }

    /// Refuses who may not install it.
    pub(crate) fn must_be_allowed(&self) -> Result<(), CommandError> {
        let is_root = rustix::process::geteuid().is_root();
        if self.scope == Scope::System && !is_root {
            return Err(CommandError::Failed(
                "only root may install a service of the machine: use sudo, and it runs as you all the same; or say \
                 --user for a service of your own systemd user instance"
                    .into(),
            ));
        }
        Ok(())
    }

    /// What the service finds in its environment, as far as it matters to programs.
    pub(crate) fn environment(&self) -> BTreeMap<String, String> {
        let mut environment = BTreeMap::from([
            ("PATH".to_owned(), PATH.to_owned()),
            ("HOME".to_owned(), self.account.home.display().to_string()),
            ("USER".to_owned(), self.account.name.clone()),
            ("LOGNAME".to_owned(), self.account.name.clone()),
        ]);
        environment.extend(self.env.iter().cloned());
        environment
    }

    /// The command that would install it, with `more` at its end.
    pub(crate) fn install_command(&self, more: &str) -> String {
        let given = |path, is_given: bool| is_given.then_some(path);
        let places = [
            ("--config", given(self.config.as_path(), self.config_is_given)),
            ("--data", given(self.data.as_path(), self.data_is_given)),
        ];
        let become_root = if self.scope == Scope::System { "sudo " } else { "" };
        format!("{become_root}{}", command_line(places, &self.as_whom, more))
    }

    /// Whether the service runs already.
    pub(crate) fn is_running(&self) -> bool {
        self.scope.show().is_ok_and(|shown| shown.is_active())
    }

    pub(super) fn unit(&self) -> Unit {
        Unit {
            account: (self.scope == Scope::System).then(|| self.account.name.clone()),
            executable: self.executable.clone(),
            config: self.config.clone(),
            data: self.data.clone(),
            env: self.env.clone(),
        }
    }

    /// Sees that there is a configuration file, and a data folder. They are made as the account, which may make its folders
    /// lead anywhere.
    pub(super) fn prepare_places(&self) -> Result<(), CommandError> {
        let is_example = self.account.act(|| self.make_places())??;
        if is_example {
            say!("There was no configuration yet: an example was created in {}", self.config.display());
        }
        Ok(())
    }

    /// Whether the configuration file is an example, made now.
    fn make_places(&self) -> Result<bool, CommandError> {
        let refused = |what: &Path, error: io::Error| {
            let advice = match error.kind() {
                io::ErrorKind::PermissionDenied => {
                    format!("; make its folder first: install -d -m 700 -o {} FOLDER", self.account.name)
                }
                _ => String::new(),
            };
            CommandError::Failed(format!(
                "{} cannot be created as {}: {error}{advice}",
                what.display(),
                self.account.name
            ))
        };
        let folder = |folder: &Path| {
            DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| refused(folder, error))
        };
        let is_missing = !self.config.exists();
        if is_missing {
            if self.config_is_given {
                let missing =
                    format!("there is no {}: `estatus config example` prints a first one", self.config.display());
                return Err(CommandError::Wrong(missing));
            }
            self.config.parent().map_or(Ok(()), folder)?;
            File::create_new(&self.config)
                .and_then(|mut file| file.write_all(estatus_config::example().as_bytes()))
                .map_err(|error| refused(&self.config, error))?;
        }
        folder(&self.data)?;
        Ok(is_missing)
    }

    /// Sees that the user's services run with nobody logged in, and that their manager is there.
    pub(super) fn linger(&self) -> Result<(), CommandError> {
        let name = &self.account.name;
        if !self.lingers() {
            let output = Command::new("loginctl").args(["enable-linger", name]).output();
            let output = output.map_err(|error| CommandError::Failed(format!("loginctl cannot be run: {error}")))?;
            if !output.status.success() {
                return Err(CommandError::Failed(format!(
                    "your services would end when you log out, and not start at boot: first run `sudo loginctl \
                     enable-linger {name}` ({})",
                    String::from_utf8_lossy(&output.stderr).trim()
                )));
            }
        }
        let manager = PathBuf::from(format!("/run/user/{}/systemd/private", self.account.uid));
        let end = Instant::now() + MANAGER_WITHIN;
        while !manager.exists() && Instant::now() < end {
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Whether the user's services run with nobody logged in.
    fn lingers(&self) -> bool {
        Path::new("/var/lib/systemd/linger").join(&self.account.name).exists()
    }

    /// What keeps the account from `access` to `path`, if something does.
    pub(crate) fn obstacle(&self, path: &Path, access: Access) -> Option<String> {
        self.account.obstacle(path, access).map(|obstacle| obstacle.display().to_string())
    }

    /// Whether whoever runs this would see `path` if it were there.
    pub(crate) fn sees(&self, path: &Path) -> bool {
        path.parent().is_none_or(|folder| fs::read_dir(folder).is_ok() || fs::metadata(folder).is_err_and(is_missing))
    }

    /// How the account gets `access` to `path`, in one sentence.
    pub(crate) fn grant(&self, path: &Path, access: Access) -> Reason {
        let (name, path) = (&self.account.name, path.display());
        let rights = match access {
            Access::Read => "rX",
            Access::Write => "rwX",
            Access::Execute => "rx",
        };
        told!(
            "grant",
            account = name,
            command = format!("setfacl -m u:{name}:{rights} \"{path}\""),
            above = format!("-m u:{name}:x"),
        )
    }

    /// What keeps the service from the secret `name` of the keyring.
    pub(crate) fn keyring_obstacle(&self, name: &str) -> Option<Reason> {
        Some(told!("keyring_closed", name))
    }

    /// Whether the service comes to the keyring of its user once they have logged in: it runs beside their desktop.
    pub(crate) fn has_keyring_of_user(&self) -> bool {
        self.scope == Scope::User
    }

    /// Refuses what cannot be written into a unit.
    fn must_be_sayable(&self) -> Result<(), CommandError> {
        let paths = [&self.executable, &self.config, &self.data];
        let no_text = paths.iter().find(|path| path.to_str().is_none());
        if let Some(path) = no_text {
            return Err(CommandError::Wrong(format!("{} is not UTF-8, and cannot stand in a unit", path.display())));
        }
        let paths = paths.into_iter().filter_map(|path| path.to_str());
        let values = paths.chain(self.env.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]));
        let refused = values.into_iter().find_map(|value| Some((value, unit::refusal(value)?)));
        refused.map_or(Ok(()), |(value, why)| {
            Err(CommandError::Wrong(format!("“{}” cannot stand in a unit: {why}", crate::show::one_line(value))))
        })
    }
}

fn is_missing(error: io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

/// As whom the service is to run.
fn account(said: &ServiceAccount) -> Result<Account, CommandError> {
    let behind = Account::behind_root()?;
    if said.whose.user {
        return match behind {
            Some(behind) => Err(CommandError::Wrong(format!(
                "--user is for your own services: run it as {}, without sudo",
                behind.name
            ))),
            None => Account::current(),
        };
    }
    let account = match (&said.account, behind) {
        _ if said.as_root => return Account::find("root"),
        (Some(name), _) => Account::find(name)?,
        (None, Some(behind)) => behind,
        (None, None) => Account::current()?,
    };
    if account.is_root() {
        return Err(CommandError::Wrong(
            "as whom should the service run? Say --account NAME; or --as-root, and whoever may edit estatus.toml runs \
             anything as root"
                .into(),
        ));
    }
    Ok(account)
}
