//! What is asked of this machine, and of what programs wrote.

use std::{io, path::Path, sync::Arc};

use estatus_api::{ApiError, ErrorCode, Reply, Surveyed};
use estatus_core::{engine::ProgramView, words::Words};
use estatus_program::LogReader;

use super::{Answer, reply_blocking};
use crate::view::log_line;

/// The most lines of a log in one answer.
pub(super) const LINES_LIMIT: usize = 10_000;

pub(super) fn survey(programs: impl Iterator<Item = ProgramView>, answer: Answer) {
    let known: Vec<(Arc<str>, u32)> =
        programs.filter_map(|view| Some((Arc::clone(&view.program.name), view.process?.pid))).collect();
    reply_blocking(answer, move || {
        Ok(Reply::Survey(estatus_program::survey().into_iter().map(|found| surveyed(found, &known)).collect()))
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

pub(super) fn log(data: &Path, program: String, unknown: Option<ApiError>, lines: usize, words: Words, answer: Answer) {
    let folder = estatus_program::folder(data, &program);
    reply_blocking(answer, move || {
        if let Some(unknown) = unknown {
            return Err(unknown);
        }
        let read = LogReader::open(&folder).and_then(|mut log| log.last(lines.min(LINES_LIMIT)));
        match read {
            Ok(lines) => Ok(Reply::Log(lines.into_iter().map(log_line).collect())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Reply::Log(Vec::new())),
            Err(error) => {
                let message = words.text("log.unreadable", &[("program", &program), ("error", &error.to_string())]);
                Err(ApiError { code: ErrorCode::Failed, message })
            }
        }
    });
}
