//! The stack that a command is given by its file or its name, on its target.

use super::failure::Failure;
use super::session::Session;
use super::stack_file;
use super::target::{Target, TargetChoice};
use super::unknown_stack;
use crate::model::name::StackName;
use crate::model::observed::Observed;

/// A stack that need not exist.
pub(crate) struct GivenStack<'a> {
    pub(crate) name: StackName,
    pub(crate) target: Target<'a>,
    /// Whether it was given by its name, which can be mistyped.
    pub(crate) is_name: bool,
}

impl<'a> GivenStack<'a> {
    /// A file also gives the region.
    pub(crate) async fn open(
        file_or_name: &str,
        choice: &TargetChoice,
        session: &'a Session,
    ) -> Result<Self, Failure> {
        let (name, region) = stack_file::name(file_or_name)?;
        let target = Target::open(choice, region.as_ref(), session).await?;
        Ok(Self {
            name,
            target,
            is_name: region.is_none(),
        })
    }

    /// Observes the stack. Returns an error if it is a name that never existed.
    pub(crate) async fn observe(&self, verb: &str) -> Result<Observed, Failure> {
        let observed = self.target.cloud.observe(&self.name, None).await?;
        if observed.is_empty() {
            self.refuse_unknown(verb).await?;
        }
        Ok(observed)
    }

    /// Returns an error if the stack, of which nothing exists, is a name that never existed.
    pub(crate) async fn refuse_unknown(&self, verb: &str) -> Result<(), Failure> {
        if self.is_name {
            unknown_stack::refuse(verb, &self.name, &self.target).await?;
        }
        Ok(())
    }
}
