//! Variables that are set here, and not for the service.

use std::{collections::BTreeMap, env};

use estatus_core::config::Config;

use super::{
    super::platform::{self, Wanted},
    Finding, Started, secrets,
};

/// What programs look for, and what only a person sets.
const USUAL: [&str; 18] = [
    "ALL_PROXY",
    "ASPNETCORE_ENVIRONMENT",
    "DATABASE_URL",
    "DOTNET_ROOT",
    "GOPATH",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "JAVA_HOME",
    "LD_LIBRARY_PATH",
    "NODE_ENV",
    "NODE_EXTRA_CA_CERTS",
    "NODE_OPTIONS",
    "NO_PROXY",
    "PYTHONPATH",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "VIRTUAL_ENV",
];
/// What the service has without being told.
const ALWAYS: [&str; 10] =
    ["HOME", "LANG", "LOGNAME", "PATH", "PWD", "SHELL", "USER", "USERNAME", "USERPROFILE", "TEMP"];

/// The variables that the service lacks.
pub(super) fn missing(
    wanted: &Wanted,
    environment: &BTreeMap<String, String>,
    config: &Config,
    commands: &[Started<'_>],
    findings: &mut Vec<Finding>,
) {
    let is_there = |name: &str| {
        environment.keys().any(|known| platform::is_same_variable(known, name)) || platform::is_of_the_system(name)
    };
    for name in config.secret_variables.iter().filter(|name| !is_there(name)) {
        findings.push(Finding::problem(told!("secrets"), told!("secret_variable", name), secrets::keep_in_file()));
    }
    for started in commands {
        let own = |name: &str| started.command.env.iter().any(|(known, _)| platform::is_same_variable(known, name));
        let words = started.words();
        let named = words.iter().filter(|_| started.is_shell()).flat_map(|word| platform::variables_in(word));
        for name in named.filter(|name| env::var_os(name).is_some() && !is_there(name) && !own(name)) {
            if ALWAYS.iter().any(|always| platform::is_same_variable(always, name)) {
                continue;
            }
            findings.push(Finding::problem(
                &started.of,
                told!("used_variable", name),
                told!("used_variable.say", command = wanted.install_command(&format!("--env {name}=…"))),
            ));
        }
    }
    let lacking: Vec<&str> = USUAL.into_iter().filter(|name| env::var_os(name).is_some() && !is_there(name)).collect();
    if !lacking.is_empty() && !commands.is_empty() {
        findings.push(Finding::note(
            told!("environment"),
            told!("variables", count = lacking.len(), names = lacking.join(", ")),
            told!("variables.install", command = wanted.install_command(&format!("--env {}", lacking[0]))),
        ));
    }
}
