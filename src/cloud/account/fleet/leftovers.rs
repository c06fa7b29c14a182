//! What stacks without clusters have left in the account, apart from the objects of the stack.

use crate::cloud::account::errors::{Context, gone};
use crate::cloud::account::layout::{self, LOCKS};
use crate::cloud::account::names::{self, NAME, STACK};
use crate::cloud::account::observe::NOT_OVER;
use crate::cloud::account::{Account, bucket};
use crate::cloud::api::ec2::{DeleteKeyPair, DeleteSecurityGroup, Filter, Group, KeyPair};
use crate::cloud::api::emr::Summary;
use crate::cloud::api::scheduler::{DeleteSchedule, ListSchedules};
use crate::cloud::api::{Api, Kind, Tags};
use crate::cloud::fleet::{Cleanup, Leftover, LeftoverKind};
use crate::cloud::{CloudError, Leasing};
use crate::model::name::StackName;
use crate::model::span::Span;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// The prefix of the names of clusters' schedules; see `schedule_name`.
const SCHEDULES: &str = "clusterup-j-";

#[async_trait(?Send)]
impl<A: Api> Cleanup for Account<A> {
    async fn leftovers(&self, ended_before: DateTime<Utc>) -> Result<Vec<Leftover>, CloudError> {
        let history = self.list_clusters(Vec::new(), None).await?;
        let mut found = self.groups_and_keys().await?;
        found.extend(self.schedules_left(&history).await?);
        found.extend(self.expired_locks().await?);
        let mut ends: BTreeMap<StackName, Option<DateTime<Utc>>> = BTreeMap::new();
        let mut left = Vec::new();
        for one in found {
            if !ends.contains_key(&one.stack) {
                let ended = self.ended_at_last(&one.stack, &history).await?;
                ends.insert(one.stack.clone(), ended);
            }
            let ended = ends.get(&one.stack).copied().flatten();
            if let Some(ended) = ended.filter(|ended| *ended < ended_before) {
                left.push(one.into_leftover(ended, self.settings.clock.now()));
            }
        }
        Ok(left)
    }

    async fn remove(&self, leftover: &Leftover) -> Result<bool, CloudError> {
        let Some(stack) = &leftover.stack else {
            return Ok(false);
        };
        if !self.is_abandoned(stack).await? {
            return Ok(false);
        }
        let id = leftover.id.clone();
        let context = || format!("remove {}", leftover.id);
        match leftover.kind {
            LeftoverKind::Schedule => {
                let of = id.strip_prefix("clusterup-").unwrap_or_default();
                let cluster = self.describe(of).await?;
                if cluster.is_none_or(|cluster| !cluster.state.is_over()) {
                    return Ok(false);
                }
                let removed = self.api.serve(DeleteSchedule { name: id }).await;
                gone(removed).with_context(context).map(|()| true)
            }
            LeftoverKind::Lock => self.remove_lock(&id).await,
            LeftoverKind::SecurityGroup | LeftoverKind::KeyPair => {
                let there = self.groups_and_keys().await?;
                let same =
                    |one: &&LeftoverCandidate| one.kind == leftover.kind && one.public_id == id;
                let Some(found) = there.iter().filter(|one| one.stack == *stack).find(same) else {
                    return Ok(false);
                };
                let id = found.id.clone();
                let removed = if leftover.kind == LeftoverKind::KeyPair {
                    self.api.serve(DeleteKeyPair { id }).await
                } else {
                    self.api.serve(DeleteSecurityGroup { id }).await
                };
                match gone(removed) {
                    Err(error) if error.kind == Kind::InUse => Ok(false),
                    removed => removed.with_context(context).map(|()| true),
                }
            }
        }
    }
}

impl<A: Api> Account<A> {
    async fn is_abandoned(&self, stack: &StackName) -> Result<bool, CloudError> {
        let alive = self.list_clusters(NOT_OVER.to_vec(), None).await?;
        if self.ended_at_last(stack, &alive).await?.is_some() {
            return Ok(true);
        }
        let of = |it: &Summary| names::of_cluster(&it.name).is_some_and(|(of, _)| of == *stack);
        if alive.iter().any(of) {
            return Ok(false);
        }
        // A stack without notes in the bucket is known from EMR's whole history, which has many
        // pages.
        let history = self.list_clusters(Vec::new(), None).await?;
        Ok(self.ended_at_last(stack, &history).await?.is_some())
    }

    async fn remove_lock(&self, key: &str) -> Result<bool, CloudError> {
        let bucket = self.bucket().await?;
        let lock = self.read_lock(&bucket, key).await?;
        let Some(lock) = lock.filter(super::super::lease::Lock::is_dead) else {
            return Ok(false);
        };
        lock.remove(&*self.api, &bucket, key).await?;
        Ok(true)
    }

    async fn groups_and_keys(&self) -> Result<Vec<LeftoverCandidate>, CloudError> {
        let filter = vec![Filter {
            name: "tag-key".to_owned(),
            values: vec![STACK.to_owned()],
        }];
        let (groups, keys) =
            tokio::join!(self.security_groups(filter.clone()), self.key_pairs(filter),);
        let groups = groups?.into_iter().filter_map(LeftoverCandidate::group);
        Ok(groups
            .chain(keys?.into_iter().filter_map(LeftoverCandidate::key))
            .collect())
    }

    /// Schedules of clusters that EMR lists as ended.
    async fn schedules_left(
        &self,
        history: &[Summary],
    ) -> Result<Vec<LeftoverCandidate>, CloudError> {
        let mut found = Vec::new();
        let mut next = None;
        loop {
            let prefix = SCHEDULES.to_owned();
            let page = self.api.serve(ListSchedules { prefix, next }).await;
            let page = page.with_context(|| "list schedules".to_owned())?;
            for name in page.items {
                let of = name.strip_prefix("clusterup-").unwrap_or_default();
                let cluster = history.iter().find(|it| it.id == of && it.state.is_over());
                let stack = cluster.and_then(|it| names::of_cluster(&it.name));
                if let Some((stack, _)) = stack {
                    found.push(LeftoverCandidate::plain(
                        LeftoverKind::Schedule,
                        name,
                        stack,
                    ));
                }
            }
            next = page.next;
            if next.is_none() {
                return Ok(found);
            }
        }
    }

    async fn expired_locks(&self) -> Result<Vec<LeftoverCandidate>, CloudError> {
        let bucket = self.bucket().await?;
        let listed = self.list(&bucket, LOCKS, None).await?.unwrap_or_default();
        let mut found = Vec::new();
        for key in listed.into_iter().filter_map(bucket::key) {
            let stack = key
                .strip_prefix(LOCKS)
                .and_then(|it| it.strip_suffix(".json"));
            let Some(stack) = stack.and_then(|it| it.parse().ok()) else {
                continue;
            };
            if let Some(lock) = self.read_lock(&bucket, &key).await?
                && lock.is_dead()
            {
                found.push(LeftoverCandidate::plain(LeftoverKind::Lock, key, stack));
            }
        }
        Ok(found)
    }

    /// When the last cluster of a stack ended. `None` if one is live, if somebody may be working on
    /// the stack, or if it is unknown: not found is not gone.
    async fn ended_at_last(
        &self,
        stack: &StackName,
        listed: &[Summary],
    ) -> Result<Option<DateTime<Utc>>, CloudError> {
        let of = |it: &&Summary| names::of_cluster(&it.name).is_some_and(|(of, _)| of == *stack);
        let own: Vec<&Summary> = listed.iter().filter(of).collect();
        if own.iter().any(|it| !it.state.is_over()) || self.is_held(stack).await? {
            return Ok(None);
        }
        let objects = self.objects(stack).await?.unwrap_or_default();
        let mut ids = Vec::new();
        let mut dispute = false;
        for (key, (_, at)) in &objects {
            match layout::note(key) {
                Some(layout::Note::Cluster(id)) => ids.push((*at, id)),
                // The intent may still become a cluster.
                Some(layout::Note::Intent(_)) => dispute = true,
                Some(layout::Note::Run(_)) | None => {}
            }
        }
        ids.extend(own.iter().map(|it| (it.created_at, it.id.clone())));
        let Some((_, newest)) = ids.into_iter().max().filter(|_| !dispute) else {
            return Ok(None);
        };
        let cluster = self.describe(&newest).await?;
        let over = cluster.filter(|cluster| cluster.state.is_over());
        Ok(over.and_then(|cluster| cluster.ended_at))
    }
}

/// A resource of a stack, which may still be in use.
struct LeftoverCandidate {
    kind: LeftoverKind,
    /// The id by which it is deleted.
    id: String,
    /// The id that is shown.
    public_id: String,
    name: Option<String>,
    stack: StackName,
}

impl LeftoverCandidate {
    fn plain(kind: LeftoverKind, id: String, stack: StackName) -> Self {
        let public_id = id.clone();
        Self {
            kind,
            id,
            public_id,
            name: None,
            stack,
        }
    }

    fn group(group: Group) -> Option<Self> {
        let (stack, name) = ours(&group.name, &group.tags)?;
        let found = Self::plain(LeftoverKind::SecurityGroup, group.id, stack);
        let name = Some(name);
        Some(Self { name, ..found })
    }

    fn key(key: KeyPair) -> Option<Self> {
        let (stack, name) = ours(&key.name, &key.tags)?;
        let found = Self::plain(LeftoverKind::KeyPair, key.id, stack);
        let name = Some(name);
        let public_id = key.name;
        Some(Self {
            name,
            public_id,
            ..found
        })
    }

    fn into_leftover(self, ended: DateTime<Utc>, now: DateTime<Utc>) -> Leftover {
        let what = match self.kind {
            LeftoverKind::SecurityGroup => "security group",
            LeftoverKind::KeyPair => "key pair",
            LeftoverKind::Schedule => "schedule",
            LeftoverKind::Lock => "lock",
        };
        let name = self.name.as_deref().unwrap_or(&self.public_id);
        let ago = Span::from_delta(now - ended);
        let says = format!(
            "{what} {name} of stack {}, whose last cluster ended {ago} ago",
            self.stack
        );
        Leftover {
            kind: self.kind,
            id: self.public_id,
            stack: Some(self.stack),
            says,
        }
    }
}

/// The stack and name of an EC2 resource, if its name and tags agree that clusterup created it.
fn ours(name: &str, tags: &Tags) -> Option<(StackName, String)> {
    let stack: StackName = tags.get(STACK)?.parse().ok()?;
    let short = tags.get(NAME)?;
    (names::ec2(&stack, short) == name).then(|| (stack, short.clone()))
}
