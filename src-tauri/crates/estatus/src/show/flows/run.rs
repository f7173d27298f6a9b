//! How a run looks: its steps, where it failed, and how to repeat it from there.

use std::time::Duration;

use comfy_table::Cell;
use estatus_api::{RunStatus, SinceSuccess, StepStatus, UndoStatus};
use estatus_core::{config::Language, flow::run::StepState, ids::RunId, maintenance::in_words, words::Words};
use jiff::tz::TimeZone;

use super::{
    following::{how_to_answer, is_asking},
    span_of,
};
use crate::show::{Paint, one_line, quoted, table, time, word};

/// So many of the last lines are shown of a step that has not failed.
const LINES_SHOWN: usize = 5;

/// Prints a run with its steps. `newest` is the newest run of its flow that is over: the one that is repeated where none is
/// named.
pub(crate) fn run(status: &RunStatus, newest: Option<RunId>) {
    print(&whole(status, newest, &Paint::for_stdout()));
}

/// Prints what there is to know of a run that has failed and was followed.
pub(crate) fn failure(status: &RunStatus, newest: Option<RunId>) {
    print(&failed(status, newest, &Paint::for_stdout()));
}

fn print(lines: &[String]) {
    lines.iter().for_each(|line| say!("{line}"));
}

fn whole(status: &RunStatus, newest: Option<RunId>, paint: &Paint) -> Vec<String> {
    let mut lines = head(status, paint);
    lines.extend(status.since_success.iter().flat_map(since_success));
    lines.extend([String::new(), steps(status, paint)]);
    for step in &status.steps {
        let details = details(status, step, paint);
        if !details.is_empty() {
            lines.extend([String::new(), heading(status, step, paint)]);
            lines.extend(details);
        }
    }
    if status.steps.iter().any(|step| step.has_log) {
        let log = format!("estatus flow log {} STEP", status.summary.run);
        lines.extend([String::new(), format!("`{log}` shows all that a step wrote")]);
    }
    lines.extend(again(status, newest));
    lines
}

fn failed(status: &RunStatus, newest: Option<RunId>, paint: &Paint) -> Vec<String> {
    let mut lines = Vec::new();
    let tells = |step: &&StepStatus| step.state.is_failure() || step.skipped_because.is_some() || step.undo.is_some();
    for step in status.steps.iter().filter(tells) {
        lines.push(heading(status, step, paint));
        lines.extend(details(status, step, paint));
        lines.push(String::new());
    }
    lines.extend(status.since_success.iter().flat_map(since_success));
    lines.extend(again(status, newest));
    lines
}

fn head(status: &RunStatus, paint: &Paint) -> Vec<String> {
    let run = &status.summary;
    let state = paint.run(run.state, 0);
    let took = if run.ended.is_some() { format!(", took {}", super::took(run)) } else { String::new() };
    let mut lines = vec![
        format!("run {} of {}: {state}, {}", run.run, one_line(&run.flow), one_line(&run.cause)),
        format!("began {}{took}", time(run.began)),
    ];
    lines.extend(run.repeats.map(|before| format!("repeats run {before}: `estatus flow show {before}` shows it")));
    lines.extend(run.why.as_deref().map(one_line));
    if !run.heals.is_empty() {
        lines.push(format!("heals {}", one_line(&run.heals.join(", "))));
    }
    lines
}

fn since_success(since: &SinceSuccess) -> Vec<String> {
    let head = format!("since the last success (run {}, {}):", since.run, time(since.ended));
    if since.changes.is_empty() {
        return vec![format!("{head} nothing known has changed")];
    }
    let changes = since.changes.iter().map(|change| format!("  {}", one_line(change)));
    std::iter::once(head).chain(changes).collect()
}

fn steps(status: &RunStatus, paint: &Paint) -> String {
    let mut steps = table(&["STATE", "STEP", "ATTEMPTS", "BEGAN", "TOOK", "WHAT", "WHY"]);
    for step in &status.steps {
        let began = step.began.filter(|_| !step.kept);
        steps.add_row(vec![
            paint.step_cell(step.state),
            Cell::new(one_line(&step.name)),
            Cell::new(if step.attempts == 0 { String::new() } else { step.attempts.to_string() }),
            Cell::new(began.map(time).unwrap_or_default()),
            Cell::new(took(step).unwrap_or_default()),
            Cell::new(one_line(&step.does)),
            Cell::new(why(step, status.summary.repeats).unwrap_or_default()),
        ]);
    }
    steps.to_string()
}

/// Why a step of a run, which repeats another if it does, stands as it does.
pub(super) fn why(step: &StepStatus, repeats: Option<RunId>) -> Option<String> {
    if step.kept {
        return Some(repeats.map_or_else(|| "kept".to_owned(), |before| format!("kept from run {before}")));
    }
    let because = step.skipped_because.as_ref().or(step.why.as_ref());
    let exit = step.exit.filter(|_| step.state.is_over() && step.state != StepState::Succeeded);
    let exit = || exit.map(|exit| Words::new(Language::English, TimeZone::system()).exit(exit));
    because.map(|why| one_line(why)).or_else(exit)
}

/// How long a step took with all its attempts, or has taken so far, and beside it how long it takes as a rule if its only
/// attempt took another time.
pub(super) fn took(step: &StepStatus) -> Option<String> {
    let began = step.began.filter(|_| !step.kept)?;
    let took = span_of(Some(began), step.ended);
    Some(match usual(step).filter(|_| step.attempts <= 1) {
        Some(usual) => format!("{took} (usually {})", in_words(usual)),
        None => took,
    })
}

/// How long a step takes as a rule, if its last attempt took another time.
fn usual(step: &StepStatus) -> Option<Duration> {
    step.usual.filter(|_| step.unusual).and_then(|usual| Duration::try_from_secs_f64(usual).ok())
}

/// How long the last attempt of a step took, if that is not as ever.
fn unusual(step: &StepStatus) -> Option<String> {
    let took = step.took.and_then(|took| Duration::try_from_secs_f64(took).ok())?;
    let last = if step.attempts > 1 { " in the last attempt" } else { "" };
    Some(format!("took {}{last} (usually {})", in_words(took), in_words(usual(step)?)))
}

/// A step, how it stands and why.
fn heading(status: &RunStatus, step: &StepStatus, paint: &Paint) -> String {
    let why = why(step, status.summary.repeats).map(|why| format!(", {why}")).unwrap_or_default();
    let took = unusual(step).map(|took| format!(", {took}")).unwrap_or_default();
    format!("“{}”: {}{why}{took}", one_line(&step.name), paint.step(step.state, 0))
}

/// What is left to say of a step.
fn details(status: &RunStatus, step: &StepStatus, paint: &Paint) -> Vec<String> {
    let mut details = Vec::new();
    if let Some(question) = &step.question {
        let asks = if is_asking(step) { "asks" } else { "asked" };
        details.push(format!("  {asks}: {}", one_line(&question.text)));
        if is_asking(step) {
            let answer = how_to_answer(status.summary.run, step, question, status.steps.iter());
            details.push(format!("  {answer}"));
        }
    }
    details.extend(step.saved.as_ref().map(|saved| format!("  saved: {}", one_line(saved))));
    details.extend(step.run.map(|run| format!("  began run {run}: `estatus flow show {run}` shows it")));
    let shown = if step.state.is_failure() { usize::MAX } else { LINES_SHOWN };
    details.extend(output(&step.output, shown));
    details.extend(step.undo.iter().flat_map(|undo| undone(undo, paint)));
    details
}

fn undone(undo: &UndoStatus, paint: &Paint) -> Vec<String> {
    let why = undo.why.as_ref().map(|why| format!(", {}", one_line(why))).unwrap_or_default();
    let took = span_of(Some(undo.began), undo.ended);
    let mut lines = vec![format!("  undo: {}{why}, took {took}", paint.step(undo.state, 0))];
    let shown = if undo.state.is_failure() { usize::MAX } else { LINES_SHOWN };
    lines.extend(output(&undo.output, shown));
    lines
}

fn output(lines: &[String], shown: usize) -> impl Iterator<Item = String> {
    let left_out = lines.len().saturating_sub(shown);
    let more = (left_out > 0).then(|| format!("  | … ({left_out} more before)"));
    more.into_iter().chain(lines.iter().skip(left_out).map(|line| format!("  | {}", one_line(line))))
}

/// How to repeat a run that failed from there.
fn again(status: &RunStatus, newest: Option<RunId>) -> Option<String> {
    let run = &status.summary;
    let step = status.steps.get(run.failed.filter(|_| run.state.is_failure())?)?;
    // Where none is named, that is the one that is repeated.
    let which = if newest? == run.run { String::new() } else { format!(" --again {}", run.run) };
    let command = format!("estatus flow run {}{which} --from {}", word(&run.flow), quoted(&step.name));
    let changed = if status.is_current { "" } else { "; the flow has been changed since, --as-then runs it as it was" };
    Some(format!("to run it again from there: `{command}`{changed}"))
}

#[cfg(test)]
mod tests {
    use estatus_api::Question;
    use estatus_core::{exit::Exit, flow::run::RunState};

    use super::*;
    use crate::show::flows::testing::{at, run as run_of, shown, step, summary};

    /// A run whose third step failed, so that the fourth was skipped and the second taken back; it repeats another.
    fn failing() -> RunStatus {
        let fetch = StepStatus { kept: true, output: vec!["kept".to_owned()], ..step("fetch", StepState::Succeeded) };
        let undo = UndoStatus {
            state: StepState::Failed,
            began: at(50),
            ended: Some(at(53)),
            why: Some("exit code 4".to_owned()),
            output: vec!["no such database".to_owned()],
        };
        let database = StepStatus {
            output: (1..=7).map(|line| format!("row {line}")).collect(),
            usual: Some(1.9),
            undo: Some(undo),
            ..step("create the database", StepState::Succeeded)
        };
        let publish = StepStatus {
            attempts: 3,
            exit: Some(Exit::Code(1)),
            why: Some("exit code 1 (attempt 3 of 3)".to_owned()),
            ended: Some(at(45)),
            output: (1..=12).map(|line| format!("pushing {line}\u{1b}[K")).collect(),
            took: Some(15.0),
            unusual: true,
            usual: Some(5.0),
            ..step("publish", StepState::Failed)
        };
        let restart = StepStatus {
            skipped_because: Some("“publish” before it: failed".to_owned()),
            ..step("restart", StepState::Skipped)
        };
        let mut status = run_of(RunState::Failed, vec![fetch, database, publish, restart]);
        status.summary.cause = "repeats run 5 from the step “publish”".to_owned();
        status.summary.repeats = Some(RunId(5));
        status.summary.why = Some("step “publish” failed: exit code 1 (attempt 3 of 3)".to_owned());
        status.summary.failed = Some(2);
        let changes = vec!["the step “publish” was changed".to_owned(), "the step “restart” is new".to_owned()];
        status.since_success = Some(SinceSuccess { run: RunId(4), ended: at(-3600), changes });
        status
    }

    #[test]
    fn a_run_that_failed_is_shown_with_where_why_and_since_when() {
        insta::assert_snapshot!(shown(&whole(&failing(), Some(RunId(7)), &Paint::plain())), @r#"
        run 7 of deploy: failed, repeats run 5 from the step “publish”
        began YYYY-MM-DD HH:MM:SS, took 1 min
        repeats run 5: `estatus flow show 5` shows it
        step “publish” failed: exit code 1 (attempt 3 of 3)
        since the last success (run 4, YYYY-MM-DD HH:MM:SS):
          the step “publish” was changed
          the step “restart” is new

         STATE      STEP                 ATTEMPTS  BEGAN                TOOK   WHAT                       WHY
         succeeded  fetch                1                                     run ./fetch                kept from run 5
         succeeded  create the database  1         YYYY-MM-DD HH:MM:SS  2.0 s  run ./create the database
         failed     publish              3         YYYY-MM-DD HH:MM:SS  45 s   run ./publish              exit code 1 (attempt 3 of 3)
         skipped    restart                                                    run ./restart              “publish” before it: failed

        “fetch”: succeeded, kept from run 5
          | kept

        “create the database”: succeeded
          | … (2 more before)
          | row 3
          | row 4
          | row 5
          | row 6
          | row 7
          undo: failed, exit code 4, took 3.0 s
          | no such database

        “publish”: failed, exit code 1 (attempt 3 of 3), took 15 s in the last attempt (usually 5.0 s)
          | pushing 1 [K
          | pushing 2 [K
          | pushing 3 [K
          | pushing 4 [K
          | pushing 5 [K
          | pushing 6 [K
          | pushing 7 [K
          | pushing 8 [K
          | pushing 9 [K
          | pushing 10 [K
          | pushing 11 [K
          | pushing 12 [K

        `estatus flow log 7 STEP` shows all that a step wrote
        to run it again from there: `estatus flow run deploy --from "publish"`
        "#);
    }

    #[test]
    fn whoever_followed_a_run_that_failed_is_told_the_same() {
        let status = failing();
        let unchanged = SinceSuccess { changes: Vec::new(), ..status.since_success.clone().unwrap() };
        let status = RunStatus { since_success: Some(unchanged), is_current: false, ..status };
        let whole = shown(&whole(&status, Some(RunId(9)), &Paint::plain()));
        let told = shown(&failed(&status, Some(RunId(9)), &Paint::plain()));
        let (steps, rest) = told.split_at(told.find("“restart”").unwrap());
        assert!(steps.starts_with("“create the database”") && steps.contains("“publish”"), "{steps}");
        assert!(whole.contains(steps), "{steps} is not in {whole}");
        insta::assert_snapshot!(rest, @r#"
        “restart”: skipped, “publish” before it: failed

        since the last success (run 4, YYYY-MM-DD HH:MM:SS): nothing known has changed
        to run it again from there: `estatus flow run deploy --again 7 --from "publish"`; the flow has been changed since, --as-then runs it as it was
        "#);
    }

    #[test]
    fn a_run_that_waits_says_what_it_asks_and_how_to_answer() {
        let question = |text: &str, continues| Question { text: text.to_owned(), until: at(600), continues };
        let asks = |name: &str, question| StepStatus {
            question: Some(question),
            has_log: false,
            ended: None,
            ..step(name, StepState::WaitingForApproval)
        };
        let look = StepStatus {
            saved: Some("4.2.1".to_owned()),
            has_log: false,
            does: "GET http://127.0.0.1/version".to_owned(),
            ..step("look", StepState::Succeeded)
        };
        let heal = StepStatus { run: Some(RunId(12)), has_log: false, ..step("heal", StepState::Succeeded) };
        let answered = StepStatus {
            question: Some(question("Shall it begin?", false)),
            has_log: false,
            ..step("begin?", StepState::Succeeded)
        };
        let live = asks("go live?", question("Deploy 4.2.1\nto production?", false));
        let tell = asks("tell", question("Tell everybody?", true));
        let cancelled = StepStatus { exit: Some(Exit::Code(3)), ..step("beside", StepState::Cancelled) };
        let status = run_of(RunState::WaitingForApproval, vec![answered, look, heal, live, tell, cancelled]);
        insta::assert_snapshot!(shown(&whole(&status, None, &Paint::plain())), @r#"
        run 7 of deploy: waiting for approval, started by a user
        began YYYY-MM-DD HH:MM:SS

         STATE                 STEP      ATTEMPTS  BEGAN                TOOK   WHAT                          WHY
         succeeded             begin?    1         YYYY-MM-DD HH:MM:SS  2.0 s  run ./begin?
         succeeded             look      1         YYYY-MM-DD HH:MM:SS  2.0 s  GET http://127.0.0.1/version
         succeeded             heal      1         YYYY-MM-DD HH:MM:SS  2.0 s  run ./heal
         waiting for approval  go live?  1         YYYY-MM-DD HH:MM:SS  0 ms   run ./go live?
         waiting for approval  tell      1         YYYY-MM-DD HH:MM:SS  0 ms   run ./tell
         cancelled             beside    1         YYYY-MM-DD HH:MM:SS  2.0 s  run ./beside                  exit code 3

        “begin?”: succeeded
          asked: Shall it begin?

        “look”: succeeded
          saved: 4.2.1

        “heal”: succeeded
          began run 12: `estatus flow show 12` shows it

        “go live?”: waiting for approval
          asks: Deploy 4.2.1 to production?
          answer by YYYY-MM-DD HH:MM:SS with `estatus flow approve 7 --step "go live?"` or `estatus flow deny 7 --step "go live?"`; otherwise the step fails

        “tell”: waiting for approval
          asks: Tell everybody?
          answer by YYYY-MM-DD HH:MM:SS with `estatus flow approve 7 --step tell` or `estatus flow deny 7 --step tell`; otherwise the run goes on

        `estatus flow log 7 STEP` shows all that a step wrote
        "#);
    }

    #[test]
    fn how_long_a_step_takes_as_a_rule_is_said_of_its_last_attempt() {
        let check = |attempts, unusual, in_all: &str, last: Option<&str>| {
            let times = StepStatus {
                took: Some(1.5),
                usual: Some(4.0),
                ended: Some(at(2)),
                ..step("build", StepState::Failed)
            };
            let step = StepStatus { attempts, unusual, ..times };
            assert_eq!((took(&step).as_deref(), super::unusual(&step).as_deref()), (Some(in_all), last));
        };
        check(1, false, "2.0 s", None);
        check(1, true, "2.0 s (usually 4.0 s)", Some("took 1.5 s (usually 4.0 s)"));
        check(2, true, "2.0 s", Some("took 1.5 s in the last attempt (usually 4.0 s)"));
    }
    #[test]
    fn a_run_is_repeated_by_its_number_where_it_is_not_the_newest() {
        let check = |newest: Option<u64>, is_current: bool, wanted: Option<&str>| {
            let status = RunStatus { is_current, ..failing() };
            let again = again(&status, newest.map(RunId));
            assert_eq!(
                again.as_deref(),
                wanted.map(|wanted| format!("to run it again from there: {wanted}")).as_deref()
            );
        };
        check(Some(7), true, Some("`estatus flow run deploy --from \"publish\"`"));
        check(Some(8), true, Some("`estatus flow run deploy --again 7 --from \"publish\"`"));
        let changed = "`estatus flow run deploy --from \"publish\"`; the flow has been changed since, --as-then runs it as it was";
        check(Some(7), false, Some(changed));
        check(None, false, None);
        let well = RunStatus { summary: summary(RunState::Succeeded), ..failing() };
        assert_eq!(super::again(&well, Some(RunId(7))), None);
    }
}
