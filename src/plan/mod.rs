//! Computes a `Plan` from a `Stack`, `Facts` and what is `Observed`: ordered actions, each with its
//! reason, that leave no choice to execution. Pure.

pub mod beside;
mod bids;
mod bootstrap;
mod change;
pub mod check;
pub mod cluster;
pub mod destroy;
pub mod diff;
pub mod expand;
pub mod few_files;
pub mod fit;
pub mod fix;
mod fleets;
mod job;
mod keys;
mod launch;
pub mod memory;
mod network;
pub mod node_use;
mod not_here;
pub mod refusal;
mod repeat;
pub mod retry;
mod sampling;
pub mod sizing;
mod software;
mod steps;

use cluster::Given;
pub use destroy::destroy;
pub use refusal::Refusal;

use crate::model::desired::Desired;
use crate::model::facts::Facts;
use crate::model::observed::Observed;
use crate::model::plan::Plan;
use crate::model::stack::Stack;

/// The caller's options.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// Runs a completed job again.
    pub again: bool,
    /// Creates EMR's roles if they are missing.
    pub create_roles: bool,
    /// The stack's scripts are not checked.
    pub no_lint: bool,
}

/// Plans the changes that turn `observed` into what `stack` describes; returns the plan and the
/// desired state.
///
/// # Errors
/// Returns every reason why the stack cannot run.
pub fn plan(
    stack: &Stack,
    facts: &Facts,
    observed: &Observed,
    options: Options,
) -> Result<(Plan, Desired), Vec<Refusal>> {
    let (desired, mut notes) = expand::expand(stack, facts)?;
    if options.no_lint {
        notes.push("the scripts of its steps are not checked (--no-lint)".to_owned());
    }
    let given = Given {
        desired: &desired,
        observed,
        options,
    };
    let plan = diff::diff(stack, given, notes);
    debug_assert_eq!(check::flaws(&plan, observed), [], "a bug in the planner");
    Ok((plan, desired))
}
