//! `rules`: conditions in CEL, and their messages.

use crate::model::policy::{Effect, Rule};
use crate::text::expression::Expression;
use crate::text::field::record;
use crate::text::policy_format as format;
use crate::text::written::Condition;

record! {
    /// A condition, and the message if it is true.
    pub(super) RULE: (Rule, Condition) [without: "does not say when it applies"] = |at| {
        /// The name that verdicts and examples show.
        name: required = format::RULE, "big-clusters-are-spot";
        /// A condition in CEL; if it is true, the stack is denied.
        deny_when: either = Expression(format::EXPRESSION), "stack.cluster.nodes > 5";
        /// A condition in CEL; if it is true, the stack passes with a warning.
        warn_when: either = Expression(format::EXPRESSION), "stack.cluster.nodes > 5";
        /// The message that people see: what is wrong, and how to pass.
        message: required = format::MESSAGE, "more than 5 nodes must run on Spot";
    } => {
        let warn = warn_when.map(|when| (Effect::Warn, when));
        let (effect, (when, condition)) = warn.or(deny_when.map(|when| (Effect::Deny, when)))?;
        let line = at.line();
        (Rule { name, effect, when, message, line }, condition)
    };
}
