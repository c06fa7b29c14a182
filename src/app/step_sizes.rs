//! How a stack's executors use its nodes, at their lines.

use crate::model::stack::Stack;
use crate::plan::node_use::{self, SizeField, SizeFinding};
use crate::text::{Complaint, Named, StackNames, What};

/// The complaints about the sizes of a stack's steps, each with its place. What the stack does not write
/// into a step has none.
pub(super) fn check(stack: &Stack, names: &StackNames) -> Vec<(Named, Complaint)> {
    let placed = |found: SizeFinding| {
        let (what, text) = match found.field {
            SizeField::Memory => (What::ExecutorMemory, None),
            SizeField::Cores => (What::ExecutorCores, None),
            SizeField::Executors => (What::Executors, None),
            SizeField::Conf(key) => (What::Conf, Some(key)),
        };
        let named = names.of_step(found.step.as_str(), what, text)?;
        let complaint = Complaint {
            code: Some(found.code),
            message: found.message,
            help: Some(found.help),
        };
        Some((named.clone(), complaint))
    };
    node_use::check(stack)
        .into_iter()
        .filter_map(placed)
        .collect()
}
