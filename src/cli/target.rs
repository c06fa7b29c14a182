//! Targets: this machine, or a region of AWS.

use super::args::TargetArgs;
use super::context::Context;
use super::failure::{Exit, Failure};
use super::preflight;
use crate::app::Place;
use crate::cloud::Cloud;
use crate::model::hint::Command;
use crate::model::name::Region;

pub(super) struct Target {
    pub(super) cloud: Box<dyn Cloud>,
    /// `None` for this machine.
    pub(super) region: Option<Region>,
}

impl Target {
    /// `of_stack`: the region in the stack's file, if there is a file.
    pub(super) async fn open(
        args: &TargetArgs,
        of_stack: Option<&Region>,
        context: &Context,
    ) -> Result<Self, Failure> {
        if args.local {
            let cloud = Box::new(context.local()?);
            return Ok(Self {
                cloud,
                region: None,
            });
        }
        let region = match of_stack.or(args.region.as_ref()) {
            Some(region) => region.clone(),
            None => default_region().await?,
        };
        if let Some(complaint) = preflight::region(&region, context) {
            let failure = Failure::input(complaint.message);
            return Err(complaint.help.into_iter().fold(failure, Failure::hint));
        }
        let cloud = context.aws(&region).await?;
        Ok(Self {
            cloud,
            region: Some(region),
        })
    }

    /// In words: `on this machine`, `in us-east-1`.
    pub(super) fn place(&self) -> String {
        match &self.region {
            Some(region) => format!("in {region}"),
            None => "on this machine".to_owned(),
        }
    }

    pub(super) fn place_of_clusters(&self) -> Place<'_> {
        Place {
            cloud: &*self.cloud,
            region: self.region.as_ref(),
        }
    }

    /// The name in the ledger: `local`, or the region.
    pub(super) fn name(&self) -> String {
        self.place_of_clusters().name()
    }

    /// Whether clusters of this target cost money.
    pub(super) const fn costs(&self) -> bool {
        self.region.is_some()
    }
}

/// The region of the environment or the profile.
#[cfg(feature = "aws")]
pub(super) async fn known_region() -> Option<Region> {
    crate::cloud::aws::default_region().await
}

#[cfg(not(feature = "aws"))]
pub(super) async fn known_region() -> Option<Region> {
    None
}

#[cfg(feature = "aws")]
async fn default_region() -> Result<Region, Failure> {
    known_region().await.ok_or_else(|| {
        Failure::new(Exit::Input, "no AWS region is set")
            .hint("give the stack's file, a region, or --local")
            .hint(Command::again().args("--region us-east-1"))
            .hint(Command::again().arg("--local"))
    })
}

#[cfg(not(feature = "aws"))]
async fn default_region() -> Result<Region, Failure> {
    Err(without_aws())
}

#[cfg(not(feature = "aws"))]
pub(super) fn without_aws() -> Failure {
    Failure::new(Exit::Input, "this clusterup was built without AWS support")
        .hint(Command::again().arg("--local"))
}
