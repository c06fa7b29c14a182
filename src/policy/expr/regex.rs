//! Checks regular expressions as CEL reads them.

use cel::{Context, Program};

/// What is wrong with a regular expression, given as the rule's literal with its quotes.
pub(super) fn flaw(literal: &str) -> Option<String> {
    let program = Program::compile(&format!("\"\".matches({literal})")).ok()?;
    let error = program.execute(&Context::default()).err()?.to_string();
    // The error's last line explains; the lines above show the place.
    let last = error.lines().last()?.trim();
    Some(last.trim_start_matches("error: ").to_owned())
}
