//! Clusters that their people want left alone, as long as a policy lets that hold.

use crate::model::fleet::ClusterSnapshot;
use crate::model::orders::Exempt;
use crate::model::span::Span;
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

/// What exempts a cluster, in words; none where nothing does, or no longer.
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
    let young = |most: Span| age < most.delta();
    let mut holding = exempts.iter().filter(tagged);
    let exempt = holding.find(|exempt| exempt.max_lifetime.is_none_or(young))?;
    let until = match exempt.max_lifetime {
        Some(most) => format!(", which helps until it is {most} old"),
        None => String::new(),
    };
    Some(format!("it has the tag {}{until}", exempt.tag))
}
