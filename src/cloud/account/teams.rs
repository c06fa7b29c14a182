//! Teams' accounts, each an object in the bucket that is replaced only by whoever has read it.

use super::Account;
use super::errors::Doing;
use super::place;
use crate::cloud::api::s3::{BOOK, Body, Condition, GetObject, PutObject};
use crate::cloud::api::{Api, Kind};
use crate::cloud::{CloudError, StoredAccount};
use crate::model::name::{StackName, TeamName};

impl<A: Api> Account<A> {
    pub(super) async fn read_book(
        &self,
        team: &TeamName,
    ) -> Result<Option<StoredAccount>, CloudError> {
        let (bucket, key) = (self.bucket().await?, place::team(team));
        let most = BOOK;
        match self.api.serve(GetObject { bucket, key, most }).await {
            // Neither object nor bucket is the same to who asks.
            Err(error) if error.kind == Kind::NotFound => Ok(None),
            reply => {
                let read = reply.doing(|| format!("read the account of team {team}"))?;
                Ok(Some(StoredAccount {
                    content: read.body,
                    version: read.etag,
                }))
            }
        }
    }

    pub(super) async fn write_book(
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
                    self.bring_bucket(&bucket, &mut made).await?;
                }
                Err(error) if matches!(error.kind, Kind::Precondition | Kind::NotFound) => {
                    return Ok(false);
                }
                reply => {
                    reply.doing(|| format!("write the account of team {team}"))?;
                    return Ok(true);
                }
            }
        }
    }

    /// Whether anybody alive may have the stack.
    pub(super) async fn holds(&self, stack: &StackName) -> Result<bool, CloudError> {
        let (bucket, key) = (self.bucket().await?, place::lock(stack));
        let lock = self.read_lock(&bucket, &key).await?;
        Ok(lock.is_some_and(|lock| !lock.is_dead()))
    }
}
