//! AWS Budgets: spending, hours late, and notifications about it. Budgets belong to an account, not
//! to a region.

use super::{Page, call};
use crate::cloud::budgets::model::{Amount, Budget, Notice, Notices};
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

/// A budget in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    pub budget: Budget,
    /// What was spent in this month, as far as AWS knows. Each update of the budget resets it.
    pub actual: Option<Amount>,
    /// When AWS last updated the budget.
    pub updated: Option<DateTime<Utc>>,
}

/// A page of all budgets of an account.
#[derive(Debug, Clone)]
pub struct DescribeBudgets {
    pub account: String,
    pub next: Option<String>,
}
call!(
    DescribeBudgets,
    "budgets:ViewBudget",
    reads,
    Page<Described>,
    account
);

/// Lists a budget's notifications. [`super::Kind::NotFound`] if the budget does not exist.
#[derive(Debug, Clone)]
pub struct DescribeNotificationsForBudget {
    pub account: String,
    pub budget: String,
    pub next: Option<String>,
}
call!(
    DescribeNotificationsForBudget,
    "budgets:ViewBudget",
    reads,
    Page<Notice>,
    budget
);

/// Lists the subscribers of a notification. [`super::Kind::NotFound`] if the budget or the
/// notification does not exist.
#[derive(Debug, Clone)]
pub struct DescribeSubscribersForNotification {
    pub account: String,
    pub budget: String,
    pub notice: Notice,
    pub next: Option<String>,
}
call!(
    DescribeSubscribersForNotification,
    "budgets:ViewBudget",
    reads,
    Page<String>,
    budget
);

/// Creates a budget with its notifications. [`super::Kind::Exists`] if the name is taken.
#[derive(Debug, Clone)]
pub struct CreateBudget {
    pub account: String,
    pub budget: Budget,
    pub notices: Notices,
}
call!(CreateBudget, "budgets:ModifyBudget", changes, (), budget);

/// Replaces a budget except its notifications. [`super::Kind::NotFound`] if it does not exist.
#[derive(Debug, Clone)]
pub struct UpdateBudget {
    pub account: String,
    pub budget: Budget,
}
call!(UpdateBudget, "budgets:ModifyBudget", changes, (), budget);

/// Deletes a budget with its notifications. Succeeds if it does not exist.
#[derive(Debug, Clone)]
pub struct DeleteBudget {
    pub account: String,
    pub budget: String,
}
call!(DeleteBudget, "budgets:ModifyBudget", changes, (), budget);

/// Creates a notification. [`super::Kind::Exists`] if the budget has it, with whatever subscribers.
#[derive(Debug, Clone)]
pub struct CreateNotification {
    pub account: String,
    pub budget: String,
    pub notice: Notice,
    pub subscribers: BTreeSet<String>,
}
call!(
    CreateNotification,
    "budgets:ModifyBudget",
    changes,
    (),
    budget
);

/// Deletes a notification. Succeeds if it does not exist.
#[derive(Debug, Clone)]
pub struct DeleteNotification {
    pub account: String,
    pub budget: String,
    pub notice: Notice,
}
call!(
    DeleteNotification,
    "budgets:ModifyBudget",
    changes,
    (),
    budget
);

/// Changes a notification and keeps its subscribers. [`super::Kind::NotFound`] if `from` does not
/// exist, [`super::Kind::Exists`] if `to` does.
#[derive(Debug, Clone)]
pub struct UpdateNotification {
    pub account: String,
    pub budget: String,
    pub from: Notice,
    pub to: Notice,
}
call!(
    UpdateNotification,
    "budgets:ModifyBudget",
    changes,
    (),
    budget
);

/// Adds a subscriber. [`super::Kind::Exists`] if it is one already.
#[derive(Debug, Clone)]
pub struct CreateSubscriber {
    pub account: String,
    pub budget: String,
    pub notice: Notice,
    pub subscriber: String,
}
call!(
    CreateSubscriber,
    "budgets:ModifyBudget",
    changes,
    (),
    budget
);

/// Replaces a subscriber. [`super::Kind::NotFound`] if `from` is not a subscriber.
#[derive(Debug, Clone)]
pub struct UpdateSubscriber {
    pub account: String,
    pub budget: String,
    pub notice: Notice,
    pub from: String,
    pub to: String,
}
call!(
    UpdateSubscriber,
    "budgets:ModifyBudget",
    changes,
    (),
    budget
);

/// Removes a subscriber. Succeeds if it is not one. AWS deletes a notification with its last
/// subscriber.
#[derive(Debug, Clone)]
pub struct DeleteSubscriber {
    pub account: String,
    pub budget: String,
    pub notice: Notice,
    pub subscriber: String,
}
call!(
    DeleteSubscriber,
    "budgets:ModifyBudget",
    changes,
    (),
    budget
);
