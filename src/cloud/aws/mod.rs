//! Serves the calls of [`super::api`] through Amazon's SDK. Only translates.

mod assumed_role;
mod budgets;
mod client;
mod cloudwatch;
mod ec2;
mod emr;
mod error;
mod iam;
mod login;
mod mfa;
mod organizations;
mod pricing;
mod quotas;
mod s3;
mod scheduler;
mod serve_empty;
mod serverless;
mod sns;
mod sts;
mod subnets;
mod subscribers;
mod tagging;
mod translate;
mod unused;
mod wire;

pub use assumed_role::AssumedRole;
pub use client::Client;
pub use login::{Ask, Login};

use super::api::Api;
use crate::model::name::Region;
use aws_config::environment::region::EnvironmentVariableRegionProvider;
use aws_config::identity::IdentityCache;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_types::service_config::ServiceConfigKey;
use std::time::Duration;
use wire::Watch;

const CONNECT: Duration = Duration::from_secs(5);
/// From a request to the start of its response. S3 is an exception: long uploads precede its
/// response.
const READ: Duration = Duration::from_secs(20);
/// A whole attempt, including credentials: a user's program that provides them may ask a person.
const ATTEMPT: Duration = Duration::from_secs(60);
/// The SDK's default of five seconds is less than a short outage of a wireless network.
const STALL: Duration = Duration::from_secs(30);

/// AWS in one region.
pub struct Sdk {
    budgets: aws_sdk_budgets::Client,
    cloudwatch: aws_sdk_cloudwatch::Client,
    ec2: aws_sdk_ec2::Client,
    emr: aws_sdk_emr::Client,
    iam: aws_sdk_iam::Client,
    organizations: aws_sdk_organizations::Client,
    pricing: aws_sdk_pricing::Client,
    quotas: aws_sdk_servicequotas::Client,
    s3: aws_sdk_s3::Client,
    scheduler: aws_sdk_scheduler::Client,
    sns: aws_sdk_sns::Client,
    sts: aws_sdk_sts::Client,
    tagging: aws_sdk_resourcegroupstagging::Client,
    region: Region,
}

impl Sdk {
    /// Connects with the credentials and settings that the AWS CLI would use: environment,
    /// profiles, SSO. Sends no call to AWS's services.
    #[cfg_attr(closed, expect(dead_code, reason = "tests send single calls"))]
    pub async fn connect(region: &Region) -> Self {
        Self::with(region, Watch::default(), None, None).await
    }

    /// Connects with given credentials, or, if `None`, those that the SDK finds in the profile or the
    /// environment.
    async fn with(
        region: &Region,
        watch: Watch,
        credentials: Option<SharedCredentialsProvider>,
        profile: Option<&str>,
    ) -> Self {
        let config = Self::settings(region, watch, credentials, profile).await;
        Self::of(&config, region)
    }

    /// The SDK's settings, which have the credentials.
    async fn settings(
        region: &Region,
        watch: Watch,
        credentials: Option<SharedCredentialsProvider>,
        profile: Option<&str>,
    ) -> SdkConfig {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .read_timeout(READ)
            .operation_attempt_timeout(ATTEMPT)
            .build();
        let patient = IdentityCache::lazy().load_timeout(ATTEMPT).build();
        let mut loader = aws_config::defaults(BehaviorVersion::latest());
        if let Some(credentials) = credentials {
            loader = loader.credentials_provider(credentials);
        }
        if let Some(profile) = profile {
            loader = loader.profile_name(profile);
        }
        loader
            .region(aws_config::Region::new(region.as_str().to_owned()))
            .http_client(wire::client(watch))
            .identity_cache(patient)
            // The SDK would repeat RunJobFlow: `cloud::retry` knows which calls may be repeated.
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts)
            .stalled_stream_protection(patience(STALL))
            .load()
            .await
    }

    fn of(config: &SdkConfig, region: &Region) -> Self {
        let of_s3 = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .disable_read_timeout()
            .operation_attempt_timeout(ATTEMPT)
            .build();
        let s3 = aws_sdk_s3::config::Builder::from(config)
            .timeout_config(of_s3)
            .force_path_style(has_own_s3(config))
            .build();
        Self {
            budgets: aws_sdk_budgets::Client::new(config),
            cloudwatch: aws_sdk_cloudwatch::Client::new(config),
            ec2: aws_sdk_ec2::Client::new(config),
            emr: aws_sdk_emr::Client::new(config),
            iam: aws_sdk_iam::Client::new(config),
            organizations: aws_sdk_organizations::Client::new(config),
            pricing: pricing::client(config),
            quotas: aws_sdk_servicequotas::Client::new(config),
            s3: aws_sdk_s3::Client::from_conf(s3),
            scheduler: aws_sdk_scheduler::Client::new(config),
            sns: aws_sdk_sns::Client::new(config),
            sts: aws_sdk_sts::Client::new(config),
            tagging: aws_sdk_resourcegroupstagging::Client::new(config),
            region: region.clone(),
        }
    }

    /// The region of all calls.
    pub const fn region(&self) -> &Region {
        &self.region
    }
}

/// The region of the environment or the profile. Does not ask the metadata service: an EC2
/// instance's region is not that of stacks, and elsewhere the attempt takes seconds.
pub async fn default_region(profile: Option<&str>) -> Option<Region> {
    let mut of_profile = ProfileFileRegionProvider::builder();
    if let Some(profile) = profile {
        of_profile = of_profile.profile_name(profile);
    }
    RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
        .or_else(of_profile.build())
        .region()
        .await?
        .as_ref()
        .parse()
        .ok()
}

/// Aborts a stream in which nothing moved for a time.
fn patience(stall: Duration) -> StalledStreamProtectionConfig {
    StalledStreamProtectionConfig::enabled()
        .grace_period(stall)
        .build()
}

/// Whether S3 has an address configured by the user. Few such stores support buckets as host names.
fn has_own_s3(config: &SdkConfig) -> bool {
    let key = ServiceConfigKey::builder()
        .service_id("S3")
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build();
    let own = match (config.service_config(), key) {
        (Some(settings), Ok(key)) => settings.load_config(key),
        (None, _) | (_, Err(_)) => None,
    };
    own.is_some() || config.endpoint_url().is_some()
}

// `Sdk` serves every call.
const _: fn() = || {
    fn is<A: Api>() {}
    is::<Sdk>();
};
