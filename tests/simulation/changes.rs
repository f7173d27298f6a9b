//! What a user does to the file while everything is under way: any part of it, at any moment, and back again.

use std::{sync::Arc, time::Duration};

use estatus_core::{
    command::{CommandLine, Run},
    config::{AlertWhen, Config, Monitor},
    maintenance::DailySpan,
    program::{Program, Ready},
    remedy::{Remedy, RemedyAction},
};

use crate::script::Dice;

pub(crate) fn line(command: &str) -> CommandLine {
    CommandLine::new(Run::Shell(command.to_owned()))
}

/// The file after one edit that has to do with the program of this `index`; `whole` has everything that may be put back.
pub(crate) fn edit_programs(file: &Config, whole: &Config, index: usize, dice: &mut Dice) -> Config {
    let mut edited = file.clone();
    let name = Arc::clone(&whole.programs[index].name);
    let page = Arc::clone(&whole.monitors[index].name);
    match dice.below(14) {
        0..=2 => remove_program(&mut edited, &name),
        3 => edited.monitors.retain(|monitor| monitor.name != page),
        4..=6 => put_back(&mut edited, whole),
        7 => change_program(&mut edited, &name, |program| program.command = line(&format!("serve {}", dice.below(9)))),
        8 => change_program(&mut edited, &name, |program| program.enabled = !program.enabled),
        9 => change_program(&mut edited, &name, |program| {
            program.ready = program.ready.is_none().then_some(Ready::Notify);
        }),
        10 | 11 => change_monitor(&mut edited, &page, |monitor| monitor.on_down = remedy(&name, dice)),
        12 => change_monitor(&mut edited, &page, |monitor| monitor.enabled = !monitor.enabled),
        _ => change_monitor(&mut edited, &page, |monitor| {
            monitor.every = Duration::from_secs(10 + dice.below(100));
            monitor.alert_when = if dice.one_in(2) { AlertWhen::Always } else { AlertWhen::Unhealed };
        }),
    }
    // A remedy needs the program that it names, and the other way round nothing.
    let known = |name: &Arc<str>| edited.programs.iter().any(|program| program.name == *name);
    let lost = |monitor: &Arc<Monitor>| {
        monitor.on_down.as_ref().and_then(|remedy| remedy.action.program()).is_some_and(|program| !known(program))
    };
    let monitors = edited.monitors.iter().filter(|monitor| !lost(monitor)).cloned().collect();
    edited.monitors = monitors;
    edited
}

/// The remedy of a program's monitor, if it is to have one.
fn remedy(program: &Arc<str>, dice: &mut Dice) -> Option<Remedy> {
    let name = Arc::clone(program);
    let action = match dice.below(4) {
        0 => return None,
        1 => RemedyAction::Restart(name),
        _ => RemedyAction::Run { command: line("wake it up"), timeout: Duration::from_secs(30) },
    };
    Some(Remedy::new(action))
}

fn remove_program(file: &mut Config, name: &Arc<str>) {
    file.programs.retain(|program| program.name != *name);
    let waits: Vec<Arc<str>> = file
        .programs
        .iter()
        .filter(|program| program.start_after.contains(name))
        .map(|program| Arc::clone(&program.name))
        .collect();
    for waiting in waits {
        change_program(file, &waiting, |program| program.start_after.retain(|other| other != name));
    }
}

/// Puts back whatever was taken out, as it once was.
fn put_back(file: &mut Config, whole: &Config) {
    for program in &whole.programs {
        if file.programs.iter().all(|known| known.name != program.name) {
            let mut program = Program::clone(program);
            program.start_after.retain(|name| file.programs.iter().any(|known| known.name == *name));
            file.programs.push(Arc::new(program));
        }
    }
    for monitor in &whole.monitors {
        if file.monitors.iter().all(|known| known.name != monitor.name) {
            file.monitors.push(Arc::clone(monitor));
        }
    }
}

fn change_program(file: &mut Config, name: &Arc<str>, change: impl FnOnce(&mut Program)) {
    if let Some(program) = file.programs.iter_mut().find(|program| program.name == *name) {
        change(Arc::make_mut(program));
    }
}

pub(crate) fn change_monitor(file: &mut Config, name: &Arc<str>, change: impl FnOnce(&mut Monitor)) {
    if let Some(monitor) = file.monitors.iter_mut().find(|monitor| monitor.name == *name) {
        change(Arc::make_mut(monitor));
    }
}

/// A world of monitors after one edit of the file; `whole` has everything that may be put back.
pub(crate) fn edit_monitors(file: &Config, whole: &Config, dice: &mut Dice) -> Config {
    let mut edited = file.clone();
    let index = usize::try_from(dice.below(u64::try_from(whole.monitors.len()).unwrap())).unwrap();
    // Whatever it is called now, it is known by what it checks.
    let check = &whole.monitors[index].check;
    let name = file.monitors.iter().find(|monitor| monitor.check == *check).map(|monitor| Arc::clone(&monitor.name));
    let change = |edited: &mut Config, change: &mut dyn FnMut(&mut Monitor)| {
        if let Some(name) = &name {
            change_monitor(edited, name, change);
        }
    };
    match dice.below(12) {
        0 | 1 => edited.monitors.retain(|monitor| monitor.check != *check),
        2..=4 => put_back_monitors(&mut edited, whole),
        5 => change(&mut edited, &mut |monitor| monitor.enabled = !monitor.enabled),
        6 => change(&mut edited, &mut |monitor| {
            monitor.every = Duration::from_secs(120 + dice.below(1200));
            monitor.tags = vec!["edited".to_owned()];
        }),
        7 => change(&mut edited, &mut |monitor| monitor.name = format!("{} again", monitor.name).into()),
        8 => rename_mail(&mut edited),
        9 => {
            let night = jiff::civil::time(22, 0, 0, 0);
            let zone = jiff::tz::TimeZone::UTC;
            let span = DailySpan { from: night, to: jiff::civil::time(6, 30, 0, 0), days: Vec::new(), zone };
            let quiet = &mut edited.alerts.quiet_hours;
            *quiet = if quiet.is_empty() { vec![span] } else { Vec::new() };
        }
        10 => {
            let only: Vec<String> = edited.channels.keys().take(1).cloned().collect();
            change(&mut edited, &mut |monitor| monitor.channels = monitor.channels.is_none().then(|| only.clone()));
        }
        _ => {
            let remind = edited.alerts.remind_every;
            edited.alerts.remind_every = remind.is_none().then_some(Duration::from_secs(2 * 60 * 60));
        }
    }
    let known: Vec<Arc<str>> = edited.monitors.iter().map(|monitor| Arc::clone(&monitor.name)).collect();
    for monitor in &mut edited.monitors {
        if monitor.depends_on.iter().any(|parent| !known.contains(parent)) {
            Arc::make_mut(monitor).depends_on.retain(|parent| known.contains(parent));
        }
    }
    edited
}

fn put_back_monitors(file: &mut Config, whole: &Config) {
    for monitor in &whole.monitors {
        if file.monitors.iter().all(|known| known.check != monitor.check) {
            let mut monitor = Monitor::clone(monitor);
            monitor.depends_on.retain(|parent| file.monitors.iter().any(|known| known.name == *parent));
            file.monitors.push(Arc::new(monitor));
        }
    }
}

/// The channel of the mails has another name now, and every monitor that names it says so.
fn rename_mail(file: &mut Config) {
    let (old, new) = if file.channels.contains_key("mail") { ("mail", "post") } else { ("post", "mail") };
    if let Some(channel) = file.channels.remove(old) {
        file.channels.insert(new.to_owned(), channel);
    }
    for monitor in &mut file.monitors {
        for name in Arc::make_mut(monitor).channels.iter_mut().flatten().filter(|name| *name == old) {
            new.clone_into(name);
        }
    }
}
