//! A team's account as verbs use it: kept in the budget's home region or on this machine, reckoned
//! with what the ledger knows once it is brought up.

use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure};
use crate::cli::ledger;
use crate::cli::screen::Screen;
use crate::cli::target::Target;
use crate::cli::view;
use crate::cloud::Cloud;
use crate::cost::ledger::{Record, Scope, Window};
use crate::model::name::{Region, TeamName};
use crate::policy::book::Book;
use crate::run::ledger::sync;
use crate::run::treasury::{Budget, Treasury};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;

pub(in crate::cli) struct Treasurer<'a> {
    target: &'a Target,
    team: TeamName,
    /// Who keeps the account, where that is not the target itself.
    home: Option<Box<dyn Cloud>>,
    scope: Scope,
    context: &'a Context,
    screen: &'a Screen,
}

/// What is older is in no account any more.
const BACK: TimeDelta = TimeDelta::days(75);

impl<'a> Treasurer<'a> {
    /// Of a team whose budgets these are; there is at least one.
    pub(in crate::cli) async fn open(
        team: &TeamName,
        budgets: &[Budget<'_>],
        target: &'a Target,
        context: &'a Context,
        screen: &'a Screen,
    ) -> Result<Self, Failure> {
        let home = match &target.region {
            None => None,
            Some(region) => {
                let home = home(team, budgets)?;
                let elsewhere = home.filter(|home| *home != region);
                match elsewhere {
                    Some(home) => Some(context.aws(home).await?),
                    None => None,
                }
            }
        };
        let scope = Scope {
            target: target.name(),
            account: target.cloud.account().await?,
        };
        Ok(Self {
            target,
            team: team.clone(),
            home,
            scope,
            context,
            screen,
        })
    }

    /// The clusters of the target, once the ledger is brought up to what it tells now.
    pub(in crate::cli) async fn records(&self, now: DateTime<Utc>) -> Result<Vec<Record>, Failure> {
        let mut ledger = ledger::open(self.context, self.screen)?;
        sync(&*self.target.cloud, &mut ledger, &self.scope, now).await?;
        let (from, until) = (now - BACK, now);
        Ok(ledger.records(&self.scope, Window { from, until })?)
    }

    /// The account, brought up to what the target and AWS tell now; shares of budgets that are
    /// reached are told of.
    pub(in crate::cli) async fn settle(
        &self,
        budgets: &[Budget<'_>],
        now: DateTime<Utc>,
    ) -> Result<Book, Failure> {
        let records = self.records(now).await?;
        let treasury = self.treasury(&records, now);
        self.hear_aws(budgets, &treasury, now).await?;
        let (told, book) = treasury.settle(budgets, now).await?;
        view::month::tell(&told, Some(&self.team), self.screen);
        Ok(book)
    }

    /// Hears AWS on the team's month, where it has not been asked for hours. What AWS does not say
    /// is said, and stops nothing: our own figures are the quicker ones.
    pub(in crate::cli) async fn hear_aws(
        &self,
        budgets: &[Budget<'_>],
        treasury: &Treasury<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), Failure> {
        let Some(account) = &self.scope.account else {
            return Ok(());
        };
        if !treasury.read().await?.asks_aws(now) {
            return Ok(());
        }
        let said = match self.context.spent_by_aws(&self.team, account).await {
            Ok(said) => said,
            Err(Failure { message, .. }) => {
                let warning = format!("warning: AWS does not say what was spent: {message}");
                self.screen.say(&warning);
                BTreeMap::new()
            }
        };
        Ok(treasury.hear_aws(&said, budgets, now).await?)
    }

    /// `seen` is when the records were read.
    pub(in crate::cli) fn treasury<'b>(
        &'b self,
        records: &'b [Record],
        seen: DateTime<Utc>,
    ) -> Treasury<'b> {
        Treasury {
            books: self.home.as_deref().unwrap_or(&*self.target.cloud),
            cloud: &*self.target.cloud,
            scope: &self.scope,
            team: &self.team,
            records,
            seen,
        }
    }
}

/// The one region that all of a team's budgets keep its account in.
fn home<'a>(team: &TeamName, budgets: &[Budget<'a>]) -> Result<Option<&'a Region>, Failure> {
    let mut homes = budgets
        .iter()
        .map(|(policy, said)| (policy, &said.value.home));
    let Some((first, home)) = homes.next() else {
        return Ok(None);
    };
    match homes.find(|(_, other)| *other != home) {
        None => Ok(Some(home)),
        Some((second, other)) => {
            let message = format!(
                "the account of team {team} has two homes: {home} in policy {}, {other} in policy \
                 {}",
                first.name, second.name
            );
            Err(Failure::new(Exit::Input, message)
                .hint("say the same budget.home in both, or it in one and none in the other"))
        }
    }
}
