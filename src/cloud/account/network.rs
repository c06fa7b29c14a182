//! The network of clusters: the default VPC, in which EC2 creates security groups and EMR creates
//! clusters that name no subnet; and the key pairs and security groups of EC2 that a stack names.

use super::Account;
use super::errors::Context;
use super::groups::named_vpc;
use super::observe::filter;
use crate::cloud::api::ec2::{DefaultVpcs, DescribeSecurityGroups, Filter, KeyPair};
use crate::cloud::api::{Api, Kind};
use crate::cloud::{Class, CloudError};
use crate::model::action::Action;
use crate::model::desired::ClusterSpec;
use crate::model::hint::Command;
use crate::model::name::{ExistingKeyName, Region, SecurityGroupId};
use crate::model::network::{ClusterKey, GroupRef, ManagedGroups};
use crate::model::plan::{Plan, Planned};
use crate::model::shown;

/// How many key pairs an error lists.
const LISTED: usize = 10;

impl<A: Api> Account<A> {
    /// Returns an error if a plan needs what the account does not have: nothing must be created then.
    pub(super) async fn check_network(&self, plan: &Plan) -> Result<(), CloudError> {
        self.check_default_vpc(plan).await?;
        let mut actions = plan.actions.iter();
        let Some(spec) = actions.find_map(|planned| planned.action.new_cluster()) else {
            return Ok(());
        };
        if let Some(existing) = spec.key_pair.as_ref().and_then(ClusterKey::existing) {
            self.check_key_pair(existing).await?;
        }
        self.check_groups(spec).await
    }

    /// Returns an error if a plan creates what needs the default VPC, and there is none: a key pair
    /// would be left behind. Without the permission to look it up, it is assumed to exist.
    async fn check_default_vpc(&self, plan: &Plan) -> Result<(), CloudError> {
        let mut actions = plan.actions.iter();
        let is_needed = actions.any(|Planned { action, .. }| {
            let cluster = action.new_cluster();
            matches!(action, Action::CreateGroup(group) if group.vpc.is_none())
                || cluster.is_some_and(|spec| spec.network.subnet.is_none())
        });
        // EC2 deletes no VPC that has other groups than its own (EC2 API, DeleteVpc).
        let is_in_use = {
            let observed = self.observed.borrow();
            let mut groups = observed.groups.values();
            groups.any(|group| named_vpc(group).is_none())
        };
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

    /// Returns an error if EC2 does not have a key pair: EMR would find out after it has created the
    /// cluster.
    async fn check_key_pair(&self, name: &ExistingKeyName) -> Result<(), CloudError> {
        let by_name = vec![filter("key-name", name.as_str())];
        // `*` and `?` have meanings in filters.
        let is_it = |pair: &KeyPair| pair.name == name.as_str();
        if self.key_pairs(by_name).await?.iter().any(is_it) {
            return Ok(());
        }
        let all = self.key_pairs(Vec::new()).await?;
        let names = all.iter().take(LISTED).map(|pair| pair.name.as_str());
        let names = names.collect::<Vec<_>>().join(", ");
        let others = match all.len() {
            0 => "there is none".to_owned(),
            more if more > LISTED => format!("it has {names} and {} more", more - LISTED),
            _ => format!("it has {names}"),
        };
        let region = &self.settings.region;
        let message = format!("EC2 has no key pair {name} in {region}: {others}");
        let list = format!("aws ec2 describe-key-pairs --region {region}");
        let error = CloudError::new(Class::Missing, shown::line(&message, 2_000));
        Err(error.hint(Command::line(&list)))
    }

    /// Returns an error if EC2 does not have a security group that the stack names by its id, or has
    /// it in another VPC than the subnet.
    async fn check_groups(&self, spec: &ClusterSpec) -> Result<(), CloudError> {
        let managed = spec
            .network
            .managed_groups
            .iter()
            .flat_map(ManagedGroups::iter);
        let more = spec.security_groups.iter().filter_map(GroupRef::existing);
        let more = more.chain(&spec.network.core_security_groups);
        let named: Vec<&SecurityGroupId> = managed.chain(more).collect();
        if named.is_empty() {
            return Ok(());
        }
        let filters = vec![Filter {
            name: "group-id".to_owned(),
            values: named.iter().map(ToString::to_string).collect(),
        }];
        let found = match self.api.serve(DescribeSecurityGroups { filters }).await {
            Err(error) if error.kind == Kind::Denied => return Ok(()),
            found => found.with_context(|| "list security groups".to_owned())?,
        };
        let region = &self.settings.region;
        for id in named {
            let mut all = found.iter();
            let group = all.find(|group| group.id == id.as_str());
            let message = match (group, &spec.network.vpc) {
                (None, _) => format!("EC2 has no security group {id} in {region}"),
                (Some(group), Some(vpc)) if group.vpc != vpc.as_str() => {
                    let elsewhere = &group.vpc;
                    format!("security group {id} is in {elsewhere}, and the subnet is in {vpc}")
                }
                (Some(_), _) => continue,
            };
            let vpc = spec.network.vpc.as_ref();
            let within = vpc.map(|vpc| format!(" --filters Name=vpc-id,Values={vpc}"));
            let within = within.unwrap_or_default();
            let list = format!("aws ec2 describe-security-groups --region {region}{within}");
            return Err(CloudError::new(Class::Missing, message).hint(Command::line(&list)));
        }
        Ok(())
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
