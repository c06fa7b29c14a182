//! What would end a cluster, and when.

use super::WatchInput;
use super::idleness::Idleness;
use super::look::idle_timeout;
use super::stage::Force;
use crate::guard::sweep::earliest_hard;
use crate::guard::terms::Terms;
use crate::guard::verdict::Deadline;
use crate::model::name::PolicyName;
use crate::model::observed::{Cluster, ClusterState, EndReason};
use crate::model::orders::{Mildest, Orders};
use crate::model::span::Span;
use chrono::{DateTime, TimeDelta, Utc};
use std::cmp::Reverse;

/// One reason to end a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) reason: EndReason,
    /// When it is due.
    pub(super) at: DateTime<Utc>,
    pub(super) force: Force,
    /// How long there is between the warning and the end.
    pub(super) grace: Span,
    /// Whether the warning comes so long before it is due, or when it is.
    pub(super) early: bool,
    pub(super) evidence: String,
}

impl Claim {
    /// A deadline of its own that is over; else the one whose warning comes first, and of several at
    /// once the one with the most force.
    pub(super) fn first(now: DateTime<Utc>, claims: Vec<Self>) -> Option<Self> {
        let key = |claim: &Self| {
            let over = claim.force == Force::Hard && claim.at <= now;
            (!over, claim.warns_at(), Reverse(claim.force))
        };
        claims.into_iter().min_by_key(key)
    }

    /// When it ends if it is warned of in time.
    pub(super) fn ends_at(&self) -> DateTime<Utc> {
        let after = if self.early {
            TimeDelta::zero()
        } else {
            self.grace.delta()
        };
        self.at.checked_add_signed(after).unwrap_or(self.at)
    }

    pub(super) fn warns_at(&self) -> DateTime<Utc> {
        let before = if self.early {
            self.grace.delta()
        } else {
            TimeDelta::zero()
        };
        self.at.checked_sub_signed(before).unwrap_or(self.at)
    }
}

/// The deadlines of a cluster of ours: its own, which it was made with, and that of its policies,
/// where that is nearer.
pub(super) fn hard(now: DateTime<Utc>, watched: &WatchInput<'_>) -> Vec<Claim> {
    let Some(cluster) = watched.snapshot.ours() else {
        return Vec::new();
    };
    let own = earliest_hard(now, &Terms::of(cluster));
    let mut claims = vec![claim(&own, Force::Hard, watched.orders)];
    let bound = bound(now, cluster, watched.orders);
    claims.extend(
        bound
            .filter(|bound| bound.0.at < own.0.at)
            .map(|bound| claim(&bound, Force::Policy, watched.orders)),
    );
    claims
}

fn bound(now: DateTime<Utc>, cluster: &Cluster, orders: &Orders) -> Option<(Deadline, String)> {
    let guardrails = orders.bound.clone()?;
    let terms = Terms {
        guardrails,
        ..Terms::of(cluster)
    };
    Some(earliest_hard(now, &terms))
}

fn claim((deadline, evidence): &(Deadline, String), force: Force, orders: &Orders) -> Claim {
    Claim {
        reason: deadline.cause.reason(),
        at: deadline.at,
        force,
        grace: orders.warn_before,
        early: true,
        evidence: evidence.clone(),
    }
}

/// What rests on watching: idleness, a start that takes too long, a foreign cluster's age.
pub(super) fn soft(watched: &WatchInput<'_>, idleness: &Idleness) -> Vec<Claim> {
    let mut claims = Vec::new();
    claims.extend(start(watched));
    claims.extend(idle(watched, idleness));
    claims.extend(age(watched));
    claims
}

fn claimed(
    watched: &WatchInput<'_>,
    reason: EndReason,
    (from, after): (DateTime<Utc>, Span),
    evidence: String,
) -> Claim {
    let ours = watched.snapshot.ours().is_some();
    let orders = watched.orders;
    // A timeout that is shorter than the warning leaves less time for it.
    let (reason, grace) = if ours {
        (reason, orders.warn_before.min(after))
    } else {
        (EndReason::Forgotten, orders.unmanaged.grace)
    };
    Claim {
        reason,
        at: from
            .checked_add_signed(after.delta())
            .unwrap_or(DateTime::<Utc>::MAX_UTC),
        force: Force::Soft,
        grace,
        early: ours,
        evidence,
    }
}

/// Whose word it is, of a cluster of others of which several policies speak.
pub(super) fn of_others(
    watched: &WatchInput<'_>,
    name: impl FnOnce(&Mildest) -> Option<&PolicyName>,
) -> String {
    let mildest = &watched.orders.mildest;
    match watched.snapshot.ours() {
        Some(_) => String::new(),
        None => mildest.says(name(mildest)),
    }
}

fn start(watched: &WatchInput<'_>) -> Option<Claim> {
    let snapshot = watched.snapshot;
    let most = watched.orders.start_within;
    let coming = [ClusterState::Starting, ClusterState::Bootstrapping];
    let coming = coming
        .contains(&snapshot.state())
        .then(|| snapshot.state().as_str())?;
    let since = snapshot.created_at().format("%H:%M:%S UTC");
    let evidence = format!("{coming}, made at {since} (start_within: {most})");
    Some(claimed(
        watched,
        EndReason::StartTimeout,
        (snapshot.created_at(), most),
        evidence,
    ))
}

fn idle(watched: &WatchInput<'_>, idleness: &Idleness) -> Option<Claim> {
    let since = idleness.since()?.at;
    let timeout = idle_timeout(watched);
    let by = of_others(watched, |mildest| mildest.idle_timeout.as_ref());
    let evidence = format!("{} (idle_timeout: {timeout}{by})", idleness.evidence());
    Some(claimed(
        watched,
        EndReason::IdleTimeout,
        (since, timeout),
        evidence,
    ))
}

fn age(watched: &WatchInput<'_>) -> Option<Claim> {
    let snapshot = watched.snapshot;
    let most = watched.orders.unmanaged.max_lifetime?;
    if snapshot.ours().is_some() {
        return None;
    }
    let since = snapshot.created_at().format("%Y-%m-%d %H:%M UTC");
    let by = of_others(watched, |mildest| mildest.max_lifetime.as_ref());
    let evidence = format!("alive since {since} (unmanaged.max_lifetime: {most}{by})");
    Some(claimed(
        watched,
        EndReason::Forgotten,
        (snapshot.created_at(), most),
        evidence,
    ))
}
