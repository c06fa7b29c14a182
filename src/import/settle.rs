//! Has the stack's own reader judge what was made. What it refuses is left out, and is a fatal loss with
//! the reader's own words; so no rule about a value is written twice.

use super::emit::{Numbers, Written, written};
use super::fates::{Fate, Ledger};
use super::yaml::Yaml;
use crate::model::stack::Stack;
use crate::text::{self, Diagnostics};
use std::path::Path;

/// How often what the reader refuses is left out: the reader reports at most 100 mistakes at once.
const MAX_ROUNDS: usize = 40;

/// The name of the text in the reader's messages.
const NAME: &str = "the imported stack";

/// Leaves out what the reader refuses, until it takes the rest. Returns the stack, and its text without
/// a head.
///
/// # Errors
/// Returns the mistakes that remain: of something that no stack can be without.
pub(super) fn settle(root: &mut Yaml, ledger: &Ledger) -> Result<Stack, Diagnostics> {
    let mut round = 0;
    loop {
        let text = written(root, &ledger.losses());
        match text::parse(NAME, &text.text, Path::new("."), &[]) {
            Ok(stack) => return Ok(stack),
            Err(found) if round == MAX_ROUNDS => return Err(found),
            Err(found) => {
                if !leave_out(root, ledger, &found, &text) {
                    return Err(found);
                }
            }
        }
        round += 1;
    }
}

/// Leaves out what has a mistake; false if nothing can be left out.
fn leave_out(root: &mut Yaml, ledger: &Ledger, found: &Diagnostics, text: &Written) -> bool {
    let mut wrong: Vec<(Numbers, String)> = Vec::new();
    for mistake in found.iter() {
        let (_, line, _) = found.place(mistake.at);
        let at = text.lines.get(line - 1).map_or(&[][..], Vec::as_slice);
        let Some(at) = removable(root, at) else {
            continue;
        };
        let reason = match &mistake.expected {
            Some(expected) => format!("{}; expected {expected}", mistake.message),
            None => mistake.message.clone(),
        };
        if !wrong.iter().any(|(there, _)| at.starts_with(there)) {
            wrong.retain(|(there, _)| !there.starts_with(&at));
            wrong.push((at, reason));
        }
    }
    // Later ones first, so that the numbers of the others stay.
    wrong.sort();
    for (at, reason) in wrong.iter().rev() {
        if let Some(removed) = root.remove(at) {
            lose(&removed, ledger, reason);
        }
    }
    !wrong.is_empty()
}

/// The innermost value around a place that can be left out, and that says something of the document.
fn removable(root: &Yaml, at: &[usize]) -> Option<Numbers> {
    let mut found = None;
    let mut value = root;
    for (depth, number) in at.iter().enumerate() {
        value = value.child(*number)?;
        if !value.is_fixed && says_something(value) {
            found = Some(at[..=depth].to_vec());
        }
    }
    found
}

fn says_something(value: &Yaml) -> bool {
    let mut below = (0..value.len()).filter_map(|number| value.child(number));
    !value.from.is_empty() || below.any(says_something)
}

fn lose(removed: &Yaml, ledger: &Ledger, reason: &str) {
    for place in &removed.from {
        ledger.lose(place, Fate::Fatal, reason);
    }
    // What is about a place says also what is below it.
    if removed.from.is_empty() {
        for number in 0..removed.len() {
            if let Some(child) = removed.child(number) {
                lose(child, ledger, reason);
            }
        }
    }
}
