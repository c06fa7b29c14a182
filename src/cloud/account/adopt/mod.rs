//! Adopts clusters that others created. The record of an adoption is an object in the bucket: only who
//! runs clusterup can write it, it is changed by conditional writes, and other hands at the cluster's
//! tags do not change its deadline. The tags show it to people and to AWS's cost reports.
//!
//! The order of effects is record, tags, schedule, idle policy; a release goes the other way and marks
//! the record first. Each reads back what is there, so that it can be repeated after an interruption.

mod effects;
mod note;
mod plan;
mod read;
mod release;
mod state;

pub(super) use read::Adoptions;

use self::note::Recorded;
use self::plan::Planned;
use super::last_observation::Scheduled;
use super::{Account, layout};
use crate::cloud::api::Api;
use crate::cloud::{
    AdoptError, Adopting, AdoptionPlan, AdoptionRequest, Class, CloudError, ReadClusters, Released,
    UnreadCluster,
};
use crate::guard::Unadoptable;
use crate::model::adoption::{Adopted, Adoption};
use crate::model::extension::Extension;
use crate::model::hint::Command;
use crate::model::name::ClusterId;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

#[async_trait(?Send)]
impl<A: Api> Adopting for Account<A> {
    async fn adopted(&self, id: &ClusterId) -> Result<Option<Adopted>, CloudError> {
        let Some(recorded) = self.read_adoption(id).await? else {
            return Ok(None);
        };
        self.read_adopted(id, &recorded.adoption).await
    }

    async fn all_adopted(&self) -> Result<ReadClusters<Adopted>, CloudError> {
        let mut all = self.adopted_besides(&BTreeSet::new()).await?;
        let oldest_first = |it: &Adopted| (it.cluster.created_at, it.cluster.id.clone());
        all.read.sort_by_key(oldest_first);
        Ok(all)
    }

    async fn plan_adoption(
        &self,
        id: &ClusterId,
        request: &AdoptionRequest,
    ) -> Result<AdoptionPlan, AdoptError> {
        Ok(self.planned(id, request).await?.plan)
    }

    async fn adopt(
        &self,
        id: &ClusterId,
        request: &AdoptionRequest,
    ) -> Result<AdoptionPlan, AdoptError> {
        let planned = self.planned(id, request).await?;
        if planned.lacks_role {
            return Err(self.no_role(id).into());
        }
        let done = self.carry_out(id, &planned).await;
        let ended = match self.describe(id.as_str()).await {
            Ok(cluster) => cluster.is_none_or(|cluster| !cluster.state.is_live()),
            Err(_) => false,
        };
        if ended {
            // AWS allows no change of a cluster that ends, and none is needed.
            self.undo(id, &planned).await?;
            return Err(Unadoptable::Ended(id.clone()).into());
        }
        done?;
        Ok(planned.plan)
    }

    async fn adopt_if_new(
        &self,
        id: &ClusterId,
        request: &AdoptionRequest,
    ) -> Result<Option<AdoptionPlan>, AdoptError> {
        if let Some(recorded) = self.read_adoption(id).await? {
            self.note_adopted(id);
            let Adoption {
                by,
                limits,
                releasing,
                ..
            } = recorded.adoption;
            // Its own adoption may have been interrupted.
            if releasing || by != request.by || limits != request.limits {
                return Ok(None);
            }
        }
        self.adopt(id, request).await.map(Some)
    }

    async fn release(&self, id: &ClusterId) -> Result<Option<Released>, CloudError> {
        self.take_off(id).await
    }

    async fn schedule_adopted(&self, id: &ClusterId) -> Result<Option<DateTime<Utc>>, CloudError> {
        let Some(recorded) = self.read_adoption(id).await? else {
            return Ok(None);
        };
        let scheduled = self.scheduled_as(id, &recorded.adoption).await?;
        Ok(scheduled.and_then(|(_, at)| at))
    }

    async fn extend_adopted(
        &self,
        id: &ClusterId,
        extension: &Extension,
    ) -> Result<Option<Adopted>, CloudError> {
        let recorded = self.read_adoption(id).await?;
        let Some(Recorded { mut adoption, etag }) = recorded.filter(|it| !it.adoption.releasing)
        else {
            return Ok(None);
        };
        let (described, steps) = tokio::join!(self.describe(id.as_str()), self.steps(id.as_str()));
        let (Some(cluster), steps) = (described?, steps?) else {
            return Ok(None);
        };
        let mut replies = self.replies_of(cluster).await?;
        if !adoption.extensions.contains(extension) {
            adoption.extensions.push(extension.clone());
        }
        let Some(adopted) = self.as_adopted(&replies, steps.clone(), &adoption) else {
            return Ok(None);
        };
        if adopted.cluster.state.is_live() {
            let has_budget = adopted.cluster.guardrails().budget.is_some();
            self.complete(&mut replies, has_budget).await?;
        }
        self.record_adoption(id, &adoption, Some(&etag)).await?;
        let adopted = self.as_adopted(&replies, steps, &adoption);
        let live = adopted.as_ref().map(|it| &it.cluster);
        let has_role = !matches!(replies.schedule, Scheduled::NoRole);
        if let Some(cluster) = live.filter(|cluster| has_role && cluster.state.is_live()) {
            // However little later: a schedule that stays early would end it before its new deadline.
            self.write_schedule_of(cluster).await?;
        }
        Ok(adopted)
    }

    async fn create_roles(&self) -> Result<(), CloudError> {
        Self::create_roles(self).await
    }
}

impl<A: Api> Account<A> {
    /// Adopted clusters without those in `known`. A damaged record hides only its own cluster.
    pub(super) async fn adopted_besides(
        &self,
        known: &BTreeSet<ClusterId>,
    ) -> Result<ReadClusters<Adopted>, CloudError> {
        let (mut read, mut unread) = (Vec::new(), Vec::new());
        for id in self.list_adoptions().await? {
            if known.contains(&id) {
                continue;
            }
            match self.adopted(&id).await {
                Ok(adopted) => read.extend(adopted),
                Err(error) => unread.push(UnreadCluster { id, error }),
            }
        }
        Ok(ReadClusters { read, unread })
    }

    /// An adopted cluster as it was read, and when its schedule fires, if that had to be written.
    async fn scheduled_as(
        &self,
        id: &ClusterId,
        adoption: &Adoption,
    ) -> Result<Option<(Adopted, Option<DateTime<Utc>>)>, CloudError> {
        let Some(adopted) = self.read_adopted(id, adoption).await? else {
            return Ok(None);
        };
        let written = if adopted.unscheduled {
            Some(self.write_schedule_of(&adopted.cluster).await?)
        } else {
            None
        };
        Ok(Some((adopted, written)))
    }

    /// Takes back an adoption of a cluster that has ended meanwhile, unless it was adopted before.
    async fn undo(&self, id: &ClusterId, planned: &Planned) -> Result<(), CloudError> {
        self.disarm(id).await?;
        if planned.etag.is_none() {
            self.delete(&layout::adopted(id)).await?;
        }
        Ok(())
    }

    fn no_role(&self, id: &ClusterId) -> CloudError {
        let message = format!("the role that ends cluster {id} is missing in this account");
        CloudError::new(Class::Missing, message).hint(Command::again_with("--create-roles"))
    }
}
