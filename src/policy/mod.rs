//! What stacks may ask for, and what a team may spend: policies against a stack, its price, and the
//! account of its team.

mod ask;
mod believed;
pub mod book;
mod curve;
mod expr;
mod finding;
mod judge;
mod limits;
mod load;
pub mod mirror;
mod month;
mod names;
mod others;
mod record;
mod rules;
mod subject;
mod watch;

pub use ask::Ask;
pub use believed::{Believed, Source, believed};
pub use expr::{Expr, Flaw};
pub use finding::{Bound, Finding, Judgement};
pub use judge::Policies;
pub use load::{Compiled, load};
pub use month::{overspent, unpriced};
pub use names::{document, specimen};
pub use record::TeamBudget;
pub use subject::{Price, Subject};
