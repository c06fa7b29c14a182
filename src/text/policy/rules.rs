//! Consistency checks of a policy's fields, which their declarations name. Places that are missing or
//! invalid are skipped, because those mistakes are already reported.

use super::APPLIES_TO;
use crate::model::orders::UnmanagedAction;
use crate::model::percent::Percent;
use crate::model::policy::{MAX_MAILS, MAX_NOTICES, MAX_TOPICS};
use crate::model::span::Span;
use crate::model::stack::Guardrails;
use crate::text::diag::{Code, Diagnostic};
use crate::text::field::{At, Got};
use crate::text::node::{Node, Value};
use crate::text::policy_readers::{subscriber, topic};
use std::collections::BTreeSet;

const STACKS: &str = APPLIES_TO.key("stacks");
const TEAMS: &str = APPLIES_TO.key("teams");

/// A budget needs teams.
pub(super) fn budget_without_teams<B, A>(
    at: &mut At<'_, '_>,
    budget: &Got<'_, B>,
    applies_to: &Got<'_, A>,
) {
    let Some(place) = budget.place else { return };
    // An `applies_to` that is not a mapping, or has unknown keys, is already reported.
    let sure = applies_to.node.is_none_or(|node| match &node.value {
        Value::Map(entries) => entries.iter().all(|entry| entry.key.text == STACKS),
        Value::Scalar(_) | Value::Seq(_) | Value::Broken => false,
    });
    if !sure || budget.node.is_none_or(Node::is_null) {
        return;
    }
    let message = format!(
        "a `{}` applies to teams, and this policy names no team",
        budget.key
    );
    let to = applies_to.key;
    at.wrong(
        Diagnostic::new(Code::MissingKey, place.key, message)
            .expected(format!("`{TEAMS}` under `{to}`"))
            .help(format!(
                "write `{to}: {{ {TEAMS}: [recsys] }}`: each of these teams may spend this \
                 amount in a month"
            )),
    );
}

/// The limits of AWS Budgets on the subscribers of one budget.
pub(super) fn too_many_subscribers<T>(at: &mut At<'_, '_>, subscribers: &Got<'_, T>) {
    let mail = |text: &str| !topic(text);
    too_many(at, subscribers, "e-mail addresses", MAX_MAILS, mail);
    too_many(at, subscribers, "SNS topics", MAX_TOPICS, topic);
}

fn too_many<T>(
    at: &mut At<'_, '_>,
    list: &Got<'_, T>,
    what: &str,
    max: usize,
    is: impl Fn(&str) -> bool,
) {
    let listed = list.node.map_or(&[][..], Node::items).iter();
    let these = listed.filter(|node| {
        let text = node.text().filter(|text| subscriber(text).is_ok());
        text.is_some_and(&is)
    });
    let these: Vec<&Node> = these.collect();
    let Some(first) = these.get(max) else { return };
    let message = format!("`{}` has {} {what}", list.key, these.len());
    at.wrong(
        Diagnostic::new(Code::OutOfRange, first.mark, message)
            .expected(format!("at most {max}"))
            .help("AWS Budgets allows no more for one budget; an SNS topic can notify many people"),
    );
}

/// The limit of AWS Budgets on the notifications of one budget, one of which is for 100%.
pub(super) fn too_many_shares<T>(at: &mut At<'_, '_>, list: &Got<'_, T>) {
    let mut shares = BTreeSet::from([Percent::WHOLE]);
    let listed = list.node.map_or(&[][..], Node::items).iter();
    let new = |node: &&Node| {
        let share: Option<Percent> = node.text().and_then(|text| text.parse().ok());
        share.is_some_and(|share| shares.insert(share))
    };
    let distinct: Vec<&Node> = listed.filter(new).collect();
    let Some(first) = distinct.get(MAX_NOTICES - 1) else {
        return;
    };
    let count = distinct.len();
    let message = format!("`{}` has {count} shares besides 100%", list.key);
    at.wrong(
        Diagnostic::new(Code::OutOfRange, first.mark, message)
            .expected(format!("at most {} besides 100%", MAX_NOTICES - 1))
            .help(
                "AWS Budgets allows ten notifications for one budget, and one of them is for 100%",
            ),
    );
}

/// Adopted clusters need a limit that ends them whatever they do.
pub(super) fn adoption_without_cap<L, B>(
    at: &mut At<'_, '_>,
    action: &Got<'_, UnmanagedAction>,
    max_lifetime: &Got<'_, L>,
    budget: &Got<'_, B>,
) {
    let Some((UnmanagedAction::Adopt, mark)) = action.written() else {
        return;
    };
    if max_lifetime.node.is_some() || budget.node.is_some() {
        return;
    }
    let (life, money) = (max_lifetime.key, budget.key);
    let message = format!("`{}: adopt` needs a limit that ends a cluster", action.key);
    at.wrong(
        Diagnostic::new(Code::MissingKey, mark, message)
            .expected(format!("`{life}` or `{money}`"))
            .help(format!("add `{life}: 24h`, `{money}: $50`, or both")),
    );
}

/// A limit below the minimum of every stack would deny all stacks.
pub(super) fn too_short<T>(at: &mut At<'_, '_>, limit: &Got<'_, T>) {
    let Some(node) = limit.node else { return };
    let span: Option<Span> = node.text().and_then(|text| text.parse().ok());
    let min = Guardrails::IDLE_MIN;
    if let Some(span) = span.filter(|span| *span < min) {
        let message = format!("`{}` cannot be {span}", limit.key);
        at.wrong(
            Diagnostic::new(Code::OutOfRange, node.mark, message)
                .expected(format!("at least {}s", min.as_secs()))
                .help("no stack can have less, so this would deny every stack"),
        );
    }
}
