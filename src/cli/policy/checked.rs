//! The results of `policy check`, stack by stack.

use crate::app::failure::Failure;
use crate::app::policies::PolicySource;
use crate::model::name::StackName;
use crate::policy::Judgement;
use crate::text::Diagnostics;
use serde::Serialize;

/// The result of checking one stack's file.
pub(super) struct Checked {
    pub(super) file: String,
    pub(super) text: String,
    pub(super) stack: StackName,
    pub(super) judgement: Judgement,
    pub(super) from: Vec<PolicySource>,
}

impl Checked {
    pub(super) fn document(&self) -> CheckedDocument {
        CheckedDocument {
            file: self.file.clone(),
            stack: self.stack.clone(),
            judgement: self.judgement.clone(),
            from: self.from.clone(),
        }
    }
}

/// How one stack was judged.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct CheckedDocument {
    /// Its file.
    file: String,
    /// Its name.
    stack: StackName,
    #[serde(flatten)]
    judgement: Judgement,
    /// Where the policies were read.
    from: Vec<PolicySource>,
}

/// A stack that could not be read.
pub(super) struct Invalid {
    pub(super) file: String,
    pub(super) failure: Failure,
}

impl Invalid {
    pub(super) fn document(&self) -> UnreadStack {
        UnreadStack {
            file: self.file.clone(),
            error: self.failure.message.clone(),
            diagnostics: self.failure.diagnostics.as_deref().cloned(),
        }
    }
}

/// A stack that is not valid.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct UnreadStack {
    /// Its file.
    file: String,
    /// What is wrong.
    error: String,
    /// The mistakes in its file, each with its place.
    diagnostics: Option<Diagnostics>,
}
