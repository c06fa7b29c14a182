//! A plan as text: each action with its sign, and the reason below it.

use super::price;
use super::safeguards;
use super::software;
use super::tone::Tone;
use super::words::{self, wrap};
use crate::app::agreement::Proposal;
use crate::model::action::Action;
use crate::model::action::Sign;
use crate::model::hint::CommandContext;
use crate::model::plan::Plan;
use std::fmt::Write;

pub(in crate::cli) fn render(proposal: &Proposal<'_>, here: &CommandContext) -> String {
    let Proposal {
        plan,
        target,
        prices,
        safeguards,
        ..
    } = proposal;
    let mut text = format!("stack {} {}\n", plan.stack, target.place.in_words());
    if plan.is_empty() {
        text.push_str("\nnothing to change:\n");
    }
    if !plan.actions.is_empty() {
        text.push('\n');
    }
    for planned in &plan.actions {
        let sign = words::toned(planned.action.sign());
        let _ = writeln!(
            text,
            "  {sign} {}",
            wrap(&words::action(&planned.action), 4)
        );
        if let Action::CreateCluster(spec, job) = &planned.action {
            if let Some(label) = &spec.label {
                let _ = writeln!(text, "      release: {label}");
            }
            for line in software::lines(&spec.emr.software) {
                let _ = writeln!(text, "      {}", wrap(&line, 8));
            }
            // The safeguards of the cluster that the plan creates.
            for line in safeguards::lines(safeguards, here) {
                let _ = writeln!(text, "      {line}");
            }
            if let Some(job) = job {
                let _ = writeln!(text, "      job: {}", wrap(&words::steps(job), 11));
            }
        }
        let lines = prices
            .as_ref()
            .map(|prices| price::lines(prices, &planned.action));
        for line in lines.iter().flatten() {
            let _ = writeln!(text, "      {}", wrap(line, 6));
        }
        let because = Tone::Dim.mark(&wrap(&planned.because, 6));
        let _ = writeln!(text, "      {because}");
    }
    if !plan.settled.is_empty() {
        text.push('\n');
    }
    for settled in &plan.settled {
        let _ = writeln!(
            text,
            "  = {}",
            wrap(&format!("{}: {}", settled.what, settled.because), 4)
        );
    }
    for note in &plan.notes {
        let _ = writeln!(text, "\n  note: {}", wrap(note, 8));
    }
    if let Some(counts) = counts(plan) {
        let price = if target.costs() {
            ""
        } else {
            " It costs nothing on this machine."
        };
        let _ = writeln!(text, "\n{counts}.{price}");
    }
    text
}

pub(super) fn counts(plan: &Plan) -> Option<String> {
    let of = |sign: Sign| {
        plan.actions
            .iter()
            .filter(|p| p.action.sign() == sign)
            .count()
    };
    let kinds = [
        (Sign::Create, "create"),
        (Sign::Update, "change"),
        (Sign::Delete, "remove"),
        (Sign::Run, "do"),
    ];
    let counts: Vec<String> = kinds
        .into_iter()
        .filter(|(sign, _)| of(*sign) > 0)
        .map(|(sign, verb)| format!("{} to {verb}", of(sign)))
        .collect();
    (!counts.is_empty()).then(|| counts.join(", "))
}
