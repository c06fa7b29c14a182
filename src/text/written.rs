//! A policy that was read, with the places of its rules' conditions. The conditions are still text;
//! another room compiles them, and its flaws are underlined here.

use super::align::within;
use super::diag::{Code, Diagnostic, Diagnostics};
use super::source::{Mark, Source};
use crate::model::policy::Policy;
use std::ops::Range;

/// A policy, and the places of its conditions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub(super) policy: Policy,
    pub(super) source: Source,
    /// The place of each rule's condition, in the order of the rules.
    pub(super) conditions: Vec<Condition>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Condition {
    pub(crate) mark: Mark,
    /// Whether it is neither quoted nor a block.
    pub(crate) plain: bool,
}

/// A flaw in a rule's condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// The index of the rule in the policy, from 0.
    pub rule: usize,
    /// The place in bytes of the condition's text.
    pub range: Range<usize>,
    /// What is wrong, as a sentence without a full stop.
    pub message: String,
    /// What should stand there; completes "expected …".
    pub expected: Option<String>,
    /// How to fix it.
    pub help: Option<String>,
}

impl Written {
    /// The policy, whose conditions are not checked yet.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Returns the policy if its conditions have no flaws.
    ///
    /// # Errors
    /// Returns the flaws, underlined in the policy's text.
    pub fn checked(self, flaws: Vec<Flaw>) -> Result<Policy, Diagnostics> {
        if flaws.is_empty() {
            return Ok(self.policy);
        }
        let found = flaws
            .into_iter()
            .map(|flaw| self.diagnostic(flaw))
            .collect();
        Err(Diagnostics::new(vec![self.source], found))
    }

    fn diagnostic(&self, flaw: Flaw) -> Diagnostic {
        let rule = self.policy.rules.get(flaw.rule);
        let place = rule.zip(self.conditions.get(flaw.rule));
        let at = place.map_or(Mark::new(0, 0..0), |(rule, condition)| {
            within(&self.source, condition.mark, &rule.when, &flaw.range)
        });
        let cut = place.is_some_and(|(_, condition)| self.cut(*condition));
        let help = match flaw.help {
            None if cut => Some(
                "a `#` after a space begins a comment in YAML; \
                 if the condition continues after that, write it in quotes"
                    .to_owned(),
            ),
            help => help,
        };
        let mut found = Diagnostic::new(Code::BadExpression, at, flaw.message);
        found.expected = flaw.expected;
        found.help = help;
        found
    }

    /// Whether a comment follows a condition without quotes, which may have cut it.
    fn cut(&self, condition: Condition) -> bool {
        let rest = self.source.text.get(condition.mark.end..);
        let line = rest
            .and_then(|rest| rest.lines().next())
            .unwrap_or_default();
        condition.plain && line.trim_start().starts_with('#')
    }
}
