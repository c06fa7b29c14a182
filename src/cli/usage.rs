//! Usage errors: clap's text for people, and one JSON document with `--output json`.

use super::screen::Screen;
use super::stderr::aside;
use super::stdout::Stdout;
use super::view::width;
use crate::app::environment::{SettingFlags, Settings};
use crate::app::failure::{Exit, Failure};
use crate::model::colour::ColourMode;
use crate::model::hint::Command;
use clap::ColorChoice;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::ffi::OsString;
use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

/// Prints help, the version, or the usage error, and returns the exit code.
/// `columns`: at how many columns lines of standard error are broken, if at any.
pub(super) fn print(
    error: clap::Error,
    argv: &[OsString],
    all: &clap::Command,
    columns: Option<usize>,
) -> ExitCode {
    let error = with_fit_suggestions(error, all);
    let code = u8::try_from(error.exit_code()).unwrap_or(2);
    if error.use_stderr() {
        let text = error.render();
        let text = if is_coloured(argv) {
            text.ansi().to_string()
        } else {
            text.to_string()
        };
        let columns = columns.unwrap_or_else(width::columns);
        let text = width::fold(text.trim_end(), columns);
        let _ = writeln!(std::io::stderr().lock(), "{text}");
        // Help and version are not errors; clap's exit code for a usage error is our 2.
        document(&error, argv, all);
        return ExitCode::from(code);
    }
    let printed = error.print().and_then(|()| std::io::stdout().flush());
    let out = Stdout::default();
    out.note(printed);
    let Some(lost) = out.lost() else {
        return ExitCode::from(code);
    };
    aside(&format!("error: {lost}"));
    ExitCode::from(Exit::Failed.code())
}

/// Whether standard error is coloured: as the command line, variables or the settings demand.
fn is_coloured(argv: &[OsString]) -> bool {
    let flags = SettingFlags {
        color: match colour(argv) {
            ColorChoice::Always => Some(ColourMode::Always),
            ColorChoice::Never => Some(ColourMode::Never),
            ColorChoice::Auto => None,
        },
        ..SettingFlags::default()
    };
    let settings = Settings::of_process(flags).unwrap_or_default();
    let mode = settings.color.value.unwrap_or_default();
    mode.applies(std::io::stderr().is_terminal())
}

/// The error without suggestions of commands that nobody should type by mistake: hidden ones, and
/// those that delete.
fn with_fit_suggestions(mut error: clap::Error, all: &clap::Command) -> clap::Error {
    let kind = ContextKind::SuggestedSubcommand;
    let Some(suggested) = error.remove(kind) else {
        return error;
    };
    let names = if let ContextValue::Strings(names) = suggested {
        names
    } else {
        vec![suggested.to_string()]
    };
    let fit = names.into_iter().filter(|name| {
        let command = all.find_subcommand(name);
        command.is_none_or(|it| !it.is_hide_set() && it.get_name() != DELETES)
    });
    let fit: Vec<String> = fit.collect();
    if !fit.is_empty() {
        error.insert(kind, ContextValue::Strings(fit));
    }
    error
}

/// The command that is never suggested, whichever of its names is meant.
const DELETES: &str = "destroy";

/// Prints the JSON document of a usage error if JSON is requested; clap has printed its text.
fn document(error: &clap::Error, argv: &[OsString], all: &clap::Command) {
    if !wants_json(argv) {
        return;
    }
    let verb = verb(argv, all);
    let screen = Screen::for_json();
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

/// When the command line demands colours, in any position, even if the rest is invalid.
pub(super) fn colour(argv: &[OsString]) -> ColorChoice {
    let words: Vec<_> = words(argv).collect();
    let separate = words.windows(2).filter(|two| two[0] == "--color");
    let separate = separate.map(|two| two[1]);
    let joined = words
        .iter()
        .filter_map(|word| word.strip_prefix("--color="));
    match separate.chain(joined).last() {
        Some("always") => ColorChoice::Always,
        Some("never") => ColorChoice::Never,
        Some(_) | None => ColorChoice::Auto,
    }
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
        if word == "--output" || word == "--color" {
            words.next();
        }
        if word.starts_with('-') {
            continue;
        }
        let Some(next) = command.find_subcommand(word).cloned() else {
            break;
        };
        verb.push(next.get_name().to_owned());
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
