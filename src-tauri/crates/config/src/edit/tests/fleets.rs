//! Fleets and the tables in them: whatever is done with one, the rest keeps what belongs to it.

use super::*;

const FLEETS: &str = r#"# What I watch.
[[monitor]]
name = "portfolio"
http = "https://example.com/"

# The shop.
[fleet.web]   # mine
desired = 2   # two of them
policy = "schedule"
listen = "0.0.0.0:50051"

# Where it lives.
[fleet.web.ec2]        # AWS
region = "us-east-1"   # near
template = "lt-0abc"

# By day.
[[fleet.web.schedule]]
from = "0 8 * * *"     # when we open
desired = 5

# By night.
[[fleet.web.schedule]]
from = "0 20 * * *"
desired = 2            # for those who cannot sleep

# To try out.
[fleet.lab.local]
command = "node lab.js"   # quick
"#;

/// The fleet called `name` of `text`, as a form has it.
fn fleet(text: &str, name: &str) -> Json {
    let document = Document::parse(text).unwrap();
    merge::json_of_table(document.as_table())["fleet"][name].clone()
}

/// What becomes of [`FLEETS`] when the fleet `name` says what `change` makes of it.
fn with(name: &str, change: impl FnOnce(&mut Json)) -> String {
    let mut wanted = fleet(FLEETS, name);
    change(&mut wanted);
    let after = edited(FLEETS, &[put(Section::Fleet, Some(name), wanted.clone())]).unwrap();
    assert_eq!(fleet(&after, name), wanted, "{after}");
    after
}

#[test]
fn a_fleet_that_is_changed_keeps_what_belongs_to_it() {
    for name in ["web", "lab"] {
        assert_eq!(with(name, |_| {}), FLEETS);
    }
    let after = with("web", |web| {
        web["desired"] = json!(3);
        web["max"] = json!(20);
        web["ec2"]["region"] = json!("eu-west-1");
        web["ec2"]["version"] = json!(7);
        web["schedule"][1]["desired"] = json!(1);
    });
    let expected = FLEETS
        .replace("desired = 2   # two", "desired = 3   # two")
        .replace("0.0.0.0:50051\"\n", "0.0.0.0:50051\"\nmax = 20\n")
        .replace("\"us-east-1\"   #", "\"eu-west-1\"   #")
        .replace("template = \"lt-0abc\"\n", "template = \"lt-0abc\"\nversion = 7\n")
        .replace("desired = 2            # for", "desired = 1            # for");
    assert_eq!(after, expected);
}

#[test]
fn the_entries_of_a_schedule_are_put_in_and_taken_out() {
    let noon = json!({ "from": "0 12 * * *", "desired": 8 });
    let after = with("web", |web| web["schedule"].as_array_mut().unwrap().insert(1, noon));
    let written = "\n[[fleet.web.schedule]]\nfrom = \"0 12 * * *\"\ndesired = 8\n";
    assert_eq!(after, FLEETS.replace("\n# By night.", &format!("{written}\n# By night.")));
    let after = with("web", |web| drop(web["schedule"].as_array_mut().unwrap().remove(0)));
    let by_day = FLEETS.find("# By day.").unwrap()..FLEETS.find("# By night.").unwrap();
    assert_eq!(after, FLEETS.replace(&FLEETS[by_day], ""));
}

#[test]
fn a_fleet_that_says_something_of_itself_for_the_first_time_has_a_header_above_its_tables() {
    let after = with("lab", |lab| lab["max"] = json!(3));
    assert_eq!(after, FLEETS.replace("\n# To try out.\n", "\n[fleet.lab]\nmax = 3\n\n# To try out.\n"));
}

#[test]
fn a_fleet_is_added_renamed_and_removed_and_the_rest_stays() {
    let add = |called: &str| {
        let table = json!({
            "load": "70%", "max": 4, "min": 1, "policy": "schedule",
            "schedule": [{ "from": "0 8 * * *", "desired": 4 }],
            "local": { "command": "run" },
        });
        Edit::Put { section: Section::Fleet, name: None, table, called: Some(called.to_owned()) }
    };
    let after = edited(FLEETS, &[add("jobs")]).unwrap();
    let values = "min = 1\nmax = 4\npolicy = \"schedule\"\nload = \"70%\"\nlocal = { command = \"run\" }\n";
    let schedule = "\n[[fleet.jobs.schedule]]\nfrom = \"0 8 * * *\"\ndesired = 4\n";
    assert_eq!(after, format!("{FLEETS}\n[fleet.jobs]\n{values}{schedule}"));
    assert_eq!(edited(FLEETS, &[add("web")]), Err("there is already a fleet with the name \"web\"".to_owned()));
    let table = fleet(FLEETS, "web");
    let renamed =
        Edit::Put { section: Section::Fleet, name: Some("web".to_owned()), table, called: Some("shop".into()) };
    assert_eq!(edited(FLEETS, &[renamed]).unwrap(), FLEETS.replace("fleet.web", "fleet.shop"));
    let remove = |name: &str| Edit::Remove { section: Section::Fleet, name: name.to_owned() };
    let web = FLEETS.find("# The shop.").unwrap()..FLEETS.find("# To try out.").unwrap();
    assert_eq!(edited(FLEETS, &[remove("web")]).unwrap(), FLEETS.replace(&FLEETS[web], ""));
    assert_eq!(edited(FLEETS, &[remove("jobs")]), Err("the file no longer has a fleet called \"jobs\"".to_owned()));
}

#[test]
fn what_is_wrong_with_a_fleet_is_told_with_the_keys_that_lead_to_it() {
    let check = |change: &dyn Fn(&mut Json), path: &str| {
        let mut wanted = fleet(FLEETS, "web");
        change(&mut wanted);
        let wrong = edited(FLEETS, &[put(Section::Fleet, Some("web"), wanted)]).unwrap_err();
        assert!(wrong.starts_with(&format!("{path}: ")), "{wrong}");
    };
    check(&|web| web["min"] = json!(3), "fleet.web.desired");
    check(&|web| web["max"] = json!(4), "fleet.web.schedule.0.desired");
    check(&|web| web["ec2"]["template"] = json!(""), "fleet.web.ec2.template");
    check(
        &|web| web["ec2"]["credentials"] = json!({ "id": "AKIA", "secret": "x" }),
        "fleet.web.ec2.credentials.secret",
    );
    check(&|web| drop(web.as_object_mut().unwrap().remove("schedule")), "fleet.web.policy");
    check(&|web| web["asg"] = json!({ "region": "r", "group": "g" }), "fleet.web.ec2");
    check(&|web| drop(web.as_object_mut().unwrap().remove("listen")), "fleet.web");
}
