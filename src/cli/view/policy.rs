//! The verdict of policies on a stack: rule, figure, limit, and what would pass.

use super::month;
use super::words::wrap;
use crate::app::stack_admission::PolicyReport;
use crate::model::policy::Standing;
use crate::policy::{Finding, Judgement};
use std::fmt::Write;

/// The verdict below a plan.
pub(in crate::cli) fn render(report: &PolicyReport) -> String {
    let if_none = if report.from.is_empty() {
        "no policies were found here; the budgets recorded with the cluster apply"
    } else {
        NONE_APPLIES
    };
    let mut text = format!("\n{}", assessment(report.judgement(), if_none));
    for place in &report.from {
        let line = format!("from {}, version {}", place.place, place.version);
        let _ = writeln!(text, "    {}", wrap(&line, 4));
    }
    for figured in report.months() {
        let line = month::line(figured.team.as_str(), &figured.policy, &figured.figures);
        let _ = writeln!(text, "    {}", wrap(&line, 6));
    }
    text
}

/// Shown if policies exist but none applies to the stack.
const NONE_APPLIES: &str = "all policies are for other teams or stacks";

/// The verdict, its reasons, and the nearest limits that the stack keeps within.
pub(in crate::cli) fn judgement(judgement: &Judgement) -> String {
    assessment(judgement, NONE_APPLIES)
}

fn assessment(judgement: &Judgement, if_none: &str) -> String {
    let names: Vec<&str> = judgement
        .policies
        .iter()
        .map(|name| name.as_str())
        .collect();
    let names = if names.is_empty() {
        if_none.to_owned()
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
        if is_bound_shown(judgement, &bound.rule) {
            let line = format!(
                "= {}: {} of {} ({})",
                bound.rule, bound.figure, bound.limit, bound.policy
            );
            let _ = writeln!(text, "    {}", wrap(&line, 6));
        }
    }
    text
}

fn is_bound_shown(judgement: &Judgement, rule: &str) -> bool {
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

/// The verdict's word, as in JSON.
pub(in crate::cli) const fn word(standing: Standing) -> &'static str {
    match standing {
        Standing::Allow => "allow",
        Standing::Warn => "warn",
        Standing::Deny => "deny",
    }
}
