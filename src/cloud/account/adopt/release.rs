//! Takes an adoption off a cluster: idle policy, schedule, tags, record, in this order. The record says
//! first that this has begun, so that a watchdog arms nothing again.

use super::super::Account;
use super::super::errors::Context;
use super::super::names::ADOPTED;
use super::note::Recorded;
use super::state;
use crate::cloud::api::emr::{self, RemoveAutoTerminationPolicy};
use crate::cloud::api::{Api, Tags};
use crate::cloud::{CloudError, Released};
use crate::model::adoption::{Adoption, IdlePolicy};
use crate::model::fleet::MARK_TAG;
use crate::model::name::ClusterId;

impl<A: Api> Account<A> {
    pub(super) async fn take_off(&self, id: &ClusterId) -> Result<Option<Released>, CloudError> {
        let Some(Recorded {
            mut adoption,
            mut etag,
        }) = self.read_adoption(id).await?
        else {
            return Ok(None);
        };
        if !adoption.releasing {
            adoption.releasing = true;
            etag = self.record_adoption(id, &adoption, Some(&etag)).await?;
        }
        let mut released = Released {
            id: id.clone(),
            is_live: false,
            idle_timeout: None,
            own_idle_timeout: None,
        };
        let live = self.live(id).await?;
        let mut done = Ok(());
        if live.is_some() {
            done = self.remove_idle_policy(id, &adoption, &mut released).await;
        }
        self.disarm(id).await?;
        if let (Some(cluster), Ok(())) = (&live, &done) {
            done = self.restore_tags(id, cluster, &adoption).await;
        }
        // AWS allows no change of a cluster that has ended meanwhile, and none is needed.
        released.is_live = self.live(id).await?.is_some();
        if released.is_live {
            done?;
        }
        self.delete_adoption(id, etag).await?;
        Ok(Some(released))
    }

    async fn live(&self, id: &ClusterId) -> Result<Option<emr::Cluster>, CloudError> {
        let described = self.describe(id.as_str()).await?;
        Ok(described.filter(|cluster| cluster.state.is_live()))
    }

    /// Removes the idle policy that the adoption has set, if it is still that one.
    async fn remove_idle_policy(
        &self,
        id: &ClusterId,
        adoption: &Adoption,
        released: &mut Released,
    ) -> Result<(), CloudError> {
        let context = || format!("remove the idle policy of cluster {id}");
        let there = self.idle_policy(id.as_str()).await.with_context(context)?;
        let ours = adoption.idle_policy == IdlePolicy::Ours;
        let Some(idle) = there.filter(|idle| ours && adoption.has_set(*idle)) else {
            released.own_idle_timeout = there;
            return Ok(());
        };
        let call = RemoveAutoTerminationPolicy { id: id.to_string() };
        self.api.serve(call).await.with_context(context)?;
        released.idle_timeout = Some(idle);
        Ok(())
    }

    /// Removes the tags of the adoption and of the watchdog, and restores those that were there before. An
    /// owner or a team that somebody else has set meanwhile stays.
    async fn restore_tags(
        &self,
        id: &ClusterId,
        cluster: &emr::Cluster,
        adoption: &Adoption,
    ) -> Result<(), CloudError> {
        let before = &adoption.tags_before;
        let mut gone = vec![ADOPTED.to_owned(), MARK_TAG.to_owned()];
        gone.retain(|key| cluster.tags.contains_key(key));
        let mut restored = Tags::new();
        let mut ours = state::tags(adoption);
        ours.retain(|key, value| key != ADOPTED && cluster.tags.get(key) == Some(value));
        for (key, value) in ours {
            match before.get(&key) {
                Some(was) if *was == value => {}
                Some(was) => {
                    restored.insert(key, was.clone());
                }
                None => gone.push(key),
            }
        }
        if !restored.is_empty() {
            self.tag(id.as_str(), restored).await?;
        }
        self.untag(id, gone).await
    }
}
