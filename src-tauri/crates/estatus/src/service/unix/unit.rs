//! The unit by which systemd knows Estatus (systemd.service(5)).

use std::{
    fmt::Write,
    path::{Path, PathBuf},
};

use estatus_config::places::UNIT_SECTION;

/// What the unit is called.
pub(super) const NAME: &str = "estatus.service";
/// What a unit of ours begins with; another's is not touched.
const MARK: &str = "# Written by `estatus service install`, which replaces it when it is run again.";

/// What a unit runs, and as whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    /// As whom it runs; the user whose manager it belongs to, where none is named.
    pub(super) account: Option<String>,
    /// The console program.
    pub(super) executable: PathBuf,
    /// The configuration file.
    pub(super) config: PathBuf,
    /// The data folder.
    pub(super) data: PathBuf,
    /// Variables that it finds beside those of systemd.
    pub(super) env: Vec<(String, String)>,
}

impl Unit {
    /// The whole text of the unit.
    pub(super) fn text(&self) -> String {
        let Self { account, executable, config, data, env } = self;
        let run = [text_of(executable), "--config".into(), text_of(config), "--data".into(), text_of(data)];
        let run: Vec<String> = run.iter().map(|word| quoted(&word.replace('$', "$$"))).collect();
        let mut text = format!(
            "{MARK}
# Settings of your own belong into a drop-in: systemctl {user}edit estatus

[Unit]
Description=Estatus monitors what you run and keeps it running
{after}# However often it ends, it is started again.
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
ExecStart={run} service run{all_users}
",
            user = if account.is_some() { "" } else { "--user " },
            after = if account.is_some() { "After=network.target nss-lookup.target\n" } else { "" },
            run = run.join(" "),
            all_users = if account.is_some() { " --all-users" } else { "" },
        );
        let mut add = |line: std::fmt::Arguments<'_>| {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{line}");
        };
        if let Some(account) = account {
            add(format_args!("User={}", account.replace('%', "%%")));
            // Where users of this machine who may look and steer find the engine.
            add(format_args!("RuntimeDirectory=estatus"));
        }
        add(format_args!("WorkingDirectory=~"));
        for (name, value) in env {
            add(format_args!("Environment={}", quoted(&format!("{name}={value}"))));
        }
        text += SUPERVISED;
        let wanted_by = if account.is_some() { "multi-user.target" } else { "default.target" };
        text += &format!("\n[Install]\nWantedBy={wanted_by}\n");
        text + &format!("\n{UNIT_SECTION}\nConfig={}\nData={}\n", text_of(config), text_of(data))
    }

    /// Whether `text` is a unit that we have written.
    pub(super) fn is_ours(text: &str) -> bool {
        text.starts_with(MARK)
    }

    /// The variables that a unit of ours sets.
    pub(super) fn env(text: &str) -> Vec<(String, String)> {
        let values = text.lines().filter_map(|line| line.strip_prefix("Environment="));
        values
            .filter_map(|value| {
                let (name, value) =
                    unquoted(value).split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()))?;
                Some((name, value))
            })
            .collect()
    }
}

/// How it is kept running, and what of it is not to be ended with it. The unit that the package for Debian brings has it too.
const SUPERVISED: &str = include_str!("supervised.conf");

/// A path as text; one that is none has been refused before.
fn text_of(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// A word as systemd reads it again.
fn quoted(word: &str) -> String {
    let mut quoted = String::from("\"");
    for c in word.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '%' => quoted.push_str("%%"),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

fn unquoted(word: &str) -> String {
    let inner = word.strip_prefix('"').and_then(|word| word.strip_suffix('"')).unwrap_or(word);
    let mut plain = String::new();
    let mut letters = inner.chars();
    while let Some(c) = letters.next() {
        match c {
            '\\' => plain.extend(letters.next()),
            '%' => {
                // The second of two.
                letters.next();
                plain.push('%');
            }
            c => plain.push(c),
        }
    }
    plain
}

/// Why `value` cannot stand in a unit, if it cannot.
pub(super) fn refusal(value: &str) -> Option<&'static str> {
    value.chars().any(char::is_control).then_some("it has a line end or another control character in it")
}

#[cfg(test)]
mod tests {
    use estatus_config::places::of_unit;

    use super::*;

    fn system() -> Unit {
        Unit {
            account: Some("luz".into()),
            executable: "/usr/lib/estatus/estatus".into(),
            config: "/home/luz/.config/estatus/estatus.toml".into(),
            data: "/home/luz/.local/share/estatus".into(),
            env: vec![("PATH".into(), "/home/luz/bin:/usr/bin".into())],
        }
    }

    #[test]
    fn a_system_unit_runs_as_its_user_and_leaves_programs_alone() {
        insta::assert_snapshot!(system().text());
    }

    #[test]
    fn a_user_unit_names_no_user_and_begins_with_their_manager() {
        insta::assert_snapshot!(Unit { account: None, env: Vec::new(), ..system() }.text());
    }

    #[test]
    fn what_systemd_would_take_for_its_own_signs_is_escaped() {
        let unit = Unit {
            executable: r#"/opt/100% "sure"\estatus"#.into(),
            config: "/srv/$HOME/estatus.toml".into(),
            env: vec![("GREETING".into(), r#"100% "good" \o/ $day"#.into())],
            ..system()
        };
        let text = unit.text();
        let line = |begins: &str| text.lines().find(|line| line.starts_with(begins)).unwrap();
        assert_eq!(
            line("ExecStart="),
            r#"ExecStart="/opt/100%% \"sure\"\\estatus" "--config" "/srv/$$HOME/estatus.toml" "--data" "/home/luz/.local/share/estatus" service run --all-users"#
        );
        assert_eq!(line("Environment="), r#"Environment="GREETING=100%% \"good\" \\o/ $day""#);
        assert_eq!(Unit::env(&text), unit.env);
        let places = of_unit(&text).unwrap();
        assert_eq!((places.config, places.data), (unit.config, unit.data));
    }

    #[test]
    fn a_unit_of_others_is_known() {
        assert!(Unit::is_ours(&system().text()));
        assert!(!Unit::is_ours("[Unit]\nDescription=Estatus\n"));
    }
}
