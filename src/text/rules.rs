//! Consistency checks between several places of a stack. Places that are missing or invalid are
//! skipped, because those mistakes are already reported.

use super::diag::{Code, Diagnostic};
use super::hidden_names;
use super::nearest::quote;
use super::node::{Entry, Node};
use super::stack::DATA_SETS;
use std::collections::BTreeSet;

pub(crate) fn check(root: &Node) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    circles(root, &mut found);
    hidden_names::check(root, &mut found);
    found
}

/// A data set `beside` another requires that one to have its own place; this also rules out cycles.
fn circles(root: &Node, found: &mut Vec<Diagnostic>) {
    let Some(data) = root.get(DATA_SETS.root) else {
        return;
    };
    let beside = |entry: &'_ Entry| entry.value.get("beside").map(|node| node.mark);
    let lost: BTreeSet<&str> = data
        .entries()
        .iter()
        .filter(|entry| beside(entry).is_some())
        .map(|entry| entry.key.text.as_str())
        .collect();
    for entry in data.entries() {
        if let Some(node) = entry.value.get("beside")
            && let Some(other) = node.text().filter(|other| lost.contains(other))
        {
            let message = format!("data set {} is itself declared with `beside`", quote(other));
            found.push(
                Diagnostic::new(Code::Conflict, node.mark, message)
                    .expected("one with `path`, `url` or `s3`"),
            );
        }
    }
}
