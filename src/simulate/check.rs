//! Checks a history that was read from a file: its sizes, and that its times are in order.

use super::history::{FORMAT, History, PastCluster};
use crate::model::name::ClusterId;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeSet;

/// The largest file of a history, in bytes: about 100,000 clusters.
pub const LARGEST_HISTORY: u64 = 256 << 20;

pub(super) const MAX_CLUSTERS: usize = 100_000;
const MAX_BUSY: usize = 20_000;
const MAX_SPANS: usize = 5_000;
const MAX_TAGS: usize = 60;
const MAX_TEXT: usize = 2_000;
const MAX_NODES: u64 = 10_000;
const MAX_DAYS: i64 = 400;
/// No cluster is older than EMR.
const OLDEST: TimeDelta = TimeDelta::days(20 * 365);

/// Why a history cannot be played.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// It was written by another version.
    #[error("its format is {0}, and this version of clusterup reads format {FORMAT}")]
    Format(u32),
    /// Its period is empty or too long.
    #[error("its period ends before it begins, or is longer than {MAX_DAYS} days")]
    Period,
    /// It has too many clusters.
    #[error("it has {0} clusters, and at most {MAX_CLUSTERS} are played")]
    Clusters(usize),
    /// A cluster is in it twice.
    #[error("cluster {0} is in it twice")]
    Twice(ClusterId),
    /// The times of a cluster contradict each other.
    #[error("cluster {0}: {1}")]
    Times(ClusterId, &'static str),
    /// A cluster has too much of something.
    #[error("cluster {0} has too many {1}: at most {2}")]
    TooMany(ClusterId, &'static str, u64),
}

impl History {
    /// Checks everything that a simulation relies on.
    ///
    /// # Errors
    /// Returns the first flaw.
    pub fn check(&self) -> Result<(), Flaw> {
        if self.format != FORMAT {
            return Err(Flaw::Format(self.format));
        }
        let earliest = DateTime::UNIX_EPOCH + OLDEST;
        let latest = DateTime::UNIX_EPOCH + TimeDelta::days(200 * 365);
        let is_sane = self.from >= earliest && self.until <= latest && self.from < self.until;
        if !is_sane || self.until - self.from > TimeDelta::days(MAX_DAYS) {
            return Err(Flaw::Period);
        }
        if self.clusters.len() > MAX_CLUSTERS {
            return Err(Flaw::Clusters(self.clusters.len()));
        }
        let mut ids = BTreeSet::new();
        for cluster in &self.clusters {
            if !ids.insert(&cluster.id) {
                return Err(Flaw::Twice(cluster.id.clone()));
            }
            sizes(cluster)?;
            times(cluster, self.until)?;
        }
        Ok(())
    }
}

fn sizes(cluster: &PastCluster) -> Result<(), Flaw> {
    let many = |what, most: u64| Err(Flaw::TooMany(cluster.id.clone(), what, most));
    let texts = cluster.tags.iter().flat_map(|(key, value)| [key, value]);
    let longest = texts.map(String::len).max().unwrap_or(0);
    let nodes: u64 = cluster.spans.iter().map(|it| u64::from(it.count)).sum();
    if cluster.busy.len() > MAX_BUSY {
        return many("periods of work", MAX_BUSY as u64);
    }
    if cluster.spans.len() > MAX_SPANS {
        return many("spans of instances", MAX_SPANS as u64);
    }
    if nodes > MAX_NODES * MAX_SPANS as u64 {
        return many("instances", MAX_NODES);
    }
    if cluster.tags.len() > MAX_TAGS || cluster.applications.len() > MAX_TAGS {
        return many("tags or applications", MAX_TAGS as u64);
    }
    if longest.max(cluster.name.as_str().len()) > MAX_TEXT {
        return many("characters in a name or a tag", MAX_TEXT as u64);
    }
    Ok(())
}

fn times(cluster: &PastCluster, until: DateTime<Utc>) -> Result<(), Flaw> {
    let wrong = |what| Err(Flaw::Times(cluster.id.clone(), what));
    let created = cluster.created_at;
    let over = cluster.over_at(until);
    if created > until || created < until - OLDEST {
        return wrong("it was created after the history was recorded, or too long before");
    }
    if over < created || over > until {
        return wrong("it ended before it was created, or after the history was recorded");
    }
    if cluster.ready_at.is_some_and(|at| at < created || at > over) {
        return wrong("it was ready before it was created, or after it had ended");
    }
    let followed = cluster.followed_at;
    if followed.is_some_and(|at| at < created || at > over) {
        return wrong("it was followed before it was created, or after it had ended");
    }
    let mut last = created;
    for busy in &cluster.busy {
        let end = busy.until.unwrap_or(over);
        if busy.from < last || end < busy.from || end > over {
            return wrong("its periods of work are not in order, or not within its life");
        }
        last = busy.from;
    }
    let odd = |span: &crate::model::instance_span::InstanceSpan| {
        span.from < created - TimeDelta::days(1)
            || span.from > until
            || span.until.is_some_and(|at| at < span.from)
    };
    if cluster.spans.iter().any(odd) {
        return wrong("its instances began before it was created, or ended before they began");
    }
    Ok(())
}
