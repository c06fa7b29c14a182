//! What one node of an instance type costs, figure by figure.

use super::figures;
use super::words::wrap;
use crate::cost::estimate::Estimate;
use crate::cost::shape::shape;
use crate::model::instance::InstanceType;
use crate::model::money::Usd;
use chrono::NaiveDate;
use std::fmt::Write;

/// An estimate of a single node.
pub(in crate::cli) fn render(
    instance_type: &InstanceType,
    estimate: &Estimate,
    today: NaiveDate,
) -> String {
    let mut text = format!("{instance_type} in {}", estimate.region);
    if let Some(shape) = shape(instance_type) {
        let vcpus = shape.vcpus;
        let memory = shape.memory;
        let yarn = shape.yarn;
        let _ = write!(
            text,
            ": {vcpus} vCPUs, {memory} of memory, {yarn} of it YARN's"
        );
    }
    let _ = writeln!(text, "\n\n  {:<34}{:>14}  source", "", "$/h");
    for group in &estimate.groups {
        for part in &group.components {
            let name = figures::component(part, group.market);
            let source = &part.source.name;
            let mark = if part.note.is_some() { " *" } else { "" };
            let hourly = exact(part.hourly);
            let _ = writeln!(text, "  {name:<34}{hourly:>14}  {source}{mark}");
        }
    }
    let _ = writeln!(
        text,
        "  {:<34}{:>14}",
        "the whole node",
        exact(estimate.hourly)
    );
    let _ = write!(text, "\n{}", figures::sources(estimate, today));
    for doubt in figures::doubts(estimate) {
        let _ = write!(text, "\n* {}", wrap(&doubt, 2));
    }
    text
}

/// Dollars without their sign, of as many decimals as EC2's prices have; up.
fn exact(amount: Usd) -> String {
    format!("{:.6}", amount.up_to(6).amount())
}
