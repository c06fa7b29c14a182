//! Reads and writes values as JSON files.

use crate::cloud::error::{CloudError, IoContext};
use crate::disk;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::Write;
use std::path::Path;

pub(super) fn write(path: &Path, value: &impl Serialize) -> Result<(), CloudError> {
    let doing = || format!("write {}", path.display());
    let text = serde_json::to_vec_pretty(value)
        .map_err(std::io::Error::from)
        .during(doing)?;
    // Synced before it is renamed: a power cut must not leave an empty record.
    let mut file = File::create(path).during(doing)?;
    file.write_all(&text)
        .and_then(|()| file.sync_data())
        .during(doing)
}

pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<T, CloudError> {
    let doing = || format!("read {}", path.display());
    let text = disk::bytes(path, disk::RECORD).during(doing)?;
    serde_json::from_slice(&text)
        .map_err(std::io::Error::from)
        .during(doing)
}
