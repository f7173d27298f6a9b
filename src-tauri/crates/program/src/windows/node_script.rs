//! The scripts behind the batch files that npm makes for commands.
//!
//! A batch file that waits for its node asks "Terminate batch job (Y/N)?" when it is to end, and hands arguments on
//! through `cmd`. So the script is run by its node, without the file.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

/// The script that a batch file hands all its arguments to, if that is all it does.
pub(super) fn behind(file: &Path, roaming: Option<&Path>) -> Option<PathBuf> {
    let folder = file.parent()?;
    let name = file.file_stem()?.to_str()?.to_lowercase();
    let script = match name.as_str() {
        "npm" | "npx" => of_npm(folder, &name, roaming).or_else(|| named_in(file, folder)),
        _ => named_in(file, folder),
    };
    script.filter(|script| script.is_file())
}

/// npm's own batch files look whether there is a newer npm where npm puts what it is to install for all projects: that is
/// in the user's roaming folder, unless somebody has said otherwise.
fn of_npm(folder: &Path, name: &str, roaming: Option<&Path>) -> Option<PathBuf> {
    let below = |folder: &Path| folder.join(format!(r"node_modules\npm\bin\{name}-cli.js"));
    let newer = roaming.map(|roaming| below(&roaming.join("npm")));
    newer.into_iter().chain([below(folder)]).find(|script| script.is_file())
}

fn named_in(file: &Path, folder: &Path) -> Option<PathBuf> {
    const LONGEST: u64 = 16 * 1024;
    let mut text = String::new();
    File::open(file).ok()?.take(LONGEST).read_to_string(&mut text).ok()?;
    named(&text).map(|script| folder.join(script))
}

/// The script that a batch file made by cmd-shim (of npm and yarn) names, relative to the file's folder.
fn named(text: &str) -> Option<&str> {
    // pnpm's say where more modules are: what they set would be missing.
    if text.to_ascii_uppercase().contains("NODE_PATH") {
        return None;
    }
    let last = text.lines().rev().find(|line| line.trim_end().ends_with("%*"))?;
    let before = last.trim_end().strip_suffix("%*")?.trim_end().strip_suffix('"')?;
    let (front, script) = before.rsplit_once('"')?;
    let script = script.strip_prefix(r"%dp0%\").or_else(|| script.strip_prefix(r"%~dp0\"))?;
    let node = front.trim_end().trim_end_matches('"');
    let is_by_node = ["%_prog%", "node", "node.exe", "%NODE_EXE%"].iter().any(|name| node.ends_with(name));
    let is_script = [".js", ".cjs", ".mjs"].iter().any(|ending| script.ends_with(ending));
    (is_by_node && is_script && !script.contains('%')).then_some(script)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BY_NPM: &str = "@ECHO off\r\nGOTO start\r\n:find_dp0\r\nSET dp0=%~dp0\r\nEXIT /b\r\n:start\r\nSETLOCAL\r\n\
        CALL :find_dp0\r\n\r\nIF EXIST \"%dp0%\\node.exe\" (\r\n  SET \"_prog=%dp0%\\node.exe\"\r\n) ELSE (\r\n  \
        SET \"_prog=node\"\r\n  SET PATHEXT=%PATHEXT:;.JS;=;%\r\n)\r\n\r\nendLocal & goto #_undefined_# 2>NUL || \
        title %COMSPEC% & \"%_prog%\"  \"%dp0%\\node_modules\\vite\\bin\\vite.js\" %*\r\n";

    #[test]
    fn the_script_is_told_from_what_else_a_batch_file_may_do() {
        let check = |text: &str, script: Option<&str>| assert_eq!(named(text), script, "{text}");
        check(BY_NPM, Some(r"node_modules\vite\bin\vite.js"));
        check("@echo off\r\nnode \"%~dp0\\yarn.js\" %*\r\n", Some("yarn.js"));
        check(
            "@IF EXIST \"%~dp0\\node.exe\" (\n  \"%~dp0\\node.exe\" \"%~dp0\\..\\x\\y.cjs\" %*\n)",
            Some(r"..\x\y.cjs"),
        );
        check("@SET \"NODE_PATH=C:\\x\"\r\nnode \"%~dp0\\y.js\" %*\r\n", None);
        check("@node --inspect \"%~dp0\\y.js\" %*", None);
        check("@python \"%~dp0\\y.py\" %*", None);
        check("@node \"%APPDATA%\\y.js\" %*", None);
        check("@echo %*", None);
        check("", None);
    }

    #[test]
    fn npm_is_the_newer_of_the_two_that_there_may_be() {
        let folder = tempfile::tempdir().unwrap();
        let (own, roaming) = (folder.path().join("nodejs"), folder.path().join("roaming"));
        let put = |below: &Path| {
            let script = below.join(r"node_modules\npm\bin\npm-cli.js");
            std::fs::create_dir_all(script.parent().unwrap()).unwrap();
            std::fs::write(&script, "").unwrap();
            script
        };
        let file = own.join("npm.cmd");
        assert_eq!(behind(&file, Some(&roaming)), None);
        let first = put(&own);
        assert_eq!(behind(&file, Some(&roaming)), Some(first));
        let newer = put(&roaming.join("npm"));
        assert_eq!(behind(&file, Some(&roaming)), Some(newer));
    }
}
