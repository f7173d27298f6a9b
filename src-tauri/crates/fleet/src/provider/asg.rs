//! Instances of an Auto Scaling group that exists. It is driven and not imitated: the group launches and terminates, and
//! goes on to replace what it finds unhealthy; Estatus says how many there should be, and which one goes.
//!
//! # One launch, one instance
//!
//! A group knows no names: it is told how many instances it should have (`SetDesiredCapacity`), and they come when they come.
//! So an instance gets its name afterwards, by the tags of [`super::ec2`], and a launch is this:
//!
//! 1. If an instance of the group bears the name, it is that.
//! 2. Otherwise, if an instance of the group bears no name, the oldest of them is **claimed**: it gets the tags. So whatever was
//!    in the group before Estatus came, or replaced another by itself, or came after Estatus was killed, is taken over before
//!    another is launched.
//! 3. Otherwise the group should have as many as it has, and one for each that still waits ([`Plan`]). That is a number and not
//!    a difference, made of what is seen alone, so that an answer that is lost, or a question that is asked again after a crash,
//!    leads to the same number and launches nothing twice. Then it is looked again, until there is one to claim.
//!
//! For this all that waits for one group is handled by one task, its [`Keeper`], at a time. Tags show with a delay: what it has
//! claimed it remembers, and for [`Pace::settled_after`] after a start it claims nothing, as the tags of the Estatus before
//! may not show yet.
//!
//! A launch that is given up ([`FleetCommand::Terminate`] without an instance of the name) takes its place back: if the
//! group should have more than it has, it should have one fewer. Should an instance come up at that very moment, the group
//! itself chooses one to end; it chooses none where the group protects new instances from scale-in, which is recommended,
//! and does not keep Estatus from terminating them.
//!
//! # Who else drives
//!
//! Scaling policies of the group's own must be suspended (the process `AlarmNotification`, or each policy); while one acts,
//! nothing is launched and it is named. A group whose process `Launch` is suspended launches nothing either. An instance that a
//! user has detached is none of the group's any more, and so none of the fleet's.
//!
//! There is no token for an instance: all get the user data of the group's template. Their agents announce themselves by
//! the id that EC2 has given them.
//!
//! It takes the rights `autoscaling:DescribeAutoScalingGroups`, `autoscaling:DescribePolicies`,
//! `autoscaling:DescribeScalingActivities`, `autoscaling:SetDesiredCapacity`,
//! `autoscaling:TerminateInstanceInAutoScalingGroup`, `ec2:DescribeInstances`, `ec2:CreateTags`, and, to know who is
//! outdated, `ec2:DescribeLaunchTemplateVersions`.
//!
//! [`FleetCommand::Terminate`]: estatus_core::fleet::command::FleetCommand::Terminate
//! [`Pace::settled_after`]: super::pace::Pace::settled_after

pub(crate) mod group;
pub(crate) mod plan;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use estatus_core::{
    fleet::{
        Cloud, Fleet, Provider,
        command::{FleetEvent, Listed, ProviderError, ProviderErrorKind as Kind},
    },
    maintenance::in_words,
    words::Words,
};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

use self::{
    group::{Failure, Group, Member, OF_GROUP, Source, Stage},
    plan::{Plan, Unowned},
};
use super::{
    Job, Order, ProviderEvent, World,
    aws::{
        Asking,
        call::{Call, Service},
        xml::Element,
    },
    ec2::{
        instances::{self, Seen, tags},
        tag_filter,
        template::{Template, Templates},
    },
    fault::{not_done, perhaps_done, said},
};

/// Keeps one group: one thing at a time is done with it.
pub(crate) struct Keeper {
    world: Arc<World>,
    events: mpsc::Sender<ProviderEvent>,
    began: Instant,
    /// Those who wait for an instance.
    waiting: BTreeMap<Arc<str>, Waiting>,
    /// What was claimed a moment ago, and may not show its tags yet: by the ids.
    claimed: BTreeMap<String, (Arc<str>, Instant)>,
    templates: Templates,
}

/// Somebody who waits for an instance.
struct Waiting {
    since: Instant,
    /// The group has been told to launch one for it, or was told before.
    is_coming: bool,
    /// Failures that the group had before.
    failed_before: Option<BTreeSet<String>>,
}

/// What is kept, as it is configured now.
struct Kept {
    fleet: Arc<Fleet>,
    words: Words,
}

/// What is seen of a group.
struct Look {
    group: Group,
    /// By their ids.
    seen: BTreeMap<String, Seen>,
}

impl Kept {
    fn parts(&self) -> Option<(&str, &Cloud)> {
        match &self.fleet.provider {
            Provider::Asg { group, cloud } => Some((group, cloud)),
            _ => None,
        }
    }
}

impl Keeper {
    /// Keeps a group, and tells `events` what comes of what it is told.
    pub(crate) fn new(world: Arc<World>, events: mpsc::Sender<ProviderEvent>) -> Self {
        let (waiting, claimed) = (BTreeMap::new(), BTreeMap::new());
        Self { world, events, began: Instant::now(), waiting, claimed, templates: Templates::default() }
    }

    /// Does what it is told, until nobody can tell it anything any more.
    pub(crate) async fn keep(mut self, mut orders: mpsc::UnboundedReceiver<Job>) {
        let mut kept = None;
        loop {
            let again = Instant::now() + self.world.pace.group_every;
            tokio::select! {
                job = orders.recv() => match job {
                    Some(job) => kept = Some(self.take(job).await),
                    None => return,
                },
                () = sleep_until(again), if !self.waiting.is_empty() => {}
            }
            while let Ok(job) = orders.try_recv() {
                kept = Some(self.take(job).await);
            }
            if let Some(kept) = &kept {
                self.serve_waiting(kept).await;
            }
        }
    }

    /// Does one thing, and gives back how the group is configured by now.
    async fn take(&mut self, job: Job) -> Kept {
        let kept = Kept { fleet: Arc::clone(&job.fleet), words: job.words.clone() };
        // It has waited for those before it.
        let within = self.world.pace.all_within.saturating_sub(job.handed.elapsed());
        let told = match &job.order {
            Order::Launch { instance, .. } => {
                let one = Waiting { since: Instant::now(), is_coming: false, failed_before: None };
                self.waiting.entry(Arc::clone(instance)).or_insert(one);
                Vec::new()
            }
            Order::Terminate { instance, id } => {
                let gives_up = self.waiting.remove(instance).map(|_| {
                    let error = not_done(Kind::Other, kept.words.text("provider.given_up", &[]));
                    FleetEvent::CannotLaunch { instance: Arc::clone(instance), error }
                });
                let work = async {
                    self.terminate(&kept, instance, id.clone()).await?;
                    Ok(vec![FleetEvent::Terminated { instance: Arc::clone(instance), why: None }])
                };
                let told = job.bounded(within, work).await;
                gives_up.into_iter().chain(told).collect()
            }
            Order::List => job.bounded(within, self.list(&kept)).await,
        };
        self.tell(&kept, told).await;
        kept
    }

    async fn tell(&self, kept: &Kept, events: Vec<FleetEvent>) {
        for event in events {
            // Nobody listens to an engine that has stopped.
            let _ = self.events.send(ProviderEvent { fleet: Arc::clone(&kept.fleet.name), event }).await;
        }
    }

    /// Gives instances to those who wait, as far as there are any, and sees to it that there will be.
    async fn serve_waiting(&mut self, kept: &Kept) {
        if self.waiting.is_empty() {
            return;
        }
        let (mut told, within) = (Vec::new(), self.world.pace.all_within);
        let served = tokio::time::timeout(within, self.serve(kept, &mut told)).await.unwrap_or_else(|_| {
            let text = kept.words.text("provider.too_long", &[("after", &in_words(within))]);
            Err(perhaps_done(Kind::Unreachable, text))
        });
        if let Err(error) = served {
            let is_young = self.began.elapsed() < self.world.pace.visible_within;
            for (instance, one) in std::mem::take(&mut self.waiting) {
                let perhaps_done = error.perhaps_done || one.is_coming || is_young;
                told.push(FleetEvent::CannotLaunch {
                    instance,
                    error: ProviderError { perhaps_done, ..error.clone() },
                });
            }
        }
        self.tell(kept, told).await;
    }

    /// Those who get an instance wait no more, and are told.
    ///
    /// # Errors
    /// Why nobody else gets one.
    async fn serve(&mut self, kept: &Kept, told: &mut Vec<FleetEvent>) -> Result<(), ProviderError> {
        let look = self.look(kept).await?;
        self.serve_named(kept, &look, told);
        if self.waiting.is_empty() {
            return Ok(());
        }
        self.refuse_other_drivers(kept, &look.group).await?;
        if self.began.elapsed() < self.world.pace.settled_after {
            return Ok(());
        }
        let waiting: Vec<_> = self.waiting.keys().cloned().collect();
        let plan = Plan::of(&look.group, &self.unowned(&look), &waiting);
        for (instance, id) in plan.claims {
            self.claim(kept, &instance, &id).await?;
            self.waiting.remove(&instance);
            told.push(FleetEvent::Launched { instance, id });
        }
        for instance in plan.beyond {
            self.waiting.remove(&instance);
            let values = [("group", &*group_of(kept)), ("max", &look.group.max.to_string())];
            let error = not_done(Kind::Configuration, kept.words.text("provider.group_max", &values));
            told.push(FleetEvent::CannotLaunch { instance, error });
        }
        if self.waiting.is_empty() {
            return Ok(());
        }
        self.refuse_failures(kept).await?;
        self.waiting.values_mut().for_each(|one| one.is_coming = true);
        if let Some(desired) = plan.desired {
            self.set_desired(kept, desired).await?;
        }
        let within = self.world.pace.group_within;
        let late: Vec<_> = self.waiting.extract_if(.., |_, one| one.since.elapsed() >= within).collect();
        for (instance, _) in late {
            let values = [("group", &*group_of(kept)), ("within", &in_words(within))];
            let error = perhaps_done(Kind::Unreachable, kept.words.text("provider.group_late", &values));
            told.push(FleetEvent::CannotLaunch { instance, error });
        }
        Ok(())
    }

    /// Those of whose name there is an instance already have it.
    fn serve_named(&mut self, kept: &Kept, look: &Look, told: &mut Vec<FleetEvent>) {
        let leaving = |id: &str| look.member(id).is_none_or(|member| member.stage == Stage::Leaving);
        let found: Vec<(Arc<str>, String, bool)> = look
            .seen
            .values()
            .filter_map(|seen| {
                let name = self.name_of(kept, seen)?;
                Some((name, seen.id.clone(), seen.lives && !leaving(&seen.id)))
            })
            .collect();
        for lives in [true, false] {
            for (instance, id, _) in found.iter().filter(|(.., its)| *its == lives) {
                if self.waiting.remove(instance).is_none() {
                    continue;
                }
                let instance = Arc::clone(instance);
                told.push(FleetEvent::Launched { instance: Arc::clone(&instance), id: id.clone() });
                if !lives {
                    told.push(FleetEvent::Terminated { instance, why: None });
                }
            }
        }
    }

    async fn refuse_other_drivers(&self, kept: &Kept, group: &Group) -> Result<(), ProviderError> {
        let asking = self.asking(kept)?;
        let name = group_of(kept);
        let refused = |key: &str, policies: &str| {
            let values = [("group", name.as_str()), ("policies", policies)];
            Err(not_done(Kind::Configuration, kept.words.text(key, &values)))
        };
        if group.suspended.contains("Launch") {
            return refused("provider.group_suspended", "");
        }
        let acting = group::acting_policies(&self.world.aws, asking, &name, group).await?;
        if acting.is_empty() { Ok(()) } else { refused("provider.group_policies", &acting.join(", ")) }
    }

    /// What the group could not launch since somebody waits for it, it says. It goes on trying, so that it may come all the
    /// same.
    async fn refuse_failures(&mut self, kept: &Kept) -> Result<(), ProviderError> {
        let failures = group::failures(&self.world.aws, self.asking(kept)?, &group_of(kept)).await?;
        let ids = || failures.iter().map(|failure| failure.id.clone()).collect();
        let is_new = |failure: &&Failure| {
            self.waiting
                .values()
                .any(|one| one.failed_before.as_ref().is_some_and(|known| !known.contains(&failure.id)))
        };
        if let Some(failure) = failures.iter().find(is_new) {
            return Err(perhaps_done(kind_of(&failure.message), said(&failure.message, &[])));
        }
        self.waiting.values_mut().for_each(|one| {
            one.failed_before.get_or_insert_with(ids);
        });
        Ok(())
    }

    /// The instance of that name goes; where there is none, none comes.
    async fn terminate(&mut self, kept: &Kept, instance: &str, id: Option<String>) -> Result<(), ProviderError> {
        let look = self.look(kept).await?;
        let named = || {
            let is_it = |member: &&Member| {
                look.seen_of(&member.id).and_then(|seen| self.name_of(kept, seen)).as_deref() == Some(instance)
            };
            look.group.here().find(is_it).map(|member| member.id.clone())
        };
        let Some(id) = id.or_else(named) else {
            let desired = Plan::without_one(&look.group, &self.unowned(&look), self.waiting.len());
            return match desired {
                Some(desired) => self.set_desired(kept, desired).await,
                None => Ok(()),
            };
        };
        if look.member(&id).is_none_or(|member| member.stage == Stage::Leaving) {
            return Ok(());
        }
        // Said twice, it might make the group smaller twice.
        let call = Call::new(Service::AutoScaling, "TerminateInstanceInAutoScalingGroup")
            .once()
            .with("InstanceId", id.as_str())
            .with("ShouldDecrementDesiredCapacity", "true");
        let read = |root: roxmltree::Node<'_, '_>| root.child("TerminateInstanceInAutoScalingGroupResult").map(drop);
        let asked = self.world.aws.ask(self.asking(kept)?, &call, read).await;
        match asked.map_err(ProviderError::from) {
            Err(error) if error.perhaps_done => {
                let after = self.look(kept).await.map_err(|_| error.clone())?;
                let is_gone = after.member(&id).is_none_or(|member| member.stage == Stage::Leaving);
                if is_gone { Ok(()) } else { Err(error) }
            }
            asked => asked,
        }
    }

    async fn list(&mut self, kept: &Kept) -> Result<Vec<FleetEvent>, ProviderError> {
        let look = self.look(kept).await?;
        let template = match &look.group.source {
            // That it cannot be looked at is no matter of a list.
            Source::Template(which) => {
                let (aws, pace) = (&self.world.aws, &self.world.pace);
                self.templates.get(aws, self.asking(kept)?, which, pace).await.ok()
            }
            _ => None,
        };
        let member = |member: &Member| Listed {
            id: member.id.clone(),
            name: look.seen_of(&member.id).and_then(|seen| self.name_of(kept, seen)),
            lives: member.stage != Stage::Leaving,
            outdated: is_outdated(&look.group.source, template.as_ref(), &member.source),
        };
        let of_group = look.group.members.values().map(member);
        let gone = look.seen.values().filter(|seen| !seen.lives && look.member(&seen.id).is_none());
        let gone = gone.filter_map(|seen| {
            let name = self.name_of(kept, seen)?;
            Some(Listed { id: seen.id.clone(), name: Some(name), lives: false, outdated: false })
        });
        Ok(vec![FleetEvent::Listed(of_group.chain(gone).collect())])
    }

    async fn look(&mut self, kept: &Kept) -> Result<Look, ProviderError> {
        let within = self.world.pace.visible_within;
        self.claimed.retain(|_, (_, at)| at.elapsed() < within);
        let (asking, name) = (self.asking(kept)?, group_of(kept));
        let group = group::describe(&self.world.aws, asking, &name)
            .await?
            .ok_or_else(|| not_done(Kind::Configuration, kept.words.text("provider.no_group", &[("group", &name)])))?;
        let filter = tag_filter(OF_GROUP);
        let seen = instances::describe(&self.world.aws, asking, &[(&filter, &name)]).await?;
        Ok(Look { group, seen: seen.into_iter().map(|seen| (seen.id.clone(), seen)).collect() })
    }

    /// Those instances of the group that are nobody's. Of one that EC2 does not show yet, it is not clear.
    fn unowned(&self, look: &Look) -> Unowned {
        let own = |member: &&Member| !self.claimed.contains_key(&member.id);
        let (shown, unclear): (Vec<_>, Vec<_>) =
            look.group.here().filter(own).partition(|member| look.seen.contains_key(&member.id));
        let is_free = |seen: &&Seen| seen.lives && seen.tag(tags::INSTANCE).is_none();
        let mut free: Vec<&Seen> =
            shown.into_iter().filter_map(|member| look.seen_of(&member.id)).filter(is_free).collect();
        free.sort_by(|one, other| (&one.launched, &one.id).cmp(&(&other.launched, &other.id)));
        Unowned { free: free.into_iter().map(|seen| seen.id.clone()).collect(), unclear: unclear.len() }
    }

    fn name_of(&self, kept: &Kept, seen: &Seen) -> Option<Arc<str>> {
        if let Some((name, _)) = self.claimed.get(&seen.id) {
            return Some(Arc::clone(name));
        }
        seen.name(&self.world.installation, &kept.fleet.name).map(Arc::from)
    }

    async fn claim(&mut self, kept: &Kept, instance: &Arc<str>, id: &str) -> Result<(), ProviderError> {
        let mut call = Call::new(Service::Ec2, "CreateTags").with("ResourceId.1", id);
        let tags = [
            (tags::OWNER, self.world.installation.as_str()),
            (tags::FLEET, &kept.fleet.name),
            (tags::INSTANCE, instance),
        ];
        for (number, (key, value)) in (1..).zip(tags) {
            call = call.with(format!("Tag.{number}.Key"), key).with(format!("Tag.{number}.Value"), value);
        }
        let done = |root: roxmltree::Node<'_, '_>| (root.text_of("return") != Some("false")).then_some(());
        self.world.aws.ask(self.asking(kept)?, &call, done).await?;
        self.claimed.insert(id.to_owned(), (Arc::clone(instance), Instant::now()));
        Ok(())
    }

    async fn set_desired(&self, kept: &Kept, desired: u32) -> Result<(), ProviderError> {
        let call = Call::new(Service::AutoScaling, "SetDesiredCapacity")
            .with("AutoScalingGroupName", group_of(kept))
            .with("DesiredCapacity", desired.to_string())
            .with("HonorCooldown", "false");
        Ok(self.world.aws.ask(self.asking(kept)?, &call, |_| Some(())).await?)
    }

    fn asking<'a>(&'a self, kept: &'a Kept) -> Result<Asking<'a>, ProviderError> {
        let words = &kept.words;
        let (_, cloud) =
            kept.parts().ok_or_else(|| not_done(Kind::Other, words.text("provider.failed_in_itself", &[])))?;
        Ok(Asking { cloud, ports: &*self.world.ports, words })
    }
}

impl Look {
    fn member(&self, id: &str) -> Option<&Member> {
        self.group.members.get(id)
    }

    fn seen_of(&self, id: &str) -> Option<&Seen> {
        self.seen.get(id)
    }
}

fn group_of(kept: &Kept) -> String {
    kept.parts().map(|(group, _)| group.to_owned()).unwrap_or_default()
}

/// Whether `own` is another source than that from which the group launches now.
fn is_outdated(now: &Source, template: Option<&Template>, own: &Source) -> bool {
    match (now, own) {
        (Source::Template(_), Source::Template(own)) => {
            template.is_some_and(|template| template.id != own.template || template.version != own.version)
        }
        (Source::Configuration(now), Source::Configuration(own)) => now != own,
        (Source::Template(_), Source::Configuration(_)) | (Source::Configuration(_), Source::Template(_)) => true,
        _ => false,
    }
}

/// What kind of reason a group gives, which says it in a sentence.
fn kind_of(message: &str) -> Kind {
    let message = message.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if says(&["authoriz", "access denied", "credential", "permission"]) {
        Kind::Credentials
    } else if says(&["capacity", "limit", "quota", "insufficient"]) {
        Kind::Capacity
    } else if says(&["does not exist", "not valid", "invalid", "not supported", "not found"]) {
        Kind::Configuration
    } else {
        Kind::Other
    }
}
