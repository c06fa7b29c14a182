//! What is wrong with a script or a stack although it can be read: findings of the lint.

use super::words::words;
use std::ops::Range;

words! {
    /// The kinds of findings. Their words are stable: comments in scripts name them.
    pub enum LintCode {
        /// The script names Spark's master.
        HardCodedMaster = "hard-coded-master",
        /// The script is not a program of the release's Python.
        ScriptSyntax = "script-syntax",
        /// A path of one machine.
        LocalPath = "local-path",
        /// Python's own functions on a location that is in S3 on EMR.
        OpensRemote = "opens-remote",
        /// A module that nothing brings.
        NoModule = "no-module",
        /// The step gives the script fewer arguments than it reads.
        TooFewArgs = "too-few-args",
        /// A size of executors or of the driver in the script.
        ConfInScript = "conf-in-script",
        /// The job has results, and the script writes none.
        NothingHome = "nothing-home",
        /// Data of any size are brought to the driver.
        Collects = "collects",
        /// The script turns off the log messages that explain failures.
        HidesLogs = "hides-logs",
        /// Spark itself is used on the executors.
        DriverOnly = "driver-only",
        /// Executors with less memory than Spark starts with, of the stack.
        ExecutorMemory = "executor-memory",
        /// More memory for the driver than its node has.
        DriverMemory = "driver-memory",
        /// More cores for an executor than a node has.
        ExecutorCores = "executor-cores",
        /// Executors that report to the driver more rarely than it waits for them.
        Heartbeat = "heartbeat",
        /// Executors that leave much of a node's memory unused.
        IdleMemory = "idle-memory",
        /// Executors that leave many of a node's cores unused.
        IdleCores = "idle-cores",
        /// More executors than the nodes hold.
        TooManyExecutors = "too-many-executors",
        /// An input of the stack that does not exist.
        InputMissing = "input-missing",
        /// An input of the stack of which it is not known whether it will exist.
        InputUnchecked = "input-unchecked",
        /// An input of fewer files than slots, none of which can be split.
        FewFiles = "few-files",
        /// A comment silences a code that does not exist.
        UnknownCode = "unknown-code",
        /// The script is too large or too deeply nested to be checked.
        NotChecked = "not-checked",
    }
}

impl LintCode {
    /// Those of scripts, which comments can silence.
    pub const OF_SCRIPTS: [Self; 13] = [
        Self::HardCodedMaster,
        Self::ScriptSyntax,
        Self::LocalPath,
        Self::OpensRemote,
        Self::NoModule,
        Self::TooFewArgs,
        Self::ConfInScript,
        Self::NothingHome,
        Self::Collects,
        Self::HidesLogs,
        Self::DriverOnly,
        Self::UnknownCode,
        Self::NotChecked,
    ];

    /// The code of scripts of a word.
    pub fn of(word: &str) -> Option<Self> {
        Self::OF_SCRIPTS
            .into_iter()
            .find(|code| code.as_str() == word)
    }

    /// How serious it is.
    pub const fn severity(self) -> Severity {
        match self {
            Self::HardCodedMaster
            | Self::ScriptSyntax
            | Self::LocalPath
            | Self::OpensRemote
            | Self::NoModule
            | Self::TooFewArgs
            | Self::ConfInScript
            | Self::DriverOnly
            | Self::ExecutorMemory
            | Self::DriverMemory
            | Self::ExecutorCores
            | Self::Heartbeat
            | Self::InputMissing => Severity::Error,
            Self::NothingHome
            | Self::Collects
            | Self::HidesLogs
            | Self::IdleMemory
            | Self::IdleCores
            | Self::TooManyExecutors
            | Self::InputUnchecked
            | Self::FewFiles
            | Self::UnknownCode
            | Self::NotChecked => Severity::Warning,
        }
    }
}

words! {
    /// How serious a finding is.
    pub enum Severity {
        /// It is shown, and stops nothing.
        Warning = "warning",
        /// It stops `apply`.
        Error = "error",
    }
}

/// Something that is wrong, at its place in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LintFinding {
    /// Its kind.
    pub code: LintCode,
    /// The bytes of the text that it is about.
    pub at: Range<usize>,
    /// What is wrong, as a sentence without a full stop.
    pub message: String,
    /// How to fix it.
    pub help: Option<String>,
}
