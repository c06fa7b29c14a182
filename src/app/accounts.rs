//! Opens a team's account in the budget's home region, or on this machine, and settles it with the
//! ledger's records.

use super::{OpenPlace, OperationError, Services};
use crate::cloud::{Class, Cloud, CloudError, UnreadCluster, payer};
use crate::cost::ledger::{Record, Scope, Window};
use crate::model::name::{Region, TeamName};
use crate::model::partition::Partition;
use crate::policy::TeamBudget;
use crate::policy::team_account::TeamAccount;
use crate::run::account_store::{AccountStore, Budget};
use crate::run::ledger::sync;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;

/// A team's account, and the place whose clusters it is settled with.
pub struct TeamStore<'a> {
    place: OpenPlace<'a>,
    services: &'a dyn Services,
    team: TeamName,
    /// The cloud that keeps the account; `None` if the place itself does.
    home: Option<Box<dyn Cloud>>,
    scope: Scope,
}

/// How far back clusters are read: accounts keep nothing older.
const LOOKBACK: TimeDelta = TimeDelta::days(75);

impl<'a> TeamStore<'a> {
    /// `home` is the region that keeps the account; `None` for this machine.
    ///
    /// # Errors
    /// Returns an error if the home region cannot be reached.
    pub async fn open(
        team: &TeamName,
        home: Option<&Region>,
        place: OpenPlace<'a>,
        services: &'a dyn Services,
    ) -> Result<Self, OperationError> {
        let elsewhere = home.filter(|home| place.at.region().is_some_and(|region| region != *home));
        let home = match elsewhere {
            Some(home) => Some(services.region(home).await?),
            None => None,
        };
        let scope = Scope {
            place: place.at.clone(),
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

    /// Syncs the ledger with the place and returns the records of its clusters.
    ///
    /// # Errors
    /// Returns an error if the cloud or the ledger cannot be read.
    pub async fn records(&self, now: DateTime<Utc>) -> Result<Vec<Record>, OperationError> {
        let mut ledger = self.services.ledger()?;
        let unread = sync(self.place.cloud, &mut ledger, &self.scope, now).await?;
        warn_of(&unread, self.services);
        let window = Window {
            from: now - LOOKBACK,
            until: now,
        };
        Ok(ledger.records(&self.scope, window)?)
    }

    /// Settles the account with the clusters of the place and with AWS Budgets, and reports the
    /// shares of budgets that are reached.
    ///
    /// # Errors
    /// Returns an error if the cloud, the ledger or the account cannot be read, or the account
    /// cannot be written.
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

    /// Records what AWS Budgets reports for the team's month, unless it was read within the last
    /// hours. If AWS Budgets cannot be read, this warns and continues: our own figures are more
    /// current.
    ///
    /// # Errors
    /// Returns an error if the account cannot be read or written.
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
        let reported = match self.services.spent_by_aws(&self.team, account).await {
            Ok(reported) => reported,
            Err(error) => {
                let warning = format!("warning: AWS did not report what was spent: {error}");
                self.services.warn(&warning, None);
                BTreeMap::new()
            }
        };
        Ok(account_store
            .record_aws_cost(&reported, budgets, now)
            .await?)
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

/// Warns of adopted clusters that could not be read.
pub(crate) fn warn_of(unread: &[UnreadCluster], services: &dyn Services) {
    for UnreadCluster { error, .. } in unread {
        let warning = format!("warning: {error}; its cost counts as it was last recorded");
        services.warn(&warning, error.hints.first().cloned());
    }
}

/// The region that keeps a team's account for clusters of `region`; `None` if there are no budgets,
/// and for clusters on this machine.
///
/// # Errors
/// Returns an error if two policies name different regions.
pub fn home<'a>(
    budgets: &'a [TeamBudget],
    region: Option<&Region>,
) -> Result<Option<&'a Region>, CloudError> {
    let Some(from) = region else {
        return Ok(None);
    };
    let mut homes = budgets.iter().map(|it| {
        let (policy, budget) = it.as_budget();
        (&it.team, policy, &budget.value.home)
    });
    let Some((team, first, home)) = homes.next() else {
        return Ok(None);
    };
    match homes.find(|(_, _, other)| *other != home) {
        None => reachable(home, from).map(|()| Some(home)),
        Some((_, second, other)) => {
            let message = format!(
                "team {team} has two home regions: {home} in policy {}, {other} in policy {}",
                first.name, second.name
            );
            let hint = "set the same budget.home in both, or set it in only one of them";
            Err(CloudError::new(Class::Input, message).hint(hint))
        }
    }
}

/// Checks that both regions are in one partition: credentials do not work across partitions.
fn reachable(home: &Region, from: &Region) -> Result<(), CloudError> {
    let there = Partition::of(home);
    let here = Partition::of(from);
    if there == here {
        return Ok(());
    }
    let message = format!(
        "the team's account is in {home} ({}), which credentials for {from} cannot access",
        there.name()
    );
    Err(CloudError::new(Class::Input, message).hint(format!(
        "set budget.home: {from} in the policies of teams in {}",
        here.name()
    )))
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_account_in_another_partition_is_not_requested() {
        let reach = |home: &str, from: &str| {
            super::reachable(&home.parse().unwrap(), &from.parse().unwrap()).is_ok()
        };
        assert!(reach("us-east-1", "eu-west-1"));
        assert!(reach("us-gov-west-1", "us-gov-east-1"));
        assert!(!reach("us-east-1", "us-gov-west-1"));
        assert!(!reach("us-gov-west-1", "us-east-1"));
    }
}
