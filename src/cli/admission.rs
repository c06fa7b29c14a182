//! What policies say of a stack that is about to be made true, and the money that is set aside for
//! it.

use super::context::Context;
use super::failure::{Exit, Failure};
use super::policies::Read;
use super::screen::Screen;
use super::target::Target;
use super::treasury::Treasurer;
use super::view;
use crate::cost::ledger::Record;
use crate::model::action::Action;
use crate::model::clock::Clock;
use crate::model::name::{ClusterId, PolicyName};
use crate::model::percent::Percent;
use crate::model::plan::{Plan, Planned};
use crate::model::policy::Override;
use crate::model::stack::Stack;
use crate::policy::book::{Figures, Promise};
use crate::policy::{Ask, Finding, Judgement, Price, Subject, unpriced};
use crate::run::clock::SystemClock;
use crate::run::driver::Prepared;
use crate::run::treasury::{Admission as Weighed, Budget, Treasury};
use chrono::{DateTime, Utc};
use serde::Serialize;

pub(super) struct Admission<'a> {
    read: &'a Read,
    stack: &'a Stack,
    target: &'a Target,
    context: &'a Context,
    screen: &'a Screen,
    /// Why a policy is to be passed over, where somebody says so.
    why: Option<&'a str>,
    /// Who asks: by AWS's word, or else by this machine's.
    by: String,
    /// The account of the stack's team, where it has budgets to keep.
    account: Option<Account<'a>>,
}

/// Who changes a team's account, and what is known of the team's clusters.
struct Account<'a> {
    treasurer: Treasurer<'a>,
    records: Vec<Record>,
}

/// What policies say of a plan.
#[derive(Debug, Serialize)]
pub(super) struct Said {
    #[serde(flatten)]
    pub(super) judgement: Judgement,
    /// The months of the stack's team, with what the plan asks for.
    pub(super) months: Vec<Figured>,
    pub(super) from: Vec<super::policies::Place>,
    /// Whether the plan makes or changes anything that a policy is asked about.
    #[serde(skip)]
    pub(super) asks: bool,
}

/// What a plan takes from a month.
enum Asked {
    Nothing,
    Money(Box<Promise>),
    /// It makes or changes a cluster of which no price is known.
    Unpriced,
}

/// A policy's month.
#[derive(Debug, Serialize)]
pub(super) struct Figured {
    pub(super) policy: PolicyName,
    #[serde(flatten)]
    pub(super) figures: Figures,
}

impl Account<'_> {
    fn treasury(&self) -> Treasury<'_> {
        self.treasurer.treasury(&self.records)
    }
}

impl<'a> Admission<'a> {
    pub(super) async fn open(
        read: &'a Read,
        stack: &'a Stack,
        target: &'a Target,
        context: &'a Context,
        screen: &'a Screen,
        why: Option<&'a str>,
    ) -> Result<Self, Failure> {
        let team = stack.team.as_ref();
        let budgets = read.policies.budgets(&stack.name, team);
        let account = match team.filter(|_| !budgets.is_empty()) {
            Some(team) => {
                let treasurer = Treasurer::open(team, &budgets, target, context, screen).await?;
                let records = treasurer.records(SystemClock.now()).await?;
                Some(Account { treasurer, records })
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
            target,
            context,
            screen,
            why,
            by: caller.unwrap_or_else(|| context.who.clone()),
            account,
        })
    }

    /// What policies say of a plan; nothing where there are no policies. Where one is passed over,
    /// that is recorded with the cluster that the plan makes.
    pub(super) async fn judge(&self, prepared: &mut Prepared) -> Result<Option<Said>, Failure> {
        if self.read.policies.is_empty() {
            return Ok(None);
        }
        let now = prepared.observed.at;
        let spec = &prepared.desired.cluster;
        let subject = Subject {
            stack: self.stack,
            price: Price::ahead(&spec.guardrails, &spec.groups, spec.rates, spec.ending, now),
            by: &self.by,
        };
        let mut judgement = self.read.policies.judge(&subject);
        let mut months = Vec::new();
        if let Some(account) = &self.account {
            let weighed = self.weigh(account, prepared, now).await?;
            judgement = judgement.with(weighed.findings);
            let figured = |(policy, figures)| Figured { policy, figures };
            months = weighed.months.into_iter().map(figured).collect();
        }
        if self.why.is_some() {
            judgement = self.read.policies.override_by(judgement, &self.by);
        }
        let asks = prepared.plan.actions.iter().any(|p| p.action.asks());
        self.mark(&mut prepared.plan, &judgement);
        Ok(Some(Said {
            judgement,
            months,
            from: self.read.places.clone(),
            asks,
        }))
    }

    /// What the months of the stack's team say.
    async fn weigh(
        &self,
        account: &Account<'_>,
        prepared: &Prepared,
        now: DateTime<Utc>,
    ) -> Result<Weighed, Failure> {
        let budgets = self.budgets();
        match self.asked(prepared, now) {
            Asked::Nothing => Ok(Weighed::default()),
            Asked::Money(promise) => {
                let (treasury, key) = (account.treasury(), promise.key());
                Ok(treasury.weigh(&budgets, &promise.ask, &key, now).await?)
            }
            Asked::Unpriced => Ok(Weighed {
                findings: self.unpriced(&budgets),
                ..Weighed::default()
            }),
        }
    }

    /// What nobody can price fits into no month.
    fn unpriced(&self, budgets: &[Budget<'_>]) -> Vec<Finding> {
        let team = self.stack.team.iter();
        team.flat_map(|team| {
            let of = |(policy, budget): &Budget<'_>| unpriced(policy, budget, team);
            budgets.iter().map(of)
        })
        .collect()
    }

    /// Refuses a plan that asks for what a policy denies.
    pub(super) fn refuse(&self, said: Option<&Said>) -> Result<(), Failure> {
        match said {
            Some(said) if said.asks && said.judgement.is_denied() => {
                Err(self.denied(&said.judgement.findings))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Sets aside the money that a plan asks for, in the account of the stack's team, before any
    /// of it is spent.
    pub(super) async fn reserve(&self, prepared: &Prepared) -> Result<(), Failure> {
        let (budgets, now) = (self.budgets(), SystemClock.now());
        let Some(account) = &self.account else {
            return Ok(());
        };
        let passes = |findings: Vec<Finding>| match self.why {
            Some(_) => self.read.policies.passed(findings, &self.by),
            None => findings,
        };
        let findings = match self.asked(prepared, now) {
            Asked::Nothing => return Ok(()),
            Asked::Unpriced => passes(self.unpriced(&budgets)),
            Asked::Money(promise) => {
                let treasury = account.treasury();
                let admission = treasury.admit(&budgets, &promise, passes, now).await?;
                view::month::tell(&admission.told, self.stack.team.as_ref(), self.screen);
                admission.findings
            }
        };
        match findings.iter().any(Finding::denies) {
            true => Err(self.denied(&findings)),
            false => Ok(()),
        }
    }

    /// Brings the team's account up to what was seen of clusters. What cannot be done now is done
    /// by whoever looks next.
    pub(super) async fn settle(&self) {
        let Some(account) = &self.account else {
            return;
        };
        match self.settled(&account.treasurer).await {
            Ok(told) => view::month::tell(&told, self.stack.team.as_ref(), self.screen),
            Err(failure) => {
                let message = failure.message;
                self.screen.say(&format!(
                    "warning: the team's account is not settled: {message}"
                ));
                self.screen.say("  next: clusterup budget settles it");
            }
        }
    }

    fn budgets(&self) -> Vec<Budget<'_>> {
        let (name, team) = (&self.stack.name, self.stack.team.as_ref());
        self.read.policies.budgets(name, team)
    }

    async fn settled(
        &self,
        treasurer: &Treasurer<'_>,
    ) -> Result<Vec<(PolicyName, Percent)>, Failure> {
        let now = SystemClock.now();
        let records = treasurer.records(now).await?;
        let treasury = treasurer.treasury(&records);
        Ok(treasury.settle(&self.budgets(), now).await?.0)
    }

    /// The money that a plan asks for.
    fn asked(&self, prepared: &Prepared, now: DateTime<Utc>) -> Asked {
        let clusters = &prepared.observed.clusters;
        let of = |id: &ClusterId| clusters.iter().find(|cluster| cluster.id == *id);
        let asks = |planned: &Planned| {
            if let Action::CreateCluster(spec, _) = &planned.action {
                return Some((None, Ask::of(spec, now)));
            }
            if let Action::UpdateCluster(id, spec) = &planned.action {
                let ask = of(id).and_then(|cluster| Ask::change(cluster, spec, now));
                return Some((Some(id.clone()), ask));
            }
            None
        };
        match prepared.plan.actions.iter().find_map(asks) {
            None => Asked::Nothing,
            Some((_, None)) => Asked::Unpriced,
            Some((cluster, Some(ask))) => Asked::Money(Box::new(Promise {
                target: self.target.name(),
                account: None,
                stack: self.stack.name.clone(),
                by: self.context.who.clone(),
                at: now,
                cluster,
                ask,
                overridden: None,
            })),
        }
    }

    fn mark(&self, plan: &mut Plan, judgement: &Judgement) {
        let passed = judgement.findings.iter().any(|finding| finding.overridden);
        let Some(why) = self.why.filter(|_| passed) else {
            return;
        };
        for planned in &mut plan.actions {
            if let Action::CreateCluster(spec, _) = &mut planned.action {
                spec.overridden = Some(Override {
                    by: self.by.clone(),
                    why: why.to_owned(),
                });
            }
        }
    }

    fn denied(&self, findings: &[Finding]) -> Failure {
        let denies: Vec<&Finding> = findings.iter().filter(|finding| finding.denies()).collect();
        let message = format!("policy denies stack {}", self.stack.name);
        let mut failure = Failure::new(Exit::Refused, message);
        for finding in denies {
            failure
                .causes
                .push(format!("{} ({})", finding.message, finding.place));
            failure = failure.hint(finding.pass.clone());
            if self.why.is_some() {
                let (name, by) = (&finding.policy, &self.by);
                failure
                    .causes
                    .push(format!("policy {name} does not let {by} pass over it"));
            }
        }
        failure
    }
}
