//! Things outside the text that a stack names: files, a region, a release, instance types. The
//! caller checks them, and each complaint is reported at its place with all other mistakes.

use super::diag::{Code, Diagnostic};
use super::document::STACK_FILE;
use super::reader::Reader;
use super::set::{self, Setting};
use super::source::{Mark, Source};
use super::stack::STACK;
use std::path::{Path, PathBuf};

/// The kind of thing that is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// `region`.
    Region,
    /// `cluster.release`.
    Release,
    /// The instance type of the primary node.
    Primary,
    /// The instance type of the core nodes.
    Core,
    /// The instance type of the task nodes.
    Task,
    /// `executor_memory` of a step.
    ExecutorMemory,
    /// A step's script.
    Script,
    /// A data set's file on this machine.
    Data,
    /// The public key of a key pair.
    PublicKey,
}

/// A name as written and, if it is a file, its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// What is named.
    pub what: What,
    /// The text as written.
    pub text: String,
    /// The path joined to the base folder; `None` if it is not a file.
    pub path: Option<PathBuf>,
    at: Mark,
}

/// What is wrong with a name, and how to fix it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// What is wrong, as a sentence without a full stop.
    pub message: String,
    /// How to fix it.
    pub help: Option<String>,
}

impl Named {
    pub(super) fn new(what: What, text: &str, at: Mark, path: Option<PathBuf>) -> Self {
        let text = text.to_owned();
        Self {
            what,
            text,
            path,
            at,
        }
    }
}

/// Everything that the text names, whether or not it has mistakes. Paths are joined to `base`,
/// except those that begin with `~`, which the caller expands.
pub fn named(text: &str, base: &Path, sets: &[Setting]) -> Vec<Named> {
    let (Some(mut root), _) = STACK_FILE.tree(text) else {
        return Vec::new();
    };
    let mut sources = vec![Source {
        name: String::new(),
        text: text.to_owned(),
    }];
    sources.extend(sets.iter().map(Setting::source));
    for (n, setting) in sets.iter().enumerate() {
        set::apply(&mut root, &(STACK_FILE.shape)(), setting, n + 1);
    }
    let mut reader = Reader::new(&root, &STACK_FILE, &sources, base);
    reader.whole(&STACK);
    reader.named
}

/// Converts complaints into mistakes of the text.
pub(super) fn diagnostics(names: &[(Named, Complaint)]) -> Vec<Diagnostic> {
    let one = |(named, complaint): &(Named, Complaint)| {
        let found = Diagnostic::new(Code::NotThere, named.at, complaint.message.clone());
        match &complaint.help {
            Some(help) => found.help(help.clone()),
            None => found,
        }
    };
    names.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_beside_other_mistakes() {
        let text = "stack: t\nregion: us-esat-1\nwrong: 1\ncluster: { release: emr-7.x, size: \
            { primary: m5.xlarge, core: 2 x m6g.large, task: { nodes: 1 x c5.xlarge } } }\n\
            data: { a: { path: a.dat }, b: { beside: a, file: b.dat } }\n\
            job: { steps: [{ name: one, script: one.py, spark: { executor_memory: 9g } }] }\n";
        let found = named(text, Path::new("/x"), &[]);
        let all: Vec<_> = found
            .iter()
            .map(|one| (one.what, one.text.as_str()))
            .collect();
        assert_eq!(
            all,
            [
                (What::Region, "us-esat-1"),
                (What::Data, "a.dat"),
                (What::Data, "b.dat"),
                (What::Release, "emr-7.x"),
                (What::Primary, "m5.xlarge"),
                (What::Core, "m6g.large"),
                (What::Task, "c5.xlarge"),
                (What::Script, "one.py"),
                (What::ExecutorMemory, "9g"),
            ]
        );
        assert_eq!(found[2].path.as_deref(), Some(Path::new("/x/b.dat")));
        assert_eq!(named("", Path::new(""), &[]), []);
        assert_eq!(named("[1", Path::new(""), &[]), []);
    }
}
