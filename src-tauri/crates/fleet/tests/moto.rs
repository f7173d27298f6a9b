//! Providers against moto, an AWS that others have made of what the real one answers. `cargo xtask test` fetches it.
#![cfg(unix)]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test program")]

use std::{env, path::PathBuf, sync::Arc, time::Duration};

use estatus_core::{
    command::{CommandOutcome, CommandRun},
    config::Language,
    fleet::{
        Cloud, Credentials, Ec2, Fleet, Provider,
        command::{FleetCommand, FleetEvent, Listed, ProviderError, ProviderErrorKind as Kind},
    },
    ports::{BoxFuture, Ports},
    secret::{Secret, SecretError, SecretRef},
    words::Words,
};
use estatus_fleet::{Enrolment, ProviderEvent, Providers};
use estatus_valet::{Fixture, Running};
use jiff::tz::TimeZone;
use tempfile::TempDir;
use tokio::sync::mpsc;
use url::Url;

const PATIENCE: Duration = Duration::from_secs(60);

/// Serves until its standard input ends.
const SERVE: &str = "
import logging, sys
from moto.server import ThreadedMotoServer
logging.getLogger('werkzeug').setLevel(logging.ERROR)
server = ThreadedMotoServer('127.0.0.1', 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
";

struct Moto {
    url: Url,
    _server: Running,
}

struct TestPorts;

impl Ports for TestPorts {
    fn run(&self, _: CommandRun) -> BoxFuture<'_, CommandOutcome> {
        panic!("no command is run here")
    }

    fn secret<'a>(&'a self, _: &'a SecretRef) -> BoxFuture<'a, Result<Secret, SecretError>> {
        Box::pin(async { Ok(Secret::new("whatever")) })
    }
}

struct Estatus {
    providers: Providers,
    events: mpsc::Receiver<ProviderEvent>,
    fleet: Arc<Fleet>,
    _data: TempDir,
}

impl Moto {
    /// Starts one that has a launch template `web`.
    async fn start() -> Self {
        // Another test may have done so.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let server = Fixture::new(python().to_str().unwrap()).args(["-c", SERVE]).start();
        let port = server.expect_line(PATIENCE, "its port");
        let moto = Self { url: format!("http://127.0.0.1:{}/", port.trim()).parse().unwrap(), _server: server };
        let images = moto.ask("ec2", "DescribeImages", &[("MaxResults", "1")]).await;
        let image = between(&images, "<imageId>", "</imageId>");
        // #!/bin/sh
        let data = [
            ("LaunchTemplateName", "web"),
            ("LaunchTemplateData.ImageId", image),
            ("LaunchTemplateData.UserData", "IyEvYmluL3NoCg=="),
        ];
        moto.ask("ec2", "CreateLaunchTemplate", &data).await;
        moto
    }

    /// Asks it for something by hand.
    async fn ask(&self, service: &str, action: &str, parameters: &[(&str, &str)]) -> String {
        let version = if service == "ec2" { "2016-11-15" } else { "2011-01-01" };
        let form: Vec<_> = [("Action", action), ("Version", version)].iter().chain(parameters).copied().collect();
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        // It is known by the signature which service is asked, and that is not checked.
        let scope = format!(
            "AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
        );
        let client = reqwest::Client::builder().tls_certs_only([]).no_proxy().build().unwrap();
        let request = client
            .post(self.url.clone())
            .header("authorization", scope)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        let response = request.send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        assert!(status.is_success(), "{action}: {text}");
        text
    }

    fn cloud(&self) -> Cloud {
        let credentials = Credentials::Key { id: "AKIA".to_owned(), secret: SecretRef::Env("SECRET".to_owned()) };
        Cloud { region: "us-east-1".to_owned(), endpoint: Some(self.url.clone()), credentials }
    }

    fn ec2(&self, template: &str, version: &str) -> Provider {
        let (template, version) = (template.to_owned(), version.to_owned());
        Provider::Ec2(Ec2 { template, version, image: None, cloud: self.cloud() })
    }

    fn asg(&self) -> Provider {
        Provider::Asg { group: "web-asg".to_owned(), cloud: self.cloud() }
    }
}

impl Estatus {
    fn start(provider: Provider) -> Self {
        let (data, (sender, events)) = (tempfile::tempdir().unwrap(), mpsc::channel(10));
        let providers = Providers::new(data.path(), "here-1".to_owned(), Arc::new(TestPorts), sender);
        Self { providers, events, fleet: Arc::new(Fleet { provider, ..Fleet::new("web") }), _data: data }
    }

    fn configure(&mut self, provider: Provider) {
        self.fleet = Arc::new(Fleet { provider, ..Fleet::clone(&self.fleet) });
    }

    async fn carry_out(&mut self, command: FleetCommand) -> FleetEvent {
        let enrolment = Enrolment { token: Secret::new("once"), server: "estatus.example:50051".to_owned() };
        let words = Words::new(Language::English, TimeZone::UTC);
        self.providers.carry_out(&self.fleet, command, Some(enrolment), &words);
        tokio::time::timeout(PATIENCE, self.events.recv()).await.expect("something is told").unwrap().event
    }

    async fn launch(&mut self, instance: &str) -> Result<String, ProviderError> {
        match self.carry_out(FleetCommand::Launch { instance: instance.into(), attempt: 0 }).await {
            FleetEvent::Launched { id, .. } => Ok(id),
            FleetEvent::CannotLaunch { error, .. } => Err(error),
            other => panic!("{other:?}"),
        }
    }

    async fn terminate(&mut self, instance: &str, id: Option<String>) {
        let told = self.carry_out(FleetCommand::Terminate { instance: instance.into(), id }).await;
        assert_eq!(told, FleetEvent::Terminated { instance: instance.into(), why: None });
    }

    async fn list(&mut self) -> Vec<Listed> {
        match self.carry_out(FleetCommand::List).await {
            FleetEvent::Listed(listed) => listed,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn instances_of_ec2_come_and_go() {
    let moto = Moto::start().await;
    let mut estatus = Estatus::start(moto.ec2("web", "$Latest"));
    let one = estatus.launch("web-1").await.unwrap();
    let other = estatus.launch("web-2").await.unwrap();
    assert_eq!(estatus.launch("web-1").await.unwrap(), one);

    let entry =
        |id: &str, name: &str, lives, outdated| Listed { id: id.to_owned(), name: Some(name.into()), lives, outdated };
    let mut listed = estatus.list().await;
    listed.sort_by(|one, other| one.name.cmp(&other.name));
    assert_eq!(listed, [entry(&one, "web-1", true, false), entry(&other, "web-2", true, false)]);

    let data = moto.ask("ec2", "DescribeInstanceAttribute", &[("InstanceId", &one), ("Attribute", "userData")]).await;
    assert!(data.contains("<userData><value>"), "{data}");

    // A new version of the template leaves them behind.
    let new = [("LaunchTemplateName", "web"), ("SourceVersion", "1"), ("LaunchTemplateData.InstanceType", "m5.large")];
    moto.ask("ec2", "CreateLaunchTemplateVersion", &new).await;
    estatus.configure(moto.ec2("web", "2"));
    assert!(estatus.list().await.iter().all(|one| one.outdated));

    estatus.terminate("web-1", Some(one.clone())).await;
    estatus.terminate("web-1", Some(one.clone())).await;
    estatus.terminate("web-2", None).await;
    assert!(estatus.list().await.iter().all(|one| !one.lives));
}

#[tokio::test]
async fn mistakes_in_the_configuration_are_named() {
    let moto = Moto::start().await;
    let check = async |template: &str, version: &str, says: &str| {
        let error = Estatus::start(moto.ec2(template, version)).launch("web-1").await.unwrap_err();
        assert_eq!(error.kind, Kind::Configuration, "{error:?}");
        assert!(error.error.contains(says), "{error:?}");
    };
    check("nothing", "$Latest", "InvalidLaunchTemplateName.NotFoundException").await;
    check("lt-0123456789abcdef0", "$Latest", "InvalidLaunchTemplateId.NotFound").await;
    let error = Estatus::start(moto.asg()).launch("web-1").await.unwrap_err();
    assert_eq!(error.error, "there is no Auto Scaling group “web-asg” in this region");
}

#[tokio::test]
async fn a_group_grows_and_shrinks_as_it_is_driven() {
    let moto = Moto::start().await;
    let group = [
        ("AutoScalingGroupName", "web-asg"),
        ("MinSize", "0"),
        ("MaxSize", "3"),
        ("DesiredCapacity", "1"),
        ("AvailabilityZones.member.1", "us-east-1a"),
        ("LaunchTemplate.LaunchTemplateName", "web"),
        ("LaunchTemplate.Version", "$Latest"),
    ];
    moto.ask("autoscaling", "CreateAutoScalingGroup", &group).await;
    let of_group = ("AutoScalingGroupName", "web-asg");
    let policy = [
        of_group,
        ("PolicyName", "by-cpu"),
        ("PolicyType", "SimpleScaling"),
        ("AdjustmentType", "ChangeInCapacity"),
        ("ScalingAdjustment", "1"),
    ];
    moto.ask("autoscaling", "PutScalingPolicy", &policy).await;
    let desired = async || {
        let group = [("AutoScalingGroupNames.member.1", "web-asg")];
        let group = moto.ask("autoscaling", "DescribeAutoScalingGroups", &group).await;
        between(&group, "<DesiredCapacity>", "</DesiredCapacity>").to_owned()
    };

    let mut estatus = Estatus::start(moto.asg());
    let before = estatus.list().await;
    assert!(before.len() == 1 && before[0].name.is_none() && before[0].lives && !before[0].outdated, "{before:?}");

    let error = estatus.launch("web-1").await.unwrap_err();
    assert!(error.kind == Kind::Configuration && error.error.contains("by-cpu"), "{error:?}");
    let suspended = [of_group, ("ScalingProcesses.member.1", "AlarmNotification")];
    moto.ask("autoscaling", "SuspendProcesses", &suspended).await;

    // The one that was there is the first.
    let one = estatus.launch("web-1").await.unwrap();
    assert_eq!((one.as_str(), desired().await.as_str()), (before[0].id.as_str(), "1"));
    let other = estatus.launch("web-2").await.unwrap();
    assert_eq!(desired().await, "2");
    let mut listed = estatus.list().await;
    listed.sort_by(|one, other| one.name.cmp(&other.name));
    let names: Vec<_> = listed.iter().map(|one| (one.id.as_str(), one.name.as_deref(), one.lives)).collect();
    assert_eq!(names, [(one.as_str(), Some("web-1"), true), (other.as_str(), Some("web-2"), true)]);

    estatus.terminate("web-1", Some(one.clone())).await;
    assert_eq!(desired().await, "1");
    estatus.terminate("web-1", Some(one)).await;
    assert_eq!(desired().await, "1");
    estatus.terminate("web-2", None).await;
    assert_eq!(desired().await, "0");
}

fn between<'a>(text: &'a str, begin: &str, end: &str) -> &'a str {
    let rest = text.split_once(begin).unwrap_or_else(|| panic!("no {begin} in {text}")).1;
    rest.split_once(end).unwrap().0
}

/// Where `cargo xtask test` has put it.
fn python() -> PathBuf {
    let named = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let caches = named("XDG_CACHE_HOME").or_else(|| env::home_dir().map(|home| home.join(".cache"))).unwrap();
    let python = caches.join("estatus/moto/venv/bin/python");
    assert!(python.is_file(), "moto is not there: `cargo xtask test` fetches it");
    python
}
