//! The fleet: every cluster of an account, whoever created it, as the watchdog observes it.

use super::adoption::Adopted;
use super::application::Application;
use super::instance_span::InstanceSpan;
use super::invalid::Invalid;
use super::name::ClusterId;
use super::observed::{Cluster, ClusterState, EndReason, Step};
use super::parsed::serde_by_text;
use super::place::Place;
use super::rates::Rates;
use super::shown::Untrusted;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// A cluster in a listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListedCluster {
    /// The cluster's id.
    pub id: ClusterId,
    /// Its name.
    pub name: Untrusted,
    /// Its state.
    pub state: ClusterState,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was first ready for work.
    pub ready_at: Option<DateTime<Utc>>,
}

/// A cluster of anybody as a place described it at one instant. It is never stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterSnapshot {
    /// Where the cluster is.
    pub place: Place,
    /// When it was described, or first listed if it never was.
    pub looked_at: DateTime<Utc>,
    /// The cluster, by its creator.
    pub cluster: AnyCluster,
    /// Its name.
    pub name: Untrusted,
    /// The owner by the tag of clusterup, otherwise by another tag that names one.
    pub owner: Option<Untrusted>,
    /// All its tags.
    pub tags: BTreeMap<String, String>,
    /// Whether EMR's termination protection is on.
    pub protected: bool,
    /// The installed applications; empty for a cluster on this machine, and for one that was never
    /// described.
    pub applications: Vec<Application>,
    /// What is known of its work.
    pub seen: Seen,
    /// The watchdog's mark, if there is one that can be read.
    pub mark: Option<WatchdogMark>,
}

/// How much is known of a cluster's work. A listing has the clusters of an account fifty to a call, and
/// tells less of each than two calls for one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// It was described, with all its steps, oldest first.
    Described {
        /// The steps.
        steps: Reading<Vec<Step>>,
    },
    /// It was listed, and its tags were read. Its state and its metrics tell whether it works. Enough
    /// to keep a cluster; before people are notified of it or anything is done to it, it is described.
    Listed {
        /// When a step was last known to run; `None` if that is unknown.
        worked_at: Option<DateTime<Utc>>,
    },
}

impl ClusterSnapshot {
    /// All steps, oldest first, if they were read.
    pub const fn steps(&self) -> Option<&Vec<Step>> {
        match &self.seen {
            Seen::Described { steps } => steps.read(),
            Seen::Listed { .. } => None,
        }
    }

    /// Whether it was described, not only listed.
    pub const fn is_described(&self) -> bool {
        matches!(self.seen, Seen::Described { .. })
    }

    /// Whether a listing is enough as long as nothing has to be done about it: it is a cluster of
    /// somebody else without a mark, and does not claim to be one of clusterup.
    pub const fn may_be_listed(&self) -> bool {
        match &self.cluster {
            AnyCluster::Ours(_) => false,
            AnyCluster::Foreign(cluster) => {
                let is_plain = cluster.disputed.is_none() && cluster.adopted.is_none();
                is_plain && self.mark.is_none()
            }
        }
    }

    /// Takes over what a newer listing says. If the state has changed, a step has begun or ended, and
    /// the steps that were read no longer count.
    pub fn relist(&mut self, listed: &ListedCluster, now: DateTime<Utc>) {
        let changed = self.state() != listed.state;
        self.set_state(listed.state);
        if let AnyCluster::Foreign(cluster) = &mut self.cluster {
            cluster.ready_at = cluster.ready_at.or(listed.ready_at);
        }
        let works = listed.state == ClusterState::Running;
        match &mut self.seen {
            Seen::Listed { worked_at } if works || changed => *worked_at = Some(now),
            Seen::Listed { .. } => {}
            Seen::Described { .. } if changed => {
                let worked_at = Some(now);
                self.seen = Seen::Listed { worked_at };
            }
            Seen::Described { .. } => {}
        }
    }

    /// Whether somebody else protected it. The guardrails of a stack lift a protection that the stack
    /// asks for, and no other.
    pub fn is_protected_by_others(&self) -> bool {
        let own = self
            .ours()
            .is_some_and(|own| own.spec.termination_protection);
        self.protected && !own
    }
}

/// A cluster by its creator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnyCluster {
    /// clusterup created it, and its tags say for which stack and with which guardrails.
    Ours(Box<Cluster>),
    /// Somebody else created it.
    Foreign(Box<ForeignCluster>),
}

/// A cluster that clusterup did not create, or that is not believed to be its own: without a stack
/// and without guardrails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignCluster {
    /// The cluster's id.
    pub id: ClusterId,
    /// Its state.
    pub state: ClusterState,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was first ready for work.
    pub ready_at: Option<DateTime<Utc>>,
    /// When it was over.
    pub ended_at: Option<DateTime<Utc>>,
    /// At today's list prices; `None` if one of its instance types has no price.
    pub rates: Option<Rates>,
    /// The present counts since its creation.
    pub instance_spans: Vec<InstanceSpan>,
    /// Why the bucket's note does not confirm what its name and tags say: that clusterup created it.
    pub disputed: Option<String>,
    /// Its adoption, if somebody has adopted it.
    pub adopted: Option<Box<Adopted>>,
}

impl AnyCluster {
    /// The cluster, if clusterup created it.
    pub const fn ours(&self) -> Option<&Cluster> {
        match self {
            Self::Ours(cluster) => Some(cluster),
            Self::Foreign(_) => None,
        }
    }

    /// The adoption of a cluster that others created, if somebody has adopted it.
    pub fn adopted(&self) -> Option<&Adopted> {
        match self {
            Self::Foreign(cluster) => cluster.adopted.as_deref(),
            Self::Ours(_) => None,
        }
    }

    /// The cluster with its guardrails, if clusterup created it or somebody has adopted it.
    pub fn guarded(&self) -> Option<&Cluster> {
        self.ours().or_else(|| Some(&self.adopted()?.cluster))
    }

    /// The cluster as a value, if clusterup created it.
    pub fn into_ours(self) -> Option<Cluster> {
        match self {
            Self::Ours(cluster) => Some(*cluster),
            Self::Foreign(_) => None,
        }
    }
}

/// Something that was read, or why it could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading<T> {
    /// The value.
    Read(T),
    /// Why it could not be read.
    Unread(String),
}

impl<T> Reading<T> {
    /// The value, if it was read.
    pub const fn read(&self) -> Option<&T> {
        match self {
            Self::Read(value) => Some(value),
            Self::Unread(_) => None,
        }
    }
}

/// What ran on a cluster at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct MetricSample {
    /// The instant.
    pub at: DateTime<Utc>,
    /// YARN applications that run or are pending; on this machine, Spark's.
    pub apps: u64,
    /// Their containers; on this machine, running tasks.
    pub containers: u64,
    /// Completed tasks, if they can be counted.
    pub done: Option<u64>,
}

/// The watchdog's mark on a cluster, in a tag: when the cluster will be ended, and why. Text:
/// `2026-11-21T20:00:00Z idle_timeout`. People may edit the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WatchdogMark {
    /// When it will be ended, in whole seconds.
    pub ends_at: DateTime<Utc>,
    /// Why.
    pub reason: EndReason,
}

/// The key of the tag with a [`WatchdogMark`].
pub const MARK_TAG: &str = "clusterup-watchdog";

impl FromStr for WatchdogMark {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let read = || {
            let (at, reason) = text.trim().split_once(' ')?;
            let ends_at = DateTime::parse_from_rfc3339(at).ok()?.to_utc();
            let reason = serde_json::from_value(reason.trim().into()).ok()?;
            Some(Self { ends_at, reason })
        };
        read().ok_or_else(|| Invalid::new("a time and a reason"))
    }
}

impl fmt::Display for WatchdogMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.ends_at.to_rfc3339_opts(SecondsFormat::Secs, true);
        write!(f, "{at} {}", self.reason.as_str())
    }
}
serde_by_text!(WatchdogMark);

impl ClusterSnapshot {
    /// The cluster if clusterup created it.
    pub const fn ours(&self) -> Option<&Cluster> {
        self.cluster.ours()
    }

    /// The adoption of a cluster that others created, if somebody has adopted it.
    pub fn adopted(&self) -> Option<&Adopted> {
        self.cluster.adopted()
    }

    /// The cluster with its guardrails, if clusterup created it or somebody has adopted it.
    pub fn guarded(&self) -> Option<&Cluster> {
        self.cluster.guarded()
    }

    /// Why it is not believed that clusterup created it, if its tags say so.
    pub const fn disputed(&self) -> Option<&String> {
        match &self.cluster {
            AnyCluster::Foreign(cluster) => cluster.disputed.as_ref(),
            AnyCluster::Ours(_) => None,
        }
    }

    /// The cluster's id.
    pub const fn id(&self) -> &ClusterId {
        match &self.cluster {
            AnyCluster::Ours(cluster) => &cluster.id,
            AnyCluster::Foreign(cluster) => &cluster.id,
        }
    }

    /// Its state.
    pub const fn state(&self) -> ClusterState {
        match &self.cluster {
            AnyCluster::Ours(cluster) => cluster.state,
            AnyCluster::Foreign(cluster) => cluster.state,
        }
    }

    /// Takes over the state of a newer listing.
    pub fn set_state(&mut self, state: ClusterState) {
        match &mut self.cluster {
            AnyCluster::Ours(cluster) => cluster.state = state,
            AnyCluster::Foreign(cluster) => {
                cluster.state = state;
                if let Some(adopted) = &mut cluster.adopted {
                    adopted.cluster.state = state;
                }
            }
        }
    }

    /// When it was created.
    pub const fn created_at(&self) -> DateTime<Utc> {
        match &self.cluster {
            AnyCluster::Ours(cluster) => cluster.created_at,
            AnyCluster::Foreign(cluster) => cluster.created_at,
        }
    }

    /// When it was first ready for work.
    pub const fn ready_at(&self) -> Option<DateTime<Utc>> {
        match &self.cluster {
            AnyCluster::Ours(cluster) => cluster.ready_at,
            AnyCluster::Foreign(cluster) => cluster.ready_at,
        }
    }

    /// Its rates: those it was created or adopted with, or today's list prices if it is foreign.
    pub fn rates(&self) -> Option<&Rates> {
        match (self.guarded(), &self.cluster) {
            (Some(cluster), _) => cluster.spec.rates.as_ref(),
            (None, AnyCluster::Foreign(cluster)) => cluster.rates.as_ref(),
            (None, AnyCluster::Ours(_)) => None,
        }
    }

    /// How many instances of each role ran from when until when.
    pub fn instance_spans(&self) -> &[InstanceSpan] {
        match &self.cluster {
            AnyCluster::Ours(cluster) => &cluster.instance_spans,
            AnyCluster::Foreign(cluster) => match &cluster.adopted {
                Some(adopted) => &adopted.cluster.instance_spans,
                None => &cluster.instance_spans,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_back() {
        let text = "2026-11-21T20:00:00Z idle_timeout";
        let mark: WatchdogMark = text.parse().unwrap();
        assert_eq!(mark.reason, EndReason::IdleTimeout);
        assert_eq!(mark.to_string(), text);
        for wrong in [
            "",
            "keep",
            "2026-11-21 idle_timeout",
            "2026-11-21T20:00:00Z nap",
        ] {
            assert!(wrong.parse::<WatchdogMark>().is_err(), "{wrong}");
        }
    }
}
