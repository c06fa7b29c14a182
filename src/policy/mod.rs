//! Policies and team budgets: judges a stack by what policies allow, by its price, and by the
//! account of its team.

mod cost_bound;
mod curve;
mod expr;
mod finding;
mod judge;
mod limits;
mod load;
mod month;
pub mod names;
mod others;
mod rules;
mod spent;
mod subject;
pub mod team_account;
mod team_budget;
mod watch;

pub use cost_bound::CostBound;
pub use finding::{Finding, Judgement};
pub use judge::Policies;
pub use load::{Compiled, load};
pub use month::{overspent, unpriced};
pub use subject::{Price, Subject};
pub use team_budget::TeamBudget;
