//! The ledger's errors.

use crate::model::hint::{Command, Hint, no_room};
use rusqlite::ErrorCode;
use std::path::PathBuf;

/// Why the ledger could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// A newer clusterup wrote the ledger.
    #[error("the ledger {} was written by a newer clusterup", path.display())]
    Newer {
        /// The ledger's file.
        path: PathBuf,
        /// The version of its tables.
        found: i64,
    },
    /// The file cannot be created or opened.
    #[error("the ledger's file {} cannot be opened", path.display())]
    File {
        /// The ledger's file.
        path: PathBuf,
        /// The error of the file system.
        source: std::io::Error,
    },
    /// SQLite returned an error.
    #[error("the ledger cannot be {doing}")]
    Database {
        /// `opened`, `read` or `written`.
        doing: &'static str,
        /// SQLite's error.
        source: rusqlite::Error,
    },
    /// The file is not a database, or is damaged.
    #[error("the ledger's file {} is damaged: {says}", path.display())]
    Spoilt {
        /// The ledger's file.
        path: PathBuf,
        /// The result of SQLite's check.
        says: String,
    },
    /// A record cannot be parsed.
    #[error("the ledger's record of cluster {id} cannot be read")]
    Unreadable {
        /// The cluster's id.
        id: String,
        /// The parser's error.
        source: serde_json::Error,
    },
}

impl LedgerError {
    /// Returns what the user can do next.
    pub fn hints(&self) -> Vec<Hint> {
        let help = match self {
            Self::Newer { .. } => "use that version of clusterup or a later one",
            Self::File { path, .. } => {
                let folder = path.parent().unwrap_or(path).display().to_string();
                let look = Command::other("ls -ld").arg(folder);
                let help = "check that the folder exists and that you may write to it";
                return vec![help.into(), look.into()];
            }
            Self::Database { source, .. } => match source.sqlite_error_code() {
                Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure) => {
                    return no_room("free space on the ledger's disk, then run the command again");
                }
                Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen) => {
                    "check that you may write to the ledger and its folder"
                }
                _ => "try again when no other clusterup is running",
            },
            Self::Spoilt { .. } | Self::Unreadable { .. } => {
                "move ledger.db away: it is rebuilt from what the cloud still lists"
            }
        };
        vec![help.into()]
    }

    /// Whether the file is not a database, or is damaged.
    pub(super) fn is_spoilt(&self) -> bool {
        let code = match self {
            Self::Spoilt { .. } => return true,
            Self::Database { source, .. } => source.sqlite_error_code(),
            Self::Newer { .. } | Self::File { .. } | Self::Unreadable { .. } => None,
        };
        matches!(
            code,
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt)
        )
    }
}

/// Adds to a database error what was being done.
pub(super) trait LedgerContext<T> {
    fn during(self, doing: &'static str) -> Result<T, LedgerError>;
}

impl<T> LedgerContext<T> for rusqlite::Result<T> {
    fn during(self, doing: &'static str) -> Result<T, LedgerError> {
        self.map_err(|source| LedgerError::Database { doing, source })
    }
}
