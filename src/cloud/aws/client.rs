//! The SDK with a person's login before it: what it fails with for who asks is explained here.

use super::Sdk;
use super::login::Login;
use super::wire::Watch;
use crate::cloud::api::sts::GetCallerIdentity;
use crate::cloud::api::{ApiError, Call, Cause, Kind, Serve};
use crate::model::clock::Clock;
use crate::model::name::Region;
use std::rc::Rc;
use std::sync::Arc;

/// AWS refuses signatures that are older than five minutes, S3 than fifteen (IAM User Guide).
const TOO_FAR: i64 = 240;

/// AWS in one region, as a person asks it.
pub struct Client {
    sdk: Sdk,
    login: Rc<Login>,
    watch: Watch,
}

impl Client {
    /// May ask for a code of multi-factor authentication.
    pub async fn connect(region: &Region, login: Rc<Login>, clock: Arc<dyn Clock>) -> Self {
        let watch = Watch::of(clock);
        let held = login.with_code(region.as_str()).await;
        let sdk = Sdk::with(region, watch.clone(), held).await;
        Self { sdk, login, watch }
    }

    /// What is behind an error that has to do with who asks.
    async fn explain(&self, cause: Cause) -> Cause {
        let ahead = self.watch.ahead();
        let may_be_clock = matches!(
            cause,
            Cause::Clock { .. } | Cause::WrongSecret | Cause::UnknownKey | Cause::Expired { .. }
        );
        if may_be_clock && ahead.abs() > TOO_FAR {
            return Cause::Clock { ahead: Some(ahead) };
        }
        if cause == Cause::UnknownKey
            && is_opt_in(self.sdk.region())
            && self.is_known_elsewhere().await
        {
            let region = self.sdk.region().to_string();
            return Cause::RegionOff { region };
        }
        self.login.refine(cause).await
    }

    /// Whether the credentials are good where every account is: a region that is not enabled does
    /// not know them.
    async fn is_known_elsewhere(&self) -> bool {
        let Ok(region) = EVERYWHERE.parse() else {
            return false;
        };
        let held = self.login.with_code(EVERYWHERE).await;
        let elsewhere = Sdk::with(&region, self.watch.clone(), held).await;
        elsewhere.serve(GetCallerIdentity).await.is_ok()
    }
}

const EVERYWHERE: &str = "us-east-1";

/// Regions that an account has only once it asks for them: those that are younger than March 2019
/// (AWS Account Management, regions that are disabled by default).
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
                    error.cause = Some(Box::new(Box::pin(self.explain(*cause)).await));
                }
                Err(error)
            }
            answer => answer,
        }
    }
}
