//! Admission at the command line: checks a plan against policies and team budgets.

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
    /// Where to read the policies again from, and for which stack's file.
    from: Option<(&'a PoliciesArgs, &'a Path)>,
}

/// The result of admission, and the folders that the policies were read from.
#[derive(Debug, Serialize)]
pub(super) struct PolicyReport {
    #[serde(flatten)]
    report: app::admission::PolicyReport,
    pub(super) from: Vec<PolicySource>,
}

impl PolicyReport {
    pub(super) const fn denies(&self) -> bool {
        self.report.denies()
    }

    pub(super) const fn judgement(&self) -> &Judgement {
        &self.report.judgement
    }

    pub(super) fn months(&self) -> &[PolicyMonth] {
        &self.report.months
    }
}

impl<'a> Admission<'a> {
    /// `why`: the reason for overriding policies, if one is given.
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

    /// Judges a plan; `None` if no policy and no team budget applies. Writes the overrides and the
    /// team budget that the cluster records into the plan.
    pub(super) async fn judge(
        &self,
        prepared: &mut Prepared,
    ) -> Result<Option<PolicyReport>, Failure> {
        let report = self.app.judge(prepared).await?;
        let from = || self.read.places.clone();
        Ok(report.map(|report| PolicyReport {
            report,
            from: from(),
        }))
    }

    /// Returns an error if a policy denies the plan.
    pub(super) fn refuse(&self, report: Option<&PolicyReport>) -> Result<(), Failure> {
        Ok(self.app.refuse(report.map(|report| &report.report))?)
    }

    /// Reserves the money that the plan's cluster can cost, before the plan is applied.
    pub(super) async fn reserve(&self, prepared: &Prepared) -> Result<(), Failure> {
        Ok(self.app.reserve(prepared, SystemClock.now()).await?)
    }

    /// Reads the policies again from `args` while the job is followed.
    pub(super) const fn rereading_from(mut self, args: &'a PoliciesArgs, stack: &'a Path) -> Self {
        self.from = Some((args, stack));
        self
    }

    /// Settles the team's accounts. A failure is only a warning: the next command does it again.
    pub(super) async fn settle(&self) {
        let budgets = self.app.budgets(&self.read.policies);
        if let Err(error) = self.app.reservations.settled(&budgets).await {
            let Failure { message, .. } = error.into();
            let screen = self.services.screen;
            screen.say(&format!(
                "warning: could not settle the team's account: {message}"
            ));
            screen.say(&screen.next(&Command::clusterup("budget"), 2));
        }
    }

    /// Waits until a policy ends the cluster because its team has spent the month's budget.
    pub(super) async fn until_spent(&self) -> End {
        spent::until(self).await
    }

    /// Returns the policies as they are stored now.
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
