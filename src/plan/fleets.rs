//! Instance fleets and managed scaling: what a release has, what a person should know, and what of
//! them a living cluster can change.

use super::change::change;
use crate::model::desired::InstanceGroups;
use crate::model::instance_fleet::{Fleet, FleetType, Scaling};
use crate::model::instance_span::Role;
use crate::model::releases::{ALLOCATION, FLEETS, Releases, SCALING};
use crate::model::stack::{InstanceGroup, Stack};

/// The first field that a release does not support: its key, and which releases do.
pub(super) fn unsupported(stack: &Stack, label: &str) -> Option<(String, Releases)> {
    let groups = InstanceGroups::of(&stack.cluster);
    let mut fleets = groups.iter().filter_map(|group| group.fleet.as_ref());
    let allocated = fleets.any(|fleet| fleet.allocation.is_some());
    // Strategies begin with a patch release, and all other features with a minor one.
    let is_too_old = !ALLOCATION.include(label) || label == "emr-5.12.0";
    let (key, releases) = if groups.has_fleets() && !FLEETS.include(label) {
        ("fleet", FLEETS)
    } else if allocated && is_too_old {
        ("allocation of fleets", ALLOCATION)
    } else if groups.scaling.is_some() && !SCALING.include(label) {
        ("scaling", SCALING)
    } else {
        return None;
    };
    Some((key.to_owned(), releases))
}

/// What a person should know of a cluster on AWS.
pub(super) fn notes(stack: &Stack) -> Vec<String> {
    let groups = InstanceGroups::of(&stack.cluster);
    let mut notes = Vec::new();
    for (role, group) in groups.by_role() {
        let Some(fleet) = &group.fleet else {
            continue;
        };
        let allocation = fleet.allocation.map(|it| format!(", {}", it.as_str()));
        let timeout = fleet.spot_timeout;
        let timeout = timeout.map(|it| format!("; EMR looks for Spot capacity for {it}"));
        notes.push(format!(
            "{role} fleet: {fleet}{}{}",
            allocation.unwrap_or_default(),
            timeout.unwrap_or_default()
        ));
    }
    let plain = |group: &&InstanceGroup| group.fleet.is_none();
    if groups.has_fleets() && groups.iter().any(|group| plain(&group)) {
        notes.push("EMR has fleets for all roles: the others are fleets of one type".to_owned());
    }
    if let Some(scaling) = groups.scaling {
        let what = if groups.has_fleets() {
            "units"
        } else {
            "nodes"
        };
        notes.push(format!(
            "EMR scales core and task {what} by their load: {scaling}; the guardrails count the \
             largest size"
        ));
    }
    notes
}

/// Notes for a cluster on this machine, which has workers of one size and a fixed number of them.
pub(super) fn not_here(stack: &Stack) -> Vec<String> {
    let groups = InstanceGroups::of(&stack.cluster);
    let mut notes = Vec::new();
    for (role, group) in groups.by_role() {
        if group.fleet.is_some() {
            let nodes = &group.nodes;
            notes.push(format!(
                "there are no fleets on this machine: {role} counts as {nodes}"
            ));
        }
    }
    if let Some(scaling) = groups.scaling {
        notes.push(format!(
            "the number of workers is fixed here; EMR scales it: {scaling}"
        ));
    }
    notes
}

/// The first difference of two fleets of a role that a living cluster cannot have. EMR changes
/// targets, but not those of a primary (EMR API, ModifyInstanceFleet).
pub(super) fn immovable(role: &str, have: &Fleet, want: &Fleet) -> Option<String> {
    let types = |fleet: &Fleet| {
        let types: Vec<_> = fleet.types.iter().map(FleetType::to_string).collect();
        types.join(", ")
    };
    if have.types != want.types {
        let what = format!("the list of types of its {role} fleet");
        return Some(change(&what, types(have), types(want)));
    }
    if have.allocation != want.allocation {
        return Some(format!("the allocation of its {role} fleet changes"));
    }
    let is_fixed = role == "primary";
    let targets = |fleet: &Fleet| (fleet.on_demand, fleet.spot);
    (is_fixed && targets(have) != targets(want))
        .then(|| format!("the market of its {role} node changes"))
}

/// The differences in sizes that a living cluster can have. With scaling, EMR decides the counts.
pub(super) fn movable(have: &InstanceGroups, want: &InstanceGroups) -> Vec<String> {
    let mut changes = Vec::new();
    for role in [Role::Core, Role::Task] {
        let (Some(have), Some(want_group)) = (have.of_role(role), want.of_role(role)) else {
            continue;
        };
        if want.scaling.is_none() {
            changes.extend(counts(role.as_str(), have, want_group, want.has_fleets()));
        }
        let timeout = |group: &InstanceGroup| group.fleet.as_ref().and_then(|it| it.spot_timeout);
        if timeout(have) != timeout(want_group) {
            changes.push(format!("spot_timeout of its {role} fleet changes"));
        }
    }
    if have.scaling != want.scaling {
        let shown = |scaling: Option<Scaling>| {
            scaling.map_or_else(|| "none".to_owned(), |scaling| scaling.to_string())
        };
        changes.push(change("scaling", shown(have.scaling), shown(want.scaling)));
    }
    changes
}

fn counts(role: &str, have: &InstanceGroup, want: &InstanceGroup, are_fleets: bool) -> Vec<String> {
    if !are_fleets {
        let (from, to) = (have.nodes.count, want.nodes.count);
        let what = format!("the number of {role} nodes");
        return (from != to)
            .then(|| change(&what, from, to))
            .into_iter()
            .collect();
    }
    let (have, want) = (have.as_fleet(), want.as_fleet());
    let targets = [
        ("on-demand", have.on_demand, want.on_demand),
        ("spot", have.spot, want.spot),
    ];
    let differ = targets.into_iter().filter(|(_, from, to)| from != to);
    differ
        .map(|(market, from, to)| {
            change(
                &format!("the {market} target of its {role} fleet"),
                from,
                to,
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn stack(size: &str, more: &str) -> Stack {
        let text = format!(
            "stack: t\nregion: us-east-1\nguardrails: {{ when_done: keep }}\n\
             cluster: {{ release: emr-7.x, size: {size}{more} }}\n"
        );
        let stack = crate::text::parse("t.yaml", &text, Path::new(""), &[]);
        stack.unwrap_or_else(|wrong| panic!("{wrong}"))
    }

    fn groups(size: &str, more: &str) -> InstanceGroups {
        InstanceGroups::of(&stack(size, more).cluster)
    }

    const FLEETS: &str = "{ primary: m5.xlarge, core: { nodes: 2 x m5.xlarge }, task: { fleet: \
        { types: [m5.xlarge, { type: m5.2xlarge, weight: 2 }], on_demand: 1, spot: 8, \
        allocation: price-capacity-optimized, spot_timeout: { after: 10m } } } }";

    #[test]
    fn a_release_without_fleets_or_scaling_is_known() {
        let all = stack(FLEETS, "");
        let missing = |stack: &Stack, label: &str| unsupported(stack, label).map(|(key, _)| key);
        for (label, key) in [
            ("emr-4.7.0", Some("fleet")),
            ("emr-5.0.3", Some("fleet")),
            ("emr-5.12.0", Some("allocation of fleets")),
            ("emr-5.12.1", None),
            ("emr-6.0.0", None),
        ] {
            assert_eq!(missing(&all, label).as_deref(), key, "{label}");
        }
        let scaled = stack("3 x m5.xlarge", ", scaling: { from: 1, to: 4 }");
        for (label, key) in [
            ("emr-5.29.0", Some("scaling")),
            ("emr-6.0.0", Some("scaling")),
            ("emr-5.30.0", None),
            ("emr-7.x", None),
        ] {
            assert_eq!(missing(&scaled, label).as_deref(), key, "{label}");
        }
        assert_eq!(missing(&stack("3 x m5.xlarge", ""), "emr-4.7.0"), None);
    }

    #[test]
    fn fleets_and_scaling_are_noted_in_words() {
        let all = stack(FLEETS, ", scaling: { from: 2, to: 20, core_at_most: 4 }");
        assert_eq!(
            notes(&all),
            [
                "task fleet: 1 on-demand + 8 spot units of m5.xlarge or m5.2xlarge (weight 2), \
                 price-capacity-optimized; EMR looks for Spot capacity for 10m, then on-demand",
                "EMR has fleets for all roles: the others are fleets of one type",
                "EMR scales core and task units by their load: 2 to 20, at most 4 core; the \
                 guardrails count the largest size",
            ]
        );
        assert_eq!(
            not_here(&all),
            [
                "there are no fleets on this machine: task counts as 9 x m5.xlarge",
                "the number of workers is fixed here; EMR scales it: 2 to 20, at most 4 core",
            ]
        );
        assert!(notes(&stack("3 x m5.xlarge", "")).is_empty());
        assert!(not_here(&stack("3 x m5.xlarge", "")).is_empty());
    }

    #[test]
    fn targets_change_in_place_and_types_do_not() {
        let have = groups(FLEETS, "");
        let of = |from: &str, to: &str| groups(&FLEETS.replace(from, to), "");
        let want = of("on_demand: 1, spot: 8", "spot: 4");
        let changes = [
            "the on-demand target of its task fleet changes from 1 to 0",
            "the spot target of its task fleet changes from 8 to 4",
        ];
        assert_eq!(movable(&have, &want), changes);
        assert_eq!(movable(&have, &have), [""; 0]);
        let core = ["the on-demand target of its core fleet changes from 2 to 3"];
        assert_eq!(movable(&have, &of("2 x", "3 x")), core);
        let later = ["spot_timeout of its task fleet changes"];
        assert_eq!(movable(&have, &of("10m", "20m")), later);
        let task = |groups: &InstanceGroups| groups.task.as_ref().unwrap().as_fleet();
        let why = |want: &InstanceGroups| immovable("task", &task(&have), &task(want));
        assert_eq!(why(&want), None);
        for (from, to, says) in [
            (
                "weight: 2",
                "weight: 3",
                "the list of types of its task fleet changes from m5.xlarge, m5.2xlarge (weight 2) \
                 to m5.xlarge, m5.2xlarge (weight 3)",
            ),
            ("price-", "", "the allocation of its task fleet changes"),
        ] {
            assert_eq!(why(&of(from, to)).as_deref(), Some(says));
        }
        let spot = |spot| Fleet {
            on_demand: 1 - spot,
            spot,
            ..groups("1 x m5.xlarge", "").primary.as_fleet()
        };
        let primary = immovable("primary", &spot(0), &spot(1));
        assert_eq!(
            primary.as_deref(),
            Some("the market of its primary node changes")
        );
    }

    #[test]
    fn with_scaling_emr_decides_the_counts() {
        let scaled = |size: &str| groups(size, ", scaling: { from: 1, to: 8 }");
        let fixed = |size: &str| groups(size, "");
        let grown = scaled("7 x m5.xlarge");
        assert_eq!(movable(&grown, &scaled("3 x m5.xlarge")), [""; 0]);
        assert_eq!(
            movable(&grown, &fixed("3 x m5.xlarge")),
            [
                "the number of core nodes changes from 6 to 2",
                "scaling changes from 1 to 8 to none",
            ]
        );
        let wider = groups(
            "3 x m5.xlarge",
            ", scaling: { from: 1, to: 9, core_at_most: 2 }",
        );
        let changes = ["scaling changes from 1 to 8 to 1 to 9, at most 2 core"];
        assert_eq!(movable(&grown, &wider), changes);
        let added = ["scaling changes from none to 1 to 8"];
        assert_eq!(
            movable(&fixed("7 x m5.xlarge"), &scaled("3 x m5.xlarge")),
            added
        );
    }
}
