//! What a check says about stacks, in the form that is common to the outputs for CI: a line of a
//! file, and a message.

use super::checked::{Checked, Invalid};
use crate::model::lint::Severity;
use crate::model::policy::Effect;
use crate::policy::Finding;
use crate::text::{self, Diagnostic};
use std::iter;

pub(super) struct Remark<'a> {
    /// Such as `recsys/limits.nodes`, or `stack/unknown-key` for a mistake in a stack.
    pub(super) rule: String,
    pub(super) about_rule: String,
    pub(super) title: String,
    /// `error` or `warning`.
    pub(super) level: &'static str,
    pub(super) file: &'a str,
    /// From 1.
    pub(super) line: usize,
    pub(super) message: String,
}

pub(super) fn remarks<'a>(checked: &'a [Checked], invalid: &'a [Invalid]) -> Vec<Remark<'a>> {
    let findings = checked.iter().flat_map(|stack| {
        let findings = stack.judgement.findings.iter();
        findings.map(|finding| of_finding(stack, finding))
    });
    findings
        .chain(invalid.iter().flat_map(of_invalid))
        .collect()
}

fn of_finding<'a>(stack: &'a Checked, finding: &Finding) -> Remark<'a> {
    let Finding { policy, rule, .. } = finding;
    Remark {
        rule: format!("{policy}/{rule}"),
        about_rule: format!("Policy {policy}, {rule}"),
        title: format!("{policy} {rule}"),
        level: match finding.effect {
            Effect::Deny => "error",
            Effect::Warn => "warning",
        },
        file: &stack.file,
        // That of its key, or if the file does not have the key, of the nearest key above it.
        line: text::line_of(&stack.text, finding.at),
        message: format!(
            "{} ({}). To pass: {}",
            finding.message, finding.place, finding.pass
        ),
    }
}

fn of_invalid(stack: &Invalid) -> Vec<Remark<'_>> {
    let mistake = |code: &str, line, severity, message| Remark {
        rule: format!("stack/{code}"),
        about_rule: format!("Stacks, {code}"),
        title: format!("stack {code}"),
        level: match severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        file: &stack.file,
        line,
        message,
    };
    let failure = &stack.failure;
    let Some(found) = &failure.diagnostics else {
        let parts = iter::once(&failure.message).chain(&failure.causes);
        let message = parts.map(String::as_str).collect::<Vec<_>>().join(": ");
        return vec![mistake("unreadable", 1, Severity::Error, message)];
    };
    let lines = found.iter().map(|one| {
        let (_, line, _) = found.place(one.at);
        mistake(one.code.as_str(), line, one.code.severity(), said(one))
    });
    lines.collect()
}

/// A mistake in a line: what is wrong, what should stand there, and how to fix it.
fn said(found: &Diagnostic) -> String {
    let expected = found.expected.iter();
    let expected = expected.map(|expected| format!("; expected {expected}"));
    let help = found.help.iter().map(|help| format!(". {help}"));
    let rest: String = expected.chain(help).collect();
    format!("{}{rest}", found.message)
}
