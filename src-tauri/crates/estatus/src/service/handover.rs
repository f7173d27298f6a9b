//! Taking over from a tray: its engine ends where the service's is to run, and the tray is the service's face from then on.

use std::{path::PathBuf, time::Duration};

use estatus_api::{Client, HostKind, Permission};
use estatus_config::Defaults;
use estatus_engine::Holder;
use tokio::time::{Instant, sleep};

use super::{doctor::Finding, platform::Wanted};
use crate::{CommandError, relaunching, show};

/// On Windows the engine of a service finds no program of another session's.
const STOPS_PROGRAMS: bool = cfg!(windows);
/// What is to be done with an engine that does not answer.
const WHERE_SILENT: &str = if STOPS_PROGRAMS {
    ": end it and all that it has started, which would run twice"
} else {
    ": end it; its programs go on"
};
/// An engine has ended within this, beside what its programs may take to stop: deliveries that have begun come to an end
/// before, and it is proven that nothing is left.
const WITHIN: Duration = Duration::from_secs(60);
/// After this it is looked again whether it has ended.
const LOOKS_AGAIN: Duration = Duration::from_millis(50);

/// An engine that runs where the service's is to run, or runs what the service is to run.
#[derive(Clone, Debug)]
pub(super) struct Rival {
    /// Its data folder.
    pub(super) data: PathBuf,
    /// Who holds that.
    holder: Holder,
    /// Whether the service can take its place: a tray hosts it, which is the service's face then.
    gives_way: bool,
    /// Programs that it would leave running, and the service would start a second time.
    doubled: Vec<String>,
}

impl Rival {
    /// All that run but the service's own.
    pub(super) async fn all(wanted: &Wanted) -> Vec<Self> {
        let mut all = Vec::new();
        for data in wanted.rivals() {
            let Some(holder) = estatus_engine::holder_of(data) else { continue };
            let client = Client::attach(&estatus_engine::endpoint(data)).await.ok();
            let kind = client.as_ref().map(|client| client.hello().host.kind);
            let is_the_services = match kind {
                Some(kind) => kind == HostKind::Service,
                None => wanted.is_running(),
            };
            if data == wanted.data && is_the_services {
                continue;
            }
            let may = client.as_ref().is_some_and(|client| client.hello().permission == Permission::Edit);
            let gives_way = kind == Some(HostKind::Tray) && may && wanted.takes_place_on(data);
            let is_left_behind = STOPS_PROGRAMS && data != wanted.data;
            let doubled = client.filter(|_| gives_way && is_left_behind).map(|client| stays(&client));
            all.push(Self { data: data.to_owned(), holder, gives_way, doubled: doubled.unwrap_or_default() });
        }
        all
    }

    /// What there is to know of it, or to be done about it.
    pub(super) fn finding(&self) -> Finding {
        let (data, holder) = (self.data.display(), self.holder.reason());
        if !self.gives_way {
            return Finding::problem(told!("engine"), told!("runs", data, holder), told!("runs.quit"));
        }
        if !self.doubled.is_empty() {
            let names = self.doubled.join(", ");
            return Finding::problem(told!("engine"), told!("doubled", names), told!("doubled.stop"));
        }
        let nothing = if STOPS_PROGRAMS { told!("tray.restarts") } else { told!("tray.keeps") };
        Finding::note(told!("engine"), told!("tray", data, holder), nothing)
    }

    /// Whether nothing of it stands in the way of the service.
    pub(super) fn is_no_obstacle(&self) -> bool {
        self.gives_way && self.doubled.is_empty()
    }

    /// Why the service could not run beside it.
    pub(super) fn refusal(&self) -> CommandError {
        CommandError::Failed(format!("nothing was installed: {}", self.finding().in_one_line()))
    }
}

/// Has the engines of trays end, once all is there with which their trays find out whose faces they are. `go_on` says how
/// one goes on where that fails.
pub(super) async fn take_over(wanted: &Wanted, rivals: &[Rival], go_on: &str) -> Result<(), CommandError> {
    for rival in rivals.iter().filter(|rival| rival.is_no_obstacle()) {
        say!("The service takes over from the tray ({}) …", rival.holder);
        let stands = |why: String| {
            let why = show::one_line(&why);
            CommandError::Failed(format!("the service is installed, but was not started: {why}; {go_on}"))
        };
        end(wanted, rival).await.map_err(|error| stands(error.to_string()))?;
        let left = if rival.data == wanted.data { Vec::new() } else { estatus_program::left_running(&rival.data) };
        if !left.is_empty() {
            return Err(stands(format!("these still run, and would run twice: {}", left.join(", "))));
        }
    }
    Ok(())
}

/// Has an engine end, and waits until it has.
async fn end(wanted: &Wanted, rival: &Rival) -> Result<(), CommandError> {
    relaunching::ask(&rival.data, STOPS_PROGRAMS, WHERE_SILENT).await?;
    let within = WITHIN + longest_stop(wanted);
    let given_up = Instant::now() + within;
    while estatus_engine::holder_of(&rival.data).is_some() {
        if Instant::now() > given_up {
            let seconds = within.as_secs();
            return Err(CommandError::Failed(format!("the tray's engine has not ended within {seconds} seconds")));
        }
        sleep(LOOKS_AGAIN).await;
    }
    Ok(())
}

/// How long the slowest program may take to stop.
fn longest_stop(wanted: &Wanted) -> Duration {
    let config = estatus_config::load(wanted.config_now(), &Defaults::of_system()).ok();
    let longest = config.and_then(|config| config.programs.iter().map(|program| program.stop.within).max());
    longest.unwrap_or_default()
}

/// What runs and is left running when the engine that `client` is connected to quits.
pub(super) fn stays(client: &Client) -> Vec<String> {
    let programs = client.hello().snapshot.programs.iter();
    let stays = programs.filter(|program| program.pid.is_some() && !program.stops_with_estatus);
    stays.map(|program| format!("“{}”", show::one_line(&program.name))).collect()
}
