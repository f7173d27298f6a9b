//! EC2.

use estatus_core::fleet::command::ProviderErrorKind as Kind;
use mail_parser::MessageParser;

use super::{
    fake_aws::{FakeTemplate, Fault},
    *,
};

struct Scene {
    fake: FakeAws,
    estatus: Estatus,
    data: TempDir,
    pace: Pace,
    ec2: Ec2,
}

async fn scene(pace: Pace) -> Scene {
    let (fake, data) = (FakeAws::start().await, tempfile::tempdir().unwrap());
    let ec2 = Ec2 { template: "lt-0abc".to_owned(), version: "$Latest".to_owned(), image: None, cloud: cloud(&fake) };
    let estatus = start(&data, &pace, &ec2);
    Scene { fake, estatus, data, pace, ec2 }
}

fn start(data: &TempDir, pace: &Pace, ec2: &Ec2) -> Estatus {
    Estatus::start(data.path(), pace.clone(), &[], Provider::Ec2(ec2.clone()), no_commands())
}

impl Scene {
    /// Estatus is killed and started again.
    fn restart(&mut self) {
        self.estatus = start(&self.data, &self.pace, &self.ec2);
    }

    fn configure(&mut self, change: impl FnOnce(&mut Ec2)) {
        change(&mut self.ec2);
        self.estatus.fleet =
            Arc::new(Fleet { provider: Provider::Ec2(self.ec2.clone()), ..Fleet::clone(&self.estatus.fleet) });
    }
}

#[tokio::test]
async fn an_instance_is_launched_from_the_template_and_bears_its_name() {
    let mut scene = scene(quick()).await;
    scene.fake.state().pending_for = Duration::from_secs(90);
    scene.estatus.launch("web-1");
    let id = scene.estatus.launched().await;
    {
        let state = scene.fake.state();
        let instance = &state.instances[0];
        assert_eq!(instance.id, id);
        let tags = ["Name", "estatus:owner", "estatus:fleet", "estatus:instance"].map(|tag| instance.tag(tag).unwrap());
        assert_eq!(tags, ["web-1", "here-1", "web", "web-1"]);
        let document = MessageParser::default().parse(&instance.user_data).unwrap();
        let parts: Vec<_> = document.parts.iter().skip(1).map(|part| part.text_contents().unwrap()).collect();
        assert!(parts[0].contains("single-use-") && parts[0].contains("estatus.example:50051"), "{}", parts[0]);
        assert_eq!(parts[1].trim_end(), "#!/bin/sh\necho of the template");
        let (_, form) = state.asked.iter().find(|(action, _)| action == "RunInstances").unwrap();
        let said = ["MinCount", "MaxCount", "LaunchTemplate.LaunchTemplateId", "LaunchTemplate.Version"];
        assert_eq!(said.map(|name| form[name].as_str()), ["1", "1", "lt-0abc", "1"]);
    }
    let (_, listed) = scene.estatus.list().await;
    assert_eq!(listed, [Listed { id, name: Some("web-1".into()), lives: true, outdated: false }]);
}

#[tokio::test]
async fn the_template_may_go_by_its_name_and_another_image_over_it() {
    let mut scene = scene(quick()).await;
    scene.configure(|ec2| {
        ec2.template = "web".to_owned();
        ec2.version = "$Default".to_owned();
        ec2.image = Some("ami-2".to_owned());
    });
    scene.estatus.launch("web-1");
    scene.estatus.launched().await;
    assert_eq!(scene.fake.state().instances[0].image, "ami-2");
    assert!(!scene.estatus.list().await.1[0].outdated);
    scene.configure(|ec2| ec2.image = None);
    assert!(scene.estatus.list().await.1[0].outdated);
}

#[tokio::test]
async fn a_new_version_of_the_template_leaves_those_of_the_old_one_behind() {
    let mut scene = scene(quick()).await;
    scene.estatus.launch("web-1");
    scene.estatus.launched().await;
    scene.fake.state().templates[0].versions.push(("ami-1", Vec::new()));
    scene.estatus.launch("web-2");
    scene.estatus.launched().await;
    let (_, listed) = scene.estatus.list().await;
    assert_eq!(listed.iter().map(|one| one.outdated).collect::<Vec<_>>(), [true, false]);
    // It is not known any more what is launched from now.
    scene.fake.state().templates.clear();
    let (_, listed) = scene.estatus.list().await;
    assert!(listed.iter().all(|one| !one.outdated));
}

#[tokio::test]
async fn a_lost_answer_launches_nothing_twice() {
    for fault in [Fault::CutAfter, Fault::CutBefore, Fault::Html, Fault::Nothing, Fault::Refused(500, "InternalError")]
    {
        let mut scene = scene(quick()).await;
        scene.fake.fails("RunInstances", fault);
        scene.estatus.launch("web-1");
        scene.estatus.launched().await;
        let launched = scene.fake.state().launched_as("web-1").len();
        assert_eq!((launched, scene.fake.count("RunInstances")), (1, 2));
    }
}

#[tokio::test]
async fn what_was_launched_before_a_crash_is_found_by_its_tag() {
    let mut scene = scene(quick()).await;
    scene.estatus.launch("web-1");
    let id = scene.estatus.launched().await;
    scene.restart();
    scene.estatus.launch("web-1");
    assert_eq!(scene.estatus.launched().await, id);
    assert_eq!(scene.fake.count("RunInstances"), 1);
}

#[tokio::test]
async fn what_was_launched_before_a_crash_and_does_not_show_yet_is_waited_for() {
    let pace = Pace { visible_within: Duration::from_secs(20), ..quick() };
    let mut scene = scene(pace).await;
    scene.fake.state().shows_after = Duration::from_millis(400);
    scene.estatus.launch("web-1");
    let id = scene.estatus.launched().await;
    scene.restart();
    // With another token to enrol with: EC2 says that it knows the launch, in other words.
    for _ in 0..100 {
        scene.estatus.launch("web-1");
        match scene.estatus.next().await {
            FleetEvent::Launched { id: found, .. } => {
                assert_eq!(found, id);
                assert_eq!(scene.fake.state().launched_as("web-1").len(), 1);
                return;
            }
            FleetEvent::CannotLaunch { error, .. } => assert!(error.perhaps_done, "{error:?}"),
            other => panic!("{other:?}"),
        }
    }
    panic!("it was never found");
}

#[tokio::test]
async fn no_room_is_said_and_the_next_attempt_is_another() {
    let mut scene = scene(Pace { visible_within: Duration::from_millis(300), ..quick() }).await;
    scene.fake.state().room = 0;
    scene.estatus.launch("web-1");
    let error = scene.estatus.undone().await;
    assert_eq!((error.kind, error.perhaps_done), (Kind::Capacity, false));
    assert!(error.error.starts_with("InsufficientInstanceCapacity: We currently"), "{error:?}");
    scene.fake.state().room = 1;
    scene.estatus.try_launch("web-1", 1);
    scene.estatus.launched().await;
}

#[tokio::test]
async fn an_attempt_that_is_known_and_never_shows_has_failed() {
    let mut scene = scene(Pace { visible_within: Duration::from_secs(1), ..quick() }).await;
    scene.fake.state().room = 0;
    scene.estatus.launch("web-1");
    assert!(!scene.estatus.undone().await.perhaps_done);
    scene.fake.state().room = 1;
    // The attempt has the same number, as it has if Estatus was killed before it was written down.
    let mut seen = Vec::new();
    while seen.last() != Some(&false) {
        scene.estatus.launch("web-1");
        let error = scene.estatus.undone().await;
        assert_eq!(error.error, "EC2 has already been asked to launch web-1, and does not show it yet");
        seen.push(error.perhaps_done);
    }
    assert!(seen.len() > 1, "it was given up at once");
    scene.estatus.try_launch("web-1", 1);
    scene.estatus.launched().await;
    assert_eq!(scene.fake.state().living(), 1);
}

#[tokio::test]
async fn each_refusal_is_of_its_kind() {
    let mut scene = scene(quick()).await;
    let check = async |scene: &mut Scene, status, code: &'static str, kind: Kind| {
        for _ in 0..3 {
            scene.fake.fails("RunInstances", Fault::Refused(status, code));
        }
        scene.estatus.launch("web-1");
        let error = scene.estatus.undone().await;
        assert_eq!((error.kind, error.perhaps_done), (kind, false), "{error:?}");
        assert_eq!(error.error, format!("{code}: It says why."));
        scene.fake.state().faults.clear();
    };
    check(&mut scene, 403, "UnauthorizedOperation", Kind::Credentials).await;
    check(&mut scene, 400, "InvalidAMIID.NotFound", Kind::Configuration).await;
    check(&mut scene, 400, "VcpuLimitExceeded", Kind::Capacity).await;
    check(&mut scene, 400, "MaxSpotInstanceCountExceeded", Kind::Capacity).await;
    check(&mut scene, 503, "RequestLimitExceeded", Kind::Throttled).await;
    check(&mut scene, 400, "SomethingNew", Kind::Other).await;
    assert_eq!(scene.fake.state().living(), 0);
}

#[tokio::test]
async fn being_asked_too_often_for_a_moment_is_no_failure() {
    let mut scene = scene(quick()).await;
    for action in ["DescribeInstances", "RunInstances", "RunInstances"] {
        scene.fake.fails(action, Fault::Refused(503, "RequestLimitExceeded"));
    }
    scene.estatus.launch("web-1");
    scene.estatus.launched().await;
    assert_eq!(scene.fake.count("RunInstances"), 3);
}

#[tokio::test]
async fn an_api_that_answers_nothing_to_be_understood_is_unreachable() {
    let mut scene = scene(quick()).await;
    let check = async |scene: &mut Scene, fault: Fault, says: &str| {
        for _ in 0..3 {
            scene.fake.fails("RunInstances", fault.clone());
        }
        scene.estatus.launch("web-1");
        let error = scene.estatus.undone().await;
        assert_eq!((error.kind, error.perhaps_done), (Kind::Unreachable, true), "{error:?}");
        assert!(error.error.contains(says), "{error:?}");
    };
    check(&mut scene, Fault::Html, "503 Service Unavailable: <!DOCTYPE html>").await;
    check(&mut scene, Fault::Nothing, "200 OK").await;
    check(&mut scene, Fault::CutBefore, "was lost before there was an answer").await;
    check(&mut scene, Fault::Silence, "gave no answer within").await;

    for _ in 0..3 {
        scene.fake.fails("DescribeInstances", Fault::Html);
    }
    scene.estatus.carry_out(FleetCommand::List);
    let error = scene.estatus.undone().await;
    assert_eq!((error.kind, error.perhaps_done), (Kind::Unreachable, false), "{error:?}");
}

#[tokio::test]
async fn where_nobody_listens_nothing_was_done() {
    let mut scene = scene(quick()).await;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    scene.configure(|ec2| ec2.cloud.endpoint = Some(format!("http://{nobody}/").parse().unwrap()));
    scene.estatus.launch("web-1");
    let error = scene.estatus.undone().await;
    assert_eq!((error.kind, error.perhaps_done), (Kind::Unreachable, false), "{error:?}");
    assert!(error.error.contains("refused the connection"), "{error:?}");
}

#[tokio::test]
async fn what_is_said_after_a_lost_answer_proves_nothing() {
    let mut scene = scene(Pace { visible_within: Duration::from_secs(20), ..quick() }).await;
    // Done and cut off, and then: too often.
    scene.fake.state().shows_after = Duration::from_secs(60);
    scene.fake.fails("RunInstances", Fault::CutAfter);
    for _ in 0..2 {
        scene.fake.fails("RunInstances", Fault::Refused(503, "RequestLimitExceeded"));
    }
    scene.estatus.launch("web-1");
    let error = scene.estatus.undone().await;
    assert_eq!((error.kind, error.perhaps_done), (Kind::Throttled, true), "{error:?}");
    // At the next try it is refused at once.
    for code in ["UnauthorizedOperation", "InvalidLaunchTemplateId.NotFound"] {
        scene.fake.fails("RunInstances", Fault::Refused(400, code));
        scene.estatus.launch("web-1");
        assert!(scene.estatus.undone().await.perhaps_done, "{code}");
    }
    scene.fake.fails("DescribeInstances", Fault::Refused(400, "UnauthorizedOperation"));
    scene.estatus.launch("web-1");
    assert!(scene.estatus.undone().await.perhaps_done);
    assert_eq!(scene.fake.state().living(), 1);
}

#[tokio::test]
async fn a_template_that_does_not_exist_is_a_mistake_in_the_configuration() {
    let mut scene = scene(quick()).await;
    for (template, version, says) in [
        ("lt-0none", "$Latest", "InvalidLaunchTemplateId.NotFound: no lt-0none"),
        ("nothing", "1", "InvalidLaunchTemplateName.NotFoundException: no such name"),
        ("web", "7", "the launch template web has no version 7"),
    ] {
        scene.configure(|ec2| (ec2.template, ec2.version) = (template.to_owned(), version.to_owned()));
        scene.estatus.launch("web-1");
        let error = scene.estatus.undone().await;
        assert_eq!((error.kind, error.perhaps_done, error.error.as_str()), (Kind::Configuration, false, says));
    }
}

#[tokio::test]
async fn refused_credentials_are_looked_for_anew() {
    let mut scene = scene(quick()).await;
    scene.fake.state().keys = vec!["AKIAOTHER".to_owned()];
    scene.estatus.launch("web-1");
    let error = scene.estatus.undone().await;
    assert_eq!(error.kind, Kind::Credentials, "{error:?}");
    assert!(error.error.starts_with("AuthFailure: AWS was not able"), "{error:?}");
    scene.configure(|ec2| {
        let secret = SecretRef::Env("NOT_SET".to_owned());
        ec2.cloud.credentials = Credentials::Key { id: "AKIAFAKE".to_owned(), secret };
    });
    scene.estatus.launch("web-1");
    let error = scene.estatus.undone().await;
    assert_eq!((error.kind, error.error.as_str()), (Kind::Credentials, "it is not set"));
    scene.fake.state().keys = vec!["AKIAFAKE".to_owned()];
    scene.configure(|ec2| {
        let secret = SecretRef::Env("SECRET".to_owned());
        ec2.cloud.credentials = Credentials::Key { id: "AKIAFAKE".to_owned(), secret };
    });
    scene.estatus.launch("web-1");
    scene.estatus.launched().await;
}

#[tokio::test]
async fn a_clock_that_is_off_is_no_obstacle() {
    let mut scene = scene(quick()).await;
    for hours in [3, -2] {
        scene.fake.state().ahead = hours * 60 * 60;
        scene.estatus.carry_out(FleetCommand::List);
        assert_eq!(scene.estatus.next().await, FleetEvent::Listed(Vec::new()));
    }
    let asked = scene.fake.count("DescribeInstances");
    // It is known by now.
    scene.estatus.list().await;
    assert_eq!(scene.fake.count("DescribeInstances"), asked + 1);
}

#[tokio::test]
async fn no_secret_is_told_whatever_is_repeated_to_us() {
    let mut scene = scene(quick()).await;
    scene.estatus.launch("web-1");
    scene.estatus.launched().await;
    let (_, form) = scene.fake.state().asked.iter().find(|(action, _)| action == "RunInstances").unwrap().clone();
    let known = ["the secret key", "single-use-", &form["UserData"]];
    let everything = format!("You have said: the secret key {} {}", form["UserData"], "single-use-");
    scene.fake.fails("RunInstances", Fault::RefusedSaying(400, "SignatureDoesNotMatch", everything));
    scene.estatus.providers.carry_out(
        &Arc::clone(&scene.estatus.fleet),
        FleetCommand::Launch { instance: "web-2".into(), attempt: 0 },
        Some(Enrolment { token: Secret::new("single-use-"), server: String::new() }),
        &Words::new(Language::English, TimeZone::UTC),
    );
    let told = format!("{:?}", scene.estatus.next().await);
    assert!(told.contains("SignatureDoesNotMatch"), "{told}");
    // Of another launch, the user data is no secret that this one knows.
    assert!(!known[..2].iter().any(|secret| told.contains(secret)), "{told}");
}

#[tokio::test]
async fn what_was_launched_a_moment_ago_is_there_although_it_does_not_show() {
    let mut scene = scene(Pace { visible_within: Duration::from_secs(60), ..quick() }).await;
    scene.fake.state().shows_after = Duration::from_secs(60);
    scene.estatus.launch("web-1");
    let id = scene.estatus.launched().await;
    let (_, listed) = scene.estatus.list().await;
    assert_eq!(listed, [Listed { id: id.clone(), name: Some("web-1".into()), lives: true, outdated: false }]);
    // And it is not gone because EC2 does not know it yet.
    scene.estatus.terminate("web-1", Some(&id));
    let error = scene.estatus.undone().await;
    assert_eq!(error.error, "EC2 does not show web-1 yet: it was asked to launch it a short while ago");
    scene.fake.state().shows_after = Duration::ZERO;
    scene.estatus.terminate("web-1", Some(&id));
    assert_eq!(scene.estatus.next().await, FleetEvent::Terminated { instance: "web-1".into(), why: None });
}

#[tokio::test]
async fn what_was_terminated_a_moment_ago_is_gone_although_it_shows() {
    let mut scene = scene(Pace { visible_within: Duration::from_secs(60), ..quick() }).await;
    scene.estatus.launch("web-1");
    let id = scene.estatus.launched().await;
    scene.estatus.terminate("web-1", Some(&id));
    scene.estatus.next().await;
    // EC2 goes on to describe it as it was.
    scene.fake.state().instances[0].ended = None;
    let (_, listed) = scene.estatus.list().await;
    assert_eq!(listed, [Listed { id, name: Some("web-1".into()), lives: false, outdated: false }]);
}

#[tokio::test]
async fn an_instance_is_terminated_once_and_for_all() {
    let mut scene = scene(quick()).await;
    scene.estatus.launch("web-1");
    let id = scene.estatus.launched().await;
    let gone = FleetEvent::Terminated { instance: "web-1".into(), why: None };
    for fault in [Some(Fault::CutAfter), None] {
        if let Some(fault) = fault {
            scene.fake.fails("TerminateInstances", fault);
        }
        scene.estatus.terminate("web-1", Some(&id));
        assert_eq!(scene.estatus.next().await, gone);
    }
    assert_eq!(scene.fake.state().living(), 0);
    // EC2 has forgotten it.
    scene.fake.state().instances.clear();
    scene.estatus.terminate("web-1", Some(&id));
    assert_eq!(scene.estatus.next().await, gone);
}

#[tokio::test]
async fn whose_id_is_not_known_is_terminated_by_name() {
    let mut scene = scene(quick()).await;
    let gone = |name: &str| FleetEvent::Terminated { instance: name.into(), why: None };
    scene.estatus.launch("web-1");
    scene.estatus.launched().await;
    scene.estatus.terminate("web-1", None);
    assert_eq!(scene.estatus.next().await, gone("web-1"));
    assert_eq!(scene.fake.state().living(), 0);
    scene.estatus.terminate("web-2", None);
    assert_eq!(scene.estatus.next().await, gone("web-2"));

    // A launch whose answer was lost may still show.
    scene.pace.visible_within = Duration::from_secs(1);
    scene.restart();
    scene.estatus.terminate("web-2", None);
    assert_eq!(scene.estatus.undone().await.kind, Kind::Other);
    let begun = Instant::now();
    loop {
        scene.estatus.terminate("web-2", None);
        match scene.estatus.next().await {
            FleetEvent::Terminated { .. } => break,
            _ => assert!(begun.elapsed() < PATIENCE),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn whoever_ended_by_itself_is_told_once_with_the_reason() {
    let mut scene = scene(quick()).await;
    for name in ["web-1", "web-2"] {
        scene.estatus.launch(name);
        scene.estatus.launched().await;
    }
    scene.fake.state().instances[0].end("Client.InternalError", "Client.InternalError: Client error on launch");
    scene.fake.state().instances[1].end("Client.UserInitiatedShutdown", "by a user");
    let (told, listed) = scene.estatus.list().await;
    let why = Some("Client.InternalError: Client error on launch".to_owned());
    assert_eq!(told, [FleetEvent::Terminated { instance: "web-1".into(), why: why.clone() }]);
    assert!(listed.len() == 2 && listed.iter().all(|one| !one.lives));
    assert_eq!(scene.estatus.list().await.0, []);
    // And so is whoever launches it again.
    scene.restart();
    scene.estatus.launch("web-1");
    scene.estatus.launched().await;
    assert_eq!(scene.estatus.next().await, FleetEvent::Terminated { instance: "web-1".into(), why });
}

#[tokio::test]
async fn thousands_are_listed_page_by_page_and_others_are_not() {
    let mut scene = scene(quick()).await;
    let tags = |owner: &str, name: String| {
        [("estatus:owner", owner.to_owned()), ("estatus:fleet", "web".to_owned()), ("estatus:instance", name)]
            .map(|(key, value)| (key.to_owned(), value))
            .into()
    };
    for number in 0..2500 {
        let of_ours = tags("here-1", format!("web-{number}"));
        scene.fake.state().launch("ami-1", of_ours, Vec::new());
        scene.fake.state().launch("ami-1", tags("there-2", format!("web-{number}")), Vec::new());
    }
    let (_, listed) = scene.estatus.list().await;
    let names: std::collections::BTreeSet<_> = listed.iter().filter_map(|one| one.name.clone()).collect();
    assert_eq!((listed.len(), names.len(), scene.fake.count("DescribeInstances")), (2500, 2500, 3));
}

#[tokio::test]
async fn a_launch_and_its_end_do_not_overtake_each_other() {
    let mut scene = scene(quick()).await;
    scene.fake.fails("RunInstances", Fault::CutAfter);
    scene.estatus.launch("web-1");
    scene.estatus.terminate("web-1", None);
    scene.estatus.launched().await;
    assert_eq!(scene.estatus.next().await, FleetEvent::Terminated { instance: "web-1".into(), why: None });
    assert_eq!(scene.fake.state().living(), 0);
}

#[tokio::test]
async fn many_are_launched_at_once_and_each_is_one() {
    let mut scene = scene(quick()).await;
    let names: Vec<String> = (1..=50).map(|number| format!("web-{number}")).collect();
    names.iter().for_each(|name| scene.estatus.launch(name));
    for _ in &names {
        scene.estatus.launched().await;
    }
    let state = scene.fake.state();
    assert!(names.iter().all(|name| state.launched_as(name).len() == 1) && state.living() == 50);
}

#[tokio::test]
async fn a_template_for_another_kind_of_image_says_where_the_token_goes() {
    let mut scene = scene(quick()).await;
    let script = b"<powershell>Set-Content C:\\token '@ESTATUS_TOKEN@'; $server = '@ESTATUS_SERVER@'</powershell>";
    scene.fake.state().templates[0] =
        FakeTemplate { versions: vec![("ami-1", script.to_vec())], ..FakeTemplate::new("lt-0abc", "web") };
    scene.estatus.launch("web-1");
    scene.estatus.launched().await;
    let data = String::from_utf8(scene.fake.state().instances[0].user_data.clone()).unwrap();
    assert!(data.starts_with("<powershell>Set-Content C:\\token 'single-use-"), "{data}");
    assert!(data.ends_with("'; $server = 'estatus.example:50051'</powershell>"), "{data}");
}

/// The core, as far as it has to do with launches: it launches what is not launched, and writes down, before it tries again,
/// that an attempt has failed. Estatus is killed at any moment, EC2 fails in any way.
#[tokio::test]
async fn whatever_is_lost_and_whenever_estatus_is_killed_one_name_is_one_instance() {
    const NAMES: usize = 6;
    for seed in 0..8 {
        let mut chance = Chance(seed);
        let pace = Pace {
            visible_within: Duration::from_millis(600),
            look_every: Duration::from_millis(10),
            answer_within: Duration::from_millis(150),
            ..quick()
        };
        let mut scene = scene(pace).await;
        scene.fake.state().shows_after = Duration::from_millis(chance.below(250));
        // What is on disk: whether it is launched, and the attempt.
        let mut disk: BTreeMap<String, (Option<String>, u32)> =
            (1..=NAMES).map(|number| (format!("web-{number}"), (None, 0))).collect();
        let mut tries = 0;
        while disk.values().any(|(id, _)| id.is_none()) {
            tries += 1;
            assert!(tries < 2000, "seed {seed}: it never ends: {disk:?}");
            let faults = [
                Fault::CutBefore,
                Fault::CutAfter,
                Fault::CutAfter,
                Fault::Html,
                Fault::Silence,
                Fault::Refused(503, "RequestLimitExceeded"),
                Fault::Refused(500, "InternalError"),
                Fault::Refused(400, "InvalidAMIID.NotFound"),
            ];
            scene.fake.state().faults.clear();
            for _ in 0..if tries < 60 { chance.below(20) } else { 0 } {
                let action = ["RunInstances", "RunInstances", "DescribeInstances"][chance.below(3) as usize];
                scene.fake.fails(action, faults[chance.below(8) as usize].clone());
            }
            let has_room = tries >= 60 || chance.below(2) == 0;
            scene.fake.state().room = if has_room { usize::MAX } else { chance.below(NAMES as u64) as usize };
            for (name, (id, attempt)) in &disk {
                if id.is_none() {
                    scene.estatus.try_launch(name, *attempt);
                }
            }
            let patience = Duration::from_millis(chance.below(60));
            let mut open = disk.values().filter(|(id, _)| id.is_none()).count();
            let killed = tokio::time::sleep(patience);
            tokio::pin!(killed);
            let is_killed = chance.below(2) == 0 && tries < 60;
            while open > 0 {
                let event = tokio::select! {
                    event = scene.estatus.next() => event,
                    () = &mut killed, if is_killed => break,
                };
                open -= 1;
                match event {
                    FleetEvent::Launched { instance, id } => disk.get_mut(&*instance).unwrap().0 = Some(id),
                    FleetEvent::CannotLaunch { instance, error } if !error.perhaps_done => {
                        disk.get_mut(&*instance).unwrap().1 += 1;
                    }
                    _ => {}
                }
            }
            if is_killed {
                scene.restart();
            }
        }
        let state = scene.fake.state();
        for (name, (id, _)) in &disk {
            assert_eq!(state.launched_as(name), [id.clone().unwrap()], "seed {seed}: {name}");
        }
    }
}
