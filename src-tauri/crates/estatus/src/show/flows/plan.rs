//! How a plan of a run looks.

use estatus_api::{Finding, FlowPlan, PlannedStep};

use crate::show::{Paint, one_line};

/// Prints what a run would do, and what was found of that.
pub(crate) fn plan(plan: &FlowPlan) {
    lines(plan, &Paint::for_stdout()).iter().for_each(|line| say!("{line}"));
}

fn lines(plan: &FlowPlan, paint: &Paint) -> Vec<String> {
    let mut lines = vec![format!("a run of {} would do this:", one_line(&plan.flow)), String::new()];
    let width = plan.steps.len().to_string().len();
    for (place, step) in plan.steps.iter().enumerate() {
        lines.push(format!("{:>width$}. {}: {}", place + 1, one_line(&step.name), one_line(&step.does)));
        let indent = " ".repeat(width + 2);
        lines.extend(details(step, paint).iter().map(|detail| format!("{indent}{detail}")));
    }
    let wrong = plan.steps.iter().filter(|step| !step.well).map(|step| one_line(&step.name)).collect::<Vec<_>>();
    let verdict = match &*wrong {
        [] => paint.good("nothing was found that would make it fail"),
        [step] => paint.bad(&format!("it would fail at this step: {step}")),
        steps => paint.bad(&format!("it would fail at one of these steps: {}", steps.join(", "))),
    };
    lines.extend([String::new(), verdict]);
    lines
}

fn details(step: &PlannedStep, paint: &Paint) -> Vec<String> {
    let mut details = Vec::new();
    let after = (!step.after.is_empty()).then(|| format!("after {}", one_line(&step.after.join(", "))));
    let begins = (!step.begins).then(|| "not run if all goes well".to_owned());
    let when: Vec<String> = [after, step.when.as_deref().map(one_line), begins].into_iter().flatten().collect();
    if !when.is_empty() {
        details.push(when.join("; "));
    }
    details.extend(step.findings.iter().map(|finding| mark(finding, paint)));
    details.extend(step.if_it_fails.iter().map(|what| format!("if it fails: {}", one_line(what))));
    details
}

fn mark(finding: &Finding, paint: &Paint) -> String {
    let mark = if finding.well { paint.good("✓") } else { paint.bad("✗") };
    format!("{mark} {}", one_line(&finding.text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(name: &str, after: &[&str]) -> PlannedStep {
        PlannedStep {
            name: name.into(),
            does: format!("run ./{name}"),
            after: after.iter().copied().map(Into::into).collect(),
            when: None,
            well: true,
            begins: true,
            findings: Vec::new(),
            if_it_fails: Vec::new(),
        }
    }

    fn found(well: bool, text: &str) -> Finding {
        Finding { well, text: text.to_owned() }
    }

    #[test]
    fn a_plan_says_of_each_step_what_was_found_and_what_would_happen() {
        let fetch = PlannedStep {
            well: false,
            findings: vec![found(true, "./fetch is /srv/shop/fetch"), found(false, "the folder /srv/shop\nis missing")],
            if_it_fails: vec!["the run fails".to_owned(), "you get an alert by email".to_owned()],
            ..step("fetch", &[])
        };
        let clean = PlannedStep {
            when: Some("only if “fetch” failed".to_owned()),
            begins: false,
            if_it_fails: vec!["the run goes on".to_owned()],
            ..step("clean up", &["fetch", "build"])
        };
        let steps = vec![fetch, step("build", &["fetch"]), clean];
        let plan = FlowPlan { flow: "deploy".into(), well: false, steps };
        insta::assert_snapshot!(lines(&plan, &Paint::plain()).join("\n"), @"
        a run of deploy would do this:

        1. fetch: run ./fetch
           ✓ ./fetch is /srv/shop/fetch
           ✗ the folder /srv/shop is missing
           if it fails: the run fails
           if it fails: you get an alert by email
        2. build: run ./build
           after fetch
        3. clean up: run ./clean up
           after fetch, build; only if “fetch” failed; not run if all goes well
           if it fails: the run goes on

        it would fail at this step: fetch
        ");
    }

    #[test]
    fn a_plan_ends_with_the_steps_at_which_it_would_fail() {
        let check = |wrong: &[&str], wanted: &str| {
            // What is handled is no failure, whatever was found.
            let handled = PlannedStep { findings: vec![found(false, "it is down")], ..step("look", &[]) };
            let wrong = wrong.iter().map(|name| PlannedStep { well: false, ..step(name, &[]) });
            let steps: Vec<PlannedStep> = std::iter::once(handled).chain(wrong).collect();
            let plan = FlowPlan { flow: "deploy".into(), well: steps.len() == 1, steps };
            assert_eq!(lines(&plan, &Paint::plain()).last().unwrap(), wanted);
        };
        check(&[], "nothing was found that would make it fail");
        check(&["fetch"], "it would fail at this step: fetch");
        check(&["fetch", "build"], "it would fail at one of these steps: fetch, build");
    }
}
