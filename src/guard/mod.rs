//! Decides when a cluster has to end: a `Verdict` from the time and a `Cluster`. Each guard has a
//! file, and its lines here; [`sweep()`] evaluates all of them. The local supervisor, `apply` and
//! `status` share it, so that they agree.

pub mod adopted;
pub mod budget;
mod counted;
pub mod ended;
pub mod extend;
pub mod hours;
pub mod idle;
pub mod lease;
pub mod lifetime;
pub mod start;
pub mod sweep;
pub mod terms;
pub mod verdict;
pub mod watch;

pub use adopted::{Unadoptable, adoptable};
pub use budget::spent;
pub use ended::{Ended, began_at};
pub use extend::{Refused, extended, extended_adoption};
pub use idle::idle_since;
pub use sweep::{deadline, hard_deadline, hard_sweep, sweep};
pub use terms::Terms;
pub use verdict::{Deadline, Opinion, Verdict};

#[cfg(test)]
mod sample;

use crate::model::observed::{Cluster, EndReason};
use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};
use std::fmt;

/// The opinion of each guard of the cluster, hard guards first.
pub fn opinions(now: DateTime<Utc>, cluster: &Cluster) -> Vec<Opinion> {
    let mut all = hard_opinions(now, &Terms::of(cluster));
    all.extend(start::opinion(cluster));
    all.push(idle::opinion(now, cluster));
    all
}

/// The opinion of each guard whose deadline does not depend on what the cluster does.
pub fn hard_opinions(now: DateTime<Utc>, terms: &Terms) -> Vec<Opinion> {
    let others = [
        budget::opinion(now, terms),
        hours::opinion(terms),
        lease::opinion(terms),
    ];
    let others = others.into_iter().flatten();
    std::iter::once(lifetime::opinion(terms))
        .chain(others)
        .collect()
}

/// A guardrail, named as in the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// `max_lifetime`.
    Lifetime,
    /// `budget`.
    Budget,
    /// `off_hours`.
    OffHours,
    /// `lease`.
    Lease,
    /// `start_within`.
    Start,
    /// `idle_timeout`.
    Idle,
}

impl Cause {
    /// The reason of an end by this guardrail.
    pub const fn reason(self) -> EndReason {
        match self {
            Self::Lifetime => EndReason::MaxLifetime,
            Self::Budget => EndReason::Budget,
            Self::OffHours => EndReason::OffHours,
            Self::Lease => EndReason::Lease,
            Self::Start => EndReason::StartTimeout,
            Self::Idle => EndReason::IdleTimeout,
        }
    }
}

/// The name as in the stack.
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Lifetime => "max_lifetime",
            Self::Budget => "budget",
            Self::OffHours => "off_hours",
            Self::Lease => "lease",
            Self::Start => "start_within",
            Self::Idle => "idle_timeout",
        })
    }
}

crate::model::parsed::schema_like!(Cause, String);

impl Serialize for Cause {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
