//! Reads adopted clusters, for commands and for the watchdog.

use super::super::last_observation::{Replies, Scheduled};
use super::super::names::ADOPTED;
use super::super::reader::Reader;
use super::super::{Account, bucket, layout};
use super::state;
use crate::cloud::account::errors::Context;
use crate::cloud::api::emr::{self, GetAutoTerminationPolicy, GetManagedScalingPolicy};
use crate::cloud::api::{Api, ApiError};
use crate::cloud::{Class, CloudError};
use crate::model::adoption::{Adopted, Adoption};
use crate::model::fleet::ForeignCluster;
use crate::model::name::ClusterId;
use crate::model::span::Span;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeSet;

/// How long a listing of the records stays valid for clusters whose tags show no adoption.
const LISTING_AGE: TimeDelta = TimeDelta::minutes(10);

/// How long after a listing that failed another one is tried.
const RETRY_AGE: TimeDelta = TimeDelta::minutes(1);

/// What is cached of the records between two sweeps.
#[derive(Default)]
pub(in crate::cloud::account) struct Adoptions {
    /// When they were last listed.
    listed_at: Option<DateTime<Utc>>,
    /// When listing them last failed, if it has not succeeded since.
    failed_at: Option<DateTime<Utc>>,
    listed: BTreeSet<ClusterId>,
}

impl<A: Api> Account<A> {
    /// EMR's idle timeout of a cluster; `None` if it has none.
    pub(super) async fn idle_policy(&self, id: &str) -> Result<Option<Span>, ApiError> {
        let id = id.to_owned();
        self.api.serve(GetAutoTerminationPolicy { id }).await
    }

    /// All replies about a cluster of others. What cannot be read of its safeguards is unread.
    pub(super) async fn replies_of(&self, cluster: emr::Cluster) -> Result<Replies, CloudError> {
        let mut replies = Replies {
            groups: Vec::new(),
            fleets: Vec::new(),
            scaling: None,
            idle: None,
            schedule: Scheduled::Missing,
            machines: None,
            cluster,
        };
        let cluster = &replies.cluster;
        let id = cluster.id.clone();
        if cluster.state.is_live() {
            let (collections, scaling, idle, schedule) = tokio::join!(
                self.collections(cluster),
                self.api.serve(GetManagedScalingPolicy { id: id.clone() }),
                self.idle_policy(&id),
                self.scheduled(cluster),
            );
            (replies.groups, replies.fleets) = collections?;
            (replies.scaling, replies.idle) = (scaling.ok(), idle.ok());
            replies.schedule = schedule;
        } else {
            let collections = self.collections(cluster).await;
            (replies.groups, replies.fleets) = collections.unwrap_or_default();
            replies.schedule = self.scheduled(&replies.cluster).await;
        }
        let listed = self.listed(&replies.cluster, &replies.groups, &replies.fleets);
        let listed = listed.await.ok().flatten();
        replies.machines = listed.filter(|listed| !listed.spans.is_empty());
        Ok(replies)
    }

    /// Reads again what could not be read of a living cluster and its deadline depends on: the most
    /// instances that it may have, and for a budget which ones it has had.
    ///
    /// # Errors
    /// Returns an error if that cannot be read now either.
    pub(super) async fn complete(
        &self,
        replies: &mut Replies,
        has_budget: bool,
    ) -> Result<(), CloudError> {
        let id = replies.cluster.id.clone();
        if replies.scaling.is_none() {
            let read = self.api.serve(GetManagedScalingPolicy { id: id.clone() });
            let read = read.await;
            let context = || format!("read the managed scaling of cluster {id}");
            replies.scaling = Some(read.with_context(context)?);
        }
        if !has_budget || replies.machines.is_some() {
            return Ok(());
        }
        let listed = self.listed(&replies.cluster, &replies.groups, &replies.fleets);
        let listed = listed.await?;
        replies.machines = listed.filter(|listed| !listed.spans.is_empty());
        // A cluster that starts has those that were requested.
        if replies.machines.is_some() || replies.cluster.ready_at.is_none() {
            return Ok(());
        }
        let message = format!("EMR's list of the instances of cluster {id} is not complete");
        Err(CloudError::new(Class::Failed, message).hint(
            "a budget cannot be kept without it: try again in a few minutes, or adopt the \
            cluster with --max-lifetime and no --budget",
        ))
    }

    /// Reads a cluster with the adoption that was recorded; `None` if EMR does not know it.
    pub(super) async fn read_adopted(
        &self,
        id: &ClusterId,
        adoption: &Adoption,
    ) -> Result<Option<Adopted>, CloudError> {
        let (described, steps) = tokio::join!(self.describe(id.as_str()), self.steps(id.as_str()));
        let Some(cluster) = described? else {
            return Ok(None);
        };
        let replies = self.replies_of(cluster).await?;
        Ok(self.as_adopted(&replies, steps?, adoption))
    }

    pub(super) fn as_adopted(
        &self,
        replies: &Replies,
        steps: Vec<emr::Step>,
        adoption: &Adoption,
    ) -> Option<Adopted> {
        let now = self.settings.clock.now();
        let reader = Reader {
            known: &self.observed.borrow(),
            prices: &self.settings.prices,
            region: &self.settings.region,
            now,
        };
        let mut cluster = reader.adopted(replies, steps, adoption)?;
        let is_live = cluster.state.is_live();
        if is_live {
            cluster.drift = state::drift(replies, adoption);
            cluster.safeguards = state::safeguards(&cluster, replies, adoption, now);
        }
        let wants_schedule = is_live && !adoption.releasing;
        Some(Adopted {
            name: replies.cluster.name.as_str().into(),
            unscheduled: wants_schedule && state::needs_schedule(&cluster, replies, now),
            protected: replies.cluster.protected,
            adoption: adoption.clone(),
            cluster,
        })
    }

    /// Adds its adoption to a cluster of others that a sweep describes. A cluster whose tag says that it
    /// was adopted, and whose record is missing, is disputed.
    ///
    /// # Errors
    /// Returns an error if its record cannot be read, so that it does not count as nobody's.
    pub(in crate::cloud::account) async fn with_adoption(
        &self,
        mut foreign: ForeignCluster,
        cluster: &emr::Cluster,
        steps: Vec<emr::Step>,
    ) -> Result<ForeignCluster, CloudError> {
        let is_marked = cluster.tags.contains_key(ADOPTED);
        let may_be = is_marked || self.may_be_adopted(&foreign.id);
        if !cluster.state.is_live() || !may_be {
            return Ok(foreign);
        }
        let Some(recorded) = self.read_adoption(&foreign.id).await? else {
            if is_marked && foreign.disputed.is_none() {
                let why = "its tag says that it was adopted, and the bucket has no record of that";
                foreign.disputed = Some(why.to_owned());
            }
            return Ok(foreign);
        };
        if recorded.adoption.releasing {
            return Ok(foreign);
        }
        self.note_adopted(&foreign.id);
        let replies = self.replies_of(cluster.clone()).await?;
        let adopted = self.as_adopted(&replies, steps, &recorded.adoption);
        foreign.adopted = adopted.map(Box::new);
        Ok(foreign)
    }

    pub(super) fn note_adopted(&self, id: &ClusterId) {
        self.fleet.adoptions.borrow_mut().listed.insert(id.clone());
    }

    /// Whether a cluster was adopted when it was last described.
    pub(in crate::cloud::account) fn is_known_adopted(&self, id: &ClusterId) -> bool {
        self.fleet.adoptions.borrow().listed.contains(id)
    }

    /// Whether a cluster may have a record: each, as long as the records were never listed.
    fn may_be_adopted(&self, id: &ClusterId) -> bool {
        self.fleet.adoptions.borrow().listed_at.is_none() || self.is_known_adopted(id)
    }

    /// Lists the records if the last listing is old. One that cannot be listed leaves the last one in
    /// force, and is tried again in the next minute.
    pub(in crate::cloud::account) async fn refresh_adoptions(&self) {
        let now = self.settings.clock.now();
        let is_old = {
            let known = self.fleet.adoptions.borrow();
            let is_over = |at: Option<DateTime<Utc>>, age| at.is_none_or(|at| now - at >= age);
            is_over(known.listed_at, LISTING_AGE) && is_over(known.failed_at, RETRY_AGE)
        };
        if !is_old {
            return;
        }
        let listed = self.list_adoptions().await;
        let mut known = self.fleet.adoptions.borrow_mut();
        match listed {
            Ok(listed) => {
                known.listed = listed;
                (known.listed_at, known.failed_at) = (Some(now), None);
            }
            Err(_) => known.failed_at = Some(now),
        }
    }

    /// The clusters that the bucket has records of.
    pub(super) async fn list_adoptions(&self) -> Result<BTreeSet<ClusterId>, CloudError> {
        let of = self.bucket().await?;
        let listed = self.list(&of, layout::ADOPTED, None).await?;
        let keys = listed
            .unwrap_or_default()
            .into_iter()
            .filter_map(bucket::key);
        Ok(keys
            .filter_map(|key| layout::adopted_cluster(&key))
            .collect())
    }
}
