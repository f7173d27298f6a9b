//! The service as it is wanted: as whom, with what.

use std::{
    collections::BTreeMap,
    env,
    path::{Path, PathBuf},
};

use estatus_access::FileRight;
use estatus_config::places::{self, ServicePlaces};
use estatus_core::words::Reason;

use super::{account::Account, connection, environment, program};
use crate::{
    CommandError,
    arguments::{OfUser, ServiceAccount},
    configuration::Places,
    service::{
        access::{Access, Shared},
        command_line, doctor,
        handover::Rival,
        merged,
    },
};

/// The service as it is wanted.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// As whom it runs.
    pub(crate) account: Account,
    /// The console program, as the service has it.
    pub(crate) executable: PathBuf,
    /// The configuration file.
    pub(crate) config: PathBuf,
    /// The data folder.
    pub(crate) data: PathBuf,
    /// Variables that it has beside those of the machine.
    pub(super) env: Vec<(String, String)>,
    /// Whether configuration and data are where a service has them that runs as itself.
    pub(super) is_in_own_folder: bool,
    /// The configuration file and the data folder, if the user has said where they are.
    given: [Option<PathBuf>; 2],
    /// What the user has of their own, with which the tray hosts an engine.
    pub(super) of_user: Option<ServicePlaces>,
}

impl Wanted {
    /// What somebody wants who has said so much.
    pub(crate) fn find(
        places: &Places,
        said: &ServiceAccount,
        env: Vec<(String, String)>,
    ) -> Result<Self, CommandError> {
        let account = match &said.account {
            Some(name) => Account::user(name),
            None if said.as_system => Account::System,
            None => Account::Virtual,
        };
        let env = merged(environment::variables(), env);
        let executable = program::path();
        let no_home = |error: places::NoHome| CommandError::Wrong(error.to_string());
        let (given_config, given_data) = (places.given_config()?, places.given_data());
        let is_in_own_folder = !matches!(account, Account::User(_)) && given_config.is_none() && given_data.is_none();
        if matches!(account, Account::User(_))
            && !account.is_current()
            && (given_config.is_none() || given_data.is_none())
        {
            return Err(CommandError::Wrong(format!(
                "where {account} has its configuration and data is not known here: say --config and --data, or run this \
                 as that user"
            )));
        }
        let given = [given_config.clone(), given_data.clone()];
        let own = places::service_folder();
        let config = match given_config {
            Some(config) => config,
            None if is_in_own_folder => own.join("estatus.toml"),
            None => places::own_config_file().map_err(no_home)?,
        };
        let data = match given_data {
            Some(data) => data,
            None if is_in_own_folder => own.join("data"),
            None => places::own_data_folder().map_err(no_home)?,
        };
        let of_user = own_places(&said.of_user).filter(|user| is_in_own_folder && user.config.exists());
        Ok(Self { account, executable, config, data, env, is_in_own_folder, given, of_user })
    }

    /// The configuration of the user that becomes the service's, which has none yet.
    pub(super) fn moved(&self) -> Option<&ServicePlaces> {
        self.of_user.as_ref().filter(|_| !self.config.exists())
    }

    /// Where what the service is to have for its configuration stands now.
    pub(crate) fn config_now(&self) -> &Path {
        self.moved().map_or(&self.config, |moved| &moved.config)
    }

    /// The data folders on which an engine would run what the service runs.
    pub(crate) fn rivals(&self) -> Vec<&Path> {
        let of_user = self.of_user.as_ref().map(|user| user.data.as_path());
        std::iter::once(self.data.as_path()).chain(of_user).collect()
    }

    /// Why the service is not to run what is there: others can change it, or who can is not seen.
    pub(crate) fn shared(&self) -> Option<Shared> {
        // What is where a service has it may have been its own account's before.
        let account = if self.is_in_own_folder { &Account::Virtual } else { &self.account }.to_string();
        let shared = |path: &Path| Shared::of(path, estatus_access::refuse_shared_with_others_than(&account, path));
        let folders = [&self.executable, &self.config].into_iter().filter_map(|file| file.parent());
        folders.chain([self.executable.as_path(), &self.config, &self.data]).find_map(shared)
    }

    /// Whether a tray whose engine on `data` ends is the service's face from then on: it has nothing configured of its own
    /// then.
    pub(crate) fn takes_place_on(&self, data: &Path) -> bool {
        self.data == data || self.moved().is_some_and(|moved| moved.data == data)
    }

    /// Refuses where programs of a configuration that is moved run, and `rivals` do not give way: there would be two of each.
    pub(super) fn must_be_free(&self, rivals: &[Rival]) -> Result<(), CommandError> {
        let Some(moved) = self.moved() else { return Ok(()) };
        match rivals.iter().find(|rival| rival.data == moved.data) {
            Some(rival) if rival.is_no_obstacle() => Ok(()),
            Some(rival) => Err(rival.refusal()),
            None => doctor::left(&moved.data).map_or(Ok(()), |left| {
                let left = left.in_one_line();
                Err(CommandError::Failed(format!("nothing was installed, or these would run twice: {left}")))
            }),
        }
    }

    /// Refuses who may not install it.
    pub(crate) fn must_be_allowed(&self) -> Result<(), CommandError> {
        connection::must_be_elevated()
    }

    /// What the service finds in its environment, as far as it matters to programs.
    pub(crate) fn environment(&self) -> BTreeMap<String, String> {
        let mut environment = environment::machine_environment();
        environment.extend(self.env.iter().cloned());
        environment
    }

    /// The command that would install it, with `more` at its end.
    pub(crate) fn install_command(&self, more: &str) -> String {
        let as_whom = match &self.account {
            Account::Virtual => String::new(),
            Account::User(name) => format!("--account {name} "),
            Account::System => "--as-system ".to_owned(),
        };
        let [config, data] = &self.given;
        command_line([("--config", config.as_deref()), ("--data", data.as_deref())], &as_whom, more)
    }

    /// Whether the service runs already.
    pub(crate) fn is_running(&self) -> bool {
        connection::is_running()
    }

    /// What keeps the account from `access` to `path`, if something does. What a service has in its own folder it is given when
    /// it is installed.
    pub(crate) fn obstacle(&self, path: &Path, access: Access) -> Option<String> {
        if self.account == Account::System || (self.is_in_own_folder && path.starts_with(places::service_folder())) {
            return None;
        }
        let right = match access {
            Access::Read => FileRight::Read,
            Access::Write => FileRight::Write,
            Access::Execute => FileRight::Execute,
        };
        match estatus_access::grants(&self.account.to_string(), path, right) {
            Ok(true) => None,
            Ok(false) if self.account == Account::Virtual => Some(path.display().to_string()),
            // It may be in groups that are not known here.
            Ok(false) | Err(_) => self.foreign_profile(path),
        }
    }

    /// The folder of another user in which `path` lies: nobody comes in there.
    fn foreign_profile(&self, path: &Path) -> Option<String> {
        let profiles = PathBuf::from(env::var_os("PUBLIC")?);
        let profiles = profiles.parent()?;
        let below = path.strip_prefix(profiles).ok()?;
        let user = below.iter().next()?;
        let is_open = user.eq_ignore_ascii_case("Public")
            || matches!(&self.account, Account::User(_)) && user.eq_ignore_ascii_case(self.account.bare_name());
        (!is_open).then(|| profiles.join(user).display().to_string())
    }

    /// Whether whoever runs this would see `path` if it were there.
    pub(crate) fn sees(&self, path: &Path) -> bool {
        path.parent().is_none_or(|folder| folder.is_dir())
    }

    /// How the account gets `access` to `path`, in one sentence.
    pub(crate) fn grant(&self, path: &Path, access: Access) -> Reason {
        let right = if access == Access::Write { "M" } else { "RX" };
        let (account, shown) = (&self.account, path.display());
        let inherited = if path.is_dir() { "(OI)(CI)" } else { "" };
        told!("grant_later", command = format!("icacls \"{shown}\" /grant \"{account}:{inherited}{right}\""))
    }

    /// What keeps the service from the secret `name` of the keyring.
    pub(crate) fn keyring_obstacle(&self, name: &str) -> Option<Reason> {
        (!self.account.is_current()).then(|| told!("keyring_of_user", name))
    }

    /// Whether the service comes to the keyring of its user once they have logged in: a user's own does at once.
    pub(crate) const fn has_keyring_of_user(&self) -> bool {
        false
    }
}

/// Where the user who wants the service has what is their own.
pub(super) fn own_places(said: &OfUser) -> Option<ServicePlaces> {
    match (&said.user_config, &said.user_data) {
        (Some(config), Some(data)) => Some(ServicePlaces { config: config.clone(), data: data.clone() }),
        _ => Some(ServicePlaces { config: places::own_config_file().ok()?, data: places::own_data_folder().ok()? }),
    }
}
