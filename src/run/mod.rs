//! The shell around the pure rooms: the clock, one attempt at a plan, the loop that calls it, the
//! ledger kept.

pub mod account_store;
pub mod clock;
pub mod driver;
pub mod explain;
pub mod follow;
pub mod ledger;
pub mod mirror;
pub mod notify;
pub mod reconcile;
pub mod supervisor;
pub mod watchdog;
