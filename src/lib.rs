//! clusterup: infrastructure as code for Spark on Amazon EMR, with cost guardrails.
//!
//! The rooms in order of dependence; each may import only those above it (`tests/tidy.rs`):
//!
//! - [`model`]: the nouns. Pure, as are the next six.
//! - [`text`]: YAML to `Stack`, every mistake at once.
//! - [`cost`]: what instance types hold and cost, what clusters have cost.
//! - [`guard`]: now x `Cluster` to `Verdict`.
//! - [`plan`]: `Stack` x `Facts` x `Observed` to `Plan`.
//! - [`policy`]: what stacks may ask for, and what a team may spend.
//! - [`diagnose`]: logs to causes.
//! - [`disk`]: reading the user's files: regular ones, bounded.
//! - [`cloud`]: the edge. A trait, and this machine as a cloud behind it.
//! - [`ledger`]: what clusters have cost, kept in SQLite.
//! - [`run`]: the shell. The clock, one attempt at a plan, the loop that follows a job,
//!   the watchdog.
//! - [`app`]: what verbs and page both do: a team's month is asked here before a cluster is made or
//!   made dearer.
//! - [`dash`]: the watchdog's page and metrics.
//! - [`cli`]: words, views and exit codes.

// Calls pass through several layers that are each a future of their own.
#![recursion_limit = "256"]

pub mod app;
pub mod cli;
pub mod cloud;
pub mod cost;
pub mod dash;
pub mod diagnose;
pub mod disk;
pub mod guard;
pub mod ledger;
pub mod model;
pub mod plan;
pub mod policy;
pub mod run;
pub mod text;
