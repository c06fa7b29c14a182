//! Event logs that were recorded from real runs, against what Spark's own history server answers for
//! the same logs.
#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

#[path = "summary/history.rs"]
mod history;
#[path = "summary/recorded.rs"]
mod recorded;
#[path = "summary/remarks.rs"]
mod remarks;
