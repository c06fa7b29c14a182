//! What policies and months say of a stack that is about to be made true, with the words and places
//! that people know them by.

pub(super) mod curves;
pub(super) mod services;
mod spent;

use super::failure::Failure;
use super::policies::{LoadedPolicies, PoliciesArgs, PolicySource};
use super::target::Target;
use crate::app;
use crate::app::reservations::PolicyMonth;
use crate::model::clock::Clock;
use crate::model::hint::Command;
use crate::model::observed::End;
use crate::model::stack::Stack;
use crate::policy::Judgement;
use crate::run::clock::SystemClock;
use crate::run::driver::Prepared;
use serde::Serialize;
use services::CliServices;
use std::path::Path;

pub(super) struct Admission<'a> {
    app: app::admission::Admission<'a>,
    read: &'a LoadedPolicies,
    target: &'a Target,
    services: &'a CliServices<'a>,
    /// Where the policies were read from, and for which stack's file, where they are read again.
    from: Option<(&'a PoliciesArgs, &'a Path)>,
}

/// What policies say of a plan, and where they are from.
#[derive(Debug, Serialize)]
pub(super) struct PolicyReport {
    #[serde(flatten)]
    of: app::admission::PolicyReport,
    pub(super) from: Vec<PolicySource>,
}

impl PolicyReport {
    pub(super) const fn denies(&self) -> bool {
        self.of.denies()
    }

    pub(super) const fn judgement(&self) -> &Judgement {
        &self.of.judgement
    }

    pub(super) fn months(&self) -> &[PolicyMonth] {
        &self.of.months
    }
}

impl<'a> Admission<'a> {
    /// `why` a policy is to be passed over, where somebody says so.
    pub(super) async fn open(
        read: &'a LoadedPolicies,
        stack: &'a Stack,
        target: &'a Target,
        services: &'a CliServices<'a>,
        why: Option<&'a str>,
    ) -> Result<Self, Failure> {
        let policies = &read.policies;
        let place = target.place_of_clusters();
        let app = app::admission::Admission::open(policies, stack, place, services, why).await?;
        Ok(Self {
            app,
            read,
            target,
            services,
            from: None,
        })
    }

    /// What policies say of a plan; nothing where there are no policies and no month to ask. What
    /// goes on record with a cluster is then in the plan.
    pub(super) async fn judge(
        &self,
        prepared: &mut Prepared,
    ) -> Result<Option<PolicyReport>, Failure> {
        let said = self.app.judge(prepared).await?;
        let from = || self.read.places.clone();
        Ok(said.map(|of| PolicyReport { of, from: from() }))
    }

    /// Refuses a plan that asks for what a policy denies.
    pub(super) fn refuse(&self, said: Option<&PolicyReport>) -> Result<(), Failure> {
        Ok(self.app.refuse(said.map(|said| &said.of))?)
    }

    /// Sets aside the money that a plan asks for, before any of it is spent.
    pub(super) async fn reserve(&self, prepared: &Prepared) -> Result<(), Failure> {
        Ok(self.app.reserve(prepared, SystemClock.now()).await?)
    }

    /// The policies are read again from there for as long as the job is followed.
    pub(super) const fn reading(mut self, args: &'a PoliciesArgs, stack: &'a Path) -> Self {
        self.from = Some((args, stack));
        self
    }

    /// Brings the accounts up to what there is. What cannot be done is done by who looks next.
    pub(super) async fn settle(&self) {
        let budgets = self.app.budgets(&self.read.policies);
        if let Err(error) = self.app.reservations.settled(&budgets).await {
            let Failure { message, .. } = error.into();
            let screen = self.services.screen;
            screen.say(&format!(
                "warning: the team's account is not settled: {message}"
            ));
            screen.say(&screen.next(&Command::clusterup("budget"), 2));
        }
    }

    /// Waits until a policy ends what runs with its team's month.
    pub(super) async fn until_spent(&self) -> End {
        spent::until(self).await
    }

    /// The policies as they are there now.
    async fn read_again(&self) -> Result<LoadedPolicies, Failure> {
        match self.from {
            Some((args, stack)) => {
                args.read(stack, self.services.context, self.services.screen)
                    .await
            }
            None => Ok(self.read.clone()),
        }
    }
}
