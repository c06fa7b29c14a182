//! Mirrors the policies' budgets to AWS Budgets: reads, applies the agreed changes, and reads
//! again.

use crate::cloud::api::Api;
use crate::cloud::api::sts::GetCallerIdentity;
use crate::cloud::budgets;
use crate::cloud::budgets::diff::{Change, Update, differences};
use crate::cloud::budgets::model::{DesiredBudget, ExistingBudget};
use crate::cloud::error::{Class, CloudError};
use crate::cloud::unserved::unserved;
use std::time::Duration;

/// One round applies, one verifies, and the others wait until AWS shows the changes.
const ROUNDS: u32 = 5;
const ROUND_PAUSE: Duration = Duration::from_secs(2);

/// Returns the number of the AWS account, 12 digits.
///
/// # Errors
/// Returns an error if a call to AWS fails.
pub async fn account<A: Api>(api: &A) -> Result<String, CloudError> {
    let identity = api.serve(GetCallerIdentity).await.map_err(|error| {
        unserved(error).unwrap_or_else(|error| {
            let message = "AWS did not return the id of the account";
            CloudError::new(Class::Missing, message).caused_by(error)
        })
    })?;
    Ok(identity.account.to_string())
}

/// Returns the changes that turn AWS's budgets into `want`. Changes nothing.
///
/// # Errors
/// Returns an error if AWS's budgets cannot be read.
pub async fn plan<A: Api>(
    api: &A,
    account: &str,
    want: &[DesiredBudget],
) -> Result<Vec<Change>, CloudError> {
    Ok(differences(want, &budgets::look(api, account).await?))
}

/// Applies the changes in `agreed`, and later changes of the same kind to the same budgets, until
/// AWS has `want`. Returns the budgets that AWS then has. May be interrupted and called again.
///
/// # Errors
/// Returns an error if a call to AWS fails, if a change is needed that is not covered by `agreed`,
/// or if AWS does not show the changes in time.
pub async fn push<A: Api>(
    api: &A,
    account: &str,
    want: &[DesiredBudget],
    agreed: &[Change],
) -> Result<Vec<ExistingBudget>, CloudError> {
    for round in 0..ROUNDS {
        if round > 1 {
            tokio::time::sleep(ROUND_PAUSE).await;
        }
        let have = budgets::look(api, account).await?;
        let changes = differences(want, &have);
        if changes.is_empty() {
            return Ok(have);
        }
        let is_agreed = |change: &&Change| covers(agreed, change);
        if let Some(new) = changes.iter().find(|change| !is_agreed(change)) {
            return Err(moved(&new.name()));
        }
        for change in &changes {
            apply(api, account, change).await?;
        }
    }
    let message = "AWS still does not return the budgets as clusterup wrote them";
    Err(CloudError::new(Class::Failed, message)
        .hint("somebody else may be changing them, or AWS is slow; try again in a minute"))
}

/// Agreement to an update does not cover a deletion.
fn covers(agreed: &[Change], change: &Change) -> bool {
    let same =
        |other: &Change| other.name() == change.name() && other.deletes() == change.deletes();
    agreed.iter().any(same)
}

fn moved(name: &str) -> CloudError {
    let message = format!("budget {name} has changed since the changes were confirmed");
    CloudError::new(Class::Busy, message).hint("push again to see the changes that are left")
}

async fn apply<A: Api>(api: &A, account: &str, change: &Change) -> Result<(), CloudError> {
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
