//! AWS STS by the SDK.

use super::Sdk;
use super::error::{lacks, told};
use crate::cloud::api::sts::{GetCallerIdentity, Identity};
use crate::cloud::api::{ApiError, Serve};

impl Serve<GetCallerIdentity> for Sdk {
    async fn serve(&self, _: GetCallerIdentity) -> Result<Identity, ApiError> {
        let reply = self.sts.get_caller_identity().send().await;
        let reply = reply.map_err(told::<GetCallerIdentity, _>)?;
        let lack = || lacks::<GetCallerIdentity>("who we are");
        let account = reply.account.unwrap_or_default();
        Ok(Identity {
            account: account.parse().map_err(|_| lack())?,
            arn: reply.arn.ok_or_else(lack)?,
        })
    }
}
