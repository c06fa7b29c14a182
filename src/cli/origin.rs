//! Two stacks of one name are one stack. Where this one was applied last from another file, or by
//! somebody else, that is said, and asked about before anything is changed.

use super::context::Context;
use super::failure::Failure;
use crate::cloud::Cloud;
use crate::model::clock::Clock;
use crate::model::name::StackName;
use crate::model::origin::Origin;
use crate::run::clock::SystemClock;
use serde_json::{Value, json};
use std::path::Path;

/// From where a command line means a stack.
pub(super) struct CurrentOrigin {
    origin: Origin,
    /// Whether it names the stack's file, or only the stack.
    by_file: bool,
}

/// The other place that a stack was applied from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OtherOrigin {
    was: Origin,
    line: String,
}

impl CurrentOrigin {
    /// `stack` is its file, or its name.
    pub(super) fn new(stack: &Path, context: &Context) -> Self {
        let named = std::path::absolute(stack).unwrap_or_else(|_| stack.to_owned());
        let file = stack.canonicalize().unwrap_or_else(|_| named.clone());
        let named = (named != file).then(|| named.display().to_string());
        Self {
            origin: Origin {
                who: context.who.clone(),
                file: file.display().to_string(),
                named,
                at: SystemClock.now(),
            },
            by_file: stack.is_file(),
        }
    }

    pub(super) const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Where the stack was applied last, if that is not here.
    pub(super) async fn elsewhere(
        &self,
        cloud: &dyn Cloud,
        stack: &StackName,
    ) -> Result<Option<OtherOrigin>, Failure> {
        let was = cloud.origin(stack).await?;
        Ok(self.other(stack, was.as_ref()))
    }

    /// The same, where it was asked already.
    pub(super) fn other(&self, stack: &StackName, was: Option<&Origin>) -> Option<OtherOrigin> {
        let was = was?.clone();
        let same = if self.by_file {
            was.is_same(&self.origin)
        } else {
            was.who == self.origin.who
        };
        if same {
            return None;
        }
        let Origin { who, file, .. } = &self.origin;
        let from = if self.by_file {
            format!(" from {file}")
        } else {
            String::new()
        };
        let line = format!("stack {stack} was last applied {was}, not by {who}{from}");
        Some(OtherOrigin { was, line })
    }
}

impl OtherOrigin {
    /// In one line, without its full stop.
    pub(super) fn line(&self) -> &str {
        &self.line
    }

    pub(super) fn json(elsewhere: Option<&Self>) -> Value {
        json!(elsewhere.map(|elsewhere| &elsewhere.was))
    }

    /// A question that begins with it.
    pub(super) fn before(elsewhere: Option<&Self>, question: String) -> String {
        match elsewhere {
            Some(elsewhere) => {
                let mut line = elsewhere.line.clone();
                line.replace_range(..1, "S");
                format!("{line}. {question}")
            }
            None => question,
        }
    }
}
