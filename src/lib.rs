//! clusterup: infrastructure as code for Spark on Amazon EMR, with cost guardrails.
//!
//! The rooms (top folders) in order of dependence; each may import only those above it, which
//! `tests/tidy.rs` checks:
//!
//! - [`model`]: the types that all rooms share. Pure, as are the next eleven.
//! - [`text`]: parses YAML into a `Stack` or a `Policy` and reports every mistake at once.
//! - [`cost`]: capacities and prices of instance types, estimates, and the ledger's reports.
//! - [`guard`]: decides from a `Cluster` and the time whether it may go on.
//! - [`plan`]: computes a `Plan` from a `Stack`, `Facts` and what is `Observed`.
//! - [`policy`]: evaluates policies and team budgets.
//! - [`simulate`]: plays past clusters with policies: what they would have saved and stopped.
//! - [`diagnose`]: finds the causes of failures in logs, and what would fail in scripts.
//! - [`summary`]: what a run did, from Spark's event log.
//! - [`progress`]: how far a followed job is, and about when it will be done.
//! - [`import`]: makes a stack of what other tools made.
//! - [`chart`]: charts as SVG and HTML, for the watchdog's page and for documents.
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

// The tests and `testkit` use every room. The program uses `cli::main` alone, so with `--cfg closed`,
// which `.ci/run` sets, the compiler reports every item that no command reaches.
#[cfg(not(closed))]
pub mod app;
#[cfg(not(closed))]
pub mod chart;
#[cfg(not(closed))]
pub mod cli;
#[cfg(not(closed))]
pub mod cloud;
#[cfg(not(closed))]
pub mod cost;
#[cfg(not(closed))]
pub mod dash;
#[cfg(not(closed))]
pub mod diagnose;
#[cfg(not(closed))]
pub mod disk;
#[cfg(not(closed))]
pub mod guard;
#[cfg(not(closed))]
pub mod import;
#[cfg(not(closed))]
pub mod ledger;
#[cfg(not(closed))]
pub mod model;
#[cfg(not(closed))]
pub mod plan;
#[cfg(not(closed))]
pub mod policy;
#[cfg(not(closed))]
pub mod progress;
#[cfg(not(closed))]
pub mod run;
#[cfg(not(closed))]
pub mod simulate;
#[cfg(not(closed))]
pub mod summary;
#[cfg(not(closed))]
pub mod text;

#[cfg(closed)]
mod app;
#[cfg(closed)]
mod chart;
#[cfg(closed)]
mod cli;
#[cfg(closed)]
mod cloud;
#[cfg(closed)]
mod cost;
#[cfg(closed)]
mod dash;
#[cfg(closed)]
mod diagnose;
#[cfg(closed)]
mod disk;
#[cfg(closed)]
mod guard;
#[cfg(closed)]
mod import;
#[cfg(closed)]
mod ledger;
#[cfg(closed)]
mod model;
#[cfg(closed)]
mod plan;
#[cfg(closed)]
mod policy;
#[cfg(closed)]
mod progress;
#[cfg(closed)]
mod run;
#[cfg(closed)]
mod simulate;
#[cfg(closed)]
mod summary;
#[cfg(closed)]
mod text;
#[cfg(closed)]
pub use cli::main;
