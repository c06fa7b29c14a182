//! Writes a file that is not there yet: an existing one stays as it is.

use super::failure::{Exit, Failure};
use crate::model::hint::Command;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;

/// Writes a new file, whole or not at all.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let created = OpenOptions::new().write(true).create_new(true).open(path);
    let written = created.and_then(|mut file| {
        let written = file.write_all(text.as_bytes());
        if written.is_err() {
            // We created it, and half a file would block the next try.
            let _ = fs::remove_file(path);
        }
        written
    });
    written.map_err(|error| {
        if error.kind() == ErrorKind::AlreadyExists {
            return exists(path);
        }
        Failure::new(Exit::Failed, format!("cannot write {}", path.display()))
            .caused_by(&error)
            .hint("choose a folder that is writable and has free space")
            .hint(Command::other("df -h ."))
    })
}

/// The failure of writing a file that exists.
pub(crate) fn exists(path: &Path) -> Failure {
    Failure::input(format!("{} exists already", path.display()))
        .hint("choose the name of a new file")
}
