//! What is asked of the configuration file.

use estatus_api::{ApiError, Edit, Edited, ErrorCode, FileContent, Reply, Section};
use estatus_config::{EditError, Saving, versions};
use estatus_store::Store;
use tokio::{
    sync::{mpsc, oneshot},
    task::spawn_blocking,
};

use super::{Answer, reply_async, reply_blocking, wrong};
use crate::{Options, clients::stopping, watch::Applied};

pub(super) fn configuration(options: &Options, answer: Answer) {
    let (file, defaults) = (options.config.clone(), options.defaults.clone());
    reply_blocking(answer, move || {
        estatus_config::configuration(&file, &defaults).map(Reply::Configuration).map_err(refused)
    });
}

/// What is saved is in force when it is answered: whoever edits it here means it, however much it takes away.
pub(super) fn edit(options: &Options, apply: mpsc::Sender<Applied>, edits: Vec<Edit>, save: bool, answer: Answer) {
    let Options { config: file, data, defaults, .. } = options.clone();
    let work = move || {
        let saving = if save { Saving::AsVersion(&data) } else { Saving::No };
        estatus_config::edit(&file, &edits, saving, &defaults)
    };
    reply_async(answer, change(work, save.then_some(apply)));
}

pub(super) fn put_back(options: &Options, apply: mpsc::Sender<Applied>, id: u64, answer: Answer) {
    let Options { config: file, data, defaults, .. } = options.clone();
    let work = move || estatus_config::put_back(id, &file, &data, &defaults);
    reply_async(answer, change(work, Some(apply)));
}

pub(super) fn undo(options: &Options, apply: mpsc::Sender<Applied>, id: u64, answer: Answer) {
    let Options { config: file, data, defaults, .. } = options.clone();
    let work = move || estatus_config::undo(id, &file, &data, &defaults);
    reply_async(answer, change(work, Some(apply)));
}

/// What has become of the file by `work`, once that is in force where it was saved.
async fn change(
    work: impl FnOnce() -> Result<Edited, EditError> + Send + 'static,
    apply: Option<mpsc::Sender<Applied>>,
) -> Result<Reply, ApiError> {
    let edited = spawn_blocking(work).await;
    let edited = edited.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic())).map_err(refused)?;
    if let Some(apply) = apply
        && edited.problems.is_empty()
    {
        // What somebody else has made of the file meanwhile is told like every mistake in it.
        let _ = put_in_force(&apply).await;
    }
    Ok(Reply::Edited(edited))
}

pub(super) fn versions(options: &Options, answer: Answer) {
    let Options { config: file, data, .. } = options.clone();
    reply_blocking(answer, move || versions::versions(&file, &data).map(Reply::Versions).map_err(refused));
}

pub(super) fn version(options: &Options, id: u64, answer: Answer) {
    let Options { config: file, data, defaults, .. } = options.clone();
    reply_blocking(answer, move || versions::version(id, &file, &data, &defaults).map(Reply::Version).map_err(refused));
}

pub(super) fn entry_text(options: &Options, section: Section, name: String, answer: Answer) {
    let Options { config: file, defaults, .. } = options.clone();
    reply_blocking(answer, move || {
        estatus_config::entry_text(&file, section, &name, &defaults).map(Reply::EntryText).map_err(refused)
    });
}

pub(super) fn apply(apply: mpsc::Sender<Applied>, store: Store, answer: Answer) {
    reply_async(answer, async move {
        put_in_force(&apply).await?;
        store.flush().await;
        Ok(Reply::Done)
    });
}

async fn put_in_force(apply: &mpsc::Sender<Applied>) -> Result<(), ApiError> {
    let (applied, is_applied) = oneshot::channel();
    apply.send(applied).await.map_err(|_| stopping())?;
    is_applied.await.map_err(|_| stopping())?.map_err(|problems| wrong(problems.to_string()))
}

/// A file that cannot be read holds no names that could be taken.
pub(super) fn import(options: &Options, name: String, content: FileContent, answer: Answer) {
    let (file, defaults) = (options.config.clone(), options.defaults.clone());
    reply_blocking(answer, move || {
        let tables = estatus_config::configuration(&file, &defaults).map(|file| file.tables).unwrap_or_default();
        let imported = estatus_config::import(&name, content.0, &tables, defaults.language);
        imported.map(Reply::Imported).map_err(|error| wrong(error.to_string()))
    });
}

#[expect(clippy::needless_pass_by_value, reason = "goes into map_err")]
pub(super) fn refused(error: EditError) -> ApiError {
    let code = match &error {
        EditError::File { .. } => ErrorCode::Failed,
        EditError::Unknown(_) => ErrorCode::Wrong,
        EditError::Overtaken(_) => ErrorCode::Overtaken,
    };
    ApiError { code, message: error.to_string() }
}
