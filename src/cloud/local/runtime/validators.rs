//! The validators of a downloaded file, with which the server is asked whether the file has changed
//! (RFC 9110, 13.1).

use super::transfer::writing;
use crate::cloud::error::CloudError;
use crate::disk;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// How long a copy is used without asking the server: `plan` followed by `apply`, or several
/// members of one archive.
const MAX_AGE: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Validators {
    pub(super) etag: Option<String>,
    pub(super) last_modified: Option<String>,
}

impl Validators {
    /// Reads the validators of a cached file; a file of an older clusterup has none.
    pub(super) fn read(place: &Path) -> Self {
        let text = disk::bytes(place, disk::SMALL).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// Writes them, and with the file's modification time that the server was asked now.
    pub(super) fn write(&self, place: &Path) -> Result<(), CloudError> {
        let text = serde_json::to_vec(self).unwrap_or_default();
        fs::write(place, text).map_err(|error| writing(place, error))
    }

    /// The headers with which the server sends a body only if the file has changed.
    pub(super) fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let etag = self.etag.as_deref().map(|etag| ("if-none-match", etag));
        let date = self.last_modified.as_deref();
        let date = date.map(|date| ("if-modified-since", date));
        etag.into_iter().chain(date)
    }
}

/// Whether the server was queried within the last minute.
pub(super) fn is_fresh(place: &Path) -> bool {
    let checked = fs::metadata(place).and_then(|metadata| metadata.modified());
    let age = checked.ok().and_then(|checked| checked.elapsed().ok());
    age.is_some_and(|age| age < MAX_AGE)
}
