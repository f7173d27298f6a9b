//! Who gives keys: the machine's own service, the container's, and STS.

use super::{Form, Refused, Request, State, refused};

/// What the machine's or the container's service says.
pub(super) fn answer(state: &State, request: &Request) -> Option<String> {
    let roles = "/latest/meta-data/iam/security-credentials/";
    let role = state.machine_role?;
    let has = |name: &str, value: &str| request.headers.get(name).is_some_and(|its| its == value);
    match (request.method.as_str(), request.path.as_str()) {
        ("PUT", "/latest/api/token") if request.headers.contains_key("x-aws-ec2-metadata-token-ttl-seconds") => {
            Some("for a minute".to_owned())
        }
        ("GET", "/container") if has("authorization", "of the container") => Some(keys("AKIACONTAINER")),
        ("GET", _) if !has("x-aws-ec2-metadata-token", "for a minute") => None,
        ("GET", path) if path == roles => Some(role.to_owned()),
        ("GET", path) if path.strip_prefix(roles) == Some(role) => Some(keys("AKIAMACHINE")),
        _ => None,
    }
}

/// As JSON, for six hours.
pub(crate) fn keys(id: &str) -> String {
    let until = estatus_core::Timestamp::now() + std::time::Duration::from_secs(6 * 60 * 60);
    format!(
        r#"{{"Code":"Success","AccessKeyId":"{id}","SecretAccessKey":"secret of {id}","Token":"session","Expiration":"{until}"}}"#
    )
}

/// The keys of a role: its name is their id.
pub(super) fn assume(state: &State, action: &str, form: &Form) -> Result<String, Refused> {
    if form.get("ExternalId").is_some_and(|id| id != "ours") {
        return refused(403, "AccessDenied", "not for you");
    }
    if form.get("WebIdentityToken").is_some_and(|token| token != "who I am") {
        return refused(400, "InvalidIdentityToken", &format!("{} is no token", form["WebIdentityToken"]));
    }
    let id = form["RoleArn"].rsplit('/').next().unwrap_or_default();
    assert!(!state.keys.is_empty());
    Ok(format!(
        "<{action}Result><Credentials><AccessKeyId>{id}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
         <SessionToken>session</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></{action}Result>"
    ))
}
