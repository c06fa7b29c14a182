//! What policies and months say of a stack that is about to be made true, with the words and places
//! that people know them by.

pub(super) mod curves;
pub(super) mod desk;
mod spent;

use super::failure::Failure;
use super::policies::{Place, PoliciesArgs, Read};
use super::target::Target;
use crate::app;
use crate::app::purse::Figured;
use crate::model::clock::Clock;
use crate::model::hint::Command;
use crate::model::observed::End;
use crate::model::stack::Stack;
use crate::policy::Judgement;
use crate::run::clock::SystemClock;
use crate::run::driver::Prepared;
use desk::Desk;
use serde::Serialize;
use std::path::Path;

pub(super) struct Admission<'a> {
    app: app::admission::Admission<'a>,
    read: &'a Read,
    target: &'a Target,
    desk: &'a Desk<'a>,
    /// Where the policies were read from, and for which stack's file, where they are read again.
    from: Option<(&'a PoliciesArgs, &'a Path)>,
}

/// What policies say of a plan, and where they are from.
#[derive(Debug, Serialize)]
pub(super) struct Said {
    #[serde(flatten)]
    of: app::admission::Said,
    pub(super) from: Vec<Place>,
}

impl Said {
    pub(super) const fn denies(&self) -> bool {
        self.of.denies()
    }

    pub(super) const fn judgement(&self) -> &Judgement {
        &self.of.judgement
    }

    pub(super) fn months(&self) -> &[Figured] {
        &self.of.months
    }
}

impl<'a> Admission<'a> {
    /// `why` a policy is to be passed over, where somebody says so.
    pub(super) async fn open(
        read: &'a Read,
        stack: &'a Stack,
        target: &'a Target,
        desk: &'a Desk<'a>,
        why: Option<&'a str>,
    ) -> Result<Self, Failure> {
        let (policies, place) = (&read.policies, target.place_of_clusters());
        let app = app::admission::Admission::open(policies, stack, place, desk, why).await?;
        Ok(Self {
            app,
            read,
            target,
            desk,
            from: None,
        })
    }

    /// What policies say of a plan; nothing where there are no policies and no month to ask. What
    /// goes on record with a cluster is then in the plan.
    pub(super) async fn judge(&self, prepared: &mut Prepared) -> Result<Option<Said>, Failure> {
        let said = self.app.judge(prepared).await?;
        let from = || self.read.places.clone();
        Ok(said.map(|of| Said { of, from: from() }))
    }

    /// Refuses a plan that asks for what a policy denies.
    pub(super) fn refuse(&self, said: Option<&Said>) -> Result<(), Failure> {
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
        if let Err(error) = self.app.purse.settled(&budgets).await {
            let Failure { message, .. } = error.into();
            let screen = self.desk.screen;
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
    async fn read_again(&self) -> Result<Read, Failure> {
        match self.from {
            Some((args, stack)) => args.read(stack, self.desk.context, self.desk.screen).await,
            None => Ok(self.read.clone()),
        }
    }
}
