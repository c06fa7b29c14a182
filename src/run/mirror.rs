//! Makes AWS have the policies' budgets: looks, makes what was agreed to, and looks again.

use crate::cloud::api::Api;
use crate::cloud::api::sts::GetCallerIdentity;
use crate::cloud::budgets;
use crate::cloud::error::{Class, CloudError};
use crate::cloud::unserved::unserved;
use crate::model::mirror::{ExistingBudget, Mirrored};
use crate::policy::mirror::{Change, Update, differences};
use std::time::Duration;

/// One that makes, one that finds what went otherwise, and those that wait until AWS shows it.
const ROUNDS: u32 = 5;
const PAUSE: Duration = Duration::from_secs(2);

/// Whose budgets they are: the number of the account.
///
/// # Errors
/// What AWS says no with.
pub async fn account<A: Api>(api: &A) -> Result<String, CloudError> {
    let identity = api.serve(GetCallerIdentity).await.map_err(|error| {
        unserved(error).unwrap_or_else(|error| {
            let message = "AWS does not say whose account it is";
            CloudError::new(Class::Missing, message).caused_by(error)
        })
    })?;
    Ok(identity.account.to_string())
}

/// What has to be done so that AWS has what is wanted. Changes nothing.
///
/// # Errors
/// What AWS says no with.
pub async fn plan<A: Api>(
    api: &A,
    account: &str,
    want: &[Mirrored],
) -> Result<Vec<Change>, CloudError> {
    Ok(differences(want, &budgets::look(api, account).await?))
}

/// Makes what was agreed to, and what else has to be done to the same budgets; says what is there
/// then. Cut off anywhere, it goes on from there when it is called again.
///
/// # Errors
/// What AWS says no with; that something has to be done of which nobody was asked; that AWS does
/// not show what was made.
pub async fn push<A: Api>(
    api: &A,
    account: &str,
    want: &[Mirrored],
    agreed: &[Change],
) -> Result<Vec<ExistingBudget>, CloudError> {
    for round in 0..ROUNDS {
        if round > 1 {
            tokio::time::sleep(PAUSE).await;
        }
        let have = budgets::look(api, account).await?;
        let changes = differences(want, &have);
        if changes.is_empty() {
            return Ok(have);
        }
        let asked = |change: &&Change| covers(agreed, change);
        if let Some(news) = changes.iter().find(|change| !asked(change)) {
            return Err(moved(&news.name()));
        }
        for change in &changes {
            make(api, account, change).await?;
        }
    }
    let message = "AWS does not show its budgets as they were made";
    Err(CloudError::new(Class::Failed, message)
        .hint("somebody else may be changing them, or AWS is slow; try again in a minute"))
}

/// Nobody who agreed to a change agreed to a deletion.
fn covers(agreed: &[Change], change: &Change) -> bool {
    let same = |one: &Change| one.name() == change.name() && one.deletes() == change.deletes();
    agreed.iter().any(same)
}

fn moved(name: &str) -> CloudError {
    let message = format!("budget {name} has changed since it was asked about");
    CloudError::new(Class::Busy, message).hint("see what is to be done now: push again")
}

async fn make<A: Api>(api: &A, account: &str, change: &Change) -> Result<(), CloudError> {
    match change {
        Change::Create(to) => budgets::create(api, account, to).await,
        Change::Update(update) => {
            let Update { from, to, .. } = &**update;
            if !update.anew {
                return budgets::update(api, account, from, to).await;
            }
            budgets::delete(api, account, &to.name()).await?;
            budgets::create(api, account, to).await
        }
        Change::Delete(name) => budgets::delete(api, account, name).await,
    }
}
