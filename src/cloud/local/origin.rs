//! Where a stack was last applied from: a file beside the stack's other folders, removed with the
//! last of them.

use super::place::Place;
use crate::cloud::error::{CloudError, IoContext};
use crate::cloud::files::write_whole;
use crate::disk;
use crate::model::name::StackName;
use crate::model::origin::Origin;
use std::io::ErrorKind;

/// Reads the origin; `None` if it is missing or cannot be parsed.
pub(super) fn read(place: &Place, stack: &StackName) -> Result<Option<Origin>, CloudError> {
    let path = place.origin(stack);
    match disk::bytes(&path, disk::SMALL) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        read => {
            let text = read.during(|| format!("read {}", path.display()))?;
            Ok(serde_json::from_slice(&text).ok())
        }
    }
}

pub(super) fn write(place: &Place, stack: &StackName, origin: &Origin) -> Result<(), CloudError> {
    let path = place.origin(stack);
    let text = serde_json::to_vec(origin).map_err(std::io::Error::from);
    text.and_then(|text| write_whole(&path, &text))
        .during(|| format!("write {}", path.display()))
}
