//! What a simulation found, as a document with charts.

use super::simulate::{
    MOST, SimulationView, affected, denials, ends, hindsight, months, notes, percent,
};
use crate::chart::markup::escape;
use crate::chart::{self, Column, Document, Part, Series, Split, Stacked, Table};
use crate::model::money::Usd;
use crate::model::month::Month;
use crate::model::shown::line;
use crate::simulate::{Outcome, Simulated};
use std::collections::BTreeSet;
use std::fmt::Write;

/// How many of the stopped clusters are listed.
const MAX_STOPPED: usize = 200;
/// The longest reason, in characters.
const MAX_REASON: usize = 200;

/// The document's text.
pub(in crate::cli) fn render(view: &SimulationView<'_>) -> String {
    let result = view.result;
    let lead = format!("{}.", view.heading());
    let mut document = Document::new("What policies would have changed", &lead);
    document.section("In all", &tiles(result));
    document.section("What was saved, and by what", &saved(result));
    if !result.months.is_empty() {
        document.section("By month", &by_month(result));
    }
    let head = ["ended earlier by", "clusters", "had work later", "saved"];
    let stops = [
        (head, ends(result)),
        (
            ["denied by", "clusters", "had work", "saved"],
            denials(result),
        ),
    ];
    for (head, rows) in stops {
        if !rows.is_empty() {
            document.section(&format!("Clusters {}", head[0]), &table(&head, rows, 1));
        }
    }
    if !result.stopped.is_empty() {
        document.section("By hindsight", &paragraph(&hindsight(result)));
        let head = ["", "clusters", "stopped", "waiting", "saved"];
        let teams = table(&head, affected(&result.teams), 1);
        document.section("Teams, the most affected first", &teams);
        let most: Vec<_> = result.names.iter().take(MOST).cloned().collect();
        let names = table(&head, affected(&most), 1);
        document.section("Stacks and clusters, the most affected first", &names);
        document.section(
            "The clusters that would have been stopped",
            &stopped(result),
        );
    }
    let notes: String = notes(result).iter().map(|note| paragraph(note)).collect();
    if !notes.is_empty() {
        document.section("Notes", &notes);
    }
    document.html()
}

fn paragraph(text: &str) -> String {
    format!("<p>{}</p>\n", escape(text))
}

fn tiles(result: &Simulated) -> String {
    let mut html = "<dl class=\"tiles\">\n".to_owned();
    let share = percent(result.saved, result.without);
    let wrong = result.wrong.ended + result.wrong.denied;
    let of = |all: usize| format!("of {all} that would have been stopped");
    for (name, value, note) in [
        ("without", chart::dollars(result.without), String::new()),
        (
            "with the policies",
            chart::dollars(result.with),
            String::new(),
        ),
        ("saved", chart::dollars(result.saved), format!("{share}%")),
        (
            "wrong by hindsight",
            wrong.to_string(),
            of(result.stopped.len()),
        ),
    ] {
        let note = escape(&note);
        let _ = writeln!(
            html,
            "<div><dt>{name}</dt><dd>{value}<small>{note}</small></dd></div>"
        );
    }
    html + "</dl>"
}

/// One bar: what it would have cost, and what was saved by ends and by denials.
fn saved(result: &Simulated) -> String {
    let ends: Usd = result.ends.iter().map(|row| row.saved).sum();
    let denials: Usd = result.denials.iter().map(|row| row.saved).sum();
    let part = |name, class, amount| Part {
        name,
        class,
        amount,
    };
    let split = Split {
        id: "saved",
        title: "What the clusters cost, in dollars",
        parts: vec![
            part("with the policies", "c0", result.with),
            part("saved by earlier ends", "c2", ends),
            part("saved by denials", "c4", denials),
        ],
    };
    split.chart().html()
}

/// Two charts with the same columns: without the policies, and with them.
fn by_month(result: &Simulated) -> String {
    let names: BTreeSet<Month> = result.months.iter().map(|it| it.month).collect();
    let teams: BTreeSet<_> = result.months.iter().map(|it| &it.team).collect();
    let column = |month: &Month| Column {
        name: month.to_string(),
        label: month.to_string(),
    };
    let mut html = String::new();
    for (id, title, with) in [
        ("without", "As it was, by team, in dollars (UTC)", false),
        ("with", "With the policies, by team, in dollars (UTC)", true),
    ] {
        let amount = |team: &Option<_>, month: &Month| -> Usd {
            let all = result.months.iter();
            let of = all.filter(|it| it.team == *team && it.month == *month);
            of.map(|it| if with { it.with } else { it.without }).sum()
        };
        let series = teams.iter().map(|team| Series {
            name: team
                .as_ref()
                .map_or("(no team)".to_owned(), ToString::to_string),
            amounts: names.iter().map(|month| amount(team, month)).collect(),
        });
        let stacked = Stacked {
            id,
            title,
            columns: names.iter().map(column).collect(),
            series: series.collect(),
        };
        html += &stacked.chart().html();
    }
    let head = ["month", "team", "without", "with", "budget"];
    html + &table(&head, months(result), 2)
}

fn stopped(result: &Simulated) -> String {
    let row = |it: &Outcome| -> Vec<String> {
        let when = it
            .ends_at
            .map_or("denied".to_owned(), |at| at.format("%F %R").to_string());
        let because: Vec<&str> = it.because.iter().map(|why| why.as_str()).collect();
        let saved = it.without.zip(it.with);
        let saved = saved.map_or("unknown".to_owned(), |(without, with)| {
            chart::dollars(without - with)
        });
        let wrong = if it.wrong { "yes" } else { "" };
        [
            it.id.to_string(),
            line(it.name.as_str(), 60),
            it.team
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            when,
            line(&because.join("; "), MAX_REASON),
            wrong.to_owned(),
            saved,
        ]
        .into()
    };
    let head = [
        "cluster",
        "of",
        "team",
        "ended (UTC)",
        "because",
        "had work",
        "saved",
    ];
    let rows = result.stopped.iter().take(MAX_STOPPED).map(row).collect();
    let mut html = table(&head, rows, 6);
    let more = result.stopped.len().saturating_sub(MAX_STOPPED);
    if more > 0 {
        html += &paragraph(&format!("{more} more are in --output json."));
    }
    html
}

fn table(head: &[&str], rows: Vec<Vec<String>>, texts: usize) -> String {
    let table = Table {
        caption: "In dollars".to_owned(),
        head: head.iter().map(|name| (*name).to_owned()).collect(),
        rows,
        texts,
    };
    table.html()
}
