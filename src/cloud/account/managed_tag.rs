//! The tag that version 2 of AWS's policy for EMR's service role needs on the resources that it acts
//! on, and what `doctor` finds of the network of a stack.

use super::Account;
use super::checkup::{bad, good};
use super::names::EMR_POLICIES;
use super::observe::filter;
use super::roles::SERVICE_ROLE;
use crate::cloud::Finding;
use crate::cloud::api::ec2::{DescribeSecurityGroups, DescribeSubnets, Filter};
use crate::cloud::api::iam::ListAttachedRolePolicies;
use crate::cloud::api::{Api, Tags};
use crate::model::desired::InstanceGroups;
use crate::model::hint::Command;
use crate::model::name::Region;
use crate::model::network::{GroupRef, ManagedGroups, Subnet};
use crate::model::stack::{Cluster, Stack};

/// How the ARN of the policy ends, and that of version 1, which allows as much without a tag (EMR
/// Management Guide, "Managed policies").
const POLICY: &str = "/AmazonEMRServicePolicy_v2";
const OLDER: &str = "/AmazonElasticMapReduceRole";

impl<A: Api> Account<A> {
    /// The ids of the subnets and existing security groups of a cluster that its service role cannot
    /// use: the role has version 2 of AWS's policy, and they do not have its tag. One call, and up to
    /// two more if the role has that policy. What may not be read is assumed to be right.
    pub(super) async fn untagged(&self, cluster: &Cluster, subnets: &[&Subnet]) -> Vec<String> {
        if subnets.is_empty() {
            return Vec::new();
        }
        let role = cluster.emr.service_role.as_ref();
        let role = role.map_or(SERVICE_ROLE, |role| role.name()).to_owned();
        let policies = self.api.serve(ListAttachedRolePolicies { role }).await;
        let has = |arns: &[String], end: &str| arns.iter().any(|arn| arn.ends_with(end));
        if !policies.is_ok_and(|arns| has(&arns, POLICY) && !has(&arns, OLDER)) {
            return Vec::new();
        }
        let ids = subnets.iter().map(|subnet| subnet.id.to_string());
        let call = DescribeSubnets {
            filters: vec![any_of("subnet-id", ids.collect())],
        };
        let found = self.api.serve(call).await.unwrap_or_default();
        let found = found.into_iter().map(|subnet| (subnet.id, subnet.tags));
        let mut all: Vec<(String, Tags)> = found.collect();
        let groups = named_groups(cluster);
        if !groups.is_empty() {
            let filters = vec![any_of("group-id", groups)];
            let found = self.api.serve(DescribeSecurityGroups { filters }).await;
            let found = found.unwrap_or_default().into_iter();
            all.extend(found.map(|group| (group.id, group.tags)));
        }
        let is_tagged = |tags: &Tags| tags.get(EMR_POLICIES).is_some_and(|value| value == "true");
        all.retain(|(_, tags)| !is_tagged(tags));
        all.into_iter().map(|(id, _)| id).collect()
    }

    /// What `doctor` finds of the subnets that a stack names; `None` if it names none.
    pub(super) async fn stack_network(&self, stack: &Stack) -> Option<Vec<Finding>> {
        let subnets = match self.subnets_of(&stack.cluster.network).await {
            Ok(subnets) if subnets.is_empty() => return None,
            Ok(subnets) => subnets,
            Err(error) => return Some(vec![bad("network", &error)]),
        };
        let mut findings = Vec::new();
        for subnet in &subnets {
            findings.push(self.subnet_finding(stack, subnet).await);
        }
        let all: Vec<&Subnet> = subnets.iter().collect();
        let untagged = self.untagged(&stack.cluster, &all).await;
        if !untagged.is_empty() {
            let says = format!(
                "the service role has AmazonEMRServicePolicy_v2, which can use only what has the \
                 tag {EMR_POLICIES}=true: {} do not have it",
                untagged.join(", ")
            );
            let tag = tag(&untagged, &stack.region);
            findings.push(Finding {
                what: "tags".to_owned(),
                good: false,
                says,
                hints: vec![tag.into()],
            });
        }
        Some(findings)
    }

    async fn subnet_finding(&self, stack: &Stack, subnet: &Subnet) -> Finding {
        let Subnet { id, vpc, zone, .. } = subnet;
        let kind = match &subnet.routes {
            None => "its routes could not be read",
            Some(_) if subnet.is_private() => "private",
            Some(_) => "public",
        };
        let mut says = format!("subnet {id} ({zone}, {vpc}): {kind}");
        let mut is_good = true;
        if let Some(free) = self.free_addresses(subnet).await {
            let groups = InstanceGroups::of(&stack.cluster);
            let nodes: u32 = groups.iter().map(|it| u32::from(it.nodes.count)).sum();
            is_good = free >= nodes;
            let addresses = format!(", {free} free addresses for {nodes} machines");
            says.push_str(&addresses);
        }
        if !subnet.reaches_s3() {
            is_good = false;
            says += ", no way to S3, which EMR needs: give its route table a gateway endpoint for \
                     S3 or a NAT gateway";
        }
        Finding {
            good: is_good,
            ..good("network", &says)
        }
    }

    /// How many addresses of a subnet are free; `None` if that could not be read.
    async fn free_addresses(&self, subnet: &Subnet) -> Option<u32> {
        let filters = vec![filter("subnet-id", subnet.id.as_str())];
        let found = self.api.serve(DescribeSubnets { filters }).await;
        found.ok()?.first()?.free_addresses
    }
}

fn any_of(name: &str, values: Vec<String>) -> Filter {
    let name = name.to_owned();
    Filter { name, values }
}

/// The ids of security groups that exist, which the stack names.
fn named_groups(cluster: &Cluster) -> Vec<String> {
    let network = &cluster.network;
    let managed = network.managed_groups.iter().flat_map(ManagedGroups::iter);
    let more = cluster
        .security_groups
        .iter()
        .filter_map(GroupRef::existing);
    let core = network.core_security_groups.iter();
    managed
        .chain(more)
        .chain(core)
        .map(ToString::to_string)
        .collect()
}

fn tag(ids: &[String], region: &Region) -> Command {
    Command::line(&format!(
        "aws ec2 create-tags --region {region} --resources {} --tags Key={EMR_POLICIES},Value=true",
        ids.join(" ")
    ))
}
