//! Writes documents: files that clusterup makes again on each run. Such a file replaces only an
//! earlier one of clusterup, unless that is forced.

use super::failure::{Exit, Failure};
use crate::disk;
use crate::model::hint::Command;
use std::fs::{self, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::Builder;

/// The largest document that is recognised as our own, in bytes.
const MAX_BYTES: u64 = 64 << 20;

/// Writes a document, whole or not at all. `start` is how each document of clusterup begins.
pub(crate) fn write(path: &Path, text: &str, start: &str, force: bool) -> Result<(), Failure> {
    match fs::symlink_metadata(path) {
        Ok(there) if !there.is_file() => {
            let message = format!("{} is not a regular file", path.display());
            return Err(Failure::input(message).hint("choose the name of a new file"));
        }
        Ok(_) if !force && !is_ours(path, start) => {
            let message = format!("{} exists and was not written by clusterup", path.display());
            return Err(Failure::input(message)
                .hint("choose the name of a new file, or replace this one")
                .hint(Command::again_with("--force")));
        }
        _ => {}
    }
    replace(path, text).map_err(|error| {
        Failure::new(Exit::Failed, format!("cannot write {}", path.display()))
            .caused_by(&error)
            .hint("choose a folder that exists, is writable and has free space")
            .hint(Command::other("df -h ."))
    })
}

fn is_ours(path: &Path, start: &str) -> bool {
    disk::text(path, MAX_BYTES).is_ok_and(|text| text.starts_with(start))
}

/// Writes beside the file and renames, so that nobody reads half a document.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) => Path::new("."),
        None => return Err(ErrorKind::InvalidInput.into()),
    };
    // As for any new file, the umask decides who may read it.
    let permissions = Permissions::from_mode(0o666);
    let mut file = Builder::new()
        .permissions(permissions)
        .tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: &str = "<!-- ours -->";

    #[test]
    fn only_our_own_documents_are_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let (report, other) = (at("report.html"), at("other.html"));
        fs::write(&other, "mine").unwrap();
        let ours = |text: &str| format!("{START}{text}");
        for text in ["one", "two"] {
            write(&report, &ours(text), START, false).unwrap();
            assert_eq!(fs::read_to_string(&report).unwrap(), ours(text));
        }
        let refused = write(&other, &ours("one"), START, false).unwrap_err();
        assert_eq!(refused.exit, Exit::Input);
        assert_eq!(fs::read_to_string(&other).unwrap(), "mine");
        write(&other, &ours("one"), START, true).unwrap();
        assert_eq!(fs::read_to_string(&other).unwrap(), ours("one"));
        // Neither devices nor links nor folders are replaced, even by force.
        std::os::unix::fs::symlink(&other, at("link")).unwrap();
        for odd in [at("link"), folder.path().to_owned(), "/dev/null".into()] {
            let refused = write(&odd, &ours("three"), START, true).unwrap_err();
            assert_eq!(refused.exit, Exit::Input, "{}", odd.display());
        }
        let nowhere = write(&at("no/such/folder"), "", START, false).unwrap_err();
        assert_eq!(nowhere.exit, Exit::Failed);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }
}
