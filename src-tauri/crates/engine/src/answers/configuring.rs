//! What is asked of the configuration file.

use estatus_api::{ApiError, Edit, ErrorCode, Reply};
use estatus_config::EditError;
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
    let (file, defaults) = (options.config.clone(), options.defaults.clone());
    reply_async(answer, async move {
        let edited = spawn_blocking(move || estatus_config::edit(&file, &edits, save, &defaults)).await;
        let edited = edited.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
        let problems = edited.map_err(refused)?;
        if save && problems.is_empty() {
            // What somebody else has made of the file meanwhile is told like every mistake in it.
            let _ = put_in_force(&apply).await;
        }
        Ok(Reply::Edited(problems))
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
pub(super) fn import(options: &Options, name: String, text: String, answer: Answer) {
    let (file, defaults) = (options.config.clone(), options.defaults.clone());
    reply_blocking(answer, move || {
        let tables = estatus_config::configuration(&file, &defaults).map(|file| file.tables).unwrap_or_default();
        let imported = estatus_config::import(&name, &text, &tables, defaults.language);
        imported.map(Reply::Imported).map_err(|error| wrong(error.to_string()))
    });
}

#[expect(clippy::needless_pass_by_value, reason = "goes into map_err")]
pub(super) fn refused(error: EditError) -> ApiError {
    let code = match &error {
        EditError::File { .. } => ErrorCode::Failed,
        EditError::Unknown(_) => ErrorCode::Wrong,
    };
    ApiError { code, message: error.to_string() }
}
