//! Changes that tests make without a call: people at the console, guardrails from elsewhere,
//! failures. Functions that name a resource return whether it exists.

use super::Sim;
use super::cluster::Cluster;
use chrono::{DateTime, TimeDelta, Utc};
use clusterup::cloud::api::ec2::Rule;
use clusterup::cloud::api::emr::Role;
use clusterup::model::span::Span;
use std::time::Duration;

/// Longer than any test, short enough to be added to a date.
const FOREVER: TimeDelta = TimeDelta::days(3_650);

impl Sim {
    /// The next step to end whose name contains `name_part` fails. Each call adds one failure.
    pub fn fail_step(&self, name_part: &str) {
        self.edit(|state| state.script.failing_steps.push(name_part.to_owned()));
    }

    /// The next step to begin whose name contains `name_part` takes `takes`.
    pub fn time_step(&self, name_part: &str, takes: Duration) {
        let takes = TimeDelta::from_std(takes).unwrap_or(FOREVER).min(FOREVER);
        self.edit(|state| state.script.step_times.push((name_part.to_owned(), takes)));
    }

    /// The next cluster that is ordered fails while it starts, with this code, or while it
    /// bootstraps for `BOOTSTRAP_FAILURE`.
    pub fn fail_next_cluster(&self, code: &str) {
        self.edit(|state| state.script.failing_clusters.push(code.to_owned()));
    }

    /// Something else ends a living cluster.
    pub fn end_cluster(&self, id: &str, code: &str, message: &str) -> bool {
        self.edit(|state| {
            let now = state.now;
            let cluster = state.clusters.get_mut(id);
            let cluster = cluster.filter(|cluster| cluster.state.is_live());
            cluster
                .map(|cluster| cluster.shut_down(now, code, Some(message)))
                .is_some()
        })
    }

    /// EMR forgets the clusters that ended before this, as it does after two months.
    pub fn forget_ended(&self, before: DateTime<Utc>) {
        self.edit(|state| {
            let is_kept = |cluster: &Cluster| cluster.ended_at.is_none_or(|at| at >= before);
            state.clusters.retain(|_, cluster| is_kept(cluster));
        });
    }

    /// Deletes a role. Schedules that use it end no clusters any more.
    pub fn delete_role(&self, name: &str) -> bool {
        self.edit(|state| state.iam.roles.remove(name).is_some())
    }

    /// Deletes a schedule.
    pub fn delete_schedule(&self, name: &str) -> bool {
        self.edit(|state| state.scheduler.schedules.remove(name).is_some())
    }

    /// Turns a cluster's termination protection on or off.
    pub fn protect_cluster(&self, id: &str, protected: bool) -> bool {
        self.edit(|state| {
            let cluster = state.clusters.get_mut(id);
            cluster.map(|it| it.protected = protected).is_some()
        })
    }

    /// A cluster has another application.
    pub fn install(&self, id: &str, application: &str) -> bool {
        self.edit(|state| {
            let cluster = state.clusters.get_mut(id);
            let applications = cluster.map(|it| &mut it.order.applications);
            applications
                .map(|it| it.push(application.to_owned()))
                .is_some()
        })
    }

    /// Whether a cluster's termination protection is on.
    pub fn protection(&self, id: &str) -> bool {
        self.edit(|state| state.clusters.get(id).is_some_and(|it| it.protected))
    }

    /// Sets a cluster's tag, or removes it if `value` is `None`.
    pub fn tag_by_hand(&self, id: &str, key: &str, value: Option<&str>) -> bool {
        self.edit(|state| {
            let Some(cluster) = state.clusters.get_mut(id) else {
                return false;
            };
            let tags = &mut cluster.order.tags;
            match value {
                Some(value) => tags.insert(key.to_owned(), value.to_owned()),
                None => tags.remove(key),
            }
            .is_some()
        })
    }

    /// Deletes a key pair.
    pub fn delete_key_pair(&self, name: &str) -> bool {
        self.edit(|state| state.ec2.key_pairs.remove(name).is_some())
    }

    /// Adds a rule to a security group.
    pub fn add_rule(&self, group_name: &str, rule: Rule) -> bool {
        self.edit(|state| {
            let mut groups = state.ec2.groups.values_mut();
            let group = groups.find(|group| group.it.name == group_name);
            group.map(|group| group.it.ingress.push(rule)).is_some()
        })
    }

    /// Resizes the first instance group of a role in a live cluster.
    pub fn resize_by_hand(&self, cluster: &str, role: Role, count: u16) -> bool {
        self.edit(|state| {
            let now = state.now;
            let cluster = state.clusters.get_mut(cluster);
            let Some(cluster) = cluster.filter(|cluster| cluster.state.is_live()) else {
                return false;
            };
            let mut groups = cluster.groups.iter();
            let index = groups.position(|group| group.order.role == role);
            if let Some(index) = index {
                cluster.resize(index, count, now);
            }
            index.is_some()
        })
    }

    /// Sets a cluster's auto-termination policy.
    pub fn set_idle_policy(&self, cluster: &str, timeout: Span) -> bool {
        self.edit(|state| {
            let now = state.now;
            let cluster = state.clusters.get_mut(cluster);
            cluster.map(|it| it.idle = Some((timeout, now))).is_some()
        })
    }

    /// Removes a cluster's auto-termination policy.
    pub fn remove_idle_policy(&self, cluster: &str) -> bool {
        self.edit(|state| {
            let cluster = state.clusters.get_mut(cluster);
            cluster.and_then(|cluster| cluster.idle.take()).is_some()
        })
    }

    /// Deletes a bucket's objects and incomplete uploads, and keeps the bucket.
    pub fn empty_bucket(&self, bucket: &str) -> bool {
        self.edit(|state| {
            let bucket = state.s3.buckets.get_mut(bucket);
            bucket
                .map(|bucket| {
                    bucket.objects.clear();
                    bucket.uploads.clear();
                })
                .is_some()
        })
    }

    /// Another account has a bucket of this name.
    pub fn take_bucket_name(&self, bucket: &str) {
        self.edit(|state| state.s3.taken.insert(bucket.to_owned()));
    }
}
