//! What stacks may ask for, and what a team may spend: policies against a stack and its price.

mod expr;
mod names;
mod subject;

pub use expr::{Expr, Flaw};
pub use names::{document, specimen};
pub use subject::{Price, Subject};
