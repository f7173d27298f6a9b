//! Auto Scaling groups as AWS describes them.

use std::collections::{BTreeMap, BTreeSet};

use roxmltree::Node;

use crate::provider::{
    aws::{
        Asking, Aws, CallError,
        call::{Call, Service},
        xml::Element,
    },
    ec2::template::Which,
};

/// The instances of a group bear this tag.
pub(crate) const OF_GROUP: &str = "aws:autoscaling:groupName";
/// The process of a group by which its scaling policies act.
const ALARMS: &str = "AlarmNotification";
/// More policies than a group can have, in pages of fifty.
const PAGES: u32 = 10;

/// A group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) desired: u32,
    pub(crate) min: u32,
    pub(crate) max: u32,
    /// From what it launches now.
    pub(crate) source: Source,
    /// Those of its processes that are suspended.
    pub(crate) suspended: BTreeSet<String>,
    /// By their ids.
    pub(crate) members: BTreeMap<String, Member>,
}

/// From what something is launched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Template(Which),
    /// What there was before templates, by its name.
    Configuration(String),
    Unknown,
}

/// An instance in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) id: String,
    pub(crate) stage: Stage,
    pub(crate) source: Source,
}

/// How far an instance of a group is in its life there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It works, or is coming to: it is one of those that the group should have.
    Here,
    /// A user has put it aside, or it waits in a pool.
    Aside,
    /// It is on its way out.
    Leaving,
}

impl Stage {
    fn of(word: &str) -> Self {
        match word.split(':').next() {
            Some("Pending" | "InService" | "Quarantined") => Self::Here,
            Some("Terminating" | "Terminated" | "Detaching" | "Detached") => Self::Leaving,
            _ => Self::Aside,
        }
    }
}

impl Group {
    /// The instances that it should have, as far as they are there.
    pub(crate) fn here(&self) -> impl Iterator<Item = &Member> {
        self.members.values().filter(|member| member.stage == Stage::Here)
    }

    /// So many.
    pub(crate) fn count(&self) -> u32 {
        u32::try_from(self.here().count()).unwrap_or(u32::MAX)
    }

    fn read(node: Node<'_, '_>) -> Option<Self> {
        let number = |name: &str| node.text_of(name)?.parse::<u32>().ok();
        let mixed = node.child("MixedInstancesPolicy").and_then(|policy| policy.child("LaunchTemplate"));
        let mixed = mixed.and_then(|template| template.child("LaunchTemplateSpecification"));
        Some(Self {
            desired: number("DesiredCapacity")?,
            min: number("MinSize")?,
            max: number("MaxSize")?,
            source: Source::read(node, node.child("LaunchTemplate").or(mixed)),
            suspended: node
                .list("SuspendedProcesses")
                .filter_map(|it| it.text_of("ProcessName"))
                .map(str::to_owned)
                .collect(),
            members: node.list("Instances").filter_map(Member::read).map(|it| (it.id.clone(), it)).collect(),
        })
    }
}

impl Source {
    fn read(node: Node<'_, '_>, template: Option<Node<'_, '_>>) -> Self {
        let which = template.and_then(|template| {
            let version = template.text_of("Version").unwrap_or("$Default").to_owned();
            Some(Which { template: template.text_of("LaunchTemplateId")?.to_owned(), version })
        });
        let configuration = || node.text_of("LaunchConfigurationName").map(|name| Self::Configuration(name.to_owned()));
        which.map(Self::Template).or_else(configuration).unwrap_or(Self::Unknown)
    }
}

impl Member {
    fn read(node: Node<'_, '_>) -> Option<Self> {
        Some(Self {
            id: node.text_of("InstanceId")?.to_owned(),
            stage: Stage::of(node.text_of("LifecycleState")?),
            source: Source::read(node, node.child("LaunchTemplate")),
        })
    }
}

/// The group of that name, if there is one.
///
/// # Errors
/// If AWS does not say.
pub(crate) async fn describe(aws: &Aws, asking: Asking<'_>, group: &str) -> Result<Option<Group>, CallError> {
    let call =
        Call::new(Service::AutoScaling, "DescribeAutoScalingGroups").with("AutoScalingGroupNames.member.1", group);
    let read = |root: Node<'_, '_>| {
        let result = root.child("DescribeAutoScalingGroupsResult")?;
        result.child("AutoScalingGroups")?;
        Some(result.list("AutoScalingGroups").find_map(Group::read))
    };
    aws.ask(asking, &call, read).await
}

/// Those policies of a group that act by themselves, by their names.
///
/// # Errors
/// If AWS does not say.
pub(crate) async fn acting_policies(
    aws: &Aws,
    asking: Asking<'_>,
    name: &str,
    group: &Group,
) -> Result<Vec<String>, CallError> {
    let acts = |policy: Node<'_, '_>| {
        let is_on = policy.text_of("Enabled") != Some("false");
        let only_foretells = || {
            let how = policy.child("PredictiveScalingConfiguration").and_then(|it| it.text_of("Mode"));
            how != Some("ForecastAndScale")
        };
        let is_held = match policy.text_of("PolicyType") {
            Some("PredictiveScaling") => only_foretells(),
            _ => group.suspended.contains(ALARMS),
        };
        (is_on && !is_held).then(|| policy.text_of("PolicyName").map(str::to_owned))?
    };
    let mut acting = Vec::new();
    let mut next: Option<String> = None;
    for _ in 0..PAGES {
        let call = Call::new(Service::AutoScaling, "DescribePolicies")
            .with("AutoScalingGroupName", name)
            .with_some("NextToken", next.take());
        let read = |root: Node<'_, '_>| {
            let result = root.child("DescribePoliciesResult")?;
            result.child("ScalingPolicies")?;
            let policies = result.list("ScalingPolicies").filter_map(acts).collect::<Vec<_>>();
            Some((policies, result.text_of("NextToken").map(str::to_owned)))
        };
        let (policies, token) = aws.ask(asking, &call, read).await?;
        acting.extend(policies);
        match token {
            Some(token) => next = Some(token),
            None => break,
        }
    }
    Ok(acting)
}

/// A try of a group to launch something that has failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) id: String,
    pub(crate) message: String,
}

/// The latest failures of a group, the newest first.
///
/// # Errors
/// If AWS does not say.
pub(crate) async fn failures(aws: &Aws, asking: Asking<'_>, group: &str) -> Result<Vec<Failure>, CallError> {
    let call = Call::new(Service::AutoScaling, "DescribeScalingActivities")
        .with("AutoScalingGroupName", group)
        .with("MaxRecords", "20");
    let failure = |activity: Node<'_, '_>| {
        let message = activity.text_of("StatusMessage").or_else(|| activity.text_of("Description"));
        let failed = || Some(Failure { id: activity.text_of("ActivityId")?.to_owned(), message: message?.to_owned() });
        (activity.text_of("StatusCode") == Some("Failed")).then(failed)?
    };
    let read = |root: Node<'_, '_>| {
        let result = root.child("DescribeScalingActivitiesResult")?;
        Some(result.list("Activities").filter_map(failure).collect())
    };
    aws.ask(asking, &call, read).await
}
