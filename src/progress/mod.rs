//! How far a followed job is, and about when it will be done. Nothing says how many Spark jobs a step
//! will still launch, so its time is estimated from an earlier run of the step, or from what the step
//! prints, such as `pass 7 of 30`; where there is neither, it is not estimated.

mod counter;
mod tracker;

pub use tracker::{Earlier, Tracker};

#[cfg(test)]
mod tests;
