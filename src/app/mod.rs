//! Use cases: what several commands, the watchdog and its page do alike. They take a `Session` or a
//! `Target` of one, know no flags and no views, and return values or report to a `Reporter`.

pub mod accounts;
pub mod admission;
pub(crate) mod agreement;
pub(crate) mod by_name;
pub(crate) mod cleartext;
pub(crate) mod curves;
pub(crate) mod environment;
pub mod extend;
pub(crate) mod failure;
pub(crate) mod interrupt;
pub(crate) mod operator;
pub(crate) mod origin;
pub(crate) mod policies;
pub(crate) mod policy_reloader;
pub(crate) mod preflight;
pub(crate) mod prices;
pub(crate) mod recorded_costs;
pub(crate) mod reporter;
pub mod reservations;
mod services;
pub(crate) mod session;
pub(crate) mod spent;
pub(crate) mod stack_admission;
pub(crate) mod stack_file;
pub(crate) mod target;
pub(crate) mod text_file;
pub(crate) mod unknown_stack;

use crate::cloud::{Cloud, CloudError};
use crate::guard::Refused;
use crate::ledger::{Ledger, LedgerError};
use crate::model::hint::Hint;
use crate::model::money::Usd;
use crate::model::name::{PolicyName, Region, StackName, TeamName};
use crate::model::percent::Percent;
use crate::policy::Finding;
use crate::run::driver::Stopped;
use crate::run::ledger::Unsynced;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// Where clusters are: the cloud, and its region; none for this machine.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    pub cloud: &'a dyn Cloud,
    pub region: Option<&'a Region>,
}

impl Place<'_> {
    /// As the ledger has it: `local`, or the region.
    pub fn name(&self) -> String {
        self.region.map_or("local".to_owned(), ToString::to_string)
    }
}

/// What is needed besides the cloud in which the clusters are.
#[async_trait(?Send)]
pub trait Services {
    fn now(&self) -> DateTime<Utc>;

    /// Who asks, as `user@host`.
    fn who(&self) -> &str;

    /// A region of AWS as a cloud.
    async fn region(&self, region: &Region) -> Result<Box<dyn Cloud>, CloudError>;

    /// What clusters have cost, as this machine keeps it.
    fn ledger(&self) -> Result<Ledger, OperationError>;

    /// What AWS's own budgets of a team's policies have come to in this month.
    async fn spent_by_aws(
        &self,
        team: &TeamName,
        account: &str,
    ) -> Result<BTreeMap<PolicyName, Usd>, CloudError>;

    /// Says what went less well than it should have, and what to do next, if there is anything.
    fn warn(&self, what: &str, next: Option<Hint>);

    /// Reports which shares of a team's budgets are reached.
    fn reached(&self, shares: &[(PolicyName, Percent)], team: &TeamName);
}

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum OperationError {
    #[error(transparent)]
    Cloud(#[from] CloudError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Stopped(#[from] Stopped),
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Deadline(#[from] Refused),
    /// There is no cluster whose deadline could be moved.
    #[error("stack {0} has no living cluster")]
    NoCluster(StackName),
}

/// What a policy does not allow.
#[derive(Debug, thiserror::Error)]
#[error("policy denies stack {stack}")]
pub struct Denied {
    pub stack: StackName,
    /// Those that deny; there is at least one.
    pub findings: Vec<Finding>,
    /// Who wanted to pass over them and may not.
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
