//! Fleets, seen from outside.

use serde_json::Value;

use crate::{BOUND, Estatus, within};

impl Estatus {
    /// A fleet with its instances; nothing while the engine cannot be asked.
    pub fn fleet(&self, name: &str) -> Option<Value> {
        serde_json::from_str(&self.say(&["fleet", "show", name, "--json"]).out).ok()
    }

    /// Waits, for two times the usual bound, until a fleet is as `fact` wants it; gives back what that makes of it.
    #[track_caller]
    pub fn wait_for_fleet<T>(&self, name: &str, what: &str, mut fact: impl FnMut(&Value) -> Option<T>) -> T {
        let found = within(BOUND * 2, || fact(&self.fleet(name)?));
        found.unwrap_or_else(|| {
            panic!("{what} does not come: {} {}", self.say(&["fleet", "show", name]).out, self.decided(name))
        })
    }

    /// What was decided of a fleet, as it is listed.
    fn decided(&self, name: &str) -> String {
        self.say(&["fleet", "decisions", name]).out
    }

    /// What was decided of a fleet, the first first.
    ///
    /// # Panics
    /// If a number is missing, or one is there twice.
    #[track_caller]
    pub fn decisions(&self, name: &str) -> Vec<Value> {
        let mut all = self.json(&["fleet", "decisions", name, "--limit", "10000"]).as_array().unwrap().clone();
        all.reverse();
        let numbers: Vec<u64> = all.iter().map(|decision| decision["number"].as_u64().unwrap()).collect();
        assert_eq!(numbers, (1..=u64::try_from(all.len()).unwrap()).collect::<Vec<_>>(), "{all:?}");
        all
    }

    /// Sets the load of an instance, as the slider of the window does.
    ///
    /// # Panics
    /// If the engine refuses.
    #[track_caller]
    pub fn set_load(&self, fleet: &str, instance: &str, load: f32) {
        let request = estatus_api::Request::SetLoad { fleet: fleet.to_owned(), instance: instance.to_owned(), load };
        let set = async { self.attach().await.request(request).await };
        tokio::runtime::Runtime::new().unwrap().block_on(set).unwrap();
    }

    /// The processes of its local instances, by the names of those, also where no engine runs.
    #[cfg(target_os = "linux")]
    pub fn local_instances(&self) -> std::collections::BTreeMap<String, Vec<u32>> {
        let folder = format!("{}/", self.data().join("fleet").join("instances").display());
        let mut found = std::collections::BTreeMap::<String, Vec<u32>>::new();
        let processes = std::fs::read_dir("/proc").unwrap().flatten();
        for pid in processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok()) {
            // Where its token is, our agent has as an argument, and what else an instance runs in a variable.
            let read = |file: &str| std::fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
            let words = [read("cmdline"), read("environ")].concat();
            let words = String::from_utf8_lossy(&words);
            let Some((_, rest)) = words.split_once(&folder) else { continue };
            if let Some((name, _)) = rest.split_once("/token")
                && crate::is_alive(pid.into())
            {
                found.entry(name.to_owned()).or_default().push(pid);
            }
        }
        found
    }

    /// The processes that supervise its local instances, by the name of each one's folder, also where no engine runs.
    #[cfg(target_os = "linux")]
    pub fn shims_of_instances(&self) -> Vec<(String, u32)> {
        crate::estatus::shims_below(&self.data().join("fleet").join("local"))
    }

    /// Ends its local instances, which live on without their engine.
    #[cfg(target_os = "linux")]
    pub(crate) fn end_instances(&self) {
        let shims = self.shims_of_instances().into_iter().map(|(_, pid)| pid);
        // One after the other, so that nobody is begun anew by whom he is supervised.
        for pid in shims.chain(self.local_instances().into_values().flatten()) {
            let _ = std::process::Command::new("kill").args(["-KILL", &pid.to_string()]).output();
        }
    }
}
