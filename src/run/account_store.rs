//! Reads and changes teams' accounts, which several processes may change at once. A change is a
//! read, a pure function, and a conditional write; if another process wrote first, the change
//! starts again from what that process wrote.

use crate::cloud::{Class, Cloud, CloudError, StoredAccount};
use crate::cost::ledger::{Record, Scope};
use crate::model::money::Usd;
use crate::model::month::Month;
use crate::model::name::{ClusterId, PolicyName, TeamName};
use crate::model::percent::Percent;
use crate::model::policy::{Located, MonthlyBudget, Policy};
use crate::policy::team_account::{Figures, Reservation, TeamAccount, window};
use crate::policy::{CostBound, Finding, overspent};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A team's account, with what is known about the team's clusters in one place.
pub struct AccountStore<'a> {
    /// The cloud whose bucket or folder holds the account.
    pub books: &'a dyn Cloud,
    /// The cloud that runs the clusters.
    pub cloud: &'a dyn Cloud,
    /// The account and place of `records`.
    pub scope: &'a Scope,
    /// The team whose account it is.
    pub team: &'a TeamName,
    /// The ledger's records of the scope, including those of other teams.
    pub records: &'a [Record],
    /// When `records` were read. A reservation made later than this is not reported as missing from
    /// them.
    pub seen: DateTime<Utc>,
}

/// How often a change starts again because another process wrote first. Each of these processes has
/// made progress.
const MAX_ATTEMPTS: u32 = 200;

/// Whether a change is written. `T` is what [`AccountStore::change`] returns.
pub enum Change<T> {
    /// The changed account is written.
    Write(T),
    /// The account stays as it was.
    Leave(T),
}

impl AccountStore<'_> {
    /// Returns the account, reconciled with the records. Writes nothing.
    ///
    /// # Errors
    /// Returns an error if the account, or the lock of one of its stacks, cannot be read.
    pub async fn read(&self) -> Result<TeamAccount, CloudError> {
        Ok(self.reconciled().await?.0)
    }

    /// Changes the account. `change` is called again on a fresh copy each time another process
    /// wrote first, at most 200 times.
    ///
    /// # Errors
    /// Returns an error if the account cannot be read or written, or if other processes wrote first
    /// each time.
    pub async fn change<T>(
        &self,
        mut change: impl FnMut(&mut TeamAccount) -> Change<T>,
    ) -> Result<(T, TeamAccount), CloudError> {
        for attempt in 0..MAX_ATTEMPTS {
            let (mut team_account, stored) = self.reconciled().await?;
            let value = match change(&mut team_account) {
                Change::Leave(value) => return Ok((value, team_account)),
                Change::Write(value) => value,
            };
            let content = serde_json::to_vec(&team_account).map_err(|error| {
                let message = format!("the account of team {} cannot be written", self.team);
                CloudError::new(Class::Failed, message).hint(error.to_string())
            })?;
            let version = stored.as_ref().map(|stored| stored.version.as_str());
            // A mere read creates neither an empty account nor its bucket.
            let unchanged = match &stored {
                Some(stored) => stored.content == content,
                None => team_account == TeamAccount::new(self.team.clone()),
            };
            if unchanged
                || self
                    .books
                    .store_team_account(self.team, &content, version)
                    .await?
            {
                return Ok((value, team_account));
            }
            tokio::time::sleep(pause(attempt)).await;
        }
        let message = format!("others keep changing the account of team {}", self.team);
        Err(CloudError::new(Class::Busy, message).hint("try again in a minute"))
    }

    async fn reconciled(&self) -> Result<(TeamAccount, Option<StoredAccount>), CloudError> {
        let stored = self.books.stored_team_account(self.team).await?;
        let mut team_account = match &stored {
            None => TeamAccount::new(self.team.clone()),
            Some(stored) => self.parse(&stored.content)?,
        };
        let mut locked = BTreeSet::new();
        for stack in team_account.unseen(self.scope, self.seen) {
            if self.cloud.is_held(&stack).await? {
                locked.insert(stack);
            }
        }
        team_account.reconcile(self.scope, self.records, &locked, self.seen);
        Ok((team_account, stored))
    }

    /// Parses an account. An unreadable account is an error and is never taken for an empty one.
    fn parse(&self, content: &[u8]) -> Result<TeamAccount, CloudError> {
        let team = self.team;
        let unreadable = |why: String| {
            let message = format!("the account of team {team} cannot be read: {why}");
            CloudError::new(Class::Failed, message)
        };
        let team_account: TeamAccount = serde_json::from_slice(content).map_err(|error| {
            unreadable(error.to_string())
                .hint("nothing is admitted while the account cannot be read")
                .hint(format!(
                    "to start a new account, delete teams/{team}.json; running clusters are added \
                     again"
                ))
        })?;
        if team_account.is_known() {
            Ok(team_account)
        } else {
            Err(
                unreadable("it was written by a newer clusterup".to_owned()).hint(
                    "update \
                            clusterup",
                ),
            )
        }
    }
}

/// The wait before the next attempt: it grows with the attempts, and the process id spreads it so
/// that processes do not collide again.
fn pause(attempt: u32) -> Duration {
    let spread = u64::from(std::process::id()) * 7 % 40;
    Duration::from_millis(10 + spread + u64::from(attempt.min(20)) * 5)
}

/// The result of a request for a reservation.
#[derive(Debug, Default)]
pub struct Admission {
    /// Each policy's months, with what was requested included.
    pub months: Vec<(PolicyName, Figures)>,
    /// Denials and warnings. The reservation is made if none of them denies it.
    pub findings: Vec<Finding>,
    /// Shares of budgets that are reached now and were not reported before.
    pub reached_shares: Vec<(PolicyName, Percent)>,
}

/// A policy's budget.
pub type Budget<'a> = (&'a Policy, &'a Located<MonthlyBudget>);

impl AccountStore<'_> {
    /// Checks whether `ask` fits into the month of each of these budgets. The reservation under the
    /// key `instead` is left out, since `ask` would replace it. Writes nothing.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn weigh(
        &self,
        budgets: &[Budget<'_>],
        ask: &CostBound,
        instead: &str,
        now: DateTime<Utc>,
    ) -> Result<Admission, CloudError> {
        let team_account = self.read().await?;
        Ok(self.evaluate(&team_account, budgets, ask, instead, now))
    }

    /// Makes the reservation if it fits into the month of each of these budgets. `passes` may
    /// downgrade the findings of budgets that an override covers.
    ///
    /// # Errors
    /// As [`Self::change`].
    pub async fn admit(
        &self,
        budgets: &[Budget<'_>],
        reservation: &Reservation,
        passes: impl Fn(Vec<Finding>) -> Vec<Finding>,
        now: DateTime<Utc>,
    ) -> Result<Admission, CloudError> {
        let change = |team_account: &mut TeamAccount| {
            let key = reservation.key();
            let mut admission = self.evaluate(team_account, budgets, &reservation.ask, &key, now);
            admission.findings = passes(std::mem::take(&mut admission.findings));
            if admission.findings.iter().any(Finding::denies) {
                return Change::Leave(admission);
            }
            team_account.reservation(reservation.clone());
            admission.reached_shares = reached_shares(team_account, budgets, now);
            Change::Write(admission)
        };
        Ok(self.change(change).await?.0)
    }

    /// Removes the reservation of a cluster that does not count after all.
    ///
    /// # Errors
    /// As [`Self::change`].
    pub async fn give_back(&self, cluster: &ClusterId) -> Result<(), CloudError> {
        let change = |account: &mut TeamAccount| {
            account.give_back(cluster);
            Change::Write(())
        };
        self.change(change).await.map(|_| ())
    }

    /// Reconciles the account with the records and writes it. Returns the shares of budgets that
    /// are reached now and were not reported before.
    ///
    /// # Errors
    /// As [`Self::change`].
    pub async fn settle(
        &self,
        budgets: &[Budget<'_>],
        now: DateTime<Utc>,
    ) -> Result<(Vec<(PolicyName, Percent)>, TeamAccount), CloudError> {
        self.change(|team_account| Change::Write(reached_shares(team_account, budgets, now)))
            .await
    }

    /// Records the month's cost as AWS reports it, by policy.
    ///
    /// # Errors
    /// As [`Self::change`].
    pub async fn record_aws_cost(
        &self,
        reported: &BTreeMap<PolicyName, Usd>,
        budgets: &[Budget<'_>],
        now: DateTime<Utc>,
    ) -> Result<(), CloudError> {
        let change = |team_account: &mut TeamAccount| {
            let empty = *team_account == TeamAccount::new(self.team.clone());
            team_account.record_aws(reported, budgets, now);
            // A mere read creates no empty account.
            if empty && reported.is_empty() {
                Change::Leave(())
            } else {
                Change::Write(())
            }
        };
        self.change(change).await.map(|_| ())
    }

    fn evaluate(
        &self,
        team_account: &TeamAccount,
        budgets: &[Budget<'_>],
        ask: &CostBound,
        instead: &str,
        now: DateTime<Utc>,
    ) -> Admission {
        let mut months = Vec::new();
        let mut findings = Vec::new();
        let standing = team_account.reservations.get(instead);
        let standing = standing.filter(|reservation| reservation.cluster.is_some());
        for (policy, budget) in budgets {
            for figures in team_account.weigh(&policy.name, &budget.value, ask, instead, now) {
                // A running cluster may become cheaper, or change at the same cost, even if the
                // budget is used up.
                let window = window(figures.month, &budget.value);
                if !standing.is_some_and(|reservation| ask.is_within(&reservation.ask, window)) {
                    findings.extend(overspent(policy, budget, self.team, &figures));
                }
                months.push((policy.name.clone(), figures));
            }
        }
        Admission {
            months,
            findings,
            reached_shares: Vec::new(),
        }
    }
}

fn reached_shares(
    team_account: &mut TeamAccount,
    budgets: &[Budget<'_>],
    now: DateTime<Utc>,
) -> Vec<(PolicyName, Percent)> {
    let mut reached = Vec::new();
    for (policy, budget) in budgets {
        let month = Month::of(now, budget.value.timezone);
        let figures = team_account.figures(&policy.name, month, &budget.value, None, now);
        let share = team_account.tell(&policy.name, &budget.value, &figures);
        reached.extend(share.map(|share| (policy.name.clone(), share)));
        team_account.forget_before(month);
    }
    reached
}
