//! The account's budgets of ours: what is there, and one made as it should be.

mod notices;

use self::notices::Telling;
use super::api::budgets::{
    CreateBudget, DeleteBudget, DescribeBudgets, DescribeNotificationsForBudget,
    DescribeSubscribersForNotification, Described, UpdateBudget,
};
use super::api::{Api, ApiError, Kind, Page};
use super::error::{Class, CloudError};
use super::unserved::unserved;
use crate::model::mirror::{ExistingBudget, Mirrored, Notice, Notices, of_name};
use crate::model::money::Usd;
use crate::model::name::{PolicyName, TeamName};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// What AWS says that a team has spent in this month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actual {
    pub usd: Usd,
    /// When AWS last updated the budget. Bills lie hours behind that.
    pub at: DateTime<Utc>,
}

/// AWS's word on each team's spending; none of a budget of which AWS has none yet, or not in
/// dollars.
///
/// # Errors
/// Returns an error if a call to AWS fails.
pub async fn actuals<A: Api>(
    api: &A,
    account: &str,
) -> Result<BTreeMap<(PolicyName, TeamName), Actual>, CloudError> {
    let found = described(api, account).await.map_err(refused)?;
    let actual = |one: Described| {
        let of = of_name(&one.budget.name)?;
        let (usd, at) = (one.actual?.usd()?, one.updated?);
        Some((of, Actual { usd, at }))
    };
    Ok(found.into_iter().filter_map(actual).collect())
}

/// All that is ours, in order of the names.
///
/// # Errors
/// Returns an error if a call to AWS fails.
pub async fn look<A: Api>(api: &A, account: &str) -> Result<Vec<ExistingBudget>, CloudError> {
    let mut seen = Vec::new();
    for one in described(api, account).await.map_err(refused)? {
        let notices = notices(api, account, &one.budget.name).await;
        let Some(notices) = there(notices).map_err(refused)? else {
            continue;
        };
        let budget = one.budget;
        seen.push(ExistingBudget { budget, notices });
    }
    seen.sort_by(|a, b| a.budget.name.cmp(&b.budget.name));
    Ok(seen)
}

/// One of its name that is there already is for the next look.
///
/// # Errors
/// Returns an error if a call to AWS fails.
pub async fn create<A: Api>(api: &A, account: &str, to: &Mirrored) -> Result<(), CloudError> {
    let ExistingBudget { budget, notices } = to.seen();
    let account = account.to_owned();
    let made = api.serve(CreateBudget {
        account,
        budget,
        notices,
    });
    made_or_there(made.await).map_err(refused)
}

/// Makes of one what it should be. What is gone meanwhile is for the next look.
///
/// # Errors
/// Returns an error if a call to AWS fails.
pub async fn update<A: Api>(
    api: &A,
    account: &str,
    from: &ExistingBudget,
    to: &Mirrored,
) -> Result<(), CloudError> {
    let result = updated(api, account, from, &to.seen()).await;
    there(result).map_err(refused).map(|_| ())
}

/// # Errors
/// Returns an error if a call to AWS fails.
pub async fn delete<A: Api>(api: &A, account: &str, name: &str) -> Result<(), CloudError> {
    let (account, budget) = (account.to_owned(), name.to_owned());
    let deleted = api.serve(DeleteBudget { account, budget });
    deleted.await.map_err(refused)
}

async fn updated<A: Api>(
    api: &A,
    account: &str,
    from: &ExistingBudget,
    to: &ExistingBudget,
) -> Result<(), ApiError> {
    let (account, name) = (account.to_owned(), &to.budget.name);
    // AWS forgets what was spent at each update, so none is made for nothing.
    if from.budget != to.budget {
        let (account, budget) = (account.clone(), to.budget.clone());
        api.serve(UpdateBudget { account, budget }).await?;
    }
    let (account, budget) = (account.as_str(), name.as_str());
    let telling = Telling {
        api,
        account,
        budget,
    };
    telling.renew(&from.notices, &to.notices).await
}

/// All of ours.
async fn described<A: Api>(api: &A, account: &str) -> Result<Vec<Described>, ApiError> {
    let all = pages(async |next| {
        let account = account.to_owned();
        api.serve(DescribeBudgets { account, next }).await
    });
    let mut all = there(all.await)?.unwrap_or_default();
    all.retain(|one| of_name(&one.budget.name).is_some());
    Ok(all)
}

async fn notices<A: Api>(api: &A, account: &str, budget: &str) -> Result<Notices, ApiError> {
    let all = pages(async |next| {
        let (account, budget) = (account.to_owned(), budget.to_owned());
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
        if let Some(subscribers) = there(subscribers)? {
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

/// Every page of a list.
async fn pages<T>(
    ask: impl AsyncFn(Option<String>) -> Result<Page<T>, ApiError>,
) -> Result<Vec<T>, ApiError> {
    let (mut all, mut next) = (Vec::new(), None);
    loop {
        let mut page = ask(next).await?;
        all.append(&mut page.items);
        next = page.next;
        if next.is_none() {
            return Ok(all);
        }
    }
}

/// None of what is not there.
fn there<T>(result: Result<T, ApiError>) -> Result<Option<T>, ApiError> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind == Kind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn made_or_there(result: Result<(), ApiError>) -> Result<(), ApiError> {
    match result {
        Err(error) if error.kind == Kind::Exists => Ok(()),
        result => result,
    }
}

fn refused(error: ApiError) -> CloudError {
    let error = match unserved(error) {
        Ok(told) => return told,
        Err(error) => error,
    };
    let (class, message) = match error.kind {
        Kind::Denied => (
            Class::Missing,
            "AWS does not allow to see or change budgets",
        ),
        Kind::Throttled | Kind::Doubt => (Class::Unreachable, "AWS Budgets cannot be reached"),
        Kind::Unauthenticated
        | Kind::NotFound
        | Kind::Exists
        | Kind::Precondition
        | Kind::InUse
        | Kind::Invalid => (Class::Failed, "AWS Budgets says no"),
    };
    let hint = match error.kind {
        Kind::Denied => format!("ask for the permission {}", error.call),
        Kind::Throttled | Kind::Doubt => {
            "try again in a minute: what was done is found again".to_owned()
        }
        Kind::Unauthenticated
        | Kind::NotFound
        | Kind::Exists
        | Kind::Precondition
        | Kind::InUse
        | Kind::Invalid => "see what AWS refuses, fix the policy, and try again".to_owned(),
    };
    CloudError::new(class, message).hint(hint).caused_by(error)
}
