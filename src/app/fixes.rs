//! Fixes that are offered after a failure: those that the stack accepts, that can be planned, and that
//! its policies allow.

use super::environment::Environment;
use super::judged::judge;
use super::policies::LoadedPolicies;
use super::stack_file::{self, StackFile};
use crate::model::clock::Clock;
use crate::model::diagnosis::Remedy;
use crate::model::facts::Facts;
use crate::model::fix::{Change, Fix};
use crate::model::stack::Stack;
use crate::plan::expand::expand;
use crate::plan::fix::{Failed, fixes};
use crate::run::clock::SystemClock;

/// The stack of the current command line, and what its fixes have to obey.
#[derive(Clone, Copy)]
pub(crate) struct Fixer<'a> {
    pub(crate) file: &'a StackFile,
    pub(crate) policies: &'a LoadedPolicies,
    pub(crate) environment: &'a Environment,
}

impl Fixer<'_> {
    /// The fixes for these remedies, best first.
    pub(crate) fn fixes(&self, failed: Failed<'_>, remedies: &[Remedy]) -> Vec<Fix> {
        let mut found = fixes(failed, remedies);
        found.retain(|fix| self.is_allowed(fix, failed.facts));
        found
    }

    /// Whether the stack with the fix has no mistake, can be planned and is not denied.
    fn is_allowed(&self, fix: &Fix, facts: &Facts) -> bool {
        let Change::Set(settings) = &fix.change else {
            return true;
        };
        let mut file = self.file.clone();
        for setting in settings {
            match setting.written().parse() {
                Ok(set) => file.sets.push(set),
                Err(_) => return false,
            }
        }
        let Ok(stack) = stack_file::read(&file) else {
            return false;
        };
        expand(&stack, facts).is_ok() && !self.is_denied(&stack)
    }

    fn is_denied(&self, stack: &Stack) -> bool {
        let catalog = self.environment.catalog();
        let by = &self.environment.who;
        let policies = &self.policies.policies;
        judge(stack, policies, &catalog, by, SystemClock.now()).is_denied()
    }
}
