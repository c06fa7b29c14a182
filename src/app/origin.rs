//! Stacks are identified by name. If a stack was last applied from another file or by another user,
//! commands show that and ask before they change anything.

use super::environment::Environment;
use super::failure::Failure;
use crate::cloud::Cloud;
use crate::model::clock::Clock;
use crate::model::name::StackName;
use crate::model::origin::Origin;
use crate::run::clock::SystemClock;
use std::path::Path;

/// Where the current command line names a stack from.
pub(crate) struct CurrentOrigin {
    origin: Origin,
    /// Whether it names the stack's file, not only the stack.
    by_file: bool,
}

/// The other origin that a stack was last applied from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OtherOrigin {
    origin: Origin,
    line: String,
}

impl CurrentOrigin {
    /// `stack`: the path of its file, or its name.
    pub(crate) fn new(stack: &Path, environment: &Environment) -> Self {
        let named = std::path::absolute(stack).unwrap_or_else(|_| stack.to_owned());
        let file = stack.canonicalize().unwrap_or_else(|_| named.clone());
        let named = (named != file).then(|| named.display().to_string());
        Self {
            origin: Origin {
                who: environment.who.clone(),
                file: file.display().to_string(),
                named,
                at: SystemClock.now(),
                unchecked: false,
            },
            by_file: stack.is_file(),
        }
    }

    /// The same with whether the stack's scripts are not checked.
    pub(crate) fn unchecked(mut self, unchecked: bool) -> Self {
        self.origin.unchecked = unchecked;
        self
    }

    pub(crate) const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Reads where the stack was last applied from; `None` if from here, or never.
    pub(crate) async fn elsewhere(
        &self,
        cloud: &dyn Cloud,
        stack: &StackName,
    ) -> Result<Option<OtherOrigin>, Failure> {
        let last = cloud.origin(stack).await?;
        Ok(self.other(stack, last.as_ref()))
    }

    /// Like [`Self::elsewhere`], for an origin that was read already.
    pub(crate) fn other(&self, stack: &StackName, last: Option<&Origin>) -> Option<OtherOrigin> {
        let last = last?.clone();
        let same = if self.by_file {
            last.is_same(&self.origin)
        } else {
            last.who == self.origin.who
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
        let line = format!("stack {stack} was last applied {last}, not by {who}{from}");
        Some(OtherOrigin { origin: last, line })
    }
}

impl OtherOrigin {
    /// The sentence about it, without a full stop.
    pub(crate) fn line(&self) -> &str {
        &self.line
    }

    /// Who applied the stack.
    pub(crate) fn origin(self) -> Origin {
        self.origin
    }

    /// Prefixes a question with the sentence.
    pub(crate) fn before(elsewhere: Option<&Self>, question: String) -> String {
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
