//! The results of `policy check`, stack by stack.

use crate::app::document::{Document, document};
use crate::app::failure::Failure;
use crate::app::policies::PolicySource;
use crate::model::name::StackName;
use crate::policy::Judgement;

/// The result of checking one stack's file.
pub(super) struct Checked {
    pub(super) file: String,
    pub(super) text: String,
    pub(super) stack: StackName,
    pub(super) judgement: Judgement,
    pub(super) from: Vec<PolicySource>,
}

impl Checked {
    pub(super) fn document(&self) -> Document {
        let judgement = &self.judgement;
        document!({
            "file": self.file,
            "stack": self.stack,
            "standing": judgement.standing,
            "policies": judgement.policies,
            "findings": judgement.findings,
            "bounds": judgement.bounds,
            "from": self.from,
        })
    }
}

/// A stack that could not be read.
pub(super) struct Invalid {
    pub(super) file: String,
    pub(super) failure: Failure,
}

impl Invalid {
    pub(super) fn document(&self) -> Document {
        document!({
            "file": self.file,
            "error": self.failure.message,
            "diagnostics": self.failure.diagnostics,
        })
    }
}
