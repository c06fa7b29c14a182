//! Flags that several commands share. The doc comments are the help.

use super::sets::Sets;
use crate::app::environment::SettingFlags;
use crate::app::failure::Failure;
use crate::app::lint;
use crate::app::policies::PolicyPlace;
use crate::app::reporter::Reporter;
use crate::app::session::Session;
use crate::app::stack_file::{StackFile, WholeStack};
use crate::app::target::TargetChoice;
use crate::model::colour::ColourMode;
use crate::model::hint::CommandContext;
use crate::model::name::Region;
use crate::model::place::Place;
use crate::model::span::Span;
use crate::model::stack::Stack;
use crate::text::{Diagnostics, Setting};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Arg, ArgAction, ValueEnum};
use std::path::PathBuf;

// Flags of every command. (A doc comment would become the program's description.)
#[derive(Debug, clap::Args)]
pub(super) struct GlobalArgs {
    /// The format of standard output: text, or one JSON document
    #[arg(long, value_enum, global = true, default_value_t = Output::Text)]
    #[arg(help_heading = GLOBAL)]
    pub(super) output: Output,
    /// Use this profile of AWS's configuration [default: AWS_PROFILE's]
    #[arg(long, global = true, value_name = "NAME", help_heading = GLOBAL)]
    pub(super) profile: Option<String>,
    /// The time between two looks at a cluster on AWS [default: 30s]
    #[arg(long, global = true, value_name = "SPAN", help_heading = GLOBAL)]
    pub(super) poll: Option<Span>,
    /// Use colours: auto colours terminals, unless NO_COLOR is set [default: auto]
    #[arg(long, global = true, value_name = "WHEN", value_parser = colour_mode())]
    #[arg(help_heading = GLOBAL)]
    pub(super) color: Option<ColourMode>,
    /// Print no progress; results, warnings and errors remain
    #[arg(long, short, global = true, help_heading = GLOBAL)]
    pub(super) quiet: bool,
    /// Log each call to AWS with its time and outcome to standard error; -vv adds names and ids
    #[arg(long, short, global = true, action = ArgAction::Count, help_heading = GLOBAL)]
    pub(super) verbose: u8,
    /// Ask no questions; a command that needs an answer fails
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub(super) no_input: bool,
}

/// The heading of the options that every command has.
const GLOBAL: &str = "Global options";

/// `-h`, among the options of every command.
pub(super) fn help() -> Arg {
    let help = Arg::new("help").long("help").short('h').global(true);
    let help = help.action(ArgAction::Help).help("Print help");
    help.help_heading(GLOBAL)
}

/// `-V`, of the program alone.
pub(super) fn version() -> Arg {
    let version = Arg::new("version").long("version").short('V');
    let version = version.action(ArgAction::Version).help("Print the version");
    version.help_heading(GLOBAL)
}

/// Reads when output is coloured.
fn colour_mode() -> impl TypedValueParser<Value = ColourMode> {
    let names = ColourMode::ALL.map(ColourMode::as_str);
    PossibleValuesParser::new(names).try_map(|name| name.parse::<ColourMode>())
}

impl GlobalArgs {
    /// The flags among the settings.
    pub(super) fn settings(&self) -> SettingFlags {
        SettingFlags {
            profile: self.profile.clone(),
            poll: self.poll,
            color: self.color,
        }
    }

    /// What advised commands repeat to mean the same account.
    pub(super) fn words(&self) -> Vec<String> {
        let profile = self.profile.iter();
        profile
            .flat_map(|profile| ["--profile".to_owned(), profile.clone()])
            .collect()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Output {
    Text,
    Json,
}

#[derive(Debug, clap::Args)]
pub(super) struct StackArgs {
    /// The stack's YAML file
    pub(super) stack: PathBuf,
    /// Replace the stack's value at PATH, such as data.ratings.path=ratings.dat
    #[arg(long = "set", value_name = "PATH=VALUE", value_parser = Sets, hide_possible_values = true)]
    pub(super) sets: Vec<Setting>,
}

#[derive(Debug, clap::Args)]
pub(super) struct LintArgs {
    /// Do not check the scripts of steps
    #[arg(long)]
    pub(super) no_lint: bool,
}

impl LintArgs {
    /// Checks the scripts and shows what is found; `None` if nothing is found or nothing is checked.
    ///
    /// # Errors
    /// Returns what is found if there is an error among it.
    pub(super) fn check(
        &self,
        stack: &Stack,
        session: &Session,
    ) -> Result<Option<Diagnostics>, Failure> {
        if self.no_lint {
            return Ok(None);
        }
        let found = lint::check(stack, &session.environment);
        lint::show(found, lint::SILENCE, &*session.reporter)
    }

    /// Shows the warnings about a stack itself.
    pub(super) fn warn(read: &WholeStack, session: &Session) {
        if let Some(warnings) = &read.warnings {
            session.reporter.diagnostics(warnings);
        }
    }

    /// The flag as it was given.
    pub(super) fn words(&self) -> Option<String> {
        self.no_lint.then(|| "--no-lint".to_owned())
    }
}

impl StackArgs {
    pub(super) fn file(&self) -> StackFile {
        StackFile {
            path: self.stack.clone(),
            sets: self.sets.clone(),
            text: None,
        }
    }

    pub(super) fn here(&self) -> CommandContext {
        let sets = self.sets.iter();
        let more = sets.flat_map(|set| ["--set".to_owned(), set.to_string()]);
        CommandContext {
            stack: Some(self.stack.display().to_string()),
            more: more.collect(),
            ..CommandContext::default()
        }
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct TargetArgs {
    /// Use this machine instead of AWS; it costs nothing
    #[arg(long)]
    pub(super) local: bool,
    /// The AWS region, unless a stack's file names it [default: the profile's]
    #[arg(long, conflicts_with = "local")]
    pub(super) region: Option<Region>,
}

impl TargetArgs {
    pub(super) fn choice(&self) -> TargetChoice {
        self.place()
            .map_or(TargetChoice::Default, TargetChoice::Place)
    }

    /// The place that the flags name, if any.
    fn place(&self) -> Option<Place> {
        let region = || self.region.clone().map(Place::Region);
        self.local.then_some(Place::Local).or_else(region)
    }

    /// What advised commands repeat of a stack that is given by its name or file, if any.
    pub(super) fn here(&self, stack: Option<&str>) -> CommandContext {
        CommandContext {
            stack: stack.map(str::to_owned),
            target: self.words(),
            ..CommandContext::default()
        }
    }

    /// The flags as they were given.
    pub(super) fn words(&self) -> Vec<String> {
        self.place().map_or_else(Vec::new, |place| place.flags())
    }
}

#[derive(Debug, Default, clap::Args)]
pub(super) struct PoliciesArgs {
    /// Policies to enforce: a folder, or s3://bucket/prefix [default: every folder policies/ beside
    /// the stack or above it]
    #[arg(long, value_name = "PLACE", env = "CLUSTERUP_POLICIES")]
    policies: Option<String>,
}

impl PoliciesArgs {
    pub(super) fn place(&self) -> PolicyPlace {
        PolicyPlace(self.policies.clone())
    }

    /// The flag as it was given.
    pub(super) fn words(&self) -> Vec<String> {
        let places = self.policies.iter();
        places
            .flat_map(|place| ["--policies".to_owned(), place.clone()])
            .collect()
    }
}

/// Returns an error if another output format is combined with JSON. clap does not check this if
/// `--output` is before the verb.
pub(super) fn only(flag: &str, reporter: &dyn Reporter) -> Result<(), Failure> {
    if !reporter.is_for_machines() {
        return Ok(());
    }
    let message = format!("--output json cannot be used with {flag}");
    Err(Failure::input(message).hint("use only one of them"))
}
