//! What admission needs from this process: AWS, the ledger, the clock and the reporter.

use super::failure::{Exit, Failure};
use super::recorded_costs;
use super::session::Session;
use super::{OperationError, Services};
use crate::cloud::{Class, Cloud, CloudError};
use crate::ledger::Ledger;
use crate::model::clock::Clock;
use crate::model::hint::Hint;
use crate::model::money::Usd;
use crate::model::name::{PolicyName, Region, TeamName};
use crate::model::percent::Percent;
use crate::run::clock::SystemClock;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

#[async_trait(?Send)]
impl Services for Session {
    fn now(&self) -> DateTime<Utc> {
        SystemClock.now()
    }

    fn who(&self) -> &str {
        &self.environment.who
    }

    async fn region(&self, region: &Region) -> Result<Box<dyn Cloud>, CloudError> {
        self.environment.aws(region).await.map_err(cloud_error)
    }

    fn ledger(&self) -> Result<Ledger, OperationError> {
        let opened = recorded_costs::open(self);
        opened.map_err(|failure| cloud_error(failure).into())
    }

    async fn spent_by_aws(
        &self,
        team: &TeamName,
        account: &str,
    ) -> Result<BTreeMap<PolicyName, Usd>, CloudError> {
        let spent = self.environment.spent_by_aws(team, account).await;
        spent.map_err(cloud_error)
    }

    fn warn(&self, what: &str, next: Option<Hint>) {
        self.reporter.say(what);
        if let Some(next) = next {
            self.reporter.say(&self.reporter.advice(&next, 2));
        }
    }

    fn reached(&self, shares: &[(PolicyName, Percent)], team: &TeamName) {
        self.reporter.reached(shares, team);
    }
}

fn cloud_error(failure: Failure) -> CloudError {
    let class = if failure.exit == Exit::Input {
        Class::Input
    } else {
        Class::Failed
    };
    let mut error = CloudError::new(class, failure.message);
    if !failure.causes.is_empty() {
        error.source = Some(failure.causes.join(": ").into());
    }
    failure.hints.into_iter().fold(error, CloudError::hint)
}
