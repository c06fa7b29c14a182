//! Data to standard output, talk to standard error. Nothing else in the crate prints.

use super::args::Output;
use super::context::Context;
use super::failure::Failure;
use serde_json::{Value, json};
use std::io::{IsTerminal, Write};

pub(super) struct Screen {
    json: bool,
    pub(super) colour: bool,
    pub(super) stderr_is_terminal: bool,
}

impl Screen {
    pub(super) fn new(output: Output, context: &Context) -> Self {
        let stderr_is_terminal = std::io::stderr().is_terminal();
        Self {
            json: output == Output::Json,
            colour: stderr_is_terminal && !context.no_color,
            stderr_is_terminal,
        }
    }

    /// Data for people; silent where the JSON document is what standard output holds.
    pub(super) fn text(&self, text: &str) {
        if !self.json {
            self.raw(&plain(text));
        }
    }

    /// Data as it is. A reader who has gone away is no error.
    pub(super) fn raw(&self, text: &str) {
        let mut out = std::io::stdout().lock();
        let line_end = if text.ends_with('\n') { "" } else { "\n" };
        let _ = write!(out, "{text}{line_end}").and_then(|()| out.flush());
    }

    /// Talk.
    pub(super) fn say(&self, text: &str) {
        self.coloured(&plain(text));
    }

    /// Talk in colours of our own.
    fn coloured(&self, text: &str) {
        let _ = writeln!(std::io::stderr().lock(), "{text}");
    }

    /// The one JSON document of a verb, if that is what was asked for.
    pub(super) fn document(&self, verb: &str, exit: u8, mut fields: Value) {
        if !self.json {
            return;
        }
        if let Value::Object(map) = &mut fields {
            map.insert("verb".to_owned(), json!(verb));
            map.insert("exit".to_owned(), json!(exit));
        }
        self.raw(&format!("{fields:#}"));
    }

    pub(super) fn failure(&self, verb: &str, failure: &Failure) {
        let Failure {
            exit,
            message,
            causes,
            hints,
            diagnostics,
        } = failure;
        match diagnostics {
            Some(diagnostics) if self.colour => self.coloured(diagnostics.coloured().trim_end()),
            Some(diagnostics) => self.say(diagnostics.to_string().trim_end()),
            None => {
                self.say(&format!("error: {message}"));
                for cause in causes {
                    self.say(&format!("  because: {cause}"));
                }
            }
        }
        for hint in hints {
            self.say(&format!("  next: {hint}"));
        }
        let error = json!({
            "message": message, "causes": causes, "hints": hints, "diagnostics": diagnostics,
        });
        self.document(verb, exit.code(), json!({ "error": error }));
    }
}

/// Text without what commands a terminal: logs and AWS's messages may hold what anybody wrote.
fn plain(text: &str) -> String {
    let safe = |c: char| match c {
        '\n' | '\t' => c,
        c if c.is_control() => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    text.replace("\r\n", "\n").chars().map(safe).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_commands_the_terminal() {
        let text = "a\tb\r\nc\u{1b}]0;x\u{7}\u{9b}2J";
        assert_eq!(plain(text), "a\tb\nc\u{fffd}]0;x\u{fffd}\u{fffd}2J");
    }
}
