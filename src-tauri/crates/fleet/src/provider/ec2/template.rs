//! Launch templates, as far as it must be known what a launch by them would come to.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use estatus_core::fleet::{Ec2, command::ProviderErrorKind as Kind};
use roxmltree::Node;
use tokio::time::Instant;

use super::instances::{Seen, tags};
use crate::provider::{
    aws::{
        Asking, Aws, CallError,
        call::{Call, Service},
        xml::Element,
    },
    fault::not_done,
    pace::Pace,
};

/// One version of a launch template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    pub(crate) id: String,
    /// Its number, where the configuration may say `$Latest`.
    pub(crate) version: String,
    pub(crate) image: Option<String>,
    /// What it gives its instances to begin with.
    pub(crate) user_data: Option<Vec<u8>>,
}

/// Which version of which template is meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Which {
    /// Its id (`lt-…`) or name.
    pub(crate) template: String,
    /// A number, `$Latest` or `$Default`.
    pub(crate) version: String,
}

impl Which {
    pub(crate) fn of(ec2: &Ec2) -> Self {
        Self { template: ec2.template.clone(), version: ec2.version.clone() }
    }

    /// The parameter that names the template, after `prefix`.
    pub(crate) fn parameter(&self, prefix: &str) -> String {
        let by = if self.template.starts_with("lt-") { "LaunchTemplateId" } else { "LaunchTemplateName" };
        format!("{prefix}{by}")
    }
}

impl Template {
    /// Whether `seen` was launched from another one than this, or from another image than `image`, over the template's.
    /// Where it does not show, it was not.
    pub(crate) fn is_left_by(&self, seen: &Seen, image: Option<&str>) -> bool {
        let differs = |tag: &str, expected: &str| seen.tag(tag).is_some_and(|value| value != expected);
        // An image may be named by a parameter that stands for one.
        let image = image.or(self.image.as_deref()).filter(|image| image.starts_with("ami-"));
        differs(tags::TEMPLATE, &self.id)
            || differs(tags::TEMPLATE_VERSION, &self.version)
            || image.zip(seen.image.as_deref()).is_some_and(|(wanted, its)| wanted != its)
    }

    fn read(root: Node<'_, '_>) -> Option<Option<Self>> {
        root.child("launchTemplateVersionSet")?;
        let Some(version) = root.list("launchTemplateVersionSet").next() else { return Some(None) };
        let data = version.child("launchTemplateData");
        let user_data = data.and_then(|data| data.text_of("userData"));
        Some(Some(Self {
            id: version.text_of("launchTemplateId")?.to_owned(),
            version: version.text_of("versionNumber")?.to_owned(),
            image: data.and_then(|data| data.text_of("imageId")).map(str::to_owned),
            user_data: user_data.map(|text| STANDARD.decode(text)).transpose().ok()?,
        }))
    }
}

/// What is known of templates for a while.
#[derive(Default)]
pub(crate) struct Templates(Mutex<BTreeMap<Which, (Template, Instant)>>);

impl Templates {
    /// What a template says, now or a while ago.
    ///
    /// # Errors
    /// If there is no such thing, or EC2 does not say.
    pub(crate) async fn get(
        &self,
        aws: &Aws,
        asking: Asking<'_>,
        which: &Which,
        pace: &Pace,
    ) -> Result<Template, CallError> {
        let known = |it: &BTreeMap<Which, (Template, Instant)>| it.get(which).cloned();
        let fresh = |(template, at): (Template, Instant)| (at.elapsed() < pace.template_holds).then_some(template);
        if let Some(template) = known(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).and_then(fresh) {
            return Ok(template);
        }
        let call = Call::new(Service::Ec2, "DescribeLaunchTemplateVersions")
            .with(which.parameter(""), which.template.as_str())
            .with("LaunchTemplateVersion.1", which.version.as_str());
        let template = aws.ask(asking, &call, Template::read).await?.ok_or_else(|| {
            let values = [("template", which.template.as_str()), ("version", &which.version)];
            not_done(Kind::Configuration, asking.words.text("provider.no_template", &values))
        })?;
        // What was asked for before belongs to an older configuration.
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.clear();
        all.insert(which.clone(), (template.clone(), Instant::now()));
        Ok(template)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn an_instance_is_outdated_where_template_version_or_image_differ() {
        let template =
            Template { id: "lt-1".into(), version: "7".into(), image: Some("ami-1".into()), user_data: None };
        let check = |id: &str, version: &str, its_image: &str, image: Option<&str>, expected: bool| {
            let tag = |key: &str, value: &str| (key.to_owned(), value.to_owned());
            let seen = Seen {
                id: "i-1".into(),
                image: Some(its_image.into()),
                launched: String::new(),
                lives: true,
                ended_by_itself: None,
                tags: BTreeMap::from([tag(tags::TEMPLATE, id), tag(tags::TEMPLATE_VERSION, version)]),
            };
            assert_eq!(template.is_left_by(&seen, image), expected, "{seen:?}");
            let unknown = Seen { tags: BTreeMap::new(), image: None, ..seen };
            assert!(!template.is_left_by(&unknown, image));
        };
        check("lt-1", "7", "ami-1", None, false);
        check("lt-1", "6", "ami-1", None, true);
        check("lt-2", "7", "ami-1", None, true);
        check("lt-1", "7", "ami-2", None, true);
        check("lt-1", "7", "ami-2", Some("ami-2"), false);
        check("lt-1", "7", "ami-2", Some("resolve:ssm:/ours"), false);
    }
}
