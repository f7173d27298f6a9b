//! Secrets that the service cannot reach.

use estatus_core::{
    check::{Auth, Check},
    config::{Channel, Config},
    secret::SecretRef,
};

use super::{super::platform::Wanted, Finding, Started, rights};

/// The secrets of `config` that are kept where the service does not come.
pub(super) fn out_of_reach(wanted: &Wanted, config: &Config, commands: &[Started<'_>], findings: &mut Vec<Finding>) {
    for (of, place) in places(config, commands) {
        match place {
            SecretRef::Keyring(name) => findings.extend(wanted.keyring_obstacle().map(|why| {
                Finding::problem(
                    &of,
                    format!("its secret “{name}” is in the keyring, {why}"),
                    "Keep it in a file that only the service's account can read, and say { file = \"…\" } in its place.",
                )
            })),
            SecretRef::File(file) => rights::of_secret(wanted, &of, file, findings),
            // Told once for all, with the variables.
            SecretRef::Env(_) => {}
        }
    }
}

/// Every place where a secret is kept, and whose it is.
fn places<'a>(config: &'a Config, commands: &'a [Started<'a>]) -> Vec<(String, &'a SecretRef)> {
    let mut found = Vec::new();
    for (name, channel) in &config.channels {
        let name = format!("channel “{name}”");
        match channel {
            Channel::Email(email) => found.extend(email.login.iter().map(|login| (name.clone(), &login.password))),
            Channel::Webhook(webhook) => {
                found.extend(webhook.secret_headers.iter().map(|(_, place)| (name.clone(), place)));
            }
            Channel::Command(_) => {}
        }
    }
    for monitor in &config.monitors {
        let Check::Http(http) = &monitor.check else { continue };
        if let Some(Auth::Basic { password: place, .. } | Auth::Bearer(place)) = &http.auth {
            found.push((format!("monitor “{}”", monitor.name), place));
        }
    }
    for started in commands {
        found.extend(started.command.secret_env.iter().map(|(_, place)| (started.of.clone(), place)));
    }
    found
}
