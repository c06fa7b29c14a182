//! Regular expressions, as CEL takes them.

use cel::{Context, Program};

/// What is wrong with a regular expression, given as a rule writes it, quotes and all.
pub(super) fn flaw(literal: &str) -> Option<String> {
    let program = Program::compile(&format!("\"\".matches({literal})")).ok()?;
    let error = program.execute(&Context::default()).err()?.to_string();
    // Of several lines the last says why, the others show where.
    let last = error.lines().last()?.trim();
    Some(last.trim_start_matches("error: ").to_owned())
}
