//! `--demo`: Estatus with something to see at once, in a configuration and a data folder of its own among the user's caches.

use std::{
    ffi::{OsStr, OsString},
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use crate::{platform, workspace};

/// What asks for one.
const DEMO: &str = "--demo";

/// Instances that are processes of this machine, whose loads are set by hand: the fleet that the window makes for whoever wants
/// to try one.
const FLEET: &str = r#"# A fleet to try. Its instances are processes of this machine, and you set the load of each.
# When their mean is above 66 %, more are launched; when it is below 54 %, some are removed after five minutes.

[fleet.demo]
min = 1
desired = 2                            # it is refilled to this
max = 6
policy = "target"                      # also "seed", the rule of one more and one fewer
load = "60%"                           # the mean load to aim for
heartbeat = "2s"                       # how often each instance reports its load
launch = "local"                       # also command, ec2 and asg, each with a table of its own

[[monitor]]
name = "demo fleet"
fleet = "demo"
at_least = 2                           # running instances
every = "5s"
"#;

/// Where a demo is kept. What was made of it the last time is still there.
#[derive(Debug)]
pub(super) struct Demo {
    config: PathBuf,
    data: PathBuf,
}

impl Demo {
    /// Takes `--demo fleet` out of `arguments`, if it stands there, and lays out what it needs.
    ///
    /// # Errors
    /// If there is no such demo, or no place for it.
    pub(super) fn take(arguments: &mut Vec<OsString>) -> Result<Option<Self>> {
        let Some(name) = taken(arguments)? else { return Ok(None) };
        Self::lay_out(&workspace::cache()?.join("demo").join(name)).map(Some)
    }

    fn lay_out(folder: &Path) -> Result<Self> {
        let demo = Self { config: folder.join("estatus.toml"), data: folder.join("data") };
        fs::create_dir_all(&demo.data).with_context(|| format!("Failed to make {}", demo.data.display()))?;
        platform::close_to_others(&demo.data)?;
        if !demo.config.exists() {
            fs::write(&demo.config, FLEET).with_context(|| format!("Failed to write {}", demo.config.display()))?;
        }
        Ok(demo)
    }

    /// The options by which every program of Estatus finds it.
    pub(super) fn places(&self) -> [&OsStr; 4] {
        ["--config".as_ref(), self.config.as_os_str(), "--data".as_ref(), self.data.as_os_str()]
    }

    /// Says where it is, and what to do in the window.
    pub(super) fn explain_window(&self) {
        println!(
            "The demo is in {}. In the window, under Fleets, open `demo` and move its sliders.",
            self.config.display()
        );
    }

    /// Says where it is, and what to do in another terminal with `estatus`.
    pub(super) fn explain_terminal(&self, estatus: &Path) {
        let line = [estatus.as_os_str()].into_iter().chain(self.places()).map(quoted).collect::<Vec<_>>().join(" ");
        println!(
            "The demo is in {}. In another terminal, say that both instances are busy, and see:",
            self.config.display()
        );
        println!("  estatus() {{ {line} \"$@\"; }}");
        println!("  estatus fleet load demo-1 95%; estatus fleet load demo-2 95%");
        println!("  estatus fleet show demo");
    }
}

fn taken(arguments: &mut Vec<OsString>) -> Result<Option<&'static str>> {
    let Some(place) = arguments.iter().position(|argument| argument == DEMO) else { return Ok(None) };
    arguments.remove(place);
    if place < arguments.len() && arguments.remove(place) == "fleet" {
        return Ok(Some("fleet"));
    }
    bail!("the demo that there is, is called `{DEMO} fleet`")
}

/// A word as a shell takes it.
fn quoted(word: &OsStr) -> String {
    format!("'{}'", word.to_string_lossy().replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_demo_is_asked_for_among_what_goes_to_estatus() {
        let check = |line: &str, rest: &str, demo: Option<&str>| {
            let mut arguments = line.split_whitespace().map(OsString::from).collect();
            assert_eq!(taken(&mut arguments).unwrap(), demo);
            assert_eq!(arguments.join(OsStr::new(" ")), rest);
        };
        check("--demo fleet", "", Some("fleet"));
        check("--hidden --demo fleet --all-users", "--hidden --all-users", Some("fleet"));
        check("--config fleet", "--config fleet", None);
        assert!(taken(&mut vec!["--demo".into()]).is_err());
        assert!(taken(&mut vec!["--demo".into(), "flow".into()]).is_err());
    }

    #[test]
    fn what_the_user_has_made_of_a_demo_stays() {
        let folder = tempfile::tempdir().unwrap();
        let demo = Demo::lay_out(folder.path()).unwrap();
        assert!(fs::read_to_string(&demo.config).unwrap().contains("[fleet.demo]"));
        fs::write(&demo.config, "mine").unwrap();
        let demo = Demo::lay_out(folder.path()).unwrap();
        assert_eq!(fs::read_to_string(&demo.config).unwrap(), "mine");
        assert!(demo.data.is_dir());
    }

    #[test]
    fn a_path_is_one_word_of_a_shell() {
        assert_eq!(quoted("/home/o'neill/my demo".as_ref()), r"'/home/o'\''neill/my demo'");
    }
}
