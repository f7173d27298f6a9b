use std::{fs::Metadata, path::Path};

/// What ends the names of files that are run as they are.
const ENDS: [&str; 4] = ["exe", "com", "bat", "cmd"];

/// Whether the file at `path` is run as it is.
pub(super) fn is_program(path: &Path, _metadata: &Metadata) -> bool {
    let end = path.extension().and_then(|end| end.to_str()).unwrap_or_default();
    ENDS.iter().any(|known| known.eq_ignore_ascii_case(end))
}
