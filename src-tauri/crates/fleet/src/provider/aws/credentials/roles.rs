//! Keys of roles: of the container or the machine that Estatus runs on, and those that others may take.

use std::net::IpAddr;

use estatus_core::{
    Timestamp,
    fleet::command::{ProviderError, ProviderErrorKind as Kind},
    secret::Secret,
};
use reqwest::Method;
use roxmltree::Node;
use url::{Host, Url};

use super::{Keys, Said, Search};
use crate::provider::{
    aws::{
        call::{Call, Service},
        line::Beside,
        xml::Element,
    },
    fault::not_done,
};

/// Where a machine of EC2 is asked about itself.
const MACHINE: &str = "http://169.254.169.254";
/// Where a container of ECS is.
const CONTAINER: &str = "http://169.254.170.2";
/// Beside this machine itself, those of ECS and EKS give keys without TLS.
const NEIGHBOURS: [&str; 3] = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"];
/// For so many seconds a machine lets itself be asked; one is asked anew each time.
const ASKED_FOR: &str = "60";
const SESSION: &str = "estatus";

impl Search<'_> {
    /// The keys of the role that the container or the machine has; nothing where there is no such thing.
    pub(super) async fn of_role(&self) -> Result<Option<Keys>, ProviderError> {
        let variable = |name| self.environment.get(name);
        let url = match (
            variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"),
            variable("AWS_CONTAINER_CREDENTIALS_FULL_URI"),
        ) {
            (Some(path), _) => format!("{CONTAINER}{path}"),
            (None, Some(url)) => url,
            (None, None) => return Ok(self.of_machine().await),
        };
        let url = Url::parse(&url).ok().filter(is_trusted);
        let url = url.ok_or_else(|| self.fault("provider.container_url", &[]))?;
        let token = match variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
            Some(file) => tokio::fs::read_to_string(file).await.ok(),
            None => variable("AWS_CONTAINER_AUTHORIZATION_TOKEN"),
        };
        let headers: Vec<_> = token.iter().map(|token| ("authorization", token.trim())).collect();
        let keys = self.beside(Method::GET, &url, &headers).await.and_then(|said| Said::read(&said));
        keys.map(Some).ok_or_else(|| self.fault("provider.no_role", &[]))
    }

    /// By the second version of the machine's own service, which answers nobody who was sent there by somebody else.
    async fn of_machine(&self) -> Option<Keys> {
        let variable = |name| self.environment.get(name);
        if variable("AWS_EC2_METADATA_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return None;
        }
        let base = variable("AWS_EC2_METADATA_SERVICE_ENDPOINT").unwrap_or_else(|| MACHINE.to_owned());
        let url = |path: &str| format!("{}/latest/{path}", base.trim_end_matches('/')).parse::<Url>().ok();
        let lifetime = [("x-aws-ec2-metadata-token-ttl-seconds", ASKED_FOR)];
        let token = self.beside(Method::PUT, &url("api/token")?, &lifetime).await?;
        let token = [("x-aws-ec2-metadata-token", token.trim())];
        let roles = "meta-data/iam/security-credentials/";
        let role = self.beside(Method::GET, &url(roles)?, &token).await?;
        let role = role.lines().next()?.trim();
        Said::read(&self.beside(Method::GET, &url(&format!("{roles}{role}"))?, &token).await?)
    }

    async fn beside(&self, method: Method, url: &Url, headers: &[(&'static str, &str)]) -> Option<String> {
        let answer = self.line.beside(Beside { method, url, headers }, self.asking.words).await?;
        answer.status.is_success().then_some(answer.body)
    }

    /// The keys of `role`, which whoever has `own` may take.
    pub(super) async fn assume(
        &self,
        own: &Keys,
        role: &str,
        session: Option<String>,
        external_id: Option<&str>,
    ) -> Result<Keys, ProviderError> {
        let call = Call::new(Service::Sts, "AssumeRole")
            .with("RoleArn", role)
            .with("RoleSessionName", session.unwrap_or_else(|| SESSION.to_owned()))
            .with_some("ExternalId", external_id);
        Ok(self.line.ask(self.asking, &call, Some(own), |root| keys(root.child("AssumeRoleResult")?)).await?)
    }

    /// The keys of `role`, which whoever has the token in `file` may take.
    pub(super) async fn of_web_identity(
        &self,
        file: &str,
        role: &str,
        session: Option<String>,
    ) -> Result<Keys, ProviderError> {
        let token = tokio::fs::read_to_string(file).await.map_err(|error| {
            let values = [("file", file), ("error", &error.to_string())];
            not_done(Kind::Credentials, self.asking.words.text("provider.identity_file", &values))
        })?;
        let call = Call::new(Service::Sts, "AssumeRoleWithWebIdentity")
            .with("RoleArn", role)
            .with("RoleSessionName", session.unwrap_or_else(|| SESSION.to_owned()))
            .with_secret("WebIdentityToken", &Secret::new(token.trim()));
        let read = |root: Node<'_, '_>| keys(root.child("AssumeRoleWithWebIdentityResult")?);
        Ok(self.line.ask(self.asking, &call, None, read).await?)
    }
}

/// Whether keys may come from there, and a token be sent there: by TLS, or from this machine or beside it.
fn is_trusted(url: &Url) -> bool {
    let is_near = |address: IpAddr| address.is_loopback() || NEIGHBOURS.contains(&address.to_string().as_str());
    match (url.scheme(), url.host()) {
        ("https", Some(_)) => true,
        ("http", Some(Host::Ipv4(address))) => is_near(address.into()),
        ("http", Some(Host::Ipv6(address))) => is_near(address.into()),
        ("http", Some(Host::Domain(name))) => name == "localhost",
        _ => false,
    }
}

fn keys(result: Node<'_, '_>) -> Option<Keys> {
    let said = result.child("Credentials")?;
    Some(Keys {
        id: said.text_of("AccessKeyId")?.to_owned(),
        secret: Secret::new(said.text_of("SecretAccessKey")?),
        session: said.text_of("SessionToken").map(Secret::new),
        until: said.text_of("Expiration").and_then(|until| until.parse::<Timestamp>().ok()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_by_tls_or_from_beside_this_machine() {
        let check = |url: &str, expected: bool| assert_eq!(is_trusted(&url.parse().unwrap()), expected, "{url}");
        check("http://169.254.170.2/v2/credentials/1", true);
        check("http://[fd00:ec2::23]/v1/credentials", true);
        check("http://127.0.0.1:9911/", true);
        check("http://localhost/", true);
        check("https://keys.example.com/", true);
        check("http://keys.example.com/", false);
        check("http://192.0.2.1/", false);
        check("file:///etc/passwd", false);
    }
}
