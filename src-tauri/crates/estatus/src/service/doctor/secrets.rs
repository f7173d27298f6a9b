//! Secrets that the service cannot reach.

use estatus_core::{
    check::Check,
    config::{Channel, Config},
    fleet::Provider,
    flow::StepAction,
    program::Ready,
    secret::SecretRef,
    words::Reason,
};

use super::{super::platform::Wanted, Finding, Started, rights};

/// The secrets of these that are kept where the service does not come.
pub(super) fn out_of_reach(wanted: &Wanted, secrets: &[(Reason, &SecretRef)], findings: &mut Vec<Finding>) {
    for (of, place) in secrets {
        match place {
            // It was entered where there is no keyring, and whoever comes to the data folder comes to it.
            SecretRef::Keyring(name) if estatus_config::is_secret_in_file(name, &wanted.data) => {}
            SecretRef::Keyring(name) => {
                let found = if wanted.has_keyring_of_user() { Finding::note } else { Finding::problem };
                findings.extend(wanted.keyring_obstacle(name).map(|why| found(of, why, keep_in_file())));
            }
            SecretRef::File(file) => rights::of_secret(wanted, of, file, findings),
            // Told once for all, with the variables.
            SecretRef::Env(_) => {}
        }
    }
}

/// Where a secret is that a service reaches.
pub(super) fn keep_in_file() -> Reason {
    told!("keep_in_file", instead = "{ file = \"…\" }")
}

/// Every place where a secret of `config` is kept, and whose it is.
pub(super) fn of<'a>(config: &'a Config, commands: &'a [Started<'a>]) -> Vec<(Reason, &'a SecretRef)> {
    let mut found = Vec::new();
    for (name, channel) in &config.channels {
        let of = told!("channel", name);
        match channel {
            Channel::Email(email) => found.extend(email.login.iter().map(|login| (of.clone(), &login.password))),
            Channel::Webhook(webhook) => {
                found.extend(webhook.receiver.secrets().into_iter().map(|place| (of.clone(), place)));
            }
            Channel::Command(_) => {}
        }
    }
    for monitor in &config.monitors {
        let of = told!("monitor", name = &*monitor.name);
        found.extend(of_check(&monitor.check).map(|place| (of.clone(), place)));
    }
    for program in &config.programs {
        let Some(Ready::Check { check, .. }) = &program.ready else { continue };
        let of = told!("program.ready", name = &*program.name);
        found.extend(of_check(check).map(|place| (of.clone(), place)));
    }
    for flow in &config.flows {
        for step in &flow.definition.steps {
            let StepAction::Http { request } = &step.action else { continue };
            let of = told!("flow", name = &*flow.name);
            found.extend(request.secrets().map(|place| (of.clone(), place)));
        }
    }
    for fleet in &config.fleets {
        match &fleet.provider {
            // Those go with the other commands.
            Provider::Local { .. } | Provider::Command(_) => {}
            Provider::Ec2(_) | Provider::Asg { .. } => {
                let of = told!("fleet", name = &*fleet.name);
                found.extend(fleet.provider.secrets().into_iter().map(|place| (of.clone(), place)));
            }
        }
    }
    for started in commands {
        found.extend(started.command.secret_env.iter().map(|(_, place)| (started.of.clone(), place)));
    }
    found
}

/// Every place where a secret is kept of the request that `check` sends; those of a command go with the other commands.
fn of_check(check: &Check) -> impl Iterator<Item = &SecretRef> {
    let http = if let Check::Http(http) = check { Some(http) } else { None };
    http.into_iter().flat_map(|http| http.secrets())
}
