//! The diagnosis, on a corpus of labelled logs, on logs that are damaged, and on those of jobs that
//! ended well.
#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

#[path = "diagnose/accuracy.rs"]
mod accuracy;
#[path = "diagnose/corpus.rs"]
mod corpus;
#[path = "diagnose/details.rs"]
mod details;
#[path = "diagnose/robustness.rs"]
mod robustness;
