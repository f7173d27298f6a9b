//! What is in the environment of the service.

use std::collections::BTreeMap;

use estatus_config::places::SERVICE_KEY;
use windows_registry::LOCAL_MACHINE;

use crate::CommandError;

const MACHINE_ENVIRONMENT: &str = r"SYSTEM\CurrentControlSet\Control\Session Manager\Environment";

/// The variables that every process of this machine has, whoever runs it.
pub(super) fn machine_environment() -> BTreeMap<String, String> {
    let Ok(key) = LOCAL_MACHINE.open(MACHINE_ENVIRONMENT) else { return BTreeMap::new() };
    let Ok(values) = key.values() else { return BTreeMap::new() };
    let text = |value: windows_registry::Value| String::try_from(value).ok();
    values.filter_map(|(name, value)| Some((name, expanded(&text(value)?)))).collect()
}

/// The variables of any service, whoever it runs as: those of the machine, and those that Windows adds for every process.
pub(super) fn environment_of_services() -> Vec<(String, String)> {
    const ADDED: [&str; 12] = [
        "ALLUSERSPROFILE",
        "CommonProgramFiles",
        "CommonProgramFiles(x86)",
        "CommonProgramW6432",
        "COMPUTERNAME",
        "ProgramData",
        "ProgramFiles",
        "ProgramFiles(x86)",
        "ProgramW6432",
        "PUBLIC",
        "SystemDrive",
        "SystemRoot",
    ];
    let added = ADDED.into_iter().filter_map(|name| Some((name.to_owned(), std::env::var(name).ok()?)));
    added.chain(machine_environment()).collect()
}

/// The variables that were given to the installed service.
pub(super) fn variables() -> Vec<(String, String)> {
    let lines = LOCAL_MACHINE.open(SERVICE_KEY).and_then(|key| key.get_multi_string("Environment")).unwrap_or_default();
    lines.iter().filter_map(|line| line.split_once('=')).map(|(name, value)| (name.into(), value.into())).collect()
}

/// Gives these to the installed service, in the place of those that it had.
pub(super) fn set_variables(env: &[(String, String)]) -> std::result::Result<(), CommandError> {
    let lines: Vec<String> = env.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let written = LOCAL_MACHINE.create(SERVICE_KEY).and_then(|key| match lines.as_slice() {
        // There may be none to remove.
        [] => Ok(drop(key.remove_value("Environment"))),
        lines => key.set_multi_string("Environment", lines),
    });
    written.map_err(|error| CommandError::Failed(format!("the variables of the service cannot be set: {error}")))
}

/// A value of the registry with what `%NAME%` stands for in this process.
fn expanded(value: &str) -> String {
    expanded_by(value, |name| std::env::var(name).ok())
}

/// `value` with what `%NAME%` stands for in it by `known`; what that does not know stays.
pub(super) fn expanded_by(value: &str, known: impl Fn(&str) -> Option<String>) -> String {
    let mut parts = value.split('%');
    let mut whole = parts.next().unwrap_or_default().to_owned();
    let mut is_name = true;
    for part in parts {
        match known(part) {
            Some(value) if is_name => {
                whole.push_str(&value);
                is_name = false;
            }
            _ => {
                whole.push_str(if is_name { "%" } else { "" });
                whole.push_str(part);
                is_name = true;
            }
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_the_registry_is_expanded_where_it_names_a_variable() {
        let windows = std::env::var("SystemRoot").unwrap();
        let check = |value: &str, expected: &str| assert_eq!(expanded(value), expected, "{value}");
        check(r"%SystemRoot%\system32;C:\bin", &format!(r"{windows}\system32;C:\bin"));
        check("100% sure", "100% sure");
        check("%NO_SUCH_VARIABLE_ANYWHERE%;x", "%NO_SUCH_VARIABLE_ANYWHERE%;x");
        check("plain", "plain");
    }
}
