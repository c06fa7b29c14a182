//! Output: data to standard output, messages to standard error. Only this module and `stderr`
//! print, and `cloud::notify::stderr` for notices.

use super::error_fields::ErrorFields;
use super::flags::{GlobalArgs, Output};
use super::stderr;
use super::stdout::Stdout;
use super::view::month;
use super::view::progress::{Bars, Quiet};
use super::view::tone;
use super::view::width;
use super::view::words::wrap;
use crate::app::document::{Document, document};
use crate::app::failure::{Exit, Failure};
use crate::app::reporter::{Progress, Reporter};
use crate::model::colour::ColourMode;
use crate::model::hint::{Command, CommandContext, Hint};
use crate::model::name::{PolicyName, TeamName};
use crate::model::percent::Percent;
use crate::model::shown::{self, indented, line, lines};
use crate::text::Diagnostics;
use std::io::IsTerminal;

pub(super) struct Screen {
    json: bool,
    /// Whether no progress is shown.
    quiet: bool,
    /// What completes the commands that messages advise.
    here: CommandContext,
    out: Stdout,
    /// Whether standard output and standard error are coloured.
    colour: Streams<bool>,
    /// At how many columns lines are broken; `None` in a pipe, whose reader may search for words.
    columns: Streams<Option<usize>>,
    stderr_is_terminal: bool,
}

/// The version of the form of documents and of records in lines. Within one version, keys are added
/// and none is removed or gets another type.
const FORMAT: u8 = 1;

/// Something of standard output and of standard error.
#[derive(Clone, Copy, Default)]
pub(super) struct Streams<T> {
    pub(super) out: T,
    pub(super) err: T,
}

/// The longest command that is printed, in characters; longer than any that is advised.
const MAX_COMMAND: usize = 4_000;

impl Screen {
    pub(super) fn new(
        global: &GlobalArgs,
        colour: ColourMode,
        columns: Streams<Option<usize>>,
        here: CommandContext,
    ) -> Self {
        let stderr_is_terminal = std::io::stderr().is_terminal();
        Self {
            json: global.output == Output::Json,
            quiet: global.quiet,
            here,
            out: Stdout::default(),
            colour: Streams {
                out: colour.applies(std::io::stdout().is_terminal()),
                err: colour.applies(stderr_is_terminal),
            },
            columns,
            stderr_is_terminal,
        }
    }

    /// For one JSON document, before the flags are known.
    pub(super) fn for_json() -> Self {
        Self {
            json: true,
            quiet: false,
            here: CommandContext::default(),
            out: Stdout::default(),
            colour: Streams::default(),
            columns: Streams::default(),
            stderr_is_terminal: false,
        }
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

    /// Prints a message that contains colour codes.
    fn say_coloured(&self, text: &str) {
        stderr::print(text);
    }

    /// Prints the JSON document of a verb with `--output json`.
    pub(super) fn document(&self, verb: &str, exit: u8, fields: Document) {
        self.document_of(Some(verb), exit, fields);
    }

    fn document_of(&self, verb: Option<&str>, exit: u8, fields: Document) {
        if !self.json {
            return;
        }
        let first = document!({ "format": FORMAT, "verb": verb, "exit": exit });
        let document = fields.led_by(first);
        self.raw(&shown::json(&format!("{document:#}")));
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
        let error = ErrorFields {
            message: message.clone(),
            causes: causes.clone(),
            hints: lines,
            next: self.commands(hints),
            diagnostics: diagnostics.as_deref().cloned(),
        };
        self.document_of(verb, exit.code(), error.document());
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

/// Text of ours, which may have text of others in it, as a stream shows it.
fn fitted(text: &str, columns: Option<usize>, colour: bool) -> String {
    let safe = tone::between(text, lines);
    let folded = match columns {
        Some(columns) => width::fold(&safe, columns),
        None => safe,
    };
    if colour {
        return tone::painted(&tone::with_heads(&folded), true);
    }
    tone::painted(&folded, false)
}

impl Reporter for Screen {
    fn text(&self, text: &str) {
        if !self.json {
            self.raw(&fitted(text, self.columns.out, self.colour.out));
        }
    }

    fn raw(&self, text: &str) {
        let line_end = if text.ends_with('\n') { "" } else { "\n" };
        self.out.write(&format!("{text}{line_end}"));
    }

    fn record(&self, text: &str, record: &Document) -> bool {
        let text = if self.json {
            let record = record.clone().led_by(document!({ "format": FORMAT }));
            format!("{}\n", shown::json(&record.to_string()))
        } else {
            fitted(text, None, self.colour.out)
        };
        self.out.write(&text)
    }

    fn is_for_machines(&self) -> bool {
        self.json
    }

    fn say(&self, text: &str) {
        self.say_coloured(&fitted(text, self.columns.err, self.colour.err));
    }

    fn failure_of_many(&self, failure: &Failure) {
        let Failure {
            message,
            causes,
            hints,
            diagnostics,
            ..
        } = failure;
        match diagnostics {
            Some(diagnostics) => self.diagnostics(diagnostics),
            None => {
                self.say(&format!("error: {}", indented(message, 2)));
                for cause in causes {
                    self.say(&format!("  because: {}", indented(cause, 4)));
                }
            }
        }
        self.hints(hints, 2);
    }

    fn diagnostics(&self, diagnostics: &Diagnostics) {
        if self.colour.err {
            let text = diagnostics.coloured();
            let columns = self.columns.err.unwrap_or(usize::MAX);
            self.say_coloured(&width::fold(text.trim_end(), columns));
        } else {
            self.say(diagnostics.to_string().trim_end());
        }
    }

    fn hints(&self, hints: &[Hint], indent: usize) {
        for hint in hints {
            self.say(&self.advice(hint, indent));
        }
    }

    fn advice(&self, hint: &Hint, indent: usize) -> String {
        match hint {
            Hint::Help(text) => format!("{:indent$}help: {}", "", wrap(text, indent + 6)),
            Hint::Next(command) => self.next(command, indent),
        }
    }

    fn next(&self, command: &Command, indent: usize) -> String {
        let command = line(&command.complete(&self.here), MAX_COMMAND);
        format!("{:indent$}next: {command}", "")
    }

    fn here(&self) -> &CommandContext {
        &self.here
    }

    fn reached(&self, shares: &[(PolicyName, Percent)], team: &TeamName) {
        for (policy, share) in shares {
            self.say(&month::reached(team, policy, *share));
            self.say(&self.next(&Command::clusterup("budget"), 2));
        }
    }

    fn progress(&self) -> Box<dyn Progress + '_> {
        let bars = Bars::new(self, self.stderr_is_terminal);
        if self.quiet {
            return Box::new(Quiet(bars));
        }
        Box::new(bars)
    }
}
