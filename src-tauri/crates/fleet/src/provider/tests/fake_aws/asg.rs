//! Its Auto Scaling: one group, which launches what it should have whenever somebody looks.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use super::{Form, Refused, State, refused};

/// A group.
pub(crate) struct FakeGroup {
    pub(crate) name: &'static str,
    pub(crate) desired: usize,
    pub(crate) min: usize,
    pub(crate) max: usize,
    /// Those of its instances that count, and those that leave it.
    pub(crate) members: Vec<usize>,
    pub(crate) leaving: Vec<usize>,
    /// It launches something so long after it has been told to.
    pub(crate) launches_after: Duration,
    pub(crate) short_since: Option<Instant>,
    pub(crate) policies: Vec<&'static str>,
    pub(crate) suspended: Vec<&'static str>,
    /// Why it could not launch, the newest last.
    pub(crate) failures: Vec<String>,
}

impl FakeGroup {
    pub(crate) fn new(desired: usize) -> Self {
        Self {
            name: "web-asg",
            desired,
            min: 0,
            max: 10,
            members: Vec::new(),
            leaving: Vec::new(),
            launches_after: Duration::ZERO,
            short_since: None,
            policies: Vec::new(),
            suspended: Vec::new(),
            failures: Vec::new(),
        }
    }
}

impl State {
    /// It replaces what has ended, and launches what it lacks.
    pub(super) fn run_group(&mut self) {
        let Some(mut group) = self.group.take() else { return };
        group.members.retain(|at| self.instances[*at].lives());
        if group.members.len() >= group.desired {
            group.short_since = None;
        }
        if group.members.len() < group.desired
            && group.short_since.get_or_insert_with(Instant::now).elapsed() >= group.launches_after
        {
            if self.living() >= self.room {
                group.failures.push("We currently do not have sufficient t3.micro capacity.".to_owned());
            }
            while group.members.len() < group.desired && self.living() < self.room {
                let tags = BTreeMap::from([("aws:autoscaling:groupName".to_owned(), group.name.to_owned())]);
                group.members.push(self.launch("ami-1", tags, Vec::new()));
            }
            group.short_since = None;
        }
        // More than it should have: it chooses itself.
        while group.members.len() > group.desired {
            let at = group.members.remove(0);
            self.instances[at].end("Client.UserInitiatedShutdown", "by the group");
            group.leaving.push(at);
        }
        self.group = Some(group);
    }

    pub(super) fn describe_group(&self, form: &Form) -> Result<String, Refused> {
        let wanted = &form["AutoScalingGroupNames.member.1"];
        let Some(group) = self.group.as_ref().filter(|group| group.name == wanted) else {
            return Ok(result("DescribeAutoScalingGroups", "<AutoScalingGroups/>"));
        };
        let member = |at: &usize, state: &str| {
            format!(
                "<member><InstanceId>{}</InstanceId><LifecycleState>{state}</LifecycleState><LaunchTemplate>\
                 <LaunchTemplateId>lt-0abc</LaunchTemplateId><Version>1</Version></LaunchTemplate></member>",
                self.instances[*at].id
            )
        };
        let here = group.members.iter().map(|at| member(at, "InService"));
        let leaving = group.leaving.iter().map(|at| member(at, "Terminating"));
        let suspended =
            group.suspended.iter().map(|name| format!("<member><ProcessName>{name}</ProcessName></member>"));
        let body = format!(
            "<AutoScalingGroups><member><AutoScalingGroupName>{}</AutoScalingGroupName><MinSize>{}</MinSize><MaxSize>{}</MaxSize>\
             <DesiredCapacity>{}</DesiredCapacity><LaunchTemplate><LaunchTemplateId>lt-0abc</LaunchTemplateId><Version>$Latest</Version>\
             </LaunchTemplate><Instances>{}</Instances><SuspendedProcesses>{}</SuspendedProcesses></member></AutoScalingGroups>",
            group.name,
            group.min,
            group.max,
            group.desired,
            here.chain(leaving).collect::<String>(),
            suspended.collect::<String>()
        );
        Ok(result("DescribeAutoScalingGroups", &body))
    }

    pub(super) fn describe_policies(&self) -> Result<String, Refused> {
        let policies = self.group.iter().flat_map(|group| &group.policies).map(|name| {
            format!("<member><PolicyName>{name}</PolicyName><PolicyType>TargetTrackingScaling</PolicyType><Enabled>true</Enabled></member>")
        });
        let policies = policies.collect::<String>();
        Ok(result("DescribePolicies", &format!("<ScalingPolicies>{policies}</ScalingPolicies>")))
    }

    pub(super) fn describe_activities(&self) -> Result<String, Refused> {
        let failures = self.group.iter().flat_map(|group| group.failures.iter().enumerate().rev()).map(|(id, message)| {
            format!(
                "<member><ActivityId>a-{id}</ActivityId><StatusCode>Failed</StatusCode><StatusMessage>{message}</StatusMessage></member>"
            )
        });
        let failures = failures.collect::<String>();
        Ok(result("DescribeScalingActivities", &format!("<Activities>{failures}</Activities>")))
    }

    pub(super) fn set_desired(&mut self, form: &Form) -> Result<String, Refused> {
        let group = self.group.as_mut().unwrap();
        let desired = form["DesiredCapacity"].parse::<usize>().unwrap();
        if desired > group.max {
            return refused(400, "ValidationError", "New SetDesiredCapacity value is above max value");
        }
        group.desired = desired;
        self.run_group();
        Ok(String::new())
    }

    pub(super) fn terminate_in_group(&mut self, form: &Form) -> Result<String, Refused> {
        assert_eq!(form["ShouldDecrementDesiredCapacity"], "true");
        let mut group = self.group.take().unwrap();
        let id = &form["InstanceId"];
        let at = group.members.iter().position(|at| self.instances[*at].id == *id);
        let done = match at {
            None => refused(400, "ValidationError", "Instance Id not found"),
            Some(_) if group.desired == group.min => refused(
                400,
                "ValidationError",
                "Terminating instance without replacement will violate group's min size",
            ),
            Some(at) => {
                let at = group.members.remove(at);
                group.desired -= 1;
                self.instances[at].end("Client.UserInitiatedShutdown", "by the group");
                group.leaving.push(at);
                Ok(result("TerminateInstanceInAutoScalingGroup", "<Activity><ActivityId>a</ActivityId></Activity>"))
            }
        };
        self.group = Some(group);
        done
    }
}

fn result(action: &str, body: &str) -> String {
    format!("<{action}Result>{body}</{action}Result>")
}
