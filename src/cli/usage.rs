//! Usage errors: clap's text for people, and one JSON document with `--output json`.

use super::flags::Output;
use super::screen::Screen;
use crate::app::failure::{Exit, Failure};
use crate::model::hint::{Command, CommandContext};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::ffi::OsString;

/// Prints the JSON document of a usage error if JSON is requested; clap has printed its text.
pub(super) fn document(
    error: &clap::Error,
    argv: &[OsString],
    all: &clap::Command,
    no_color: bool,
) {
    if !wants_json(argv) {
        return;
    }
    let verb = verb(argv, all);
    let screen = Screen::new(Output::Json, no_color, CommandContext::default());
    let name = verb.join(" ");
    let name = (!name.is_empty()).then_some(name.as_str());
    screen.failed(name, &failure(error, &verb));
}

/// Whether the command line requests JSON, in any position, even if the rest is invalid.
fn wants_json(argv: &[OsString]) -> bool {
    let words: Vec<_> = words(argv).collect();
    let separate = words.windows(2).any(|two| two == ["--output", "json"]);
    separate || words.contains(&"--output=json")
}

/// The words after the program's name and before `--`.
fn words(argv: &[OsString]) -> impl Iterator<Item = &str> {
    let all = argv.iter().skip(1);
    all.map(|word| word.to_str().unwrap_or_default())
        .take_while(|word| *word != "--")
}

/// The verb, as far as it is valid: `["cost", "report"]`.
fn verb(argv: &[OsString], all: &clap::Command) -> Vec<String> {
    let mut verb = Vec::new();
    let mut command = all.clone();
    let mut words = words(argv);
    while let Some(word) = words.next() {
        if word == "--output" {
            words.next();
        }
        if word.starts_with('-') {
            continue;
        }
        let Some(next) = command.find_subcommand(word).cloned() else {
            break;
        };
        verb.push(word.to_owned());
        command = next;
    }
    verb
}

fn failure(error: &clap::Error, verb: &[String]) -> Failure {
    use ContextKind as C;
    let verbs = [
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand,
        ErrorKind::MissingSubcommand,
    ];
    let message = if verbs.contains(&error.kind()) {
        "a command is missing".to_owned()
    } else {
        message(&error.to_string())
    };
    let suggestions = [C::SuggestedArg, C::SuggestedSubcommand, C::SuggestedValue];
    let hints = error.context().filter_map(|(kind, value)| {
        let is_suggestion = suggestions.contains(&kind);
        let usage = (kind == C::Usage).then(|| line(&value.to_string()));
        usage.or_else(|| is_suggestion.then(|| format!("did you mean {}?", names(value))))
    });
    let failure = hints.fold(Failure::new(Exit::Input, message), Failure::hint);
    let help = verb.iter().fold(Command::other("clusterup"), Command::arg);
    failure.hint(help.arg("--help"))
}

/// One suggestion or several, quoted.
fn names(value: &ContextValue) -> String {
    let ContextValue::Strings(names) = value else {
        return format!("`{value}`");
    };
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(" or ")
}

/// The first paragraph of clap's message.
pub(super) fn message(text: &str) -> String {
    let text = text.strip_prefix("error: ").unwrap_or(text);
    line(text.split("\n\n").next().unwrap_or_default())
}

fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
