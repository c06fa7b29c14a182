//! A budget's notifications made as they should be: what is there is changed in place, what is new
//! is made before what is too much is removed. So a push that is cut off leaves the old alerts or
//! the new ones, and never more than AWS allows.

use super::made_or_there;
use crate::cloud::api::budgets::{
    CreateNotification, CreateSubscriber, DeleteNotification, DeleteSubscriber, UpdateNotification,
    UpdateSubscriber,
};
use crate::cloud::api::{Api, ApiError};
use crate::model::mirror::{Notice, Notices, is_topic};
use std::collections::BTreeSet;

pub(super) struct Telling<'a, A> {
    pub(super) api: &'a A,
    pub(super) account: &'a str,
    pub(super) budget: &'a str,
}

impl<A: Api> Telling<'_, A> {
    pub(super) async fn renew(&self, from: &Notices, to: &Notices) -> Result<(), ApiError> {
        let mut gone = from.iter().filter(|(notice, _)| !to.contains_key(*notice));
        for (notice, want) in to {
            if let Some(have) = from.get(notice) {
                self.tell(notice, have, want).await?;
                continue;
            }
            let Some((old, have)) = gone.next() else {
                self.make(notice, want).await?;
                continue;
            };
            let call = UpdateNotification {
                account: self.account.to_owned(),
                budget: self.budget.to_owned(),
                from: old.clone(),
                to: notice.clone(),
            };
            self.api.serve(call).await?;
            self.tell(notice, have, want).await?;
        }
        for (notice, _) in gone {
            let call = DeleteNotification {
                account: self.account.to_owned(),
                budget: self.budget.to_owned(),
                notice: notice.clone(),
            };
            self.api.serve(call).await?;
        }
        Ok(())
    }

    async fn make(&self, notice: &Notice, want: &BTreeSet<String>) -> Result<(), ApiError> {
        let call = CreateNotification {
            account: self.account.to_owned(),
            budget: self.budget.to_owned(),
            notice: notice.clone(),
            subscribers: want.clone(),
        };
        made_or_there(self.api.serve(call).await)
    }

    /// Has a notification tell those that it should. One takes the place of another of its kind,
    /// because AWS allows so many of each; the last is never removed, with which the notification
    /// would go.
    async fn tell(
        &self,
        notice: &Notice,
        have: &BTreeSet<String>,
        want: &BTreeSet<String>,
    ) -> Result<(), ApiError> {
        let mut rest = Vec::new();
        for topics in [true, false] {
            let of_kind = |who: &&String| is_topic(who) == topics;
            let mut gone = have.difference(want).filter(of_kind);
            for who in want.difference(have).filter(of_kind) {
                match gone.next() {
                    Some(old) => self.exchange(notice, old, who).await?,
                    None => self.add(notice, who).await?,
                }
            }
            rest.extend(gone);
        }
        for who in rest {
            let call = DeleteSubscriber {
                account: self.account.to_owned(),
                budget: self.budget.to_owned(),
                notice: notice.clone(),
                subscriber: who.clone(),
            };
            self.api.serve(call).await?;
        }
        Ok(())
    }

    async fn exchange(&self, notice: &Notice, from: &str, to: &str) -> Result<(), ApiError> {
        let call = UpdateSubscriber {
            account: self.account.to_owned(),
            budget: self.budget.to_owned(),
            notice: notice.clone(),
            from: from.to_owned(),
            to: to.to_owned(),
        };
        self.api.serve(call).await
    }

    async fn add(&self, notice: &Notice, who: &str) -> Result<(), ApiError> {
        let call = CreateSubscriber {
            account: self.account.to_owned(),
            budget: self.budget.to_owned(),
            notice: notice.clone(),
            subscriber: who.to_owned(),
        };
        made_or_there(self.api.serve(call).await)
    }
}
