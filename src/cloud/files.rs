//! Files that appear complete and are removed for good.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

/// Turns `NotFound` into success, for deletions.
pub(super) fn gone(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// Writes a file atomically: into a temporary file in the same folder, which is then renamed.
pub(super) fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = folder.join(format!(".{name}.{}", std::process::id()));
    let written = fs::write(&beside, content).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // A full disk is a likely cause: do not leave the incomplete file there.
        let _ = fs::remove_file(&beside);
    }
    written
}
