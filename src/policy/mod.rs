//! What stacks may ask for, and what a team may spend: policies against a stack and its price.

mod believed;
pub mod mirror;
mod subject;

pub use believed::{Believed, Source, believed};
pub use subject::{Price, Subject};
