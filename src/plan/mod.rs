//! `Stack` x `Facts` x `Observed` to `Plan`: ordered actions, each with its reason, that leave
//! execution no choice. Pure.

mod change;
pub mod check;
pub mod cluster;
pub mod destroy;
pub mod diff;
pub mod expand;
pub mod fit;
mod job;
mod keys;
pub mod memory;
pub mod refusal;

pub use destroy::destroy;
pub use refusal::Refusal;

use crate::model::desired::Desired;
use crate::model::facts::Facts;
use crate::model::observed::Observed;
use crate::model::plan::Plan;
use crate::model::stack::Stack;

/// What the caller asks for besides the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// Run a job that ended well once more.
    pub again: bool,
    /// Make the roles that EMR needs, where they lack.
    pub create_roles: bool,
}

/// The plan that makes `observed` into what `stack` asks for, and the desired state it rests on.
///
/// # Errors
/// Every reason why the stack cannot run as it is.
pub fn plan(
    stack: &Stack,
    facts: &Facts,
    observed: &Observed,
    options: Options,
) -> Result<(Plan, Desired), Vec<Refusal>> {
    let (desired, notes) = expand::expand(stack, facts)?;
    let plan = diff::diff(stack, &desired, observed, options, notes);
    debug_assert_eq!(check::flaws(&plan, observed), [], "a fault of the planner");
    Ok((plan, desired))
}
