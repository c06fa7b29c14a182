//! What a stack asks of EMR that a cluster on this machine does not have, in words.

use super::fleets;
use crate::model::stack::{Cluster, InstanceGroup, Market, Stack};

/// Notes for a cluster on this machine.
pub(super) fn notes(stack: &Stack) -> Vec<String> {
    let cluster = &stack.cluster;
    let mut notes = fleets::not_here(stack);
    if !cluster.bootstrap.is_empty() {
        let names = cluster.bootstrap.iter().map(|action| action.name.as_str());
        let names: Vec<&str> = names.collect();
        notes.push(format!(
            "bootstrap actions do not run on this machine: {}",
            names.join(", ")
        ));
    }
    if let Some(steps) = cluster.step_concurrency.filter(|steps| *steps > 1) {
        notes.push(format!(
            "steps run one after the other here; on EMR up to {steps} run at once"
        ));
    }
    if let Some(logs) = &cluster.emr.logs {
        notes.push(format!(
            "logs stay on this machine; on EMR they go to {logs}"
        ));
    }
    let ignored = ignored(cluster);
    if !ignored.is_empty() {
        notes.push(format!(
            "without effect on this machine: {}",
            ignored.join(", ")
        ));
    }
    notes
}

fn ignored(cluster: &Cluster) -> Vec<&'static str> {
    let emr = &cluster.emr;
    let roles =
        emr.service_role.is_some() || emr.instance_profile.is_some() || emr.scaling_role.is_some();
    let groups = || cluster.core.iter().chain(&cluster.task);
    // The market of a fleet follows from its targets.
    let is_spot = |it: &InstanceGroup| it.market == Market::Spot && it.fleet.is_none();
    let spot = is_spot(&cluster.primary) || groups().any(is_spot);
    let bid = cluster.primary.bid.is_some() || groups().any(|group| group.bid.is_some());
    let ebs = cluster.primary.ebs.is_some() || groups().any(|group| group.ebs.is_some());
    [
        ("market", spot),
        ("bid", bid),
        ("ebs", ebs),
        (
            "security_configuration",
            emr.security_configuration.is_some(),
        ),
        ("log_encryption_key", emr.log_encryption_key.is_some()),
        ("roles", roles),
        ("image", emr.image.is_some()),
        ("root_volume", cluster.root_volume.is_some()),
        ("termination_protection", cluster.termination_protection),
    ]
    .into_iter()
    .filter_map(|(key, written)| written.then_some(key))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn what_this_machine_does_not_have_is_noted() {
        let stack = |cluster: &str| {
            let yaml = format!(
                "stack: t\nregion: us-east-1\nguardrails: {{ when_done: keep }}\n\
                 cluster: {{ release: emr-7.x, size: 1 x m5.xlarge{cluster} }}\n"
            );
            crate::text::parse("t.yaml", &yaml, Path::new(""), &[]).unwrap()
        };
        assert!(notes(&stack("")).is_empty());
        let all = stack(
            ", bootstrap: [{ name: tools, script: tools.sh }], step_concurrency: 4, \
             logs: \"s3://team-logs/emr\", roles: { scaling: Scaling }, \
             image: ami-0abcdef1234567890, root_volume: 50g, termination_protection: true",
        );
        assert_eq!(
            notes(&all),
            [
                "bootstrap actions do not run on this machine: tools",
                "steps run one after the other here; on EMR up to 4 run at once",
                "logs stay on this machine; on EMR they go to s3://team-logs/emr",
                "without effect on this machine: roles, image, root_volume, termination_protection",
            ]
        );
    }
}
