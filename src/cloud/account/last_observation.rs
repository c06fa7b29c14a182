//! What the last look at a stack saw besides what planning needs: the ids behind names. Never older
//! than the plan that is being made true.

use super::{names, place};
use crate::cloud::api::scheduler::Schedule;
use crate::cloud::api::{ec2, emr};
use crate::model::instance_span::InstanceSpan;
use crate::model::name::{ClusterId, GroupName, KeyPairName, StackName};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

#[derive(Default)]
pub(super) struct LastObservation {
    /// Which stack the look was at.
    pub(super) stack: Option<StackName>,
    /// Whether the stack has notes of clusters, or had when an earlier look was at it: a `destroy`
    /// removes them before it looks again.
    pub(super) notes_clusters: bool,
    pub(super) keys: BTreeMap<KeyPairName, ec2::KeyPair>,
    pub(super) groups: BTreeMap<GroupName, ec2::Group>,
    /// Objects of the stack by key without its prefix: bytes and when they were written; none
    /// where the bucket is not there.
    pub(super) objects: Option<BTreeMap<String, (u64, DateTime<Utc>)>>,
    /// Whether we ourselves made the bucket, a moment ago.
    pub(super) is_new: bool,
    /// What EMR said of clusters.
    pub(super) clusters: BTreeMap<ClusterId, ObservedCluster>,
    /// When we ourselves last followed clusters: newer than what the look saw.
    pub(super) followed: BTreeMap<ClusterId, DateTime<Utc>>,
    /// The cluster that was made since.
    pub(super) newborn: Option<String>,
    /// Keys of logs by their names.
    pub(super) logs: BTreeMap<String, String>,
}

#[derive(Clone)]
pub(super) struct ObservedCluster {
    pub(super) cluster: emr::Cluster,
    pub(super) groups: Vec<emr::InstanceGroup>,
    /// EMR's idle policy; the outer none where nobody asked.
    pub(super) idle: Option<Option<crate::model::span::Span>>,
    pub(super) schedule: Scheduled,
    /// When its machines lived by EMR's own list, where that was asked for.
    pub(super) machines: Option<Vec<InstanceSpan>>,
}

/// The schedule that ends a cluster.
#[derive(Clone)]
pub(super) enum Scheduled {
    There(Schedule),
    Missing,
    /// It is missing, and so is the role without which there can be none.
    NoRole,
    Unread(String),
}

impl LastObservation {
    /// When the stack noted that it had made a cluster.
    pub(super) fn noted(&self, id: &str) -> Option<DateTime<Utc>> {
        let objects = self.objects.as_ref()?;
        objects.get(&format!("clusters/{id}")).map(|(_, at)| *at)
    }

    /// What is wrong with the note of a living cluster of the stack, as far as a listing shows it.
    pub(super) fn flaw(&self, stack: &StackName, id: &str, name: &str) -> Option<&'static str> {
        if self.stack.as_ref() != Some(stack) || self.newborn.as_deref() == Some(id) {
            return None;
        }
        let note = self.objects.as_ref();
        let note = note.and_then(|objects| objects.get(&format!("clusters/{id}")));
        match note {
            Some((0, _)) => Some("an older clusterup noted it without its deadline"),
            Some(_) => None,
            None if self.intends(name) => None,
            None => Some("the bucket has no note of it"),
        }
    }

    /// Whether a tag alone makes a cluster the stack's: not where the stack notes its clusters, and
    /// has neither noted this one nor is about to.
    pub(super) fn trusts_tags(&self, stack: &StackName, id: &str, name: &str) -> bool {
        let notes = self.stack.as_ref() == Some(stack) && self.notes_clusters;
        !notes || self.newborn.as_deref() == Some(id) || self.intends(name)
    }

    /// Whether a call that makes the cluster of this name was begun.
    fn intends(&self, name: &str) -> bool {
        let nonce = names::of_cluster(name).map(|(_, nonce)| format!("intents/{nonce}.json"));
        let objects = self.objects.as_ref();
        nonce.is_some_and(|key| objects.is_some_and(|objects| objects.contains_key(&key)))
    }

    /// When an apply last said that it follows a cluster.
    pub(super) fn followed(&self, id: &ClusterId) -> Option<DateTime<Utc>> {
        let objects = self.objects.as_ref();
        let seen = objects.and_then(|objects| objects.get(&place::follower(id)));
        let own = self.followed.get(id).copied();
        seen.map(|(_, at)| *at).max(own)
    }

    /// When the one that followed a cluster last chose to leave it, if nobody has come since: its
    /// note is empty then.
    pub(super) fn left(&self, id: &ClusterId) -> Option<DateTime<Utc>> {
        let (bytes, at) = self.objects.as_ref()?.get(&place::follower(id))?;
        let empty = *bytes == 0 && !self.followed.contains_key(id);
        empty.then_some(*at)
    }

    /// The keys of objects that begin so, without the stack's prefix.
    pub(super) fn keys_below<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a String> {
        let objects = self.objects.iter().flat_map(BTreeMap::keys);
        objects.filter(move |key| key.starts_with(prefix))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    #[test]
    fn who_follows_a_cluster_himself_needs_no_new_look_to_know() {
        let id: ClusterId = "j-1".parse().unwrap();
        let (old, new) = (
            DateTime::UNIX_EPOCH,
            DateTime::UNIX_EPOCH + TimeDelta::hours(1),
        );
        let mut seen = LastObservation::default();
        assert_eq!(seen.followed(&id), None);
        seen.objects = Some(BTreeMap::from([(place::follower(&id), (0, old))]));
        assert_eq!(seen.followed(&id), Some(old));
        seen.followed.insert(id.clone(), new);
        assert_eq!(seen.followed(&id), Some(new));
    }
}
