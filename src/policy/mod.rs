//! What stacks may ask for, and what a team may spend: policies against a stack, its price, and the
//! account of its team.

mod ask;
mod believed;
pub mod book;
mod finding;
mod judge;
mod limits;
pub mod mirror;
mod month;
mod subject;

pub use ask::Ask;
pub use believed::{Believed, Source, believed};
pub use finding::{Bound, Finding, Judgement};
pub use judge::Policies;
pub use month::overspent;
pub use subject::{Price, Subject};
