//! The network of clusters: the default VPC, in which EC2 creates security groups and EMR creates
//! clusters that name no subnet.

use super::Account;
use super::errors::Context;
use crate::cloud::api::ec2::DefaultVpcs;
use crate::cloud::api::{Api, Kind};
use crate::cloud::{Class, CloudError};
use crate::model::action::Action;
use crate::model::hint::Command;
use crate::model::name::Region;
use crate::model::plan::Plan;

impl<A: Api> Account<A> {
    /// Returns an error if a plan creates what needs the default VPC, and there is none: a key pair
    /// would be left behind. Without the permission to look it up, it is assumed to exist.
    pub(super) async fn check_network(&self, plan: &Plan) -> Result<(), CloudError> {
        let mut actions = plan.actions.iter();
        let is_needed = actions.any(|planned| {
            matches!(
                planned.action,
                Action::CreateGroup(_) | Action::CreateCluster(..)
            )
        });
        // EC2 deletes no VPC that has other groups than its own (EC2 API, DeleteVpc).
        let is_in_use = !self.observed.borrow().groups.is_empty();
        if !is_needed || is_in_use {
            return Ok(());
        }
        match self.api.serve(DefaultVpcs).await {
            Err(error) if error.kind == Kind::Denied => Ok(()),
            vpcs => match vpcs.with_context(|| "list the default VPC".to_owned())? {
                vpcs if vpcs.is_empty() => Err(missing(&self.settings.region)),
                _ => Ok(()),
            },
        }
    }
}

/// The error of what cannot be created without a default VPC.
pub(super) fn missing(region: &Region) -> CloudError {
    let message = format!(
        "{}, and security groups and clusters are created there",
        has_none(region)
    );
    CloudError::new(Class::Missing, message)
        .hint("create it, once per region")
        .hint(create(region))
}

/// What is wrong with a region without a default VPC.
pub(super) fn has_none(region: &Region) -> String {
    format!("{region} has no default VPC")
}

/// The command that creates a region's default VPC.
pub(super) fn create(region: &Region) -> Command {
    Command::line(&format!("aws ec2 create-default-vpc --region {region}"))
}
