//! Questions. None is asked where nobody can answer.

use super::context::Context;
use super::failure::Failure;
use crate::model::hint::Command;
use std::io::{BufRead, Write};

/// Asks for a yes. `--yes` says it beforehand; without a terminal that flag is the only way.
pub(super) fn consent(question: &str, yes: bool, context: &Context) -> Result<bool, Failure> {
    if yes {
        return Ok(true);
    }
    if !context.stdin_is_terminal {
        return Err(Failure::input(format!(
            "{question} That needs a yes, and standard input is no terminal"
        ))
        .hint("say yes beforehand")
        .hint(Command::again().arg("--yes")));
    }
    let answer = ask(&format!("{question} [y/N] "));
    Ok(matches!(
        answer.as_deref().map(str::trim),
        Some("y" | "Y" | "yes")
    ))
}

/// One line from the terminal; none at its end.
pub(super) fn ask(question: &str) -> Option<String> {
    let mut talk = std::io::stderr().lock();
    let _ = write!(talk, "{question}").and_then(|()| talk.flush());
    // Others must be heard while the answer is waited for.
    drop(talk);
    let mut line = String::new();
    match std::io::stdin().lock().read_line(&mut line) {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(line),
    }
}
