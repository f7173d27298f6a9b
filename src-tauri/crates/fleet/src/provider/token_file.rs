//! Enrolment tokens for commands, each in a private file for as long as its command runs.
//!
//! In the environment a token would be handed on to whatever the command starts, and stand in every trace and log that
//! shows one (`set -x`, `env`, a crash report). A file is read by whoever means to.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use estatus_core::secret::Secret;

/// Where the files are.
pub(crate) struct TokenFolder(PathBuf);

/// A file, which is deleted when this is dropped.
pub(crate) struct TokenFile(PathBuf);

impl TokenFolder {
    /// The folder below `data`. What an engine that was killed has left in it is deleted.
    pub(crate) fn new(data: &Path) -> Self {
        let folder = std::path::absolute(data).unwrap_or_else(|_| data.to_owned()).join("fleet").join("enrolment");
        // Mostly there is none.
        let _ = fs::remove_dir_all(&folder);
        Self(folder)
    }

    /// Writes `token` into a file that this user alone can read.
    ///
    /// # Errors
    /// If the folder or the file cannot be made, or others can change what is in the folder.
    pub(crate) async fn write(&self, token: &Secret) -> io::Result<TokenFile> {
        let (folder, token) = (self.0.clone(), token.clone());
        let written = tokio::task::spawn_blocking(move || {
            estatus_access::create_private_folder(&folder)?;
            let name = getrandom::u64().map_err(io::Error::other)?;
            let file = TokenFile(folder.join(format!("{name:016x}")));
            create(&file.0, token.reveal())?;
            Ok(file)
        });
        written.await.map_err(io::Error::other)?
    }
}

impl TokenFile {
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TokenFile {
    fn drop(&mut self) {
        // What cannot be deleted now is when Estatus starts.
        let _ = fs::remove_file(&self.0);
    }
}

fn create(path: &Path, token: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    io::Write::write_all(&mut options.open(path)?, token.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_token_is_there_for_this_user_alone_and_for_as_long_as_it_is_wanted() {
        let data = tempfile::tempdir().unwrap();
        let folder = TokenFolder::new(data.path());
        let file = folder.write(&Secret::new("once")).await.unwrap();
        let other = folder.write(&Secret::new("twice")).await.unwrap();
        assert_eq!(fs::read_to_string(file.path()).unwrap(), "once");
        #[cfg(unix)]
        {
            let mode =
                |path: &Path| std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path).unwrap().permissions());
            assert_eq!(mode(file.path()) & 0o777, 0o600);
            assert_eq!(mode(file.path().parent().unwrap()) & 0o777, 0o700);
        }
        let path = file.path().to_owned();
        drop(file);
        assert!(!path.exists());

        let left = other.path().to_owned();
        std::mem::forget(other);
        TokenFolder::new(data.path());
        assert!(!left.exists());
    }
}
