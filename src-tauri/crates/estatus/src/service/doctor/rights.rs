//! What the account of the service may not do with files and folders that it needs.

use std::path::Path;

use super::{
    super::{access::Access, platform::Wanted},
    Finding, Started,
};

/// Whether the account may run Estatus, read the configuration and write the data.
pub(super) fn of_estatus(wanted: &Wanted, findings: &mut Vec<Finding>) {
    check(wanted, "Estatus", &wanted.executable, Access::Execute, findings);
    if wanted.config.exists() {
        check(wanted, "configuration", &wanted.config, Access::Read, findings);
        if let Some(folder) = wanted.config.parent()
            && let Some(obstacle) = wanted.obstacle(folder, Access::Write)
        {
            findings.push(Finding::note(
                "configuration",
                format!("{} may not write in {obstacle}, so that the window cannot edit it", wanted.account),
                "Edit it with an editor, or give the account that right.",
            ));
        }
    }
    if wanted.data.exists() {
        check(wanted, "data", &wanted.data, Access::Write, findings);
    }
}

/// Whether the account may enter the folders that commands run in.
pub(super) fn of_commands(wanted: &Wanted, commands: &[Started<'_>], findings: &mut Vec<Finding>) {
    for started in commands {
        let Some(folder) = &started.command.directory else { continue };
        if folder.is_dir() {
            check(wanted, &started.of, folder, Access::Read, findings);
        } else if started.is_program && wanted.sees(folder) {
            findings.push(Finding::problem(
                &started.of,
                format!("its directory {} does not exist", folder.display()),
                "Create it, or correct `directory`.",
            ));
        }
    }
}

/// Whether the account may read a file with a secret.
pub(super) fn of_secret(wanted: &Wanted, of: &str, file: &Path, findings: &mut Vec<Finding>) {
    if file.exists() {
        check(wanted, of, file, Access::Read, findings);
    } else if wanted.sees(file) {
        findings.push(Finding::problem(
            of,
            format!("its secret is in {}, which does not exist", file.display()),
            "Put the secret there, or correct the path.",
        ));
    }
}

/// Whether the account has `access` to `path`.
pub(super) fn check(wanted: &Wanted, about: &str, path: &Path, access: Access, findings: &mut Vec<Finding>) {
    let Some(obstacle) = wanted.obstacle(path, access) else { return };
    let whole = path.display().to_string();
    let way = if whole == obstacle { String::new() } else { format!(" because of {obstacle}") };
    findings.push(Finding::problem(
        about,
        format!("{} may not {} {whole}{way}", wanted.account, access.word()),
        wanted.grant(path, access),
    ));
}
