//! EC2's networks: the default one, and another with a public and a private subnet.

use super::ec2::passes;
use super::refusal::{Refusal, invalid};
use super::world::{Answer, State};
use clusterup::cloud::api::Tags;
use clusterup::cloud::api::ec2::{
    DefaultVpcs, DescribeRouteTables, DescribeSubnets, Route, RouteTable, Subnet,
};
use clusterup::cloud::api::emr::RunJobFlow;

pub(super) const DEFAULT_VPC: &str = "vpc-00000001";

/// The VPC that is not the default one.
pub const OTHER_VPC: &str = "vpc-00000002";
/// A subnet of the default VPC; machines in it get public addresses.
pub const DEFAULT_SUBNET: &str = "subnet-00000001";
/// A subnet of the other VPC; machines in it get public addresses.
pub const PUBLIC_SUBNET: &str = "subnet-00000002";
/// A subnet of the other VPC that has a NAT gateway.
pub const PRIVATE_SUBNET: &str = "subnet-00000003";

/// Id, VPC, whether machines get public addresses, and the target of the default route.
type Known = (&'static str, &'static str, bool, &'static str);

const SUBNETS: [Known; 3] = [
    (DEFAULT_SUBNET, DEFAULT_VPC, true, "igw-00000001"),
    (PUBLIC_SUBNET, OTHER_VPC, true, "igw-00000002"),
    (PRIVATE_SUBNET, OTHER_VPC, false, "nat-00000002"),
];

impl State {
    fn subnets(&self) -> impl Iterator<Item = Known> + use<> {
        let default_vpc = self.settings.default_vpc;
        SUBNETS
            .into_iter()
            .filter(move |(_, vpc, ..)| default_vpc || *vpc != DEFAULT_VPC)
    }

    /// Whether a VPC exists.
    pub(super) fn has_vpc(&self, vpc: &str) -> bool {
        self.subnets().any(|(_, of, ..)| of == vpc)
    }

    /// The VPC of a cluster; `None` if its subnet does not exist.
    pub(super) fn vpc_of(&self, order: &RunJobFlow) -> Option<&'static str> {
        match &order.network.subnet {
            None => Some(DEFAULT_VPC),
            Some(id) => self.subnets().find(|it| it.0 == id).map(|it| it.1),
        }
    }

    /// Refuses what EMR refuses of a network at once: a cluster without a subnet where there is no default
    /// VPC, as instances of all present types need one (EMR Management Guide, "Amazon VPC options").
    pub(super) fn check_network(&self, order: &RunJobFlow) -> Result<(), Refusal> {
        let network = &order.network;
        if network.subnet.is_none() && !self.settings.default_vpc {
            let first = order.groups.first();
            let kind = first.map_or("", |group| group.instance_type.as_str());
            return Err(invalid(format!(
                "Subnet is required : The specified instance type {kind} can only be used in a VPC"
            )));
        }
        Ok(())
    }

    /// Why the managed groups of a cluster do not suit its subnet, which EMR was seen to notice only
    /// after it has accepted the cluster.
    pub(super) fn service_access_fault(&self, order: &RunJobFlow) -> Option<String> {
        let id = order.network.subnet.as_deref().unwrap_or(DEFAULT_SUBNET);
        let (.., via) = self.subnets().find(|it| it.0 == id)?;
        let is_private = !via.starts_with("igw-");
        let managed = order.network.managed.as_ref()?;
        match &managed.service_access {
            None if is_private => Some(
                "You must also specify a ServiceAccessSecurityGroup if you use custom security \
                 groups when creating a cluster in a private subnet."
                    .to_owned(),
            ),
            Some(_) if !is_private => {
                Some("ServiceAccessSecurityGroup is for clusters in private subnets.".to_owned())
            }
            Some(_) | None => None,
        }
    }
}

impl Answer for DefaultVpcs {
    fn answer(self, state: &mut State) -> Result<Vec<String>, Refusal> {
        let there = state.settings.default_vpc.then(|| DEFAULT_VPC.to_owned());
        Ok(there.into_iter().collect())
    }
}

impl Answer for DescribeSubnets {
    fn answer(self, state: &mut State) -> Result<Vec<Subnet>, Refusal> {
        let mut found = Vec::new();
        for (id, vpc, public_addresses, _) in state.subnets() {
            let kind = if public_addresses {
                "public"
            } else {
                "private"
            };
            let tags = Tags::from([("kind".to_owned(), kind.to_owned())]);
            if passes(&self.filters, &[("subnet-id", id), ("vpc-id", vpc)], &tags)? {
                found.push(Subnet {
                    id: id.to_owned(),
                    vpc: vpc.to_owned(),
                    zone: "us-east-1a".to_owned(),
                    public_addresses,
                    free_addresses: Some(250),
                    tags,
                });
            }
        }
        Ok(found)
    }
}

impl Answer for DescribeRouteTables {
    fn answer(self, state: &mut State) -> Result<Vec<RouteTable>, Refusal> {
        let route = |to: &str, via: &str| Route {
            to: to.to_owned(),
            via: via.to_owned(),
        };
        let here = state.subnets().filter(|(_, vpc, ..)| *vpc == self.vpc);
        let tables = here.map(|(id, _, _, via)| RouteTable {
            is_main: false,
            subnets: vec![id.to_owned()],
            routes: vec![route("10.0.0.0/16", "local"), route("0.0.0.0/0", via)],
        });
        Ok(tables.collect())
    }
}
