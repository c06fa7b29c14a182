//! A command line that is none: what clap says of it for people, and one JSON document where that
//! was asked for.

use super::args::{Args, Output};
use super::context::Context;
use super::failure::{Exit, Failure};
use super::screen::Screen;
use crate::model::hint::{Command, CommandContext};
use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::ffi::OsString;

/// Prints the document of such a line where it asks for one; people have clap's text already.
pub(super) fn document(error: &clap::Error, argv: &[OsString], context: &Context) {
    if !wants_json(argv) {
        return;
    }
    let verb = verb(argv);
    let screen = Screen::new(Output::Json, context, CommandContext::default());
    let name = verb.join(" ");
    let name = (!name.is_empty()).then_some(name.as_str());
    screen.failed(name, &failure(error, &verb));
}

/// Whether the line asks for JSON, wherever it does so and whatever else is wrong with it.
fn wants_json(argv: &[OsString]) -> bool {
    let words: Vec<_> = words(argv).collect();
    let apart = words.windows(2).any(|two| two == ["--output", "json"]);
    apart || words.contains(&"--output=json")
}

/// Those after the program's name which are for clusterup itself.
fn words(argv: &[OsString]) -> impl Iterator<Item = &str> {
    let all = argv.iter().skip(1);
    all.map(|word| word.to_str().unwrap_or_default())
        .take_while(|word| *word != "--")
}

/// The verb, as far as there is one of that name: `["cost", "report"]`.
fn verb(argv: &[OsString]) -> Vec<String> {
    let mut verb = Vec::new();
    let mut at = Args::command();
    let mut words = words(argv);
    while let Some(word) = words.next() {
        if word == "--output" {
            words.next();
        }
        if word.starts_with('-') {
            continue;
        }
        let Some(next) = at.find_subcommand(word).cloned() else {
            break;
        };
        verb.push(word.to_owned());
        at = next;
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
        "a verb is missing".to_owned()
    } else {
        message(&error.to_string())
    };
    let meant = [C::SuggestedArg, C::SuggestedSubcommand, C::SuggestedValue];
    let hints = error.context().filter_map(|(kind, value)| {
        let is_meant = meant.contains(&kind);
        let usage = (kind == C::Usage).then(|| line(&value.to_string()));
        usage.or_else(|| is_meant.then(|| format!("did you mean {}?", names(value))))
    });
    let failure = hints.fold(Failure::new(Exit::Input, message), Failure::hint);
    let help = verb.iter().fold(Command::other("clusterup"), Command::arg);
    failure.hint(help.arg("--help"))
}

/// One name or several, each as it may be typed.
fn names(value: &ContextValue) -> String {
    let ContextValue::Strings(names) = value else {
        return format!("`{value}`");
    };
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(" or ")
}

/// The first paragraph of what clap says.
pub(super) fn message(said: &str) -> String {
    let said = said.strip_prefix("error: ").unwrap_or(said);
    line(said.split("\n\n").next().unwrap_or_default())
}

fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
