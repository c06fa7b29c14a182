//! What instance types hold, and from there what they cost.

pub mod shape;
