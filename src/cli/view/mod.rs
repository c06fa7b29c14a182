//! The text of plans, progress, clusters and results: 80 columns, without colour, fit for a pipe.

pub(super) mod adopted;
pub(super) mod attempts;
pub(super) mod budgets;
pub(super) mod compare;
pub(super) mod diagnosis;
pub(super) mod estimate;
pub(super) mod figures;
pub(super) mod ledger;
pub(super) mod log;
pub(super) mod logs;
pub(super) mod month;
pub(super) mod node;
pub(super) mod overview;
pub(super) mod plan;
pub(super) mod policy;
pub(super) mod price;
pub(super) mod progress;
mod remedy;
pub(super) mod report_document;
pub(super) mod results;
pub(super) mod safeguards;
pub(super) mod sizes;
mod software;
pub(super) mod status;
pub(in crate::cli) mod summary;
pub(super) mod watchdog;
pub(super) mod words;
