//! Regions of AWS: the environment's, and those that clusterup can use.

use super::Environment;
#[cfg(feature = "aws")]
use super::Settings;
use crate::app::failure::{Exit, Failure};
use crate::model::hint::Command;
use crate::model::name::Region;
#[cfg(feature = "aws")]
use crate::model::partition::Partition;

/// The region of the environment or the profile.
#[cfg(feature = "aws")]
pub(crate) async fn known_region(environment: &Environment) -> Option<Region> {
    let Settings {
        region, profile, ..
    } = &environment.settings;
    match &region.value {
        Some(region) => Some(region.clone()),
        None => crate::cloud::aws::default_region(profile.value.as_deref()).await,
    }
}

#[cfg(not(feature = "aws"))]
pub(crate) async fn known_region(environment: &Environment) -> Option<Region> {
    environment.settings.region.value.clone()
}

#[cfg(feature = "aws")]
pub(crate) async fn default_region(environment: &Environment) -> Result<Region, Failure> {
    known_region(environment).await.ok_or_else(|| {
        Failure::new(Exit::Input, "no AWS region is set")
            .hint("give the stack's file, a region, or --local")
            .hint(Command::again().args("--region us-east-1"))
            .hint(Command::again().arg("--local"))
    })
}

#[cfg(not(feature = "aws"))]
pub(crate) async fn default_region(_: &Environment) -> Result<Region, Failure> {
    Err(without_aws())
}

#[cfg(not(feature = "aws"))]
pub(crate) fn without_aws() -> Failure {
    Failure::new(Exit::Input, "this clusterup was built without AWS support")
        .hint(Command::again().arg("--local"))
}

/// A region of the profile's partition; its S3 can locate every bucket of the partition.
#[cfg(feature = "aws")]
pub(super) async fn any_region(environment: &Environment) -> Result<Region, Failure> {
    let known = known_region(environment).await;
    let part = known.map_or(Partition::Aws, |region| Partition::of(&region));
    part.any_region().parse().map_err(invalid_region)
}

/// Refuses partitions of AWS that clusterup does not support.
#[cfg(feature = "aws")]
pub(super) fn check_partition(region: &Region) -> Result<(), Failure> {
    let part = Partition::of(region);
    let Some(why) = part.refusal() else {
        return Ok(());
    };
    let message = format!(
        "clusterup does not support {region} in {}: {why}",
        part.name()
    );
    Err(Failure::input(message).hint("use a commercial region of AWS, or GovCloud"))
}

#[cfg(feature = "aws")]
pub(super) fn invalid_region(wrong: crate::model::Invalid) -> Failure {
    Failure::new(Exit::Failed, "S3 returned an invalid region").caused_by(&wrong)
}
