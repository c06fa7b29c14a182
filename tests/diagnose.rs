//! The diagnosis, on a corpus of labelled logs, on logs that are damaged, and on those of jobs that
//! ended well.
#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

#[path = "diagnose/accuracy.rs"]
mod accuracy;
#[path = "diagnose/corpus.rs"]
mod corpus;
#[path = "diagnose/details.rs"]
mod details;
#[path = "support/failure_logs.rs"]
mod failure_logs;
#[path = "support/failures.rs"]
mod failures;
#[path = "diagnose/failures.rs"]
mod failures_in_both_layouts;
#[path = "diagnose/robustness.rs"]
mod robustness;
