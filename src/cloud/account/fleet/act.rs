//! What a watchdog does to clusters.

use super::MARK;
use crate::cloud::account::errors::Context;
use crate::cloud::account::names::END;
use crate::cloud::account::{Account, ended};
use crate::cloud::api::emr::{AddTags, RemoveTags, SetTerminationProtection, TerminateJobFlows};
use crate::cloud::api::{Api, Tags};
use crate::cloud::fleet::{FleetControl, RegionFleet};
use crate::cloud::{Class, CloudError};
use crate::model::fleet::WatchdogMark;
use crate::model::name::ClusterId;
use crate::model::observed::End;
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::timeout;

/// The most clusters that EMR ends in one call (EMR API, TerminateJobFlows).
const BATCH: usize = 10;

/// How long to spend on the tombstones of a batch before its clusters are ended without them.
const TOMBSTONE_TIMEOUT: Duration = Duration::from_secs(30);

#[async_trait(?Send)]
impl<A: Api> FleetControl for Account<A> {
    async fn mark(&self, id: &ClusterId, mark: Option<&WatchdogMark>) -> Result<(), CloudError> {
        match mark {
            Some(mark) => {
                let tags = Tags::from([(MARK.to_owned(), mark.to_string())]);
                self.tag(id.as_str(), tags).await
            }
            None => {
                let of = id.to_string();
                let keys = vec![MARK.to_owned()];
                let removed = self.api.serve(RemoveTags { id: of, keys }).await;
                removed.with_context(|| format!("remove the mark of cluster {id}"))
            }
        }
    }

    async fn end(&self, ends: &[(ClusterId, End)]) -> Vec<Result<(), CloudError>> {
        let mut wanted: BTreeMap<&ClusterId, &End> = BTreeMap::new();
        for (id, end) in ends {
            wanted.entry(id).or_insert(end);
        }
        let wanted: Vec<(&ClusterId, &End)> = wanted.into_iter().collect();
        let mut refused = BTreeMap::new();
        for batch in wanted.chunks(BATCH) {
            // A missing tombstone must not keep a cluster from ending.
            let _ = timeout(TOMBSTONE_TIMEOUT, self.write_tombstones(batch)).await;
            refused.extend(self.end_batch(batch).await);
        }
        // An id that is given twice gets the error at its first place, and a copy without its
        // source later.
        let answer = |(id, _): &(ClusterId, End)| match refused.get_mut(id) {
            Some(error) => {
                let again = CloudError::new(error.class, error.message.clone());
                Err(std::mem::replace(error, again))
            }
            None => Ok(()),
        };
        ends.iter().map(answer).collect()
    }
}

#[async_trait(?Send)]
impl<A: Api> RegionFleet for Account<A> {
    async fn unprotect(&self, id: &ClusterId) -> Result<(), CloudError> {
        let call = SetTerminationProtection {
            ids: vec![id.to_string()],
            protected: false,
        };
        let done = self.api.serve(call).await;
        done.with_context(|| format!("remove the termination protection of cluster {id}"))
    }

    fn calls(&self) -> BTreeMap<String, u64> {
        let counted = self.count.as_ref().map(|count| count());
        counted.unwrap_or_default()
    }
}

impl<A: Api> Account<A> {
    async fn write_tombstones(&self, batch: &[(&ClusterId, &End)]) {
        for (id, end) in batch {
            let ours = self.observed.borrow().clusters.contains_key(*id);
            if ours || self.is_known_adopted(id) {
                let tags = Tags::from([(END.to_owned(), ended::write(end))]);
                let id = id.to_string();
                let _ = self.api.serve(AddTags { id, tags }).await;
            }
        }
    }

    /// Ends a batch and returns the errors of clusters that do not end. A failed batch may have
    /// ended some of its clusters, and AWS does not report which, so each is retried alone.
    async fn end_batch(&self, batch: &[(&ClusterId, &End)]) -> BTreeMap<ClusterId, CloudError> {
        let ids: Vec<String> = batch.iter().map(|(id, _)| id.to_string()).collect();
        let result = self.api.serve(TerminateJobFlows { ids }).await;
        let mut refused = BTreeMap::new();
        if result.is_ok() {
            return refused;
        }
        for (id, _) in batch {
            if let Err(error) = self.end_alone(id).await {
                refused.insert((*id).clone(), error);
            }
        }
        refused
    }

    async fn end_alone(&self, id: &ClusterId) -> Result<(), CloudError> {
        // If it cannot be described, try to end it nevertheless.
        let described = self.describe(id.as_str()).await;
        let protected = match described {
            Ok(None) => {
                let message = format!("AWS does not know cluster {id}");
                return Err(CloudError::new(Class::Failed, message)
                    .hint("a cluster that was just created may take a minute to appear"));
            }
            Ok(Some(cluster)) if !cluster.state.is_live() => return Ok(()),
            Ok(Some(cluster)) => cluster.protected,
            Err(_) => false,
        };
        let ids = vec![id.to_string()];
        let result = self.api.serve(TerminateJobFlows { ids }).await;
        let result = result.with_context(|| format!("end cluster {id}"));
        result.map_err(|error| {
            if !protected {
                return error;
            }
            error.hint(format!(
                "its termination protection is on: aws emr modify-cluster-attributes \
                 --cluster-id {id} --no-termination-protected"
            ))
        })
    }
}
