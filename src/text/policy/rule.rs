//! `rules`: conditions in CEL, and what is said where they are true.

use crate::model::policy::{Effect, Rule};
use crate::text::expression::Expression;
use crate::text::field::record;
use crate::text::policy_format as format;
use crate::text::written::Condition;

record! {
    /// A condition, and what is said where it is true.
    pub(super) RULE: (Rule, Condition) [without: "does not say when it speaks"] = |at| {
        /// What verdicts and examples call it by.
        name: required = format::RULE, "big-clusters-are-spot";
        /// A condition in CEL under which a stack is refused.
        deny_when: either = Expression(format::EXPRESSION), "stack.cluster.nodes > 5";
        /// A condition in CEL under which a stack is let pass with a warning.
        warn_when: either = Expression(format::EXPRESSION), "stack.cluster.nodes > 5";
        /// What a person is told, and how it can be passed.
        message: required = format::MESSAGE, "more than 5 nodes must run on Spot";
    } => {
        let warn = warn_when.map(|when| (Effect::Warn, when));
        let (effect, (when, condition)) = warn.or(deny_when.map(|when| (Effect::Deny, when)))?;
        let line = at.line();
        (Rule { name, effect, when, message, line }, condition)
    };
}
