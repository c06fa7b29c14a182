//! The estimate of a stack's cluster, as a tree of groups and components.

use super::figures::{self, cents};
use super::width::columns;
use super::words::wrap;
use crate::cost::estimate::{Component, Estimate, GroupCost, LEAST_SECONDS, Unpriced};
use crate::guard::{Cause, Deadline, Terms};
use crate::model::desired::InstanceGroups;
use crate::model::money::Usd;
use crate::model::span::Span;
use crate::model::stack::{Guardrails, Market};
use chrono::{DateTime, Utc};
use std::fmt::Write;

/// An estimate and what it was made for.
pub(in crate::cli) struct Estimated<'a> {
    pub(in crate::cli) estimate: &'a Estimate,
    pub(in crate::cli) guardrails: &'a Guardrails,
    pub(in crate::cli) groups: &'a InstanceGroups,
    /// The expected length of a run, if known.
    pub(in crate::cli) expected: Option<Span>,
    /// How long AWS may still charge for it after its termination was requested.
    pub(in crate::cli) ending: Span,
    pub(in crate::cli) now: DateTime<Utc>,
}

impl Estimated<'_> {
    /// The deadline of a cluster that is created now: its cause, and how long until then.
    pub(in crate::cli) fn deadline(&self) -> (Cause, Span) {
        let groups = self.groups;
        let rates = self.estimate.rates();
        let terms = Terms::ahead(self.guardrails, groups, rates, self.ending, self.now);
        let Deadline { at, cause } = terms.deadline();
        (cause, Span::from_delta(at - self.now))
    }

    /// The most that the cluster can cost; the budget, if that is less.
    pub(in crate::cli) fn worst(&self) -> Usd {
        let worst = self.estimate.worst(self.deadline().1, self.ending);
        self.guardrails
            .budget
            .map_or(worst, |budget| worst.min(budget))
    }

    /// What sets that maximum, in words.
    pub(in crate::cli) fn latest(&self) -> String {
        let (cause, span) = self.deadline();
        match (cause, self.guardrails.budget) {
            (Cause::Budget, Some(budget)) => {
                format!("the budget of {budget} ends it after {span}, in time to stay below it")
            }
            (cause, _) => format!("{cause} ends it after {span}"),
        }
    }

    /// The cost of a run of the expected length.
    pub(in crate::cli) fn run(&self) -> Option<Usd> {
        self.expected.map(|length| self.estimate.run(length))
    }

    /// What the price depends on besides the stack, in words; `None` if on nothing.
    pub(in crate::cli) fn range(&self) -> Option<String> {
        let hourly = cents(self.estimate.hourly);
        let counts = self.estimate.groups.iter().map(|group| group.nodes.count);
        let nodes = counts.fold(0, u16::saturating_add);
        let Some((least, scaling)) = self.estimate.least_hourly.zip(self.groups.scaling) else {
            let dearest = "EMR chooses the instances: these are the dearest that it may launch";
            return self.groups.varies().then(|| dearest.to_owned());
        };
        let least = cents(least);
        let unit = if self.groups.iter().any(|group| group.fleet.is_some()) {
            "units"
        } else {
            "nodes"
        };
        Some(format!(
            "EMR scales it from {} to {} {unit}: at least {least}/h, at most {hourly}/h at {nodes} \
             nodes with the primary",
            scaling.from, scaling.to
        ))
    }

    /// The table with its sums and notes.
    pub(in crate::cli) fn render(&self) -> String {
        let mut text = tree(self.estimate);
        text.push('\n');
        for (name, text_of_sum) in self.sums() {
            let _ = writeln!(text, "{name:<12}{}", wrap(&text_of_sum, 12));
        }
        for note in figures::notes(self.estimate) {
            let _ = writeln!(text, "* {}", wrap(&note, 2));
        }
        text
    }

    fn sums(&self) -> Vec<(&'static str, String)> {
        let mut sums = Vec::new();
        if let (Some(length), Some(run)) = (self.expected, self.run()) {
            sums.push(("per run", format!("{}: {length} of all nodes", cents(run))));
        }
        sums.extend(self.range().map(|range| ("varies", range)));
        let worst = cents(self.worst());
        let ending = self.ending;
        let at_most = format!(
            "{worst}: {}, and it takes up to {ending} to end; this includes the minimum charge of \
             {LEAST_SECONDS}s for one replacement of each node",
            self.latest()
        );
        sums.push(("at most", at_most));
        sums.push(("not priced", unpriced(self.estimate)));
        sums.push((
            "figures",
            figures::age_and_certainty(self.estimate, self.now.date_naive()),
        ));
        sums
    }
}

/// The table: quantity, unit, unit price and $/h of each component of each group.
fn tree(estimate: &Estimate) -> String {
    let mut text = row("", "quantity", "unit", "unit price", "$/h");
    for group in &estimate.groups {
        let spot = if group.market == Market::Spot {
            ", Spot"
        } else {
            ""
        };
        let name = format!("{} {}{spot}", group.role, group.nodes);
        text.push_str(&row(&name, "", "", "", &figures::plain(group.hourly)));
        let count = group.components.len();
        for (index, part) in group.components.iter().enumerate() {
            let branch = if index + 1 == count {
                "└─"
            } else {
                "├─"
            };
            text.push_str(&component(branch, part, group));
        }
    }
    let total = format!("total in {}", estimate.region);
    text + &row(&total, "", "", "", &figures::plain(estimate.hourly))
}

fn component(branch: &str, part: &Component, group: &GroupCost) -> String {
    let mark = if part.note.is_some() { " *" } else { "" };
    let name = format!("{branch} {}{mark}", figures::component(part, group.market));
    row(
        &name,
        &part.quantity.to_string(),
        figures::unit(part.unit),
        &part.unit_price.to_string(),
        &figures::plain(part.hourly),
    )
}

fn row(name: &str, quantity: &str, unit: &str, price: &str, hourly: &str) -> String {
    if columns() < NEEDED {
        return narrow(name, [quantity, unit, price, hourly]);
    }
    let line = format!("{name:<38} {quantity:>8} {unit:<9} {price:>11} {hourly:>9}");
    format!("{}\n", line.trim_end())
}

/// The columns of a row with its figures.
const NEEDED: usize = 79;

/// A row in few columns: its name, and its price or how it is made. The head has no name.
fn narrow(name: &str, [quantity, unit, price, hourly]: [&str; 4]) -> String {
    if name.is_empty() {
        return String::new();
    }
    let made = if quantity.is_empty() {
        String::new()
    } else {
        format!("{quantity} {unit} at {price}: ")
    };
    let text = format!("{name}: {made}{hourly} $/h");
    format!("{}\n", wrap(&text, 3))
}

/// The costs that the estimate leaves out, in words.
pub(super) fn unpriced(estimate: &Estimate) -> String {
    let words = |what: &Unpriced| match what {
        Unpriced::S3 => "S3 storage and requests",
        Unpriced::DataTransfer => "data transfer",
        Unpriced::CloudWatch => "CloudWatch",
    };
    let words: Vec<_> = estimate.unpriced.iter().map(words).collect();
    words.join(", ")
}
