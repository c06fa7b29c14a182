//! What policies say of a stack that is about to be made true, and the money that is set aside for
//! it.

pub(super) mod curves;
pub(super) mod purse;
mod spent;
pub(super) mod treasurer;

use super::context::Context;
use super::failure::Failure;
use super::policies::{Place, PoliciesArgs, Read};
use super::screen::Screen;
use super::target::Target;
use crate::model::action::Action;
use crate::model::clock::Clock;
use crate::model::name::{ClusterId, PolicyName};
use crate::model::observed::End;
use crate::model::plan::{Plan, Planned};
use crate::model::policy::Override;
use crate::model::stack::Stack;
use crate::policy::book::Figures;
use crate::policy::{Ask, Judgement, Price, Subject};
use crate::run::clock::SystemClock;
use crate::run::driver::Prepared;
use chrono::{DateTime, Utc};
use purse::{Asked, Purse};
use serde::Serialize;
use std::path::Path;

pub(super) struct Admission<'a> {
    stack: &'a Stack,
    purse: Purse<'a>,
}

/// What policies say of a plan.
#[derive(Debug, Serialize)]
pub(super) struct Said {
    #[serde(flatten)]
    pub(super) judgement: Judgement,
    /// The months of the stack's team, with what the plan asks for.
    pub(super) months: Vec<Figured>,
    pub(super) from: Vec<Place>,
    /// Whether the plan makes or changes anything that a policy is asked about.
    #[serde(skip)]
    asks: bool,
}

/// A policy's month.
#[derive(Debug, Serialize)]
pub(super) struct Figured {
    pub(super) policy: PolicyName,
    #[serde(flatten)]
    pub(super) figures: Figures,
}

impl Said {
    /// Whether the plan may not be made true.
    pub(super) const fn denies(&self) -> bool {
        self.asks && self.judgement.is_denied()
    }
}

impl<'a> Admission<'a> {
    /// `why` a policy is to be passed over, where somebody says so.
    pub(super) async fn open(
        read: &'a Read,
        stack: &'a Stack,
        target: &'a Target,
        context: &'a Context,
        screen: &'a Screen,
        why: Option<&'a str>,
    ) -> Result<Self, Failure> {
        let whose = (&stack.name, stack.team.as_ref());
        let mut purse = Purse::open(read, whose, target, context, screen).await?;
        purse.why = why;
        Ok(Self { stack, purse })
    }

    /// What policies say of a plan; nothing where there are no policies. Where one is passed over,
    /// that is recorded with the cluster that the plan makes.
    pub(super) async fn judge(&self, prepared: &mut Prepared) -> Result<Option<Said>, Failure> {
        let (purse, policies) = (&self.purse, &self.purse.read.policies);
        if policies.is_empty() {
            return Ok(None);
        }
        let (now, spec) = (prepared.observed.at, &prepared.desired.cluster);
        let subject = Subject {
            stack: self.stack,
            price: Price::ahead(&spec.guardrails, &spec.groups, spec.rates, spec.ending, now),
            by: &purse.by,
        };
        let judgement = policies.judge(&subject);
        let weighed = purse.weigh(asked(prepared, now), now).await?;
        let mut judgement = judgement.with(weighed.findings);
        if purse.why.is_some() {
            judgement = policies.override_by(judgement, &purse.by);
        }
        self.mark(&mut prepared.plan, &judgement);
        let figured = |(policy, figures)| Figured { policy, figures };
        Ok(Some(Said {
            judgement,
            months: weighed.months.into_iter().map(figured).collect(),
            from: purse.read.places.clone(),
            asks: prepared.plan.actions.iter().any(|p| p.action.asks()),
        }))
    }

    /// Refuses a plan that asks for what a policy denies.
    pub(super) fn refuse(&self, said: Option<&Said>) -> Result<(), Failure> {
        match said.filter(|said| said.denies()) {
            Some(said) => self.purse.refuse(&said.judgement.findings),
            None => Ok(()),
        }
    }

    /// Sets aside the money that a plan asks for, before any of it is spent.
    pub(super) async fn reserve(&self, prepared: &Prepared) -> Result<(), Failure> {
        let asked = asked(prepared, SystemClock.now());
        self.purse.reserve(asked).await
    }

    /// The policies are read again from there for as long as the job is followed.
    pub(super) const fn reading(mut self, args: &'a PoliciesArgs, stack: &'a Path) -> Self {
        self.purse.from = Some((args, stack));
        self
    }

    /// Waits until a policy ends what runs with its team's month.
    pub(super) async fn until_spent(&self) -> End {
        self.purse.until_spent().await
    }

    /// Brings the team's account up to what there is.
    pub(super) async fn settle(&self) {
        self.purse.settle().await;
    }

    fn mark(&self, plan: &mut Plan, judgement: &Judgement) {
        let passed = judgement.findings.iter().any(|finding| finding.overridden);
        let Some(why) = self.purse.why.filter(|_| passed) else {
            return;
        };
        for planned in &mut plan.actions {
            if let Action::CreateCluster(spec, _) | Action::UpdateCluster(_, spec) =
                &mut planned.action
            {
                let (by, why) = (self.purse.by.clone(), why.to_owned());
                spec.overridden = Some(Override { by, why });
            }
        }
    }
}

/// What a plan takes from a month.
fn asked(prepared: &Prepared, now: DateTime<Utc>) -> Asked {
    let clusters = &prepared.observed.clusters;
    let of = |id: &ClusterId| clusters.iter().find(|cluster| cluster.id == *id);
    let asks = |planned: &Planned| {
        if let Action::CreateCluster(spec, _) = &planned.action {
            return Some((None, Ask::of(spec, now), spec.overridden.clone()));
        }
        if let Action::UpdateCluster(id, spec) = &planned.action {
            let ask = of(id).and_then(|cluster| Ask::change(cluster, spec, now));
            return Some((Some(id.clone()), ask, spec.overridden.clone()));
        }
        None
    };
    match prepared.plan.actions.iter().find_map(asks) {
        None => Asked::Nothing,
        Some((_, None, _)) => Asked::Unpriced,
        Some((cluster, Some(ask), overridden)) => Asked::Money {
            cluster,
            ask: Box::new(ask),
            overridden,
        },
    }
}
