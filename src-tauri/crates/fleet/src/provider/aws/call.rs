//! What is asked of AWS, and where.

use estatus_core::{fleet::Cloud, secret::Secret};
use url::{Url, form_urlencoded};

/// A service of AWS, as far as it is spoken here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Ec2,
    AutoScaling,
    /// Who gives credentials for a role.
    Sts,
}

impl Service {
    /// Its name, in signatures and hosts.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ec2 => "ec2",
            Self::AutoScaling => "autoscaling",
            Self::Sts => "sts",
        }
    }

    const fn version(self) -> &'static str {
        match self {
            Self::Ec2 => "2016-11-15",
            Self::AutoScaling => "2011-01-01",
            Self::Sts => "2011-06-15",
        }
    }

    /// Where it is asked in `cloud`.
    pub(crate) fn endpoint(self, cloud: &Cloud) -> Option<Url> {
        if let Some(endpoint) = &cloud.endpoint {
            return Some(endpoint.clone());
        }
        let domain = if cloud.region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        format!("https://{}.{}.{domain}/", self.name(), cloud.region).parse().ok()
    }
}

/// A request, in the form that AWS calls Query.
pub(crate) struct Call {
    pub(crate) service: Service,
    pub(crate) action: &'static str,
    parameters: Vec<(String, String)>,
    /// It can be made again when it is not known what became of it, and no more is done than once.
    pub(crate) is_repeatable: bool,
    /// What stands in it that must not be told.
    pub(crate) secrets: Vec<Secret>,
}

impl Call {
    /// A request that can be repeated.
    pub(crate) fn new(service: Service, action: &'static str) -> Self {
        Self { service, action, parameters: Vec::new(), is_repeatable: true, secrets: Vec::new() }
    }

    /// The same, which would do more if it was repeated.
    pub(crate) fn once(self) -> Self {
        Self { is_repeatable: false, ..self }
    }

    /// The same with a further parameter.
    pub(crate) fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.push((name.into(), value.into()));
        self
    }

    /// The same with a further parameter, if there is a value.
    pub(crate) fn with_some(self, name: &str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The same with a further parameter in which a secret stands.
    pub(crate) fn with_secret(mut self, name: &str, value: &Secret) -> Self {
        self.secrets.push(value.clone());
        self.with(name, value.reveal())
    }

    /// Whether it is more than a question.
    pub(crate) fn changes(&self) -> bool {
        self.service != Service::Sts && !self.action.starts_with("Describe")
    }

    /// What is sent.
    pub(crate) fn body(&self) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("Action", self.action).append_pair("Version", self.service.version());
        form.extend_pairs(&self.parameters).finish()
    }
}
