//! Instances of EC2, each launched from a launch template.
//!
//! # One launch, one instance
//!
//! Three things see to it, and each covers what the others do not:
//!
//! - **The tags** `estatus:owner`, `estatus:fleet` and `estatus:instance`, which an instance has from its first moment. Before
//!   anything is launched it is looked whether there is one of the name. That covers whatever was launched minutes ago or
//!   more, by whichever process of Estatus.
//! - **The client token**, made of the installation, the fleet, the name and the number of the attempt, and so the same
//!   whoever asks. EC2 launches nothing for a token that it knows, but gives back what it has launched for it. That covers
//!   what was launched a moment ago and has no tags yet that show; it holds for a day after the instance has ended.
//! - **The attempt.** EC2 remembers the token of a launch that it has refused, too, and then refuses every other wording of
//!   it (`IdempotentParameterMismatch`): a new enrolment token, a corrected template. So an attempt that is known to have
//!   failed is followed by one with another number, which the core writes down first. That it is *known* is said by
//!   `perhaps_done = false`; while it is open, the next try has the same number. It is open where an answer was lost, and for
//!   [`Pace::visible_within`] after that, or after the start of Estatus, whatever is said next, but that there is no room: EC2
//!   only says that of what it has not launched. If EC2 knows a try and still shows nothing of it after so long, it has failed.
//!
//! It takes the rights `ec2:RunInstances`, `ec2:CreateTags`,
//! `ec2:DescribeInstances`, `ec2:DescribeLaunchTemplateVersions`, `ec2:TerminateInstances`, and `iam:PassRole` if the template
//! gives its instances a role.

pub(crate) mod instances;
mod recent;
pub(crate) mod template;
pub(crate) mod user_data;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use estatus_core::{
    fleet::{
        Ec2, Fleet,
        command::{FleetEvent, Listed, ProviderError, ProviderErrorKind as Kind},
    },
    secret::Secret,
    words::Words,
};
use roxmltree::Node;
use sha2::{Digest as _, Sha256};
use tokio::time::sleep;

use self::{
    instances::{Seen, describe, tags},
    recent::Recent,
    template::{Templates, Which},
};
use super::{
    Enrolment, World,
    aws::{
        Asking, CallError,
        call::{Call, Service},
        xml::Element,
    },
    fault::not_done,
    pace::Pace,
};

/// What is remembered of a fleet of EC2 while Estatus runs.
pub(crate) struct Ec2Memory {
    recent: Mutex<Recent>,
    templates: Templates,
}

impl Ec2Memory {
    /// Nothing.
    pub(crate) fn new(pace: &Pace) -> Self {
        Self { recent: Mutex::new(Recent::new(pace)), templates: Templates::default() }
    }
}

/// Does one thing with the instances of a fleet.
pub(crate) struct Ec2Work<'a> {
    pub(crate) world: &'a World,
    pub(crate) fleet: &'a Fleet,
    pub(crate) ec2: &'a Ec2,
    pub(crate) words: &'a Words,
    pub(crate) memory: &'a Ec2Memory,
}

/// What there is of a name.
enum Found {
    /// One that lives, or will.
    Living(String),
    /// One that was.
    Ended(String, Option<String>),
    /// None that shows.
    Nothing,
}

impl Ec2Work<'_> {
    /// Launches `instance`, unless there is one; one that has ended meanwhile was launched and has ended.
    ///
    /// # Errors
    /// See the module.
    pub(crate) async fn launch(
        &self,
        instance: &Arc<str>,
        attempt: u32,
        enrolment: Option<&Enrolment>,
    ) -> Result<Vec<FleetEvent>, ProviderError> {
        let (is_new, would_show) = {
            let recent = self.recent();
            (recent.is_new(instance), recent.name_would_show(instance))
        };
        let in_doubt = |error: CallError, is_sure: bool| {
            let error = ProviderError::from(error);
            ProviderError { perhaps_done: error.perhaps_done || !is_sure, ..error }
        };
        match self.find(instance).await.map_err(|error| in_doubt(error, is_new))? {
            Found::Nothing => {}
            found => return Ok(self.told(instance, found)),
        }
        let call = self.run_instances(instance, attempt, enrolment).await;
        let call = call.map_err(|error| in_doubt(error, would_show))?;
        let before = self.recent().tries(instance);
        let first = |root: Node<'_, '_>| root.list("instancesSet").find_map(Seen::read);
        match self.world.aws.ask(self.asking(), &call, first).await {
            Ok(seen) if seen.lives => Ok(self.told(instance, Found::Living(seen.id))),
            Ok(seen) => Ok(self.told(instance, Found::Ended(seen.id, seen.ended_by_itself))),
            Err(error) if error.is("IdempotentParameterMismatch") => self.known_already(instance, attempt).await,
            Err(error) if error.kind() == Kind::Capacity => {
                // Had an earlier try launched it, EC2 would have given that back.
                self.recent().has_not_tried(instance, None);
                Err(ProviderError { perhaps_done: false, ..error.into() })
            }
            Err(error) => {
                let error = ProviderError::from(error);
                if !error.perhaps_done {
                    self.recent().has_not_tried(instance, before);
                }
                Err(ProviderError { perhaps_done: error.perhaps_done || !would_show, ..error })
            }
        }
    }

    /// EC2 knows this attempt, in other words: it has launched the instance, and that will show, or has refused to.
    async fn known_already(&self, instance: &Arc<str>, attempt: u32) -> Result<Vec<FleetEvent>, ProviderError> {
        let pace = &self.world.pace;
        for _ in 0..pace.looks {
            sleep(pace.look_every).await;
            if let Ok(found @ (Found::Living(_) | Found::Ended(..))) = self.find(instance).await {
                return Ok(self.told(instance, found));
            }
        }
        let has_failed = self.recent().hides(instance, attempt);
        let error = self.words.text("provider.known_already", &[("instance", instance)]);
        Err(ProviderError { kind: Kind::Other, error, perhaps_done: !has_failed })
    }

    async fn run_instances(
        &self,
        instance: &str,
        attempt: u32,
        enrolment: Option<&Enrolment>,
    ) -> Result<Call, CallError> {
        let (world, which) = (self.world, Which::of(self.ec2));
        let template = self.memory.templates.get(&world.aws, self.asking(), &which, &world.pace).await?;
        let mut call = Call::new(Service::Ec2, "RunInstances")
            .with("MinCount", "1")
            .with("MaxCount", "1")
            .with("ClientToken", client_token(&world.installation, &self.fleet.name, instance, attempt))
            .with(which.parameter("LaunchTemplate."), which.template.as_str())
            .with("LaunchTemplate.Version", template.version.as_str())
            .with_some("ImageId", self.ec2.image.as_deref())
            .with("TagSpecification.1.ResourceType", "instance");
        let tags = [
            ("Name", instance),
            (tags::OWNER, &world.installation),
            (tags::FLEET, &self.fleet.name),
            (tags::INSTANCE, instance),
        ];
        for (number, (key, value)) in (1..).zip(tags) {
            call = call.with(format!("TagSpecification.1.Tag.{number}.Key"), key);
            call = call.with(format!("TagSpecification.1.Tag.{number}.Value"), value);
        }
        if let Some(enrolment) = enrolment {
            let data = user_data::of_launch(template.user_data.as_deref(), enrolment, &self.fleet.name, instance);
            call = call.with_secret("UserData", &Secret::new(STANDARD.encode(data)));
            call.secrets.push(enrolment.token.clone());
        }
        Ok(call)
    }

    /// Terminates what is called `id`, or else what there is of the name.
    ///
    /// # Errors
    /// If EC2 does not, or nothing shows yet of what may be there.
    pub(crate) async fn terminate(&self, instance: &str, id: Option<String>) -> Result<Option<String>, ProviderError> {
        let id = match id {
            Some(id) => id,
            None => match self.find(instance).await? {
                Found::Living(id) => id,
                Found::Ended(_, why) => return Ok(why),
                Found::Nothing if self.recent().name_would_show(instance) => return Ok(None),
                Found::Nothing => return Err(self.hidden(instance)),
            },
        };
        let call = Call::new(Service::Ec2, "TerminateInstances").with("InstanceId.1", id.as_str());
        match self.world.aws.ask(self.asking(), &call, |root| root.child("instancesSet").map(drop)).await {
            Ok(()) => {
                self.recent().ended(&id);
                Ok(None)
            }
            Err(error) if error.is("InvalidInstanceID.NotFound") => {
                if self.recent().would_show(&id) {
                    Ok(None)
                } else {
                    Err(self.hidden(instance))
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    /// What there is, and of whom it has not been told that they ended by themselves.
    ///
    /// # Errors
    /// If EC2 does not say.
    pub(crate) async fn list(&self) -> Result<Vec<FleetEvent>, ProviderError> {
        let (owner, fleet) = (self.world.installation.as_str(), &*self.fleet.name);
        let filters = [(tag_filter(tags::OWNER), owner), (tag_filter(tags::FLEET), fleet)];
        let filters = filters.each_ref().map(|(name, value)| (name.as_str(), *value));
        let seen = describe(&self.world.aws, self.asking(), &filters).await?;
        let (world, which) = (self.world, Which::of(self.ec2));
        // That a template cannot be looked at, a launch would say.
        let template = self.memory.templates.get(&world.aws, self.asking(), &which, &world.pace).await.ok();
        let image = self.ec2.image.as_deref();
        let mut recent = self.recent();
        let mut listed: BTreeMap<&str, Listed> = BTreeMap::new();
        for seen in &seen {
            let entry = Listed {
                id: seen.id.clone(),
                name: seen.name(owner, fleet).map(Arc::from),
                lives: seen.lives && !recent.has_ended(&seen.id),
                outdated: template.as_ref().is_some_and(|template| template.is_left_by(seen, image)),
            };
            listed.insert(&seen.id, entry);
        }
        let hidden = recent.launches();
        for (id, name) in &hidden {
            let entry = || Listed { id: id.clone(), name: Some(Arc::clone(name)), lives: true, outdated: false };
            listed.entry(id).or_insert_with(entry);
        }
        let ended = || seen.iter().filter_map(|seen| Some((seen, seen.ended_by_itself.as_deref()?)));
        let untold = recent.untold(ended().map(|(seen, _)| seen.id.as_str()));
        let ends = ended().filter(|(seen, _)| untold.contains(&seen.id)).filter_map(|(seen, why)| {
            Some(FleetEvent::Terminated { instance: seen.name(owner, fleet)?.into(), why: Some(why.to_owned()) })
        });
        Ok(ends.chain([FleetEvent::Listed(listed.into_values().collect())]).collect())
    }

    /// What shows of a name: rather what lives, and rather what was launched last.
    async fn find(&self, instance: &str) -> Result<Found, CallError> {
        let values = [
            (tags::OWNER, self.world.installation.as_str()),
            (tags::FLEET, &self.fleet.name),
            (tags::INSTANCE, instance),
        ];
        let filters = values.map(|(tag, value)| (tag_filter(tag), value));
        let filters = filters.each_ref().map(|(name, value)| (name.as_str(), *value));
        let mut seen = describe(&self.world.aws, self.asking(), &filters).await?;
        let recent = self.recent();
        seen.iter_mut().for_each(|seen| seen.lives &= !recent.has_ended(&seen.id));
        let found =
            seen.into_iter().max_by(|one, other| (one.lives, &one.launched).cmp(&(other.lives, &other.launched)));
        Ok(match found {
            Some(seen) if seen.lives => Found::Living(seen.id),
            Some(seen) => Found::Ended(seen.id, seen.ended_by_itself),
            None => Found::Nothing,
        })
    }

    fn told(&self, instance: &Arc<str>, found: Found) -> Vec<FleetEvent> {
        let launched = |id: String| {
            self.recent().launched(instance, &id);
            FleetEvent::Launched { instance: Arc::clone(instance), id }
        };
        match found {
            Found::Living(id) => vec![launched(id)],
            Found::Ended(id, why) => {
                self.recent().ended(&id);
                vec![launched(id), FleetEvent::Terminated { instance: Arc::clone(instance), why }]
            }
            Found::Nothing => Vec::new(),
        }
    }

    fn hidden(&self, instance: &str) -> ProviderError {
        not_done(Kind::Other, self.words.text("provider.not_shown_yet", &[("instance", instance)]))
    }

    fn asking(&self) -> Asking<'_> {
        Asking { cloud: &self.ec2.cloud, ports: &*self.world.ports, words: self.words }
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.memory.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The filter for a tag.
pub(crate) fn tag_filter(tag: &str) -> String {
    format!("tag:{tag}")
}

/// By what EC2 knows a try to launch an instance: 64 characters, which is all that it takes.
fn client_token(installation: &str, fleet: &str, instance: &str, attempt: u32) -> String {
    let mut hash = Sha256::new();
    for part in [installation, fleet, instance, &attempt.to_string()] {
        // No name has such a character, so no two tries are written alike.
        hash.update(part);
        hash.update([0]);
    }
    user_data::hex(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_try_at_each_instance_of_each_fleet_has_a_token_of_its_own() {
        let tries = [
            client_token("here", "web", "web-1", 0),
            client_token("here", "web", "web-1", 1),
            client_token("here", "web", "web-2", 0),
            client_token("here", "we", "bweb-1", 0),
            client_token("there", "web", "web-1", 0),
        ];
        let different: std::collections::BTreeSet<_> = tries.iter().collect();
        assert_eq!(different.len(), tries.len());
        assert!(tries.iter().all(|token| token.len() == 64 && token.is_ascii()));
        // It must stay what it is, or a lost answer is not found again over an update.
        assert_eq!(tries[0], "5762efb20246cf080367ff660f3644870240868d68d04fd1dcf60d23b29ca3a4");
    }
}
