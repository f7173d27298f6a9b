use std::{fs::Metadata, os::unix::fs::PermissionsExt, path::Path};

/// Whether the file at `path` is run as it is: somebody may execute it.
pub(super) fn is_program(_path: &Path, metadata: &Metadata) -> bool {
    metadata.permissions().mode() & 0o111 != 0
}
