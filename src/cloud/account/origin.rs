//! Where a stack was last applied from: the content of its marker object, which an older clusterup
//! left empty.

use super::Account;
use super::errors::Context;
use super::layout;
use crate::cloud::api::s3::{Condition, GetObject};
use crate::cloud::api::{Api, Kind};
use crate::cloud::{CloudError, Origins};
use crate::model::name::StackName;
use crate::model::origin::Origin;
use async_trait::async_trait;

#[async_trait(?Send)]
impl<A: Api> Origins for Account<A> {
    /// Reads the origin unless an observation has shown that the bucket or the marker is missing, or
    /// that the marker is empty.
    async fn origin(&self, stack: &StackName) -> Result<Option<Origin>, CloudError> {
        let is_observed = self.observed.borrow().stack.as_ref() == Some(stack);
        if is_observed && self.marker_bytes().unwrap_or(0) == 0 {
            return Ok(None);
        }
        let bucket = self.bucket().await?;
        let key = layout::marker(stack);
        match self.api.serve(GetObject::note(bucket, key)).await {
            Err(error) if error.kind == Kind::NotFound => Ok(None),
            reply => {
                let read = reply.with_context(|| format!("read who applied stack {stack} last"))?;
                Ok(serde_json::from_slice(&read.body).ok())
            }
        }
    }

    fn applied_from(&self, origin: Origin) {
        self.applied_from.replace(Some(origin));
    }
}

impl<A: Api> Account<A> {
    /// Writes the pending origin if the stack's marker exists. If not, the origin is written with
    /// it.
    pub(super) async fn note_origin(&self, stack: &StackName) -> Result<(), CloudError> {
        if self.marker_bytes().is_none() || self.applied_from.borrow().is_none() {
            return Ok(());
        }
        let key = layout::marker(stack);
        let body = self.marker_body();
        self.put(&key, body, Condition::Always).await.map(|_| ())
    }

    /// The marker's content; takes the pending origin.
    pub(super) fn marker_body(&self) -> Vec<u8> {
        let origin = self.applied_from.take();
        let text = origin.map(|origin| serde_json::to_vec(&origin).unwrap_or_default());
        text.unwrap_or_default()
    }

    /// The length of the observed marker.
    fn marker_bytes(&self) -> Option<u64> {
        let observed = self.observed.borrow();
        let (bytes, _) = observed.objects.as_ref()?.get(layout::MARKER)?;
        Some(*bytes)
    }
}
