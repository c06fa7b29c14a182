//! What a simulation found, as tables for people.

use super::grid;
use super::words::{count, long, wrap};
use crate::chart::dollars;
use crate::cost::ledger::Window;
use crate::model::money::Usd;
use crate::model::place::Place;
use crate::model::shown::line;
use crate::model::span::Span;
use crate::simulate::{Affected, MonthFigures, Simulated, Waiting};
use rust_decimal::Decimal;
use std::fmt::Write;

/// How many of the most affected stacks and clusters are shown.
pub(super) const MOST: usize = 10;
/// How many clusters without a price are named.
const MAX_NAMED: usize = 5;
/// The longest name, in characters.
const MAX_NAME: usize = 40;

pub(in crate::cli) struct SimulationView<'a> {
    pub(in crate::cli) result: &'a Simulated,
    pub(in crate::cli) place: &'a Place,
    /// Whether the clusters are assumed, and not recorded.
    pub(in crate::cli) assumed: bool,
}

impl SimulationView<'_> {
    /// What was played, in one line.
    pub(super) fn heading(&self) -> String {
        let Window { from, until } = self.result.window;
        let clusters = count(self.result.clusters as u64, "cluster");
        let clusters = if self.assumed {
            format!("{clusters} of an assumed pattern")
        } else {
            clusters
        };
        let prices = match self.place {
            Place::Local => ", at the prices of AWS",
            Place::Region(_) | Place::Account(..) => "",
        };
        format!(
            "{clusters} {}{prices}, played with these policies, from {} to {}",
            self.place.in_words(),
            from.format("%F %R"),
            until.format("%F %R UTC")
        )
    }

    pub(in crate::cli) fn text(&self) -> String {
        let result = self.result;
        let mut text = format!("{}\n\n", wrap(&self.heading(), 0));
        text.push_str(&totals(result, self.assumed));
        if !result.ends.is_empty() {
            let head = ["ended earlier by", "clusters", "had work later", "saved"];
            text.push_str(&table(&head, ends(result)));
        }
        if !result.denials.is_empty() {
            let head = ["denied by", "clusters", "had work", "saved"];
            text.push_str(&table(&head, denials(result)));
        }
        if result.stopped.is_empty() {
            text.push_str("\nno cluster would have been ended earlier or denied\n");
        } else {
            let _ = write!(text, "\n{}\n", wrap(&hindsight(result), 0));
            let head = ["team", "clusters", "stopped", "waiting", "saved"];
            text.push_str(&table(&head, affected(&result.teams)));
            let head = ["most affected", "clusters", "stopped", "waiting", "saved"];
            let most = result.names.iter().filter(|it| it.stopped > 0);
            let most: Vec<Affected> = most.take(MOST).cloned().collect();
            text.push_str(&table(&head, affected(&most)));
        }
        if !result.months.is_empty() {
            let head = ["month", "team", "without", "with", "budget"];
            text.push_str(&months_table(&head, result));
        }
        for note in notes(result) {
            let _ = write!(text, "\n{}\n", wrap(&note, 2));
        }
        text
    }
}

fn totals(result: &Simulated, assumed: bool) -> String {
    let without = if assumed {
        "without guardrails and policies"
    } else {
        "as recorded"
    };
    let share = percent(result.saved, result.without);
    let rows = [
        (without, dollars(result.without)),
        ("with the policies", dollars(result.with)),
        ("saved", format!("{} ({share}%)", dollars(result.saved))),
    ];
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let line = |(name, value): &(&str, String)| format!("{name:width$}  {value}\n");
    rows.iter().map(line).collect()
}

fn table(head: &[&str], rows: Vec<Vec<String>>) -> String {
    let head: Vec<String> = head.iter().map(|name| (*name).to_owned()).collect();
    format!("\n{}", grid::render(&head, &rows, 1))
}

fn months_table(head: &[&str], result: &Simulated) -> String {
    let head: Vec<String> = head.iter().map(|name| (*name).to_owned()).collect();
    format!("\n{}", grid::render(&head, &months(result), 2))
}

/// The reason, how many clusters, how many of them had work later, and the savings.
pub(super) fn ends(result: &Simulated) -> Vec<Vec<String>> {
    let rows = result.ends.iter().map(|row| {
        let reason = row.reason.as_str().to_owned();
        [
            reason,
            row.clusters.to_string(),
            row.wrong.to_string(),
            dollars(row.saved),
        ]
        .into()
    });
    rows.collect()
}

/// The policy and its rule, how many clusters, how many of them had work, and the savings.
pub(super) fn denials(result: &Simulated) -> Vec<Vec<String>> {
    let rows = result.denials.iter().map(|row| {
        let rule = format!("{} {}", row.policy, row.rule);
        [
            rule,
            row.clusters.to_string(),
            row.wrong.to_string(),
            dollars(row.saved),
        ]
        .into()
    });
    rows.collect()
}

/// The name, how many clusters, how many of them were stopped, the work that waits, the savings.
pub(super) fn affected(all: &[Affected]) -> Vec<Vec<String>> {
    let rows = all.iter().map(|it| {
        let name = it.name.as_ref().map_or("(no team)", |name| name.as_str());
        [
            line(name, MAX_NAME),
            it.clusters.to_string(),
            it.stopped.to_string(),
            length(whole(it.waiting)),
            dollars(it.without - it.with),
        ]
        .into()
    });
    rows.collect()
}

/// The month, the team, dollars without and with the policies, and the team's budget.
pub(super) fn months(result: &Simulated) -> Vec<Vec<String>> {
    let row = |it: &MonthFigures| {
        let team = it.team.as_ref().map_or("(no team)", |team| team.as_str());
        let budget = it.budget.map(dollars).unwrap_or_default();
        let figures = [dollars(it.without), dollars(it.with), budget];
        let names = [it.month.to_string(), team.to_owned()];
        names.into_iter().chain(figures).collect()
    };
    result.months.iter().map(row).collect()
}

/// What was stopped that had work, in a sentence.
pub(super) fn hindsight(result: &Simulated) -> String {
    let wrong = result.wrong;
    let warned = count(result.warned as u64, "warning");
    if wrong.ended + wrong.denied == 0 {
        return format!("none of them had work afterwards; people would have got {warned}");
    }
    let Waiting { repeated, waiting } = wrong.waiting;
    format!(
        "by hindsight wrong: {} ended and {} denied that had work afterwards: {} of work would have \
         been repeated, and {} would have waited for another cluster; people would have got {warned}",
        wrong.ended,
        wrong.denied,
        length(repeated),
        length(waiting)
    )
}

/// What else is to be known of the figures.
pub(super) fn notes(result: &Simulated) -> Vec<String> {
    let mut notes = Vec::new();
    if result.held_back > 0 {
        let sweeps = count(result.held_back as u64, "sweep");
        notes.push(format!(
            "the circuit breaker would have held ends back in {sweeps}"
        ));
    }
    if result.not_judged > 0 {
        let clusters = count(result.not_judged as u64, "cluster");
        notes.push(format!(
            "not checked by limits and rules, as no record has their request: {clusters}"
        ));
    }
    let unpriced = result.unpriced.iter().take(MAX_NAMED);
    let mut named: Vec<String> = unpriced.map(ToString::to_string).collect();
    let more = result.unpriced.len().saturating_sub(MAX_NAMED);
    if more > 0 {
        named.push(format!("{more} more"));
    }
    if !named.is_empty() {
        let named = named.join(", ");
        notes.push(format!(
            "not included, because their prices are unknown: {named}"
        ));
    }
    notes
}

fn whole(waiting: Waiting) -> Span {
    let Waiting { repeated, waiting } = waiting;
    Span::from_secs(repeated.as_secs().saturating_add(waiting.as_secs()))
}

fn length(span: Span) -> String {
    if span.as_secs() == 0 {
        return "-".to_owned();
    }
    long(span.delta())
}

/// Whole percents; 0 if the whole is 0.
pub(super) fn percent(part: Usd, whole: Usd) -> Decimal {
    let share = part.times(Decimal::ONE_HUNDRED).amount();
    share
        .checked_div(whole.amount())
        .unwrap_or_default()
        .round()
}
