//! Flows and their steps: whatever is done with one, the others keep what belongs to them.

use proptest::prelude::*;

use super::*;

const FLOWS: &str = r#"# What I watch.
[[monitor]]
name = "portfolio"
http = "https://example.com/"

# At night.
[flow.nightly]   # mine
every = "0 4 * * *"   # when nobody looks

# First of all.
[[flow.nightly.step]]
name = "look"          # is it there?
check = "portfolio"

# The long one.
[[flow.nightly.step]]  # and then
name = "back up"
run   = "backup --all" # as typed
retry = { times = 3, wait = "1s" }

[flow.nightly.step.env] # for the backup
LANG = "C"   # always

# In the end.
[[flow.nightly.step]]
name = "wait"
wait = "10s"  # enough

# Something else.
[[monitor]]
name = "port"
tcp = "127.0.0.1:22"

# By hand.
[[flow.manual.step]]
name = "only"
run = "x"   # quick
"#;

/// The flow called `name` of `text`, as a form has it.
fn flow(text: &str, name: &str) -> Json {
    let document = Document::parse(text).unwrap();
    merge::json_of_table(document.as_table())["flow"][name].clone()
}

fn nightly() -> Json {
    flow(FLOWS, "nightly")
}

/// The blocks of [`FLOWS`] that have these beginnings, each with its comment above.
fn blocks(beginnings: &[&str]) -> String {
    let block = |beginning: &&str| {
        let from = FLOWS.find(beginning).unwrap();
        let rest = &FLOWS[from..];
        let to = rest[1..].find("\n# ").map_or(rest.len(), |at| at + 2);
        &rest[..to]
    };
    beginnings.iter().map(block).collect()
}

const LOOK: &str = "# First of all.";
const BACK_UP: &str = "# The long one.";
const WAIT: &str = "# In the end.";

/// What becomes of [`FLOWS`] when the flow "nightly" has the steps that `change` makes of its own.
fn with_steps(change: impl FnOnce(&mut Vec<Json>)) -> String {
    let mut wanted = nightly();
    change(wanted["step"].as_array_mut().unwrap());
    let after = edited(FLOWS, &[put(Section::Flow, Some("nightly"), wanted.clone())]).unwrap();
    assert_eq!(flow(&after, "nightly"), wanted, "{after}");
    after
}

/// [`FLOWS`] with these steps of the flow "nightly".
fn steps_are(steps: &str) -> String {
    FLOWS.replace(&blocks(&[LOOK, BACK_UP, WAIT]), steps)
}

fn renamed(name: &str, called: &str) -> Edit {
    let table = flow(FLOWS, name);
    Edit::Put { section: Section::Flow, name: Some(name.to_owned()), table, called: Some(called.to_owned()) }
}

#[test]
fn a_flow_that_says_the_same_stays_as_it_was_written() {
    for name in ["nightly", "manual"] {
        let same = put(Section::Flow, Some(name), flow(FLOWS, name));
        assert_eq!(edited(FLOWS, &[same]).unwrap(), FLOWS);
    }
}

#[test]
fn a_step_that_is_changed_leaves_the_others_as_they_are() {
    let after = with_steps(|steps| {
        steps[1]["run"] = json!("backup");
        steps[1]["timeout"] = json!("1h");
        steps[1]["env"]["LANG"] = json!("es_ES");
    });
    let wanted = FLOWS
        .replace("\"backup --all\" # as", "\"backup\" # as")
        .replace("wait = \"1s\" }\n", "wait = \"1s\" }\ntimeout = \"1h\"\n")
        .replace("LANG = \"C\"   #", "LANG = \"es_ES\"   #");
    assert_eq!(after, wanted);
}

#[test]
fn a_step_keeps_what_belongs_to_it_under_another_name() {
    let after = with_steps(|steps| steps[1]["name"] = json!("save"));
    assert_eq!(after, FLOWS.replace("name = \"back up\"", "name = \"save\""));
    let after = with_steps(|steps| {
        steps[1]["name"] = json!("save");
        steps[1]["run"] = json!("save --all");
    });
    assert_eq!(
        after,
        FLOWS.replace("name = \"back up\"", "name = \"save\"").replace("\"backup --all\"", "\"save --all\"")
    );
}

#[test]
fn steps_are_moved_with_all_that_belongs_to_them() {
    let after = with_steps(|steps| steps.swap(0, 1));
    assert_eq!(after, steps_are(&blocks(&[BACK_UP, LOOK, WAIT])));
    let after = with_steps(|steps| steps.rotate_right(1));
    assert_eq!(after, steps_are(&blocks(&[WAIT, LOOK, BACK_UP])));
    let after = with_steps(|steps| steps.reverse());
    assert_eq!(after, steps_are(&blocks(&[WAIT, BACK_UP, LOOK])));
}

#[test]
fn steps_are_put_between_others_and_taken_out() {
    let new = json!({ "name": "new", "run": "y", "needs": [], "env": { "A": "b" }, "directory": "/srv" });
    let written =
        "\n[[flow.nightly.step]]\nname = \"new\"\nrun = \"y\"\ndirectory = \"/srv\"\nenv = { A = \"b\" }\nneeds = []\n";
    let [look, back_up, wait] = [LOOK, BACK_UP, WAIT].map(|beginning| blocks(&[beginning]));
    let after = with_steps(|steps| steps.insert(2, new.clone()));
    assert_eq!(
        after,
        steps_are(&format!("{look}{}{written}\n{wait}", back_up.trim_end_matches('\n').to_owned() + "\n"))
    );
    let after = with_steps(|steps| steps.push(new.clone()));
    assert_eq!(after, steps_are(&format!("{look}{back_up}{}\n{written}\n", wait.trim_end_matches('\n'))));
    let after = with_steps(|steps| steps.insert(0, new.clone()));
    assert_eq!(after, steps_are(&format!("{}\n{look}{back_up}{wait}", &written[1..])));
    let after = with_steps(|steps| drop(steps.remove(1)));
    assert_eq!(after, steps_are(&format!("{look}{wait}")));
    let after = with_steps(|steps| drop(steps.remove(0)));
    assert_eq!(after, steps_are(&format!("{back_up}{wait}")));
}

#[test]
fn steps_in_braces_keep_what_belongs_to_them_too() {
    let check = |file: &str, change: &dyn Fn(&mut Vec<Json>), expected: &str| {
        let before = format!("[flow.f]\nstep = {file}\n");
        let mut wanted = flow(&before, "f");
        change(wanted["step"].as_array_mut().unwrap());
        let after = edited(&before, &[put(Section::Flow, Some("f"), wanted)]).unwrap();
        assert_eq!(after, format!("[flow.f]\nstep = {expected}\n"));
    };
    let new = || json!({ "name": "c", "run": "z" });
    let (a, b, c) = ("{ name = \"a\", run = \"x\" }", "{ name = 'b', run = \"y\" }", "{ name = \"c\", run = \"z\" }");
    let short = format!("[{a}, {b}]");
    check(&short, &|steps| steps.reverse(), &format!("[{b}, {a}]"));
    check(&short, &|steps| steps.insert(1, new()), &format!("[{a}, {c}, {b}]"));
    check(&short, &|steps| steps.insert(0, new()), &format!("[{c}, {a}, {b}]"));
    check(&short, &|steps| drop(steps.remove(0)), &format!("[{b}]"));
    check(
        &short,
        &|steps| steps[0]["timeout"] = json!("1s"),
        &format!("[{{ name = \"a\", run = \"x\", timeout = \"1s\" }}, {b}]"),
    );
    let long = format!("[ # all\n  # the first\n  {a}, # it\n  {b} # the second\n]");
    check(&long, &|steps| steps.reverse(), &format!("[ # all\n  {b}, # the second\n  # the first\n  {a} # it\n]"));
    check(
        &long,
        &|steps| steps.insert(1, new()),
        &format!("[ # all\n  # the first\n  {a}, # it\n  {c},\n  {b} # the second\n]"),
    );
    check(&long, &|steps| drop(steps.remove(0)), &format!("[ # all\n  {b} # the second\n]"));
    check(&long, &|steps| steps[0]["run"] = json!("w"), &long.replace("run = \"x\"", "run = \"w\""));
    let mixed = format!("[{a}, # it\n  {b}]");
    check(&mixed, &|steps| steps.push(new()), &format!("[{a}, # it\n  {b}, {c}]"));
    check(&mixed, &|steps| steps.reverse(), &format!("[\n  {b}, {a} # it\n]"));
}

#[test]
fn a_flow_is_added_with_a_header_for_each_step() {
    let table = json!({
        "deadline": "5m",
        "step": [
            { "name": "tell", "tell": "{{ steps.look.output }}", "channels": ["desk"] },
            { "name": "ask", "approve": "now?", "within": "1h" },
        ],
    });
    let add = |table: &Json, called: &str| {
        let called = Some(called.to_owned());
        Edit::Put { section: Section::Flow, name: None, table: table.clone(), called }
    };
    let steps = "[[flow.\"by day\".step]]\nname = \"tell\"\ntell = \"{{ steps.look.output }}\"\nchannels = [\"desk\"]\n\n\
                 [[flow.\"by day\".step]]\nname = \"ask\"\napprove = \"now?\"\nwithin = \"1h\"\n";
    let mut document: DocumentMut = FLOWS.parse().unwrap();
    apply(&mut document, &add(&table, "by day")).unwrap();
    assert_eq!(document.to_string(), format!("{FLOWS}\n[flow.\"by day\"]\ndeadline = \"5m\"\n\n{steps}"));
    // Beside what says nothing of a flow, and where it says nothing but its steps.
    let only = json!({ "step": [{ "name": "a", "run": "x" }, { "name": "b", "flow": "manual" }] });
    let after = edited(FLOWS, &[add(&only, "day")]).unwrap();
    let written =
        "\n[[flow.day.step]]\nname = \"a\"\nrun = \"x\"\n\n[[flow.day.step]]\nname = \"b\"\nflow = \"manual\"\n";
    assert_eq!(after, format!("{FLOWS}{written}"));
    let after = edited("# Mine.\nlanguage = \"en\"\n", &[add(&json!({ "step": [{ "name": "a", "run": "x" }] }), "f")]);
    assert_eq!(after.unwrap(), "# Mine.\nlanguage = \"en\"\n\n[[flow.f.step]]\nname = \"a\"\nrun = \"x\"\n");
    assert_eq!(
        edited(FLOWS, &[add(&only, "manual")]),
        Err("there is already a flow with the name \"manual\"".to_owned())
    );
    let nameless = Edit::Put { section: Section::Flow, name: None, table: only, called: None };
    assert_eq!(edited(FLOWS, &[nameless]), Err("a new flow needs a name".to_owned()));
    // What is added and then changed is one flow.
    let edits = [add(&json!({ "step": [{ "name": "a", "run": "x" }] }), "f"), {
        let steps = json!([{ "name": "b", "run": "y" }, { "name": "a", "run": "x" }]);
        put(Section::Flow, Some("f"), json!({ "every": "1h", "step": steps }))
    }];
    let written = "\n[flow.f]\nevery = \"1h\"\n\n[[flow.f.step]]\nname = \"b\"\nrun = \"y\"\n\n[[flow.f.step]]\nname = \"a\"\nrun = \"x\"\n";
    assert_eq!(edited(FLOWS, &edits).unwrap(), format!("{FLOWS}{written}"));
}

#[test]
fn a_flow_that_says_something_of_itself_for_the_first_time_has_a_header_above_its_steps() {
    let mut manual = flow(FLOWS, "manual");
    manual["deadline"] = json!("5m");
    let after = edited(FLOWS, &[put(Section::Flow, Some("manual"), manual)]).unwrap();
    let above = "\n[flow.manual]\ndeadline = \"5m\"\n\n# By hand.\n";
    assert_eq!(after, FLOWS.replace("\n# By hand.\n", above));
}

#[test]
fn a_flow_is_renamed_and_removed_and_the_rest_stays() {
    let after = edited(FLOWS, &[renamed("nightly", "every night")]).unwrap();
    assert_eq!(after, FLOWS.replace("flow.nightly", "flow.\"every night\""));
    let after = edited(FLOWS, &[renamed("manual", "m")]).unwrap();
    assert_eq!(after, FLOWS.replace("flow.manual", "flow.m"));
    assert_eq!(
        edited(FLOWS, &[renamed("manual", "nightly")]),
        Err("there is already a flow with the name \"nightly\"".to_owned())
    );
    let remove = |name: &str| Edit::Remove { section: Section::Flow, name: name.to_owned() };
    let nightly = blocks(&["# At night.", LOOK, BACK_UP, WAIT]);
    assert_eq!(edited(FLOWS, &[remove("nightly")]).unwrap(), FLOWS.replace(&nightly, ""));
    assert_eq!(
        edited(FLOWS, &[remove("manual")]).unwrap(),
        FLOWS.replace(&format!("\n{}", blocks(&["# By hand."])), "")
    );
    let neither = edited(FLOWS, &[remove("nightly"), remove("manual")]).unwrap();
    assert!(!neither.contains("flow") && neither.contains("# Something else."), "{neither}");
    assert_eq!(edited(FLOWS, &[remove("daily")]), Err("the file no longer has a flow called \"daily\"".to_owned()));
}

#[test]
fn whoever_names_a_flow_names_it_anew_when_it_is_renamed() {
    let file = FLOWS.replace("tcp = \"127.0.0.1:22\"\n", "tcp = \"127.0.0.1:22\"\non_down = { flow = \"manual\" }\n");
    let wrong = edited(&file, &[renamed("manual", "by hand")]);
    let said = "monitor.1.on_down.flow: `on_down.flow` in monitor \"port\": there is no flow called \"manual\"";
    assert_eq!(wrong, Err(said.to_owned()));
    let port = json!({ "name": "port", "tcp": "127.0.0.1:22", "on_down": { "flow": "by hand" } });
    let after = edited(&file, &[put(Section::Monitor, Some("port"), port), renamed("manual", "by hand")]).unwrap();
    assert_eq!(after, file.replace("\"manual\"", "\"by hand\"").replace("flow.manual", "flow.\"by hand\""));
}

#[test]
fn what_is_wrong_with_a_flow_is_told_with_the_keys_that_lead_to_it() {
    let check = |change: &dyn Fn(&mut Json), path: &str| {
        for file in [FLOWS.to_owned(), FLOWS.replace("[[flow.nightly.step]]", "[[flow.\"nightly\".step]]")] {
            let mut wanted = nightly();
            change(&mut wanted);
            let wrong = edited(&file, &[put(Section::Flow, Some("nightly"), wanted)]).unwrap_err();
            assert!(wrong.starts_with(&format!("{path}: ")), "{wrong}");
        }
    };
    check(&|flow| flow["every"] = json!("often"), "flow.nightly.every");
    check(&|flow| flow["budget"] = json!({ "runs": 0, "within": "1h" }), "flow.nightly.budget.runs");
    check(&|flow| flow["step"] = json!([]), "flow.nightly.step");
    check(&|flow| drop(flow.as_object_mut().unwrap().remove("step")), "flow.nightly");
    check(&|flow| *flow = json!({}), "flow.nightly");
    let of_step = |place: usize, key: &'static str, value: Json, path: &str| {
        check(&|flow| flow["step"][place][key] = value.clone(), &format!("flow.nightly.step.{path}"));
    };
    of_step(0, "check", json!("nobody"), "0.check");
    of_step(1, "run", json!([]), "1.run");
    of_step(2, "run", json!("y"), "2.run");
    of_step(1, "name", json!("look"), "1.name");
    of_step(1, "name", json!("Look"), "1.name");
    of_step(1, "env", json!({ "A=": "b" }), "1.env.A=");
    of_step(1, "retry", json!({ "times": 0 }), "1.retry.times");
    of_step(1, "on_failure", json!({ "flow": "nobody" }), "1.on_failure.flow");
    of_step(2, "needs", json!(["look", "nobody"]), "2.needs.1");
    of_step(2, "when", json!({ "failed": "nobody" }), "2.when.failed");
    of_step(2, "channels", json!(["desk"]), "2.channels");
    check(&|flow| flow["step"][2] = json!({ "name": "wait" }), "flow.nightly.step.2");
    check(&|flow| flow["step"][2] = json!({ "wait": "1s" }), "flow.nightly.step.2");
    check(
        &|flow| flow["step"][2] = json!({ "name": "t", "tell": "{{ steps.nobody.output }}" }),
        "flow.nightly.step.2.tell",
    );
    check(
        &|flow| flow["step"][2] = json!({ "name": "t", "tell": "x", "channels": ["email", "nobody"] }),
        "flow.nightly.step.2.channels.0",
    );
    check(&|flow| flow["step"][2] = json!({ "name": "f", "flow": "nightly" }), "flow.nightly.step.2.flow");
    let request = json!({ "name": "r", "http": "http://h/", "headers": { "A b": "c" } });
    check(&|flow| flow["step"][2] = request.clone(), "flow.nightly.step.2.headers.A b");
    let inline = "[flow.f]\nstep = [\n  { name = \"a\", run = \"x\" },\n  { name = \"b\", run = [] },\n]\n";
    let problems = edited(inline, &[]).unwrap_err();
    assert!(problems.starts_with("flow.f.step.1.run: "), "{problems}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn whatever_becomes_of_the_steps_those_that_stay_keep_what_belongs_to_them(
        order in prop::collection::vec((0_usize..6, any::<bool>()), 1..8),
        is_long in any::<bool>(),
        between in any::<bool>(),
    ) {
        let written = |name: &str| match is_long {
            true => format!("  # above {name}\n  {{ name = \"{name}\", run   = \"{name}\" }}, # behind {name}\n"),
            false => format!(
                "\n# above {name}\n[[flow.f.step]] # header {name}\nname = \"{name}\"\nrun   = \"{name}\" # behind {name}\n\
                 \n[flow.f.step.env] # env {name}\nA = \"b\" # deep {name}\n"
            ),
        };
        let names = ["a", "b", "c", "d"];
        let monitor = "\n# another\n[[monitor]]\nname = \"m\"\ntcp = \"h:1\"\n";
        let mut steps: Vec<String> = names.iter().map(|name| written(name)).collect();
        if between && !is_long {
            steps.insert(2, monitor.to_owned());
        }
        let before = match is_long {
            true => format!("[flow.f]\nstep = [ # open\n{}]\n", steps.concat()),
            false => format!("# top\nlanguage = \"en\"\n{}", steps.concat()),
        };
        // Steps of the file by their numbers, each once, and new ones.
        let mut wanted: Vec<Json> = Vec::new();
        let old = flow(&before, "f");
        for (number, (place, is_changed)) in order.into_iter().enumerate() {
            let mut step = old["step"].get(place).cloned().unwrap_or_else(|| json!({ "name": format!("new {number}"), "run": "y" }));
            if is_changed {
                step["timeout"] = json!("5s");
            }
            if !wanted.iter().any(|other| other["name"] == step["name"]) {
                wanted.push(step);
            }
        }
        let table = json!({ "step": wanted });
        let mut document: DocumentMut = before.parse().unwrap();
        apply(&mut document, &put(Section::Flow, Some("f"), table.clone())).unwrap();
        let after = document.to_string();
        parse(&after, Path::new("estatus.toml"), &defaults()).map_err(|problems| TestCaseError::fail(format!("{problems}\n{after}")))?;
        prop_assert_eq!(flow(&after, "f"), table, "{}", after);
        let marks = |name: &str| {
            let marks = if is_long { &["above", "behind"][..] } else { &["above", "header", "behind", "env", "deep"] };
            marks.iter().map(|mark| format!("# {mark} {name}\n")).collect::<Vec<_>>()
        };
        let is_kept = |name: &str| wanted.iter().any(|step| step["name"] == name);
        // Equally many steps: one that is new may go on as one that is gone.
        let mut rest = after.as_str();
        for name in wanted.iter().filter_map(|step| step["name"].as_str()).filter(|name| names.contains(name)) {
            for mark in marks(name) {
                let (_, behind) = rest.split_once(&mark).ok_or_else(|| TestCaseError::fail(format!("{mark} in\n{after}")))?;
                rest = behind;
            }
        }
        if wanted.len() != names.len() {
            for mark in names.iter().filter(|name| !is_kept(name)).flat_map(|name| marks(name)) {
                prop_assert!(!after.contains(&mark), "{} in\n{}", mark, after);
            }
        }
        prop_assert_eq!(after.contains(monitor.trim_start()), between && !is_long, "{}", after);
    }
}
