//! Questions on the terminal. None is asked if standard input is not a terminal, or with --no-input.

use super::stderr;
use crate::app::environment::Environment;
use crate::app::failure::Failure;
use crate::model::hint::Command;
use std::io::{BufRead, Write};

/// Asks for consent. `--yes` gives it in advance; without a terminal it is required.
pub(super) fn consent(
    question: &str,
    yes: bool,
    environment: &Environment,
) -> Result<bool, Failure> {
    if yes {
        return Ok(true);
    }
    if let Some(why) = environment.answers.refusal() {
        return Err(
            Failure::input(format!("{question} {why}, so no answer is possible"))
                .hint("consent in advance")
                .hint(Command::again().arg("--yes")),
        );
    }
    let answer = ask(&format!("{question} [y/N] "));
    Ok(matches!(
        answer.as_deref().map(str::trim),
        Some("y" | "Y" | "yes")
    ))
}

/// Reads one line from the terminal; `None` at the end of input.
pub(super) fn ask(question: &str) -> Option<String> {
    stderr::erase();
    let mut stderr = std::io::stderr().lock();
    let _ = write!(stderr, "{question}").and_then(|()| stderr.flush());
    // Others may print while this waits for the answer.
    drop(stderr);
    let mut line = String::new();
    match std::io::stdin().lock().read_line(&mut line) {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(line),
    }
}
