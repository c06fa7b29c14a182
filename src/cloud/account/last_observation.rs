//! What the last observation of a stack returned besides what planning needs, such as the ids
//! behind names. It is never older than the plan being applied.

use super::machines::Machines;
use super::{layout, names};
use crate::cloud::api::s3::Bucket;
use crate::cloud::api::scheduler::Schedule;
use crate::cloud::api::{ec2, emr};
use crate::cloud::log::LogVersion;
use crate::model::name::{ClusterId, GroupName, KeyPairName, StackName};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

#[derive(Default)]
pub(super) struct LastObservation {
    /// The observed stack.
    pub(super) stack: Option<StackName>,
    /// Whether the stack has notes of clusters, or had at an earlier observation: `destroy` removes
    /// them before it observes again.
    pub(super) notes_clusters: bool,
    /// The ids of clusters with the stack's name that have not ended, and that the stack did not create or
    /// whose notes are lost.
    pub(super) namesakes: Vec<String>,
    pub(super) keys: BTreeMap<KeyPairName, ec2::KeyPair>,
    pub(super) groups: BTreeMap<GroupName, ec2::Group>,
    /// The stack's objects, by key without its prefix: length in bytes and time of writing; `None`
    /// if there is no bucket.
    pub(super) objects: Option<BTreeMap<String, (u64, DateTime<Utc>)>>,
    /// Whether this process has just asked for the bucket's creation, which another may have
    /// preceded by a moment.
    pub(super) is_new: bool,
    /// EMR's descriptions of clusters.
    pub(super) clusters: BTreeMap<ClusterId, Replies>,
    /// The steps of clusters of which nothing can change any longer; see [`Replies::are_final`].
    pub(super) final_steps: BTreeMap<ClusterId, Vec<emr::Step>>,
    /// The stack's objects as listed under its lease, until it is observed.
    pub(super) leased: Option<BTreeMap<String, (u64, DateTime<Utc>)>>,
    /// When this process last recorded that it follows clusters; newer than `objects`.
    pub(super) followed: BTreeMap<ClusterId, DateTime<Utc>>,
    /// When this process last moved the safeguards of clusters later.
    pub(super) moved: BTreeMap<ClusterId, DateTime<Utc>>,
    /// The terms that the notes of clusters last confirmed; see [`super::note`].
    pub(super) confirmed: BTreeMap<ClusterId, String>,
    /// The cluster that was created since the observation.
    pub(super) created_cluster: Option<String>,
    /// The ids of clusters' steps and the folders of their logs, oldest first.
    pub(super) steps: BTreeMap<ClusterId, Vec<(String, String)>>,
    /// The logs of a cluster.
    pub(super) logs: ListedLogs,
    /// Where the logs of the cluster are that was listed last, if EMR uploads any.
    pub(super) log_place: Option<LogPlace>,
}

/// Where the logs of a cluster are.
#[derive(Default)]
pub(super) struct ListedLogs {
    /// Their objects by their names.
    pub(super) objects: BTreeMap<String, LogObject>,
    /// Their folder, as `s3://bucket/prefix/`.
    pub(super) folder: String,
    /// Whether there are more than were listed.
    pub(super) is_cut: bool,
}

/// Where EMR uploads the logs of a cluster.
#[derive(Clone)]
pub(super) struct LogPlace {
    pub(super) bucket: Bucket,
    /// The prefix of the cluster.
    pub(super) prefix: String,
    /// The folders of its steps, by the ids of the steps.
    pub(super) steps: BTreeMap<String, String>,
}

/// The object of a log.
#[derive(Clone)]
pub(super) struct LogObject {
    pub(super) bucket: Bucket,
    pub(super) key: String,
    pub(super) version: LogVersion,
}

/// The replies about one cluster, before they are converted.
#[derive(Clone)]
pub(super) struct Replies {
    pub(super) cluster: emr::Cluster,
    /// Its instance groups; none if it has fleets.
    pub(super) groups: Vec<emr::InstanceGroup>,
    /// Its instance fleets; none if it has groups.
    pub(super) fleets: Vec<emr::InstanceFleet>,
    /// EMR's managed scaling; the outer `None` if it was not read.
    pub(super) scaling: Option<Option<emr::ScalingPolicy>>,
    /// EMR's idle policy; the outer `None` if it was not read.
    pub(super) idle: Option<Option<crate::model::span::Span>>,
    pub(super) schedule: Scheduled,
    /// When its instances ran, from EMR's list, if that was read.
    pub(super) machines: Option<Machines>,
}

/// The schedule that ends a cluster.
#[derive(Clone)]
pub(super) enum Scheduled {
    There(Schedule),
    /// It is there, and the cluster is protected: the schedule that lifts the protection is missing.
    NotLifted,
    Missing,
    /// The schedule is missing, and so is the role that it needs.
    NoRole,
    Unread(String),
}

impl Replies {
    /// Whether nothing of the cluster can change any longer: it and its steps have ended, and no
    /// schedule is left.
    pub(super) fn are_final(&self, steps: &[emr::Step]) -> bool {
        let is_unscheduled = matches!(self.schedule, Scheduled::Missing | Scheduled::NoRole);
        let has_ended = steps.iter().all(|step| step.state.is_over());
        self.cluster.state.is_over() && has_ended && is_unscheduled
    }

    /// Whether there is a schedule for the cluster, whatever it does.
    pub(super) const fn has_schedule(&self) -> bool {
        matches!(self.schedule, Scheduled::There(_) | Scheduled::NotLifted)
    }
}

impl LastObservation {
    /// When the stack recorded that it created a cluster.
    pub(super) fn noted(&self, id: &str) -> Option<DateTime<Utc>> {
        let objects = self.objects.as_ref()?;
        objects.get(&format!("clusters/{id}")).map(|(_, at)| *at)
    }

    /// What is wrong with the note of a live cluster of the stack, as far as a listing shows it.
    pub(super) fn flaw(&self, stack: &StackName, id: &str, name: &str) -> Option<&'static str> {
        if self.stack.as_ref() != Some(stack) || self.created_cluster.as_deref() == Some(id) {
            return None;
        }
        let note = self.objects.as_ref();
        let note = note.and_then(|objects| objects.get(&format!("clusters/{id}")));
        match note {
            Some((0, _)) => Some("its note was written by an older clusterup and has no deadline"),
            Some(_) => None,
            None if self.has_intent(name) => None,
            None => Some("the bucket has no note of it"),
        }
    }

    /// Whether a tag alone makes a cluster the stack's. It does not if the stack notes its clusters
    /// and has neither noted this one nor an intent for it.
    pub(super) fn trusts_tags(&self, stack: &StackName, id: &str, name: &str) -> bool {
        let notes = self.stack.as_ref() == Some(stack) && self.notes_clusters;
        !notes || self.created_cluster.as_deref() == Some(id) || self.has_intent(name)
    }

    /// Whether there is an intent for the cluster of this name.
    fn has_intent(&self, name: &str) -> bool {
        let nonce = names::of_cluster(name).map(|(_, nonce)| format!("intents/{nonce}.json"));
        let objects = self.objects.as_ref();
        nonce.is_some_and(|key| objects.is_some_and(|objects| objects.contains_key(&key)))
    }

    /// When an `apply` last recorded that it follows a cluster.
    pub(super) fn followed(&self, id: &ClusterId) -> Option<DateTime<Utc>> {
        let objects = self.objects.as_ref();
        let observed = objects.and_then(|objects| objects.get(&layout::follower(id)));
        let own = self.followed.get(id).copied();
        observed.map(|(_, at)| *at).max(own)
    }

    /// When the last follower of a cluster chose to leave it. Its note is empty then. `None` if
    /// somebody follows it since.
    pub(super) fn left(&self, id: &ClusterId) -> Option<DateTime<Utc>> {
        let (bytes, at) = self.objects.as_ref()?.get(&layout::follower(id))?;
        let empty = *bytes == 0 && !self.followed.contains_key(id);
        empty.then_some(*at)
    }

    /// The keys with a prefix, both without the stack's prefix.
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
    fn a_follower_knows_that_it_follows_without_a_new_observation() {
        let id: ClusterId = "j-1".parse().unwrap();
        let (old, new) = (
            DateTime::UNIX_EPOCH,
            DateTime::UNIX_EPOCH + TimeDelta::hours(1),
        );
        let mut observed = LastObservation::default();
        assert_eq!(observed.followed(&id), None);
        observed.objects = Some(BTreeMap::from([(layout::follower(&id), (0, old))]));
        assert_eq!(observed.followed(&id), Some(old));
        observed.followed.insert(id.clone(), new);
        assert_eq!(observed.followed(&id), Some(new));
    }
}
