//! Texts that people wrote: a regular file, of no more bytes than any of ours needs, in UTF-8.

use super::failure::Failure;
use crate::disk;
use crate::text;
use std::io;
use std::path::Path;

pub(super) enum Unread {
    Io(io::Error),
    /// It is no text in UTF-8, and where.
    Text(Box<text::Diagnostics>),
}

pub(super) fn read(path: &Path) -> Result<String, Unread> {
    let content = disk::bytes(path, text::MOST_BYTES as u64).map_err(Unread::Io)?;
    let name = path.display().to_string();
    text::decode(&name, content).map_err(|wrong| Unread::Text(Box::new(wrong)))
}

impl Unread {
    /// As one failure: `message` where the file could not be had, else where its text is wrong.
    pub(super) fn failure(self, message: String) -> Failure {
        match self {
            Self::Io(error) => Failure::input(message).caused_by(&error),
            Self::Text(wrong) => {
                let mut failure = Failure::input(message);
                failure.diagnostics = Some(wrong);
                failure
            }
        }
    }
}
