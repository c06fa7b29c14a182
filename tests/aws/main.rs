//! The program as a person runs it, against a double of AWS: without an account, costs or waiting.
#![cfg(feature = "aws")]
#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]
#![expect(clippy::print_stdout, reason = "figures are what some tests are for")]

mod absent;
mod account_store;
mod accounts;
mod adopt;
mod airflow;
mod app_uis;
mod budgets;
mod call_log;
mod calls;
mod credentials;
#[path = "../crowd/mod.rs"]
mod crowd;
mod data_folder;
mod diagnose;
mod doctor;
mod doctor_live;
#[path = "../support/documents.rs"]
mod documents;
mod double;
mod drift;
mod emr_settings;
#[path = "../ends/mod.rs"]
mod ends;
mod ends_table;
mod example_stacks;
#[path = "../support/failures.rs"]
mod expected;
#[path = "../support/failure_logs.rs"]
mod failure_logs;
mod failures;
#[path = "../support/faults.rs"]
mod faults;
mod first_look;
mod fleet;
mod fleet_provider;
mod fleets;
mod hangs;
mod heard;
#[path = "../support/hints.rs"]
mod hints;
mod import;
mod import_cluster;
mod inputs;
mod job;
mod job_steps;
mod json;
mod kills;
mod launch_settings;
mod ledger;
mod life;
mod live_logs;
mod login;
mod logs;
mod lost;
mod months;
mod network;
mod origins;
mod other_costs;
mod partitions;
mod policies;
mod pool;
mod prices;
mod push;
mod real;
mod results;
mod retry;
mod roles;
#[path = "../support/running.rs"]
mod running;
mod safeguards;
mod samples;
mod scenes;
mod schedules;
#[path = "../support/shipped.rs"]
mod shipped;
mod silence;
mod simulate;
mod software;
mod subnets;
mod summary;
mod together;
mod ui;
mod watched_accounts;
#[path = "../support/wide.rs"]
mod wide;
mod width;
mod words;
mod world;
