//! From where a stack was applied last: the content of the marker of its part of the bucket, which
//! is empty where an older clusterup has made it.

use super::Account;
use super::errors::Doing;
use super::place;
use crate::cloud::CloudError;
use crate::cloud::api::s3::{Condition, GetObject};
use crate::cloud::api::{Api, Kind};
use crate::model::name::StackName;
use crate::model::origin::Origin;

impl<A: Api> Account<A> {
    /// Asks unless a listing has shown that there is no marker, or an empty one.
    pub(super) async fn read_origin(
        &self,
        stack: &StackName,
    ) -> Result<Option<Origin>, CloudError> {
        let listed = self.seen.borrow().objects.is_some();
        if listed && self.marker_bytes().unwrap_or(0) == 0 {
            return Ok(None);
        }
        let (bucket, key) = (self.bucket().await?, place::marker(stack));
        match self.api.serve(GetObject::note(bucket, key)).await {
            Err(error) if error.kind == Kind::NotFound => Ok(None),
            reply => {
                let read = reply.doing(|| format!("read who applied stack {stack} last"))?;
                Ok(serde_json::from_slice(&read.body).ok())
            }
        }
    }

    /// Writes what is to be noted where the stack has its part of the bucket; where it has none,
    /// that is made with it.
    pub(super) async fn note_origin(&self, stack: &StackName) -> Result<(), CloudError> {
        if self.marker_bytes().is_none() || self.applied_from.borrow().is_none() {
            return Ok(());
        }
        let (key, body) = (place::marker(stack), self.marker_body());
        self.put(&key, body, Condition::Always).await.map(|_| ())
    }

    /// What the marker is to say; said once.
    pub(super) fn marker_body(&self) -> Vec<u8> {
        let origin = self.applied_from.take();
        let text = origin.map(|origin| serde_json::to_vec(&origin).unwrap_or_default());
        text.unwrap_or_default()
    }

    /// The length of the marker that was seen.
    fn marker_bytes(&self) -> Option<u64> {
        let seen = self.seen.borrow();
        let (bytes, _) = seen.objects.as_ref()?.get(place::MARKER)?;
        Some(*bytes)
    }
}
