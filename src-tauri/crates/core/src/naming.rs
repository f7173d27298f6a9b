//! How processes are called: the rule by which a name or a path that somebody writes fits one; and how variables are named.

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

/// The variables that `text` names between percent signs, in whose place Windows puts what they hold; also where `cmd` takes a
/// part of one, like `%PATH:~0,4%`.
pub fn windows_variables(text: &str) -> Vec<&str> {
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "_()".contains(c))
    };
    let mut parts = text.split('%').skip(1).peekable();
    let mut names = Vec::new();
    while let Some(part) = parts.next() {
        // A sign with no name behind it may stand before one.
        let name = part.split(':').next().filter(|name| is_name(name) && parts.peek().is_some());
        if let Some(name) = name {
            names.push(name);
            parts.next();
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_stands_between_two_percent_signs() {
        let check = |text: &str, names: &[&str]| assert_eq!(windows_variables(text), names, "{text}");
        check(r"%JAVA_HOME%\bin\java -cp %LIB%", &["JAVA_HOME", "LIB"]);
        check(r"echo 100% done & %JAVA_HOME%\bin\java", &["JAVA_HOME"]);
        check("%PROGRAMFILES(X86)% %PATH:~0,4% %A%%B%", &["PROGRAMFILES(X86)", "PATH", "A", "B"]);
        check("100% of %PATH%", &["PATH"]);
        check("%A%b%", &["A"]);
        for none in ["", "%", "%%", "100%", "% %", "%1 %2", "%A", "a %~dp0 b", "100% of 50%", "/search?q=a%20b%20c"] {
            check(none, &[]);
        }
    }
}
