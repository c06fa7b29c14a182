//! Amazon's own SDK as the one who serves the calls: translation there and back, nothing else.

mod budgets;
mod cloudwatch;
mod ec2;
mod emr;
mod error;
mod iam;
mod pricing;
mod s3;
mod scheduler;
mod sns;
mod sts;
mod subscribers;
mod translate;

use super::api::Api;
use crate::model::name::Region;
use aws_config::environment::region::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_types::service_config::ServiceConfigKey;
use std::time::Duration;

const CONNECT: Duration = Duration::from_secs(5);
/// Until the answer's head is there; its body may take its time while it does not stall.
const ATTEMPT: Duration = Duration::from_secs(60);
/// The SDK's own five seconds are a short break in a wireless network.
const STALL: Duration = Duration::from_secs(30);

/// AWS in one region.
pub struct Sdk {
    budgets: aws_sdk_budgets::Client,
    cloudwatch: aws_sdk_cloudwatch::Client,
    ec2: aws_sdk_ec2::Client,
    emr: aws_sdk_emr::Client,
    iam: aws_sdk_iam::Client,
    pricing: aws_sdk_pricing::Client,
    s3: aws_sdk_s3::Client,
    scheduler: aws_sdk_scheduler::Client,
    sns: aws_sdk_sns::Client,
    sts: aws_sdk_sts::Client,
    region: Region,
}

impl Sdk {
    /// With the credentials and settings that the AWS CLI would find: environment, profiles, SSO.
    /// Sends nothing to AWS's services yet.
    pub async fn connect(region: &Region) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .operation_attempt_timeout(ATTEMPT)
            .build();
        let config = aws_config::defaults(BehaviorVersion::latest())
            .region(aws_config::Region::new(region.as_str().to_owned()))
            // The SDK would send RunJobFlow twice: `cloud::retry` knows what may be repeated.
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts)
            .stalled_stream_protection(patience(STALL))
            .load()
            .await;
        let s3 = aws_sdk_s3::config::Builder::from(&config)
            .force_path_style(has_own_s3(&config))
            .build();
        Self {
            budgets: aws_sdk_budgets::Client::new(&config),
            cloudwatch: aws_sdk_cloudwatch::Client::new(&config),
            ec2: aws_sdk_ec2::Client::new(&config),
            emr: aws_sdk_emr::Client::new(&config),
            iam: aws_sdk_iam::Client::new(&config),
            pricing: pricing::client(&config),
            s3: aws_sdk_s3::Client::from_conf(s3),
            scheduler: aws_sdk_scheduler::Client::new(&config),
            sns: aws_sdk_sns::Client::new(&config),
            sts: aws_sdk_sts::Client::new(&config),
            region: region.clone(),
        }
    }

    pub const fn region(&self) -> &Region {
        &self.region
    }
}

/// What environment and profile name as the region. Asks no metadata service: that of an EC2
/// machine tells where the machine is, not where stacks are, and elsewhere it costs seconds.
pub async fn default_region() -> Option<Region> {
    let profile = ProfileFileRegionProvider::builder().build();
    RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
        .or_else(profile)
        .region()
        .await?
        .as_ref()
        .parse()
        .ok()
}

/// Breaks off a stream of which nothing came or went for so long.
fn patience(stall: Duration) -> StalledStreamProtectionConfig {
    StalledStreamProtectionConfig::enabled()
        .grace_period(stall)
        .build()
}

/// Whether S3 is at an address of the user's own. Few such stores have names for their buckets.
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

/// Whoever is given an `Sdk` is given all of AWS that there is a call for.
const _: fn() = || {
    fn is<A: Api>() {}
    is::<Sdk>();
};
