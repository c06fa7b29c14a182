//! Errors of commands: message, causes, advice and exit code.

use super::{Denied, OperationError};
use crate::cloud::{Class, CloudError};
use crate::guard::Refused;
use crate::ledger::LedgerError;
use crate::model::hint::{Command, Hint};
use crate::plan::Refusal;
use crate::policy::Finding;
use crate::run::driver::Stopped;
use crate::run::ledger::Unsynced;
use crate::text::Diagnostics;
use std::error::Error;

/// The documented exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Done,
    Failed,
    /// The input is invalid.
    Input,
    /// A policy or a ceiling refused it.
    Refused,
    /// The job failed.
    Job,
    /// A guardrail ended it.
    Guardrail,
    /// A sweep could not list or look at every cluster.
    Incomplete,
    Interrupted,
}

impl Exit {
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Input => 2,
            Self::Refused => 3,
            Self::Job => 4,
            Self::Guardrail => 5,
            Self::Incomplete => 6,
            Self::Interrupted => 130,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) message: String,
    pub(crate) causes: Vec<String>,
    pub(crate) hints: Vec<Hint>,
    /// Mistakes in a file, printed instead of the message.
    pub(crate) diagnostics: Option<Box<Diagnostics>>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            causes: Vec::new(),
            hints: Vec::new(),
            diagnostics: None,
        }
    }

    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self::new(Exit::Input, message)
    }

    /// The error for mistakes in a policy or its examples.
    pub(crate) fn policy(diagnostics: Diagnostics) -> Self {
        let mut failure = Self::input("the policy has mistakes");
        failure.diagnostics = Some(Box::new(diagnostics));
        failure.hint("correct them: until then, no cluster is created or extended under it")
    }

    /// Message, causes and advice in one line.
    pub(crate) fn in_a_line(&self) -> String {
        let next = self.hints.iter().map(|hint| match hint {
            Hint::Help(text) => text.clone(),
            Hint::Next(command) => format!("next: {command}"),
        });
        let message = std::iter::once(self.message.clone());
        let all: Vec<String> = message.chain(self.causes.clone()).chain(next).collect();
        all.join("; ")
    }

    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<Hint>) -> Self {
        self.hints.push(hint.into());
        self
    }

    #[must_use]
    pub(crate) fn caused_by(mut self, error: &dyn Error) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            self.causes.push(error.to_string());
            next = error.source();
        }
        self
    }
}

impl From<CloudError> for Failure {
    fn from(error: CloudError) -> Self {
        let exit = match error.class {
            Class::Input => Exit::Input,
            Class::Busy | Class::Missing | Class::Account | Class::Unreachable | Class::Failed => {
                Exit::Failed
            }
        };
        let failure = Self::new(exit, error.message.clone());
        let failure = match error.source() {
            Some(source) => failure.caused_by(source),
            None => failure,
        };
        error.hints.into_iter().fold(failure, Self::hint)
    }
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        let failure = Self::new(Exit::Failed, error.to_string());
        let failure = error.hints().into_iter().fold(failure, Self::hint);
        match error.source() {
            Some(source) => failure.caused_by(source),
            None => failure,
        }
    }
}

impl From<Unsynced> for Failure {
    fn from(unsynced: Unsynced) -> Self {
        match unsynced {
            Unsynced::Cloud(error) => error.into(),
            Unsynced::Ledger(error) => error.into(),
        }
    }
}

impl From<Denied> for Failure {
    fn from(denied: Denied) -> Self {
        let mut failure = Self::new(Exit::Refused, denied.to_string());
        for finding in &denied.findings {
            let Finding { message, place, .. } = finding;
            failure.causes.push(format!("{message} ({place})"));
            failure = failure.hint(finding.pass.clone());
            if let Some(by) = &denied.overrider {
                let why = format!("policy {} does not let {by} override it", finding.policy);
                failure.causes.push(why);
            }
        }
        failure
    }
}

impl From<OperationError> for Failure {
    fn from(error: OperationError) -> Self {
        match error {
            OperationError::Cloud(error) => error.into(),
            OperationError::Ledger(error) => error.into(),
            OperationError::Stopped(stopped) => stopped.into(),
            OperationError::Denied(denied) => denied.into(),
            OperationError::Deadline(Refused::Input { message, next }) => {
                Self::input(message).hint(next)
            }
            OperationError::Deadline(Refused::Ceiling { message, next }) => {
                Self::new(Exit::Refused, message).hint(next)
            }
            OperationError::NoCluster(ref stack) => Self::input(error.to_string())
                .hint("see what happened to it")
                .hint(Command::clusterup("status").stack(stack)),
        }
    }
}

impl From<Stopped> for Failure {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::Cloud(error) => error.into(),
            Stopped::Refused(refusals) => refusal_failure(refusals),
            Stopped::Unsettled(_) => Self::new(Exit::Failed, stopped.to_string())
                .hint("see what exists")
                .hint(Command::clusterup("status").this_stack()),
        }
    }
}

fn refusal_failure(refusals: Vec<Refusal>) -> Failure {
    let mut refusals = refusals.into_iter();
    let Some(first) = refusals.next() else {
        return Failure::input("the stack cannot run");
    };
    let mut failure = Failure::input(first.message).hint(first.hint);
    for Refusal { message, hint } in refusals {
        failure.causes.push(message);
        failure.hints.push(hint);
    }
    failure
}

impl From<Diagnostics> for Failure {
    fn from(diagnostics: Diagnostics) -> Self {
        let mut failure = Self::input("the stack has mistakes");
        failure.diagnostics = Some(Box::new(diagnostics));
        failure
    }
}
