//! AWS Budgets: the budgets that clusterup keeps in an AWS account, one for each team of each
//! policy. [`model`] has the types, [`diff`] compares policies with what exists, [`push`] carries
//! out the differences. This file lists, creates, updates and deletes single budgets.

pub mod diff;
pub mod model;
mod notices;
pub mod push;

use self::model::{DesiredBudget, ExistingBudget, Notice, Notices, of_name};
use self::notices::Notifications;
use super::api::budgets::{
    CreateBudget, DeleteBudget, DescribeBudgets, DescribeNotificationsForBudget,
    DescribeSubscribersForNotification, Described, UpdateBudget,
};
use super::api::{Api, ApiError, Kind, Page};
use super::error::{Class, CloudError};
use super::unserved::unserved;
use crate::model::money::Usd;
use crate::model::name::{PolicyName, TeamName};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// What a team has spent in this month, as AWS reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actual {
    /// The amount in dollars.
    pub usd: Usd,
    /// When AWS last updated the budget. The billing data lags hours behind that.
    pub at: DateTime<Utc>,
}

/// Returns each team's spending as AWS reports it. Budgets without a figure, or in another
/// currency, are left out.
///
/// # Errors
/// Returns an error if a call to AWS fails.
pub async fn actuals<A: Api>(
    api: &A,
    account: &str,
) -> Result<BTreeMap<(PolicyName, TeamName), Actual>, CloudError> {
    let found = managed(api, account).await.map_err(failure)?;
    let actual = |one: Described| {
        let of = of_name(&one.budget.name)?;
        let usd = one.actual?.usd()?;
        let at = one.updated?;
        Some((of, Actual { usd, at }))
    };
    Ok(found.into_iter().filter_map(actual).collect())
}

/// Returns all budgets that clusterup manages, in order of their names.
///
/// # Errors
/// Returns an error if a call to AWS fails.
pub async fn look<A: Api>(api: &A, account: &str) -> Result<Vec<ExistingBudget>, CloudError> {
    let mut existing = Vec::new();
    for one in managed(api, account).await.map_err(failure)? {
        let notices = notices(api, account, &one.budget.name).await;
        let Some(notices) = ignore_missing(notices).map_err(failure)? else {
            continue;
        };
        let budget = one.budget;
        existing.push(ExistingBudget { budget, notices });
    }
    existing.sort_by(|a, b| a.budget.name.cmp(&b.budget.name));
    Ok(existing)
}

/// Creates a budget. If one of that name exists already, it is left to the next round.
///
/// # Errors
/// Returns an error if a call to AWS fails.
pub async fn create<A: Api>(api: &A, account: &str, to: &DesiredBudget) -> Result<(), CloudError> {
    let ExistingBudget { budget, notices } = to.seen();
    let account = account.to_owned();
    let created = api.serve(CreateBudget {
        account,
        budget,
        notices,
    });
    ignore_existing(created.await).map_err(failure)
}

/// Changes a budget from `from` to `to`. If it is gone meanwhile, it is left to the next round.
///
/// # Errors
/// Returns an error if a call to AWS fails.
pub async fn update<A: Api>(
    api: &A,
    account: &str,
    from: &ExistingBudget,
    to: &DesiredBudget,
) -> Result<(), CloudError> {
    let result = apply_update(api, account, from, &to.seen()).await;
    ignore_missing(result).map_err(failure).map(|_| ())
}

/// Deletes a budget.
///
/// # Errors
/// Returns an error if a call to AWS fails.
pub async fn delete<A: Api>(api: &A, account: &str, name: &str) -> Result<(), CloudError> {
    let account = account.to_owned();
    let budget = name.to_owned();
    let deleted = api.serve(DeleteBudget { account, budget });
    deleted.await.map_err(failure)
}

async fn apply_update<A: Api>(
    api: &A,
    account: &str,
    from: &ExistingBudget,
    to: &ExistingBudget,
) -> Result<(), ApiError> {
    let account = account.to_owned();
    let name = &to.budget.name;
    // An update resets the spending that AWS reports, so it is only made if the budget changes.
    if from.budget != to.budget {
        let account = account.clone();
        let budget = to.budget.clone();
        api.serve(UpdateBudget { account, budget }).await?;
    }
    let account = account.as_str();
    let budget = name.as_str();
    let notifications = Notifications {
        api,
        account,
        budget,
    };
    notifications.update(&from.notices, &to.notices).await
}

/// The budgets that clusterup manages.
async fn managed<A: Api>(api: &A, account: &str) -> Result<Vec<Described>, ApiError> {
    let all = pages(async |next| {
        let account = account.to_owned();
        api.serve(DescribeBudgets { account, next }).await
    });
    let mut all = ignore_missing(all.await)?.unwrap_or_default();
    all.retain(|one| of_name(&one.budget.name).is_some());
    Ok(all)
}

async fn notices<A: Api>(api: &A, account: &str, budget: &str) -> Result<Notices, ApiError> {
    let all = pages(async |next| {
        let account = account.to_owned();
        let budget = budget.to_owned();
        let call = DescribeNotificationsForBudget {
            account,
            budget,
            next,
        };
        api.serve(call).await
    });
    let mut notices = Notices::new();
    for notice in all.await? {
        let subscribers = subscribers(api, account, budget, &notice).await;
        if let Some(subscribers) = ignore_missing(subscribers)? {
            notices.insert(notice, subscribers);
        }
    }
    Ok(notices)
}

async fn subscribers<A: Api>(
    api: &A,
    account: &str,
    budget: &str,
    notice: &Notice,
) -> Result<BTreeSet<String>, ApiError> {
    let all = pages(async |next| {
        let call = DescribeSubscribersForNotification {
            account: account.to_owned(),
            budget: budget.to_owned(),
            notice: notice.clone(),
            next,
        };
        api.serve(call).await
    });
    Ok(all.await?.into_iter().collect())
}

/// Reads all pages of a list.
async fn pages<T>(
    ask: impl AsyncFn(Option<String>) -> Result<Page<T>, ApiError>,
) -> Result<Vec<T>, ApiError> {
    let mut all = Vec::new();
    let mut next = None;
    loop {
        let mut page = ask(next).await?;
        all.append(&mut page.items);
        next = page.next;
        if next.is_none() {
            return Ok(all);
        }
    }
}

/// Returns `None` for a resource that does not exist.
fn ignore_missing<T>(result: Result<T, ApiError>) -> Result<Option<T>, ApiError> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind == Kind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn ignore_existing(result: Result<(), ApiError>) -> Result<(), ApiError> {
    match result {
        Err(error) if error.kind == Kind::Exists => Ok(()),
        result => result,
    }
}

fn failure(error: ApiError) -> CloudError {
    let error = match unserved(error) {
        Ok(unserved) => return unserved,
        Err(error) => error,
    };
    let (class, message) = match error.kind {
        Kind::Denied => (
            Class::Missing,
            "AWS does not allow reading or changing budgets",
        ),
        Kind::Throttled | Kind::OutcomeUnknown => {
            (Class::Unreachable, "AWS Budgets cannot be reached")
        }
        Kind::Unauthenticated
        | Kind::NotFound
        | Kind::Exists
        | Kind::Precondition
        | Kind::InUse
        | Kind::Invalid => (Class::Failed, "AWS Budgets refused the call"),
    };
    let hint = match error.kind {
        Kind::Denied => format!("ask for the permission {}", error.call),
        Kind::Throttled | Kind::OutcomeUnknown => {
            "try again in a minute: completed steps are not repeated".to_owned()
        }
        Kind::Unauthenticated
        | Kind::NotFound
        | Kind::Exists
        | Kind::Precondition
        | Kind::InUse
        | Kind::Invalid => "see why AWS refused it, fix the policy, and try again".to_owned(),
    };
    CloudError::new(class, message).hint(hint).caused_by(error)
}
