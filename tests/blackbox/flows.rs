//! Flows from outside: whoever is killed, each step is done once, and what went wrong is told without disturbing others.

use estatus_tests::{Estatus, Said, eventually};
use serde_json::{Value, json};

const NO_NETWORK: &str = "[network]\nreference = []\n";

/// A step that runs `command`, in words of the configuration.
pub(crate) fn step(flow: &str, name: &str, command: &str, more: &str) -> String {
    format!("[[flow.{flow}.step]]\nname = \"{name}\"\nrun = '{command}'\n{more}\n")
}

pub(crate) fn engine(config: &str) -> Estatus {
    let mut estatus = Estatus::new(&format!("{NO_NETWORK}{config}"));
    estatus.start();
    estatus
}

/// Begins a run, and says which.
pub(crate) fn begin(estatus: &Estatus, flow: &str) -> String {
    estatus.json(&["flow", "run", flow])["run"].to_string()
}

pub(crate) fn show(estatus: &Estatus, run: &str) -> Value {
    estatus.json(&["flow", "show", run])
}

/// Waits for the end of a run.
pub(crate) fn ended(estatus: &Estatus, run: &str) -> Value {
    eventually(&format!("run {run} is over: {}", show(estatus, run)), || {
        Some(show(estatus, run)).filter(|run| run["ended"].is_string())
    })
}

fn names(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn a_run_is_shown_as_documented_and_exit_codes_tell_how_it_went() {
    let config = step("well", "greet", "echo hello", "")
        + &step("ill", "greet", "echo hello", "")
        + &step("ill", "fail", "exit 3", "retry = { times = 1, wait = \"10ms\" }")
        + &step("ill", "never", "echo never", "");
    let estatus = engine(&config);

    let begun = estatus.json(&["flow", "run", "well"]);
    assert_eq!(names(&begun), ["run"], "{begun}");
    let run = ended(&estatus, &begun["run"].to_string());
    for key in ["run", "flow", "state", "cause", "why", "began", "ended", "steps"] {
        assert!(run.get(key).is_some(), "{key} is not in {run}");
    }
    for key in ["name", "does", "state", "attempts", "exit", "why", "began", "ended", "output"] {
        assert!(run["steps"][0].get(key).is_some(), "{key} is not in {run}");
    }
    assert_eq!((&run["flow"], &run["state"], &run["why"]), (&json!("well"), &json!("succeeded"), &Value::Null));
    let greeted = &run["steps"][0];
    assert_eq!((&greeted["state"], &greeted["attempts"]), (&json!("succeeded"), &json!(1)), "{run}");
    assert_eq!((&greeted["exit"], &greeted["output"]), (&json!({"exit": "code", "of": 0}), &json!(["hello"])), "{run}");
    assert_eq!(estatus.say(&["flow", "show", &begun["run"].to_string()]).code, 0);

    let followed = estatus.say(&["flow", "run", "ill", "--follow"]);
    assert!(followed.code == 1 && followed.out.contains("exit code 3 (attempt 2 of 2)"), "{followed:?}");
    let listed = estatus.json(&["flow", "runs"]);
    let states: Vec<_> = listed.as_array().unwrap().iter().map(|run| run["state"].clone()).collect();
    assert_eq!(states, ["failed", "succeeded"], "{listed}");
    assert!(listed[0].get("steps").is_none(), "{listed}");
    let number = listed[0]["run"].to_string();
    let shown = estatus.say(&["flow", "show", &number]);
    assert!(shown.code == 1 && shown.out.contains("step “fail” failed: exit code 3"), "{shown:?}");
    let run = show(&estatus, &number);
    let steps: Vec<_> = run["steps"].as_array().unwrap().iter().map(|step| step["state"].clone()).collect();
    assert_eq!(steps, ["succeeded", "failed", "skipped"], "{run}");

    let flows = estatus.json(&["flow", "list"]);
    assert_eq!((&flows[0]["name"], &flows[0]["last"]["state"]), (&json!("well"), &json!("succeeded")), "{flows}");
    for command in [&["flow", "run", "wel"][..], &["flow", "show", "99"], &["flow", "cancel", "99"]] {
        let Said { code, err, .. } = estatus.say(command);
        assert!(code == 2 && err.contains(command[2]) && err.contains("estatus flow"), "{command:?}: {code} {err}");
    }
}

#[test]
fn a_wrong_flow_leaves_the_old_one_in_force_and_is_told_with_line_and_column() {
    let well = step("work", "first", "echo old", "");
    let estatus = engine(&well);
    let refused = |wrong: &str, at: &str, words: &str| {
        estatus.configure(&format!("{NO_NETWORK}{wrong}"));
        let refused = eventually("the file is refused", || {
            let refused = estatus.json(&["status"])["engine"]["config_refused"].as_str()?.to_owned();
            (refused.contains(at) && refused.contains(words)).then_some(refused)
        });
        let checked = estatus.say(&["config", "check"]);
        assert!(checked.code == 2 && checked.err.contains(at), "{refused} {checked:?}");
        let run = ended(&estatus, &begin(&estatus, "work"));
        assert_eq!(run["steps"][0]["output"], json!(["old"]), "{run}");
    };
    refused(&step("work", "first", "echo new", "restart = \"web\""), "estatus.toml:6:1", "restart");
    refused(&step("work", "first", "echo new", "wen = { failed = \"x\" }"), "estatus.toml:6:1", "wen");
    refused(&step("work", "first", "echo new", "when = { failed = \"x\" }"), "estatus.toml:6:19", "x");
    estatus.configure(&format!("{NO_NETWORK}{}", step("work", "first", "echo new", "")));
    eventually("the file is in force", || {
        estatus.json(&["status"])["engine"]["config_refused"].is_null().then_some(())
    });
    let run = ended(&estatus, &begin(&estatus, "work"));
    assert_eq!(run["steps"][0]["output"], json!(["new"]), "{run}");
}

#[test]
fn a_flow_with_an_interval_runs_again_and_again() {
    let estatus = engine(&format!("[flow.tick]\nevery = \"1s\"\n{}", step("tick", "tick", "echo tick", "")));
    let runs = eventually("it has run three times", || {
        let runs = estatus.json(&["flow", "runs", "tick"]).as_array()?.clone();
        let well = runs.iter().filter(|run| run["state"] == "succeeded").count();
        (well >= 3).then_some(runs)
    });
    assert!(runs.iter().all(|run| run["cause"].as_str().unwrap().contains("scheduled for")), "{runs:?}");
    assert!(estatus.json(&["flow", "list"])[0]["next"].is_string());
}

/// A run begins so often, and is over before the next: a process takes longer to begin where it is Windows'.
const BEAT: &str = if cfg!(windows) { "4s" } else { "1s" };

#[test]
fn a_step_that_cannot_begin_says_why_and_nobody_else_is_disturbed() {
    let config = "[[flow.gone.step]]\nname = \"gone\"\nrun = [\"no-such-program-anywhere\"]\n".to_owned()
        + &step("nowhere", "nowhere", "echo here", "directory = \"no/such/folder\"")
        + &format!("[flow.beside]\nevery = \"{BEAT}\"\n{}", step("beside", "beside", "echo beside", ""));
    let estatus = engine(&config);
    let gone = ended(&estatus, &begin(&estatus, "gone"));
    let why = gone["why"].as_str().unwrap();
    assert!(gone["state"] == "failed" && why.contains("“gone”") && why.contains("no-such-program-anywhere"), "{gone}");
    let nowhere = ended(&estatus, &begin(&estatus, "nowhere"));
    let why = nowhere["why"].as_str().unwrap();
    assert!(nowhere["state"] == "failed" && why.contains("folder") && why.contains("no/such/folder"), "{nowhere}");
    undisturbed(&estatus, "beside");
}

/// Every run of `flow` has succeeded, and there are some.
fn undisturbed(estatus: &Estatus, flow: &str) {
    let runs = eventually("it runs beside them", || {
        let runs = estatus.json(&["flow", "runs", flow]).as_array()?.clone();
        let over: Vec<Value> = runs.into_iter().filter(|run| run["state"] != "running").collect();
        (over.len() >= 2).then_some(over)
    });
    assert!(runs.iter().all(|run| run["state"] == "succeeded"), "{runs:?}");
}

#[cfg(unix)]
mod unix {
    use std::{
        collections::{BTreeMap, hash_map::RandomState},
        fs,
        hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
        path::{Path, PathBuf},
        time::{Duration, Instant},
    };

    use estatus_tests::{is_alive, within};

    use super::*;

    /// The engine is killed so many times, and every eighth time what supervises the step, too. 200 were run by hand.
    const ROUNDS: u64 = 40;
    const STEPS: usize = 10;
    /// This step fails once, and is tried again.
    const RETRIED: usize = 4;
    /// This one writes a second line.
    const WORDY: usize = 7;
    /// So soon after a start nothing is said to run that does not. A second is asked for; a busy machine gets more.
    const TRUE_WITHIN: Duration = Duration::from_secs(5);

    /// A name that no flow of another test has, whose processes are told by it.
    fn own(flow: &str) -> String {
        format!("{flow}-{}", std::process::id())
    }

    /// A flow of steps that each note themselves in the file `done` below `folder`.
    fn ten_steps(flow: &str, folder: &Path) -> String {
        let note = format!(
            "echo \"$ESTATUS_RUN $ESTATUS_STEP $ESTATUS_ATTEMPT\" >>{}; echo \"$ESTATUS_STEP began\"; sleep 0.03",
            folder.join("done").display()
        );
        let command = |place| match place {
            RETRIED => format!("{note}; [ $ESTATUS_ATTEMPT -gt 1 ] || exit 75"),
            WORDY => format!("{note}; echo \"$ESTATUS_STEP ended\""),
            _ => note.clone(),
        };
        let more = |place| match place {
            RETRIED => "retry = { times = 1, wait = \"10ms\", on = [\"exit 75\"] }",
            _ => "",
        };
        (1..=STEPS).map(|place| step(flow, &format!("s{place}"), &command(place), more(place))).collect()
    }

    /// What the steps of a run that nobody disturbs have noted.
    fn noted_by(run: &str) -> Vec<String> {
        let attempts = |place| if place == RETRIED { 1..=2 } else { 1..=1 };
        (1..=STEPS).flat_map(|place| attempts(place).map(move |attempt| format!("{run} s{place} {attempt}"))).collect()
    }

    /// Every step that is said to have succeeded has its lines, each once.
    fn has_its_lines(place: usize, step: &Value) {
        let name = format!("s{place}");
        let ends = (place == WORDY).then(|| format!("{name} ended"));
        let lines: Vec<String> = [format!("{name} began")].into_iter().chain(ends).collect();
        let output: Vec<&str> = step["output"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        match step["state"].as_str().unwrap() {
            "succeeded" => assert_eq!(output, lines, "{step}"),
            // Who kept them was killed; another may have taken over.
            "indeterminate" => assert_eq!(output, lines[..output.len()], "{step}"),
            state => assert_eq!(state, "skipped", "{step}"),
        }
    }

    /// The processes of a run, by the step whose variables they have.
    fn processes_of(flow: &str, run: &str) -> BTreeMap<String, Vec<u64>> {
        let mut processes: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for pid in fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        {
            let env = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            let env = String::from_utf8_lossy(&env);
            let value =
                |name: &str| env.split('\0').find_map(|variable| variable.strip_prefix(name)?.strip_prefix('='));
            if value("ESTATUS_FLOW") == Some(flow)
                && value("ESTATUS_RUN") == Some(run)
                && let Some(step) = value("ESTATUS_STEP")
                && is_alive(pid)
            {
                processes.entry(step.to_owned()).or_default().push(pid);
            }
        }
        processes
    }

    /// How long after `started` nothing was said to run that does not.
    fn true_after(estatus: &Estatus, flow: &str, run: &str, started: Instant) -> Duration {
        within(TRUE_WITHIN, || {
            let shown = show(estatus, run);
            let runs = shown["steps"].as_array()?.iter().filter(|step| step["state"] == "running");
            let processes = processes_of(flow, run);
            runs.into_iter()
                .all(|step| processes.contains_key(step["name"].as_str().unwrap()))
                .then(|| started.elapsed())
        })
        .unwrap_or_else(|| panic!("something is said to run that does not: {}", show(estatus, run)))
    }

    /// Numbers that `seed` foresees.
    fn dice(seed: u64) -> impl FnMut(u64) -> u64 {
        let mut thrown = 0_u64;
        move |below| {
            thrown += 1;
            BuildHasherDefault::<DefaultHasher>::default().hash_one((seed, thrown)) % below
        }
    }

    #[test]
    fn whoever_is_killed_every_step_is_done_once_and_in_order() {
        let seed = std::env::var("ESTATUS_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = seed.unwrap_or_else(|| RandomState::new().hash_one(0) % 100_000);
        eprintln!("ESTATUS_SEED={seed}");
        let mut dice = dice(seed);
        let folder = tempfile::tempdir().unwrap();
        let ten = own("ten");
        let mut estatus = engine(&ten_steps(&ten, folder.path()));
        let mut runs: Vec<String> = Vec::new();
        let mut without_shim: Vec<String> = Vec::new();
        let (mut slowest, mut crashed) = (Duration::ZERO, 0);
        for _ in 0..ROUNDS {
            if runs.last().is_none_or(|run| show(&estatus, run)["ended"].is_string()) {
                runs.push(begin(&estatus, &ten));
            }
            let run = runs.last().unwrap().clone();
            let pause = Duration::from_micros(dice(150_000));
            let _ = within(pause, || None::<()>);
            let shims = if dice(8) == 0 { estatus.shims_of_commands() } else { Vec::new() };
            estatus.kill();
            for (_, shim) in shims {
                // It may have ended since.
                let _ = std::process::Command::new("kill").args(["-KILL", &shim.to_string()]).output();
                without_shim.push(run.clone());
            }
            let started = Instant::now();
            estatus.start();
            slowest = slowest.max(true_after(&estatus, &ten, &run, started));
        }
        for run in &runs {
            let ended = ended(&estatus, run);
            let noted = noted_of(folder.path(), run);
            let all = noted_by(run);
            if ended["state"] == "crashed" {
                assert!(without_shim.contains(run), "its shim lived: {ended}");
                crashed += 1;
                assert_eq!(noted, all[..noted.len()], "{ended}");
            } else {
                assert_eq!(ended["state"], "succeeded", "{ended}");
                assert_eq!(noted, all, "{ended}");
            }
            for (place, step) in (1..).zip(ended["steps"].as_array().unwrap()) {
                has_its_lines(place, step);
            }
        }
        eprintln!(
            "{} runs, {crashed} of them crashed by {} killed shims; true {slowest:?} after a start at most",
            runs.len(),
            without_shim.len()
        );
    }

    /// What the steps of a run have noted.
    fn noted_of(folder: &Path, run: &str) -> Vec<String> {
        let noted = fs::read_to_string(folder.join("done")).unwrap();
        noted.lines().filter(|line| line.split(' ').next() == Some(run)).map(str::to_owned).collect()
    }

    /// Waits until a step is under way.
    fn running(estatus: &Estatus, run: &str, step: usize) {
        eventually("the step is under way", || (show(estatus, run)["steps"][step]["state"] == "running").then_some(()));
    }

    /// A command that does not listen to TERM, nor do its children, one of which has a session of its own; and the file that
    /// is there once they run.
    fn deaf(folder: &Path) -> (String, PathBuf) {
        let all_run = folder.join("all-run");
        let forever = "while :; do sleep 1; done";
        let command =
            format!("trap \"\" TERM; ({forever}) & setsid sh -c \"touch {}; {forever}\" & wait", all_run.display());
        (command, all_run)
    }

    /// No process of the run is left.
    fn is_gone(flow: &str, run: &str) {
        let left = processes_of(flow, run);
        assert!(left.is_empty(), "{left:?}");
    }

    /// Who changes his mind does not wait for what is about to begin.
    #[test]
    fn a_run_that_is_cancelled_as_soon_as_it_is_begun_leaves_nothing_behind() {
        let slow = own("slow");
        let estatus = engine(&step(&slow, "sleeps", "sleep 300", ""));
        for _ in 0..20 {
            let run = begin(&estatus, &slow);
            assert_eq!(estatus.json(&["flow", "cancel", &run])["run"].to_string(), run);
            assert_eq!(ended(&estatus, &run)["state"], "cancelled");
            is_gone(&slow, &run);
        }
    }

    #[test]
    fn a_run_that_is_cancelled_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let (command, all_run) = deaf(folder.path());
        let stuck = own("stuck");
        let estatus = engine(&(step(&stuck, "deaf", &command, "") + &step(&stuck, "later", "echo later", "")));
        let run = begin(&estatus, &stuck);
        running(&estatus, &run, 0);
        eventually("its children run", || all_run.exists().then_some(()));
        assert!(processes_of(&stuck, &run)["deaf"].len() >= 3, "{:?}", processes_of(&stuck, &run));
        let again = estatus.say(&["flow", "run", &stuck]);
        assert!(again.code != 0 && again.err.contains("in progress"), "{again:?}");
        assert_eq!(estatus.say(&["flow", "cancel", &run]).code, 0);
        let ended = ended(&estatus, &run);
        is_gone(&stuck, &run);
        assert_eq!(ended["state"], "cancelled", "{ended}");
        let states: Vec<_> = ended["steps"].as_array().unwrap().iter().map(|step| step["state"].clone()).collect();
        assert_eq!(states, ["cancelled", "skipped"], "{ended}");
    }

    #[test]
    fn a_step_that_does_not_end_is_ended_with_all_that_it_started_and_nobody_else_is_disturbed() {
        let folder = tempfile::tempdir().unwrap();
        let (command, _) = deaf(folder.path());
        let stuck = own("endless");
        let config = step(&stuck, "deaf", &command, "timeout = \"1s\"")
            + &format!("[flow.beside]\nevery = \"{BEAT}\"\n{}", step("beside", "beside", "echo beside", ""));
        let estatus = engine(&config);
        let run = begin(&estatus, &stuck);
        let ended = ended(&estatus, &run);
        is_gone(&stuck, &run);
        let why = ended["why"].as_str().unwrap();
        assert!(ended["state"] == "failed" && why.contains("it did not end within 1"), "{ended}");
        assert_eq!(ended["steps"][0]["state"], "timed_out", "{ended}");
        undisturbed(&estatus, "beside");
    }

    #[test]
    fn a_step_that_writes_without_end_costs_little_memory_and_its_last_lines_are_kept() {
        // 200 MB.
        let flood = "yes 0123456789012345678901234567890123456789012345678 | head -n 4000000; \
                     seq -f \"last %.0f\" 40";
        let estatus = engine(&step("flood", "flood", flood, ""));
        let run = begin(&estatus, "flood");
        let mut most = 0;
        let ended = eventually("it is over", || {
            let engine = estatus.pid();
            let shims = estatus.shims_of_commands().into_iter().map(|(_, pid)| pid);
            most = shims.chain([engine]).map(memory_of).chain([most]).max().unwrap();
            Some(show(&estatus, &run)).filter(|run| run["ended"].is_string())
        });
        assert_eq!(ended["state"], "succeeded", "{ended}");
        let last: Vec<String> = (1..=40).map(|line| format!("last {line}")).collect();
        assert_eq!(ended["steps"][0]["output"], json!(last), "{ended}");
        eprintln!("{most} MB at most");
        assert!(most < 150, "{most} MB");
    }

    /// The most that a process has had in memory, in MB.
    fn memory_of(pid: u32) -> u64 {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok());
        most.unwrap_or(0_u64) / 1024
    }
}
