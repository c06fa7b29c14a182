//! Calls EMR for the replies about one cluster, for planning. The watchdog, which repeats its calls
//! in each sweep, caches some of them (`fleet::snapshot`); [`Reader`] converts both.

use super::Account;
use super::errors::Context;
use super::last_observation::{Replies, Scheduled};
use super::reader::{Creator, Reader};
use super::{logs, names, spec};
use crate::cloud::api::emr::{
    self, DescribeCluster, GetAutoTerminationPolicy, GetManagedScalingPolicy, ListInstanceFleets,
    ListInstanceGroups, ListSteps,
};
use crate::cloud::api::{Api, Kind};
use crate::cloud::{Class, CloudError};
use crate::model::fleet::AnyCluster;
use crate::model::name::{ClusterId, StackName};
use crate::model::observed::Cluster;
use chrono::{DateTime, Utc};

impl<A: Api> Account<A> {
    /// Reads a cluster; `None` if EMR does not know it, or if it is not the stack's.
    pub(super) async fn cluster(
        &self,
        stack: &StackName,
        id: &str,
    ) -> Result<Option<Cluster>, CloudError> {
        if let Some((replies, steps)) = self.final_replies(id) {
            return self.remembered(stack, replies, steps);
        }
        let (described, steps) = tokio::join!(self.describe(id), self.steps(id));
        let Some(cluster) = described? else {
            return Ok(None);
        };
        self.detailed(stack, cluster, steps?).await
    }

    /// Reads what ending a cluster needs: one call for a living cluster, and of one that has ended
    /// all. `None` as for [`Self::cluster`].
    pub(super) async fn outline(
        &self,
        stack: &StackName,
        id: &str,
    ) -> Result<Option<Cluster>, CloudError> {
        if let Some((replies, steps)) = self.final_replies(id) {
            return self.remembered(stack, replies, steps);
        }
        let Some(cluster) = self.describe(id).await? else {
            return Ok(None);
        };
        if !cluster.state.is_live() {
            let steps = self.steps(id).await?;
            return self.detailed(stack, cluster, steps).await;
        }
        let replies = Replies {
            cluster,
            groups: Vec::new(),
            fleets: Vec::new(),
            scaling: None,
            idle: None,
            schedule: Scheduled::Unread("it was not read".to_owned()),
            machines: None,
        };
        self.remembered(stack, replies, Vec::new())
    }

    /// Reads the rest about a described cluster.
    async fn detailed(
        &self,
        stack: &StackName,
        cluster: emr::Cluster,
        steps: Vec<emr::Step>,
    ) -> Result<Option<Cluster>, CloudError> {
        let id = cluster.id.as_str();
        if !self.is_of(stack, &cluster) {
            return Ok(None);
        }
        let (mut groups, mut fleets) = (Vec::new(), Vec::new());
        let (mut idle, mut scaling) = (None, None);
        if cluster.state.is_live() {
            let of = |id: &str| id.to_owned();
            let (listed, policy, scaled) = tokio::join!(
                self.collections(&cluster),
                self.api.serve(GetAutoTerminationPolicy { id: of(id) }),
                self.scaling_of(&cluster),
            );
            (groups, fleets) = listed?;
            idle = Some(policy.with_context(|| format!("read the idle policy of {id}"))?);
            scaling = scaled?;
        }
        let schedule = self.scheduled(&cluster).await;
        let machines = self.machines(&cluster, &groups, &fleets).await;
        let observed = Replies {
            cluster,
            groups,
            fleets,
            scaling,
            idle,
            schedule,
            machines,
        };
        self.remembered(stack, observed, steps)
    }

    /// Converts the replies about a cluster of the stack, and keeps them for later observations.
    fn remembered(
        &self,
        stack: &StackName,
        replies: Replies,
        steps: Vec<emr::Step>,
    ) -> Result<Option<Cluster>, CloudError> {
        if !self.is_of(stack, &replies.cluster) {
            return Ok(None);
        }
        let creator = Creator::Stack(stack.clone());
        let now = self.settings.clock.now();
        let read = self.read(creator, &replies, steps.clone(), now);
        let Some(converted) = read.and_then(AnyCluster::into_ours) else {
            return unreadable(&replies.cluster);
        };
        let mut known = self.observed.borrow_mut();
        if replies.are_final(&steps) {
            known.final_steps.insert(converted.id.clone(), steps);
        }
        known.clusters.insert(converted.id.clone(), replies);
        Ok(Some(converted))
    }

    /// The replies about a cluster of which nothing can change any longer, if this process has read
    /// them.
    fn final_replies(&self, id: &str) -> Option<(Replies, Vec<emr::Step>)> {
        let id: ClusterId = id.parse().ok()?;
        let known = self.observed.borrow();
        let steps = known.final_steps.get(&id)?.clone();
        Some((known.clusters.get(&id)?.clone(), steps))
    }

    /// The instance groups of a cluster, or its fleets: EMR refuses to list what it does not have.
    pub(super) async fn collections(
        &self,
        cluster: &emr::Cluster,
    ) -> Result<(Vec<emr::InstanceGroup>, Vec<emr::InstanceFleet>), CloudError> {
        let id = || cluster.id.clone();
        if cluster.has_fleets {
            let fleets = self.api.serve(ListInstanceFleets { id: id() }).await;
            let context = || format!("list the instance fleets of {}", cluster.id);
            return Ok((Vec::new(), fleets.with_context(context)?));
        }
        let groups = self.api.serve(ListInstanceGroups { id: id() }).await;
        let context = || format!("list the instance groups of {}", cluster.id);
        Ok((groups.with_context(context)?, Vec::new()))
    }

    /// EMR's managed scaling, if the spec in the cluster's tags has any: then one call.
    pub(super) async fn scaling_of(
        &self,
        cluster: &emr::Cluster,
    ) -> Result<Option<Option<emr::ScalingPolicy>>, CloudError> {
        if spec::read(&cluster.tags).is_none_or(|spec| spec.groups.scaling.is_none()) {
            return Ok(None);
        }
        let id = cluster.id.clone();
        let policy = self.api.serve(GetManagedScalingPolicy { id }).await;
        let policy = policy.with_context(|| format!("read the scaling of {}", cluster.id))?;
        Ok(Some(policy))
    }

    /// Reads the present state of an observed cluster and its steps.
    pub(super) async fn step_states(&self, id: &ClusterId) -> Result<Option<Cluster>, CloudError> {
        if let Some((_, steps)) = self.final_replies(id.as_str()) {
            return Ok(self.read_observed(id, steps));
        }
        let steps = if self.has_ended(id) {
            self.steps(id.as_str()).await?
        } else {
            let (described, steps) =
                tokio::join!(self.describe(id.as_str()), self.steps(id.as_str()));
            let Some(cluster) = described? else {
                return Ok(None);
            };
            self.store_description(id, cluster);
            steps?
        };
        let folder = |(number, step): (usize, &emr::Step)| {
            (step.id.clone(), logs::step_folder(number, step))
        };
        let folders = (1..).zip(&steps).map(folder).collect();
        self.observed.borrow_mut().steps.insert(id.clone(), folders);
        Ok(self.read_observed(id, steps))
    }

    /// Whether EMR has reported to this process that a cluster has ended.
    fn has_ended(&self, id: &ClusterId) -> bool {
        let known = self.observed.borrow();
        let known = known.clusters.get(id);
        known.is_some_and(|known| known.cluster.state.is_over())
    }

    pub(super) fn store_description(&self, id: &ClusterId, cluster: emr::Cluster) {
        if let Some(known) = self.observed.borrow_mut().clusters.get_mut(id) {
            known.cluster = cluster;
        }
    }

    /// A cluster as of the last observation, without its steps.
    pub(super) fn last_observed(&self, id: &ClusterId) -> Option<Cluster> {
        self.read_observed(id, Vec::new())
    }

    fn read_observed(&self, id: &ClusterId, steps: Vec<emr::Step>) -> Option<Cluster> {
        let all = self.observed.borrow();
        let replies = all.clusters.get(id)?;
        let (stack, _) = names::of_cluster(&replies.cluster.name)?;
        let now = self.settings.clock.now();
        let read = self.read(Creator::Stack(stack), replies, steps, now);
        read.and_then(AnyCluster::into_ours)
    }

    /// Converts the replies about a cluster; `None` if they do not have what a cluster must have.
    pub(super) fn read(
        &self,
        creator: Creator,
        replies: &Replies,
        steps: Vec<emr::Step>,
        now: DateTime<Utc>,
    ) -> Option<AnyCluster> {
        let reader = Reader {
            known: &self.observed.borrow(),
            prices: &self.settings.prices,
            region: &self.settings.region,
            now,
        };
        reader.read(creator, replies, steps)
    }

    /// Describes a cluster; `None` if EMR does not know it.
    pub(super) async fn describe(&self, id: &str) -> Result<Option<emr::Cluster>, CloudError> {
        match self.api.serve(DescribeCluster { id: id.to_owned() }).await {
            Err(error) if error.kind == Kind::NotFound => Ok(None),
            reply => Ok(Some(
                reply.with_context(|| format!("describe cluster {id}"))?,
            )),
        }
    }

    /// A cluster as of the last observation, or else described; `None` if EMR does not know it.
    pub(super) async fn known_or_described(
        &self,
        id: &ClusterId,
    ) -> Result<Option<emr::Cluster>, CloudError> {
        let known = {
            let observed = self.observed.borrow();
            let replies = observed.clusters.get(id);
            replies.map(|replies| replies.cluster.clone())
        };
        match known {
            Some(cluster) => Ok(Some(cluster)),
            None => self.describe(id.as_str()).await,
        }
    }

    /// Lists all steps, oldest first; none if EMR does not know the cluster.
    pub(super) async fn steps(&self, id: &str) -> Result<Vec<emr::Step>, CloudError> {
        let mut all = Vec::new();
        let mut next = None;
        loop {
            let call = ListSteps {
                id: id.to_owned(),
                next,
            };
            let page = match self.api.serve(call).await {
                Err(error) if error.kind == Kind::NotFound => return Ok(all),
                page => page.with_context(|| format!("list the steps of {id}"))?,
            };
            all.extend(page.items);
            next = page.next;
            if next.is_none() {
                all.reverse();
                return Ok(all);
            }
        }
    }
}

/// A live cluster that cannot be read is an error, so that it is not taken for a missing one.
fn unreadable(cluster: &emr::Cluster) -> Result<Option<Cluster>, CloudError> {
    if cluster.state.is_over() {
        return Ok(None);
    }
    let message = format!(
        "cluster {} is running, and EMR's description of it cannot be read",
        cluster.id
    );
    Err(CloudError::new(Class::Failed, message).hint(format!(
        "end it yourself: aws emr terminate-clusters --cluster-ids {}",
        cluster.id
    )))
}
