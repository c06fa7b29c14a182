//! Files that appear whole and go for good.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

/// Success also where there was nothing to remove.
pub(super) fn gone(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// Writes a whole file or nothing: beside its place first, then moved there.
pub(super) fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = folder.join(format!(".{name}.{}", std::process::id()));
    let written = fs::write(&beside, content).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // Half of it would be in the way of nothing and yet take the room that is not there.
        let _ = fs::remove_file(&beside);
    }
    written
}
