//! Teams' accounts as many hands change them at once: read, reckoned anew with what is known, and
//! written back by whoever was first; the others begin again.

use crate::cloud::{Class, Cloud, CloudError, StoredAccount};
use crate::cost::ledger::{Record, Scope};
use crate::model::money::Usd;
use crate::model::month::Month;
use crate::model::name::{PolicyName, TeamName};
use crate::model::percent::Percent;
use crate::model::policy::{Located, MonthlyBudget, Policy};
use crate::policy::team_account::{Figures, Reservation, TeamAccount, window};
use crate::policy::{CostBound, Finding, overspent};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A team's account, and what is known of the team's clusters in one place.
pub struct AccountStore<'a> {
    /// Who keeps the account.
    pub books: &'a dyn Cloud,
    /// Where the clusters are.
    pub cloud: &'a dyn Cloud,
    pub scope: &'a Scope,
    pub team: &'a TeamName,
    /// As the ledger has them, of other teams too.
    pub records: &'a [Record],
    /// When they were read. What was promised later is none that they lack.
    pub seen: DateTime<Utc>,
}

/// Writers that may be faster, one after the other, before we give up: each of them has written.
const MOST: u32 = 200;

/// What a change of an account comes to.
pub enum Change<T> {
    Write(T),
    /// The account stays as it is.
    Leave(T),
}

impl AccountStore<'_> {
    /// The account as it is now; nothing is written.
    ///
    /// # Errors
    /// What the cloud said no with, or an account that cannot be read.
    pub async fn read(&self) -> Result<TeamAccount, CloudError> {
        Ok(self.reckoned().await?.0)
    }

    /// Changes the account, begun again for as long as somebody else is faster.
    ///
    /// # Errors
    /// What the cloud said no with, or an account that cannot be read or is never ours to write.
    pub async fn change<T>(
        &self,
        mut change: impl FnMut(&mut TeamAccount) -> Change<T>,
    ) -> Result<(T, TeamAccount), CloudError> {
        for turn in 0..MOST {
            let (mut team_account, was) = self.reckoned().await?;
            let done = match change(&mut team_account) {
                Change::Leave(done) => return Ok((done, team_account)),
                Change::Write(done) => done,
            };
            let content = serde_json::to_vec(&team_account).map_err(|error| {
                let message = format!("the account of team {} cannot be written", self.team);
                CloudError::new(Class::Failed, message).hint(error.to_string())
            })?;
            let version = was.as_ref().map(|was| was.version.as_str());
            // Who only looks makes no account of nothing, nor a bucket for it.
            let same = match &was {
                Some(was) => was.content == content,
                None => team_account == TeamAccount::new(self.team.clone()),
            };
            if same
                || self
                    .books
                    .keep_team_book(self.team, &content, version)
                    .await?
            {
                return Ok((done, team_account));
            }
            tokio::time::sleep(pause(turn)).await;
        }
        let message = format!("others keep changing the account of team {}", self.team);
        Err(CloudError::new(Class::Busy, message).hint("try again in a minute"))
    }

    async fn reckoned(&self) -> Result<(TeamAccount, Option<StoredAccount>), CloudError> {
        let kept = self.books.team_book(self.team).await?;
        let mut team_account = match &kept {
            None => TeamAccount::new(self.team.clone()),
            Some(kept) => self.parse(&kept.content)?,
        };
        let mut held = BTreeSet::new();
        for stack in team_account.unseen(self.scope, self.seen) {
            if self.cloud.is_held(&stack).await? {
                held.insert(stack);
            }
        }
        team_account.reconcile(self.scope, self.records, &held, self.seen);
        Ok((team_account, kept))
    }

    /// An account that nobody can read is no empty one.
    fn parse(&self, content: &[u8]) -> Result<TeamAccount, CloudError> {
        let team = self.team;
        let wrong = |why: String| {
            let message = format!("the account of team {team} cannot be read: {why}");
            CloudError::new(Class::Failed, message)
        };
        let team_account: TeamAccount = serde_json::from_slice(content).map_err(|error| {
            wrong(error.to_string())
                .hint("nothing is admitted on an account that nobody can read")
                .hint(format!(
                    "to begin it anew, delete teams/{team}.json; what runs is found again"
                ))
        })?;
        if team_account.is_known() {
            Ok(team_account)
        } else {
            Err(wrong("it is of a newer clusterup".to_owned()).hint("update clusterup"))
        }
    }
}

/// Longer the more there are, and not the same for all: the process's own number sees to that.
fn pause(turn: u32) -> Duration {
    let spread = u64::from(std::process::id()) * 7 % 40;
    Duration::from_millis(10 + spread + u64::from(turn.min(20)) * 5)
}

/// What became of a promise that somebody asked for.
#[derive(Debug, Default)]
pub struct Admission {
    /// Each policy's months, as they are with what was asked for.
    pub months: Vec<(PolicyName, Figures)>,
    /// Why it is denied, or what is to be known; the promise is made where none of it denies.
    pub findings: Vec<Finding>,
    /// Shares of budgets that are reached and were not told of before.
    pub told: Vec<(PolicyName, Percent)>,
}

/// A policy's budget.
pub type Budget<'a> = (&'a Policy, &'a Located<MonthlyBudget>);

impl AccountStore<'_> {
    /// Whether what is asked for fits into the month of each of these budgets; nothing is written.
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
        Ok(self.weighed(&team_account, budgets, ask, instead, now))
    }

    /// Sets money aside if it fits into the month of each of these budgets, or if those that it
    /// does not fit into may be passed over.
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
            let mut admission = self.weighed(team_account, budgets, &reservation.ask, &key, now);
            admission.findings = passes(std::mem::take(&mut admission.findings));
            if admission.findings.iter().any(Finding::denies) {
                return Change::Leave(admission);
            }
            team_account.reservation(reservation.clone());
            admission.told = tell(team_account, budgets, now);
            Change::Write(admission)
        };
        Ok(self.change(change).await?.0)
    }

    /// Brings the account up to what is known; the shares of budgets that are reached and were not
    /// told of before.
    ///
    /// # Errors
    /// As [`Self::change`].
    pub async fn settle(
        &self,
        budgets: &[Budget<'_>],
        now: DateTime<Utc>,
    ) -> Result<(Vec<(PolicyName, Percent)>, TeamAccount), CloudError> {
        self.change(|team_account| Change::Write(tell(team_account, budgets, now)))
            .await
    }

    /// Takes down what AWS says of the month.
    ///
    /// # Errors
    /// As [`Self::change`].
    pub async fn hear_aws(
        &self,
        said: &BTreeMap<PolicyName, Usd>,
        budgets: &[Budget<'_>],
        now: DateTime<Utc>,
    ) -> Result<(), CloudError> {
        let listener = |team_account: &mut TeamAccount| {
            let empty = *team_account == TeamAccount::new(self.team.clone());
            team_account.hear_aws(said, budgets, now);
            // Who only looks makes no account of nothing.
            if empty && said.is_empty() {
                Change::Leave(())
            } else {
                Change::Write(())
            }
        };
        self.change(listener).await.map(|_| ())
    }

    fn weighed(
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
                // What runs may become less, or other for the same money, whatever is left.
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
            told: Vec::new(),
        }
    }
}

fn tell(
    team_account: &mut TeamAccount,
    budgets: &[Budget<'_>],
    now: DateTime<Utc>,
) -> Vec<(PolicyName, Percent)> {
    let mut told = Vec::new();
    for (policy, budget) in budgets {
        let month = Month::of(now, budget.value.timezone);
        let figures = team_account.figures(&policy.name, month, &budget.value, None, now);
        let share = team_account.tell(&policy.name, &budget.value, &figures);
        told.extend(share.map(|share| (policy.name.clone(), share)));
        team_account.forget_before(month);
    }
    told
}
