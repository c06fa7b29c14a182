//! A file of examples: stacks, and what policies are expected to say of them.

use super::collections::{Unique, list};
use super::field::record;
use super::format::PATH;
use super::policy_format as format;
use super::types::{LocalPath, Words};
use crate::model::money::Usd;
use crate::model::policy::{Example, Standing};

record! {
    /// Stacks, and what policies are expected to say of them.
    pub(crate) EXAMPLES: Vec<Example> = |at| {
        /// The examples.
        examples: required = list(EXAMPLE, Unique::ByName, "an example",
            "{ name: …, stack: stack.yaml, expect: allow }").filled(),
            "[{ name: …, stack: stack.yaml, expect: allow }]";
    } => examples;
}

record! {
    /// A stack, and what is expected.
    EXAMPLE: Example = |at| {
        /// What it shows.
        name: required = format::TITLE, "a small cluster passes";
        /// The stack's file, seen from the folder of this one.
        stack: required = LocalPath(PATH, None), "../stacks/quickstart.yaml";
        /// Changes to the stack, as `--set` has them.
        set: or_empty =
            list(format::SETTING, Unique::No, "a change", "cluster.size=12 x m5.xlarge"),
            "[cluster.size=12 x m5.xlarge]";
        /// How the month of the stack's team stands.
        month: or_empty = MONTH, "{ spent: $150, promised: $20 }";
        /// What becomes of the stack.
        expect: required = Words([
            ("allow", Standing::Allow, "Nothing is said against it."),
            ("warn", Standing::Warn, "It passes with a warning."),
            ("deny", Standing::Deny, "It is refused."),
        ]), "deny";
        /// What has to be among the reasons: limits, and names of rules.
        because: or_empty = list(format::REASON, Unique::ByText, "a reason", "limits.nodes"),
            "[limits.nodes]";
    } => {
        let (spent, reserved) = month;
        let line = at.line();
        Example { name, stack, sets: set, spent, reserved, expect, because, line }
    };
}

record! {
    /// How a team's month stands.
    MONTH: (Option<Usd>, Option<Usd>) = |at| {
        /// What clusters have cost.
        spent: optional = format::AMOUNT, "$150";
        /// What living clusters may cost yet.
        promised: optional = format::AMOUNT, "$20";
    } => (spent, promised);
}
