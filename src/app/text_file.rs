//! Reads text files: regular ones, of bounded size, in UTF-8.

use super::failure::Failure;
use crate::disk;
use crate::text;
use std::io;
use std::path::Path;

pub(crate) enum Unread {
    Io(io::Error),
    /// The file is not valid UTF-8; the diagnostics show where.
    Text(Box<text::Diagnostics>),
}

pub(crate) fn read(path: &Path) -> Result<String, Unread> {
    let content = disk::bytes(path, text::MAX_BYTES as u64).map_err(Unread::Io)?;
    let name = path.display().to_string();
    text::decode(&name, content).map_err(|diagnostics| Unread::Text(Box::new(diagnostics)))
}

impl Unread {
    /// Converts into a failure: `message` if the file cannot be read, or the place of invalid text.
    pub(crate) fn failure(self, message: String) -> Failure {
        match self {
            Self::Io(error) => Failure::input(message).caused_by(&error),
            Self::Text(diagnostics) => {
                let mut failure = Failure::input(message);
                failure.diagnostics = Some(diagnostics);
                failure
            }
        }
    }
}
