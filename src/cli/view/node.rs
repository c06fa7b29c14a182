//! What one node of an instance type costs, component by component.

use super::figures;
use super::words::wrap;
use crate::cost::estimate::Estimate;
use crate::cost::shape::shape;
use crate::model::instance::InstanceType;
use crate::model::money::Usd;
use chrono::NaiveDate;
use std::fmt::Write;

/// Renders the estimate of a single node.
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
            ": {vcpus} vCPUs, {memory} of memory, {yarn} of it for YARN"
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
    for note in figures::notes(estimate) {
        let _ = write!(text, "\n* {}", wrap(&note, 2));
    }
    text
}

/// Dollars without the sign, with six decimals as in EC2's prices, rounded up.
fn exact(amount: Usd) -> String {
    format!("{:.6}", amount.up_to(6).amount())
}
