//! Use cases: what several commands, the watchdog and its page do alike. They take a `Session` or a
//! `Target` of one, know no flags and no views, and return values or report to a `Reporter`.

pub mod accounts;
pub mod admission;
pub(crate) mod adopt;
pub(crate) mod agreement;
pub(crate) mod by_name;
pub(crate) mod cleartext;
pub(crate) mod curves;
pub(crate) mod destruction;
pub(crate) mod diagnosis;
pub(crate) mod document;
pub(crate) mod document_file;
pub(crate) mod environment;
pub mod extend;
pub(crate) mod failure;
pub(crate) mod fixes;
pub(crate) mod fleet_cost;
pub(crate) mod given_stack;
pub(crate) mod history;
pub(crate) mod import;
pub(crate) mod inputs;
pub(crate) mod interrupt;
pub(crate) mod judged;
pub(crate) mod last_run;
pub(crate) mod lint;
pub(crate) mod live;
pub(crate) mod logs;
pub(crate) mod new_file;
pub(crate) mod new_stack;
mod node_sizes;
pub(crate) mod operator;
pub(crate) mod origin;
pub(crate) mod overview;
pub(crate) mod policies;
pub(crate) mod policy_reloader;
pub(crate) mod preflight;
pub(crate) mod prices;
pub(crate) mod printed;
pub(crate) mod recorded_costs;
pub(crate) mod reporter;
pub mod reservations;
pub(crate) mod retry;
mod services;
pub(crate) mod session;
pub(crate) mod spent;
pub(crate) mod stack_admission;
pub(crate) mod stack_file;
mod step_sizes;
pub(crate) mod summaries;
pub(crate) mod target;
pub(crate) mod text_file;
pub(crate) mod unknown_stack;
mod wanted;
pub(crate) mod watched_accounts;

use crate::cloud::{Cloud, CloudError};
use crate::guard::Refused;
use crate::ledger::{Ledger, LedgerError};
use crate::model::hint::Hint;
use crate::model::money::Usd;
use crate::model::name::{PolicyName, Region, StackName, TeamName};
use crate::model::percent::Percent;
use crate::model::place::Place;
use crate::policy::{Finding, Policies};
use crate::run::driver::Stopped;
use crate::run::ledger::Unsynced;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// A place with the cloud that serves it.
#[derive(Clone, Copy)]
pub struct OpenPlace<'a> {
    /// The cloud that describes the place's clusters.
    pub cloud: &'a dyn Cloud,
    /// The place.
    pub at: &'a Place,
}

/// What plans and extensions are admitted by: policies, and where the months of their teams are read
/// and written.
#[derive(Clone, Copy)]
pub struct AdmissionContext<'a> {
    /// The loaded policies.
    pub policies: &'a Policies,
    /// Where the clusters are.
    pub place: OpenPlace<'a>,
    /// What is needed besides.
    pub services: &'a dyn Services,
}

/// What use cases need besides the clusters' cloud.
#[async_trait(?Send)]
pub trait Services {
    /// The current time.
    fn now(&self) -> DateTime<Utc>;

    /// The caller, as `user@host`.
    fn who(&self) -> &str;

    /// Opens an AWS region.
    async fn region(&self, region: &Region) -> Result<Box<dyn Cloud>, CloudError>;

    /// Opens this machine's ledger.
    fn ledger(&self) -> Result<Ledger, OperationError>;

    /// What AWS Budgets reports for a team's policies in this month.
    async fn spent_by_aws(
        &self,
        team: &TeamName,
        account: &str,
    ) -> Result<BTreeMap<PolicyName, Usd>, CloudError>;

    /// Warns about a problem, with a hint if there is one.
    fn warn(&self, what: &str, next: Option<Hint>);

    /// Reports which shares of a team's budgets are reached.
    fn reached(&self, shares: &[(PolicyName, Percent)], team: &TeamName);
}

/// Why an operation failed.
#[derive(Debug, thiserror::Error)]
pub enum OperationError {
    /// A call to the cloud failed.
    #[error(transparent)]
    Cloud(#[from] CloudError),
    /// The ledger cannot be read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The operation was stopped.
    #[error(transparent)]
    Stopped(#[from] Stopped),
    /// A policy denies it.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The deadline cannot be moved.
    #[error(transparent)]
    Deadline(#[from] Refused),
    /// There is no cluster whose deadline could be moved.
    #[error("stack {0} has no living cluster")]
    NoCluster(StackName),
}

/// A policy denies a stack.
#[derive(Debug, thiserror::Error)]
#[error("policy denies stack {stack}")]
pub struct Denied {
    /// The stack.
    pub stack: StackName,
    /// The findings that deny; at least one.
    pub findings: Vec<Finding>,
    /// The caller, if an override was requested that is not permitted.
    pub overrider: Option<String>,
}

impl From<Unsynced> for OperationError {
    fn from(unsynced: Unsynced) -> Self {
        match unsynced {
            Unsynced::Cloud(error) => error.into(),
            Unsynced::Ledger(error) => error.into(),
        }
    }
}
