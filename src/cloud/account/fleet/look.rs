//! One cluster as it is now, no matter who made it.

use super::{CachedCluster, MARK, others, stack_of};
use crate::cloud::account::errors::Doing;
use crate::cloud::account::last_observation::ObservedCluster;
use crate::cloud::account::names::SIZES;
use crate::cloud::account::{Account, convert, note, place};
use crate::cloud::api::emr::{self, GetAutoTerminationPolicy, ListInstanceGroups, ListSteps};
use crate::cloud::api::s3::GetObject;
use crate::cloud::api::{Api, ApiError, Kind};
use crate::cloud::{Class, CloudError};
use crate::guard::hard_deadline;
use crate::model::application::Application;
use crate::model::fleet::{ClusterSnapshot, Creator, Place, Reading};
use crate::model::name::{ClusterId, StackName};
use crate::model::observed::{Cluster, Step};
use chrono::{DateTime, TimeDelta, Utc};

/// For so long what was read of schedule and idle policy stands.
const STALE: TimeDelta = TimeDelta::minutes(10);

impl<A: Api> Account<A> {
    pub(super) async fn snapshot(
        &self,
        id: &ClusterId,
    ) -> Result<Option<ClusterSnapshot>, CloudError> {
        let now = self.settings.clock.now();
        let (described, steps) = tokio::join!(self.describe(id.as_str()), self.all_steps(id));
        let Some(cluster) = described? else {
            return Ok(None);
        };
        let steps = match steps {
            Ok(steps) => Reading::Read(steps),
            Err(why) => Reading::Unread(why.to_string()),
        };
        let mut made = Creator::Elsewhere;
        if let Some(stack) = stack_of(&cluster) {
            match self.believed(&stack, id, &cluster, &steps, now).await? {
                Ok(Some(own)) => {
                    return Ok(Some(ours(self.place.clone(), &cluster, &own, &steps, now)));
                }
                Ok(None) => {}
                Err(why) => made = Creator::Disputed(why),
            }
        }
        self.seen.borrow_mut().clusters.remove(id);
        let groups = self.groups_of(id, &cluster).await.unwrap_or_default();
        let (catalog, region) = (&self.settings.prices, &self.settings.region);
        Ok(Some(ClusterSnapshot {
            made,
            owner: others::owner(&cluster.tags).map(Into::into),
            rates: others::rates(catalog, region, &groups),
            instance_spans: others::instance_spans(&groups, cluster.created_at, cluster.ended_at),
            ..bare(self.place.clone(), id, &cluster, &steps, now)
        }))
    }

    /// A cluster that its name and tags call ours, where the bucket's note agrees; else why it is not
    /// believed. Of one that is over nothing is decided, and the note may be gone.
    async fn believed(
        &self,
        stack: &StackName,
        id: &ClusterId,
        cluster: &emr::Cluster,
        steps: &Reading<Vec<emr::Step>>,
        now: DateTime<Utc>,
    ) -> Result<Result<Option<Cluster>, String>, CloudError> {
        let terms = note::terms(&cluster.tags);
        let known = {
            let known = self.rounds.known.borrow();
            known.get(id).and_then(|it| it.believed.clone())
        };
        let mut asked = cluster.state.is_over();
        if !asked && known.as_ref() != Some(&terms) {
            if let Some(why) = self.doubt(stack, id, cluster, &terms).await {
                return Ok(Err(why));
            }
            asked = true;
        }
        let own = self.of_ours(stack, id, cluster, steps, now).await?;
        let due = own.as_ref().is_some_and(|it| hard_deadline(it).at <= now);
        if due
            && !asked
            && let Some(why) = self.doubt(stack, id, cluster, &terms).await
        {
            return Ok(Err(why));
        }
        Ok(Ok(own))
    }

    async fn doubt(
        &self,
        stack: &StackName,
        id: &ClusterId,
        cluster: &emr::Cluster,
        terms: &str,
    ) -> Option<String> {
        let word = self.word_on(stack, id.as_str(), &cluster.tags).await;
        let why = match &word {
            Ok(word) => word.why().map(str::to_owned),
            Err(error) => Some(error.to_string()),
        };
        let believed = why.is_none().then(|| terms.to_owned());
        self.know(id, |known| known.believed = believed);
        why
    }

    /// All steps, the oldest first. EMR lists the newest first, and those before the first that is
    /// not over need not be read again.
    async fn all_steps(&self, id: &ClusterId) -> Result<Vec<emr::Step>, ApiError> {
        let settled: Vec<emr::Step> = {
            let known = self.rounds.known.borrow();
            known.get(id).map_or(Vec::new(), |it| it.settled.clone())
        };
        let (mut new, mut next) = (Vec::new(), None);
        let all = loop {
            let id = id.to_string();
            let page = self.api.serve(ListSteps { id, next }).await?;
            let is_settled = |step: &emr::Step| settled.iter().rposition(|it| it.id == step.id);
            let met = page.items.iter().find_map(is_settled);
            let fresh = page.items.into_iter();
            new.extend(fresh.take_while(|step| is_settled(step).is_none()));
            next = page.next;
            if met.is_some() || next.is_none() {
                new.reverse();
                let before = met.map_or(0, |last| last + 1);
                break [&settled[..before], &new[..]].concat();
            }
        };
        let over = all.iter().take_while(|step| step.state.is_over());
        let over = over.cloned().collect();
        self.know(id, |known| known.settled = over);
        Ok(all)
    }

    fn know(&self, id: &ClusterId, change: impl FnOnce(&mut CachedCluster)) {
        change(
            self.rounds
                .known
                .borrow_mut()
                .entry(id.clone())
                .or_default(),
        );
    }

    /// A cluster's instance groups, asked for once. One of instance fleets has none.
    async fn groups_of(
        &self,
        id: &ClusterId,
        cluster: &emr::Cluster,
    ) -> Result<Vec<emr::InstanceGroup>, CloudError> {
        let known = {
            let known = self.rounds.known.borrow();
            known.get(id).and_then(|it| it.groups.clone())
        };
        if let Some(groups) = known {
            return Ok(groups);
        }
        if cluster.state.is_over() {
            return Ok(Vec::new());
        }
        let of = id.to_string();
        let groups = match self.api.serve(ListInstanceGroups { id: of }).await {
            Err(error) if error.kind == Kind::Invalid => Vec::new(),
            reply => reply.doing(|| format!("list the instance groups of {id}"))?,
        };
        self.know(id, |known| known.groups = Some(groups.clone()));
        Ok(groups)
    }

    /// A cluster that clusterup made, with what ends it; none of one that is over and of which
    /// nothing can be told.
    async fn of_ours(
        &self,
        stack: &StackName,
        id: &ClusterId,
        cluster: &emr::Cluster,
        steps: &Reading<Vec<emr::Step>>,
        now: DateTime<Utc>,
    ) -> Result<Option<Cluster>, CloudError> {
        let seen = self.seen_again(id, cluster, now).await?;
        let steps = steps.read().cloned().unwrap_or_default();
        let tell = |steps| convert::told(stack, &seen, steps, &self.seen.borrow(), now);
        let mut told = tell(steps.clone());
        let leased = |told: &Cluster| told.spec.guardrails.lease.is_some();
        if cluster.state.is_live() && told.as_ref().is_some_and(leased) {
            if self.find_follower(stack, id).await.is_err() {
                // Nobody heard of is not nobody there; all but its lease goes on.
                let mut seen = self.seen.borrow_mut();
                seen.followed.insert(id.clone(), now);
            }
            told = tell(steps);
        }
        if told.is_none() && !cluster.state.is_over() {
            let message = format!("cluster {id} lives and what EMR says of it cannot be read");
            return Err(CloudError::new(Class::Failed, message).hint(format!(
                "look at it by hand: aws emr describe-cluster --cluster-id {id}"
            )));
        }
        self.seen.borrow_mut().clusters.insert(id.clone(), seen);
        Ok(told)
    }

    /// What is new of a cluster of ours, and what was read before of the rest.
    async fn seen_again(
        &self,
        id: &ClusterId,
        cluster: &emr::Cluster,
        now: DateTime<Utc>,
    ) -> Result<ObservedCluster, CloudError> {
        let before = self.seen.borrow().clusters.get(id).cloned();
        let sizes = |cluster: &emr::Cluster| cluster.tags.get(SIZES).cloned();
        if before
            .as_ref()
            .is_some_and(|it| sizes(&it.cluster) != sizes(cluster))
        {
            // It was resized since.
            self.know(id, |known| known.groups = None);
        }
        let groups = self.groups_of(id, cluster).await?;
        let asked_at = {
            let known = self.rounds.known.borrow();
            known.get(id).and_then(|it| it.asked_at)
        };
        let is_live = cluster.state.is_live();
        if let (Some(before), Some(at)) = (before, asked_at)
            && (now - at < STALE || !is_live)
        {
            let cluster = cluster.clone();
            return Ok(ObservedCluster {
                cluster,
                groups,
                ..before
            });
        }
        let policy = GetAutoTerminationPolicy { id: id.to_string() };
        let (schedule, idle) = tokio::join!(self.scheduled(id.as_str(), is_live), async {
            // Of one that is over EMR says nothing, and one policy unread is one rung unknown.
            let asked = is_live.then(|| self.api.serve(policy));
            asked?.await.ok()
        });
        self.know(id, |known| known.asked_at = Some(now));
        Ok(ObservedCluster {
            cluster: cluster.clone(),
            groups,
            idle,
            schedule,
            machines: None,
        })
    }

    /// When an apply last said that it follows a cluster with a lease. Where that cannot be read it
    /// is an error: nobody heard of is not nobody there.
    async fn find_follower(&self, stack: &StackName, id: &ClusterId) -> Result<(), CloudError> {
        let call = GetObject::note(self.bucket().await?, place::followed(stack, id));
        let followed = match self.api.serve(call).await {
            Err(error) if error.kind == Kind::NotFound => return Ok(()),
            reply => reply.doing(|| format!("read who follows cluster {id}"))?,
        };
        let mut seen = self.seen.borrow_mut();
        seen.followed.insert(id.clone(), followed.modified);
        Ok(())
    }
}

fn ours(
    place: Place,
    cluster: &emr::Cluster,
    told: &Cluster,
    steps: &Reading<Vec<emr::Step>>,
    now: DateTime<Utc>,
) -> ClusterSnapshot {
    ClusterSnapshot {
        owner: told
            .owner
            .clone()
            .or_else(|| Some(others::owner(&cluster.tags)?.into())),
        rates: told.spec.rates,
        instance_spans: told.instance_spans.clone(),
        made: Creator::Here(Box::new(told.clone())),
        ..bare(place, &told.id, cluster, steps, now)
    }
}

/// What is the same no matter who made it.
fn bare(
    place: Place,
    id: &ClusterId,
    cluster: &emr::Cluster,
    steps: &Reading<Vec<emr::Step>>,
    now: DateTime<Utc>,
) -> ClusterSnapshot {
    ClusterSnapshot {
        place,
        id: id.clone(),
        name: cluster.name.as_str().into(),
        state: cluster.state,
        created_at: cluster.created_at,
        ready_at: cluster.ready_at,
        looked_at: now,
        made: Creator::Elsewhere,
        owner: None,
        tags: cluster.tags.clone(),
        protected: cluster.protected,
        applications: (cluster.applications.iter())
            .map(|name| Application::seen(name))
            .collect(),
        steps: signal(steps),
        rates: None,
        instance_spans: Vec::new(),
        mark: cluster.tags.get(MARK).and_then(|text| text.parse().ok()),
    }
}

/// A step that cannot be told must not be missing: the cluster would look idle.
fn signal(steps: &Reading<Vec<emr::Step>>) -> Reading<Vec<Step>> {
    let steps = match steps {
        Reading::Read(steps) => steps,
        Reading::Unread(why) => return Reading::Unread(why.clone()),
    };
    let told = steps.iter().map(|step| convert::step(step.clone()));
    match told.collect::<Option<_>>() {
        Some(steps) => Reading::Read(steps),
        None => Reading::Unread("one of its steps cannot be read".to_owned()),
    }
}
