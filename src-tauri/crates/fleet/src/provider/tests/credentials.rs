//! Whose keys a request is signed with.

use estatus_core::fleet::command::ProviderErrorKind as Kind;

use super::{fake_aws::Fault, *};

/// What a list comes to with these credentials, in this environment, with these files in `~/.aws`; by whose key.
async fn check(
    credentials: Credentials,
    environment: &[(&str, &str)],
    files: &[(&str, &str)],
    expected: Result<&str, (Kind, &str)>,
) {
    let (fake, data) = (FakeAws::start().await, tempfile::tempdir().unwrap());
    fake.state().machine_role = Some("of-the-machine");
    fake.state().keys =
        expected.map_or_else(|_| vec!["AKIAFAKE".to_owned()], |key| vec![key.to_owned(), "AKIASOURCE".to_owned()]);
    std::fs::create_dir(data.path().join(".aws")).unwrap();
    for (name, text) in files {
        std::fs::write(data.path().join(".aws").join(name), text).unwrap();
    }
    let home = data.path().to_str().unwrap().to_owned();
    let base = fake.url.as_str().trim_end_matches('/').to_owned();
    let environment: Vec<(String, String)> = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.replace("HERE", &base).replace("HOME", &home)))
        .chain([("HOME".to_owned(), home.clone()), ("AWS_EC2_METADATA_SERVICE_ENDPOINT".to_owned(), base.clone())])
        .collect();
    let environment: Vec<(&str, &str)> =
        environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let cloud = Cloud { credentials, ..cloud(&fake) };
    let ec2 = Ec2 { template: "lt-0abc".to_owned(), version: "1".to_owned(), image: None, cloud };
    let runs: Runs = Box::new(|run| {
        assert_eq!(run.command.to_string(), "print-keys");
        outcome(CommandEnd::Exited(0), &fake_aws::keys("AKIAPROCESS"))
    });
    let mut estatus = Estatus::start(data.path(), quick(), &environment, Provider::Ec2(ec2), runs);
    estatus.carry_out(FleetCommand::List);
    match (expected, estatus.next().await) {
        (Ok(_), FleetEvent::Listed(_)) => {}
        (Err((kind, says)), FleetEvent::CannotList(error)) => {
            assert_eq!(error.kind, kind, "{error:?}");
            assert!(error.error.contains(says), "{error:?}");
        }
        (expected, other) => panic!("{expected:?}: {other:?}"),
    }
}

fn profile(name: &str) -> Credentials {
    Credentials::Profile(name.to_owned())
}

const KEYS: (&str, &str) = (
    "credentials",
    "[default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key = s\n[source]\naws_access_key_id = AKIASOURCE\naws_secret_access_key = s",
);
const OF_ENVIRONMENT: [(&str, &str); 3] =
    [("AWS_ACCESS_KEY_ID", "AKIAENV"), ("AWS_SECRET_ACCESS_KEY", "s"), ("AWS_SESSION_TOKEN", "t")];

#[tokio::test]
async fn the_usual_ones_are_found_in_the_order_of_aws() {
    check(Credentials::Usual, &OF_ENVIRONMENT, &[KEYS], Ok("AKIAENV")).await;
    check(Credentials::Usual, &[], &[KEYS], Ok("AKIADEFAULT")).await;
    check(Credentials::Usual, &[("AWS_PROFILE", "source")], &[KEYS], Ok("AKIASOURCE")).await;
    check(Credentials::Usual, &[], &[("config", "[default]\nregion = eu-west-1")], Ok("AKIAMACHINE")).await;
    check(
        Credentials::Usual,
        &[("AWS_SHARED_CREDENTIALS_FILE", "HOME/.aws/other")],
        &[("other", KEYS.1)],
        Ok("AKIADEFAULT"),
    )
    .await;
    let nothing = Err((Kind::Credentials, "no credentials were found"));
    check(Credentials::Usual, &[("AWS_EC2_METADATA_DISABLED", "true")], &[], nothing).await;
    let none = Err((Kind::Credentials, "there is no profile “other”"));
    check(Credentials::Usual, &[("AWS_PROFILE", "other")], &[KEYS], none).await;
}

#[tokio::test]
async fn a_role_is_that_of_the_container_or_the_machine() {
    check(Credentials::Role, &OF_ENVIRONMENT, &[KEYS], Ok("AKIAMACHINE")).await;
    let container = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "HERE/container"),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "HOME/.aws/token"),
    ];
    check(Credentials::Role, &container, &[("token", "of the container\n")], Ok("AKIACONTAINER")).await;
    let stranger = [("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://keys.example.com/")];
    check(Credentials::Role, &stranger, &[], Err((Kind::Credentials, "FULL_URI must be https"))).await;
    let off = [("AWS_EC2_METADATA_DISABLED", "true")];
    check(Credentials::Role, &off, &[KEYS], Err((Kind::Credentials, "this machine has no role"))).await;
}

#[tokio::test]
async fn a_profile_has_keys_a_process_or_a_role() {
    let config = |text: &'static str| ("config", text);
    check(profile("source"), &OF_ENVIRONMENT, &[KEYS], Ok("AKIASOURCE")).await;
    check(profile("p"), &[], &[config("[profile p]\ncredential_process = print-keys")], Ok("AKIAPROCESS")).await;
    let role = "[profile p]\nrole_arn = arn:aws:iam::1:role/AKIAROLE\nsource_profile = source\nexternal_id = ours";
    check(profile("p"), &[], &[KEYS, config(role)], Ok("AKIAROLE")).await;
    let role = "[profile p]\nrole_arn = arn:aws:iam::1:role/AKIAROLE\nsource_profile = source\nexternal_id = no";
    check(profile("p"), &[], &[KEYS, config(role)], Err((Kind::Credentials, "AuthFailure"))).await;
    let role = "[profile p]\nrole_arn = arn:aws:iam::1:role/AKIAROLE\nweb_identity_token_file = /no/such/file";
    check(profile("p"), &[], &[config(role)], Err((Kind::Credentials, "/no/such/file"))).await;
    let circle = "[profile p]\nrole_arn = r\nsource_profile = q\n[profile q]\nrole_arn = r\nsource_profile = p";
    check(profile("p"), &[], &[config(circle)], Err((Kind::Credentials, "leads back to itself"))).await;
    let browser = "[profile p]\nsso_session = ours\nsso_account_id = 1";
    check(profile("p"), &[], &[config(browser)], Err((Kind::Credentials, "“p” has no keys that a program can use")))
        .await;
}

#[tokio::test]
async fn a_web_identity_takes_its_role() {
    let environment =
        [("AWS_WEB_IDENTITY_TOKEN_FILE", "HOME/.aws/identity"), ("AWS_ROLE_ARN", "arn:aws:iam::1:role/AKIAWEB")];
    check(Credentials::Usual, &environment, &[("identity", "who I am\n")], Ok("AKIAWEB")).await;
    // What is not accepted is not repeated either.
    let refused = Err((Kind::Credentials, "InvalidIdentityToken: *** is no token"));
    check(Credentials::Usual, &environment, &[("identity", "somebody else")], refused).await;
}

#[tokio::test]
async fn keys_are_kept_while_they_hold() {
    let (fake, data) = (FakeAws::start().await, tempfile::tempdir().unwrap());
    fake.state().machine_role = Some("of-the-machine");
    fake.state().keys = vec!["AKIAMACHINE".to_owned()];
    let base = fake.url.as_str().trim_end_matches('/').to_owned();
    let cloud = Cloud { credentials: Credentials::Role, ..cloud(&fake) };
    let ec2 = Ec2 { template: "lt-0abc".to_owned(), version: "1".to_owned(), image: None, cloud };
    let environment = [("AWS_EC2_METADATA_SERVICE_ENDPOINT", base.as_str())];
    let mut estatus = Estatus::start(data.path(), quick(), &environment, Provider::Ec2(ec2), no_commands());
    estatus.list().await;
    // Nobody gives any more.
    fake.state().machine_role = None;
    estatus.list().await;
    // Until they are refused.
    fake.fails("DescribeInstances", Fault::Refused(403, "ExpiredToken"));
    estatus.carry_out(FleetCommand::List);
    assert!(estatus.undone().await.error.starts_with("ExpiredToken"));
    estatus.carry_out(FleetCommand::List);
    assert_eq!(
        estatus.undone().await.error,
        "this machine has no role: give its instance a profile with one, or choose other credentials"
    );
}
