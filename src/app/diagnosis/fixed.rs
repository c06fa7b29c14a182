//! The fixes of a failure for its stack, where the stack's file is at hand.

use super::skew::skew;
use crate::app::failure::Failure;
use crate::app::fixes::Fixer;
use crate::app::given_stack::GivenStack;
use crate::app::policies::PolicyPlace;
use crate::app::stack_file::{self, StackFile};
use crate::app::{by_name, last_run};
use crate::model::event::NoListener;
use crate::model::fix::Fix;
use crate::model::observed::Cluster;
use crate::model::stack::{Source, Stack};
use crate::plan::fix::Failed;
use crate::run::explain::Explanation;
use std::path::Path;

/// The stack that a command line names by its file or its name, and the policies for it.
#[derive(Clone, Copy)]
pub(super) struct Named<'a> {
    pub(super) word: &'a str,
    pub(super) given: &'a GivenStack<'a>,
    pub(super) policies: &'a PolicyPlace,
}

impl Named<'_> {
    /// The fixes for the stack as its file describes it now; `None` if the file is not at hand.
    /// Downloads nothing.
    pub(super) async fn fixes(
        &self,
        cluster: &Cluster,
        found: &Explanation,
    ) -> Result<Option<Vec<Fix>>, Failure> {
        let remedies = &found.diagnosis.remedies;
        let target = &self.given.target;
        let Some(file) = self.file().await.filter(|_| !remedies.is_empty()) else {
            return Ok(None);
        };
        let mut stack = stack_file::read(&file)?;
        let policies = self.policies.read(&file.path, target.session).await?;
        let reduced = without_downloads(stack.clone(), &file.path);
        let mut facts = target.cloud.facts(&reduced, None, &NoListener).await?;
        last_run::add(&mut facts, &stack, target).await?;
        // As a plan applies them.
        stack = policies.policies.impose(stack);
        let fixer = Fixer {
            file: &file,
            policies: &policies,
            environment: &target.session.environment,
        };
        let failed = Failed {
            stack: &stack,
            facts: &facts,
            step: found.failed.step(cluster),
            skew: skew(&*target.cloud, cluster, found.failed, &found.diagnosis).await,
        };
        Ok(Some(fixer.fixes(failed, remedies)))
    }

    async fn file(&self) -> Option<StackFile> {
        if self.given.is_name {
            return by_name::last_file(&self.given.name, &self.given.target).await;
        }
        Some(StackFile::new(self.word))
    }
}

/// The stack with a file of this machine in place of each data set that would be downloaded: no fix
/// depends on what is in it.
fn without_downloads(mut stack: Stack, file: &Path) -> Stack {
    for data in stack.data.values_mut() {
        if matches!(data.source, Source::Url { .. }) {
            data.source = Source::Path(file.to_owned());
        }
    }
    stack
}
