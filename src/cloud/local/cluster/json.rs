//! Values in files, as JSON.

use crate::cloud::error::{CloudError, IoContext};
use crate::disk;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::Write;
use std::path::Path;

pub(super) fn write(path: &Path, value: &impl Serialize) -> Result<(), CloudError> {
    let saying = || format!("write {}", path.display());
    let text = serde_json::to_vec_pretty(value)
        .map_err(std::io::Error::from)
        .during(saying)?;
    // On the disk before it is moved into place: a power cut must not leave an empty record.
    let mut file = File::create(path).during(saying)?;
    file.write_all(&text)
        .and_then(|()| file.sync_data())
        .during(saying)
}

pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<T, CloudError> {
    let saying = || format!("read {}", path.display());
    let text = disk::bytes(path, disk::RECORD).during(saying)?;
    serde_json::from_slice(&text)
        .map_err(std::io::Error::from)
        .during(saying)
}
