//! Tasks of Windows's Task Scheduler, as `schtasks /query /xml` prints them: one, or all, each with its name in a comment
//! before it.

use estatus_api::Section;
use estatus_core::naming::windows_variables;
use roxmltree::{Document, Node, NodeType};
use serde_json::Value as Json;

use super::found::{Found, Table};
use crate::{
    argv::arguments,
    reason::{Reason, note},
};

/// What else than a program a task may do.
const OTHER_ACTIONS: [&str; 3] = ["ComHandler", "SendEmail", "ShowMessage"];
/// Settings and parts of which nothing is to be said: they say what Estatus does anyway, or only show.
const NOTHING: [&str; 22] = [
    "AllowHardTerminate",
    "AllowStartOnDemand",
    "Description",
    "DisallowStartIfOnBatteries",
    "DisallowStartOnRemoteAppSession",
    "Enabled",
    "ExecutionTimeLimit",
    "Hidden",
    "IdleSettings",
    "MultipleInstancesPolicy",
    "Priority",
    "RestartOnFailure",
    "RunOnlyIfIdle",
    "RunOnlyIfNetworkAvailable",
    "StartWhenAvailable",
    "StopIfGoingOnBatteries",
    "UseUnifiedSchedulingEngine",
    "DeleteExpiredTaskAfter",
    "Volatile",
    "DisallowStartIfOnBatteriesAndIdle",
    "MaintenanceSettings",
    "NetworkSettings",
];

/// Whether `text` looks like one.
pub(super) fn is_task(text: &str) -> bool {
    text.trim_start().starts_with('<') && text.contains("<Task")
}

pub(super) fn read(text: &str, found: &mut Found) -> Result<(), Reason> {
    let document =
        Document::parse(text).map_err(|error| note!("no_xml", error = super::one_line(&error.to_string())))?;
    let tasks: Vec<Node<'_, '_>> =
        document.descendants().filter(|node| node.is_element() && kind(*node) == "Task").collect();
    if tasks.is_empty() {
        return Err(note!("no_task"));
    }
    for task in tasks {
        Task { node: task, table: Table::new() }.add(found);
    }
    found.note(note!("disable_tasks"));
    Ok(())
}

/// The elements in an element.
fn parts<'a, 'input>(node: Node<'a, 'input>) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children().filter(Node::is_element)
}

/// The element called `name` in an element, whatever its namespace.
fn part<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    parts(node).find(|part| kind(*part) == name)
}

/// What stands in the element called `name` in an element.
fn said<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    part(node, name).and_then(|part| part.text()).map(str::trim).filter(|text| !text.is_empty())
}

fn kind<'a>(node: Node<'a, '_>) -> &'a str {
    node.tag_name().name()
}

/// A task, and what has come of it.
struct Task<'a, 'input> {
    node: Node<'a, 'input>,
    table: Table,
}

impl Task<'_, '_> {
    fn add(mut self, found: &mut Found) {
        let name = self.name();
        let actions = part(self.node, "Actions").map(|node| parts(node).collect::<Vec<_>>()).unwrap_or_default();
        let (programs, others): (Vec<_>, Vec<_>) = actions.into_iter().partition(|node| kind(*node) == "Exec");
        let entry = found.name(Section::Program, &name);
        for other in others {
            let kind = kind(other);
            let why = if OTHER_ACTIONS.contains(&kind) { note!("no_program_action") } else { note!("nothing_like_it") };
            found.left(&entry, kind, why);
        }
        let Some(first) = programs.first() else {
            found.without(&entry, "Actions", note!("no_command"));
            return;
        };
        for more in &programs[1..] {
            let command = super::said(said(*more, "Command").unwrap_or_default());
            found.left(&entry, "Exec", note!("further_action", command));
        }
        let Some(command) = said(*first, "Command") else {
            found.without(&entry, "Command", note!("no_command"));
            return;
        };
        let program = command.trim_matches('"').to_owned();
        for text in ["Command", "Arguments", "WorkingDirectory"].into_iter().filter_map(|it| said(*first, it)) {
            if !windows_variables(text).is_empty() {
                found.note(note!("variables_stay", entry = entry.as_str(), text = super::said(text)));
            }
        }
        let words = std::iter::once(program).chain(arguments(said(*first, "Arguments").unwrap_or_default()));
        self.table.insert("command".to_owned(), words.collect::<Vec<_>>().into());
        if let Some(folder) = said(*first, "WorkingDirectory") {
            self.table.insert("directory".to_owned(), folder.trim_matches('"').into());
        }
        self.settings(&entry, found);
        self.triggers(&entry, found);
        if part(self.node, "Principals").is_some() {
            found.left(&entry, "Principals", note!("runs_as"));
        }
        found.add(Section::Program, &entry, self.table);
    }

    /// By its path among the tasks, of which the last part is its name; or by the comment before it.
    fn name(&self) -> String {
        let path = part(self.node, "RegistrationInfo").and_then(|info| said(info, "URI")).map(str::to_owned);
        let comment = || {
            let mut before = self.node.prev_siblings();
            before.find(|node| node.node_type() == NodeType::Comment).and_then(|node| node.text().map(str::to_owned))
        };
        let path = path.or_else(comment).unwrap_or_default();
        path.trim().rsplit('\\').next().unwrap_or_default().to_owned()
    }

    fn settings(&mut self, entry: &str, found: &mut Found) {
        let Some(settings) = part(self.node, "Settings") else { return };
        if said(settings, "Enabled") == Some("false") {
            self.table.insert("enabled".to_owned(), false.into());
        }
        for setting in parts(settings) {
            let name = kind(setting);
            if !NOTHING.contains(&name) {
                found.left(entry, name, note!("nothing_like_it"));
            }
        }
    }

    /// What starts with the machine or a user is kept running; what starts at a time runs to its end, each time.
    fn triggers(&mut self, entry: &str, found: &mut Found) {
        let mut is_kept = false;
        let mut times: Vec<String> = Vec::new();
        let triggers = part(self.node, "Triggers").map(|node| parts(node).collect::<Vec<_>>()).unwrap_or_default();
        for trigger in triggers.iter().filter(|trigger| said(**trigger, "Enabled") != Some("false")) {
            match kind(*trigger) {
                "BootTrigger" | "LogonTrigger" => is_kept = true,
                kind @ ("CalendarTrigger" | "TimeTrigger") => match cron(*trigger) {
                    Some(cron) => times.push(cron),
                    None => found.left(entry, kind, note!("times_without_cron")),
                },
                other => found.left(entry, other, note!("nothing_like_it")),
            }
        }
        if is_kept {
            return;
        }
        let mut times = times.into_iter();
        let Some(first) = times.next() else {
            self.table.insert("enabled".to_owned(), false.into());
            found.note(note!("started_by_hand", entry));
            return;
        };
        for more in times {
            found.left(entry, "Triggers", note!("further_time", cron = super::said(&more)));
        }
        self.table.insert("restart".to_owned(), "never".into());
        self.table.insert("every".to_owned(), Json::from(first));
        found.note(note!("runs_at_times", entry));
        let policy = part(self.node, "Settings").and_then(|settings| said(settings, "MultipleInstancesPolicy"));
        if policy != Some("StopExisting") {
            found.note(note!("ends_at_next_time", entry));
        }
    }
}

/// The times of a trigger as a cron expression, where there is one that has all of them and no others.
fn cron(trigger: Node<'_, '_>) -> Option<String> {
    const WHOLE_DAY: [&str; 2] = ["P1D", "PT24H"];
    let start = said(trigger, "StartBoundary")?;
    let (hour, minute) = start.split_once('T')?.1.split_once(':')?;
    let (hour, minute) = (hour.parse::<u32>().ok()?, minute.get(..2)?.parse::<u32>().ok()?);
    if said(trigger, "EndBoundary").is_some() {
        return None;
    }
    let schedule = parts(trigger).find(|part| kind(*part).starts_with("ScheduleBy"));
    let is_each_day = schedule.is_none_or(|schedule| kind(schedule) == "ScheduleByDay");
    let days = match schedule {
        Some(schedule) if is_each_day || kind(schedule) == "ScheduleByWeek" => Some(days(schedule)?),
        Some(_) => return None,
        None => None,
    };
    let Some(repetition) = part(trigger, "Repetition") else {
        return Some(format!("{minute} {hour} * * {}", days?));
    };
    // What is repeated for a time only, or beyond the days on which it begins, is another at each time.
    let is_endless = match said(repetition, "Duration") {
        None => true,
        Some(duration) => schedule.is_some() && WHOLE_DAY.contains(&duration),
    };
    if !is_endless || !is_each_day {
        return None;
    }
    let days = days.unwrap_or_else(|| "*".to_owned());
    Some(format!("{} * * {days}", self::repetition(said(repetition, "Interval")?, hour, minute)?))
}

/// Minutes and hours of what is repeated, where each hour or each day is the same.
fn repetition(interval: &str, hour: u32, minute: u32) -> Option<String> {
    let number = |text: &str, unit: char| text.strip_suffix(unit)?.parse::<u32>().ok().filter(|number| *number > 0);
    let span = interval.strip_prefix("PT")?;
    if let Some(minutes) = number(span, 'M').filter(|minutes| *minutes < 60 && 60 % minutes == 0) {
        return Some(format!("{}/{minutes} *", minute % minutes));
    }
    let hours = number(span, 'H').or_else(|| number(span, 'M').filter(|minutes| minutes % 60 == 0).map(|it| it / 60));
    let hours = hours.filter(|hours| *hours <= 24 && 24 % hours == 0)?;
    Some(match hours {
        1 => format!("{minute} *"),
        24 => format!("{minute} {hour}"),
        hours => format!("{minute} {}/{hours}", hour % hours),
    })
}

/// The days of the week on which it is due, if it is each week the same.
fn days(schedule: Node<'_, '_>) -> Option<String> {
    let every = said(schedule, "DaysInterval").or_else(|| said(schedule, "WeeksInterval")).unwrap_or("1");
    if every != "1" {
        return None;
    }
    let Some(of_week) = part(schedule, "DaysOfWeek") else { return Some("*".to_owned()) };
    let names: Vec<String> = parts(of_week).filter_map(|day| Some(kind(day).get(..3)?.to_lowercase())).collect();
    (!names.is_empty()).then(|| names.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_become_a_cron_expression_where_there_is_one() {
        let check = |trigger: &str, expected: Option<&str>| {
            let text = format!("<T><StartBoundary>2025-01-01T04:30:00</StartBoundary>{trigger}</T>");
            let document = Document::parse(&text).unwrap();
            assert_eq!(cron(document.root_element()).as_deref(), expected, "{trigger}");
        };
        let by_day = "<ScheduleByDay><DaysInterval>1</DaysInterval></ScheduleByDay>";
        let repeated = |interval: &str| format!("<Repetition><Interval>{interval}</Interval></Repetition>");
        check(by_day, Some("30 4 * * *"));
        check("<ScheduleByWeek><DaysOfWeek><Monday/><Friday/></DaysOfWeek></ScheduleByWeek>", Some("30 4 * * mon,fri"));
        check(&repeated("PT5M"), Some("0/5 * * * *"));
        check(&repeated("PT1H"), Some("30 * * * *"));
        check(&repeated("PT60M"), Some("30 * * * *"));
        check(&repeated("PT6H"), Some("30 4/6 * * *"));
        check(&(repeated("PT15M") + by_day), Some("0/15 * * * *"));
        // For a time only; for all of each day; until a day; on other days than each; beyond its days.
        let during = |duration: &str| {
            format!("<Repetition><Interval>PT15M</Interval><Duration>{duration}</Duration></Repetition>")
        };
        check(&during("PT1H"), None);
        check(&(during("PT1H") + by_day), None);
        check(&(during("P1D") + by_day), Some("0/15 * * * *"));
        check(&during("P1D"), None);
        check(&(by_day.to_owned() + "<EndBoundary>2026-01-01T00:00:00</EndBoundary>"), None);
        check(&(repeated("PT15M") + "<ScheduleByMonth/>"), None);
        check(&(repeated("PT15M") + "<ScheduleByWeek><DaysOfWeek><Monday/></DaysOfWeek></ScheduleByWeek>"), None);
        check(&repeated("PT7M"), None);
        check(&repeated("P1D"), None);
        check("", None);
        check("<ScheduleByDay><DaysInterval>2</DaysInterval></ScheduleByDay>", None);
        check("<ScheduleByMonth/>", None);
    }
}
