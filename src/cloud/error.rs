//! Errors of a cloud, in a small set of classes.

use crate::model::hint::{Hint, no_room};
use std::io::ErrorKind;

/// The class of an error. Callers act on it; the message is for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The user's input names something that does not exist or cannot be read.
    Input,
    /// Another process is working on the same thing.
    Busy,
    /// The machine or account is missing something that a command can provide.
    Missing,
    /// An account that a role gives access to cannot be used at all: no call to it can succeed.
    Account,
    /// The network or a server did not answer as it should.
    Unreachable,
    /// Anything else.
    Failed,
}

/// An error with the hints that help.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct CloudError {
    /// What callers act on.
    pub class: Class,
    /// What happened, in one sentence.
    pub message: String,
    /// What to do or type next.
    pub hints: Vec<Hint>,
    /// The underlying error.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl CloudError {
    /// An error without hints and source.
    pub fn new(class: Class, message: impl Into<String>) -> Self {
        Self {
            class,
            message: message.into(),
            hints: Vec::new(),
            source: None,
        }
    }

    /// Adds a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Hint>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Sets the error that caused it.
    #[must_use]
    pub fn caused_by(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }
}

/// Adds to a failed file operation what was being done.
pub trait IoContext<T> {
    /// Adds to an error what was being done, such as `reading x.yaml`.
    ///
    /// # Errors
    /// Returns the file operation's error.
    fn during(self, doing: impl FnOnce() -> String) -> Result<T, CloudError>;
}

impl<T> IoContext<T> for std::io::Result<T> {
    fn during(self, doing: impl FnOnce() -> String) -> Result<T, CloudError> {
        self.map_err(|error| {
            let failed = CloudError::new(Class::Failed, format!("cannot {}", doing()));
            let hints = remedy(error.kind()).into_iter();
            hints.fold(failed, CloudError::hint).caused_by(error)
        })
    }
}

/// Whether there is no room on the disk, or none for its user.
pub(super) fn is_full(kind: ErrorKind) -> bool {
    // The last is a limit on the size of files (`ulimit -f`).
    matches!(
        kind,
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge
    )
}

/// What helps where a file could not be made or written.
fn remedy(kind: ErrorKind) -> Vec<Hint> {
    if is_full(kind) {
        return no_room("free space on that disk, then run the command again");
    }
    let help = if kind == ErrorKind::ReadOnlyFilesystem {
        "set XDG_STATE_HOME or XDG_CACHE_HOME to a writable folder"
    } else if kind == ErrorKind::NotADirectory {
        "a file is where a folder is needed: move it away"
    } else {
        return Vec::new();
    };
    vec![help.into()]
}
