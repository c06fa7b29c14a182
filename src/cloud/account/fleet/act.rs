//! What a watchdog does to clusters.

use super::MARK;
use crate::cloud::account::errors::Doing;
use crate::cloud::account::names::END;
use crate::cloud::account::{Account, ended};
use crate::cloud::api::emr::{AddTags, RemoveTags, TerminateJobFlows};
use crate::cloud::api::{Api, Tags};
use crate::cloud::{Class, CloudError};
use crate::model::fleet::WatchdogMark;
use crate::model::name::ClusterId;
use crate::model::observed::End;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::timeout;

/// EMR ends so many clusters in one call (EMR API, TerminateJobFlows).
const AT_ONCE: usize = 10;

/// Tombstones of a batch are worth so long, the end is not worth waiting longer for them.
const TOMBSTONES: Duration = Duration::from_secs(30);

impl<A: Api> Account<A> {
    pub(super) async fn set_mark(
        &self,
        id: &ClusterId,
        mark: Option<&WatchdogMark>,
    ) -> Result<(), CloudError> {
        match mark {
            Some(mark) => {
                let tags = Tags::from([(MARK.to_owned(), mark.to_string())]);
                self.tag(id.as_str(), tags).await
            }
            None => {
                let (of, keys) = (id.to_string(), vec![MARK.to_owned()]);
                let removed = self.api.serve(RemoveTags { id: of, keys }).await;
                removed.doing(|| format!("remove the mark of cluster {id}"))
            }
        }
    }

    pub(super) async fn end_all(&self, ends: &[(ClusterId, End)]) -> Vec<Result<(), CloudError>> {
        let mut wanted: BTreeMap<&ClusterId, &End> = BTreeMap::new();
        for (id, end) in ends {
            wanted.entry(id).or_insert(end);
        }
        let wanted: Vec<(&ClusterId, &End)> = wanted.into_iter().collect();
        let mut refused = BTreeMap::new();
        for batch in wanted.chunks(AT_ONCE) {
            // Without its tombstone a cluster ends all the same.
            let _ = timeout(TOMBSTONES, self.write_tombstones(batch)).await;
            refused.extend(self.end_batch(batch).await);
        }
        // What is asked twice is told why at its first place, and again in words.
        let answer = |(id, _): &(ClusterId, End)| match refused.get_mut(id) {
            Some(error) => {
                let again = CloudError::new(error.class, error.message.clone());
                Err(std::mem::replace(error, again))
            }
            None => Ok(()),
        };
        ends.iter().map(answer).collect()
    }

    async fn write_tombstones(&self, batch: &[(&ClusterId, &End)]) {
        for (id, end) in batch {
            let ours = self.seen.borrow().clusters.contains_key(*id);
            if ours {
                let tags = Tags::from([(END.to_owned(), ended::write(end))]);
                let id = id.to_string();
                let _ = self.api.serve(AddTags { id, tags }).await;
            }
        }
    }

    /// Those that do not end, with why. A batch that fails may have ended some, all or none of its
    /// clusters: AWS does not say which.
    async fn end_batch(&self, batch: &[(&ClusterId, &End)]) -> BTreeMap<ClusterId, CloudError> {
        let ids: Vec<String> = batch.iter().map(|(id, _)| id.to_string()).collect();
        let asked = self.api.serve(TerminateJobFlows { ids }).await;
        let mut refused = BTreeMap::new();
        if asked.is_ok() {
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
        // One that cannot be looked at can still be asked.
        let described = self.describe(id.as_str()).await;
        let protected = match described {
            Ok(None) => {
                let message = format!("AWS knows no cluster {id}");
                return Err(CloudError::new(Class::Failed, message)
                    .hint("one that was made a moment ago it may know in a minute"));
            }
            Ok(Some(cluster)) if !cluster.state.is_live() => return Ok(()),
            Ok(Some(cluster)) => cluster.protected,
            Err(_) => false,
        };
        let ids = vec![id.to_string()];
        let asked = self.api.serve(TerminateJobFlows { ids }).await;
        let asked = asked.doing(|| format!("end cluster {id}"));
        asked.map_err(|error| {
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
