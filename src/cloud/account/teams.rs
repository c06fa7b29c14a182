//! Teams' accounts: objects in the bucket that are replaced by conditional writes.

use super::Account;
use super::errors::Context;
use super::place;
use crate::cloud::api::s3::{Body, Condition, GetObject, MAX_ACCOUNT, PutObject};
use crate::cloud::api::{Api, Kind};
use crate::cloud::{CloudError, StoredAccount};
use crate::model::name::{StackName, TeamName};

impl<A: Api> Account<A> {
    pub(super) async fn read_team_account(
        &self,
        team: &TeamName,
    ) -> Result<Option<StoredAccount>, CloudError> {
        let (bucket, key) = (self.bucket().await?, place::team(team));
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

    pub(super) async fn write_team_account(
        &self,
        team: &TeamName,
        content: &[u8],
        was: Option<&str>,
    ) -> Result<bool, CloudError> {
        let (bucket, mut made) = (self.bucket().await?, None);
        let call = PutObject {
            bucket: bucket.clone(),
            key: place::team(team),
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

    /// Whether a live process may hold the stack's lease.
    pub(super) async fn is_leased(&self, stack: &StackName) -> Result<bool, CloudError> {
        let (bucket, key) = (self.bucket().await?, place::lock(stack));
        let lock = self.read_lock(&bucket, &key).await?;
        Ok(lock.is_some_and(|lock| !lock.is_dead()))
    }
}
