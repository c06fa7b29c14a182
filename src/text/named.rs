//! Things outside the text that a stack names: files, a region, a release, instance types. The
//! caller checks them, and each complaint is reported at its place with all other mistakes.

use super::diag::{Code, Diagnostic};
use super::source::Mark;
use crate::model::lint::{LintCode, Severity};
use std::path::PathBuf;

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
    /// A step. What it names follows it.
    Step,
    /// `executor_memory` of a step.
    ExecutorMemory,
    /// `executor_cores` of a step, or Spark's own setting.
    ExecutorCores,
    /// `driver_memory` of a step, or Spark's own setting.
    DriverMemory,
    /// `executors` of a step, or Spark's own setting.
    Executors,
    /// The value of another of Spark's own settings of a step, under its key.
    Conf,
    /// A step's script.
    Script,
    /// Another file of a step.
    StepFile,
    /// A Python module, archive or folder of a step.
    PythonFile,
    /// A data set's file on this machine.
    Data,
    /// The public key of a key pair.
    PublicKey,
    /// A data set in S3.
    DataInS3,
    /// A file of a step or of a bootstrap action in S3.
    FileInS3,
    /// An argument of a step that is an address in S3.
    ArgInS3,
    /// A data set behind http or https.
    Url,
}

/// A name as written and, if it is a file, its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// What is named.
    pub what: What,
    /// The text as written; of a place in S3 its address.
    pub text: String,
    /// The path joined to the base folder; `None` if it is not a file.
    pub path: Option<PathBuf>,
    at: Mark,
}

/// What is wrong with a name, and how to fix it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// The code of the lint; `None` if it is a mistake that nothing silences.
    pub code: Option<LintCode>,
    /// What is wrong, as a sentence without a full stop.
    pub message: String,
    /// How to fix it.
    pub help: Option<String>,
}

impl Complaint {
    /// Whether the stack can be used nevertheless.
    pub fn is_warning(&self) -> bool {
        self.code
            .is_some_and(|code| code.severity() == Severity::Warning)
    }
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

/// Converts complaints into mistakes of the text.
pub(super) fn diagnostics<'c>(
    names: impl Iterator<Item = &'c (Named, Complaint)>,
) -> Vec<Diagnostic> {
    let one = |(named, complaint): &(Named, Complaint)| {
        let code = complaint.code.map_or(Code::NotThere, Code::Lint);
        let found = Diagnostic::new(code, named.at, complaint.message.clone());
        match &complaint.help {
            Some(help) => found.help(help.clone()),
            None => found,
        }
    };
    names.map(one).collect()
}
