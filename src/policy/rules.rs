//! Evaluates a policy's rules for a stack.

use super::expr::Expr;
use super::finding::Finding;
use super::load::Compiled;
use super::subject::Subject;
use crate::model::policy::{Effect, Policy, Rule};

pub(super) fn check(compiled: &Compiled, subject: &Subject<'_>) -> Vec<Finding> {
    let rules = compiled.policy.rules.iter().zip(&compiled.conditions);
    let found = rules.filter_map(|(rule, condition)| {
        let finding =
            |effect, message, pass| finding(&compiled.policy, rule, effect, message, pass);
        match condition.holds(subject) {
            Ok(false) => None,
            Ok(true) => Some(finding(
                rule.effect,
                rule.message.clone(),
                format!(
                    "change the stack so that this condition is false (`clusterup policy check` \
                     checks it): {}",
                    text(condition)
                ),
            )),
            // A rule that cannot be evaluated denies.
            Err(why) => Some(finding(
                Effect::Deny,
                format!(
                    "rule {} cannot be evaluated for this stack: {why}",
                    rule.name
                ),
                format!(
                    "add what the rule reads to the stack, or let the rule check for it first \
                     (`clusterup policy check` checks it): {}",
                    text(condition)
                ),
            )),
        }
    });
    found.collect()
}

fn finding(policy: &Policy, rule: &Rule, effect: Effect, message: String, pass: String) -> Finding {
    Finding {
        policy: policy.name.clone(),
        rule: format!("rules.{}", rule.name),
        place: policy.place(rule.line),
        effect,
        at: "stack",
        figure: None,
        limit: None,
        message,
        pass,
        overridden: false,
    }
}

/// The condition on one line.
fn text(condition: &Expr) -> String {
    let words: Vec<&str> = condition.text().split_whitespace().collect();
    words.join(" ")
}
