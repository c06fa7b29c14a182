//! What stacks may ask for, and what a team may spend: policies against a stack and its price.

mod subject;

pub use subject::{Price, Subject};
