//! What is asked of this machine.

use std::sync::Arc;

use estatus_api::{Adoptable, Reply, Surveyed};
use estatus_core::{engine::ProgramView, program::ProcessId};

use super::{Answer, reply_blocking, wrong};
use crate::Options;

pub(super) fn survey(programs: impl Iterator<Item = ProgramView>, answer: Answer) {
    let known: Vec<(Arc<str>, u32)> =
        programs.filter_map(|view| Some((Arc::clone(&view.program.name), view.process?.pid))).collect();
    reply_blocking(answer, move || {
        Ok(Reply::Survey(estatus_program::survey().into_iter().map(|found| surveyed(found, &known)).collect()))
    });
}

/// It is looked at from here: who may end a process, and which windows and consoles it can be reached by, is another thing for
/// whoever asks.
pub(super) fn adoptable(process: ProcessId, options: &Options, answer: Answer) {
    let shim = options.shim.clone();
    reply_blocking(answer, move || match estatus_program::can_be_asked(process, &shim) {
        Ok(can_be_asked) => Ok(Reply::Adoptable(Adoptable { can_be_asked })),
        Err(error) => Err(wrong(error.to_string())),
    });
}

fn surveyed(found: estatus_program::Surveyed, known: &[(Arc<str>, u32)]) -> Surveyed {
    let estatus_program::Surveyed { candidate, words, line, keeper } = found;
    let program = known.iter().find(|(_, pid)| line.contains(pid)).map(|(name, _)| Arc::clone(name));
    Surveyed {
        process: candidate.process,
        name: candidate.name,
        command_line: candidate.command_line,
        words,
        directory: candidate.directory,
        ports: candidate.ports,
        program,
        keeper,
    }
}
