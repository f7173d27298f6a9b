//! How processes are called: the rule by which a name or a path that somebody writes fits one.

use std::path::Path;

/// A process as the system calls it.
#[derive(Clone, Copy, Debug)]
pub struct Called<'a> {
    /// Its name; on Linux at most 15 bytes, and a script's own rather than its interpreter's.
    pub name: &'a str,
    /// Its executable, where that may be known.
    pub path: Option<&'a Path>,
    /// What it was started as: the first word of its command line.
    pub started_as: &'a Path,
}

impl Called<'_> {
    /// Whether it goes by `wanted`, which was made by [`comparable_name`].
    pub fn is(&self, wanted: &str) -> bool {
        /// TASK_COMM_LEN without its zero, in linux/sched.h.
        const SHOWN: usize = 15;
        let is_file_of =
            |path: &Path| path.file_name().is_some_and(|name| comparable_name(&name.to_string_lossy()) == wanted);
        let is_cut = cfg!(unix) && self.name.len() == SHOWN && wanted.starts_with(self.name);
        comparable_name(self.name) == wanted
            || self.path.is_some_and(is_file_of)
            || (is_cut && is_file_of(self.started_as))
    }

    /// Its path as [`comparable_path`] makes it.
    pub fn path(&self) -> String {
        comparable_path(self.path.unwrap_or(self.started_as))
    }
}

/// A name as the system compares it: on Windows without upper or lower case, and anywhere without `.exe`.
pub fn comparable_name(name: &str) -> String {
    let name = if cfg!(windows) { name.to_lowercase() } else { name.to_owned() };
    name.strip_suffix(".exe").map(str::to_owned).unwrap_or(name)
}

/// A path as the system compares it.
pub fn comparable_path(path: &Path) -> String {
    let text = path.to_string_lossy();
    if cfg!(windows) {
        // A path that was followed to where it leads begins with this mark of its form.
        text.strip_prefix(r"\\?\").unwrap_or(&text).replace('/', "\\").to_lowercase()
    } else {
        text.into_owned()
    }
}
