//! A flow as the core wants it.

use std::{collections::HashMap, sync::Arc, time::Duration};

use estatus_core::{
    command::CommandLine,
    exit::Exit,
    flow::{
        AfterCrash, Budget, Definition, Flow, OnFailure, Retry, RetryOn, Schedule, Step, StepAction, When,
        request::HttpRequest,
    },
    program::ProgramAction,
};
use jiff::tz::TimeZone;

use crate::{
    check::{auth, command_line, headers, method, status_codes},
    listed::{All, Listed, called, keyed, name, named, word},
    reason::{Part, Reason, reason},
    shape::{At, Field, Reader, plain},
    tables::{self, Every, FORMS, OF_FORMS},
    times::{Written, cron},
    values::Name,
};

/// The flows that `tables` describe; whether what they name exists is looked at elsewhere.
pub(crate) fn flows(
    tables: Vec<(At<String>, tables::Flow)>,
    zone: &TimeZone,
    reader: &mut Reader<'_>,
) -> Vec<Arc<Flow>> {
    let mut flows = Vec::with_capacity(tables.len());
    for (name, mut table) in tables {
        if let Some(reason) = Name::wrong(&name.value) {
            reader.problem_with("flow", &name.at, reason);
            continue;
        }
        let section = keyed::<tables::Flow>(&name.value);
        flows.extend(reader.section(section, |reader| flow(&name.value, &mut table, zone, reader)).map(Arc::new));
    }
    flows
}

fn flow(name: &str, table: &mut tables::Flow, zone: &TimeZone, reader: &mut Reader<'_>) -> Option<Flow> {
    let schedule = schedule(&mut table.every, zone, reader);
    let budget = table
        .budget
        .take()
        .and_then(|mut budget| Some(Budget { runs: budget.runs.take()?.0, within: budget.within.take()?.0 }));
    let deadline = table.deadline.take().map(|deadline| deadline.0);
    let channels = table.channels.take().map(plain);
    let steps = steps(&mut table.step, reader)?;
    Some(Flow {
        enabled: table.enabled.take().unwrap_or(true),
        schedule,
        catch_up: table.catch_up.take().unwrap_or_default(),
        overlap: table.overlap.take().unwrap_or_default(),
        budget,
        definition: Arc::new(Definition { deadline, channels, steps }),
        ..Flow::new(name, Vec::new())
    })
}

fn schedule(field: &mut Field<Every>, zone: &TimeZone, reader: &mut Reader<'_>) -> Option<Schedule> {
    let At { value: every, at } = field.take_placed()?;
    match every {
        Every::Interval(interval) => Some(Schedule::Interval(interval.0)),
        Every::Cron(fields) => reader.within("every", |reader| cron(&fields, &at, zone, reader)).map(Schedule::Cron),
    }
}

fn steps(field: &mut Field<All<tables::Step>>, reader: &mut Reader<'_>) -> Option<Vec<Step>> {
    let mut tables = field.take()?;
    let names: Vec<Option<Arc<str>>> = tables.0.iter().map(|table| name(table).map(Arc::from)).collect();
    let places = names.iter().enumerate().filter_map(|(place, name)| Some((name.as_deref()?, place)));
    let places: HashMap<&str, usize> = places.collect();
    // All of them are looked at before it is known whether one means nothing.
    let mut steps = Vec::with_capacity(tables.0.len());
    for (place, table) in tables.0.iter_mut().enumerate() {
        let section = called(table, place);
        steps.push(reader.section(section, |reader| step(place, table, &places, reader)));
    }
    steps.into_iter().collect()
}

/// The step at `place`, where `places` are those of all steps by their names.
fn step(
    place: usize,
    table: &mut tables::Step,
    places: &HashMap<&str, usize>,
    reader: &mut Reader<'_>,
) -> Option<Step> {
    let form = form(table, reader);
    if let Some(form) = form {
        refuse_foreign_keys(table, form, reader);
    }
    let retry = retry(&mut table.retry, form, reader);
    let when = when(table, places, reader);
    let after_crash = match table.after_crash.take() {
        None | Some(tables::AfterCrash::Fail) => AfterCrash::Fail,
        Some(tables::AfterCrash::Rerun) => AfterCrash::Rerun,
        Some(tables::AfterCrash::Check(monitor)) => AfterCrash::Check(monitor.value.into()),
    };
    let on_failure = match table.on_failure.take() {
        None | Some(tables::OnFailure::Fail) => OnFailure::Fail,
        Some(tables::OnFailure::Continue) => OnFailure::Continue,
        Some(tables::OnFailure::Flow(flow)) => OnFailure::Flow(flow.value.into()),
    };
    let needs = match table.needs.is_absent() {
        true => place.checked_sub(1).into_iter().collect(),
        false => places_of(named(&table.needs), places),
    };
    let (command, undo) = commands(table, reader);
    let action = action(form?, command, table, reader)?;
    Some(Step {
        when,
        always: table.always.take().unwrap_or(false),
        retry,
        on_failure,
        after_crash,
        undo,
        ..Step::new(&table.name.take()?.0, action, needs)
    })
}

/// The places of the steps that are called so, each once.
fn places_of(names: &[At<String>], places: &HashMap<&str, usize>) -> Vec<usize> {
    let mut found: Vec<usize> = names.iter().filter_map(|name| places.get(name.value.as_str()).copied()).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// The one kind of a step.
fn form(table: &tables::Step, reader: &mut Reader<'_>) -> Option<&'static str> {
    let mut forms = table.present.iter().filter(|key| FORMS.contains(&key.value));
    match (forms.next(), forms.next()) {
        (None, _) => reader.refuse(&table.at, reason!("no_form", forms = FORMS.join(", "))),
        (Some(form), None) => Some(form.value),
        (Some(first), Some(second)) => {
            let word = word(tables::Step::WORD);
            reader.refuse(&second.at, reason!("two_kinds", word, first = first.value, second = second.value))
        }
    }
}

fn refuse_foreign_keys(table: &tables::Step, form: &str, reader: &mut Reader<'_>) {
    let is_there = |key: &&str| table.present.iter().any(|other| other.value == *key);
    for key in &table.present {
        let belongs = OF_FORMS.iter().find(|(name, _)| *name == key.value);
        if let Some((_, owners)) = belongs.filter(|(_, owners)| !owners.iter().any(is_there)) {
            reader.problem(&key.at, belongs_to(key.value.to_owned(), owners, form));
        }
    }
}

/// That `key` is only for these others.
pub(crate) fn belongs_to(key: String, owners: &[&str], form: &str) -> Reason {
    let owners = owners.iter().map(|owner| Part::from(format!("`{owner}`")));
    let owners = owners.reduce(|first, second| reason!("and", first, second).into()).unwrap_or(Part::NOTHING);
    reason!("belongs_to_form", key, owners, form)
}

/// The command that a step runs, and the one that takes back what it did: both run in the same place, and find the same.
fn commands(table: &mut tables::Step, reader: &mut Reader<'_>) -> (Option<CommandLine>, Option<CommandLine>) {
    let (directory, env) = (table.directory.take(), table.env.take());
    match (table.run.take(), table.undo.take()) {
        (None, None) => (None, None),
        (None, Some(undo)) => (None, Some(command_line(undo, directory, env, reader))),
        (Some(run), undo) => {
            let command = command_line(run, directory, env, reader);
            let undo = undo.map(|run| CommandLine { run, ..command.clone() });
            (Some(command), undo)
        }
    }
}

/// What a step of kind `form` does, where `command` is what it runs.
fn action(
    form: &str,
    command: Option<CommandLine>,
    table: &mut tables::Step,
    reader: &mut Reader<'_>,
) -> Option<StepAction> {
    let name = |field: &mut Field<String>| field.take().map(Arc::from);
    let on_program = |action, field: &mut Field<String>| Some(StepAction::Program { action, program: name(field)? });
    match form {
        "run" => {
            let timeout = table.timeout.take().map_or(StepAction::TIMEOUT, |timeout| timeout.0);
            Some(StepAction::Run { command: command?, timeout })
        }
        "check" => Some(StepAction::Check { monitor: name(&mut table.check)? }),
        "wait_until" => {
            let within = table.within.take().map_or(StepAction::WITHIN, |within| within.0);
            Some(StepAction::WaitUntil { monitor: name(&mut table.wait_until)?, within })
        }
        "restart" => on_program(ProgramAction::Restart, &mut table.restart),
        "start" => on_program(ProgramAction::Start, &mut table.start),
        "stop" => on_program(ProgramAction::Stop, &mut table.stop),
        "http" => request(table, reader).map(|request| StepAction::Http { request: Box::new(request) }),
        "tell" => Some(StepAction::Tell { channels: channels(table, reader), text: table.tell.take()?.0 }),
        "approve" => Some(StepAction::Approve {
            channels: channels(table, reader),
            question: table.approve.take()?.0,
            within: table.within.take().map_or(StepAction::ANSWER_WITHIN, |within| within.0),
            otherwise: table.otherwise.take().unwrap_or_default(),
        }),
        "flow" => Some(StepAction::Flow { flow: name(&mut table.flow)? }),
        _ => Some(StepAction::Wait { lasts: table.wait.take()?.0 }),
    }
}

/// The request that a step sends.
fn request(table: &mut tables::Step, reader: &mut Reader<'_>) -> Option<HttpRequest> {
    let auth = auth(&mut table.username, &mut table.password, &mut table.bearer, reader);
    let (headers, secret_headers) = headers(&mut table.headers, reader);
    let method = method(&mut table.method, reader);
    let accept = status_codes(&mut table.accept, reader);
    Some(HttpRequest {
        url: table.http.take()?.0,
        method: method?,
        headers,
        secret_headers,
        body: table.body.take(),
        auth,
        accept,
        contains: table.contains.take().map_or_else(Vec::new, plain),
        save: table.save.take().map(|path| path.0),
        timeout: table.timeout.take().map_or(HttpRequest::TIMEOUT, |timeout| timeout.0),
    })
}

/// The channels that a step names: whoever names them wants somebody to be told.
fn channels(table: &mut tables::Step, reader: &mut Reader<'_>) -> Option<Vec<String>> {
    let channels = table.channels.take_placed()?;
    if channels.value.is_empty() {
        reader.problem_with("channels", &channels.at, reason!("must_not_be_empty"));
    }
    Some(plain(channels.value))
}

/// When a step begins; whether what it looks back at stands above it is looked at elsewhere.
fn when(table: &mut tables::Step, places: &HashMap<&str, usize>, reader: &mut Reader<'_>) -> Option<When> {
    let At { value: when, at } = table.when.take_placed()?;
    if let Some(always) = table.always.get().filter(|always| always.value) {
        reader.problem_with("always", &always.at, reason!("always_when"));
    }
    reader.within("when", |reader| {
        if when.present.is_empty() {
            reader.problem(&at, reason!("needs_an_end"));
        }
        for (key, field) in [("failed", &when.failed), ("succeeded", &when.succeeded), ("skipped", &when.skipped)] {
            if let Some(names) = field.get().filter(|names| names.value.is_empty()) {
                reader.problem_with(key, &names.at, reason!("must_not_be_empty"));
            }
        }
    });
    let places_of = |field| places_of(named(field), places);
    Some(When {
        failed: places_of(&when.failed),
        succeeded: places_of(&when.succeeded),
        skipped: places_of(&when.skipped),
    })
}

/// Whether and how a step of kind `form` is tried again.
fn retry(field: &mut Field<tables::Retry>, form: Option<&str>, reader: &mut Reader<'_>) -> Option<Retry> {
    let mut table = field.take()?.0;
    reader.within("retry", |reader| {
        let on = on(&mut table.on, form, reader);
        let (wait, most) = (table.wait.take().map(|wait| wait.0), table.max_wait.take_placed());
        if let (Some(wait), Some(most)) = (wait, &most)
            && most.value.0 < wait
        {
            let wait = Written(wait).to_string();
            reader.problem_with("max_wait", &most.at, reason!("shorter_than_wait", wait));
        }
        let most = most.map(|most| most.value.0);
        let wait = wait.unwrap_or_else(|| Retry::WAIT.min(most.unwrap_or(Duration::MAX)));
        Some(Retry {
            times: table.times.take().map_or(Retry::TIMES, |times| times.0),
            wait,
            max_wait: most.unwrap_or(Retry::MAX_WAIT.max(wait)),
            on,
        })
    })
}

/// After which failures a step of kind `form` is tried again: only a command ends with an exit code or by a signal.
fn on(field: &mut Field<Vec<At<RetryOn>>>, form: Option<&str>, reader: &mut Reader<'_>) -> Vec<RetryOn> {
    let Some(At { value: on, at }) = field.take_placed() else { return Vec::new() };
    if on.is_empty() {
        reader.problem_with("on", &at, reason!("must_not_be_empty"));
    }
    for failure in &on {
        if let (RetryOn::Exit(exit), Some(form)) = (failure.value, form.filter(|form| *form != "run")) {
            let key = if let Exit::Code(code) = exit { format!("exit {code}") } else { exit.to_string() };
            reader.problem_with("on", &failure.at, belongs_to(key, &["run"], form));
        }
    }
    plain(on)
}
