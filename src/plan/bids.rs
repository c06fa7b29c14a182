//! Bids of Spot machines: at most what they cost on demand.

use super::refusal::Refusal;
use crate::model::desired::InstanceGroups;
use crate::model::facts::{Capacity, Facts};
use crate::model::instance_span::Role;
use crate::model::stack::{InstanceGroup, Stack};

/// Refuses bids above the on-demand price: every price of clusterup counts that of on demand, so a
/// machine that costs more would exceed estimates and budgets.
pub(super) fn refusals(stack: &Stack, facts: &Facts) -> Vec<Refusal> {
    let Ok(rates) = &facts.prices else {
        return Vec::new();
    };
    if facts.capacity != Capacity::AsTyped {
        return Vec::new();
    }
    let groups = InstanceGroups::of(&stack.cluster);
    let too_high = |(role, group): (Role, &InstanceGroup)| {
        let (bid, price) = (group.bid?, rates.of(role).ec2());
        let of = group.instance_type();
        (bid > price).then(|| {
            Refusal::new(
                format!(
                    "a bid of {bid} for the {role} nodes is above the {price} per hour that EC2 \
                     takes for {of} on demand, which estimates and budgets count"
                ),
                format!("set cluster.size.{role}.bid to {price} or less, or leave it out"),
            )
        })
    };
    groups.by_role().filter_map(too_high).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn refused(bid: &str) -> Vec<Refusal> {
        let text = format!(
            "stack: t\nregion: us-east-1\nguardrails: {{ when_done: keep }}\n\
             cluster:\n  release: emr-7.x\n  size:\n    primary: m5.xlarge\n    \
             core: {{ nodes: 2 x m5.xlarge, market: spot, bid: {bid} }}\n"
        );
        let stack = crate::text::parse("t.yaml", &text, Path::new(""), &[]).unwrap();
        refusals(
            &stack,
            &Facts::of_aws("primary=0.2+0.05+0+0 core=0.1+0.9+0+0"),
        )
    }

    #[test]
    fn a_bid_is_at_most_the_price_on_demand() {
        for good in ["$0.01", "$0.10"] {
            assert_eq!(refused(good), [], "{good}");
        }
        for bad in ["$0.11", "$0.15", "$3"] {
            let found = refused(bad);
            assert_eq!(found.len(), 1, "{bad}");
            let message = &found[0].message;
            assert!(message.contains("$0.10 per hour"), "{message}");
            let hint = found[0].hint.to_string();
            assert!(
                hint.starts_with("set cluster.size.core.bid to $0.10"),
                "{hint}"
            );
        }
    }
}
