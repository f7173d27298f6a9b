//! The services that NSSM runs, as Windows has them in its registry.

use windows_registry::{Key, LOCAL_MACHINE, Type, Value};

use super::environment::{environment_of_services, expanded_by};

/// All services of this machine.
const SERVICES: &str = r"SYSTEM\CurrentControlSet\Services";
/// What is remembered beside the settings of a service that was taken over: the program it has become, and how it started.
const TAKEN_AS: &str = "EstatusProgram";
const STARTED_AS: &str = "EstatusStart";
const RAN: &str = "EstatusRan";
/// What NSSM adds to the environment of a service, in the order in which it does; it puts the values of variables into it.
const ENVIRONMENTS: [&str; 2] = ["AppEnvironment", "AppEnvironmentExtra"];

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
    let mut settings = Settings { name: name.clone(), found: Vec::new(), known: known_to(&service) };
    settings.values(&parameters);
    settings.keys(&parameters);
    settings.environments();
    settings.of_windows(&service);
    let taken_as = parameters.get_string(TAKEN_AS).ok();
    Some(NssmService { name, settings: settings.found, taken_as })
}

/// The variables that NSSM finds when it runs this service.
fn known_to(service: &Key) -> Vec<(String, String)> {
    let own = list(service.get_multi_string("Environment").unwrap_or_default());
    let own = own.iter().filter_map(|line| line.split_once('='));
    let mut known = environment_of_services();
    known.extend(own.map(|(name, value)| (name.to_owned(), value.to_owned())));
    known
}

/// A list without the zeros at its end, which come as texts with nothing in them.
fn list(texts: Vec<String>) -> Vec<String> {
    texts.into_iter().filter(|text| !text.is_empty()).collect()
}

/// The settings of one service.
struct Settings {
    name: String,
    found: Vec<Setting>,
    /// The variables that are known by now; of those by one name the last counts.
    known: Vec<(String, String)>,
}

impl Settings {
    fn add(&mut self, key: &str, values: Vec<String>) {
        self.found.push((self.name.clone(), key.to_owned(), values));
    }

    /// All that NSSM keeps in one value each.
    fn values(&mut self, parameters: &Key) {
        let Ok(values) = parameters.values() else { return };
        for (key, value) in values.filter(|(key, _)| ![TAKEN_AS, STARTED_AS, RAN, ""].contains(&key.as_str())) {
            match value.ty() {
                Type::MultiString => {
                    let list = list(value.try_into().unwrap_or_default());
                    if !list.is_empty() {
                        self.add(&key, list);
                    }
                }
                Type::String | Type::ExpandString => {
                    let text = self.text(value);
                    if !text.is_empty() {
                        self.add(&key, vec![text]);
                    }
                }
                Type::U32 => {
                    let number = u32::try_from(value).map(|number| number_word(&key, number));
                    self.add(&key, number.into_iter().collect());
                }
                // NSSM writes no others, and reads none.
                Type::U64 | Type::Bytes | Type::Other(_) => self.add(&key, Vec::new()),
            }
        }
    }

    fn text(&self, value: Value) -> String {
        let is_expanded = value.ty() == Type::ExpandString;
        let text = String::try_from(value).unwrap_or_default();
        if is_expanded { self.expanded(&text) } else { text }
    }

    fn expanded(&self, text: &str) -> String {
        expanded_by(text, |name| {
            let mut newest_first = self.known.iter().rev();
            newest_first.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
        })
    }

    /// All that NSSM keeps in keys of their own: what is done after exits, and at events.
    fn keys(&mut self, parameters: &Key) {
        let Ok(keys) = parameters.keys() else { return };
        for name in keys {
            let Ok(key) = parameters.open(&name) else { continue };
            match name.to_ascii_lowercase().as_str() {
                "appexit" => self.exits(&key),
                "appevents" => self.events(&key),
                _ => self.add(&name, Vec::new()),
            }
        }
    }

    /// What is done after exits: the key's own value for all, and one named for each other exit code.
    fn exits(&mut self, exits: &Key) {
        let Ok(values) = exits.values() else { return };
        for (exit, action) in values {
            let exit = if exit.is_empty() { "Default".to_owned() } else { exit };
            if let Ok(action) = String::try_from(action) {
                self.add("AppExit", vec![exit, action]);
            }
        }
    }

    /// What is run at events: a key for each, and in it a value for each action.
    fn events(&mut self, events: &Key) {
        let Ok(keys) = events.keys() else { return };
        for event in keys {
            let Ok(actions) = events.open(&event) else { continue };
            let Ok(values) = actions.values() else { continue };
            for (action, command) in values {
                let command = self.text(command);
                if !command.is_empty() {
                    self.add("AppEvents", vec![format!("{event}/{action}"), command]);
                }
            }
        }
    }

    /// Puts values in the place of variables, as NSSM does when it starts the service: each knows those before it.
    fn environments(&mut self) {
        for environment in ENVIRONMENTS {
            let at = self.found.iter().position(|(_, key, _)| key.eq_ignore_ascii_case(environment));
            let Some(at) = at else { continue };
            let lines = std::mem::take(&mut self.found[at].2);
            self.found[at].2 = lines.into_iter().map(|line| self.variable(line)).collect();
        }
    }

    fn variable(&mut self, line: String) -> String {
        let Some((name, value)) = line.split_once('=') else { return line };
        let value = self.expanded(value);
        self.known.push((name.to_owned(), value.clone()));
        format!("{name}={value}")
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
        for key in ["DependOnService", "DependOnGroup", "Environment"] {
            let list = list(service.get_multi_string(key).unwrap_or_default());
            if !list.is_empty() {
                self.add(key, list);
            }
        }
    }
}

/// How `nssm` writes a number of the registry.
fn number_word(key: &str, number: u32) -> String {
    const NORMAL_PRIORITY_CLASS: u32 = 0x20;
    match number {
        NORMAL_PRIORITY_CLASS if key == "AppPriority" => "NORMAL_PRIORITY_CLASS".to_owned(),
        number => number.to_string(),
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
    fn variables_are_put_in_as_nssm_does() {
        let registered = Registered::new("estatus-test-variables");
        let parameters = LOCAL_MACHINE.create(parameters_of(&registered.0)).unwrap();
        parameters.set_multi_string("AppEnvironment", &["BASE=C:\\base"]).unwrap();
        let extra = ["ROOT=%base%\\root", "PATH=%ROOT%\\bin;%Path%", "HERE=%USERPROFILE%", "RATE=100%"];
        parameters.set_multi_string("AppEnvironmentExtra", &extra).unwrap();
        let service = services().unwrap().into_iter().find(|it| it.name == registered.0).unwrap();
        let (_, _, found) = service.settings.iter().find(|(_, key, _)| key == "AppEnvironmentExtra").unwrap();
        assert_eq!(found[0], r"ROOT=C:\base\root");
        let path = found[1].to_lowercase();
        assert!(path.starts_with(r"path=c:\base\root\bin;") && path.contains("system32"), "{path}");
        // What is another's for each account stays, and is told.
        assert_eq!(found[2..], ["HERE=%USERPROFILE%", "RATE=100%"]);
    }

    #[test]
    fn no_setting_of_a_service_is_passed_over() {
        let registered = Registered::new("estatus-test-all");
        remember(&registered.0, &Before { program: "web".into(), start: 3, ran: true }).unwrap();
        let parameters = LOCAL_MACHINE.create(parameters_of(&registered.0)).unwrap();
        parameters.set_u32("AppPriority", 0x20).unwrap();
        parameters.set_u32("AppRotateFiles", 1).unwrap();
        parameters.set_bytes("Strange", Type::Bytes, &[1]).unwrap();
        parameters.create("AppExit").unwrap().set_string("3", "Restart").unwrap();
        parameters.create(r"AppEvents\Start").unwrap().set_string("Pre", r"C:\hook.cmd").unwrap();
        parameters.create("Unknown").unwrap();
        let service = services().unwrap().into_iter().find(|it| it.name == registered.0).unwrap();
        let mut found: Vec<String> =
            service.settings.into_iter().map(|(_, key, values)| format!("{key} {}", values.join(" "))).collect();
        found.retain(|it| !["Application ", "AppDirectory ", "ObjectName "].iter().any(|known| it.starts_with(known)));
        found.sort();
        let expected = [
            r"AppEvents Start/Pre C:\hook.cmd",
            "AppExit 3 Restart",
            "AppPriority NORMAL_PRIORITY_CLASS",
            "AppRotateFiles 1",
            "Strange ",
            "Unknown ",
        ];
        assert_eq!(found, expected);
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
