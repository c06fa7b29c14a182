//! `argparse` against the arguments of the step: what each option gets, and which required ones are
//! missing.

use super::call::Call;
use super::text::Text;
use super::value::Value;
use super::walk::Walk;
use crate::model::lint::LintCode;
use crate::model::stack::{Arg, Piece};
use ruff_text_size::{Ranged, TextRange};
use std::collections::BTreeMap;
use std::iter::Peekable;

/// The functions that make a parser.
pub(super) const PARSERS: [&str; 1] = ["argparse.ArgumentParser"];

/// A parser, as far as it is known.
#[derive(Debug, Default)]
pub(super) struct Parser {
    options: Vec<Argument>,
    /// Whether it has more than is followed.
    is_open: bool,
    /// What it found in the step's arguments.
    found: BTreeMap<String, Value>,
}

/// An option or a positional argument.
#[derive(Debug, Clone)]
pub(super) struct Argument {
    /// Such as `--input`; empty for a positional argument.
    flags: Vec<String>,
    /// The attribute that has its value.
    dest: String,
    is_required: bool,
    takes: Takes,
    default: Value,
    at: TextRange,
}

/// What a parser may be made with. Other settings change what it takes, such as `parents`.
const OF_PARSER: [&str; 9] = [
    "add_help",
    "allow_abbrev",
    "conflict_handler",
    "description",
    "epilog",
    "exit_on_error",
    "formatter_class",
    "prog",
    "usage",
];

impl Parser {
    /// Adds an argument; `None` for one that is not followed.
    pub(super) fn add(&mut self, argument: Option<Argument>) {
        match argument {
            Some(argument) => self.options.push(argument),
            None => self.open(),
        }
    }

    /// Notes that it has more than is followed.
    pub(super) const fn open(&mut self) {
        self.is_open = true;
    }
}

/// How many words an argument takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    One,
    /// One, or none.
    Maybe,
    /// As many as there are.
    Many,
    /// A flag: its value if it is given.
    Flag(bool),
}

impl<'a> Walk<'a> {
    /// A parser that a call makes, which identifies it.
    pub(super) fn new_parser(&mut self, call: &Call<'a>) -> Value {
        let id = call.node.range().start().to_usize();
        let mut names = call.named.iter().map(|(name, _)| name);
        let is_open = call.is_open || !names.all(|name| OF_PARSER.contains(name));
        let parser = Parser {
            is_open,
            ..Parser::default()
        };
        self.parsers.insert(id, parser);
        Value::Parser(id)
    }

    pub(super) fn parser_method(&mut self, id: usize, name: &str, call: &Call<'a>) -> Value {
        let is_sure = self.is_sure;
        let Some(parser) = self.parsers.get_mut(&id) else {
            return Value::Unknown;
        };
        match name {
            "add_argument" => {
                parser.add(Argument::of(call).filter(|_| is_sure));
                Value::Unknown
            }
            "add_argument_group" => Value::Parser(id),
            "parse_args" | "parse_known_args" => {
                // Others than those of the command line.
                let own = call.argument(0, "args");
                if !matches!(own, None | Some(Value::Argv(1) | Value::Nothing)) {
                    parser.is_open = true;
                }
                self.parse(id);
                if name == "parse_args" {
                    Value::Options(id)
                } else {
                    Value::items(vec![Value::Options(id), Value::Unknown])
                }
            }
            "print_help" | "print_usage" | "format_help" | "exit" | "error" => Value::Unknown,
            _ => {
                parser.is_open = true;
                Value::Unknown
            }
        }
    }

    /// The value of an option.
    pub(super) fn option(&self, parser: usize, name: &str) -> Value {
        // A function that is followed later may make it.
        let parser = self
            .parsers
            .get(&parser)
            .or_else(|| self.old_parsers.get(&parser));
        let value = parser.and_then(|parser| parser.found.get(name));
        value.cloned().unwrap_or_default()
    }

    /// Matches the step's arguments with what a parser takes, and reports what is missing.
    pub(super) fn parse(&mut self, id: usize) {
        let args = &self.script.step.args;
        let Some(parser) = self.parsers.get_mut(&id).filter(|parser| !parser.is_open) else {
            return;
        };
        let Some(found) = matched(&parser.options, args) else {
            parser.is_open = true;
            return;
        };
        let is_missing =
            |argument: &&Argument| argument.is_required && !found.contains_key(&argument.dest);
        let missing: Vec<Argument> = parser.options.iter().filter(is_missing).cloned().collect();
        let values = parser.options.iter().map(|argument| {
            let value = found.get(&argument.dest).unwrap_or(&argument.default);
            (argument.dest.clone(), value.clone())
        });
        parser.found = values.collect();
        // The script takes others, or goes on without them.
        if self.changes_argv || self.around.index_guards > 0 {
            return;
        }
        for argument in missing {
            let name = argument.flags.last().unwrap_or(&argument.dest);
            let step = self.script.step.name.as_str();
            let message =
                format!("the script requires `{name}`, which step {step:?} does not give");
            let help = "add it to the step's `args`, or give it a default";
            self.report(LintCode::TooFewArgs, &argument.at, message, help);
        }
    }
}

impl Argument {
    /// `None` for one that is not followed.
    fn of(call: &Call<'_>) -> Option<Self> {
        let names: Option<Vec<&str>> = call.args.iter().map(Value::constant).collect();
        let names = names.filter(|names| !names.is_empty() && !call.is_open)?;
        let is_option = names.iter().all(|name| name.starts_with('-'));
        let text = |name: &str| call.named(name).map(Value::constant);
        let action = text("action").unwrap_or(Some("store"))?;
        let takes = match (action, call.named("nargs")) {
            ("store" | "append", None) => Takes::One,
            ("store_true", None) => Takes::Flag(true),
            ("store_false", None) => Takes::Flag(false),
            ("store", Some(Value::Text(_))) => match text("nargs")?? {
                "?" => Takes::Maybe,
                "*" | "+" => Takes::Many,
                _ => return None,
            },
            ("store", Some(Value::Int(1))) => Takes::One,
            _ => return None,
        };
        let long = names.iter().find(|name| name.starts_with("--"));
        let first = long.or(names.first())?;
        let dest = match text("dest") {
            Some(dest) => dest?.to_owned(),
            None => first.trim_start_matches('-').replace('-', "_"),
        };
        let may_be_absent =
            takes == Takes::Maybe || takes == Takes::Many && text("nargs").flatten() != Some("+");
        let is_required = match call.named("required") {
            Some(Value::Bool(required)) => *required,
            Some(_) => return None,
            None => !is_option && !may_be_absent,
        };
        let default = match (call.named("default"), takes) {
            (Some(default), _) => default.clone(),
            (None, Takes::Flag(value)) => Value::Bool(!value),
            (None, Takes::One | Takes::Maybe | Takes::Many) => Value::Nothing,
        };
        let flags = if is_option { names } else { Vec::new() };
        Some(Self {
            flags: flags.into_iter().map(str::to_owned).collect(),
            dest,
            is_required,
            takes,
            default,
            at: call.node.range(),
        })
    }
}

/// The setting of `click` by which an environment variable gives a value.
const ENVIRONMENT: &str = "envvar";

impl Argument {
    /// An option of `click`; `None` for one that is not followed.
    pub(super) fn option(call: &Call<'_>) -> Option<Self> {
        let names: Option<Vec<&str>> = call.args.iter().map(Value::constant).collect();
        let names = names.filter(|_| !call.is_open)?;
        let (flags, own): (Vec<&str>, Vec<&str>) =
            names.into_iter().partition(|name| name.starts_with('-'));
        // `--shout/--no-shout` are two.
        if flags.is_empty() || flags.iter().any(|flag| flag.contains('/')) {
            return None;
        }
        let is = |name: &str| match call.named(name) {
            Some(Value::Bool(is)) => Some(*is),
            Some(_) => None,
            None => Some(false),
        };
        let is_alone = is("is_flag")? || is("count")?;
        let takes = match call.named("nargs") {
            Some(Value::Int(1)) | None if is_alone => Takes::Flag(true),
            Some(Value::Int(1)) | None => Takes::One,
            Some(_) => return None,
        };
        // With `flag_value` it is a flag too, a prompt asks for what is missing, and a class of its own
        // can do anything.
        if ["cls", "flag_value", "prompt"]
            .iter()
            .any(|name| call.named(name).is_some())
        {
            return None;
        }
        let long = flags.iter().find(|name| name.starts_with("--"));
        let first = own.first().or(long).or(flags.first())?;
        Some(Self {
            dest: first.trim_start_matches('-').replace('-', "_"),
            is_required: is("required")? && !has_own_value(call),
            takes,
            default: Value::Unknown,
            at: call.node.range(),
            flags: flags.into_iter().map(str::to_owned).collect(),
        })
    }

    /// An argument of `click` without an option; `None` for one that is not followed.
    pub(super) fn positional(call: &Call<'_>) -> Option<Self> {
        let name = call.args.first().and_then(Value::constant);
        let name = name.filter(|_| call.args.len() == 1 && !call.is_open)?;
        if call.named("cls").is_some() {
            return None;
        }
        let (takes, is_usual) = match call.named("nargs") {
            Some(Value::Int(1)) | None => (Takes::One, true),
            Some(Value::Int(-1)) => (Takes::Many, false),
            Some(_) => return None,
        };
        let is_required = match call.named("required") {
            Some(Value::Bool(required)) => *required,
            Some(_) => return None,
            None => is_usual,
        };
        Some(Self {
            dest: name.to_owned(),
            is_required: is_required && !has_own_value(call),
            takes,
            default: Value::Unknown,
            at: call.node.range(),
            flags: Vec::new(),
        })
    }
}

/// Whether an argument of `click` has a value that the command line does not give.
fn has_own_value(call: &Call<'_>) -> bool {
    ["default", ENVIRONMENT]
        .iter()
        .any(|name| call.named(name).is_some())
}

/// The values of the arguments that the step gives; `None` if they are not known.
fn matched(options: &[Argument], args: &[Arg]) -> Option<BTreeMap<String, Value>> {
    // What follows `--` is divided by rules that are not followed.
    if args.iter().any(|word| flag(word) == Some("--")) {
        return None;
    }
    let mut found = BTreeMap::new();
    let mut positional = options.iter().filter(|option| option.flags.is_empty());
    let mut words = args.iter().peekable();
    while let Some(word) = words.next() {
        let Some(flag) = flag(word) else {
            let argument = positional.next()?;
            let value = Value::Text(Text::given(word));
            let value = match argument.takes {
                Takes::One | Takes::Flag(_) => value,
                // Several are divided by rules that are not followed.
                Takes::Maybe | Takes::Many if positional.clone().next().is_some() => return None,
                Takes::Maybe => value,
                Takes::Many => many(&mut words),
            };
            found.insert(argument.dest.clone(), value);
            continue;
        };
        let (name, value) = match flag.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (flag, None),
        };
        let argument = named(options, name)?;
        let value = match (argument.takes, value) {
            (Takes::Flag(value), None) => Value::Bool(value),
            (Takes::Flag(_), Some(_)) => return None,
            (Takes::One | Takes::Maybe, Some(value)) => {
                Value::Text(Text::given(&after(word, value)))
            }
            (Takes::One, None) => Value::Text(Text::given(words.next()?)),
            (Takes::Maybe, None) => match words.next_if(|word| self::flag(word).is_none()) {
                Some(word) => Value::Text(Text::given(word)),
                // It has a value for this, or `None`.
                None => Value::Unknown,
            },
            // `--tags=a` takes this one alone.
            (Takes::Many, Some(_)) => Value::Unknown,
            (Takes::Many, None) => many(&mut words),
        };
        found.insert(argument.dest.clone(), value);
    }
    Some(found)
}

/// Goes over all words up to the next option.
fn many<'w>(words: &mut Peekable<impl Iterator<Item = &'w Arg>>) -> Value {
    while words.next_if(|word| flag(word).is_none()).is_some() {}
    Value::Unknown
}

/// The beginning of a word that is an option.
fn flag(word: &Arg) -> Option<&str> {
    let Some(Piece::Text(text)) = word.first() else {
        return None;
    };
    let is_number = text
        .trim_start_matches('-')
        .starts_with(|c: char| c.is_ascii_digit());
    (text.len() > 1 && text.starts_with('-') && !is_number).then_some(text)
}

/// The option of this name, or the only one that begins so.
fn named<'o>(options: &'o [Argument], name: &str) -> Option<&'o Argument> {
    let is = |option: &&Argument| option.flags.iter().any(|flag| flag == name);
    let begins = |option: &&Argument| option.flags.iter().any(|flag| flag.starts_with(name));
    let mut near = options.iter().filter(begins);
    let exact = options.iter().find(is);
    exact.or_else(|| {
        near.next()
            .filter(|_| name.starts_with("--") && near.next().is_none())
    })
}

/// What follows `--name=` in a word. `value`: that part of its first text.
fn after(word: &Arg, value: &str) -> Arg {
    let first = Piece::Text(value.to_owned());
    let first = (!value.is_empty()).then_some(first);
    first
        .into_iter()
        .chain(word.iter().skip(1).cloned())
        .collect()
}
