//! Clusters that are exempt by a tag, within the limits of a policy.

use crate::model::fleet::ClusterSnapshot;
use crate::model::orders::Exempt;
use crate::model::span::Span;
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

/// The evidence that a cluster is exempt; `None` if it is not, or no longer.
pub(super) fn exempt(
    now: DateTime<Utc>,
    snapshot: &ClusterSnapshot,
    exempts: &BTreeSet<Exempt>,
) -> Option<String> {
    let tagged = |exempt: &&Exempt| {
        let value = snapshot.tags.get(&exempt.tag);
        value.is_some_and(|value| !value.trim().eq_ignore_ascii_case("false"))
    };
    let age = now.signed_duration_since(snapshot.created_at());
    let young = |limit: Span| age < limit.delta();
    let mut holding = exempts.iter().filter(tagged);
    let exempt = holding.find(|exempt| exempt.max_lifetime.is_none_or(young))?;
    let until = match exempt.max_lifetime {
        Some(limit) => format!(", which applies until the cluster is {limit} old"),
        None => String::new(),
    };
    Some(format!("it has the tag {}{until}", exempt.tag))
}
