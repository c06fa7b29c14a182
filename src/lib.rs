//! clusterup: infrastructure as code for Spark on Amazon EMR, with cost guardrails.
//!
//! The rooms (top folders) in order of dependence; each may import only those above it, which
//! `tests/tidy.rs` checks:
//!
//! - [`model`]: the types that all rooms share. Pure, as are the next six.
//! - [`text`]: parses YAML into a `Stack` or a `Policy` and reports every mistake at once.
//! - [`cost`]: capacities and prices of instance types, estimates, and the ledger's reports.
//! - [`guard`]: decides from a `Cluster` and the time whether it may go on.
//! - [`plan`]: computes a `Plan` from a `Stack`, `Facts` and what is `Observed`.
//! - [`policy`]: evaluates policies and team budgets.
//! - [`diagnose`]: finds the causes of failures in logs.
//! - [`disk`]: reads the user's files: regular ones, of bounded size.
//! - [`cloud`]: the trait of a cloud, with AWS, this machine and a simulation behind it.
//! - [`ledger`]: the SQLite database of what clusters have cost.
//! - [`run`]: carries out plans, follows jobs and runs the watchdog.
//! - [`app`]: use cases, which the command line, the watchdog and its page share: agreement,
//!   admission, reservations, extensions, and what they read from the environment and from files.
//! - [`dash`]: the watchdog's page and metrics.
//! - [`cli`]: the command line: flags, a file for each command, views and exit codes.

#![warn(missing_docs)]
// Futures nest deeply: a call passes through several async layers.
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
