//! `plan` as a document for a review: what changes and why, what it costs, and what ends it.

use super::figures::{age_and_certainty, cents};
use super::plan::counts;
use super::price;
use super::words;
use crate::app::agreement::Proposal;
use crate::app::prices::Prices;
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
        if let Some(prices) = &proposal.prices {
            document.section("Price", &price(prices, spec));
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
    let what = escape(what);
    let mut html = if sign.is_empty() {
        format!("<li>{what}")
    } else {
        let sign = escape(sign);
        format!("<li class=\"signed\"><span class=\"sign {tone}\">{sign}</span><span>{what}</span>")
    };
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

/// The price by group and component, and the most that the cluster can cost.
fn price(prices: &Prices<'_>, spec: &ClusterSpec) -> String {
    let estimate = match prices.of(spec) {
        Ok(estimate) => estimate,
        Err(unknown) => return format!("<p>{}</p>", escape(&unknown.to_string())),
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
    html
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::catalog::Catalog;
    use crate::model::facts::Facts;
    use crate::{plan, text};
    use std::path::Path;

    fn spec(guardrails: &str) -> ClusterSpec {
        let yaml = format!(
            "stack: t\nregion: us-east-1\nguardrails: {guardrails}\n\
             cluster: {{ release: emr-7.x, size: 3 x m5.xlarge }}\n"
        );
        let stack = text::parse("t.yaml", &yaml, Path::new(""), &[]).unwrap();
        let facts = Facts::of_aws("primary=0.192+0.048+0+0 core=0.192+0.048+0+0");
        plan::expand::expand(&stack, &facts).unwrap().0.cluster
    }

    #[test]
    fn a_price_has_its_parts_and_the_most_that_it_can_be() {
        let prices = Prices {
            catalog: Catalog::bundled(),
            region: &"us-east-1".parse().unwrap(),
            clusters: &[],
            expected: Some("30m".parse().unwrap()),
            now: "2026-11-21T00:00:00Z".parse().unwrap(),
        };
        let mut spec = spec("{ when_done: keep }");
        let html = price(&prices, &spec);
        for part in [
            "$0.77</span> an hour, and at most <span class=\"big\">$1.81</span>: max_lifetime",
            "<th scope=\"row\">core 2 x m5.xlarge</th><td class=\"num\">0.3840</td>",
            "<td class=\"num\">0.7662</td></tr>",
            "per run, if it takes as long as earlier runs (30m): ",
            "not priced: S3",
        ] {
            assert!(html.contains(part), "{part}: {html}");
        }
        spec.groups.primary.nodes.instance_type = "m5.3xlarge".parse().unwrap();
        assert!(price(&prices, &spec).starts_with("<p>no EC2 price is known"));
    }

    #[test]
    fn the_guardrail_that_ends_a_cluster_first_is_marked() {
        let now = "2026-11-21T00:00:00Z".parse().unwrap();
        for (yaml, first, has_later) in [
            (
                "{ when_done: keep, max_lifetime: 2h }",
                "ends it after 2h 00m",
                false,
            ),
            (
                "{ when_done: keep, max_lifetime: 30h, budget: $3 }",
                "ends it after 3h",
                true,
            ),
        ] {
            let html = guardrails(&spec(yaml), now);
            assert_eq!(html.matches("class=\"item bad\"").count(), 1, "{html}");
            assert!(html.contains(first), "{first}: {html}");
            let beyond = html.matches("would end it after 1d 6h, later than shown");
            assert_eq!(beyond.count() > 0, has_later, "{html}");
            assert!(html.contains("when it has been idle for"), "{html}");
        }
    }
}
