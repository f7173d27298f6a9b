//! What is done when a monitor goes down, as the core wants it.

use std::{sync::Arc, time::Duration};

use estatus_core::remedy::{Remedy, RemedyAction};

use crate::{
    check::command_line,
    flow::belongs_to,
    reason::reason,
    shape::{At, Field, Reader},
    tables,
};

/// How long a command may take where nothing is said.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The ways to heal, of which a remedy has exactly one.
const FORMS: [&str; 5] = ["restart", "start", "stop", "flow", "run"];

/// Keys that belong to `run`.
const OF_COMMANDS: [&str; 3] = ["directory", "env", "timeout"];

/// The remedy that stands under `on_down`; whether its program or flow exists is looked at elsewhere.
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
        reader.problem(&key.at, belongs_to(key.value.to_owned(), &["run"], form));
    }
}

fn action(table: &mut tables::OnDown, reader: &mut Reader<'_>) -> Option<RemedyAction> {
    let name = |field: &mut Field<String>| field.take().map(Arc::from);
    let named = name(&mut table.restart).map(RemedyAction::Restart);
    let named = named.or_else(|| name(&mut table.start).map(RemedyAction::Start));
    let named = named.or_else(|| name(&mut table.stop).map(RemedyAction::Stop));
    let named = named.or_else(|| name(&mut table.flow).map(RemedyAction::Flow));
    named.or_else(|| {
        let command = command_line(table.run.take()?, table.directory.take(), table.env.take(), reader);
        let timeout = table.timeout.take().map_or(TIMEOUT, |timeout| timeout.0);
        Some(RemedyAction::Run { command, timeout })
    })
}
