//! A program as the core wants it.

use std::sync::Arc;

use estatus_core::{
    check::Kind,
    command::CommandLine,
    config::Monitor,
    fleet::Fleet,
    maintenance::Cron,
    program::{CpuCeiling, MemoryCeiling, OnQuit, Program, Ready, RestartLimit, RestartPolicy, StopHow, StopPolicy},
};
use jiff::tz::TimeZone;

use crate::{
    check::{self, command_line},
    listed::links,
    reason::reason,
    shape::{At, Field, Reader, plain},
    tables,
    times::cron,
};

/// The program that `table` describes, where these `fleets` are configured; its links to others are looked at elsewhere.
pub(crate) fn program(
    table: &mut tables::Program,
    zone: &TimeZone,
    fleets: &[Arc<Fleet>],
    reader: &mut Reader<'_>,
) -> Option<Program> {
    let (directory, env) = (table.directory.take(), table.env.take());
    let command = table.command.take().map(|run| command_line(run, directory, env, reader))?;
    let mut log = table.log.take().unwrap_or_default();
    Some(Program {
        enabled: table.enabled.take().unwrap_or(true),
        restart: restart(table, reader),
        ready: ready(&mut table.ready, &command, fleets, reader),
        ready_within: table.ready_within.take().map_or(Program::READY_WITHIN, |within| within.0),
        stop: stop(&mut table.stop, &command, reader),
        limit: limit(&mut table.limit),
        on_quit: table.on_quit.take().unwrap_or(OnQuit::Stop),
        start_after: links(table),
        log_keep: log.keep.take().map_or(Program::LOG_KEEP, |keep| keep.0),
        encoding: log.encoding.take().unwrap_or_default(),
        memory: memory(&mut table.memory),
        cpu: cpu(&mut table.cpu),
        every: every(&mut table.every, zone, reader),
        channels: table.channels.take().map(plain),
        ..Program::new(&table.name.take()?.0, command)
    })
}

/// When it is started again. What a program may not both be restarted on and ignore is a problem.
fn restart(table: &mut tables::Program, reader: &mut Reader<'_>) -> RestartPolicy {
    let restart_on = table.restart_on.take().map_or_else(Vec::new, plain);
    let ignore = table.ignore.take().unwrap_or_default();
    for exit in ignore.iter().filter(|exit| restart_on.contains(&exit.value)) {
        reader.problem_with("ignore", &exit.at, reason!("exit_in_both", exit = exit.value.to_string()));
    }
    let when = table.restart.take().unwrap_or_default();
    RestartPolicy { when, restart_on, ignore: plain(ignore) }
}

/// How a program that is started by `command` is known to be ready.
fn ready(
    field: &mut Field<tables::Ready>,
    command: &CommandLine,
    fleets: &[Arc<Fleet>],
    reader: &mut Reader<'_>,
) -> Option<Ready> {
    let At { value: mut table, at } = field.take_placed()?;
    reader.within("ready", |reader| {
        let kinds: Vec<Kind> = check::kinds(&table.check).into_iter().map(|(kind, _)| kind).collect();
        match (kinds.as_slice(), table.present.as_slice()) {
            ([kind], []) => ready_by_check(*kind, &mut table.check, command, fleets, reader),
            ([], [form]) => {
                refuse_keys_of_checks(&table.check, form.value, reader);
                by_log(&mut table.log, reader).or_else(|| by_notice(&mut table.notify, reader))
            }
            _ => {
                let kinds = Kind::ALL.map(Kind::word).join(", ");
                reader.refuse(&at, reason!("needs_one_ready", kinds))
            }
        }
    })
}

/// A check, whose command runs where the program does and finds its variables, where it does not say.
fn ready_by_check(
    kind: Kind,
    table: &mut tables::Check,
    command: &CommandLine,
    fleets: &[Arc<Fleet>],
    reader: &mut Reader<'_>,
) -> Option<Ready> {
    let (own_directory, own_env) = (!table.directory.is_absent(), !table.env.is_absent());
    let timeout = table.timeout.take().map_or(Monitor::TIMEOUT, |timeout| timeout.0);
    let mut check = check::check(kind, table, fleets, reader)?;
    if let estatus_core::check::Check::Command(check) = &mut check {
        if !own_directory {
            check.command.directory.clone_from(&command.directory);
        }
        if !own_env {
            check.command.env.clone_from(&command.env);
            check.command.secret_env.clone_from(&command.secret_env);
        }
    }
    Some(Ready::Check { check: Box::new(check), timeout })
}

/// Says which keys belong to checks, where `form` alone says when the program is ready.
fn refuse_keys_of_checks(table: &tables::Check, form: &str, reader: &mut Reader<'_>) {
    for key in &table.present {
        reader.problem(&key.at, reason!("belongs_to_check", key = key.value, form));
    }
}

fn by_log(field: &mut Field<crate::values::Plain>, reader: &mut Reader<'_>) -> Option<Ready> {
    let text = field.take_placed()?;
    if text.value.0.contains(['\n', '\r']) {
        reader.problem_with("log", &text.at, reason!("log_of_one_line"));
    }
    Some(Ready::Log(text.value.0))
}

fn by_notice(field: &mut Field<bool>, reader: &mut Reader<'_>) -> Option<Ready> {
    let notify = field.take_placed()?;
    if !notify.value {
        reader.problem_with("notify", &notify.at, reason!("notify_false"));
    }
    Some(Ready::Notify)
}

/// How a program that is started by `command` is stopped.
fn stop(field: &mut Field<tables::Stop>, command: &CommandLine, reader: &mut Reader<'_>) -> StopPolicy {
    let default = StopPolicy::default();
    let Some(mut table) = field.take() else { return default };
    if let (Some(at), false) = (table.command.at(), table.signal.is_absent()) {
        reader.within("stop", |reader| reader.problem_with("command", at, reason!("stop_twice")));
    }
    let signal = table.signal.take().map(StopHow::Signal);
    let by_command = table.command.take().map(|run| StopHow::Command(CommandLine { run, ..command.clone() }));
    StopPolicy {
        how: by_command.or(signal).unwrap_or(default.how),
        within: table.within.take().map_or(default.within, |within| within.0),
    }
}

fn limit(field: &mut Field<tables::Limit>) -> RestartLimit {
    let mut table = field.take().unwrap_or_default();
    let default = RestartLimit::default();
    RestartLimit {
        restarts: table.restarts.take().map_or(default.restarts, |restarts| restarts.0),
        within: table.within.take().map_or(default.within, |within| within.0),
    }
}

fn memory(field: &mut Field<tables::MemoryCeiling>) -> Option<MemoryCeiling> {
    let mut table = field.take()?;
    let lasts = table.r#for.take().map_or(Program::CEILING_LASTS, |lasts| lasts.0);
    Some(MemoryCeiling { above: table.above.take()?.0, lasts })
}

fn cpu(field: &mut Field<tables::CpuCeiling>) -> Option<CpuCeiling> {
    let mut table = field.take()?;
    let lasts = table.r#for.take().map_or(Program::CEILING_LASTS, |lasts| lasts.0);
    Some(CpuCeiling { above: table.above.take()?.0, lasts })
}

fn every(field: &mut Field<crate::values::Plain>, zone: &TimeZone, reader: &mut Reader<'_>) -> Option<Cron> {
    let fields = field.take_placed()?;
    reader.within("every", |reader| cron(&fields.value.0, &fields.at, zone, reader))
}
