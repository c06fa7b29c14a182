//! What admission needs from this process: AWS, the ledger, the clock and the screen.

use crate::app::{OperationError, Services};
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure};
use crate::cli::ledger;
use crate::cli::screen::Screen;
use crate::cli::view;
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

pub(in crate::cli) struct CliServices<'a> {
    pub(in crate::cli) context: &'a Context,
    pub(in crate::cli) screen: &'a Screen,
}

#[async_trait(?Send)]
impl Services for CliServices<'_> {
    fn now(&self) -> DateTime<Utc> {
        SystemClock.now()
    }

    fn who(&self) -> &str {
        &self.context.who
    }

    async fn region(&self, region: &Region) -> Result<Box<dyn Cloud>, CloudError> {
        self.context.aws(region).await.map_err(cloud_error)
    }

    fn ledger(&self) -> Result<Ledger, OperationError> {
        let opened = ledger::open(self.context, self.screen);
        opened.map_err(|failure| cloud_error(failure).into())
    }

    async fn spent_by_aws(
        &self,
        team: &TeamName,
        account: &str,
    ) -> Result<BTreeMap<PolicyName, Usd>, CloudError> {
        let spent = self.context.spent_by_aws(team, account).await;
        spent.map_err(cloud_error)
    }

    fn warn(&self, what: &str, next: Option<Hint>) {
        self.screen.say(what);
        if let Some(next) = next {
            self.screen.say(&self.screen.advice(&next, 2));
        }
    }

    fn reached(&self, shares: &[(PolicyName, Percent)], team: &TeamName) {
        view::month::report_shares(shares, team, self.screen);
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
