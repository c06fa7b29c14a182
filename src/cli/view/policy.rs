//! What policies say of a stack, with the rule, the figure, the limit and what would pass.

use super::month;
use super::words::wrap;
use crate::cli::admission::PolicyReport;
use crate::model::policy::Standing;
use crate::policy::{Finding, Judgement};
use std::fmt::Write;

/// Under a plan.
pub(in crate::cli) fn render(said: &PolicyReport) -> String {
    let nobody = if said.from.is_empty() {
        "there are no policies here; what is on record with the cluster holds"
    } else {
        NOBODYS
    };
    let mut text = format!("\n{}", assessment(said.judgement(), nobody));
    for place in &said.from {
        let line = format!("from {}, version {}", place.place, place.version);
        let _ = writeln!(text, "    {}", wrap(&line, 4));
    }
    for figured in said.months() {
        let line = month::line(figured.team.as_str(), &figured.policy, &figured.figures);
        let _ = writeln!(text, "    {}", wrap(&line, 6));
    }
    text
}

/// What is said where no policy is for a stack.
const NOBODYS: &str =
    "no policy is for this stack; those that there are name other teams or stacks";

/// The standing, its reasons, and the nearest limits that held.
pub(in crate::cli) fn judgement(judgement: &Judgement) -> String {
    assessment(judgement, NOBODYS)
}

fn assessment(judgement: &Judgement, nobody: &str) -> String {
    let names: Vec<&str> = judgement
        .policies
        .iter()
        .map(|name| name.as_str())
        .collect();
    let names = if names.is_empty() {
        nobody.to_owned()
    } else {
        names.join(", ")
    };
    let mut text = format!(
        "  policy: {} ({})\n",
        word(judgement.standing),
        wrap(&names, 4)
    );
    for finding in &judgement.findings {
        text.push_str(&reason(finding));
    }
    for bound in &judgement.bounds {
        if bound_is_told(judgement, &bound.rule) {
            let line = format!(
                "= {}: {} of {} ({})",
                bound.rule, bound.figure, bound.limit, bound.policy
            );
            let _ = writeln!(text, "    {}", wrap(&line, 6));
        }
    }
    text
}

fn bound_is_told(judgement: &Judgement, rule: &str) -> bool {
    !judgement
        .findings
        .iter()
        .any(|finding| finding.rule == rule)
}

fn reason(finding: &Finding) -> String {
    let sign = match (finding.denies(), finding.overridden) {
        (true, _) => "deny",
        (false, true) => "overridden",
        (false, false) => "warn",
    };
    let line = format!(
        "{sign}: {}: {} ({})",
        finding.rule, finding.message, finding.place
    );
    format!(
        "    {}\n      to pass: {}\n",
        wrap(&line, 6),
        wrap(&finding.pass, 15)
    )
}

/// As answers say it.
pub(in crate::cli) const fn word(standing: Standing) -> &'static str {
    match standing {
        Standing::Allow => "allow",
        Standing::Warn => "warn",
        Standing::Deny => "deny",
    }
}
