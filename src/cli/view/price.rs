//! What a cluster costs, in a plan and in the question before it is applied.

use super::compare;
use super::estimate::{Estimated, unpriced};
use super::figures::{age_and_certainty, cents, plain};
use super::grid;
use super::width::columns;
use crate::app::prices::Prices;
use crate::cost::estimate::{ComponentKind, Estimate, GroupCost};
use crate::model::action::Action;
use crate::model::desired::ClusterSpec;
use crate::model::money::Usd;

/// The lines below an action on what it costs.
pub(super) fn lines(prices: &Prices<'_>, action: &Action) -> Vec<String> {
    if let Some(comparison) = prices.comparison(action) {
        return vec![compare::line(&comparison)];
    }
    action
        .new_cluster()
        .map_or(Vec::new(), |spec| tree(prices, spec))
}

fn tree(prices: &Prices<'_>, spec: &ClusterSpec) -> Vec<String> {
    let estimate = match prices.of(spec) {
        Ok(estimate) => estimate,
        Err(unknown) => return vec![format!("price: {unknown}")],
    };
    let mut lines = head();
    lines.extend(estimate.groups.iter().flat_map(group));
    let all: Vec<&GroupCost> = estimate.groups.iter().collect();
    lines.extend(row("└─ total", &all, estimate.hourly));
    let estimated = estimated(prices, spec, &estimate);
    let mut sentences: Vec<String> = sentences(&estimated).collect();
    let unpriced = sentences.pop();
    lines.extend(sentences);
    let worst = cents(estimated.worst());
    lines.push(format!("at most {worst}: {}", estimated.latest()));
    lines.extend(unpriced);
    lines.push(age_and_certainty(&estimate, prices.now.date_naive()));
    lines
}

/// The estimate of a cluster, with what its price depends on.
pub(super) fn estimated<'a>(
    prices: &Prices<'_>,
    spec: &'a ClusterSpec,
    estimate: &'a Estimate,
) -> Estimated<'a> {
    Estimated {
        estimate,
        guardrails: &spec.guardrails,
        groups: &spec.groups,
        expected: prices.expected,
        ending: spec.ending,
        now: prices.now,
    }
}

/// What the price depends on, if on anything; what a run costs, if it is known; and last, what has no
/// price.
pub(super) fn sentences(estimated: &Estimated<'_>) -> impl Iterator<Item = String> {
    let run = estimated.expected.zip(estimated.run());
    let run = run.map(|(length, run)| {
        let run = cents(run);
        format!("per run, if it takes as long as earlier runs ({length}): {run}")
    });
    let unpriced = format!("not priced: {}", unpriced(estimated.estimate));
    estimated.range().into_iter().chain(run).chain([unpriced])
}

/// The columns of a price.
pub(super) const HEAD: [&str; 5] = ["EC2", "EMR", "disks", "IPv4", "sum"];

/// The columns of a row with its figures, and before it in a plan.
const NEEDED: usize = 74 + 6;

fn head() -> Vec<String> {
    let name = "price in $/h";
    if columns() < NEEDED {
        return vec![name.to_owned()];
    }
    vec![in_columns(name, HEAD.map(str::to_owned))]
}

fn group(group: &GroupCost) -> Vec<String> {
    let name = format!("├─ {} {}", group.role, group.nodes);
    row(&name, &[group], group.hourly)
}

/// A row; in few columns, its name and then its figures by their names.
fn row(name: &str, groups: &[&GroupCost], sum: Usd) -> Vec<String> {
    let figures = figures(groups, sum);
    if columns() < NEEDED {
        let heads = HEAD.map(str::to_owned);
        let figures = grid::named(heads.iter().zip(&figures));
        return vec![name.to_owned(), format!("│{figures}")];
    }
    vec![in_columns(name, figures)]
}

/// Dollars per hour by component, and their sum, as [`HEAD`] names them.
pub(super) fn figures(groups: &[&GroupCost], sum: Usd) -> [String; 5] {
    let of = |is_part: fn(ComponentKind) -> bool| {
        let components = groups.iter().flat_map(|group| &group.components);
        let some = components.filter(|component| is_part(component.kind));
        plain(some.map(|component| component.hourly).sum())
    };
    [
        of(|kind| kind == ComponentKind::Ec2),
        of(|kind| kind == ComponentKind::EmrFee),
        of(ComponentKind::is_disk),
        of(|kind| kind == ComponentKind::PublicAddress),
        plain(sum),
    ]
}

fn in_columns(name: &str, [ec2, emr, disks, address, sum]: [String; 5]) -> String {
    format!("{name:<32} {ec2:>8} {emr:>7} {disks:>7} {address:>6} {sum:>9}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::catalog::Catalog;
    use crate::model::facts::Facts;
    use crate::{plan, text};
    use std::path::Path;

    fn spec(size: &str) -> ClusterSpec {
        let yaml = format!(
            "stack: t\nregion: us-east-1\nguardrails: {{ when_done: keep }}\n\
             cluster: {{ release: emr-7.x, size: {size} }}\n"
        );
        let stack = text::parse("t.yaml", &yaml, Path::new(""), &[]).unwrap();
        let facts = Facts::of_aws("primary=0.192+0.048+0+0");
        plan::expand::expand(&stack, &facts).unwrap().0.cluster
    }

    fn lines(action: &Action) -> Vec<String> {
        let prices = Prices {
            catalog: Catalog::bundled(),
            region: &"us-east-1".parse().unwrap(),
            clusters: &[],
            expected: None,
            now: "2026-11-21T00:00:00Z".parse().unwrap(),
        };
        super::lines(&prices, action)
    }

    #[test]
    fn a_plan_shows_what_a_cluster_costs() {
        let create = Action::CreateCluster(Box::new(spec("3 x m5.xlarge")), None);
        insta::assert_snapshot!(lines(&create).join("\n"), @"
        price in $/h                          EC2     EMR   disks   IPv4       sum
        ├─ primary 1 x m5.xlarge           0.1920  0.0480  0.0104 0.0050    0.2554
        ├─ core 2 x m5.xlarge              0.3840  0.0960  0.0208 0.0100    0.5108
        └─ total                           0.5760  0.1440  0.0312 0.0150    0.7662
        at most $1.81: max_lifetime ends it after 2h
        not priced: S3 storage and requests, data transfer, CloudWatch
        the oldest figure is as of 2024-02-01, 33 months old
        ");
    }

    #[test]
    fn a_missing_price_is_reported() {
        let mut spec = spec("1 x m5.xlarge");
        spec.groups.primary.nodes.instance_type = "m5.3xlarge".parse().unwrap();
        let lines = lines(&Action::CreateCluster(Box::new(spec), None));
        assert!(lines[0].starts_with("price: no EC2 price is known for m5.3xlarge"));
    }
}
