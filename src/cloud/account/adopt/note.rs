//! The record of an adoption in the bucket.

use super::super::bucket::VISIBILITY_WINDOW;
use super::super::errors::{Context, explain, gone};
use super::super::{Account, layout};
use crate::cloud::api::s3::{Body, Condition, DeleteObject, GetObject, PutObject};
use crate::cloud::api::{Api, Kind};
use crate::cloud::{Class, CloudError};
use crate::model::adoption::Adoption;
use crate::model::name::ClusterId;
use tokio::time::Instant;

/// A record as it was read.
pub(super) struct Recorded {
    pub(super) adoption: Adoption,
    /// Of the object.
    pub(super) etag: String,
}

impl<A: Api> Account<A> {
    /// `None` if there is no record.
    ///
    /// # Errors
    /// Returns an error if the record cannot be read: then nothing is known of the cluster.
    pub(super) async fn read_adoption(
        &self,
        id: &ClusterId,
    ) -> Result<Option<Recorded>, CloudError> {
        let bucket = self.bucket().await?;
        let key = layout::adopted(id);
        let read = self.api.serve(GetObject::note(bucket, key.clone())).await;
        match read {
            Err(error) if error.kind == Kind::NotFound => Ok(None),
            read => {
                let read = read.with_context(|| format!("read the adoption of cluster {id}"))?;
                let adoption = serde_json::from_slice(&read.body).map_err(|error| {
                    let message = format!("the adoption of cluster {id} cannot be read: {key}");
                    CloudError::new(Class::Failed, message)
                        .hint("a newer clusterup may have written it; delete the object if it is damaged")
                        .caused_by(error)
                })?;
                let etag = read.etag;
                Ok(Some(Recorded { adoption, etag }))
            }
        }
    }

    /// Writes a record over the one with this ETag, or the first one. Returns its ETag.
    pub(super) async fn record_adoption(
        &self,
        id: &ClusterId,
        adoption: &Adoption,
        was: Option<&str>,
    ) -> Result<String, CloudError> {
        let bucket = self.bucket().await?;
        let call = PutObject {
            bucket: bucket.clone(),
            key: layout::adopted(id),
            body: Body::Bytes(serde_json::to_vec(adoption).unwrap_or_default()),
            condition: match was {
                Some(etag) => Condition::Unchanged(etag.to_owned()),
                None => Condition::Absent,
            },
        };
        let begun = Instant::now();
        loop {
            let error = match self.api.serve(call.clone()).await {
                Ok(etag) => return Ok(etag),
                Err(error) => error,
            };
            let waits = was.is_none() && begun.elapsed() < VISIBILITY_WINDOW;
            if matches!(error.kind, Kind::Precondition | Kind::Exists) {
                return self.own_record(id, adoption).await;
            }
            // The bucket is new; a record that was read is not.
            if error.kind != Kind::NotFound || !waits {
                return Err(explain(
                    error,
                    format!("record the adoption of cluster {id}"),
                ));
            }
            self.backoff().await;
        }
    }

    /// Deletes a record that has not changed since it had this ETag.
    ///
    /// # Errors
    /// Returns an error if somebody else has changed it meanwhile: then it stays.
    pub(super) async fn delete_adoption(
        &self,
        id: &ClusterId,
        etag: String,
    ) -> Result<(), CloudError> {
        let bucket = self.bucket().await?;
        let deleted = self.api.serve(DeleteObject {
            bucket,
            key: layout::adopted(id),
            unchanged: Some(etag),
        });
        match deleted.await {
            // The reply to its deletion may have been lost.
            Err(error) if error.kind == Kind::Precondition => match self.read_adoption(id).await? {
                None => Ok(()),
                Some(_) => Err(changed_meanwhile(id)),
            },
            deleted => {
                let context = || format!("delete the adoption of cluster {id}");
                gone(deleted).with_context(context)
            }
        }
    }

    /// The ETag of the record if it is this one: the reply to its write may have been lost.
    async fn own_record(&self, id: &ClusterId, adoption: &Adoption) -> Result<String, CloudError> {
        let recorded = self.read_adoption(id).await?;
        if let Some(recorded) = recorded.filter(|recorded| recorded.adoption == *adoption) {
            return Ok(recorded.etag);
        }
        Err(changed_meanwhile(id))
    }
}

fn changed_meanwhile(id: &ClusterId) -> CloudError {
    let message = format!("somebody else is changing the adoption of cluster {id}");
    CloudError::new(Class::Busy, message).hint("try again in a minute")
}
