//! What clusters have cost, as a table for people and as CSV for spreadsheets.

use super::grid;
use super::width;
use super::words::wrap;
use crate::app::failure::{Exit, Failure};
use crate::app::target::Target;
use crate::chart::{bar, spark};
use crate::cost::ledger::{By, ClusterCost, Report, Row, SlotTime, Spending, Split};
use crate::model::money::Usd;
use crate::model::shown::line;
use chrono::{DateTime, Utc};
use csv::{Terminator, WriterBuilder};
use rust_decimal::Decimal;
use std::fmt::Write;

/// The longest name of a row, in characters.
const MAX_KEY: usize = 80;
pub(super) const HEADER: [&str; 6] = [
    "clusters",
    "total",
    "bootstrapping",
    "working",
    "failed",
    "idle",
];

/// What is known of the cost of clusters within a window.
pub(in crate::cli) struct CostView<'a> {
    pub(in crate::cli) report: &'a Report,
    pub(in crate::cli) spending: &'a Spending,
    /// The most expensive clusters.
    pub(in crate::cli) dearest: &'a [ClusterCost],
    pub(in crate::cli) target: &'a Target<'a>,
    /// The time that the figures describe.
    pub(in crate::cli) as_of: DateTime<Utc>,
    /// Whether the terminal shows more than ASCII.
    pub(in crate::cli) utf8: bool,
}

/// What the report shows, in one line.
pub(super) fn heading(view: &CostView<'_>) -> String {
    let CostView { report, target, .. } = view;
    let place = target.place.in_words();
    let what = if target.costs() {
        format!("spent {place}")
    } else {
        format!("what clusters {place} would have cost on AWS")
    };
    format!(
        "{what}, by {}, from {} to {}",
        word(report.by),
        report.window.from.format("%F %R"),
        report.window.until.format("%F %R UTC")
    )
}

pub(in crate::cli) fn render(view: &CostView<'_>) -> String {
    let CostView { report, target, .. } = view;
    let mut text = format!("{}\n\n", wrap(&heading(view), 0));
    if report.rows.is_empty() {
        text.push_str("no clusters with known prices\n");
    } else {
        text.push_str(&table(report, view.utf8));
        let _ = writeln!(text, "\n{}", wrap(&waste(report), 0));
        if let Some(line) = sparkline(view.spending, view.utf8) {
            let _ = writeln!(text, "{line}");
        }
        let slots = report.total.slots.and_then(SlotTime::idle_percent);
        if let Some(idle) = slots {
            let share =
                format!("idle slots: {idle}% of the time of Spark's slots, where it is known");
            let _ = writeln!(text, "{}", wrap(&share, 0));
        }
    }
    if let Some(unpriced) = unpriced(report) {
        let _ = writeln!(text, "\n{unpriced}");
    }
    for overridden in &report.overridden {
        let how = format!(
            "a policy was overridden: {} (stack {}), by {}: {}",
            overridden.id, overridden.stack, overridden.how.by, overridden.how.why
        );
        let _ = writeln!(text, "\n{}", wrap(&how, 2));
    }
    text.push_str(&attempts(report, target.costs()));
    text
}

/// How many attempts are shown, the newest.
const MAX_ATTEMPTS: usize = 20;

/// The attempts at jobs that were retried, in lines.
fn attempts(report: &Report, costs: bool) -> String {
    let all = &report.attempts;
    let mut text = String::new();
    if !all.is_empty() {
        text.push_str("\nretries\n");
    }
    let hidden = all.len().saturating_sub(MAX_ATTEMPTS);
    if hidden > 0 {
        let _ = writeln!(text, "  {hidden} earlier attempts are in --output json");
    }
    for one in all.iter().skip(hidden) {
        let of = format!(" at the job of {} on {}", one.stack, one.id);
        let line = super::attempts::line(&one.attempt, &of, costs, 2);
        let _ = writeln!(text, "{line}");
    }
    text
}

/// The line that names clusters without a price, which no row includes; `None` if all have one.
pub(in crate::cli) fn unpriced(report: &Report) -> Option<String> {
    let clusters = report.unpriced.iter();
    let clusters: Vec<String> = clusters
        .map(|cluster| format!("{} (stack {})", cluster.id, cluster.stack))
        .collect();
    let named = clusters.join(", ");
    let text = format!("not included, because their prices are unknown: {named}");
    (!clusters.is_empty()).then(|| wrap(&text, 2))
}

/// How many periods a sparkline shows, the latest.
const MAX_PERIODS: usize = 45;

/// One character for each day or month; `None` for a single one.
fn sparkline(spending: &Spending, utf8: bool) -> Option<String> {
    let sums = spending.sums();
    let skipped = sums.len().saturating_sub(MAX_PERIODS);
    let shown = sums.get(skipped..)?;
    let all = spending.periods.iter().skip(skipped).zip(shown);
    let (name, largest) = all.max_by_key(|(_, usd)| **usd)?;
    let by = word(spending.by);
    let most = super::figures::cents(*largest);
    let line = format!("by {by} |{}| {most} on {name}", spark(shown, utf8));
    (shown.len() > 1 && !largest.is_zero()).then_some(line)
}

pub(super) const fn word(by: By) -> &'static str {
    match by {
        By::Team => "team",
        By::Stack => "stack",
        By::Owner => "owner",
        By::Day => "day",
        By::Month => "month",
    }
}

fn table(report: &Report, utf8: bool) -> String {
    let decimals = decimals(report.total.total);
    let header = std::iter::once(word(report.by)).chain(HEADER);
    let header: Vec<String> = header.map(str::to_owned).collect();
    let mut rows = Vec::new();
    for row in &report.rows {
        let none = format!("(no {})", word(report.by));
        let key = row.key.as_deref().map(|key| line(key, MAX_KEY));
        rows.push(cells(key.unwrap_or(none), row, decimals));
    }
    if report.rows.len() > 1 {
        rows.push(cells("total".to_owned(), &report.total, decimals));
    }
    match grid::table(&header, &rows, 1) {
        Some(lines) => with_bars(lines, &report.rows, utf8),
        None => grid::render(&header, &rows, 1),
    }
}

/// The least and the most characters of a bar beside a table.
const BAR: [usize; 2] = [6, 20];

/// The lines of a table with a bar after each row, if there is room for bars, and if no row has
/// several lines. The first line is the header.
fn with_bars(mut lines: Vec<String>, rows: &[Row], utf8: bool) -> String {
    let length = |line: &String| line.chars().count();
    let widest = lines.iter().map(length).max().unwrap_or_default();
    let room = width::columns().saturating_sub(widest + 2).min(BAR[1]);
    let largest = rows.iter().map(|row| row.total).max().unwrap_or(Usd::ZERO);
    let is_single = lines.len() == rows.len() + 2;
    if room >= BAR[0] && rows.len() > 1 && is_single {
        for (line, row) in lines.iter_mut().skip(1).zip(rows) {
            let gap = widest.saturating_sub(line.chars().count());
            let bar = bar(row.total, largest, room, utf8);
            line.extend(std::iter::repeat_n(' ', gap + 2));
            line.push_str(&bar);
        }
    }
    lines
        .iter()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect()
}

fn cells(key: String, row: &Row, decimals: u32) -> Vec<String> {
    let parts = rounded_parts(&row.split, decimals);
    let total: Decimal = parts.iter().sum();
    let amounts = std::iter::once(total).chain(parts);
    let amounts = amounts.map(|amount| dollars(amount, decimals));
    let cells = [key, row.clusters.to_string()].into_iter();
    cells.chain(amounts).collect()
}

/// Two decimals, or four if the total is less than a dollar.
pub(super) fn decimals(total: Usd) -> u32 {
    if total.amount() < Decimal::ONE { 4 } else { 2 }
}

/// The parts, rounded so that they add up to the rounded total.
pub(super) fn rounded_parts(split: &Split, decimals: u32) -> [Decimal; 4] {
    let mut exact = Decimal::ZERO;
    let mut rounded = Decimal::ZERO;
    let parts = [split.bootstrapping, split.working, split.failed, split.idle];
    parts.map(|part| {
        exact += part.amount();
        let part = exact.round_dp(decimals) - rounded;
        rounded += part;
        part
    })
}

fn waste(report: &Report) -> String {
    let Row { total, split, .. } = &report.total;
    let decimals = decimals(*total);
    let [bootstrapping, working, failed, idle] = rounded_parts(split, decimals);
    let waste = bootstrapping + failed + idle;
    format!(
        "waste: {} of {} ({}%), everything except working time",
        dollars(waste, decimals),
        dollars(waste + working, decimals),
        percent(split.waste(), *total)
    )
}

/// Formats an amount that is already rounded.
pub(super) fn dollars(amount: Decimal, decimals: u32) -> String {
    format!("${amount:.*}", decimals as usize)
}

/// Whole percents; 0 if the whole is 0.
pub(super) fn percent(part: Usd, whole: Usd) -> Decimal {
    let hundred = part.times(Decimal::ONE_HUNDRED).amount();
    let percent = hundred.checked_div(whole.amount());
    percent.unwrap_or_default().round()
}

/// The rows as CSV (RFC 4180), dollars without the sign; no total, which a spreadsheet computes.
pub(in crate::cli) fn csv(report: &Report) -> Result<String, Failure> {
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(Vec::new());
    let wrong = |error: csv::Error| {
        Failure::new(Exit::Failed, "the CSV cannot be written").caused_by(&error)
    };
    let header = HEADER.map(|name| match name {
        "clusters" => name.to_owned(),
        name => format!("{name}_usd"),
    });
    let header = std::iter::once(word(report.by).to_owned()).chain(header);
    writer.write_record(header).map_err(wrong)?;
    for row in &report.rows {
        let Split {
            bootstrapping,
            working,
            failed,
            idle,
        } = row.split;
        let dollars = [row.total, bootstrapping, working, failed, idle];
        let key = harmless(&line(row.key.as_deref().unwrap_or_default(), 500));
        let cells = [key, row.clusters.to_string()].into_iter();
        let cells = cells.chain(dollars.map(|usd| usd.amount().to_string()));
        writer.write_record(cells).map_err(wrong)?;
    }
    let bytes = writer.into_inner().unwrap_or_default();
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Quotes text that a spreadsheet would run as a formula (OWASP, CSV injection).
fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::ledger::Window;

    fn usd(text: &str) -> Usd {
        Usd::new(text.parse().unwrap())
    }

    fn row(key: Option<&str>, parts: [&str; 4]) -> Row {
        let [bootstrapping, working, failed, idle] = parts.map(usd);
        let split = Split {
            bootstrapping,
            working,
            failed,
            idle,
        };
        Row {
            slots: None,
            key: key.map(str::to_owned),
            clusters: 1,
            total: split.total(),
            split,
        }
    }

    fn report() -> Report {
        let at = |text: &str| text.parse().unwrap();
        Report {
            by: By::Owner,
            window: Window {
                from: at("2026-11-01T00:00:00Z"),
                until: at("2026-11-21T12:30:00Z"),
            },
            rows: vec![
                row(Some("=cmd|' /C calc'!A0"), ["0.335", "1.005", "0", "0.335"]),
                row(None, ["0.1", "2.0025", "12.5", "0"]),
            ],
            total: row(None, ["0.435", "3.0075", "12.5", "0.335"]),
            unpriced: Vec::new(),
            overridden: Vec::new(),
            attempts: Vec::new(),
        }
    }

    #[test]
    fn tables_are_narrow_and_their_parts_add_up() {
        insta::assert_snapshot!(table(&report(), false), @r"
        owner               clusters   total  bootstrapping  working  failed   idle
        =cmd|' /C calc'!A0         1   $1.68          $0.34    $1.00   $0.00  $0.34
        (no owner)                 1  $14.60          $0.10    $2.00  $12.50  $0.00
        total                      1  $16.28          $0.44    $3.00  $12.50  $0.34
        ");
        let waste = waste(&report());
        assert_eq!(
            waste,
            "waste: $13.28 of $16.28 (82%), everything except working time"
        );
    }

    #[test]
    fn bars_are_as_long_as_the_table_leaves_room() {
        let mut report = report();
        report.rows[0].key = Some("ana@laptop".to_owned());
        insta::assert_snapshot!(table(&report, true), @"
        owner       clusters   total  bootstrapping  working  failed   idle
        ana@laptop         1   $1.68          $0.34    $1.00   $0.00  $0.34  █
        (no owner)         1  $14.60          $0.10    $2.00  $12.50  $0.00  ██████████
        total              1  $16.28          $0.44    $3.00  $12.50  $0.34
        ");
    }

    #[test]
    fn a_sparkline_names_its_highest_day() {
        let day = |n: usize| format!("2026-11-{:02}", n % 28 + 1);
        let spending = |days: usize| Spending {
            by: By::Day,
            periods: (0..days).map(day).collect(),
            teams: vec![
                (None, (0..days).map(|n| usd(&n.to_string())).collect()),
                (Some("data".to_owned()), vec![usd("1"); days]),
            ],
        };
        let line = |days| sparkline(&spending(days), true);
        assert_eq!(line(1), None);
        assert_eq!(line(3).unwrap(), "by day |▃▅█| $3.00 on 2026-11-03");
        let long = line(92).unwrap();
        assert!(long.chars().count() <= 80, "{long}");
        assert!(long.ends_with("$92.00 on 2026-11-08"), "{long}");
    }

    #[test]
    fn csv_cells_cannot_be_formulas() {
        let csv = csv(&report()).unwrap();
        let lines: Vec<&str> = csv.split_terminator("\r\n").collect();
        let header = "owner,clusters,total_usd,bootstrapping_usd,working_usd,failed_usd,idle_usd";
        let rows = [
            "'=cmd|' /C calc'!A0,1,1.675,0.335,1.005,0,0.335",
            ",1,14.6025,0.1,2.0025,12.5,0",
        ];
        assert_eq!(lines, [header, rows[0], rows[1]]);
    }

    #[test]
    fn the_waste_of_no_cost_is_zero_percent() {
        assert_eq!(percent(Usd::ZERO, Usd::ZERO), Decimal::ZERO);
        assert_eq!(percent(usd("1"), usd("3")), Decimal::from(33));
    }
}
