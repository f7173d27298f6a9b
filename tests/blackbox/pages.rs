//! What others are given: the status page and the report of a month.

use std::fs;

use estatus_tests::{Estatus, Site, eventually};

#[test]
fn the_status_page_and_the_report_tell_of_a_page_that_went_down_and_came_back() {
    let site = Site::start();
    let mut estatus = Estatus::new(&format!(
        "language = \"en\"\n[network]\nreference = []\n[alerts]\ngrace = \"0s\"\n[status_page]\nfile = \"status.html\"\n\
         [[monitor]]\nname = \"portfolio\"\nhttp = \"{}\"\nevery = \"1s\"\nretry_every = \"1s\"\n",
        site.url()
    ));
    let page = estatus.config().with_file_name("status.html");
    let says = |words: &str| eventually(words, || fs::read_to_string(&page).ok().filter(|page| page.contains(words)));
    estatus.start();
    says("All systems operational");
    site.break_it();
    let down = says("Major outage");
    assert!(!down.contains("503") && !down.contains("127.0.0.1"), "others are told neither cause nor address: {down}");
    site.mend();
    assert!(says("All systems operational").contains("Resolved"));
    let out = estatus.config().with_file_name("report.html");
    let written = estatus.say(&["report", "--out", out.to_str().unwrap()]);
    assert_eq!((written.code, &*written.out), (0, ""), "{written:?}");
    assert!(fs::read_to_string(&out).unwrap().contains("503"));
    let csv = estatus.say(&["report", "--format", "csv"]);
    assert!(csv.out.lines().nth(1).is_some_and(|line| line.contains(",portfolio,")), "{csv:?}");
    assert_eq!(estatus.json(&["report"])["monitors"][0]["incidents"], 1);
    assert_eq!(estatus.say(&["report", "--month", "2026-13"]).code, 2);
}
