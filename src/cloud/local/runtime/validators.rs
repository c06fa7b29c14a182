//! What a server said of a file that was fetched, by which it can be asked whether the file is
//! still the same (RFC 9110, 13.1).

use super::transfer::writing;
use crate::cloud::error::CloudError;
use crate::disk;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// For so long nothing is asked again: `plan` and `apply`, and members of one archive.
const FRESH: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Validators {
    pub(super) etag: Option<String>,
    pub(super) last_modified: Option<String>,
}

impl Validators {
    /// Those of a file in the cache; none of one that an older clusterup fetched.
    pub(super) fn read(place: &Path) -> Self {
        let text = disk::bytes(place, disk::SMALL).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// Keeps them, and that the server was asked just now.
    pub(super) fn write(&self, place: &Path) -> Result<(), CloudError> {
        let text = serde_json::to_vec(self).unwrap_or_default();
        fs::write(place, text).map_err(|error| writing(place, error))
    }

    /// The headers of a request that is answered with a body only where the file has changed.
    pub(super) fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let etag = self.etag.as_deref().map(|it| ("if-none-match", it));
        let date = self.last_modified.as_deref();
        let date = date.map(|it| ("if-modified-since", it));
        etag.into_iter().chain(date)
    }
}

/// Whether the server was asked a moment ago.
pub(super) fn is_fresh(place: &Path) -> bool {
    let asked = fs::metadata(place).and_then(|metadata| metadata.modified());
    let age = asked.ok().and_then(|asked| asked.elapsed().ok());
    age.is_some_and(|age| age < FRESH)
}
