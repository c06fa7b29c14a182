//! The program with faulty files, disks, readers and input, and what it does without Spark and AWS.
#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod audit_log;
mod completion;
mod diagnose;
mod disks;
mod everyday;
#[path = "../support/faults.rs"]
mod faults;
mod files;
#[path = "../support/hints.rs"]
mod hints;
mod init;
mod json;
mod lint;
mod logs;
mod named;
mod names;
mod not_here;
mod output;
mod room;
#[path = "../support/running.rs"]
mod running;
mod service;
mod settings;
mod simulate;
mod verbs;
mod watch;
#[path = "../support/wide.rs"]
mod wide;
mod width;
