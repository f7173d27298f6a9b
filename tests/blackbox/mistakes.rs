//! What users and the world do wrong gets a clear answer, and everything else goes on.

use estatus_tests::{Estatus, Site, eventually, free_port};

const HOST: &str = "[[monitor]]\nname = \"here\"\nhost = { memory = \"< 100%\" }\nevery = \"1s\"\n";

#[test]
fn a_file_that_is_wrong_is_refused_with_line_column_and_reason() {
    let check = |text: &str, said: &[&str]| {
        let estatus = Estatus::new(text);
        let checked = estatus.say(&["config", "check"]);
        assert_eq!(checked.code, 2, "{text}\n{checked:?}");
        for words in said {
            assert!(checked.err.contains(words), "“{words}” is not in {checked:?}");
        }
        assert_eq!(estatus.say(&["run"]).code, 2, "{text}");
    };
    let probed = Estatus::new("[[monitor]]\nname = \"web\"\nevery = 5\n").say(&["probe", "web"]);
    assert_eq!(probed.code, 2, "{probed:?}");
    assert!(probed.err.contains("is not valid") && probed.err.contains("estatus.toml:3:9"), "{probed:?}");
    let monitor = |rest: &str| format!("[[monitor]]\nname = \"web\"\n{rest}\n");
    check("[[monitor]\n", &["estatus.toml:1:"]);
    check(&monitor("http = \"http://h/\"\nevry = \"5m\""), &["estatus.toml:4:1", "evry", "every"]);
    check(&monitor("http = \"http://h/\"\ntcp = \"h:1\""), &["estatus.toml:4:", "http", "tcp"]);
    check(&monitor("tcp = \"h:1\"\nevery = \"soon\""), &["estatus.toml:4:9", "soon"]);
    check(&monitor("tcp = \"h:1\"\nevery = \"0s\""), &["estatus.toml:4:9"]);
    check(&format!("{HOST}{HOST}"), &["estatus.toml:6:8", "here"]);
    check(&monitor("tcp = \"h:1\"\ndepends_on = \"gateway\""), &["estatus.toml:4:", "gateway"]);
    check(&monitor("tcp = \"h:1\"\nchannels = [\"pager\"]"), &["estatus.toml:4:", "pager"]);
    check(&monitor("tcp = \"h:1\"\ndepends_on = \"web\""), &["web -> web"]);
    check(&monitor("tcp = \"h:1\"\naccept = [200]"), &["accept", "http"]);
}

#[test]
fn a_wrong_file_leaves_the_old_one_in_force_and_a_right_one_takes_its_place() {
    let mut estatus = Estatus::new(HOST);
    estatus.start();
    estatus.wait_for("here", "up");
    estatus.configure("[[monitor]]\nname = \"here\"\nhots = {}\n");
    let refused = eventually("the file is refused", || {
        estatus.json(&["status"])["engine"]["config_refused"].as_str().map(str::to_owned)
    });
    assert!(refused.contains("estatus.toml:3:1") && refused.contains("hots"), "{refused}");
    estatus.wait_for("here", "up");
    let another = HOST.replace("here", "there");
    estatus.configure(&format!("{HOST}{another}"));
    estatus.wait_for("there", "up");
    assert!(estatus.json(&["status"])["engine"]["config_refused"].is_null());
    estatus.configure(&another);
    eventually("the monitor is gone", || estatus.monitor("here").is_none().then_some(()));
}

#[test]
fn a_second_engine_says_who_holds_the_data_folder() {
    let mut estatus = Estatus::new(HOST);
    estatus.start();
    let second = estatus.say(&["run"]);
    assert_eq!(second.code, 1);
    assert!(second.err.contains(&format!("process {}", estatus.pid())), "{second:?}");
    estatus.wait_for("here", "up");
}

#[test]
fn names_that_nobody_has_are_said_to_be_so() {
    let mut estatus = Estatus::new(HOST);
    let alone = estatus.say(&["status"]);
    assert_eq!(alone.code, 1);
    assert!(alone.err.contains("estatus run"), "{alone:?}");
    estatus.start();
    for command in [&["pause", "nobody"][..], &["history", "nobody"], &["ack", "nobody"], &["check", "nobody"]] {
        let said = estatus.say(command);
        assert_eq!(said.code, 2, "{said:?}");
        assert!(said.err.contains("nobody"), "{said:?}");
    }
    let unacknowledged = estatus.say(&["ack", "here"]);
    assert_eq!(unacknowledged.code, 2);
    assert!(unacknowledged.err.contains("no open incident"), "{unacknowledged:?}");
    assert_eq!(estatus.say(&["pause", "here", "--for", "soon"]).code, 2);
    assert_eq!(estatus.say(&["probe", "nobody"]).code, 2);
    assert_eq!(estatus.say(&["email", "test"]).code, 2);
}

#[test]
fn targets_that_misbehave_disturb_nobody_else() {
    let site = Site::start();
    let hostile = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let silent = hostile.local_addr().unwrap();
    let mut config = "[network]\nreference = []\n".to_owned();
    for number in 0..60 {
        config += &format!(
            "[[monitor]]\nname = \"silent {number}\"\nhttp = \"http://{silent}/{number}\"\nevery = \"1s\"\n\
             timeout = \"20s\"\nfailures = 1\n"
        );
    }
    config += &format!(
        "[[monitor]]\nname = \"page\"\nhttp = \"{}\"\nevery = \"1s\"\n\
         [[monitor]]\nname = \"nobody\"\nhttp = \"http://127.0.0.1:{}/\"\nevery = \"1s\"\nfailures = 1\n",
        site.url(),
        free_port(),
    );
    let mut estatus = Estatus::new(&config);
    estatus.start();
    estatus.wait_for("page", "up");
    let before = site.visits();
    eventually("the page is visited on", || (site.visits() >= before + 5).then_some(()));
    let page = estatus.monitor("page").unwrap();
    assert_eq!(page["uptime"], 1.0, "{page}");
    assert!(page["p99_ms"].as_f64().unwrap() < 1_000.0, "{page}");
}

#[test]
fn a_rule_that_cannot_be_tried_on_the_past_of_a_fleet_says_why_and_what_to_do() {
    let fleet = format!(
        "[fleet.web]\nmin = 0\ndesired = 0\nmax = 4\npolicy = \"manual\"\nlisten = \"127.0.0.1:{}\"\n",
        free_port()
    );
    let mut estatus = Estatus::new(&fleet);
    estatus.start();
    let check = |asked: &[&str], code: i32, says: &[&str]| {
        let said = estatus.say(&[&["fleet", "replay"], asked].concat());
        assert_eq!(said.code, code, "{asked:?} {said:?}");
        for words in says {
            assert!(said.err.contains(words), "“{words}” is not in {said:?}");
        }
    };
    check(&["web", "--policy", "target"], 1, &["nothing is known yet of the load of “web”", "wait a few minutes"]);
    check(&["wbe", "--policy", "target"], 2, &["no fleet called “wbe”", "estatus fleet list"]);
    check(&["web", "--max", "3", "--min", "4"], 2, &["min = 4, desired = 0 and max = 3"]);
    check(&["web", "--policy", "schedule"], 2, &["has no schedule that could be tried"]);
    check(&["web"], 2, &["--policy", "--load"]);
    check(&["web", "--policy", "best"], 2, &["target", "seed", "manual", "schedule"]);
    check(&["web", "--load", "sixty"], 2, &["a share like 60% or 0.6"]);
}
