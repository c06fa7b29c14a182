//! Observes a stack from listings. Independent calls are concurrent.

use super::Account;
use super::errors::Context;
use super::layout::{self, Note};
use super::names::{self, JOB, NAME, STACK, prefix};
use crate::cloud::api::ec2::{DescribeKeyPairs, DescribeSecurityGroups, Filter, Group, KeyPair};
use crate::cloud::api::emr::{ListClusters, Summary};
use crate::cloud::api::s3::{Bucket, ListObjects, Listed};
use crate::cloud::api::{Api, Kind};
use crate::cloud::local_results;
use crate::cloud::{Class, CloudError, Observing, ReadClusters};
use crate::model::name::{ClusterId, StackName};
use crate::model::observed::{Cluster, ClusterState, Observed, Run};
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

/// The states of a cluster that has not ended.
pub(super) const NOT_OVER: [ClusterState; 5] = [
    ClusterState::Starting,
    ClusterState::Bootstrapping,
    ClusterState::Running,
    ClusterState::Waiting,
    ClusterState::Terminating,
];

/// The visibility window of clusters: after this time EMR lists a cluster or never will, by any
/// clock that AWS accepts.
const VISIBILITY_WINDOW: TimeDelta = TimeDelta::minutes(25);
/// Seconds between polls for a new cluster.
const VISIBILITY_PAUSES: [u64; 8] = [1, 2, 4, 8, 15, 20, 20, 30];

/// How much is read of the clusters of a stack.
#[derive(Clone, Copy)]
enum Detail {
    Whole,
    /// Whether they exist, and of those that have ended, what they did.
    Existence,
}

/// Objects by key: length in bytes and time of writing.
pub(super) type Objects = BTreeMap<String, (u64, DateTime<Utc>)>;

#[async_trait(?Send)]
impl<A: Api> Observing for Account<A> {
    async fn observe(
        &self,
        stack: &StackName,
        home: Option<&Path>,
    ) -> Result<Observed, CloudError> {
        let mut observed = self.read_stack(stack, Detail::Whole).await?;
        observed.results_home = home.and_then(|folder| local_results::observe(stack, folder));
        Ok(observed)
    }

    async fn inventory(&self, stack: &StackName) -> Result<Observed, CloudError> {
        self.read_stack(stack, Detail::Existence).await
    }

    /// The present state of the stack's clusters of the last observation: two calls each.
    async fn watch(&self, stack: &StackName) -> Result<Vec<Cluster>, CloudError> {
        let known: Vec<ClusterId> = self.observed.borrow().clusters.keys().cloned().collect();
        let mut clusters = Vec::new();
        for id in known {
            let of_stack = |c: &Cluster| c.stack == *stack;
            clusters.extend(self.step_states(&id).await?.filter(of_stack));
        }
        let created_cluster = self
            .observed
            .borrow()
            .created_cluster
            .clone()
            .filter(|_| clusters.is_empty());
        if let Some(created_cluster) = created_cluster {
            clusters.extend(self.cluster_when_visible(stack, &created_cluster).await?);
        }
        if clusters.is_empty() {
            return Ok(self.observe(stack, None).await?.clusters);
        }
        Cluster::oldest_first(&mut clusters);
        Ok(clusters)
    }
    /// EMR remembers ended clusters for two months (EMR API, ListClusters).
    async fn history(
        &self,
        since: DateTime<Utc>,
        known: &BTreeSet<ClusterId>,
    ) -> Result<ReadClusters<Cluster>, CloudError> {
        // No states means all states.
        let listed = self.list_clusters(Vec::new(), Some(since)).await?;
        let mut clusters = Vec::new();
        for summary in listed {
            let Some((stack, _)) = names::of_cluster(&summary.name) else {
                continue;
            };
            let new = |id: ClusterId| !known.contains(&id);
            if summary.id.parse().is_ok_and(new) {
                let cluster = self.cluster(&stack, &summary.id).await?;
                clusters.extend(self.with_follower(cluster).await);
            }
        }
        let ReadClusters { read, unread } = self.adopted_besides(known).await?;
        clusters.extend(read.into_iter().map(|adopted| adopted.cluster));
        Cluster::oldest_first(&mut clusters);
        let read = clusters;
        Ok(ReadClusters { read, unread })
    }

    async fn stacks(&self) -> Result<Vec<StackName>, CloudError> {
        let filter = vec![Filter {
            name: "tag-key".to_owned(),
            values: vec![STACK.to_owned()],
        }];
        let bucket = self.bucket().await?;
        let (keys, groups, prefixes, alive) = tokio::join!(
            self.key_pairs(filter.clone()),
            self.security_groups(filter),
            self.list(&bucket, "stacks/", Some('/')),
            self.alive(),
        );
        let tagged = |tags: &crate::cloud::api::Tags| tags.get(STACK)?.parse().ok();
        let listed = |listed: Listed| match listed {
            Listed::Prefix(prefix) => prefix
                .strip_prefix("stacks/")?
                .trim_end_matches('/')
                .parse()
                .ok(),
            Listed::Object { .. } => None,
        };
        let mut stacks: BTreeSet<StackName> = BTreeSet::new();
        stacks.extend(keys?.iter().filter_map(|key| tagged(&key.tags)));
        stacks.extend(groups?.iter().filter_map(|group| tagged(&group.tags)));
        stacks.extend(prefixes?.unwrap_or_default().into_iter().filter_map(listed));
        let named = |summary: &Summary| Some(names::of_cluster(&summary.name)?.0);
        stacks.extend(alive?.iter().filter_map(named));
        Ok(stacks.into_iter().collect())
    }
}

impl<A: Api> Account<A> {
    /// Reads what exists of a stack on AWS.
    async fn read_stack(&self, stack: &StackName, detail: Detail) -> Result<Observed, CloudError> {
        let filter = tagged(STACK, stack.as_str());
        let (keys, groups, objects, alive) = tokio::join!(
            self.key_pairs(filter.clone()),
            self.security_groups(filter),
            self.leased_objects(stack),
            self.alive(),
        );
        let keys = keys?;
        let groups = groups?;
        let objects = objects?;
        let alive = of_stack(alive?, stack);
        self.store_observation(stack, keys, groups, objects);
        let clusters = self.clusters(stack, &alive, detail).await?;
        let addresses = self.addresses().await;
        let observed = self.observed.borrow();
        Ok(Observed {
            at: self.settings.clock.now(),
            key_pairs: self.observed_keys(&observed),
            security_groups: self.observed_groups(&observed, addresses.as_deref()),
            bucket: observed
                .objects
                .as_ref()
                .filter(|objects| !objects.is_empty())
                .map(bytes),
            clusters,
            remembered: remembered(observed.objects.as_ref()),
            results_home: None,
        })
    }

    fn store_observation(
        &self,
        stack: &StackName,
        keys: Vec<KeyPair>,
        groups: Vec<Group>,
        objects: Option<Objects>,
    ) {
        let mut observed = self.observed.borrow_mut();
        let mut noted = objects.iter().flat_map(Objects::keys);
        let notes = noted.any(|key| key.starts_with("clusters/"));
        observed.notes_clusters =
            notes || observed.notes_clusters && observed.stack.as_ref() == Some(stack);
        observed.stack = Some(stack.clone());
        let keys = keys
            .into_iter()
            .filter_map(|key| Some((name(&key.tags)?, key)));
        let groups = groups
            .into_iter()
            .filter_map(|group| Some((name(&group.tags)?, group)));
        (observed.keys, observed.groups, observed.objects) =
            (keys.collect(), groups.collect(), objects);
    }

    /// Adds to a cluster with a lease when it was last followed, if that can be read.
    async fn with_follower(&self, cluster: Option<Cluster>) -> Option<Cluster> {
        let mut cluster = cluster?;
        if cluster.spec.guardrails.lease.is_some()
            && cluster.renewed_at.is_none()
            && self
                .read_follower(&cluster.stack, &cluster.id)
                .await
                .is_ok()
        {
            cluster.renewed_at = self.observed.borrow().followed(&cluster.id);
        }
        Some(cluster)
    }

    pub(super) async fn key_pairs(&self, filters: Vec<Filter>) -> Result<Vec<KeyPair>, CloudError> {
        let reply = self.api.serve(DescribeKeyPairs { filters }).await;
        reply.with_context(|| "list key pairs".to_owned())
    }

    pub(super) async fn security_groups(
        &self,
        filters: Vec<Filter>,
    ) -> Result<Vec<Group>, CloudError> {
        let reply = self.api.serve(DescribeSecurityGroups { filters }).await;
        reply.with_context(|| "list security groups".to_owned())
    }

    /// The objects of a stack, by their keys without its prefix; `None` if there is no bucket.
    pub(super) async fn objects(&self, stack: &StackName) -> Result<Option<Objects>, CloudError> {
        let bucket = self.bucket().await?;
        let prefix = prefix(stack);
        let listed = self.list(&bucket, &prefix, None).await?;
        let object = |listed: Listed| match listed {
            Listed::Object {
                key,
                bytes,
                modified,
            } => Some((key.strip_prefix(&prefix)?.to_owned(), (bytes, modified))),
            Listed::Prefix(_) => None,
        };
        Ok(listed.map(|listed| listed.into_iter().filter_map(object).collect()))
    }

    /// The objects of a stack, as listed for its lease if that was just acquired.
    async fn leased_objects(&self, stack: &StackName) -> Result<Option<Objects>, CloudError> {
        let leased = self.observed.borrow_mut().leased.take();
        match leased {
            Some(objects) => Ok(Some(objects)),
            None => self.objects(stack).await,
        }
    }

    /// All pages of a listing; `None` if there is no bucket.
    pub(super) async fn list(
        &self,
        bucket: &Bucket,
        prefix: &str,
        delimiter: Option<char>,
    ) -> Result<Option<Vec<Listed>>, CloudError> {
        let listed = self.list_up_to(usize::MAX, bucket, prefix, delimiter).await;
        listed.map(|listed| listed.map(|(all, _)| all))
    }

    /// Pages of a listing until they have `max` entries, and whether there are more; `None` if there is
    /// no bucket.
    pub(super) async fn list_up_to(
        &self,
        max: usize,
        bucket: &Bucket,
        prefix: &str,
        delimiter: Option<char>,
    ) -> Result<Option<(Vec<Listed>, bool)>, CloudError> {
        let mut all = Vec::new();
        let mut next = None;
        loop {
            let bucket = bucket.clone();
            let prefix = prefix.to_owned();
            let call = ListObjects {
                bucket,
                prefix,
                delimiter,
                next,
            };
            let page = match self.api.serve(call).await {
                Err(error) if error.kind == Kind::NotFound => return Ok(None),
                page => page.with_context(|| "list the bucket".to_owned())?,
            };
            all.extend(page.items);
            next = page.next;
            if next.is_none() || all.len() >= max {
                return Ok(Some((all, next.is_some())));
            }
        }
    }

    /// The clusters of the account that have not ended.
    pub(super) async fn alive(&self) -> Result<Vec<Summary>, CloudError> {
        self.list_clusters(NOT_OVER.to_vec(), None).await
    }

    pub(super) async fn list_clusters(
        &self,
        states: Vec<ClusterState>,
        created_after: Option<DateTime<Utc>>,
    ) -> Result<Vec<Summary>, CloudError> {
        let mut all = Vec::new();
        let mut next = None;
        loop {
            let states = states.clone();
            let call = ListClusters {
                states,
                created_after,
                next,
            };
            let page = self.api.serve(call).await;
            let page = page.with_context(|| "list clusters".to_owned())?;
            all.extend(page.items);
            next = page.next;
            if next.is_none() {
                return Ok(all);
            }
        }
    }

    /// The clusters that planning needs: live ones, and the newest that the stack created, which
    /// may be missing in listings or tell why it ended.
    async fn clusters(
        &self,
        stack: &StackName,
        alive: &[Summary],
        detail: Detail,
    ) -> Result<Vec<Cluster>, CloudError> {
        let newest = {
            let observed = self.observed.borrow();
            newest_made(observed.objects.as_ref())
        };
        let ids: BTreeSet<String> = alive.iter().map(|s| s.id.clone()).chain(newest).collect();
        let (mut clusters, mut namesakes) = (Vec::new(), Vec::new());
        for id in ids {
            let cluster = match detail {
                Detail::Whole => self.cluster_when_visible(stack, &id).await?,
                Detail::Existence => self.outline_when_visible(stack, &id).await?,
            };
            if cluster.is_none() && alive.iter().any(|it| it.id == id) {
                namesakes.push(id);
            }
            clusters.extend(cluster);
        }
        self.observed.borrow_mut().namesakes = namesakes;
        Cluster::oldest_first(&mut clusters);
        Ok(clusters)
    }

    /// The outline of a cluster, which is read once. A cluster that is not visible yet is polled.
    async fn outline_when_visible(
        &self,
        stack: &StackName,
        id: &str,
    ) -> Result<Option<Cluster>, CloudError> {
        let known = id.parse().ok().and_then(|id| self.last_observed(&id));
        // What one that has ended did matters to its costs.
        if let Some(known) = known.filter(|cluster| cluster.state.is_live()) {
            return Ok(Some(known));
        }
        match self.outline(stack, id).await? {
            Some(cluster) => Ok(Some(cluster)),
            None => self.cluster_when_visible(stack, id).await,
        }
    }

    /// Describes a cluster that was listed or noted. A new cluster may not be visible yet, so it is
    /// polled until the visibility window is over.
    async fn cluster_when_visible(
        &self,
        stack: &StackName,
        id: &str,
    ) -> Result<Option<Cluster>, CloudError> {
        let mut pauses = VISIBILITY_PAUSES.into_iter();
        loop {
            let cluster = self.cluster(stack, id).await?;
            let whole = cluster
                .as_ref()
                .is_some_and(|cluster| self.shows_its_job(cluster));
            if whole || !self.may_be_invisible(id) {
                return Ok(cluster);
            }
            let Some(pause) = pauses.next() else {
                let message = format!("AWS created cluster {id} and does not list it yet");
                return Err(CloudError::new(Class::Unreachable, message)
                    .hint("try again in a minute: nothing is created twice"));
            };
            tokio::time::sleep(Duration::from_secs(pause)).await;
        }
    }

    /// Whether EMR lists the steps that a cluster was created with.
    fn shows_its_job(&self, cluster: &Cluster) -> bool {
        let observed = self.observed.borrow();
        let tags = observed
            .clusters
            .get(&cluster.id)
            .map(|observed| &observed.cluster.tags);
        let job = tags.and_then(|tags| tags.get(JOB)?.parse().ok());
        job.is_none_or(|job| cluster.run_of(&job).is_some())
    }

    fn may_be_invisible(&self, id: &str) -> bool {
        let observed = self.observed.borrow();
        let now = self.settings.clock.now();
        observed.created_cluster.as_deref() == Some(id)
            || observed
                .noted(id)
                .is_some_and(|at| now - at < VISIBILITY_WINDOW)
    }
}

fn tagged(key: &str, value: &str) -> Vec<Filter> {
    vec![filter(&format!("tag:{key}"), value)]
}

/// A filter with one value.
pub(super) fn filter(name: &str, value: &str) -> Filter {
    Filter {
        name: name.to_owned(),
        values: vec![value.to_owned()],
    }
}

fn of_stack(summaries: Vec<Summary>, stack: &StackName) -> Vec<Summary> {
    let ours = |s: &Summary| names::of_cluster(&s.name).is_some_and(|(of, _)| of == *stack);
    summaries.into_iter().filter(ours).collect()
}

fn name<T: std::str::FromStr>(tags: &crate::cloud::api::Tags) -> Option<T> {
    tags.get(NAME)?.parse().ok()
}

fn bytes(objects: &Objects) -> BTreeMap<String, u64> {
    objects
        .iter()
        .map(|(key, (bytes, _))| (key.clone(), *bytes))
        .collect()
}

fn remembered(objects: Option<&Objects>) -> Vec<Run> {
    let mut runs: Vec<(DateTime<Utc>, Run)> = objects
        .into_iter()
        .flatten()
        .filter_map(|(key, (_, at))| match layout::note(key)? {
            Note::Run(run) => Some((*at, run)),
            Note::Intent(_) | Note::Cluster(_) => None,
        })
        .collect();
    runs.sort_by_key(|(at, run)| (*at, run.number));
    runs.into_iter().map(|(_, run)| run).collect()
}

fn newest_made(objects: Option<&Objects>) -> Option<String> {
    let made =
        objects
            .into_iter()
            .flatten()
            .filter_map(|(key, (_, at))| match layout::note(key)? {
                Note::Cluster(id) => Some((*at, id)),
                Note::Intent(_) | Note::Run(_) => None,
            });
    made.max().map(|(_, id)| id)
}
