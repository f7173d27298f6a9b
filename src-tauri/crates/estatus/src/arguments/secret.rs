//! What `estatus secret` is given.

use clap::Subcommand;

/// What to do with secrets.
#[derive(Debug, Subcommand)]
pub(crate) enum SecretCommand {
    /// Store a secret, which is typed in unseen or read from standard input: in the system's keyring or, where there is
    /// none, in a file that only you can read. The configuration calls it { keyring = "NAME" }.
    Set {
        /// Its name: letters and digits, with - _ . @ and spaces between them.
        name: String,
    },
    /// List the secrets that the configuration names or that are stored, where each is and what uses it; never what it is.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Remove a stored secret.
    Remove {
        /// Its name.
        name: String,
    },
}
