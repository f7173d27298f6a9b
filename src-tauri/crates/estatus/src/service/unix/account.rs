//! As whom a service runs: what the system knows of a user.

use std::{env, fmt, path::PathBuf, process::Command};

use rustix::{
    process::{Gid, Uid},
    thread,
};

use crate::CommandError;

/// A user of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    /// Its name.
    pub(crate) name: String,
    /// Its number.
    pub(crate) uid: u32,
    /// Its first group.
    pub(crate) gid: u32,
    /// All its groups.
    pub(crate) groups: Vec<u32>,
    /// Its home folder.
    pub(crate) home: PathBuf,
}

impl Account {
    /// The user that is called `wanted`, or has that number.
    pub(super) fn find(wanted: &str) -> Result<Self, CommandError> {
        let unknown = || CommandError::Wrong(format!("this machine has no user {wanted}: `getent passwd` lists them"));
        let line = asked("getent", &["passwd", "--", wanted])?.ok_or_else(unknown)?;
        let mut account = Self::of_line(line.trim_end()).ok_or_else(unknown)?;
        let groups = asked("id", &["-G", "--", &account.name])?.unwrap_or_default();
        account.groups = groups.split_whitespace().filter_map(|group| group.parse().ok()).collect();
        Ok(account)
    }

    /// The user of this process.
    pub(super) fn current() -> Result<Self, CommandError> {
        Self::find(&rustix::process::geteuid().as_raw().to_string())
    }

    /// The user who became root to run this, if one did: by sudo, doas or the desktop's question for the password.
    pub(super) fn behind_root() -> Result<Option<Self>, CommandError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let variables = ["SUDO_UID", "PKEXEC_UID", "DOAS_USER"];
        let behind = variables.iter().find_map(|name| env::var(name).ok().filter(|user| !user.is_empty()));
        let account = behind.map(|user| Self::find(&user)).transpose()?;
        Ok(account.filter(|account| !account.is_root()))
    }

    /// Whether it may do anything.
    pub(crate) fn is_root(&self) -> bool {
        self.uid == 0
    }

    /// Does `deed` with the rights of this account, if this is root's process: what it is made to follow leads no further than
    /// the account itself could go.
    ///
    /// # Errors
    /// If the rights cannot be taken on.
    pub(super) fn act<T: Send>(&self, deed: impl FnOnce() -> T + Send) -> Result<T, CommandError> {
        let take_on = || -> rustix::io::Result<()> {
            if !rustix::process::geteuid().is_root() {
                return Ok(());
            }
            let groups: Vec<Gid> = self.groups.iter().copied().map(Gid::from_raw).collect();
            thread::set_thread_groups(&groups)?;
            thread::set_thread_res_gid(None, Gid::from_raw(self.gid), None)?;
            // The real user stays root, so that the account can neither trace nor end this thread.
            thread::set_thread_res_uid(None, Uid::from_raw(self.uid), None)
        };
        // On Linux a thread has rights of its own, and these end with it.
        let done = std::thread::scope(|scope| scope.spawn(|| take_on().map(|()| deed())).join());
        let failed = |error: &dyn fmt::Display| {
            CommandError::Failed(format!("what is {}'s cannot be done as that user: {error}", self.name))
        };
        done.map_err(|_| failed(&"the thread for it ended"))?.map_err(|error| failed(&error))
    }

    /// What a line of passwd(5) says.
    fn of_line(line: &str) -> Option<Self> {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty())?.to_owned();
        let (uid, gid) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
        let home = PathBuf::from(fields.nth(1)?);
        Some(Self { name, uid, gid, groups: vec![gid], home })
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// What `program` answers; nothing if it knows none.
fn asked(program: &str, arguments: &[&str]) -> Result<Option<String>, CommandError> {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .map_err(|error| CommandError::Failed(format!("{program}, which knows the users, cannot be run: {error}")))?;
    Ok(output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_passwd_says_who_somebody_is() {
        let check = |line: &str, expected: Option<(&str, u32, u32, &str)>| {
            let account = Account::of_line(line);
            let said = account.as_ref().map(|it| (&*it.name, it.uid, it.gid, it.home.to_str().unwrap()));
            assert_eq!(said, expected, "{line}");
        };
        check("luz:x:1000:1001:Luz,,,:/home/luz:/bin/bash", Some(("luz", 1000, 1001, "/home/luz")));
        check("root:x:0:0:root:/root:/bin/bash", Some(("root", 0, 0, "/root")));
        check(":x:0:0:root:/root:/bin/bash", None);
        check("luz:x:many:0::/:", None);
        check("luz", None);
    }

    #[test]
    fn what_is_done_as_an_account_reaches_no_further_than_it_does() {
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let account = Account { name: "luz".into(), uid: 4242, gid: 4242, groups: vec![4242], home: "/".into() };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let write = || std::fs::write(&file, "x").map_err(|error| error.kind());
        assert_eq!(account.act(write).unwrap(), Err(std::io::ErrorKind::PermissionDenied));
        // Only that was done so.
        write().unwrap();
    }

    #[test]
    fn who_runs_this_is_known() {
        let account = Account::current().unwrap();
        assert_eq!(account.uid, rustix::process::geteuid().as_raw());
        assert!(account.groups.contains(&account.gid), "{account:?}");
        assert!(Account::find("no-such-user-anywhere").is_err());
    }
}
