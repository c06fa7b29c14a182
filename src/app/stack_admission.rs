//! Admission of a stack's plans by the policies that were loaded for it.

use super::AdmissionContext;
use super::failure::Failure;
use super::policies::{LoadedPolicies, PolicyPlace, PolicySource};
use super::reservations::PolicyMonth;
use super::target::Target;
use crate::app;
use crate::model::clock::Clock;
use crate::model::hint::Command;
use crate::model::stack::Stack;
use crate::policy::Judgement;
use crate::run::clock::SystemClock;
use crate::run::driver::Prepared;
use serde::Serialize;
use std::path::Path;

pub(crate) struct StackAdmission<'a> {
    pub(super) app: app::admission::Admission<'a>,
    pub(super) read: &'a LoadedPolicies,
    pub(super) target: &'a Target<'a>,
    /// Where to read the policies again from, and for which stack's file.
    from: Option<(&'a PolicyPlace, &'a Path)>,
}

/// The result of admission, and the folders that the policies were read from.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(crate) struct PolicyReport {
    #[serde(flatten)]
    report: app::admission::PolicyReport,
    pub(crate) from: Vec<PolicySource>,
}

impl PolicyReport {
    pub(crate) const fn denies(&self) -> bool {
        self.report.denies()
    }

    pub(crate) const fn judgement(&self) -> &Judgement {
        &self.report.judgement
    }

    pub(crate) fn months(&self) -> &[PolicyMonth] {
        &self.report.months
    }
}

impl<'a> StackAdmission<'a> {
    /// `why`: the reason for overriding policies, if one is given.
    pub(crate) async fn open(
        read: &'a LoadedPolicies,
        stack: &'a Stack,
        target: &'a Target<'a>,
        why: Option<&'a str>,
    ) -> Result<Self, Failure> {
        let context = AdmissionContext {
            policies: &read.policies,
            place: target.opened(),
            services: target.session,
        };
        let app = app::admission::Admission::open(context, stack, why).await?;
        Ok(Self {
            app,
            read,
            target,
            from: None,
        })
    }

    /// The admission of the stack with other settings, by the policies of now. The reason for overriding
    /// policies was given for the plan that the user saw: it does not count here.
    pub(crate) async fn for_stack<'b>(
        &'b self,
        read: &'b LoadedPolicies,
        stack: &'b Stack,
    ) -> Result<StackAdmission<'b>, Failure> {
        StackAdmission::open(read, stack, self.target, None).await
    }

    /// Judges a plan; `None` if no policy and no team budget applies. Writes the overrides and the
    /// team budget that the cluster records into the plan.
    pub(crate) async fn judge(
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
    pub(crate) fn refuse(&self, report: Option<&PolicyReport>) -> Result<(), Failure> {
        Ok(self.app.refuse(report.map(|report| &report.report))?)
    }

    /// Reserves the money that the plan's cluster can cost, before the plan is applied.
    pub(crate) async fn reserve(&self, prepared: &Prepared) -> Result<(), Failure> {
        Ok(self.app.reserve(prepared, SystemClock.now()).await?)
    }

    /// Reads the policies again from `place` while the job is followed.
    pub(crate) const fn rereading_from(mut self, place: &'a PolicyPlace, stack: &'a Path) -> Self {
        self.from = Some((place, stack));
        self
    }

    /// Settles the team's accounts. A failure is only a warning: the next command does it again.
    pub(crate) async fn settle(&self) {
        let budgets = self.app.budgets(&self.read.policies);
        if let Err(error) = self.app.reservations.settled(&budgets).await {
            let Failure { message, .. } = error.into();
            let reporter = &self.target.session.reporter;
            reporter.say(&format!(
                "warning: could not settle the team's account: {message}"
            ));
            reporter.say(&reporter.next(&Command::clusterup("budget"), 2));
        }
    }

    /// Returns the policies as they are stored now.
    pub(super) async fn read_again(&self) -> Result<LoadedPolicies, Failure> {
        match self.from {
            Some((place, stack)) => place.read(stack, self.target.session).await,
            None => Ok(self.read.clone()),
        }
    }
}
