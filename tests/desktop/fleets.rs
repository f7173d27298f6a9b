//! A fleet in the hands of a person: its loads are set by sliders, and instances are added, protected, drained and removed by
//! buttons, each once it was said that it is meant.

use std::fs;

use estatus_tests::{Estatus, built, free_port, is_alive};
use serde_json::{Value, json};

use crate::{pictures, session::Session, window::Window};

/// A fleet of processes of this machine.
fn fleet(desired: usize, max: usize, more: &str) -> Estatus {
    Estatus::new(&format!(
        "language = \"en\"\n[network]\nreference = []\n[fleet.web]\nmin = 1\ndesired = {desired}\nmax = {max}\n\
         heartbeat = \"1s\"\nlisten = \"127.0.0.1:{}\"\n{more}\n",
        free_port()
    ))
}

/// Waits until these run and no others, each as one process of this machine, and shows each.
#[track_caller]
fn run(estatus: &Estatus, names: &[&str]) -> Vec<Value> {
    let instances = estatus.wait_for_fleet("web", &format!("a fleet of {names:?}"), |web| {
        let all = web["instances"].as_array()?;
        let is_there = |one: &&Value| one["state"] == "running" && one["load"].is_number();
        let there: Vec<&str> = all.iter().filter(is_there).filter_map(|one| one["name"].as_str()).collect();
        (there == names && all.len() == names.len()).then(|| all.clone())
    });
    let shown = instances.iter().map(|one| (one["name"].as_str().unwrap().to_owned(), vec![process(one)]));
    assert_eq!(estatus.local_instances(), shown.collect(), "there are other processes than are shown");
    instances
}

/// The process of a local instance is what it is called by.
#[track_caller]
fn process(instance: &Value) -> u32 {
    instance["id"].as_str().and_then(|id| id.parse().ok()).unwrap_or_else(|| panic!("no process: {instance}"))
}

/// No process of it is left.
#[track_caller]
fn is_no_more(estatus: &Estatus, instance: &Value) {
    assert!(!is_alive(process(instance).into()), "{instance} lives on");
    assert_eq!(estatus.local_instances().get(instance["name"].as_str().unwrap()), None);
}

#[tokio::test]
async fn a_fleet_grows_by_the_slider_of_an_instance_and_instances_come_and_go_by_hand() {
    let session = Session::start();
    let mut estatus = fleet(1, 4, "");
    estatus.start();
    run(&estatus, &["web-1"]);
    let window = Window::open(&session, &estatus, "/").await;
    window.visit("Fleets").await;
    window.reads("1 running").await;
    window.picture(&pictures().join("fleet-list.png")).await;
    window.follow("web").await;

    // It is busy, by its slider: one more.
    window.slide("Load: web-1", 100).await;
    window.reads("1 more: the mean load is 100%, and should be 60%").await;
    run(&estatus, &["web-1", "web-2"]);
    window.reads("web-2").await;
    window.reads("2 running").await;
    // As busy as two may be, and three must not be fewer.
    window.slide("Load: web-2", 30).await;
    window.reads("65% target: 60%").await;
    window.picture(&pictures().join("fleet-grown.png")).await;

    // One is added by hand, once it was said that it is meant.
    window.press("Add an instance: web").await;
    window.reads("Add an instance to web?").await;
    window.confirm("Cancel").await;
    window.lacks("Add an instance to web?").await;
    window.press("Add an instance: web").await;
    window.reads("It stays until you remove it").await;
    window.picture(&pictures().join("fleet-add.png")).await;
    window.confirm("Add an instance").await;
    window.reads("web-3 is being launched").await;
    let three = run(&estatus, &["web-1", "web-2", "web-3"]);
    assert_eq!(three[2]["by_user"], json!(true), "{three:?}");
    window.reads("web-3").await;
    window.reads("manual").await;

    // It is protected: it cannot be removed.
    window.press("Protect: web-3").await;
    window.reads("web-3 is protected").await;
    window.awaits("//button[@aria-label='End protection: web-3'][@aria-pressed='true']").await;
    window.awaits("//button[@aria-label='Remove: web-3'][@disabled]").await;
    window.awaits("//button[@aria-label='Drain: web-3'][@disabled]").await;
    estatus.wait_for_fleet("web", "a protected web-3", |web| (web["instances"][2]["protected"] == true).then_some(()));
    window.picture(&pictures().join("fleet-protected.png")).await;
    window.press("End protection: web-3").await;
    window.awaits("//button[@aria-label='Remove: web-3'][not(@disabled)]").await;

    // It is removed by hand, and the others have not been touched.
    window.press("Remove: web-3").await;
    window.reads("Remove web-3?").await;
    window.picture(&pictures().join("fleet-remove.png")).await;
    window.confirm("Cancel").await;
    window.press("Remove: web-3").await;
    window.confirm("Remove").await;
    window.reads("web-3 is being removed").await;
    let left = run(&estatus, &["web-1", "web-2"]);
    assert_eq!([&left[0]["id"], &left[1]["id"]], [&three[0]["id"], &three[1]["id"]], "{left:?}");
    is_no_more(&estatus, &three[2]);
    window.reads("1 fewer: a user wants it").await;
    window.awaits("//*[@role='grid'][not(.//b[normalize-space()='web-3'])]").await;
    window.picture(&pictures().join("fleet-removed.png")).await;
    window.close().await;
}

/// By the rule of the document, which takes one away as soon as there is less to do.
#[tokio::test]
async fn one_slider_for_all_loads_has_a_fleet_grow_and_shrink() {
    let session = Session::start();
    let mut estatus = fleet(2, 3, "policy = \"seed\"");
    estatus.start();
    let two = run(&estatus, &["web-1", "web-2"]);
    let window = Window::open(&session, &estatus, "/").await;
    window.visit("Fleets").await;
    window.follow("web").await;
    window.reads("2 running").await;

    window.slide("Load of all instances", 100).await;
    window.reads("1 more: the mean load is 100%, and should be 60%").await;
    let three = run(&estatus, &["web-1", "web-2", "web-3"]);
    assert_eq!([&three[0]["id"], &three[1]["id"]], [&two[0]["id"], &two[1]["id"]], "{three:?}");
    window.reads("3 running").await;

    // How far each has come when it is decided is not the same every time, nor is who has the least to do.
    window.slide("Load of all instances", 10).await;
    window.reads("1 fewer: the mean load is").await;
    window.reads("2 running").await;
    let left: Vec<Value> = estatus.wait_for_fleet("web", "one fewer", |web| {
        let all = web["instances"].as_array().filter(|all| all.len() == 2)?;
        Some(all.iter().map(|one| one["name"].clone()).collect())
    });
    let (stayed, gone): (Vec<&Value>, Vec<&Value>) = three.iter().partition(|one| left.contains(&one["name"]));
    let names: Vec<&str> = stayed.iter().filter_map(|one| one["name"].as_str()).collect();
    let now = run(&estatus, &names);
    assert!(now.iter().zip(&stayed).all(|(now, before)| now["id"] == before["id"]), "{now:?} after {stayed:?}");
    gone.into_iter().for_each(|one| is_no_more(&estatus, one));
    window.picture(&pictures().join("fleet-shrunk.png")).await;
    window.close().await;
}

/// What it does is in a file, as no slider is asked whether it has finished.
#[tokio::test]
async fn an_instance_that_is_drained_is_seen_to_finish_before_it_goes_and_another_takes_its_place() {
    let (session, folder) = (Session::start(), tempfile::tempdir().unwrap());
    let load = folder.path().join("$ESTATUS_INSTANCE");
    let command = format!(
        "echo 0.4 >{load} && exec {} agent --drain-within 10m --load {load}",
        built("estatus").display(),
        load = load.display()
    );
    let mut estatus = fleet(2, 4, &format!("[fleet.web.local]\ncommand = '{command}'"));
    estatus.start();
    let two = run(&estatus, &["web-1", "web-2"]);
    let window = Window::open(&session, &estatus, "/fleet/web").await;
    window.press("Drain: web-2").await;
    window.reads("however long that takes").await;
    window.reads("so another one is launched").await;
    window.picture(&pictures().join("fleet-drain.png")).await;
    window.confirm("Drain").await;
    window.reads("web-2 finishes what it is doing and is then terminated").await;
    window.reads("draining").await;
    window.awaits("//button[@aria-label='Drain: web-2'][@disabled]").await;
    // It works on while another comes.
    estatus.wait_for_fleet("web", "web-3 beside one that drains", |web| {
        let states: Vec<_> = web["instances"].as_array()?.iter().map(|one| one["state"].as_str()).collect();
        (states == [Some("running"), Some("draining"), Some("running")]).then_some(())
    });
    window.reads("web-3").await;
    window.picture(&pictures().join("fleet-drains.png")).await;

    fs::write(folder.path().join("web-2"), "0").unwrap();
    run(&estatus, &["web-1", "web-3"]);
    is_no_more(&estatus, &two[1]);
    window.awaits("//*[@role='grid'][not(.//b[normalize-space()='web-2'])]").await;
    window.close().await;
}
