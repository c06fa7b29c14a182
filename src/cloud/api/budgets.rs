//! AWS Budgets: spending, hours late, and notifications about it. Budgets belong to an account, not
//! to a region.

use super::{Page, call, service};
use crate::cloud::budgets::model::{Amount, Budget, Notice, Notices};
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

service! {
    DescribeBudgets, DescribeNotificationsForBudget, DescribeSubscribersForNotification,
    CreateBudget, UpdateBudget, DeleteBudget, CreateNotification, DeleteNotification,
    UpdateNotification, CreateSubscriber, UpdateSubscriber, DeleteSubscriber,
}

/// A budget in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// The budget.
    pub budget: Budget,
    /// What was spent in this month, as far as AWS knows. Each update of the budget resets it.
    pub actual: Option<Amount>,
    /// When AWS last updated the budget.
    pub updated: Option<DateTime<Utc>>,
}

/// A page of all budgets of an account.
#[derive(Debug, Clone)]
pub struct DescribeBudgets {
    /// AccountId: 12 digits.
    pub account: String,
    /// The token of the page to read; `None` for the first.
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
    /// AccountId: 12 digits.
    pub account: String,
    /// BudgetName.
    pub budget: String,
    /// The token of the page to read; `None` for the first.
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
    /// AccountId: 12 digits.
    pub account: String,
    /// BudgetName.
    pub budget: String,
    /// The notification.
    pub notice: Notice,
    /// The token of the page to read; `None` for the first.
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
    /// AccountId: 12 digits.
    pub account: String,
    /// The budget to create.
    pub budget: Budget,
    /// The notifications with their subscribers.
    pub notices: Notices,
}
call!(CreateBudget, "budgets:ModifyBudget", changes, (), budget);

/// Replaces a budget except its notifications. [`super::Kind::NotFound`] if it does not exist.
#[derive(Debug, Clone)]
pub struct UpdateBudget {
    /// AccountId: 12 digits.
    pub account: String,
    /// The budget that replaces the one of the same name.
    pub budget: Budget,
}
call!(UpdateBudget, "budgets:ModifyBudget", changes, (), budget);

/// Deletes a budget with its notifications. Succeeds if it does not exist.
#[derive(Debug, Clone)]
pub struct DeleteBudget {
    /// AccountId: 12 digits.
    pub account: String,
    /// BudgetName.
    pub budget: String,
}
call!(DeleteBudget, "budgets:ModifyBudget", changes, (), budget);

/// Creates a notification. [`super::Kind::Exists`] if the budget has it, with any subscribers.
#[derive(Debug, Clone)]
pub struct CreateNotification {
    /// AccountId: 12 digits.
    pub account: String,
    /// BudgetName.
    pub budget: String,
    /// The notification.
    pub notice: Notice,
    /// E-mail addresses and ARNs of SNS topics.
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
    /// AccountId: 12 digits.
    pub account: String,
    /// BudgetName.
    pub budget: String,
    /// The notification.
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
    /// AccountId: 12 digits.
    pub account: String,
    /// BudgetName.
    pub budget: String,
    /// The present notification.
    pub from: Notice,
    /// The new notification.
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
    /// AccountId: 12 digits.
    pub account: String,
    /// BudgetName.
    pub budget: String,
    /// The notification.
    pub notice: Notice,
    /// An e-mail address, or the ARN of an SNS topic.
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
    /// AccountId: 12 digits.
    pub account: String,
    /// BudgetName.
    pub budget: String,
    /// The notification.
    pub notice: Notice,
    /// The present subscriber: an e-mail address or the ARN of an SNS topic.
    pub from: String,
    /// The new subscriber.
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
    /// AccountId: 12 digits.
    pub account: String,
    /// BudgetName.
    pub budget: String,
    /// The notification.
    pub notice: Notice,
    /// An e-mail address, or the ARN of an SNS topic.
    pub subscriber: String,
}
call!(
    DeleteSubscriber,
    "budgets:ModifyBudget",
    changes,
    (),
    budget
);
