//! The scripts behind the batch files that npm makes for commands.
//!
//! A batch file that waits for its node asks "Terminate batch job (Y/N)?" when it is to end, and hands arguments on
//! through `cmd`. So the script is run by its node, without the file.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use super::environment::Environment;

/// The script that a batch file hands all its arguments to, if that is all it does.
pub(super) fn behind(file: &Path, environment: &Environment) -> Option<PathBuf> {
    let folder = file.parent()?;
    let name = file.file_stem()?.to_str()?.to_lowercase();
    let script = match name.as_str() {
        "npm" | "npx" => of_npm(folder, &name, environment).or_else(|| named_in(file, folder)),
        _ => named_in(file, folder),
    };
    script.filter(|script| script.is_file())
}

/// npm's own batch files ask the npm beside them where it puts what it is to install for all projects, and take the one that
/// is there.
fn of_npm(folder: &Path, name: &str, environment: &Environment) -> Option<PathBuf> {
    let below = |folder: &Path| folder.join(format!(r"node_modules\npm\bin\{name}-cli.js"));
    let own = below(folder);
    if !own.is_file() {
        return None;
    }
    let newer = npm_prefix(folder, environment).map(|prefix| below(&prefix));
    Some(newer.filter(|script| script.is_file()).unwrap_or(own))
}

/// Where npm puts what it is to install for all projects, if somebody has said so: a variable, the user, or who installed it
/// (npm documentation, "folders" and "npmrc").
fn npm_prefix(folder: &Path, environment: &Environment) -> Option<PathBuf> {
    let by_variable = || environment.get("npm_config_prefix").filter(|prefix| !prefix.is_empty()).map(PathBuf::from);
    let by_user = || {
        let users = environment.get("npm_config_userconfig").map(PathBuf::from);
        prefix_in(&users.or_else(|| Some(Path::new(environment.get("USERPROFILE")?).join(".npmrc")))?, environment)
    };
    by_variable().or_else(by_user).or_else(|| prefix_in(&folder.join(r"node_modules\npm\npmrc"), environment))
}

/// The prefix that a file of settings of npm names.
fn prefix_in(file: &Path, environment: &Environment) -> Option<PathBuf> {
    let text = beginning(file)?;
    let settings = text.lines().filter_map(|line| line.split_once('='));
    let (_, prefix) = settings.filter(|(name, _)| name.trim() == "prefix").last()?;
    with_variables(prefix.trim().trim_matches('"'), environment).map(PathBuf::from)
}

/// `text` with the values of the variables that are named in it like `${APPDATA}`; nothing if one is not set.
fn with_variables(text: &str, environment: &Environment) -> Option<String> {
    let mut parts = text.split("${");
    let mut whole = parts.next()?.to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}')?;
        whole.push_str(environment.get(name)?.to_str()?);
        whole.push_str(rest);
    }
    Some(whole)
}

fn named_in(file: &Path, folder: &Path) -> Option<PathBuf> {
    named(&beginning(file)?).map(|script| folder.join(script))
}

/// The text of a file that is as short as such files are.
fn beginning(file: &Path) -> Option<String> {
    const LONGEST: u64 = 16 * 1024;
    let mut text = String::new();
    File::open(file).ok()?.take(LONGEST).read_to_string(&mut text).ok()?;
    Some(text)
}

/// What cmd-shim (of npm and of pnpm, which corepack has too) and yarn write beside the lines that run the script: in small
/// letters, without an `@` before it.
const WRITTEN: [&str; 18] = [
    "",
    "echo off",
    "goto start",
    ":start",
    "setlocal",
    "endlocal",
    "call :find_dp0",
    ":find_dp0",
    "set dp0=%~dp0",
    "exit /b",
    "exit /b %errorlevel%",
    r#"if exist "%dp0%\node.exe" ("#,
    r#"if exist "%~dp0\node.exe" ("#,
    r#"set "_prog=%dp0%\node.exe""#,
    r#"set "_prog=node""#,
    "set pathext=%pathext:;.js;=;%",
    ") else (",
    ")",
];

/// What a line begins with that ends the file before the program: nobody is asked then whether it is to be ended.
const LAST: &str = "endlocal & goto #_undefined_# 2>nul || title %comspec% & ";

/// The script that a batch file names, relative to the file's folder, if the file does nothing but run it: one that sets
/// variables or does something else first is none of them.
fn named(text: &str) -> Option<&str> {
    let mut scripts = text.lines().filter(|line| !WRITTEN.contains(&without_at(line).to_ascii_lowercase().as_str()));
    let script = run_in(scripts.next()?)?;
    scripts.all(|line| run_in(line) == Some(script)).then_some(script)
}

/// The script that a line runs by node with all arguments, and no others.
fn run_in(line: &str) -> Option<&str> {
    let line = without_at(line).strip_suffix("%*")?.trim_end().strip_suffix('"')?;
    let (front, script) = line.rsplit_once('"')?;
    let script = script.strip_prefix(r"%dp0%\").or_else(|| script.strip_prefix(r"%~dp0\"))?;
    let front = front.to_ascii_lowercase();
    let node = front.strip_prefix(LAST).unwrap_or(&front);
    let node = node.strip_prefix("set pathext=%pathext:;.js;=;% & ").unwrap_or(node).trim_end();
    let is_by_node = ["node", "node.exe", r#""%_prog%""#, r#""%dp0%\node.exe""#, r#""%~dp0\node.exe""#].contains(&node);
    let is_script = [".js", ".cjs", ".mjs"].iter().any(|ending| script.ends_with(ending));
    (is_by_node && is_script && !script.contains('%')).then_some(script)
}

fn without_at(line: &str) -> &str {
    let line = line.trim();
    line.strip_prefix('@').unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process_start::Variables;

    const BY_NPM: &str = "@ECHO off\r\nGOTO start\r\n:find_dp0\r\nSET dp0=%~dp0\r\nEXIT /b\r\n:start\r\nSETLOCAL\r\n\
        CALL :find_dp0\r\n\r\nIF EXIST \"%dp0%\\node.exe\" (\r\n  SET \"_prog=%dp0%\\node.exe\"\r\n) ELSE (\r\n  \
        SET \"_prog=node\"\r\n  SET PATHEXT=%PATHEXT:;.JS;=;%\r\n)\r\n\r\nendLocal & goto #_undefined_# 2>NUL || \
        title %COMSPEC% & \"%_prog%\"  \"%dp0%\\node_modules\\vite\\bin\\vite.js\" %*\r\n";

    const BY_OLDER_NPM: &str = "@ECHO off\r\nSETLOCAL\r\nCALL :find_dp0\r\n\r\nIF EXIST \"%dp0%\\node.exe\" (\r\n  \
        SET \"_prog=%dp0%\\node.exe\"\r\n) ELSE (\r\n  SET \"_prog=node\"\r\n  SET PATHEXT=%PATHEXT:;.JS;=;%\r\n)\r\n\r\n\
        \"%_prog%\"  \"%dp0%\\x\\y.js\" %*\r\nENDLOCAL\r\nEXIT /b %errorlevel%\r\n:find_dp0\r\nSET dp0=%~dp0\r\nEXIT /b\r\n";

    const BY_COREPACK: &str = "@SETLOCAL\r\n@IF EXIST \"%~dp0\\node.exe\" (\r\n  \"%~dp0\\node.exe\"  \
        \"%~dp0\\node_modules\\corepack\\dist\\pnpm.js\" %*\r\n) ELSE (\r\n  @SET PATHEXT=%PATHEXT:;.JS;=;%\r\n  \
        node  \"%~dp0\\node_modules\\corepack\\dist\\pnpm.js\" %*\r\n)\r\n";

    #[test]
    fn the_script_is_told_from_what_else_a_batch_file_may_do() {
        let check = |text: &str, script: Option<&str>| assert_eq!(named(text), script, "{text}");
        check(BY_NPM, Some(r"node_modules\vite\bin\vite.js"));
        check(
            &BY_NPM.replace("& \"%_prog%\"", "& set PATHEXT=%PATHEXT:;.JS;=;% & \"%_prog%\""),
            Some(r"node_modules\vite\bin\vite.js"),
        );
        check(BY_OLDER_NPM, Some(r"x\y.js"));
        check(BY_COREPACK, Some(r"node_modules\corepack\dist\pnpm.js"));
        check("@echo off\r\nnode \"%~dp0\\yarn.js\" %*\r\n", Some("yarn.js"));
        check(
            "@IF EXIST \"%~dp0\\node.exe\" (\n  \"%~dp0\\node.exe\" \"%~dp0\\..\\x\\y.cjs\" %*\n)",
            Some(r"..\x\y.cjs"),
        );
        check("@SET \"NODE_PATH=C:\\x\"\r\nnode \"%~dp0\\y.js\" %*\r\n", None);
        check("@node --inspect \"%~dp0\\y.js\" %*", None);
        check("@python \"%~dp0\\y.py\" %*", None);
        check("@my-node \"%~dp0\\y.js\" %*", None);
        check("@node \"%APPDATA%\\y.js\" %*", None);
        check("@echo %*", None);
        check("", None);
    }

    #[test]
    fn a_batch_file_that_does_more_than_run_its_script_is_none() {
        let check = |line: &str| {
            let before = format!("@echo off\r\n{line}\r\nnode \"%~dp0\\server.js\" %*\r\n");
            let after = format!("@echo off\r\nnode \"%~dp0\\server.js\" %*\r\n{line}\r\n");
            for text in [before, after] {
                assert_eq!(named(&text), None, "{text}");
            }
        };
        check("set NODE_ENV=production");
        check("call build.cmd");
        check("cd /d %~dp0");
        check("node \"%~dp0\\migrate.js\" %*");
        check("if errorlevel 1 goto end");
        // cmd-shim writes it for a script that begins with "#!/usr/bin/env NODE_ENV=production node".
        assert_eq!(
            named(&BY_NPM.replace("CALL :find_dp0\r\n", "CALL :find_dp0\r\n@SET NODE_ENV=production\r\n")),
            None
        );
    }

    #[test]
    fn npm_is_the_one_that_its_settings_lead_to() {
        let folder = tempfile::tempdir().unwrap();
        let [own, roaming, home] = ["nodejs", "roaming", "home"].map(|name| folder.path().join(name));
        std::fs::create_dir_all(&home).unwrap();
        let put = |below: &Path| {
            let script = below.join(r"node_modules\npm\bin\npm-cli.js");
            std::fs::create_dir_all(script.parent().unwrap()).unwrap();
            std::fs::write(&script, "").unwrap();
            script
        };
        let check = |variable: Option<&Path>, script: Option<&PathBuf>| {
            let mut variables = Variables::default();
            variables.remove("npm_config_userconfig");
            variables.set("APPDATA", &roaming);
            variables.set("USERPROFILE", &home);
            match variable {
                Some(prefix) => variables.set("NPM_CONFIG_PREFIX", prefix),
                None => variables.remove("NPM_CONFIG_PREFIX"),
            }
            assert_eq!(behind(&own.join("npm.cmd"), &Environment::with(&variables)).as_ref(), script, "{variable:?}");
        };
        let [by_installer, by_user, by_variable] =
            [roaming.join("npm"), home.join("global"), folder.path().join("prefix")]
                .map(|prefix| (put(&prefix), prefix));
        check(None, None);
        let first = put(&own);
        check(None, Some(&first));
        std::fs::write(own.join(r"node_modules\npm\npmrc"), "prefix=${APPDATA}\\npm\r\n").unwrap();
        check(None, Some(&by_installer.0));
        std::fs::write(home.join(".npmrc"), format!("; mine\nprefix = \"{}\"\n", by_user.1.display())).unwrap();
        check(None, Some(&by_user.0));
        check(Some(&by_variable.1), Some(&by_variable.0));
        check(Some(&home.join("nothing")), Some(&first));
    }
}
