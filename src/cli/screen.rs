//! Output: data to standard output, messages to standard error. Only this module prints, and
//! `cloud::notify::stderr` for notices.

use super::args::Output;
use super::context::Context;
use super::failure::{Exit, Failure};
use super::stdout::Stdout;
use super::view::words::wrap;
use crate::model::hint::{Command, CommandContext, Hint};
use crate::model::shown::{self, indented, line, lines};
use serde_json::{Value, json};
use std::io::{IsTerminal, Write};

pub(super) struct Screen {
    json: bool,
    /// What completes the commands that messages advise.
    pub(super) here: CommandContext,
    out: Stdout,
    pub(super) colour: bool,
    pub(super) stderr_is_terminal: bool,
}

/// The longest command that is printed, in characters; longer than any that is advised.
const MAX_COMMAND: usize = 4_000;

impl Screen {
    pub(super) fn new(output: Output, context: &Context, here: CommandContext) -> Self {
        let stderr_is_terminal = std::io::stderr().is_terminal();
        Self {
            json: output == Output::Json,
            here,
            out: Stdout::default(),
            colour: stderr_is_terminal && !context.no_color,
            stderr_is_terminal,
        }
    }

    /// Prints data for people; nothing with `--output json`.
    pub(super) fn text(&self, text: &str) {
        if !self.json {
            self.raw(&lines(text));
        }
    }

    /// Whether standard output is one JSON document.
    pub(super) const fn is_for_machines(&self) -> bool {
        self.json
    }

    /// Returns an error if another output format is combined with JSON. clap does not check this if
    /// `--output` is before the verb.
    pub(super) fn only(&self, flag: &str) -> Result<(), Failure> {
        if !self.json {
            return Ok(());
        }
        let message = format!("--output json cannot be used with {flag}");
        Err(Failure::input(message).hint("use only one of them"))
    }

    /// Prints data unchanged.
    pub(super) fn raw(&self, text: &str) {
        let line_end = if text.ends_with('\n') { "" } else { "\n" };
        self.out.write(&format!("{text}{line_end}"));
    }

    /// Prints one of many records, as text or as one line of JSON; false if standard output is
    /// closed.
    pub(super) fn record(&self, text: &str, record: &Value) -> bool {
        let text = if self.json {
            format!("{}\n", shown::json(&record.to_string()))
        } else {
            lines(text)
        };
        self.out.write(&text)
    }

    /// The exit code of a verb that ended with `exit`: output that was lost is a failure.
    pub(super) fn final_exit(&self, exit: Exit) -> Exit {
        let Some(lost) = self.out.lost() else {
            return exit;
        };
        self.say(&format!("error: {lost}"));
        self.say("  help: free space where the output goes, and run the command again");
        if exit == Exit::Done {
            return Exit::Failed;
        }
        exit
    }

    /// Prints a message to standard error.
    pub(super) fn say(&self, text: &str) {
        self.say_coloured(&lines(text));
    }

    /// Prints a message to standard error without a screen.
    pub(super) fn aside(text: &str) {
        let mut stderr = std::io::stderr().lock();
        // A progress bar may be on this line.
        let clear = if stderr.is_terminal() { "\r\x1b[K" } else { "" };
        let _ = writeln!(stderr, "{clear}{}", lines(text));
    }

    /// Prints a message that contains colour codes.
    fn say_coloured(&self, text: &str) {
        let _ = writeln!(std::io::stderr().lock(), "{text}");
    }

    /// Prints the JSON document of a verb with `--output json`.
    pub(super) fn document(&self, verb: &str, exit: u8, fields: Value) {
        self.document_of(Some(verb), exit, fields);
    }

    fn document_of(&self, verb: Option<&str>, exit: u8, mut fields: Value) {
        if !self.json {
            return;
        }
        if let Value::Object(map) = &mut fields {
            map.insert("verb".to_owned(), json!(verb));
            map.insert("exit".to_owned(), json!(exit));
        }
        self.raw(&shown::json(&format!("{fields:#}")));
    }

    pub(super) fn failure(&self, verb: &str, failure: &Failure) {
        self.failure_of_many(failure);
        self.failed(Some(verb), failure);
    }

    /// Prints the JSON document of an error; a usage error may have no verb.
    pub(super) fn failed(&self, verb: Option<&str>, failure: &Failure) {
        let Failure {
            exit,
            message,
            causes,
            hints,
            diagnostics,
        } = failure;
        let lines: Vec<String> = hints.iter().map(|hint| hint.text(&self.here)).collect();
        let error = json!({
            "message": message, "causes": causes, "hints": lines,
            "next": self.commands(hints), "diagnostics": diagnostics,
        });
        self.document_of(verb, exit.code(), json!({ "error": error }));
    }

    /// Prints the error of one of several things; the others continue.
    pub(super) fn failure_of_many(&self, failure: &Failure) {
        let Failure {
            message,
            causes,
            hints,
            diagnostics,
            ..
        } = failure;
        match diagnostics {
            Some(diagnostics) if self.colour => {
                self.say_coloured(diagnostics.coloured().trim_end());
            }
            Some(diagnostics) => self.say(diagnostics.to_string().trim_end()),
            None => {
                self.say(&format!("error: {}", indented(message, 2)));
                for cause in causes {
                    self.say(&format!("  because: {}", indented(cause, 4)));
                }
            }
        }
        self.hints(hints, 2);
    }

    /// Prints advice below a message, indented.
    pub(super) fn hints(&self, hints: &[Hint], indent: usize) {
        for hint in hints {
            self.say(&self.advice(hint, indent));
        }
    }

    /// Formats advice: a sentence as `help:`, a command as `next:`.
    pub(super) fn advice(&self, hint: &Hint, indent: usize) -> String {
        match hint {
            Hint::Help(text) => format!("{:indent$}help: {}", "", wrap(text, indent + 6)),
            Hint::Next(command) => self.next(command, indent),
        }
    }

    /// Formats a command in one line, however long, so that it can be pasted.
    pub(super) fn next(&self, command: &Command, indent: usize) -> String {
        let command = line(&command.complete(&self.here), MAX_COMMAND);
        format!("{:indent$}next: {command}", "")
    }

    /// The commands among the hints, for JSON.
    fn commands(&self, hints: &[Hint]) -> Vec<String> {
        let commands = hints.iter().filter_map(|hint| match hint {
            Hint::Next(command) => Some(command.complete(&self.here)),
            Hint::Help(_) => None,
        });
        commands.collect()
    }
}
