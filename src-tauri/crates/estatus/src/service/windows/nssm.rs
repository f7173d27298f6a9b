//! The services that NSSM runs, as Windows has them in its registry.

use windows_registry::{Key, LOCAL_MACHINE, Type};

use super::environment::expanded;

/// All services of this machine.
const SERVICES: &str = r"SYSTEM\CurrentControlSet\Services";
/// What is remembered beside the settings of a service that was taken over: the program it has become, and how it started.
const TAKEN_AS: &str = "EstatusProgram";
const STARTED_AS: &str = "EstatusStart";
const RAN: &str = "EstatusRan";

/// A setting, as `nssm set` has it: the service's name, the key, the values.
pub(super) type Setting = (String, String, Vec<String>);

/// A service that NSSM runs.
#[derive(Clone, Debug)]
pub(super) struct NssmService {
    /// Its name.
    pub(super) name: String,
    /// Its settings.
    pub(super) settings: Vec<Setting>,
    /// The program that it has become here, if it has.
    pub(super) taken_as: Option<String>,
}

/// How a service was before it was taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Before {
    /// The program it has become.
    pub(super) program: String,
    /// How it started (SERVICE_AUTO_START and its like, as numbers).
    pub(super) start: u32,
    /// Whether it ran.
    pub(super) ran: bool,
}

/// Every service that NSSM runs, by name.
pub(super) fn services() -> windows_registry::Result<Vec<NssmService>> {
    let all = LOCAL_MACHINE.open(SERVICES)?;
    let mut found: Vec<NssmService> = all.keys()?.filter_map(|name| read(&all, name)).collect();
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

/// Remembers how a service is, before it is changed.
pub(super) fn remember(name: &str, before: &Before) -> windows_registry::Result<()> {
    let key = parameters(name)?;
    key.set_u32(STARTED_AS, before.start)?;
    key.set_u32(RAN, u32::from(before.ran))?;
    key.set_string(TAKEN_AS, &before.program)
}

/// How a service was before it was taken over; nothing if it was not.
pub(super) fn remembered(name: &str) -> Option<Before> {
    let key = LOCAL_MACHINE.open(parameters_of(name)).ok()?;
    Some(Before {
        program: key.get_string(TAKEN_AS).ok()?,
        start: key.get_u32(STARTED_AS).ok()?,
        ran: key.get_u32(RAN).is_ok_and(|ran| ran != 0),
    })
}

/// Forgets that a service was taken over.
pub(super) fn forget(name: &str) -> windows_registry::Result<()> {
    let key = parameters(name)?;
    key.remove_value(TAKEN_AS)?;
    key.remove_value(STARTED_AS)?;
    key.remove_value(RAN)
}

fn parameters(name: &str) -> windows_registry::Result<Key> {
    LOCAL_MACHINE.options().read().write().open(parameters_of(name))
}

fn parameters_of(name: &str) -> String {
    format!(r"{SERVICES}\{name}\Parameters")
}

fn read(all: &Key, name: String) -> Option<NssmService> {
    let service = all.open(&name).ok()?;
    let image = service.get_string("ImagePath").ok()?.to_ascii_lowercase();
    if !image.contains("nssm") {
        return None;
    }
    let parameters = service.open("Parameters").ok()?;
    let mut settings = Settings { name: name.clone(), found: Vec::new() };
    settings.texts(&parameters, &["Application", "AppParameters", "AppDirectory"]);
    settings.texts(&parameters, &["AppStdin", "AppStdout", "AppStderr", "AppAffinity"]);
    settings.lists(&parameters, &["AppEnvironment", "AppEnvironmentExtra"]);
    settings.numbers(&parameters, &["AppStopMethodSkip", "AppStopMethodConsole", "AppThrottle", "AppRestartDelay"]);
    settings.exits(&parameters);
    settings.of_windows(&service);
    let taken_as = parameters.get_string(TAKEN_AS).ok();
    Some(NssmService { name, settings: settings.found, taken_as })
}

/// The settings of one service.
struct Settings {
    name: String,
    found: Vec<Setting>,
}

impl Settings {
    fn add(&mut self, key: &str, values: Vec<String>) {
        self.found.push((self.name.clone(), key.to_owned(), values));
    }

    fn texts(&mut self, key: &Key, names: &[&str]) {
        for name in names {
            let Ok(value) = key.get_value(name) else { continue };
            let is_expanded = value.ty() == Type::ExpandString;
            if let Some(text) = String::try_from(value).ok().filter(|text| !text.is_empty()) {
                self.add(name, vec![if is_expanded { expanded(&text) } else { text }]);
            }
        }
    }

    fn lists(&mut self, key: &Key, names: &[&str]) {
        for name in names {
            // The zeros at the end of a list come as texts with nothing in them.
            let list: Vec<String> = key.get_multi_string(name).unwrap_or_default();
            let list: Vec<String> = list.into_iter().filter(|text| !text.is_empty()).collect();
            if !list.is_empty() {
                self.add(name, list);
            }
        }
    }

    fn numbers(&mut self, key: &Key, names: &[&str]) {
        for name in names {
            if let Ok(number) = key.get_u32(name) {
                self.add(name, vec![number.to_string()]);
            }
        }
    }

    /// What is done after exits: the key's own value for all, and one named for each other exit code.
    fn exits(&mut self, parameters: &Key) {
        let Ok(exits) = parameters.open("AppExit") else { return };
        let Ok(values) = exits.values() else { return };
        for (exit, action) in values {
            let exit = if exit.is_empty() { "Default".to_owned() } else { exit };
            if let Ok(action) = String::try_from(action) {
                self.add("AppExit", vec![exit, action]);
            }
        }
    }

    /// What Windows itself knows of the service.
    fn of_windows(&mut self, service: &Key) {
        if let Some(start) = service.get_u32("Start").ok().and_then(start_word) {
            self.add("Start", vec![start.to_owned()]);
        }
        let account = service.get_string("ObjectName").unwrap_or_default();
        if !account.is_empty() {
            self.add("ObjectName", vec![account]);
        }
        self.lists(service, &["DependOnService"]);
    }
}

/// What `nssm` calls a way to start.
fn start_word(start: u32) -> Option<&'static str> {
    match start {
        2 => Some("SERVICE_AUTO_START"),
        3 => Some("SERVICE_DEMAND_START"),
        4 => Some("SERVICE_DISABLED"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A service in the registry alone, until it is dropped.
    struct Registered(String);

    impl Registered {
        fn new(name: &str) -> Self {
            let this = Self(format!("{name}-{}", std::process::id()));
            let key = LOCAL_MACHINE.create(format!(r"{SERVICES}\{}", this.0)).unwrap();
            key.set_string("ImagePath", r"C:\tools\nssm.exe").unwrap();
            key.set_string("ObjectName", "LocalSystem").unwrap();
            let parameters = LOCAL_MACHINE.create(parameters_of(&this.0)).unwrap();
            parameters.set_expand_string("Application", r"%SystemRoot%\app.exe").unwrap();
            parameters.set_string("AppDirectory", r"C:\100%SystemRoot%").unwrap();
            this
        }
    }

    impl Drop for Registered {
        fn drop(&mut self) {
            let _ = LOCAL_MACHINE.remove_tree(format!(r"{SERVICES}\{}", self.0));
        }
    }

    #[test]
    fn a_service_is_read_as_nssm_runs_it() {
        let registered = Registered::new("estatus-test-read");
        let service = services().unwrap().into_iter().find(|it| it.name == registered.0).unwrap();
        let said =
            |key: &str| service.settings.iter().find(|(_, it, _)| it == key).map(|(_, _, values)| values.concat());
        let windows = std::env::var("SystemRoot").unwrap();
        assert_eq!(said("Application"), Some(format!(r"{windows}\app.exe")));
        // Only what the registry says is to be expanded.
        assert_eq!(said("AppDirectory").as_deref(), Some(r"C:\100%SystemRoot%"));
        assert_eq!(said("ObjectName").as_deref(), Some("LocalSystem"));
    }

    #[test]
    fn how_a_service_was_is_remembered_until_it_is_given_back() {
        let registered = Registered::new("estatus-test-remember");
        let before = Before { program: "web".into(), start: 3, ran: true };
        assert_eq!(remembered(&registered.0), None);
        remember(&registered.0, &before).unwrap();
        assert_eq!(remembered(&registered.0), Some(before));
        forget(&registered.0).unwrap();
        assert_eq!(remembered(&registered.0), None);
    }
}
