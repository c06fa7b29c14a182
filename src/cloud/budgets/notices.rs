//! Updates a budget's notifications: existing ones are changed in place, and new ones are created
//! before surplus ones are deleted. An interrupted push leaves the old alerts or the new ones, and
//! never exceeds AWS's limits.

use super::ignore_existing;
use crate::cloud::api::budgets::{
    CreateNotification, CreateSubscriber, DeleteNotification, DeleteSubscriber, UpdateNotification,
    UpdateSubscriber,
};
use crate::cloud::api::{Api, ApiError};
use crate::cloud::budgets::model::{Notice, Notices, is_topic};
use std::collections::BTreeSet;

pub(super) struct Notifications<'a, A> {
    pub(super) api: &'a A,
    pub(super) account: &'a str,
    pub(super) budget: &'a str,
}

impl<A: Api> Notifications<'_, A> {
    pub(super) async fn update(&self, from: &Notices, to: &Notices) -> Result<(), ApiError> {
        let mut surplus = from.iter().filter(|(notice, _)| !to.contains_key(*notice));
        for (notice, want) in to {
            if let Some(have) = from.get(notice) {
                self.set_subscribers(notice, have, want).await?;
                continue;
            }
            let Some((old, have)) = surplus.next() else {
                self.create(notice, want).await?;
                continue;
            };
            let call = UpdateNotification {
                account: self.account.to_owned(),
                budget: self.budget.to_owned(),
                from: old.clone(),
                to: notice.clone(),
            };
            self.api.serve(call).await?;
            self.set_subscribers(notice, have, want).await?;
        }
        for (notice, _) in surplus {
            let call = DeleteNotification {
                account: self.account.to_owned(),
                budget: self.budget.to_owned(),
                notice: notice.clone(),
            };
            self.api.serve(call).await?;
        }
        Ok(())
    }

    async fn create(&self, notice: &Notice, want: &BTreeSet<String>) -> Result<(), ApiError> {
        let call = CreateNotification {
            account: self.account.to_owned(),
            budget: self.budget.to_owned(),
            notice: notice.clone(),
            subscribers: want.clone(),
        };
        ignore_existing(self.api.serve(call).await)
    }

    /// Sets the subscribers of a notification. A new one replaces an old one of the same kind,
    /// since AWS limits the number per kind. The last one is never removed, since that would delete
    /// the notification.
    async fn set_subscribers(
        &self,
        notice: &Notice,
        have: &BTreeSet<String>,
        want: &BTreeSet<String>,
    ) -> Result<(), ApiError> {
        let mut unused = Vec::new();
        for topics in [true, false] {
            let of_kind = |subscriber: &&String| is_topic(subscriber) == topics;
            let mut surplus = have.difference(want).filter(of_kind);
            for subscriber in want.difference(have).filter(of_kind) {
                match surplus.next() {
                    Some(old) => self.replace(notice, old, subscriber).await?,
                    None => self.add(notice, subscriber).await?,
                }
            }
            unused.extend(surplus);
        }
        for subscriber in unused {
            let call = DeleteSubscriber {
                account: self.account.to_owned(),
                budget: self.budget.to_owned(),
                notice: notice.clone(),
                subscriber: subscriber.clone(),
            };
            self.api.serve(call).await?;
        }
        Ok(())
    }

    async fn replace(&self, notice: &Notice, from: &str, to: &str) -> Result<(), ApiError> {
        let call = UpdateSubscriber {
            account: self.account.to_owned(),
            budget: self.budget.to_owned(),
            notice: notice.clone(),
            from: from.to_owned(),
            to: to.to_owned(),
        };
        self.api.serve(call).await
    }

    async fn add(&self, notice: &Notice, subscriber: &str) -> Result<(), ApiError> {
        let call = CreateSubscriber {
            account: self.account.to_owned(),
            budget: self.budget.to_owned(),
            notice: notice.clone(),
            subscriber: subscriber.to_owned(),
        };
        ignore_existing(self.api.serve(call).await)
    }
}
