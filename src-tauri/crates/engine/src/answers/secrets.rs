//! Secrets that are entered: kept, forgotten, and said to be there. What waits for the keyring is beside the loop, and has a
//! bound there.

use estatus_api::{ApiError, ErrorCode, Reply, SecretText};
use estatus_core::{config::Language, engine::Input, secret::SecretError, words};
use tokio::sync::mpsc;

use super::{Answer, reply_blocking, wrong};
use crate::{Options, ports::EnginePorts};

/// The most names of one question.
const NAMES_LIMIT: usize = 1_000;

pub(super) fn store(
    options: &Options,
    ports: EnginePorts,
    entered: mpsc::Sender<Input>,
    name: String,
    value: SecretText,
    language: Language,
    answer: Answer,
) {
    let data = options.data.clone();
    reply_blocking(answer, move || {
        estatus_config::fits_to_store(&name, &value.0, language).map_err(|SecretError(why)| wrong(why))?;
        let stored = estatus_config::store_secret(&name, &value.0, &data, language).map_err(failed);
        tracing::debug!(name, ?stored, "a secret was to be stored");
        ports.has_changed(&name);
        let stored = stored?;
        // The loop is gone only when the engine stops.
        let _ = entered.blocking_send(Input::SecretEntered(name));
        Ok(Reply::SecretStored(stored))
    });
}

pub(super) fn remove(options: &Options, ports: EnginePorts, name: String, language: Language, answer: Answer) {
    let data = options.data.clone();
    reply_blocking(answer, move || {
        let was_there = estatus_config::remove_secret(&name, &data, language).map_err(failed)?;
        ports.has_changed(&name);
        if was_there {
            Ok(Reply::Done)
        } else {
            Err(wrong(words::text(language, "refused.no_secret", &[("name", &name)])))
        }
    });
}

pub(super) fn list(options: &Options, names: Option<Vec<String>>, language: Language, answer: Answer) {
    let (file, data) = (options.config.clone(), options.data.clone());
    let names = names.map(|mut names| {
        names.truncate(NAMES_LIMIT);
        names
    });
    reply_blocking(answer, move || Ok(Reply::Secrets(estatus_config::secret_states(names, &file, &data, language))));
}

fn failed(SecretError(message): SecretError) -> ApiError {
    ApiError { code: ErrorCode::Failed, message }
}
