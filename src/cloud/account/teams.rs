//! Teams' accounts: objects in the bucket that are replaced by conditional writes.

use super::Account;
use super::errors::Context;
use super::layout;
use crate::cloud::api::s3::{Body, Condition, GetObject, MAX_ACCOUNT, PutObject};
use crate::cloud::api::{Api, Kind};
use crate::cloud::{CloudError, StoredAccount, TeamAccounts};
use crate::model::name::TeamName;
use async_trait::async_trait;

#[async_trait(?Send)]
impl<A: Api> TeamAccounts for Account<A> {
    async fn stored_team_account(
        &self,
        team: &TeamName,
    ) -> Result<Option<StoredAccount>, CloudError> {
        let bucket = self.bucket().await?;
        let key = layout::team(team);
        let max = MAX_ACCOUNT;
        match self.api.serve(GetObject { bucket, key, max }).await {
            // A missing bucket is a missing account.
            Err(error) if error.kind == Kind::NotFound => Ok(None),
            reply => {
                let read = reply.with_context(|| format!("read the account of team {team}"))?;
                Ok(Some(StoredAccount {
                    content: read.body,
                    version: read.etag,
                }))
            }
        }
    }

    async fn store_team_account(
        &self,
        team: &TeamName,
        content: &[u8],
        was: Option<&str>,
    ) -> Result<bool, CloudError> {
        let bucket = self.bucket().await?;
        let mut made = None;
        let call = PutObject {
            bucket: bucket.clone(),
            key: layout::team(team),
            body: Body::Bytes(content.to_vec()),
            condition: was.map_or(Condition::Absent, |was| {
                Condition::Unchanged(was.to_owned())
            }),
        };
        loop {
            match self.api.serve(call.clone()).await {
                Err(error) if error.kind == Kind::NotFound && was.is_none() => {
                    self.ensure_bucket(&bucket, &mut made).await?;
                }
                Err(error) if matches!(error.kind, Kind::Precondition | Kind::NotFound) => {
                    return Ok(false);
                }
                reply => {
                    reply.with_context(|| format!("write the account of team {team}"))?;
                    return Ok(true);
                }
            }
        }
    }
}
