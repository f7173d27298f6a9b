//! Flows in the hands of a person: where one failed is found and mended, and what one asks is answered.

use std::fs;

use estatus_tests::{Estatus, eventually};
use serde_json::{Value, json};

use crate::{
    bubbles::Bubbles,
    panel::Panel,
    pictures,
    session::Session,
    tray::Tray,
    watch::{BACK, Missing, RUN, Stranger, Watch, stand},
    window::Window,
};

const ALONE: &str = "language = \"en\"\n[network]\nreference = []\n";

/// Begins a run, and says which.
fn begin(estatus: &Estatus, flow: &str) -> String {
    estatus.json(&["flow", "run", flow])["run"].to_string()
}

/// Waits for the end of a run.
fn ended(estatus: &Estatus, run: &str) -> Value {
    let show = || estatus.json(&["flow", "show", run]);
    eventually(&format!("run {run} is over: {}", show()), || Some(show()).filter(|run| run["ended"].is_string()))
}

#[tokio::test]
async fn a_failing_flow_is_found_read_mended_and_run_again_from_where_it_failed() {
    let (session, folder) = (Session::start(), tempfile::tempdir().unwrap());
    let [built, archive] = ["built", "archive"].map(|name| folder.path().join(name).display().to_string());
    let wrong = format!("test -e {archive} || {{ echo the archive is missing; exit 4; }}");
    let right = format!("touch {archive}; echo packed");
    let config = format!(
        "{ALONE}[[flow.release.step]]\nname = \"build\"\nrun = \"echo done >> {built}\"\n\n\
         # Asked for by those who audit.\n[[flow.release.step]]\nname = \"pack\"\nrun = \"{wrong}\" # not before noon\n\n\
         [[flow.release.step]]\nname = \"upload\"\nrun = \"cat {archive}\"\n"
    );
    let mut estatus = Estatus::new(&config);
    estatus.start();
    let failed = begin(&estatus, "release");
    assert_eq!(stand(&ended(&estatus, &failed)), ["succeeded", "failed", "skipped"]);

    let window = Window::open(&session, &estatus, "/").await;
    window.visit("Flows").await;
    window.reads("1 flow needs attention").await;
    window.picture(&pictures().join("flow-list.png")).await;
    window.follow("release").await;
    window.follow(&format!("Run {failed}")).await;
    for text in ["Failed at step 2 of 3: pack", "Exit code 4", "the archive is missing", "Skipped because of it"] {
        window.reads(text).await;
    }
    window.picture(&pictures().join("flow-failed.png")).await;

    window.follow("release").await;
    window.press("Edit").await;
    window.unfold("pack").await;
    window.write("Command", &right).await;
    window.picture(&pictures().join("flow-form.png")).await;
    window.press("Save").await;
    window.reads("release was saved").await;
    assert_eq!(fs::read_to_string(estatus.config()).unwrap(), config.replace(&wrong, &right));

    window.follow(&format!("Run {failed}")).await;
    window.press("Run again from “pack”…").await;
    window.tick("As it is now").await;
    window.picture(&pictures().join("flow-again.png")).await;
    window.confirm("Run again").await;
    window.reads(&format!("kept from run {failed}")).await;
    let newest = estatus.json(&["flow", "runs", "release"])[0]["run"].to_string();
    assert_ne!(newest, failed);
    let run = ended(&estatus, &newest);
    assert_eq!((&run["state"], run["repeats"].to_string()), (&json!("succeeded"), failed), "{run}");
    assert_eq!(stand(&run), ["succeeded"; 3], "{run}");
    let kept = run["steps"].as_array().unwrap().iter().map(|step| step["kept"] == true).collect::<Vec<_>>();
    assert_eq!(kept, [true, false, false], "{run}");
    assert_eq!(fs::read_to_string(built).unwrap(), "done\n", "it was built once");
    window.lacks("Failed at").await;
    window.picture(&pictures().join("flow-mended.png")).await;
    window.visit("Flows").await;
    window.reads("All flows are OK").await;
    window.close().await;
}

#[tokio::test]
async fn a_question_of_a_flow_is_answered_by_a_button_of_its_notification() {
    let session = Session::start();
    let mut panel = Panel::on(session.bus()).await;
    let mut bubbles = Bubbles::on(session.bus()).await;
    let _frames = session.frames();
    let mut estatus = Estatus::new(&format!(
        "{ALONE}[alerts]\nmerge_within = \"100ms\"\n\
         [[flow.release.step]]\nname = \"may we\"\napprove = \"Release version 7?\"\nwithin = \"1h\"\n\
         [[flow.release.step]]\nname = \"go\"\nrun = \"echo gone\"\n"
    ));
    estatus.start();
    let tray = Tray::start(&session, &estatus, &["--hidden"]);
    let icon = panel.icon().await;

    let run = begin(&estatus, "release");
    let bubble = bubbles.saying("release asks for approval").await;
    assert!(bubble.body.contains("Release version 7?"), "{bubble:?}");
    bubbles.press(&bubble, "Approve").await;
    let run = ended(&estatus, &run);
    assert_eq!((&run["state"], &run["steps"][1]["output"]), (&json!("succeeded"), &json!(["gone"])), "{run}");

    let run = begin(&estatus, "release");
    let bubble = bubbles.saying("release asks for approval").await;
    let denied = estatus.say(&["flow", "deny", &run]);
    assert_eq!(denied.code, 0, "{denied:?}");
    bubbles.withdrawn(&bubble).await;
    assert_eq!(stand(&ended(&estatus, &run)), ["failed", "skipped"]);
    let told = bubbles.saying("release failed").await;
    assert!(told.body.contains("may we") && told.body.contains("denied"), "{told:?}");
    bubbles.click(&told).await;
    tray.window(&session);
    tray.shows(&session, &format!("Run {run} – Estatus"));
    tray.close_window(&session);
    eventually("the window's process has ended", || tray.windows().is_empty().then_some(()));

    let run = begin(&estatus, "release");
    let bubble = bubbles.saying("release asks for approval").await;
    bubbles.press(&bubble, "Deny").await;
    let run = ended(&estatus, &run);
    assert!(run["state"] == "failed" && run["why"].as_str().unwrap().contains("denied"), "{run}");
    assert!(tray.quit(&icon).await.success());
}

/// The window names the task of the port watch that failed, its second attempt, and the reason.
async fn names(watch: &Watch, task: &str, reason: &[&str]) {
    let (session, run) = (Session::start(), watch.ended("vigilar"));
    let window = Window::open(&session, &watch.estatus, &format!("/run/{}", run["run"])).await;
    for text in [&[task, "intento 2 de 2"], reason].concat() {
        window.reads(text).await;
    }
    window.picture(&pictures().join("flow-attempts.png")).await;
    window.close().await;
}

#[tokio::test]
async fn a_stranger_on_the_port_is_named_by_the_task_that_meets_it() {
    let mut watch = Watch::new();
    let _stranger = Stranger::on(watch.page.port());
    watch.estatus.start();
    names(&watch, RUN, &["ocupado", &format!("pid {}", std::process::id())]).await;
}

#[tokio::test]
async fn a_command_that_is_missing_is_named_by_the_task_that_runs_it() {
    let mut watch = Watch::new();
    let _missing = Missing::of(&watch.page, "node_modules");
    watch.estatus.start();
    names(&watch, RUN, &["127", "sh: 1: vite: not found"]).await;
}

#[tokio::test]
async fn a_page_that_does_not_come_back_is_named_by_the_task_that_waits_for_it() {
    let mut watch = Watch::new();
    let _missing = Missing::of(&watch.page, "index.html");
    watch.estatus.start();
    names(&watch, BACK, &["404"]).await;
}
