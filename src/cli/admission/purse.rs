//! The money of a stack's team: what is asked of its months, set aside, and settled.

use super::treasurer::Treasurer;
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure};
use crate::cli::policies::{PoliciesArgs, Read};
use crate::cli::screen::Screen;
use crate::cli::target::Target;
use crate::cli::view;
use crate::cost::ledger::Record;
use crate::model::clock::Clock;
use crate::model::name::{ClusterId, StackName, TeamName};
use crate::model::policy::Override;
use crate::policy::book::{Book, Promise};
use crate::policy::{Ask, Finding, Policies, unpriced};
use crate::run::clock::SystemClock;
use crate::run::treasury::{Admission, Budget, Treasury};
use chrono::{DateTime, Utc};
use std::path::Path;

pub(in crate::cli) struct Purse<'a> {
    pub(super) read: &'a Read,
    pub(super) stack: &'a StackName,
    team: Option<&'a TeamName>,
    target: &'a Target,
    context: &'a Context,
    screen: &'a Screen,
    /// Who asks: by AWS's word, or else by this machine's.
    pub(super) by: String,
    /// Why a policy is to be passed over, where somebody says so.
    pub(super) why: Option<&'a str>,
    /// Where the policies were read from, and for which stack's file, where they are read again.
    pub(super) from: Option<(&'a PoliciesArgs, &'a Path)>,
    /// The account of the team, where it has budgets to keep.
    account: Option<Account<'a>>,
}

/// Who changes a team's account, and what is known of the team's clusters.
struct Account<'a> {
    treasurer: Treasurer<'a>,
    records: Vec<Record>,
    seen: DateTime<Utc>,
}

/// What is taken from a month.
pub(in crate::cli) enum Asked {
    Nothing,
    /// By a cluster that there is, or by one to come.
    Money {
        cluster: Option<ClusterId>,
        ask: Box<Ask>,
        overridden: Option<Override>,
    },
    /// It makes or changes a cluster of which no price is known.
    Unpriced,
}

impl Account<'_> {
    fn treasury(&self) -> Treasury<'_> {
        self.treasurer.treasury(&self.records, self.seen)
    }
}

impl<'a> Purse<'a> {
    pub(in crate::cli) async fn open(
        read: &'a Read,
        (stack, team): (&'a StackName, Option<&'a TeamName>),
        target: &'a Target,
        context: &'a Context,
        screen: &'a Screen,
    ) -> Result<Self, Failure> {
        let budgets = read.policies.budgets(stack, team);
        let account = match team.filter(|_| !budgets.is_empty()) {
            Some(team) => {
                let treasurer = Treasurer::open(team, &budgets, target, context, screen).await?;
                let seen = SystemClock.now();
                let records = treasurer.records(seen).await?;
                Some(Account {
                    treasurer,
                    records,
                    seen,
                })
            }
            None => None,
        };
        let caller = match read.policies.is_empty() {
            true => None,
            false => target.cloud.caller().await?,
        };
        Ok(Self {
            read,
            stack,
            team,
            target,
            context,
            screen,
            by: caller.unwrap_or_else(|| context.who.clone()),
            why: None,
            from: None,
            account,
        })
    }

    /// What the months of the team say; nothing is written.
    pub(super) async fn weigh(
        &self,
        asked: Asked,
        now: DateTime<Utc>,
    ) -> Result<Admission, Failure> {
        let (budgets, Some(account)) = (self.budgets(), &self.account) else {
            return Ok(Admission::default());
        };
        match asked {
            Asked::Nothing => Ok(Admission::default()),
            Asked::Money { cluster, ask, .. } => {
                let promise = self.promise(cluster, *ask, now);
                let (treasury, key) = (account.treasury(), promise.key());
                Ok(treasury.weigh(&budgets, &promise.ask, &key, now).await?)
            }
            Asked::Unpriced => Ok(Admission {
                findings: self.unpriced(&budgets),
                ..Admission::default()
            }),
        }
    }

    /// Sets aside what is asked for, before any of it is spent.
    pub(in crate::cli) async fn reserve(&self, asked: Asked) -> Result<(), Failure> {
        let (budgets, now) = (self.budgets(), SystemClock.now());
        let Some(account) = &self.account else {
            return Ok(());
        };
        let treasury = account.treasury();
        let treasurer = &account.treasurer;
        treasurer.hear_aws(&budgets, &treasury, now).await?;
        let passes = |findings: Vec<Finding>| match self.why {
            Some(_) => self.read.policies.passed(findings, &self.by),
            None => findings,
        };
        match asked {
            Asked::Nothing => Ok(()),
            Asked::Unpriced => self.refuse(&passes(self.unpriced(&budgets))),
            Asked::Money {
                cluster,
                ask,
                overridden,
            } => {
                let promise = Promise {
                    overridden,
                    ..self.promise(cluster, *ask, now)
                };
                let admission = treasury.admit(&budgets, &promise, passes, now).await?;
                view::month::tell(&admission.told, self.team, self.screen);
                self.refuse(&admission.findings)
            }
        }
    }

    /// Brings the account up to what the target tells now. What cannot be done is done by whoever
    /// looks next.
    pub(in crate::cli) async fn settle(&self) {
        if let Err(Failure { message, .. }) = self.settled_book(&self.budgets()).await {
            let warning = format!("warning: the team's account is not settled: {message}");
            self.screen.say(&warning);
            self.screen.say("  next: clusterup budget settles it");
        }
    }

    /// The account as it is once settled; none where the team has no budgets to keep.
    pub(super) async fn settled_book(
        &self,
        budgets: &[Budget<'_>],
    ) -> Result<Option<Book>, Failure> {
        let Some(account) = &self.account else {
            return Ok(None);
        };
        let settled = account.treasurer.settle(budgets, SystemClock.now());
        Ok(Some(settled.await?))
    }

    /// Whether the team has budgets to keep.
    pub(super) const fn keeps_account(&self) -> bool {
        self.account.is_some()
    }

    pub(super) const fn target(&self) -> &Target {
        self.target
    }

    pub(super) fn say(&self, text: &str) {
        self.screen.say(text);
    }

    pub(super) fn say_failure(&self, failure: &Failure) {
        self.screen.failure_of_many(failure);
    }

    /// The policies as they are there now.
    pub(super) async fn read_again(&self) -> Result<Read, Failure> {
        match self.from {
            Some((args, stack)) => args.read(stack, self.context, self.screen).await,
            None => Ok(self.read.clone()),
        }
    }

    fn budgets(&self) -> Vec<Budget<'_>> {
        self.budgets_of(&self.read.policies)
    }

    pub(super) fn budgets_of<'b>(&self, policies: &'b Policies) -> Vec<Budget<'b>> {
        policies.budgets(self.stack, self.team)
    }

    fn promise(&self, cluster: Option<ClusterId>, ask: Ask, at: DateTime<Utc>) -> Promise {
        Promise {
            target: self.target.name(),
            account: None,
            stack: self.stack.clone(),
            by: self.context.who.clone(),
            at,
            cluster,
            ask,
            overridden: None,
        }
    }

    /// What nobody can price fits into no month.
    fn unpriced(&self, budgets: &[Budget<'_>]) -> Vec<Finding> {
        let Some(team) = self.team else {
            return Vec::new();
        };
        let of = |(policy, budget): &Budget<'_>| unpriced(policy, budget, team);
        budgets.iter().map(of).collect()
    }

    /// A failure where a finding denies, with all that would pass.
    pub(in crate::cli) fn refuse(&self, findings: &[Finding]) -> Result<(), Failure> {
        let denies: Vec<&Finding> = findings.iter().filter(|it| it.denies()).collect();
        if denies.is_empty() {
            return Ok(());
        }
        let message = format!("policy denies stack {}", self.stack);
        let mut failure = Failure::new(Exit::Refused, message);
        for finding in denies {
            let Finding { message, place, .. } = finding;
            failure.causes.push(format!("{message} ({place})"));
            failure = failure.hint(finding.pass.clone());
            if self.why.is_some() {
                let (name, by) = (&finding.policy, &self.by);
                let why = format!("policy {name} does not let {by} pass over it");
                failure.causes.push(why);
            }
        }
        Err(failure)
    }
}
