//! The record of an adoption in the bucket.

use super::super::bucket::VISIBILITY_WINDOW;
use super::super::errors::{Context, explain};
use super::super::{Account, layout};
use crate::cloud::api::s3::{Body, Condition, GetObject, PutObject};
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

    /// Writes a record over the one with this ETag, or the first one. Creates the bucket if there is none.
    pub(super) async fn record_adoption(
        &self,
        id: &ClusterId,
        adoption: &Adoption,
        was: Option<&str>,
    ) -> Result<(), CloudError> {
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
                Ok(_) => return Ok(()),
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

    /// Whether the record is this one: the reply to its write may have been lost.
    async fn own_record(&self, id: &ClusterId, adoption: &Adoption) -> Result<(), CloudError> {
        let recorded = self.read_adoption(id).await?;
        if recorded.is_some_and(|recorded| recorded.adoption == *adoption) {
            return Ok(());
        }
        let message = format!("somebody else is changing the adoption of cluster {id}");
        Err(CloudError::new(Class::Busy, message).hint("try again in a minute"))
    }
}
