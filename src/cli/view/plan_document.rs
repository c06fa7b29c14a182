//! `plan` as a document for a review: what changes and why, what it costs, and what ends it.

use super::figures::{age_and_certainty, cents};
use super::plan::counts;
use super::price;
use super::words;
use crate::app::agreement::Proposal;
use crate::app::stack_admission::PolicyReport;
use crate::chart::markup::escape;
use crate::chart::{Document, Item, Lane, Table, Ticks, Timeline, Tone, span};
use crate::cost::estimate::GroupCost;
use crate::guard::{self, Terms};
use crate::model::action::Sign;
use crate::model::desired::ClusterSpec;
use crate::model::plan::{Plan, Planned};
use crate::model::safeguard::{Safeguard, SafeguardState};
use chrono::{DateTime, Utc};
use std::fmt::Write;

/// The document's text. `now` is when the plan was made.
pub(in crate::cli) fn render(
    proposal: &Proposal<'_>,
    report: Option<&PolicyReport>,
    now: DateTime<Utc>,
) -> String {
    let plan = proposal.plan;
    let place = proposal.target.place.in_words();
    let title = format!("Plan of stack {} {place}", plan.stack);
    let made = now.format("made on %F at %R UTC");
    let mut document = Document::new(&title, &made.to_string());
    document.section("What changes", &changes(plan));
    if !plan.settled.is_empty() {
        let settled = plan.settled.iter();
        let items = settled.map(|one| item("", "stays", &one.what, &one.because));
        document.section("What stays", &list(items));
    }
    let mut actions = plan.actions.iter().map(|planned| &planned.action);
    if let Some(spec) = actions.find_map(|action| action.new_cluster()) {
        if let Some(html) = prices(proposal, spec) {
            document.section("Price", &html);
        }
        document.section("What ends the cluster", &guardrails(spec, now));
    }
    if !proposal.safeguards.is_empty() {
        let items = proposal.safeguards.iter().map(safeguard);
        document.section("Safeguards", &list(items));
    }
    if let Some(report) = report {
        document.section("Policies", &policies(report));
    }
    if !plan.notes.is_empty() {
        let notes = plan.notes.iter();
        document.section("Notes", &list(notes.map(|note| item("", "", note, ""))));
    }
    document.html()
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("<ul class=\"list\">\n{}</ul>", items.collect::<String>())
}

/// An item of a list: a coloured word, what it is, and why.
fn item(tone: &str, sign: &str, what: &str, why: &str) -> String {
    let mut html = "<li>".to_owned();
    if !sign.is_empty() {
        let _ = write!(html, "<span class=\"sign {tone}\">{}</span> ", escape(sign));
    }
    html += &escape(what);
    if !why.is_empty() {
        let _ = write!(html, "<small>{}</small>", escape(why));
    }
    html + "</li>\n"
}

fn changes(plan: &Plan) -> String {
    let Some(counts) = counts(plan) else {
        return "<p>Nothing is to change.</p>".to_owned();
    };
    let change = |planned: &Planned| {
        let (tone, sign) = match planned.action.sign() {
            Sign::Create => ("good", "create"),
            Sign::Update => ("warn", "change"),
            Sign::Delete => ("bad", "remove"),
            Sign::Run => ("good", "do"),
        };
        let mut why = planned.because.clone();
        if planned.asks {
            why += " (it needs consent)";
        }
        item(tone, sign, &words::action(&planned.action), &why)
    };
    format!(
        "<p>{}.</p>\n{}",
        escape(&counts),
        list(plan.actions.iter().map(change))
    )
}

/// The price by group and component; `None` on a target without costs.
fn prices(proposal: &Proposal<'_>, spec: &ClusterSpec) -> Option<String> {
    let prices = proposal.prices.as_ref()?;
    let estimate = match prices.of(spec) {
        Ok(estimate) => estimate,
        Err(unknown) => return Some(format!("<p>{}</p>", escape(&unknown.to_string()))),
    };
    let row = |name: String, groups: &[&GroupCost], sum| {
        let figures = price::figures(groups, sum);
        std::iter::once(name).chain(figures).collect()
    };
    let all: Vec<&GroupCost> = estimate.groups.iter().collect();
    let groups = all.iter();
    let groups = groups.map(|group| {
        let name = format!("{} {}", group.role, group.nodes);
        row(name, &[group], group.hourly)
    });
    let total = row("total".to_owned(), &all, estimate.hourly);
    let head = std::iter::once("").chain(price::HEAD);
    let table = Table {
        caption: "In dollars per hour".to_owned(),
        head: head.map(str::to_owned).collect(),
        rows: groups.chain([total]).collect(),
        texts: 1,
    };
    let estimated = price::estimated(prices, spec, &estimate);
    let worst = cents(estimated.worst());
    let mut html = format!(
        "<p><span class=\"big\">{}</span> an hour, and at most <span class=\"big\">{worst}</span>: \
         {}</p>\n{}\n",
        cents(estimate.hourly),
        escape(&estimated.latest()),
        table.html()
    );
    let mut notes: Vec<String> = price::sentences(&estimated).collect();
    notes.push(age_and_certainty(&estimate, prices.now.date_naive()));
    for note in notes {
        let _ = writeln!(html, "<p class=\"muted\">{}</p>", escape(&note));
    }
    Some(html)
}

/// What would end a cluster that is created now, on a timeline.
fn guardrails(spec: &ClusterSpec, now: DateTime<Utc>) -> String {
    let rates = spec.rates.clone();
    let terms = Terms::ahead(&spec.guardrails, &spec.groups, rates, spec.ending, now);
    let deadline = terms.deadline();
    let until = now + (deadline.at - now) * 5 / 4;
    let mut lanes: Vec<(DateTime<Utc>, Lane)> = Vec::new();
    let mut add = |name: String, at: DateTime<Utc>, tone, note: String| {
        let later = if at > until { ", later than shown" } else { "" };
        let item = Item {
            from: now,
            until: Some(at),
            tone,
            text: format!("{note}{later}"),
        };
        let note = item.text.clone();
        let items = vec![item];
        lanes.push((at, Lane { name, note, items }));
    };
    for opinion in guard::hard_opinions(now, &terms) {
        let Some(at) = opinion.ends_at else { continue };
        let is_first = opinion.cause == deadline.cause;
        let (tone, says) = if is_first {
            (Tone::Bad, "ends it after ")
        } else {
            (Tone::Plain, "would end it after ")
        };
        let note = format!("{says}{}", span(at - now));
        add(opinion.cause.to_string(), at, tone, note);
    }
    let idle = spec.guardrails.idle_timeout;
    let note = format!("ends it when it has been idle for {idle}");
    add(
        "idle_timeout".to_owned(),
        now + idle.delta(),
        Tone::Warn,
        note,
    );
    if let Some(within) = spec.guardrails.start_within {
        let note = format!("ends it unless it is ready after {within}");
        add(
            "start_within".to_owned(),
            now + within.delta(),
            Tone::Warn,
            note,
        );
    }
    lanes.sort_by_key(|(at, _)| *at);
    let timeline = Timeline {
        id: "guardrails",
        title: "Guardrails, from the cluster's creation",
        from: now,
        until,
        now: None,
        ticks: Ticks::Since,
        lanes: lanes.into_iter().map(|(_, lane)| lane).collect(),
    };
    let done = format!("when_done: {}", spec.guardrails.when_done.as_str());
    format!("{}<p class=\"muted\">{done}</p>", timeline.chart().html())
}

fn safeguard(safeguard: &Safeguard) -> String {
    let (tone, sign, says) = match &safeguard.state {
        SafeguardState::Armed { says, .. } => ("good", "armed", says.clone()),
        SafeguardState::Asked { says, .. } => ("warn", "requested", says.clone()),
        SafeguardState::Disarmed { why, .. } => ("warn", "disarmed", why.to_string()),
    };
    item(tone, sign, &safeguard.kind.to_string(), &says)
}

fn policies(report: &PolicyReport) -> String {
    let judgement = report.judgement();
    let findings = judgement.findings.iter().map(|finding| {
        let (tone, sign) = match (finding.denies(), finding.overridden) {
            (true, _) => ("bad", "deny"),
            (false, true) => ("warn", "overridden"),
            (false, false) => ("warn", "warn"),
        };
        let what = format!("{}: {}", finding.rule, finding.message);
        let why = format!("{}; to pass: {}", finding.place, finding.pass);
        item(tone, sign, &what, &why)
    });
    let bounds = judgement.bounds.iter().map(|bound| {
        let what = format!("{}: {} of {}", bound.rule, bound.figure, bound.limit);
        item("good", "kept", &what, &format!("policy {}", bound.policy))
    });
    let months = report.months().iter().map(|month| {
        let line = super::month::line(month.team.as_str(), &month.policy, &month.figures);
        item("", "budget", &line, "")
    });
    let names: Vec<String> = judgement.policies.iter().map(ToString::to_string).collect();
    let names = if names.is_empty() {
        "no policy applies".to_owned()
    } else {
        names.join(", ")
    };
    let verdict = super::policy::word(judgement.standing);
    format!(
        "<p>{verdict}: {}</p>\n{}",
        escape(&names),
        list(findings.chain(bounds).chain(months))
    )
}
