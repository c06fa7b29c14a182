//! Fixes that are offered after a failure: those that the stack accepts, that can be planned, and that
//! its policies allow.

use super::environment::Environment;
use super::judged::judge;
use super::policies::LoadedPolicies;
use super::stack_file::{self, StackFile};
use crate::model::clock::Clock;
use crate::model::diagnosis::Remedy;
use crate::model::facts::Facts;
use crate::model::hint::{Command, CommandContext, Hint};
use crate::model::stack::Stack;
use crate::plan::expand::expand;
use crate::plan::fix::{Change, Failed, Fix, Setting, fixes};
use crate::run::clock::SystemClock;
use serde_json::{Value, json};

/// The stack of the current command line, and what its fixes have to obey.
#[derive(Clone, Copy)]
pub(crate) struct Fixer<'a> {
    pub(crate) file: &'a StackFile,
    pub(crate) policies: &'a LoadedPolicies,
    pub(crate) environment: &'a Environment,
}

/// A fix, and the command that applies it.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    pub(crate) fix: Fix,
    pub(crate) next: Option<Hint>,
}

impl Offer {
    /// The fix in JSON, with its command completed.
    pub(crate) fn document(&self, here: &CommandContext) -> Value {
        let mut document = json!(self.fix);
        document["next"] = json!(self.next.as_ref().map(|next| next.text(here)));
        document
    }
}

impl Fixer<'_> {
    /// The fixes for these remedies, best first.
    pub(crate) fn offers(&self, failed: Failed<'_>, remedies: &[Remedy]) -> Vec<Offer> {
        let found = fixes(failed, remedies).into_iter();
        let allowed = found.filter(|fix| self.is_allowed(fix, failed.facts));
        allowed.map(offer).collect()
    }

    /// Whether the stack with the fix has no mistake, can be planned and is not denied.
    fn is_allowed(&self, fix: &Fix, facts: &Facts) -> bool {
        let Change::Set(settings) = &fix.change else {
            return true;
        };
        let mut file = self.file.clone();
        for setting in settings {
            match written(setting).parse() {
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

/// As `--set` takes it.
fn written(setting: &Setting) -> String {
    format!("{}={}", setting.path, setting.to)
}

fn offer(fix: Fix) -> Offer {
    let apply = Command::clusterup("apply").this_stack();
    let next = match &fix.change {
        Change::Set(settings) => {
            let set = |command: Command, one| command.arg("--set").arg(written(one));
            Some(settings.iter().fold(apply, set).into())
        }
        Change::CreateRoles => Some(apply.arg("--create-roles").into()),
        Change::RunAgain => Some(apply.into()),
        Change::ByHand(command) => command.clone(),
    };
    Offer { fix, next }
}
