//! Data to standard output, talk to standard error. Nothing else in the crate prints, but for the
//! notices of `cloud::notify::stderr`.

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
    /// What the commands that it shows are completed with.
    pub(super) here: CommandContext,
    out: Stdout,
    pub(super) colour: bool,
    pub(super) stderr_is_terminal: bool,
}

/// More than any command that is advised has, in characters.
const LONGEST_COMMAND: usize = 4_000;

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

    /// Data for people; silent where the JSON document is what standard output holds.
    pub(super) fn text(&self, text: &str) {
        if !self.json {
            self.raw(&lines(text));
        }
    }

    /// Whether standard output holds one JSON document and nothing else.
    pub(super) const fn is_for_machines(&self) -> bool {
        self.json
    }

    /// Refuses a form of output besides JSON. clap would not, where `--output` stands before the verb.
    pub(super) fn only(&self, form: &str) -> Result<(), Failure> {
        if !self.json {
            return Ok(());
        }
        let message = format!("--output json cannot be used with {form}");
        Err(Failure::input(message).hint("ask for one of them"))
    }

    /// Data as it is.
    pub(super) fn raw(&self, text: &str) {
        let line_end = if text.ends_with('\n') { "" } else { "\n" };
        self.out.write(&format!("{text}{line_end}"));
    }

    /// One of many things, for people or as one line of JSON; false where nobody reads any more.
    pub(super) fn goes_on(&self, text: &str, record: &Value) -> bool {
        let text = if self.json {
            format!("{}\n", shown::json(&record.to_string()))
        } else {
            lines(text)
        };
        self.out.write(&text)
    }

    /// The exit code of a verb that came to `exit`: without its output it is not done.
    pub(super) fn settled(&self, exit: Exit) -> Exit {
        let Some(lost) = self.out.lost() else {
            return exit;
        };
        self.say(&format!("error: {lost}"));
        self.say("  help: see that there is room where it goes, and run the same again");
        if exit == Exit::Done {
            return Exit::Failed;
        }
        exit
    }

    /// Talk.
    pub(super) fn say(&self, text: &str) {
        self.say_coloured(&lines(text));
    }

    /// Talk from where there is no screen at hand.
    pub(super) fn aside(text: &str) {
        let mut talk = std::io::stderr().lock();
        // A bar may stand on this line.
        let clear = if talk.is_terminal() { "\r\x1b[K" } else { "" };
        let _ = writeln!(talk, "{clear}{}", lines(text));
    }

    /// Talk of our own making, with its colours.
    fn say_coloured(&self, text: &str) {
        let _ = writeln!(std::io::stderr().lock(), "{text}");
    }

    /// The one JSON document of a verb, if that is what was asked for.
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

    /// The document alone of what went wrong; a command line that is none may have no verb.
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

    /// Says what went wrong with one of several things; the others go on.
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

    /// Advice below a message, indented.
    pub(super) fn hints(&self, hints: &[Hint], indent: usize) {
        for hint in hints {
            self.say(&self.advice(hint, indent));
        }
    }

    /// A line of advice: a sentence is help, a command is what may be typed next.
    pub(super) fn advice(&self, hint: &Hint, indent: usize) -> String {
        match hint {
            Hint::Help(text) => format!("{:indent$}help: {}", "", wrap(text, indent + 6)),
            Hint::Next(command) => self.next(command, indent),
        }
    }

    /// The command that may be typed next; in one line, however long, so that it can be pasted.
    pub(super) fn next(&self, command: &Command, indent: usize) -> String {
        let command = line(&command.complete(&self.here), LONGEST_COMMAND);
        format!("{:indent$}next: {command}", "")
    }

    /// The commands among these, for machines.
    fn commands(&self, hints: &[Hint]) -> Vec<String> {
        let commands = hints.iter().filter_map(|hint| match hint {
            Hint::Next(command) => Some(command.complete(&self.here)),
            Hint::Help(_) => None,
        });
        commands.collect()
    }
}
