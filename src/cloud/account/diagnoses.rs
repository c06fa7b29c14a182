//! Diagnoses, which are kept as notes of the stack beside those of its clusters, so that any machine
//! shows them without reading logs. Instances cannot write there.

use super::Account;
use super::errors::Context;
use super::layout;
use crate::cloud::CloudError;
use crate::cloud::api::Api;
use crate::cloud::api::s3::{Condition, GetObject};
use crate::cloud::roles::Diagnoses;
use crate::model::diagnosis::Diagnosis;
use crate::model::name::{ClusterId, StackName};
use crate::model::observed::Cluster;
use async_trait::async_trait;

/// How many notes are read for one cluster, the latest first.
const MAX_READ: usize = 4;

#[async_trait(?Send)]
impl<A: Api> Diagnoses for Account<A> {
    async fn recall(&self, clusters: &mut [Cluster]) -> Result<(), CloudError> {
        for cluster in clusters {
            for step in self.kept(cluster) {
                let key = layout::diagnosis(&cluster.stack, &cluster.id, step);
                let get = GetObject::note(self.bucket().await?, key);
                let read = self.api.serve(get).await;
                let read = read.with_context(|| format!("read why {} failed", cluster.id))?;
                // A note that is cut or is not ours shows nothing.
                let diagnosis: Option<Diagnosis> = serde_json::from_slice(&read.body).ok();
                match step {
                    None => cluster.diagnosis = diagnosis,
                    Some(number) => {
                        let step = number
                            .checked_sub(1)
                            .and_then(|it| cluster.steps.get_mut(it));
                        if let Some(step) = step {
                            step.diagnosis = diagnosis;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    async fn keep(
        &self,
        stack: &StackName,
        id: &ClusterId,
        step: Option<usize>,
        diagnosis: &Diagnosis,
    ) -> Result<(), CloudError> {
        let objects = self.objects(stack).await?.unwrap_or_default();
        // The stack may have been destroyed meanwhile.
        if !objects.contains_key(&format!("clusters/{id}")) {
            return Ok(());
        }
        let key = layout::diagnosis(stack, id, step);
        let body = serde_json::to_vec(diagnosis).unwrap_or_default();
        self.put(&key, body, Condition::Always).await.map(|_| ())
    }
}

impl<A: Api> Account<A> {
    /// The notes of a cluster, by the numbers of its steps; `None` for its start.
    fn kept(&self, cluster: &Cluster) -> Vec<Option<usize>> {
        let observed = self.observed.borrow();
        if observed.stack.as_ref() != Some(&cluster.stack) {
            return Vec::new();
        }
        let below = layout::diagnoses_of(&cluster.id);
        let names = observed.keys_below(&below);
        let mut kept: Vec<Option<usize>> = names
            .filter_map(|key| layout::diagnosed(key.strip_prefix(&below)?))
            .collect();
        kept.sort();
        kept.reverse();
        kept.truncate(MAX_READ);
        kept
    }
}
