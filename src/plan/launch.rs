//! Step concurrency and disks: what a release has, and what a person should know of them.

use super::fleets;
use crate::model::facts::{Capacity, Facts};
use crate::model::releases::{ROOT_VOLUME_SPEED, Releases, STEP_CONCURRENCY};
use crate::model::stack::Stack;

/// How many steps run at the same time. On this machine it is one.
pub(super) fn at_once(stack: &Stack, facts: &Facts) -> u16 {
    let steps = stack.cluster.step_concurrency.unwrap_or(1);
    if facts.capacity == Capacity::AsTyped {
        steps
    } else {
        1
    }
}

/// The first field that a release does not support: its key, and which releases do.
pub(super) fn unsupported(stack: &Stack, label: &str) -> Option<(String, Releases)> {
    let cluster = &stack.cluster;
    let mut roots = cluster.root_volume.iter();
    let concurrent = cluster.step_concurrency.is_some_and(|steps| steps > 1);
    let (key, releases) = if roots.any(|volume| !volume.is_supported(label)) {
        ("root_volume.iops or throughput", ROOT_VOLUME_SPEED)
    } else if concurrent && !STEP_CONCURRENCY.include(label) {
        ("step_concurrency", STEP_CONCURRENCY)
    } else {
        return fleets::unsupported(stack, label);
    };
    Some((key.to_owned(), releases))
}

/// What a person should know of a cluster on AWS.
pub(super) fn notes(stack: &Stack) -> Vec<String> {
    let cluster = &stack.cluster;
    let mut notes = fleets::notes(stack);
    let steps = stack.job.as_ref().map_or(0, |job| job.steps.len());
    if let Some(at_once) = cluster.step_concurrency.filter(|at_once| *at_once > 1)
        && steps > 1
    {
        notes.push(format!(
            "up to {at_once} of its {steps} steps run at once, in no order: none may need what another \
             one writes, and one that fails does not stop the others"
        ));
    }
    if let Some(profile) = &cluster.emr.instance_profile {
        notes.push(format!(
            "its machines have the rights of {profile}: clusterup neither gives nor checks them"
        ));
    } else if let Some(logs) = &cluster.emr.logs {
        notes.push(format!(
            "its machines need the permission s3:PutObject on {logs}/*"
        ));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn stack(cluster: &str) -> Stack {
        let yaml = format!(
            "stack: t\nregion: us-east-1\ncluster: {{ release: emr-7.x, size: 1 x m5.xlarge, {cluster} }}\n\
             job: {{ steps: [{{ name: a, script: a.py }}, {{ name: b, script: b.py }}] }}\n"
        );
        crate::text::parse("t.yaml", &yaml, Path::new(""), &[]).unwrap()
    }

    #[test]
    fn a_release_without_a_field_is_known() {
        let concurrent = stack("step_concurrency: 4");
        assert!(unsupported(&concurrent, "emr-5.27.1").is_some());
        assert_eq!(unsupported(&concurrent, "emr-5.28.0"), None);
        assert_eq!(
            unsupported(&stack("step_concurrency: 1"), "emr-5.27.1"),
            None
        );
        let fast = stack("root_volume: { size: 20g, throughput: 200 }");
        assert!(unsupported(&fast, "emr-6.14.0").is_some());
        assert_eq!(unsupported(&fast, "emr-6.15.0"), None);
        assert_eq!(unsupported(&stack("root_volume: 20g"), "emr-5.27.1"), None);
    }

    #[test]
    fn steps_that_do_not_wait_are_noted() {
        let notes = notes(&stack("step_concurrency: 4"));
        assert!(
            notes[0].starts_with("up to 4 of its 2 steps run at once"),
            "{notes:?}"
        );
        assert!(super::notes(&stack("step_concurrency: 1")).is_empty());
    }
}
