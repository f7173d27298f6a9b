//! “Observar el flujo de los procesos de un sistema, además de aislar las diferentes funciones… información clara sobre el
//! lugar donde ocurrió el fallo.”
//!
//! The author of the port watch learns of workflow managers, and wishes his watch to be tasks that can be observed. Here they
//! are the steps of a flow: the port is looked at, the command is run again, and the page is back.

use estatus_tests::{eventually, signal};

use crate::watch::{BACK, LOOK, Missing, RUN, Stranger, Watch, of, stand};

#[test]
fn a_page_that_hangs_is_brought_back_task_by_task_and_its_author_reads_what_was_done() {
    let mut watch = Watch::new();
    watch.estatus.start();
    let first = watch.page.served_by_another(None);
    watch.estatus.wait_for("puerto", "up");

    signal(first, "-STOP");
    watch.page.served_by_another(Some(first));
    watch.estatus.wait_for("puerto", "up");
    let run = watch.ended("vigilar");
    assert_eq!((&run["state"], &run["heals"][0]), (&"succeeded".into(), &"puerto".into()), "{run}");
    assert_eq!(stand(&run), ["failed", "succeeded", "succeeded"], "{run}");
    assert_eq!(of(&run, LOOK)["attempts"], 2, "{run}");
    let incident = eventually("the incident is over", || {
        let incident = watch.estatus.json(&["incidents"])[0].clone();
        incident["closed"].is_string().then_some(incident)
    });
    let attempts = incident["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 1, "{incident}");
    assert_eq!(attempts[0]["healed"], true, "{incident}");
    let told = watch.told("se ejecutó el flujo vigilar");
    assert!(told.contains("puerto"), "{told}");
    assert!(watch.estatus.stop().success());
    assert!(watch.page.is_quiet(), "{:?}", watch.page.processes());
}

#[test]
fn a_stranger_on_the_port_is_named_by_each_task_that_meets_it() {
    let mut watch = Watch::new();
    let stranger = Stranger::on(watch.page.port());
    watch.estatus.start();
    let told = watch.told("falló en el paso");
    let run = watch.ended("vigilar");
    let pid = format!("pid {}", std::process::id());
    watch.failed_at(&run, RUN, &told, &["ocupado", &pid]);
    assert_eq!(stand(&run), ["failed", "failed", "skipped"], "{run}");

    // The first task alone.
    let looked = watch.estatus.say(&["flow", "run", "mirar", "--follow"]);
    assert!(looked.code == 1 && looked.out.contains(LOOK), "{looked:?}");
    let told = watch.told("mirar");
    watch.failed_at(&watch.ended("mirar"), LOOK, &told, &["Persistencia de datos"]);

    drop(stranger);
    watch.heals();
}

#[test]
fn a_command_that_is_missing_is_said_to_be_so() {
    let mut watch = Watch::new();
    let missing = Missing::of(&watch.page, "node_modules");
    watch.estatus.start();
    let told = watch.told("falló en el paso");
    let run = watch.ended("vigilar");
    watch.failed_at(&run, RUN, &told, &["127"]);
    let line = "sh: 1: vite: not found";
    assert!(told.contains(line) && of(&run, RUN)["output"].to_string().contains(line), "{told} {run}");
    assert_eq!(stand(&run), ["failed", "failed", "skipped"], "{run}");
    missing.put_back();
    watch.heals();
}

#[test]
fn a_page_that_does_not_come_back_is_waited_for_and_given_up() {
    let mut watch = Watch::new();
    let missing = Missing::of(&watch.page, "index.html");
    watch.estatus.start();
    let told = watch.told("falló en el paso");
    let run = watch.ended("vigilar");
    watch.failed_at(&run, BACK, &told, &["404"]);
    assert_eq!(stand(&run), ["failed", "succeeded", "timed_out"], "{run}");
    missing.put_back();
    watch.heals();
}
