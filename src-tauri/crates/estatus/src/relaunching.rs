//! `estatus relaunch`: has the engine end and be started again by whoever hosts it.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use estatus_api::{ApiError, AttachError, Client, ErrorCode, Host, Request};
use estatus_config::places;
use tokio::time::{Instant, sleep, timeout};

use crate::{
    CommandError, Outcome, Result,
    asking::{attach_to, trouble},
    configuration::Places,
};

/// The engine ends, and is started again, within this: stops and deliveries that have begun come to an end before, and a
/// service manager takes its time.
const WITHIN: Duration = Duration::from_secs(60);
/// After this it is looked again whether there is a new one.
const LOOKS_AGAIN: Duration = Duration::from_millis(100);

/// Of the engine at `places`, or of the installed service.
pub(crate) async fn relaunch(places: Places, service: bool) -> Result {
    let data = if service { data_of_service()? } else { places.data };
    let before = ask(&data, false, ": end it, and start Estatus again; programs keep running meanwhile").await?;
    let given_up = Instant::now() + WITHIN;
    loop {
        if let Some(version) = version_of_another(&data, &before).await {
            say!("Estatus was started again, in version {version}.");
            return Ok(Outcome::Well);
        }
        if Instant::now() > given_up {
            return Err(CommandError::Failed(format!(
                "{}: no engine was started again within {} seconds: see whether its tray, terminal or service says why, \
                 and start it there; programs keep running meanwhile",
                data.display(),
                WITHIN.as_secs()
            )));
        }
        sleep(LOOKS_AGAIN).await;
    }
}

/// Has the engine on `data` end, to be started again, while its programs go on or, where it `stops_programs`, are stopped; whose
/// it was. Of one that does not answer it is said `what_then`.
pub(crate) async fn ask(data: &Path, stops_programs: bool, what_then: &str) -> std::result::Result<Host, CommandError> {
    let mut client = attach_to(data).await?;
    let before = client.hello().host.clone();
    match timeout(WITHIN, client.request(Request::Relaunch { stop_programs: stops_programs })).await {
        // It may be quicker to end than to answer.
        Ok(Ok(_) | Err(ApiError { code: ErrorCode::Gone, .. })) => Ok(before),
        Err(_) | Ok(Err(ApiError { code: ErrorCode::Silent, .. })) => Err(CommandError::Failed(format!(
            "{}: the engine (process {}) does not answer{what_then}",
            data.display(),
            before.pid
        ))),
        Ok(Err(error)) => Err(trouble(error)),
    }
}

fn data_of_service() -> std::result::Result<PathBuf, CommandError> {
    let found = places::of_service().map(|service| service.data);
    found.ok_or_else(|| CommandError::Failed("no service is installed: `estatus service install` does it".into()))
}

/// The version of the engine that runs, if it is not the one from `before`.
async fn version_of_another(data: &Path, before: &Host) -> Option<String> {
    match Client::attach(&estatus_engine::endpoint(data)).await {
        Ok(client) => (client.hello().host.started != before.started).then(|| client.hello().version.clone()),
        Err(AttachError::OtherVersion { version }) => Some(version),
        Err(AttachError::NoEngine | AttachError::Silent | AttachError::Io(_)) => None,
    }
}
