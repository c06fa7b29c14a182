//! What a cluster costs, as a plan and a question say it.

use super::words::count;
use crate::cost::catalog::Catalog;
use crate::cost::estimate::{ComponentKind, Estimate};
use crate::model::desired::ClusterSpec;
use crate::model::money::Usd;
use crate::model::name::Region;
use crate::model::plan::Plan;

/// EMR takes up to twenty minutes to end a cluster (EMR Management Guide, terminate a cluster).
const TERMINATING: crate::model::span::Span = crate::model::span::Span::from_secs(20 * 60);

/// What the cluster that a plan makes costs; none where it makes none, or where it costs nothing or
/// a price is not known.
pub(in crate::cli) fn estimate(plan: &Plan, region: Option<&Region>) -> Option<Estimate> {
    let mut actions = plan.actions.iter();
    let spec = actions.find_map(|planned| planned.action.new_cluster())?;
    Estimate::of(Catalog::bundled(), region?, &spec.groups).ok()
}

/// The lines of a plan on what a new cluster costs.
pub(super) fn lines(spec: &ClusterSpec, region: &Region) -> Vec<String> {
    let estimate = match Estimate::of(Catalog::bundled(), region, &spec.groups) {
        Ok(estimate) => estimate,
        Err(unknown) => return vec![format!("price: {unknown}")],
    };
    let of = |kinds: &[ComponentKind]| {
        let components = estimate.groups.iter().flat_map(|group| &group.components);
        let some = components.filter(|component| kinds.contains(&component.kind));
        // Finer than cents, so that the parts do not add up to more than the whole.
        some.map(|component| component.hourly).sum::<Usd>().up_to(3)
    };
    let disks = [ComponentKind::DataVolumes, ComponentKind::RootVolume];
    let lifetime = spec.guardrails.max_lifetime;
    let mut lines = vec![
        format!(
            "price: {}/h (EC2 {}, EMR {}, disks {}, addresses {}) besides S3 and traffic",
            cents(estimate.hourly),
            of(&[ComponentKind::Ec2]),
            of(&[ComponentKind::EmrFee]),
            of(&disks),
            of(&[ComponentKind::PublicAddress]),
        ),
        format!(
            "a life of {lifetime} (max_lifetime) and its end: at most {}; figures of {}",
            cents(estimate.worst(lifetime, TERMINATING)),
            estimate.as_of,
        ),
    ];
    let doubts = estimate.notes().len() as u64;
    if doubts > 0 {
        let doubts = count(doubts, "figure");
        lines.push(format!("{doubts} not certain: the dearer reading is taken"));
    }
    lines
}

/// Dollars and cents, rounded up.
pub(in crate::cli) fn cents(amount: Usd) -> Usd {
    amount.up_to(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::facts::{Capacity, Facts};
    use crate::{plan, text};
    use std::path::Path;

    #[test]
    fn a_plan_says_what_a_cluster_costs() {
        let yaml = "stack: t\nregion: us-east-1\nguardrails: { when_done: keep }\n\
                    cluster: { release: emr-7.x, size: 3 x m5.xlarge }\n";
        let stack = text::parse("t.yaml", yaml, Path::new(""), &[]).unwrap();
        let facts = Facts {
            bucket: "s3://b".to_owned(),
            scripts: Default::default(),
            data: Default::default(),
            public_keys: Default::default(),
            sample: None,
            label: None,
            capacity: Capacity::AsTyped,
            prices: Ok("primary=0.192+0.048+0+0".parse().unwrap()),
            ending: crate::model::span::Span::from_secs(1_200),
        };
        let spec = plan::expand::expand(&stack, &facts).unwrap().0.cluster;
        let lines = lines(&spec, &stack.region);
        assert!(
            lines[0].starts_with("price: $0.77/h (EC2 $0.576, EMR $0.144, "),
            "{lines:?}"
        );
        assert!(lines[1].starts_with("a life of 2h (max_lifetime) and its end: at most $1."));
    }
}
