//! What a stack's cluster costs, as a tree of groups and components.

use super::figures;
use super::price::cents;
use super::words::wrap;
use crate::cost::estimate::{Component, Estimate, GroupCost, LEAST_SECONDS, Unpriced};
use crate::guard::{Cause, Deadline, Terms};
use crate::model::desired::InstanceGroups;
use crate::model::money::Usd;
use crate::model::span::Span;
use crate::model::stack::{Guardrails, Market};
use chrono::{DateTime, Utc};
use std::fmt::Write;

/// What an estimate is of.
pub(in crate::cli) struct Estimated<'a> {
    pub(in crate::cli) estimate: &'a Estimate,
    pub(in crate::cli) guardrails: &'a Guardrails,
    pub(in crate::cli) groups: &'a InstanceGroups,
    /// How long a run is expected to take, where anybody knows.
    pub(in crate::cli) expected: Option<Span>,
    /// How long it may be charged for after its end was asked for.
    pub(in crate::cli) ending: Span,
    pub(in crate::cli) now: DateTime<Utc>,
}

impl Estimated<'_> {
    /// What ends a cluster that is made now at the latest, and after how long.
    pub(in crate::cli) fn deadline(&self) -> (Cause, Span) {
        let groups = self.groups;
        let rates = self.estimate.rates();
        let terms = Terms::ahead(self.guardrails, groups, rates, self.ending, self.now);
        let Deadline { at, cause } = terms.deadline();
        (cause, Span::from_delta(at - self.now))
    }

    /// The most that a life of the cluster can cost: below the budget, where there is one.
    pub(in crate::cli) fn worst(&self) -> Usd {
        let worst = self.estimate.worst(self.deadline().1, self.ending);
        self.guardrails
            .budget
            .map_or(worst, |budget| worst.min(budget))
    }

    /// What sets it, in words.
    pub(in crate::cli) fn latest(&self) -> String {
        let (cause, span) = self.deadline();
        match (cause, self.guardrails.budget) {
            (Cause::Budget, Some(budget)) => {
                format!("the budget of {budget} ends it after {span}, in time to end below it")
            }
            (cause, _) => format!("{cause} ends it after {span}"),
        }
    }

    /// A run of the expected length.
    pub(in crate::cli) fn run(&self) -> Option<Usd> {
        self.expected.map(|length| self.estimate.run(length))
    }

    /// The whole tree, and what is to be known of it.
    pub(in crate::cli) fn render(&self) -> String {
        let mut text = tree(self.estimate);
        text.push('\n');
        for (name, what) in self.sums() {
            let _ = writeln!(text, "{name:<12}{}", wrap(&what, 12));
        }
        for doubt in figures::doubts(self.estimate) {
            let _ = writeln!(text, "* {}", wrap(&doubt, 2));
        }
        text
    }

    fn sums(&self) -> Vec<(&'static str, String)> {
        let mut sums = Vec::new();
        if let (Some(length), Some(run)) = (self.expected, self.run()) {
            sums.push(("per run", format!("{}: {length} of all nodes", cents(run))));
        }
        let worst = cents(self.worst());
        let ending = self.ending;
        let at_most = format!(
            "{worst}: {}, and it takes up to {ending} to end; {LEAST_SECONDS}s, the minimum, of one \
             replaced node in each one's place are in it",
            self.latest()
        );
        sums.push(("at most", at_most));
        sums.push(("not priced", unpriced(self.estimate)));
        sums.push((
            "figures",
            figures::trust(self.estimate, self.now.date_naive()),
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
    let line = format!("{name:<38} {quantity:>8} {unit:<9} {price:>11} {hourly:>9}");
    format!("{}\n", line.trim_end())
}

/// What a bill has besides, in words.
pub(super) fn unpriced(estimate: &Estimate) -> String {
    let words = |what: &Unpriced| match what {
        Unpriced::S3 => "S3 storage and requests",
        Unpriced::DataTransfer => "data transfer",
        Unpriced::CloudWatch => "CloudWatch",
    };
    let words: Vec<_> = estimate.unpriced.iter().map(words).collect();
    words.join(", ")
}
