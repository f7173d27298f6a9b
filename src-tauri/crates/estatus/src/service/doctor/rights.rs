//! What the account of the service may not do with files and folders that it needs.

use std::path::Path;

use estatus_core::words::{Part, Reason};

use super::{
    super::{access::Access, platform::Wanted},
    Finding, Started,
};

/// Whether the account may run Estatus, read the configuration and write the data.
pub(super) fn of_estatus(wanted: &Wanted, findings: &mut Vec<Finding>) {
    check(wanted, "Estatus", &wanted.executable, Access::Execute, findings);
    if wanted.config.exists() {
        check(wanted, told!("configuration"), &wanted.config, Access::Read, findings);
        if let Some(folder) = wanted.config.parent()
            && let Some(obstacle) = wanted.obstacle(folder, Access::Write)
        {
            findings.push(Finding::note(
                told!("configuration"),
                told!("not_edited", account = wanted.account.to_string(), folder = obstacle),
                told!("not_edited.edit"),
            ));
        }
    }
    if wanted.data.exists() {
        check(wanted, told!("data"), &wanted.data, Access::Write, findings);
    }
}

/// Whether the account may enter the folders that commands run in.
pub(super) fn of_commands(wanted: &Wanted, commands: &[Started<'_>], findings: &mut Vec<Finding>) {
    for started in commands {
        let Some(folder) = &started.command.directory else { continue };
        if folder.is_dir() {
            check(wanted, &started.of, folder, Access::Read, findings);
        } else if started.is_kept && wanted.sees(folder) {
            findings.push(Finding::problem(
                &started.of,
                told!("no_directory", folder = folder.display()),
                told!("no_directory.create"),
            ));
        }
    }
}

/// Whether the account may read a file with a secret.
pub(super) fn of_secret(wanted: &Wanted, of: &Reason, file: &Path, findings: &mut Vec<Finding>) {
    if file.exists() {
        check(wanted, of, file, Access::Read, findings);
    } else if wanted.sees(file) {
        findings.push(Finding::problem(of, told!("no_secret", file = file.display()), told!("no_secret.put")));
    }
}

/// Whether the account has `access` to `path`.
pub(super) fn check(wanted: &Wanted, about: impl Into<Part>, path: &Path, access: Access, findings: &mut Vec<Finding>) {
    let Some(obstacle) = wanted.obstacle(path, access) else { return };
    let what = denied(access, wanted.account.to_string(), path.display().to_string(), obstacle);
    findings.push(Finding::problem(about, what, wanted.grant(path, access)));
}

/// That `account` may not do it, because of the `obstacle`, which may be the path itself.
fn denied(access: Access, account: String, path: String, obstacle: String) -> Reason {
    match access {
        Access::Read if path == obstacle => told!("no_read", account, path),
        Access::Read => told!("no_read.above", account, path, obstacle),
        Access::Write if path == obstacle => told!("no_write", account, path),
        Access::Write => told!("no_write.above", account, path, obstacle),
        Access::Execute if path == obstacle => told!("no_execute", account, path),
        Access::Execute => told!("no_execute.above", account, path, obstacle),
    }
}
