//! What shells ask while somebody types: names of stacks, steps, clusters and regions. It reads only
//! what is on this machine.

use crate::app::environment::Environment;
use crate::app::overview;
use crate::app::stack_file::{self, StackFile};
use crate::cost::catalog::Catalog;
use crate::ledger::Names;
use crate::model::stack::Stack;
use clap::{Arg, Command};
use clap_complete::engine::{
    ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter,
};
use clap_complete::env::{CompleteEnv, EnvCompleter, Shells};
use std::ffi::{OsStr, OsString};
use std::path::Path;

/// The variable in which a shell names itself when it asks.
pub(super) const VARIABLE: &str = "CLUSTERUP_COMPLETE";

/// The program's name, by which shells call it.
pub(super) const PROGRAM: &str = "clusterup";

/// Answers a shell that asks what can be typed next; false if none asks. `all`: the command line.
pub(super) fn answer(argv: &[OsString], all: fn() -> Command) -> bool {
    let given: Vec<String> = argv
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let command = || with_names(all(), &given);
    let here = std::env::current_dir().ok();
    let shell = CompleteEnv::with_factory(command)
        .var(VARIABLE)
        .bin(PROGRAM);
    // A shell shows nothing of an error, and completes nothing.
    shell.try_complete(argv, here.as_deref()).unwrap_or(true)
}

/// The lines by which a shell learns to ask; `None` if the shell is unknown.
pub(super) fn registration(shell: &str) -> Option<Vec<u8>> {
    let shells = Shells::builtins();
    let shell: &dyn EnvCompleter = shells.completer(shell)?;
    let mut script = Vec::new();
    let written = shell.write_registration(VARIABLE, PROGRAM, PROGRAM, PROGRAM, &mut script);
    written.ok().map(|()| script)
}

/// What an argument names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    StackFile,
    Stack,
    StackOrCluster,
    Cluster,
    Step,
    Region,
    Path,
}

impl Kind {
    /// The kind of a verb's argument, by its id; `None` for what has its own values or no names.
    fn of(verb: &str, arg: &Arg) -> Option<Self> {
        let kind = match (verb, arg.get_id().as_str()) {
            ("validate" | "estimate" | "doctor", "stack") | ("check" | "simulate", "stacks") => {
                Self::StackFile
            }
            ("status" | "extend" | "ui", "stack") | ("logs" | "diagnose", "what") => {
                Self::StackOrCluster
            }
            ("adopt", _) if arg.is_positional() => Self::Cluster,
            (_, "stack") => Self::Stack,
            (_, "cluster") => Self::Cluster,
            (_, "step") => Self::Step,
            (_, "region" | "regions") => Self::Region,
            (_, "file" | "files" | "dir" | "out" | "accounts" | "policies") => Self::Path,
            _ => return None,
        };
        Some(kind)
    }
}

/// The command line whose arguments offer names.
fn with_names(command: Command, given: &[String]) -> Command {
    let verb = command.get_name().to_owned();
    let mut command = command;
    let all = command.get_arguments();
    let all: Vec<_> = all
        .map(|arg| (arg.get_id().clone(), Kind::of(&verb, arg)))
        .collect();
    // All, since clap puts an argument that is changed behind the others.
    for (id, kind) in all {
        let names = kind.map(|kind| Offered {
            kind,
            given: given.to_vec(),
        });
        command = command.mut_arg(id, |arg| match names {
            Some(names) => arg.add(ArgValueCompleter::new(names)),
            None => arg,
        });
    }
    let below = command.get_subcommands();
    let below: Vec<String> = below.map(|verb| verb.get_name().to_owned()).collect();
    below.into_iter().fold(command, |command, name| {
        command.mut_subcommand(name, |verb| with_names(verb, given))
    })
}

/// The names that an argument offers.
struct Offered {
    kind: Kind,
    /// The words of the command line.
    given: Vec<String>,
}

impl ValueCompleter for Offered {
    fn complete(&self, current: &OsStr) -> Vec<CompletionCandidate> {
        let mut names: Vec<String> = match self.kind {
            Kind::StackFile => files(),
            Kind::Stack => files().into_iter().chain(stacks()).collect(),
            Kind::StackOrCluster => {
                let known = files().into_iter().chain(stacks());
                known.chain(clusters()).collect()
            }
            Kind::Cluster => clusters(),
            Kind::Step => steps(&self.given),
            Kind::Region => Catalog::bundled().regions().map(str::to_owned).collect(),
            Kind::Path => Vec::new(),
        };
        let typed = current.to_string_lossy();
        names.retain(|name| name.starts_with(&*typed));
        let mut offered: Vec<_> = names.into_iter().map(CompletionCandidate::new).collect();
        let has_files = matches!(
            self.kind,
            Kind::StackFile | Kind::Stack | Kind::StackOrCluster
        );
        // A stack in another folder.
        if self.kind == Kind::Path || has_files && (offered.is_empty() || typed.contains('/')) {
            let paths = PathCompleter::any().complete(current).into_iter();
            let others = paths.filter(|path| {
                let known = offered.iter();
                known
                    .map(CompletionCandidate::get_value)
                    .all(|it| it != path.get_value())
            });
            let others: Vec<_> = others.collect();
            offered.extend(others);
        }
        offered
    }
}

/// The stacks' files of this folder.
fn files() -> Vec<String> {
    let files = overview::candidates().into_iter();
    files.map(|file| file.display().to_string()).collect()
}

/// The stacks that this machine's own records name.
fn stacks() -> Vec<String> {
    let (folder, names) = records();
    let here = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let here = here.filter_map(|entry| entry.file_name().into_string().ok());
    let here = here.filter(|name| !name.starts_with('.'));
    let recorded = names.stacks.iter().map(ToString::to_string);
    let mut all: Vec<String> = here.chain(recorded).collect();
    all.sort();
    all.dedup();
    all
}

/// The clusters that lived when this machine last observed them.
fn clusters() -> Vec<String> {
    let (_, names) = records();
    names.clusters.iter().map(ToString::to_string).collect()
}

/// The folder of this machine's stacks, and the names in the ledger.
fn records() -> (std::path::PathBuf, Names) {
    let Some(state) = Environment::state_of_process() else {
        return Default::default();
    };
    (state.join("local"), Names::read(&state.join("ledger.db")))
}

/// The steps of the stack that the command line names by its file or its name.
fn steps(given: &[String]) -> Vec<String> {
    let read = |file: &Path| stack_file::read(&StackFile::new(file)).ok();
    let by_file = given.iter().map(Path::new).filter(|word| word.is_file());
    let mut by_file = by_file.filter_map(read).filter(|stack| stack.job.is_some());
    let named = |stack: &Stack| given.iter().any(|word| word == stack.name.as_str());
    let by_name = || {
        let files = overview::candidates().into_iter();
        files.filter_map(|file| read(&file)).find(named)
    };
    let stack = by_file.next().or_else(by_name);
    let steps = stack.and_then(|stack| stack.job).map(|job| job.steps);
    let steps = steps.unwrap_or_default().into_iter();
    steps.map(|step| step.name.to_string()).collect()
}
