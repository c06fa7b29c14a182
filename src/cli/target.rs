//! Where a stack runs: this machine, or a region of AWS.

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
    /// None for this machine.
    pub(super) region: Option<Region>,
}

impl Target {
    /// `stacks` is the region that the stack's file names, where there is a file.
    pub(super) async fn open(
        args: &TargetArgs,
        stacks: Option<&Region>,
        context: &Context,
    ) -> Result<Self, Failure> {
        if args.local {
            let cloud = Box::new(context.local()?);
            return Ok(Self {
                cloud,
                region: None,
            });
        }
        let region = match stacks.or(args.region.as_ref()) {
            Some(region) => region.clone(),
            None => default_region().await?,
        };
        if let Some(wrong) = preflight::region(&region, context) {
            let failure = Failure::input(wrong.message);
            return Err(wrong.help.into_iter().fold(failure, Failure::hint));
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

    /// As the ledger has it: `local`, or the region.
    pub(super) fn name(&self) -> String {
        self.place_of_clusters().name()
    }

    /// Whether what is made here costs money.
    pub(super) const fn costs(&self) -> bool {
        self.region.is_some()
    }
}

/// The region that environment or profile names.
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
        Failure::new(Exit::Input, "no region of AWS is named")
            .hint("name the stack's file, a region, or this machine")
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
    Failure::new(Exit::Input, "this clusterup was built without AWS")
        .hint(Command::again().arg("--local"))
}
