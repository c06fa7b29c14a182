//! What the ledger says no with.

use crate::model::hint::{Command, Hint, no_room};
use rusqlite::ErrorCode;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    #[error("the ledger {} was written by a newer clusterup", path.display())]
    Newer { path: PathBuf, found: i64 },
    #[error("the ledger's file {} cannot be had", path.display())]
    File {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("the ledger cannot be {doing}")]
    Database {
        doing: &'static str,
        source: rusqlite::Error,
    },
    #[error("the ledger's file {} is spoilt: {says}", path.display())]
    Spoilt { path: PathBuf, says: String },
    #[error("what the ledger says of cluster {id} cannot be read")]
    Unreadable {
        id: String,
        source: serde_json::Error,
    },
}

impl LedgerError {
    /// The next things to do.
    pub fn hints(&self) -> Vec<Hint> {
        let help = match self {
            Self::Newer { .. } => "use that clusterup, or its successor",
            Self::File { path, .. } => {
                let folder = path.parent().unwrap_or(path).display().to_string();
                let look = Command::other("ls -ld").arg(folder);
                let help = "see that the folder is there and yours to write in";
                return vec![help.into(), look.into()];
            }
            Self::Database { source, .. } => match source.sqlite_error_code() {
                Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure) => {
                    return no_room("make room on the ledger's disk, then run the same again");
                }
                Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen) => {
                    "see that the ledger and its folder are yours to write in"
                }
                _ => "try again when no other clusterup is at work",
            },
            Self::Spoilt { .. } | Self::Unreadable { .. } => {
                "move ledger.db away: it is made anew from what the cloud remembers"
            }
        };
        vec![help.into()]
    }

    /// Whether the file is no database, or no longer.
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

/// Says what was being done when the database said no.
pub(super) trait Doing<T> {
    fn doing(self, doing: &'static str) -> Result<T, LedgerError>;
}

impl<T> Doing<T> for rusqlite::Result<T> {
    fn doing(self, doing: &'static str) -> Result<T, LedgerError> {
        self.map_err(|source| LedgerError::Database { doing, source })
    }
}
