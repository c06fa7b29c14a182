//! `cost report` as a document with charts.

use super::ledger::{CostView, decimals, dollars, heading, percent, rounded_parts, unpriced, word};
use crate::chart::markup::escape;
use crate::chart::{self, Column, Document, Part, Series, Split, Stacked, Table};
use crate::cost::ledger::{By, ClusterCost, Report, Row};
use crate::model::fleet_status::Curve;
use crate::model::money::Usd;
use chrono::NaiveDate;
use std::fmt::Write;

/// How many of the most expensive clusters are listed.
pub(in crate::cli) const DEAREST: usize = 10;

/// The document's text.
pub(in crate::cli) fn render(view: &CostView<'_>, curves: &[Curve]) -> String {
    let report = view.report;
    let as_of = view.as_of.format("as of %F %R UTC");
    let lead = format!("{}, {as_of}.", capital(&heading(view)));
    let mut document = Document::new("What Spark on EMR has cost", &lead);
    document.section("In all", &tiles(report));
    if !report.rows.is_empty() {
        document.section("Spending over time", &over_time(view));
        document.section("What it was spent on", &waste(&report.total));
    }
    if !curves.is_empty() {
        let all = curves.iter().enumerate();
        let charts = all.map(|(n, curve)| budget(n, curve));
        document.section("Budgets of this month", &charts.collect::<String>());
    }
    if !report.rows.is_empty() {
        let heading = format!("By {}", word(report.by));
        document.section(&heading, &rows(report).html());
        document.section("The most expensive clusters", &dearest(view.dearest).html());
    }
    let notes = notes(report);
    if !notes.is_empty() {
        document.section("Notes", &notes);
    }
    document.html()
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|c| c.to_uppercase().to_string());
    format!("{}{}", first.unwrap_or_default(), characters.as_str())
}

fn tiles(report: &Report) -> String {
    let Row {
        total,
        split,
        clusters,
        ..
    } = &report.total;
    let tile = |name: &str, value: &str, note: &str| {
        let note = escape(note);
        format!("<div><dt>{name}</dt><dd>{value}<small>{note}</small></dd></div>\n")
    };
    let days = (report.window.until - report.window.from).num_days().max(1);
    let share = percent(split.waste(), *total);
    let mut html = "<dl class=\"tiles\">\n".to_owned();
    html += &tile("total", &chart::dollars(*total), &format!("in {days} days"));
    html += &tile(
        "waste",
        &chart::dollars(split.waste()),
        &format!("{share}%: everything except working time"),
    );
    html += &tile("clusters", &clusters.to_string(), "with known prices");
    html + "</dl>"
}

fn over_time(view: &CostView<'_>) -> String {
    let spending = view.spending;
    let is_days = spending.by == By::Day;
    let (title, format) = if is_days {
        ("By day and team, in dollars (UTC)", "%-d %b")
    } else {
        ("By month and team, in dollars (UTC)", "%b %Y")
    };
    let label = |name: &String| {
        let day = if is_days {
            name.clone()
        } else {
            format!("{name}-01")
        };
        let day = day.parse::<NaiveDate>();
        day.map_or_else(|_| name.clone(), |day| day.format(format).to_string())
    };
    let column = |name: &String| Column {
        name: name.clone(),
        label: label(name),
    };
    let series = |(team, amounts): &(Option<String>, Vec<Usd>)| Series {
        name: team.clone().unwrap_or_else(|| "(no team)".to_owned()),
        amounts: amounts.clone(),
    };
    let stacked = Stacked {
        id: "over-time",
        title,
        columns: spending.periods.iter().map(column).collect(),
        series: spending.teams.iter().map(series).collect(),
    };
    stacked.chart().html()
}

fn waste(total: &Row) -> String {
    let part = |name, class, amount| Part {
        name,
        class,
        amount,
    };
    let split = Split {
        id: "waste",
        title: "Working time, and the waste beside it",
        parts: vec![
            part("working", "c0", total.split.working),
            part("idle", "c1", total.split.idle),
            part("failed", "c3", total.split.failed),
            part("bootstrapping", "c4", total.split.bootstrapping),
        ],
    };
    split.chart().html()
}

fn budget(n: usize, curve: &Curve) -> String {
    let spent = escape(&format!(
        "{} of {} spent, {} reserved for living clusters, {} projected for the month",
        chart::dollars(curve.spent),
        chart::dollars(curve.limit),
        chart::dollars(curve.reserved),
        chart::dollars(curve.projected)
    ));
    let chart = chart::budget(&format!("budget-{n}"), curve).html();
    format!("{chart}<p class=\"muted\">{spent}</p>\n")
}

fn rows(report: &Report) -> Table {
    let decimals = decimals(report.total.total);
    let row = |row: &Row| {
        let none = format!("(no {})", word(report.by));
        let parts = rounded_parts(&row.split, decimals);
        let total = parts.iter().sum();
        let amounts = std::iter::once(total).chain(parts);
        let name = row.key.clone().unwrap_or(none);
        let cells = [name, row.clusters.to_string()].into_iter();
        let amounts = amounts.map(|amount| dollars(amount, decimals));
        cells.chain(amounts).collect()
    };
    let head = [word(report.by)].into_iter().chain(super::ledger::HEADER);
    Table {
        caption: "In dollars".to_owned(),
        head: head.map(str::to_owned).collect(),
        rows: report.rows.iter().map(row).collect(),
        texts: 1,
    }
}

fn dearest(clusters: &[ClusterCost]) -> Table {
    let row = |cluster: &ClusterCost| {
        let team = cluster.team.as_ref().map(ToString::to_string);
        let ended = cluster.ended_at.map(|at| at.format("%F %R").to_string());
        vec![
            cluster.stack.to_string(),
            cluster.id.to_string(),
            team.unwrap_or_default(),
            cluster.owner.clone().unwrap_or_default(),
            cluster.created_at.format("%F %R").to_string(),
            ended.unwrap_or_else(|| "lives".to_owned()),
            chart::dollars(cluster.total),
            format!("{}%", percent(cluster.split.waste(), cluster.total)),
        ]
    };
    let head = ["stack", "cluster", "team", "owner", "created", "ended"];
    let head = head.into_iter().chain(["cost", "waste"]);
    Table {
        caption: "Times in UTC".to_owned(),
        head: head.map(str::to_owned).collect(),
        rows: clusters.iter().map(row).collect(),
        texts: 6,
    }
}

/// What is not in the figures, and where a policy was overridden.
fn notes(report: &Report) -> String {
    let unpriced = unpriced(report).into_iter();
    let overridden = report.overridden.iter().map(|one| {
        format!(
            "a policy was overridden: {} (stack {}), by {}: {}",
            one.id, one.stack, one.how.by, one.how.why
        )
    });
    let notes: Vec<String> = unpriced.chain(overridden).collect();
    if notes.is_empty() {
        return String::new();
    }
    let mut html = "<ul class=\"list\">".to_owned();
    for note in notes {
        let _ = write!(html, "<li>{}</li>", escape(&note));
    }
    html + "</ul>"
}
