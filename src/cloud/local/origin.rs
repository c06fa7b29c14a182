//! Where a stack was last applied from: a file beside the stack's other folders, removed with the
//! last of them.

use super::Local;
use super::layout::Layout;
use crate::cloud::Origins;
use crate::cloud::error::{CloudError, IoContext};
use crate::cloud::files::write_whole;
use crate::disk;
use crate::model::name::StackName;
use crate::model::origin::Origin;
use async_trait::async_trait;
use std::io::ErrorKind;

#[async_trait(?Send)]
impl Origins for Local {
    async fn origin(&self, stack: &StackName) -> Result<Option<Origin>, CloudError> {
        let path = self.layout.origin(stack);
        match disk::bytes(&path, disk::SMALL) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            read => {
                let text = read.during(|| format!("read {}", path.display()))?;
                Ok(serde_json::from_slice(&text).ok())
            }
        }
    }

    fn applied_from(&self, origin: Origin) {
        self.applied_from.replace(Some(origin));
    }
}

pub(super) fn write(layout: &Layout, stack: &StackName, origin: &Origin) -> Result<(), CloudError> {
    let path = layout.origin(stack);
    let text = serde_json::to_vec(origin).map_err(std::io::Error::from);
    text.and_then(|text| write_whole(&path, &text))
        .during(|| format!("write {}", path.display()))
}
