//! The machines of a new cluster in EMR's words: instance groups, or instance fleets for all roles if
//! one role has a fleet, since EMR mixes them in no cluster.

use crate::cloud::api::emr::{NewFleet, NewGroup, Role, ScalingPolicy};
use crate::model::desired::InstanceGroups;
use crate::model::stack::InstanceGroup;

fn roles(groups: &InstanceGroups) -> impl Iterator<Item = (Role, &InstanceGroup)> {
    let core = groups.core.iter().map(|group| (Role::Core, group));
    let task = groups.task.iter().map(|group| (Role::Task, group));
    std::iter::once((Role::Primary, &groups.primary))
        .chain(core)
        .chain(task)
}

/// The instance groups; none for a cluster with fleets.
pub(super) fn groups(groups: &InstanceGroups) -> Vec<NewGroup> {
    let new = |(role, group): (Role, &InstanceGroup)| NewGroup {
        role,
        instance_type: group.instance_type().to_string(),
        count: group.nodes.count,
        market: group.market,
        bid: group.bid,
        ebs: group.ebs.clone(),
    };
    let all = roles(groups).filter(|_| !groups.has_fleets());
    all.map(new).collect()
}

/// The instance fleets; none for a cluster with instance groups.
pub(super) fn fleets(groups: &InstanceGroups) -> Vec<NewFleet> {
    let new = |(role, group): (Role, &InstanceGroup)| {
        let fleet = group.as_fleet();
        NewFleet {
            role,
            types: fleet.types,
            on_demand: fleet.on_demand,
            spot: fleet.spot,
            allocation: fleet.allocation,
            spot_timeout: fleet.spot_timeout,
            ebs: group.ebs.clone(),
        }
    };
    let all = roles(groups).filter(|_| groups.has_fleets());
    all.map(new).collect()
}

/// The policy of managed scaling.
pub(super) fn scaling(groups: &InstanceGroups) -> Option<ScalingPolicy> {
    groups.scaling.map(|limits| ScalingPolicy {
        in_units: groups.has_fleets(),
        limits,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn of(size: &str, more: &str) -> InstanceGroups {
        let text = format!(
            "stack: t\nregion: us-east-1\n\
             cluster: {{ release: emr-7.x, size: {size}{more} }}\n"
        );
        let stack = crate::text::parse("t.yaml", &text, Path::new(""), &[]);
        InstanceGroups::of(&stack.unwrap_or_else(|wrong| panic!("{wrong}")).cluster)
    }

    #[test]
    fn a_cluster_has_groups_or_fleets_and_never_both() {
        let plain = of(
            "3 x m5.xlarge",
            ", scaling: { from: 2, to: 10, core_at_most: 4 }",
        );
        assert_eq!(groups(&plain).len(), 2);
        assert!(fleets(&plain).is_empty());
        let policy = scaling(&plain).unwrap();
        assert!(!policy.in_units);
        assert_eq!((policy.limits.from, policy.limits.to), (2, 10));
        let mixed = of(
            "{ primary: m5.xlarge, core: { nodes: 2 x m5.xlarge, market: spot }, \
             task: { fleet: { types: [m5.xlarge, { type: m5.2xlarge, weight: 2 }], \
             on_demand: 1, spot: 6 } } }",
            ", scaling: { from: 2, to: 20 }",
        );
        assert!(groups(&mixed).is_empty());
        let bought = fleets(&mixed);
        let targets: Vec<_> = (bought.iter())
            .map(|it| (it.role, it.on_demand, it.spot, it.types.len()))
            .collect();
        let expected = [
            (Role::Primary, 1, 0, 1),
            (Role::Core, 0, 2, 1),
            (Role::Task, 1, 6, 2),
        ];
        assert_eq!(targets, expected);
        assert_eq!(bought[2].types[1].weight, 2);
        assert!(scaling(&mixed).unwrap().in_units);
        assert_eq!(scaling(&of("3 x m5.xlarge", "")), None);
    }
}
