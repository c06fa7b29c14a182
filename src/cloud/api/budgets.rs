//! AWS Budgets: what has been spent, hours late, and letters about it. One list for an account,
//! whatever the region.

use super::{Page, call};
use crate::cloud::budgets::model::{Amount, Budget, Notice, Notices};
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

/// A budget in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    pub budget: Budget,
    /// What was spent in this month as far as AWS knows. It begins anew with each update.
    pub actual: Option<Amount>,
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

/// NotFound where there is no such budget.
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

/// NotFound where there is no such budget or notification.
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

/// [`super::Kind::Exists`] where the name is taken.
#[derive(Debug, Clone)]
pub struct CreateBudget {
    pub account: String,
    pub budget: Budget,
    pub notices: Notices,
}
call!(CreateBudget, "budgets:ModifyBudget", changes, (), budget);

/// Replaces all of a budget but its notifications. NotFound where there is none.
#[derive(Debug, Clone)]
pub struct UpdateBudget {
    pub account: String,
    pub budget: Budget,
}
call!(UpdateBudget, "budgets:ModifyBudget", changes, (), budget);

/// With its notifications. Success where it is gone.
#[derive(Debug, Clone)]
pub struct DeleteBudget {
    pub account: String,
    pub budget: String,
}
call!(DeleteBudget, "budgets:ModifyBudget", changes, (), budget);

/// [`super::Kind::Exists`] where there is one like it, whomever that tells.
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

/// Success where it is gone.
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

/// Makes of one notification another, whose subscribers stay. [`super::Kind::NotFound`] where the
/// first is not there, [`super::Kind::Exists`] where the other is.
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

/// [`super::Kind::Exists`] where it is alerted already.
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

/// Has another alerted in one's place. [`super::Kind::NotFound`] where the first is not alerted.
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

/// Success where it is alerted no more. With the last one goes the notification.
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
