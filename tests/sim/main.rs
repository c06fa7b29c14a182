//! AWS in memory and in virtual time, and `apply` and `destroy` on it as a person runs them. The
//! checks read the account itself and never ask the planner.
#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod admissions;
mod adopt;
mod adopt_changes;
mod adopt_worlds;
mod app_uis;
mod bookkeeper;
mod budgets;
mod calls;
#[path = "../crowd/mod.rs"]
mod crowd;
mod daemon;
mod destroy;
#[path = "../ends/mod.rs"]
mod ends;
mod ends_table;
mod first_look;
mod fleet_provider;
mod fleets;
mod kills;
mod laws;
mod logs;
mod machines;
mod mishaps;
mod months;
mod network;
mod notes;
mod office;
mod oracle;
mod pairs;
mod played;
mod process;
mod protection;
mod recorded;
mod request;
mod rights;
mod safeguard_state;
mod safeguards;
mod seeds;
mod staging;
mod tags;
mod traces;
mod watchdog;
mod watchdog_kills;
mod watched;

use clusterup_testkit::worlds::run;

/// A figure that a test came to.
#[expect(clippy::print_stdout, reason = "figures are for people to read")]
fn say(figure: &str) {
    println!("{figure}");
}
