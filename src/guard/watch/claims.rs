//! The reasons to end a cluster, and when each applies.

use super::WatchInput;
use super::idleness::Idleness;
use super::look::own_idle_timeout;
use super::stage::Force;
use crate::guard::sweep::earliest_hard;
use crate::guard::terms::Terms;
use crate::guard::verdict::Deadline;
use crate::model::name::PolicyName;
use crate::model::observed::{Cluster, ClusterState, EndReason};
use crate::model::orders::{Mildest, Orders, UnmanagedAction};
use crate::model::span::Span;
use chrono::{DateTime, TimeDelta, Utc};
use std::cmp::Reverse;

/// A reason to end a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) reason: EndReason,
    /// When it is due.
    pub(super) at: DateTime<Utc>,
    pub(super) force: Force,
    /// The time between the warning and the end.
    pub(super) grace: Span,
    /// Whether the warning comes that long before it is due, instead of when it is.
    pub(super) early: bool,
    pub(super) evidence: String,
}

impl Claim {
    /// A hard deadline that has passed; otherwise the claim whose warning comes first, and of
    /// several at once the one with the most force.
    pub(super) fn first(now: DateTime<Utc>, claims: Vec<Self>) -> Option<Self> {
        let key = |claim: &Self| {
            let over = claim.force == Force::Hard && claim.at <= now;
            (!over, claim.warns_at(), Reverse(claim.force))
        };
        claims.into_iter().min_by_key(key)
    }

    /// When it ends if the warning is given in time.
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

/// The deadlines of a cluster of clusterup or of an adopted one: its own, and that of its policies if it
/// is earlier.
pub(super) fn hard(now: DateTime<Utc>, watched: &WatchInput<'_>) -> Vec<Claim> {
    let Some(cluster) = watched.snapshot.guarded() else {
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

/// Who sets a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// The cluster's own guardrails, or its policies'.
    Guardrails,
    /// The policies' rules for foreign clusters.
    Unmanaged,
}

/// Claims that depend on watching: idleness, a start that takes too long, a foreign cluster's age. An
/// adopted cluster has its own guardrails, and those of policies that end forgotten clusters.
pub(super) fn soft(watched: &WatchInput<'_>, idleness: &Idleness) -> Vec<Claim> {
    let snapshot = watched.snapshot;
    let mut claims = Vec::new();
    if snapshot.ours().is_some() {
        claims.extend(start(watched, By::Guardrails));
    }
    if snapshot.guarded().is_some() {
        claims.extend(idle(watched, idleness, By::Guardrails));
    }
    if unmanaged_applies(watched) {
        claims.extend(start(watched, By::Unmanaged));
        claims.extend(idle(watched, idleness, By::Unmanaged));
        claims.extend(age(watched));
    }
    claims
}

/// Whether the policies' rules for foreign clusters apply.
fn unmanaged_applies(watched: &WatchInput<'_>) -> bool {
    let ends = watched.orders.unmanaged.action == UnmanagedAction::Terminate;
    watched.snapshot.guarded().is_none() || watched.snapshot.adopted().is_some() && ends
}

fn claimed(
    watched: &WatchInput<'_>,
    (reason, by): (EndReason, By),
    (from, after): (DateTime<Utc>, Span),
    evidence: String,
) -> Claim {
    let orders = watched.orders;
    // A timeout shorter than the warning time leaves less time for the warning.
    let (reason, grace) = match by {
        By::Guardrails => (reason, orders.warn_before.min(after)),
        By::Unmanaged => (EndReason::Forgotten, orders.unmanaged.grace),
    };
    Claim {
        reason,
        at: from
            .checked_add_signed(after.delta())
            .unwrap_or(DateTime::<Utc>::MAX_UTC),
        force: Force::Soft,
        grace,
        early: by == By::Guardrails,
        evidence,
    }
}

/// Which policy decided, for a foreign cluster with several policies.
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

fn start(watched: &WatchInput<'_>, by: By) -> Option<Claim> {
    let snapshot = watched.snapshot;
    let own = snapshot
        .ours()
        .and_then(|own| own.guardrails().start_within);
    let policy = watched.orders.start_within;
    let limit = own.map_or(policy, |own| own.min(policy));
    let coming = [ClusterState::Starting, ClusterState::Bootstrapping];
    let coming = coming
        .contains(&snapshot.state())
        .then(|| snapshot.state().as_str())?;
    let since = snapshot.created_at().format("%H:%M:%S UTC");
    let evidence = format!("{coming}, created at {since} (start_within: {limit})");
    Some(claimed(
        watched,
        (EndReason::StartTimeout, by),
        (snapshot.created_at(), limit),
        evidence,
    ))
}

fn idle(watched: &WatchInput<'_>, idleness: &Idleness, by: By) -> Option<Claim> {
    let since = idleness.since()?.at;
    let (timeout, policy) = match by {
        By::Guardrails => (own_idle_timeout(watched)?, String::new()),
        By::Unmanaged => (
            watched.orders.unmanaged.idle_timeout,
            of_others(watched, |mildest| mildest.idle_timeout.as_ref()),
        ),
    };
    let evidence = format!("{} (idle_timeout: {timeout}{policy})", idleness.evidence());
    Some(claimed(
        watched,
        (EndReason::IdleTimeout, by),
        (since, timeout),
        evidence,
    ))
}

fn age(watched: &WatchInput<'_>) -> Option<Claim> {
    let snapshot = watched.snapshot;
    let limit = watched.orders.unmanaged.max_lifetime?;
    let since = snapshot.created_at().format("%Y-%m-%d %H:%M UTC");
    let by = of_others(watched, |mildest| mildest.max_lifetime.as_ref());
    let evidence = format!("alive since {since} (unmanaged.max_lifetime: {limit}{by})");
    Some(claimed(
        watched,
        (EndReason::Forgotten, By::Unmanaged),
        (snapshot.created_at(), limit),
        evidence,
    ))
}
