//! A team's account as verbs use it: kept in the budget's home region or on this machine, and
//! reckoned with what the ledger knows once that is brought up.

use super::{OperationError, Place, Services};
use crate::cloud::{Class, Cloud, CloudError, payer};
use crate::cost::ledger::{Record, Scope, Window};
use crate::model::name::{Region, TeamName};
use crate::model::partition::Partition;
use crate::policy::TeamBudget;
use crate::policy::team_account::TeamAccount;
use crate::run::account_store::{AccountStore, Budget};
use crate::run::ledger::sync;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;

/// Opened to be read and changed.
pub struct TeamStore<'a> {
    place: Place<'a>,
    services: &'a dyn Services,
    team: TeamName,
    /// Who keeps the account, where that is not the place itself.
    home: Option<Box<dyn Cloud>>,
    scope: Scope,
}

/// What is older is in no account any more.
const BACK: TimeDelta = TimeDelta::days(75);

impl<'a> TeamStore<'a> {
    /// `home` is none for this machine, which keeps its accounts itself.
    ///
    /// # Errors
    /// That AWS cannot be asked there.
    pub async fn open(
        team: &TeamName,
        home: Option<&Region>,
        place: Place<'a>,
        services: &'a dyn Services,
    ) -> Result<Self, OperationError> {
        let elsewhere = home.filter(|home| place.region.is_some_and(|region| region != *home));
        let home = match elsewhere {
            Some(home) => Some(services.region(home).await?),
            None => None,
        };
        let scope = Scope {
            target: place.name(),
            account: payer(place.cloud).await?,
        };
        Ok(Self {
            place,
            services,
            team: team.clone(),
            home,
            scope,
        })
    }

    /// The clusters of the place, once the ledger is brought up to what it tells now.
    ///
    /// # Errors
    /// What the cloud or the ledger said no with.
    pub async fn records(&self, now: DateTime<Utc>) -> Result<Vec<Record>, OperationError> {
        let mut ledger = self.services.ledger()?;
        sync(self.place.cloud, &mut ledger, &self.scope, now).await?;
        let window = Window {
            from: now - BACK,
            until: now,
        };
        Ok(ledger.records(&self.scope, window)?)
    }

    /// The account, brought up to what the place and AWS tell now; shares of budgets that are
    /// reached are reported.
    ///
    /// # Errors
    /// What cloud or ledger said no with, or an account that cannot be read.
    pub async fn settle(
        &self,
        budgets: &[Budget<'_>],
        now: DateTime<Utc>,
    ) -> Result<TeamAccount, OperationError> {
        let records = self.records(now).await?;
        let account_store = self.account_store(&records, now);
        self.record_aws(budgets, &account_store, now).await?;
        let (reached, team_account) = account_store.settle(budgets, now).await?;
        self.services.reached(&reached, &self.team);
        Ok(team_account)
    }

    /// Hears AWS on the team's month, where it has not been asked for hours. What AWS does not say
    /// is said, and stops nothing: our own figures are the quicker ones.
    ///
    /// # Errors
    /// An account that cannot be read or written.
    pub async fn record_aws(
        &self,
        budgets: &[Budget<'_>],
        account_store: &AccountStore<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), OperationError> {
        let Some(account) = &self.scope.account else {
            return Ok(());
        };
        if !account_store.read().await?.aws_is_due(now) {
            return Ok(());
        }
        let said = match self.services.spent_by_aws(&self.team, account).await {
            Ok(said) => said,
            Err(error) => {
                let warning = format!("warning: AWS does not say what was spent: {error}");
                self.services.warn(&warning, None);
                BTreeMap::new()
            }
        };
        Ok(account_store.record_aws_cost(&said, budgets, now).await?)
    }

    /// `seen` is when the records were read.
    pub fn account_store<'b>(
        &'b self,
        records: &'b [Record],
        seen: DateTime<Utc>,
    ) -> AccountStore<'b> {
        AccountStore {
            books: self.home.as_deref().unwrap_or(self.place.cloud),
            cloud: self.place.cloud,
            scope: &self.scope,
            team: &self.team,
            records,
            seen,
        }
    }
}

/// The one region that all of a team's budgets, as policies at hand have them, keep its account in
/// for clusters of a region; none where there are no budgets, and for clusters of this machine.
///
/// # Errors
/// That two policies name two.
pub fn home<'a>(
    budgets: &'a [TeamBudget],
    region: Option<&Region>,
) -> Result<Option<&'a Region>, CloudError> {
    let Some(from) = region else {
        return Ok(None);
    };
    let mut homes = budgets.iter().map(|it| {
        let (policy, said) = it.as_budget();
        (&it.team, policy, &said.value.home)
    });
    let Some((team, first, home)) = homes.next() else {
        return Ok(None);
    };
    match homes.find(|(_, _, other)| *other != home) {
        None => reachable(home, from).map(|()| Some(home)),
        Some((_, second, other)) => {
            let message = format!(
                "the account of team {team} has two homes: {home} in policy {}, {other} in policy \
                 {}",
                first.name, second.name
            );
            let hint = "say the same budget.home in both, or it in one and none in the other";
            Err(CloudError::new(Class::Input, message).hint(hint))
        }
    }
}

/// Credentials of one partition of AWS are none in another.
fn reachable(home: &Region, from: &Region) -> Result<(), CloudError> {
    let there = Partition::of(home);
    let here = Partition::of(from);
    if there == here {
        return Ok(());
    }
    let message = format!(
        "the account of the team's month is kept in {home}, of {}, which credentials for {from} do \
         not reach",
        there.name()
    );
    Err(CloudError::new(Class::Input, message).hint(format!(
        "say budget.home: {from} in the policies of teams in {}",
        here.name()
    )))
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_account_in_another_partition_is_not_asked_for() {
        let reach = |home: &str, from: &str| {
            super::reachable(&home.parse().unwrap(), &from.parse().unwrap()).is_ok()
        };
        assert!(reach("us-east-1", "eu-west-1"));
        assert!(reach("us-gov-west-1", "us-gov-east-1"));
        assert!(!reach("us-east-1", "us-gov-west-1"));
        assert!(!reach("us-gov-west-1", "us-east-1"));
    }
}
