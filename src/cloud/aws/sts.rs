//! AWS STS through the SDK.

use super::Sdk;
use super::error::{from_sdk, incomplete};
use crate::cloud::api::sts::{GetCallerIdentity, Identity};
use crate::cloud::api::{ApiError, Serve};

impl Serve<GetCallerIdentity> for Sdk {
    async fn serve(&self, _: GetCallerIdentity) -> Result<Identity, ApiError> {
        let reply = self.sts.get_caller_identity().send().await;
        let reply = reply.map_err(from_sdk::<GetCallerIdentity, _>)?;
        let incomplete = || incomplete::<GetCallerIdentity>("the account or the ARN");
        let account = reply.account.unwrap_or_default();
        Ok(Identity {
            account: account.parse().map_err(|_| incomplete())?,
            arn: reply.arn.ok_or_else(incomplete)?,
        })
    }
}
