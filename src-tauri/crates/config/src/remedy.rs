//! What is done when a monitor goes down, as the core wants it.

use std::{sync::Arc, time::Duration};

use estatus_core::remedy::{Remedy, RemedyAction};

use crate::{
    check::command_line,
    reason::reason,
    shape::{At, Field, Reader},
    tables,
};

/// How long a command may take where nothing is said.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The ways to heal, of which a remedy has exactly one.
const FORMS: [&str; 4] = ["restart", "start", "stop", "run"];

/// Keys that belong to `run`.
const OF_COMMANDS: [&str; 3] = ["directory", "env", "timeout"];

/// The remedy that stands under `on_down`; whether its program exists is looked at elsewhere.
pub(crate) fn remedy(on_down: &mut Field<tables::OnDown>, reader: &mut Reader<'_>) -> Option<Remedy> {
    let At { value: mut table, at } = on_down.take_placed()?;
    reader.within("on_down", |reader| {
        let forms: Vec<&str> = table.present.iter().map(|key| key.value).filter(|key| FORMS.contains(key)).collect();
        let [form] = forms.as_slice() else {
            return reader.refuse(&at, reason!("needs_one_remedy"));
        };
        refuse_foreign_keys(&table, form, reader);
        let action = action(&mut table, reader)?;
        Some(Remedy {
            action,
            tries: table.tries.take().map_or(Remedy::TRIES, |tries| tries.0),
            passes_within: table.within.take().map_or(Remedy::PASSES_WITHIN, |within| within.0),
        })
    })
}

fn refuse_foreign_keys(table: &tables::OnDown, form: &str, reader: &mut Reader<'_>) {
    for key in table.present.iter().filter(|key| form != "run" && OF_COMMANDS.contains(&key.value)) {
        reader.problem(&key.at, reason!("belongs_to_run", key = key.value, form));
    }
}

fn action(table: &mut tables::OnDown, reader: &mut Reader<'_>) -> Option<RemedyAction> {
    let program = |field: &mut Field<String>| field.take().map(Arc::from);
    let of_program = program(&mut table.restart).map(RemedyAction::Restart);
    let of_program = of_program.or_else(|| program(&mut table.start).map(RemedyAction::Start));
    let of_program = of_program.or_else(|| program(&mut table.stop).map(RemedyAction::Stop));
    of_program.or_else(|| {
        let command = command_line(table.run.take()?, table.directory.take(), table.env.take(), reader);
        let timeout = table.timeout.take().map_or(TIMEOUT, |timeout| timeout.0);
        Some(RemedyAction::Run { command, timeout })
    })
}
