//! A policy that was read, with the places of its rules' conditions: those are still text, which
//! another room reads, and what that finds wrong is underlined here.

use super::align::within;
use super::diag::{Code, Diagnostic, Diagnostics};
use super::source::{Mark, Source};
use crate::model::policy::Policy;
use std::ops::Range;

/// A policy, and where its conditions stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub(super) policy: Policy,
    pub(super) source: Source,
    /// Where the condition of each rule stands, in the order of the rules.
    pub(super) conditions: Vec<Condition>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Condition {
    pub(crate) mark: Mark,
    /// Neither quoted nor a block.
    pub(crate) plain: bool,
}

/// What is wrong in a rule's condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// The rule, by its number from 0 in the policy.
    pub rule: usize,
    /// Where, in bytes of the condition's text.
    pub range: Range<usize>,
    pub message: String,
    /// What should stand there; fits after the word "expected".
    pub expected: Option<String>,
    /// How it can be mended.
    pub help: Option<String>,
}

impl Written {
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The policy, if nothing is wrong in its conditions; else that, underlined.
    pub fn checked(self, flaws: Vec<Flaw>) -> Result<Policy, Diagnostics> {
        if flaws.is_empty() {
            return Ok(self.policy);
        }
        let found = flaws.into_iter().map(|flaw| self.told(flaw)).collect();
        Err(Diagnostics::new(vec![self.source], found))
    }

    fn told(&self, flaw: Flaw) -> Diagnostic {
        let rule = self.policy.rules.get(flaw.rule);
        let place = rule.zip(self.conditions.get(flaw.rule));
        let at = place.map_or(Mark::new(0, 0..0), |(rule, condition)| {
            within(&self.source, condition.mark, &rule.when, &flaw.range)
        });
        let cut = place.is_some_and(|(_, condition)| self.cut(*condition));
        let help = match flaw.help {
            None if cut => Some(
                "a `#` after a space begins a comment in YAML; \
                 write the condition in quotes if it goes on behind that"
                    .to_owned(),
            ),
            help => help,
        };
        let mut found = Diagnostic::new(Code::BadExpression, at, flaw.message);
        found.expected = flaw.expected;
        found.help = help;
        found
    }

    /// Whether a comment follows a condition that has no quotes.
    fn cut(&self, condition: Condition) -> bool {
        let rest = self.source.text.get(condition.mark.end..);
        let line = rest
            .and_then(|rest| rest.lines().next())
            .unwrap_or_default();
        condition.plain && line.trim_start().starts_with('#')
    }
}
