//! Describes one cluster, no matter who created it.

use super::{CachedCluster, Collections, MARK};
use crate::cloud::account::creator::stack_of;
use crate::cloud::account::errors::Context;
use crate::cloud::account::last_observation::{Replies, Scheduled};
use crate::cloud::account::names::SIZES;
use crate::cloud::account::reader::{self, Creator};
use crate::cloud::account::{Account, layout, note};
use crate::cloud::api::emr::{self, GetAutoTerminationPolicy, ListSteps};
use crate::cloud::api::s3::GetObject;
use crate::cloud::api::{Api, ApiError, Kind};
use crate::cloud::{Class, CloudError};
use crate::guard::hard_deadline;
use crate::model::application::Application;
use crate::model::fleet::{AnyCluster, ClusterSnapshot, Reading, Seen};
use crate::model::name::{ClusterId, StackName};
use crate::model::observed::{Cluster, Step};
use crate::model::place::Place;
use chrono::{DateTime, TimeDelta, Utc};

/// How long a schedule and an idle policy that were read stay valid.
const MAX_AGE: TimeDelta = TimeDelta::minutes(10);

/// A cluster as EMR described it at a time.
struct Described<'a> {
    id: &'a ClusterId,
    cluster: &'a emr::Cluster,
    steps: &'a Reading<Vec<emr::Step>>,
    now: DateTime<Utc>,
}

impl<A: Api> Account<A> {
    pub(super) async fn snapshot(
        &self,
        id: &ClusterId,
    ) -> Result<Option<ClusterSnapshot>, CloudError> {
        let now = self.settings.clock.now();
        let (described, steps) = tokio::join!(self.describe(id.as_str()), self.cached_steps(id));
        let Some(cluster) = described? else {
            return Ok(None);
        };
        self.fleet.saw_logs(cluster.log_uri.as_deref());
        let steps = match steps {
            Ok(steps) => Reading::Read(steps),
            Err(why) => Reading::Unread(why.to_string()),
        };
        let described = Described {
            id,
            cluster: &cluster,
            steps: &steps,
            now,
        };
        let own = match stack_of(&cluster) {
            Some(stack) => self.verified(&stack, &described).await?,
            None => Ok(None),
        };
        let read = match own {
            Ok(Some(own)) => Some(AnyCluster::Ours(Box::new(own))),
            Ok(None) => self.foreign(&described, None).await?,
            Err(why) => self.foreign(&described, Some(why)).await?,
        };
        let Some(read) = read else {
            return Err(unreadable(id));
        };
        Ok(Some(snapshot(self.place.clone(), read, &described)))
    }

    async fn foreign(
        &self,
        described: &Described<'_>,
        disputed: Option<String>,
    ) -> Result<Option<AnyCluster>, CloudError> {
        let Described { id, cluster, .. } = *described;
        self.observed.borrow_mut().clusters.remove(id);
        let (groups, fleets) = self.collections_of(id, cluster).await.unwrap_or_default();
        let replies = Replies {
            cluster: cluster.clone(),
            groups,
            fleets,
            scaling: None,
            idle: None,
            schedule: Scheduled::Missing,
            machines: None,
        };
        let creator = Creator::Other { disputed };
        let read = self.read(creator, &replies, Vec::new(), described.now);
        let Some(AnyCluster::Foreign(read)) = read else {
            return Ok(read);
        };
        let steps = described.steps.read().cloned().unwrap_or_default();
        let read = self.with_adoption(*read, cluster, steps).await?;
        Ok(Some(AnyCluster::Foreign(Box::new(read))))
    }

    /// Returns the cluster if its name and tags say that clusterup created it and the bucket's note
    /// confirms that, otherwise why it is disputed. The note of an ended cluster is not checked:
    /// nothing is decided about it, and the note may be gone.
    async fn verified(
        &self,
        stack: &StackName,
        described: &Described<'_>,
    ) -> Result<Result<Option<Cluster>, String>, CloudError> {
        let Described { id, cluster, .. } = *described;
        let terms = note::terms(&cluster.tags);
        let agreed = {
            let known = self.fleet.clusters.borrow();
            known.get(id).and_then(|it| it.agreed_terms.clone())
        };
        let mut checked = cluster.state.is_over();
        if !checked && agreed.as_ref() != Some(&terms) {
            if let Some(why) = self.dispute(stack, id, cluster, &terms).await {
                return Ok(Err(why));
            }
            checked = true;
        }
        let own = self.own_cluster(stack, described).await?;
        let now = described.now;
        let due = own.as_ref().is_some_and(|it| hard_deadline(it).at <= now);
        if due
            && !checked
            && let Some(why) = self.dispute(stack, id, cluster, &terms).await
        {
            return Ok(Err(why));
        }
        Ok(Ok(own))
    }

    async fn dispute(
        &self,
        stack: &StackName,
        id: &ClusterId,
        cluster: &emr::Cluster,
        terms: &str,
    ) -> Option<String> {
        let note = self.check_note(stack, id.as_str(), &cluster.tags).await;
        let why = match &note {
            Ok(note) => note.problem().map(str::to_owned),
            Err(error) => Some(error.to_string()),
        };
        let agreed_terms = why.is_none().then(|| terms.to_owned());
        self.update_cache(id, |known| known.agreed_terms = agreed_terms);
        why
    }

    /// All steps, oldest first. EMR lists the newest first, and steps that were seen finished are
    /// not read again.
    async fn cached_steps(&self, id: &ClusterId) -> Result<Vec<emr::Step>, ApiError> {
        let finished_steps: Vec<emr::Step> = {
            let known = self.fleet.clusters.borrow();
            known
                .get(id)
                .map_or(Vec::new(), |it| it.finished_steps.clone())
        };
        let mut new = Vec::new();
        let mut next = None;
        let all = loop {
            let id = id.to_string();
            let page = self.api.serve(ListSteps { id, next }).await?;
            let is_finished =
                |step: &emr::Step| finished_steps.iter().rposition(|it| it.id == step.id);
            let met = page.items.iter().find_map(is_finished);
            let fresh = page.items.into_iter();
            new.extend(fresh.take_while(|step| is_finished(step).is_none()));
            next = page.next;
            if met.is_some() || next.is_none() {
                new.reverse();
                let before = met.map_or(0, |last| last + 1);
                break [&finished_steps[..before], &new[..]].concat();
            }
        };
        let over = all.iter().take_while(|step| step.state.is_over());
        let over = over.cloned().collect();
        self.update_cache(id, |known| known.finished_steps = over);
        Ok(all)
    }

    fn update_cache(&self, id: &ClusterId, change: impl FnOnce(&mut CachedCluster)) {
        change(
            self.fleet
                .clusters
                .borrow_mut()
                .entry(id.clone())
                .or_default(),
        );
    }

    /// A cluster's instance groups or fleets, read once.
    async fn collections_of(
        &self,
        id: &ClusterId,
        cluster: &emr::Cluster,
    ) -> Result<Collections, CloudError> {
        let known = {
            let known = self.fleet.clusters.borrow();
            known.get(id).and_then(|it| it.collections.clone())
        };
        if let Some(collections) = known {
            return Ok(collections);
        }
        if cluster.state.is_over() {
            return Ok(Collections::default());
        }
        let listed = self.collections(cluster).await?;
        self.update_cache(id, |known| known.collections = Some(listed.clone()));
        Ok(listed)
    }

    /// A cluster that clusterup created; `None` if it has ended and cannot be read.
    async fn own_cluster(
        &self,
        stack: &StackName,
        described: &Described<'_>,
    ) -> Result<Option<Cluster>, CloudError> {
        let Described {
            id, cluster, now, ..
        } = *described;
        let observed = self.refresh(id, cluster, now).await?;
        let steps = described.steps.read().cloned().unwrap_or_default();
        let convert = |steps| {
            let creator = Creator::Stack(stack.clone());
            let read = self.read(creator, &observed, steps, now);
            read.and_then(AnyCluster::into_ours)
        };
        let mut own = convert(steps.clone());
        let leased = |own: &Cluster| own.spec.guardrails.lease.is_some();
        if cluster.state.is_live() && own.as_ref().is_some_and(leased) {
            if self.read_follower(stack, id).await.is_err() {
                // An unreadable note does not mean that nobody follows; only the lease is
                // suspended.
                let mut observed = self.observed.borrow_mut();
                observed.followed.insert(id.clone(), now);
            }
            own = convert(steps);
        }
        if own.is_none() && !cluster.state.is_over() {
            return Err(unreadable(id));
        }
        self.observed
            .borrow_mut()
            .clusters
            .insert(id.clone(), observed);
        Ok(own)
    }

    /// Combines the new description with what was read before and is still valid.
    async fn refresh(
        &self,
        id: &ClusterId,
        cluster: &emr::Cluster,
        now: DateTime<Utc>,
    ) -> Result<Replies, CloudError> {
        let before = self.observed.borrow().clusters.get(id).cloned();
        let sizes = |cluster: &emr::Cluster| cluster.tags.get(SIZES).cloned();
        if before
            .as_ref()
            .is_some_and(|it| sizes(&it.cluster) != sizes(cluster))
        {
            // It was resized.
            self.update_cache(id, |known| known.collections = None);
        }
        let read_at = {
            let known = self.fleet.clusters.borrow();
            known.get(id).and_then(|it| it.read_at)
        };
        let is_live = cluster.state.is_live();
        if let (Some(before), Some(at)) = (before, read_at)
            && (now - at < MAX_AGE || !is_live)
        {
            let cluster = cluster.clone();
            let (groups, fleets) = self.collections_of(id, &cluster).await?;
            return Ok(Replies {
                cluster,
                groups,
                fleets,
                ..before
            });
        }
        let scaling = if is_live {
            self.scaling_of(cluster).await.ok().flatten()
        } else {
            None
        };
        if scaling.is_some() {
            // Its size changes by itself.
            self.update_cache(id, |known| known.collections = None);
        }
        let (groups, fleets) = self.collections_of(id, cluster).await?;
        let policy = GetAutoTerminationPolicy { id: id.to_string() };
        let (schedule, idle) = tokio::join!(self.scheduled(cluster), async {
            // An ended cluster has no policy. If the policy cannot be read, that safeguard is unknown.
            let policy = is_live.then(|| self.api.serve(policy));
            policy?.await.ok()
        });
        let machines = self.machines(cluster, &groups, &fleets).await;
        self.update_cache(id, |known| known.read_at = Some(now));
        Ok(Replies {
            cluster: cluster.clone(),
            groups,
            fleets,
            scaling,
            idle,
            schedule,
            machines,
        })
    }

    /// Reads when an `apply` last recorded that it follows a cluster with a lease. Returns an error
    /// if that cannot be read: it does not mean that nobody follows.
    pub(in crate::cloud::account) async fn read_follower(
        &self,
        stack: &StackName,
        id: &ClusterId,
    ) -> Result<(), CloudError> {
        let call = GetObject::note(self.bucket().await?, layout::followed(stack, id));
        let followed = match self.api.serve(call).await {
            Err(error) if error.kind == Kind::NotFound => return Ok(()),
            reply => reply.with_context(|| format!("read who follows cluster {id}"))?,
        };
        let mut observed = self.observed.borrow_mut();
        observed.followed.insert(id.clone(), followed.modified);
        Ok(())
    }
}

fn unreadable(id: &ClusterId) -> CloudError {
    let message = format!("cluster {id} is running, and EMR's description of it cannot be read");
    CloudError::new(Class::Failed, message).hint(format!(
        "look at it yourself: aws emr describe-cluster --cluster-id {id}"
    ))
}

fn snapshot(place: Place, read: AnyCluster, described: &Described<'_>) -> ClusterSnapshot {
    let cluster = described.cluster.clone();
    let owner = read.guarded().and_then(|cluster| cluster.owner.clone());
    ClusterSnapshot {
        place,
        looked_at: described.now,
        owner: owner.or_else(|| Some(reader::owner(&cluster.tags)?.into())),
        cluster: read,
        name: cluster.name.into(),
        protected: cluster.protected,
        applications: (cluster.applications.iter())
            .map(|name| Application::seen(name))
            .collect(),
        seen: Seen::Described {
            steps: signal(described.steps),
        },
        mark: cluster.tags.get(MARK).and_then(|text| text.parse().ok()),
        tags: cluster.tags,
    }
}

/// Converts steps. A step that cannot be converted makes them unread: without it the cluster would
/// look idle.
fn signal(steps: &Reading<Vec<emr::Step>>) -> Reading<Vec<Step>> {
    let steps = match steps {
        Reading::Read(steps) => steps,
        Reading::Unread(why) => return Reading::Unread(why.clone()),
    };
    match reader::steps(steps) {
        Some(steps) => Reading::Read(steps),
        None => Reading::Unread("one of its steps cannot be read".to_owned()),
    }
}
