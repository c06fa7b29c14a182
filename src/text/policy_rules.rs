//! Consistency checks between several places of a policy. Places that are missing or invalid are
//! skipped, because those mistakes are already reported.

use super::diag::{Code, Diagnostic};
use super::node::{Node, Value};
use super::policy_readers::{subscriber, topic};
use crate::model::percent::Percent;
use crate::model::policy::{MAX_MAILS, MAX_NOTICES, MAX_TOPICS};
use crate::model::span::Span;
use crate::model::stack::Guardrails;
use std::collections::BTreeSet;

pub(crate) fn check(root: &Node) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    found.extend(budget_without_teams(root));
    let mail = |text: &str| !topic(text);
    found.extend(too_many(root, "addresses of e-mail", MAX_MAILS, mail));
    found.extend(too_many(root, "topics of SNS", MAX_TOPICS, topic));
    found.extend(too_many_shares(root));
    for key in ["max_lifetime", "idle_timeout"] {
        found.extend(too_short(root, key));
    }
    found
}

/// A budget needs teams.
fn budget_without_teams(root: &Node) -> Option<Diagnostic> {
    let budget = root.entry("budget")?;
    let applies = root.get("applies_to");
    // An `applies_to` that is not a mapping, or has unknown keys, is already reported.
    let sure = applies.is_none_or(|node| match &node.value {
        Value::Map(entries) => entries.iter().all(|entry| entry.key.text == "stacks"),
        Value::Scalar(_) | Value::Seq(_) | Value::Broken => false,
    });
    if !sure || budget.value.is_null() {
        return None;
    }
    let message = "a `budget` belongs to teams, and this policy names none";
    Some(
        Diagnostic::new(Code::MissingKey, budget.key.mark, message)
            .expected("`teams` under `applies_to`")
            .help(
                "write `applies_to: { teams: [recsys] }`: each team that is named may spend as \
                 much in a month",
            ),
    )
}

/// The limit of AWS Budgets on the subscribers of one budget.
fn too_many(root: &Node, what: &str, max: usize, is: impl Fn(&str) -> bool) -> Option<Diagnostic> {
    let listed = root.find(&["budget", "subscribers"])?.items().iter();
    let these = listed.filter(|node| {
        let text = node.text().filter(|text| subscriber(text).is_ok());
        text.is_some_and(&is)
    });
    let these: Vec<&Node> = these.collect();
    let first = these.get(max)?;
    let message = format!("`subscribers` has {} {what}", these.len());
    Some(
        Diagnostic::new(Code::OutOfRange, first.mark, message)
            .expected(format!("at most {max}"))
            .help("AWS Budgets allows no more for one budget; an SNS topic can notify many people"),
    )
}

/// The limit of AWS Budgets on the notifications of one budget, one of which is for 100%.
fn too_many_shares(root: &Node) -> Option<Diagnostic> {
    let mut shares = BTreeSet::from([Percent::WHOLE]);
    let listed = root.find(&["budget", "notify_at"])?.items().iter();
    let new = |node: &&Node| {
        let share: Option<Percent> = node.text().and_then(|text| text.parse().ok());
        share.is_some_and(|share| shares.insert(share))
    };
    let distinct: Vec<&Node> = listed.filter(new).collect();
    let first = distinct.get(MAX_NOTICES - 1)?;
    let message = format!("`notify_at` has {} shares besides 100%", distinct.len());
    Some(
        Diagnostic::new(Code::OutOfRange, first.mark, message)
            .expected(format!("at most {} besides 100%", MAX_NOTICES - 1))
            .help(
                "AWS Budgets allows ten notifications for one budget, and one of them is for 100%",
            ),
    )
}

/// A limit below the minimum of every stack would deny all stacks.
fn too_short(root: &Node, key: &str) -> Option<Diagnostic> {
    let node = root.find(&["limits", key])?;
    let span: Span = node.text()?.parse().ok()?;
    let min = Guardrails::IDLE_MIN;
    (span < min).then(|| {
        let message = format!("`{key}` cannot be {span}");
        Diagnostic::new(Code::OutOfRange, node.mark, message)
            .expected(format!("at least {}s", min.as_secs()))
            .help("no stack can have less, so this would deny every stack")
    })
}
