//! The SDK with a user's credentials. Explains errors that concern the credentials.

use super::Sdk;
use super::assumed_role::AssumedRole;
use super::login::Login;
use super::wire::Watch;
use crate::cloud::api::sts::GetCallerIdentity;
use crate::cloud::api::{ApiError, Call, Cause, Kind, Serve};
use crate::model::clock::Clock;
use crate::model::name::Region;
use aws_credential_types::provider::SharedCredentialsProvider;
use std::rc::Rc;
use std::sync::Arc;

/// AWS refuses signatures that are older than five minutes, S3 those older than fifteen (IAM User
/// Guide). A smaller difference of clocks is harmless.
const MAX_CLOCK_SECONDS: i64 = 240;

/// AWS in one region, with the credentials of a user, or of a role that the user may assume.
pub struct Client {
    sdk: Sdk,
    login: Rc<Login>,
    role: Option<AssumedRole>,
    watch: Watch,
}

impl Client {
    /// Connects to a region. May ask for a code of multi-factor authentication.
    pub async fn connect(region: &Region, login: Rc<Login>, clock: Arc<dyn Clock>) -> Self {
        let watch = Watch::of(clock);
        let credentials = login.with_code(region.as_str()).await;
        let sdk = Sdk::with(region, watch.clone(), credentials, login.profile()).await;
        Self {
            sdk,
            login,
            role: None,
            watch,
        }
    }

    /// Connects to a region with the credentials of a role.
    pub async fn assume(
        region: &Region,
        login: Rc<Login>,
        clock: Arc<dyn Clock>,
        role: AssumedRole,
    ) -> Self {
        let watch = Watch::of(clock);
        let sdk = Sdk::with(
            region,
            watch.clone(),
            Some(role.provider()),
            login.profile(),
        )
        .await;
        Self {
            sdk,
            login,
            role: Some(role),
            watch,
        }
    }

    async fn credentials(&self, region: &str) -> Option<SharedCredentialsProvider> {
        match &self.role {
            Some(role) => Some(role.provider()),
            None => self.login.with_code(region).await,
        }
    }

    /// Finds the cause of an error that concerns the credentials: the user's, or those of the role
    /// that the user has assumed.
    async fn explain(&self, cause: Cause, is_users: bool) -> Cause {
        let ahead = self.watch.ahead();
        let may_be_clock = matches!(
            cause,
            Cause::Clock { .. } | Cause::WrongSecret | Cause::UnknownKey | Cause::Expired { .. }
        );
        if may_be_clock && ahead.abs() > MAX_CLOCK_SECONDS {
            return Cause::Clock { ahead: Some(ahead) };
        }
        if cause == Cause::UnknownKey
            && is_opt_in(self.sdk.region())
            && self.is_known_elsewhere().await
        {
            let region = self.sdk.region().to_string();
            return Cause::RegionOff { region };
        }
        match &self.role {
            // The user's profile does not tell why the role's credentials are refused.
            Some(role) if !is_users => role.refine(cause),
            Some(_) | None => self.login.refine(cause).await,
        }
    }

    /// Whether the credentials are valid in a region that every account has. A region that is not
    /// enabled does not know them.
    async fn is_known_elsewhere(&self) -> bool {
        let Ok(region) = EVERYWHERE.parse() else {
            return false;
        };
        let credentials = self.credentials(EVERYWHERE).await;
        let profile = self.login.profile();
        let elsewhere = Sdk::with(&region, self.watch.clone(), credentials, profile).await;
        elsewhere.serve(GetCallerIdentity).await.is_ok()
    }
}

/// A region that every account has.
const EVERYWHERE: &str = "us-east-1";

/// Whether a region has to be enabled in an account: those introduced since March 2019 (AWS Account
/// Management, regions that are disabled by default).
fn is_opt_in(region: &Region) -> bool {
    const ALWAYS: &[&str] = &[
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-northeast-3",
        "ap-south-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "ca-central-1",
        "eu-central-1",
        "eu-north-1",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "sa-east-1",
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
    ];
    let name = region.as_str();
    let another_partition = name.starts_with("cn-") || name.starts_with("us-gov-");
    !ALWAYS.contains(&name) && !another_partition
}

impl<C: Call> Serve<C> for Client
where
    Sdk: Serve<C>,
{
    async fn serve(&self, call: C) -> Result<C::Reply, ApiError> {
        match Box::pin(self.sdk.serve(call)).await {
            Err(mut error) if error.kind == Kind::Unauthenticated => {
                if let Some(cause) = error.cause.take() {
                    let is_users = error.call != C::NAME;
                    error.cause = Some(Box::new(Box::pin(self.explain(*cause, is_users)).await));
                }
                Err(error)
            }
            answer => answer,
        }
    }
}
