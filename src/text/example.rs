//! A file of examples: stacks, and the verdicts that policies are expected to return for them.

use super::collections::{Unique, list};
use super::field::record;
use super::format::PATH;
use super::policy_format as format;
use super::types::{LocalPath, Words};
use crate::model::money::Usd;
use crate::model::policy::{Example, Standing};

record! {
    /// Stacks, and the verdicts that policies are expected to return for them.
    pub(crate) EXAMPLES: Vec<Example> = |at| {
        /// The examples.
        examples: required = list(EXAMPLE, Unique::By(EXAMPLE.key("name")), "an example",
            "{ name: …, stack: stack.yaml, expect: allow }").filled(),
            "[{ name: …, stack: stack.yaml, expect: allow }]";
    } => examples;
}

record! {
    /// A stack and its expected verdict.
    EXAMPLE: Example = |at| {
        /// What the example shows.
        name: required = format::TITLE, "a small cluster passes";
        /// The stack's file, relative to the folder of this file.
        stack: required = LocalPath(PATH, None), "../stacks/quickstart.yaml";
        /// Changes to the stack, as `--set` takes them.
        set: or_empty =
            list(format::SETTING, Unique::No, "a change", "cluster.size=12 x m5.xlarge"),
            "[cluster.size=12 x m5.xlarge]";
        /// The state of the team's month.
        month: or_empty = MONTH, "{ spent: $150, promised: $20 }";
        /// The expected verdict.
        expect: required = Words([
            ("allow", Standing::Allow, "The stack passes."),
            ("warn", Standing::Warn, "It passes with a warning."),
            ("deny", Standing::Deny, "It is denied."),
        ]), "deny";
        /// What the reasons must include: limits, and names of rules.
        because: or_empty = list(format::REASON, Unique::ByText, "a reason", "limits.nodes"),
            "[limits.nodes]";
    } => {
        let (spent, reserved) = month;
        let line = at.line();
        Example { name, stack, sets: set, spent, reserved, expect, because, line }
    };
}

record! {
    /// The state of a team's month.
    MONTH: (Option<Usd>, Option<Usd>) = |at| {
        /// What clusters have cost.
        spent: optional = format::AMOUNT, "$150";
        /// What living clusters may still cost.
        promised: optional = format::AMOUNT, "$20";
    } => (spent, promised);
}
