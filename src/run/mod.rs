//! The shell around the pure rooms: the clock, the apply loop, following jobs, the supervisor, the
//! watchdog, notifications, and updates of the ledger and of teams' accounts.

pub mod account_store;
pub mod clock;
pub mod driver;
pub mod explain;
pub mod follow;
pub mod job_watch;
pub mod ledger;
pub mod notify;
pub mod reconcile;
mod stuck;
pub mod supervisor;
pub mod watchdog;
