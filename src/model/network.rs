//! The network of a cluster: where its machines are, and what may connect to them.

use super::aws_names::Zone;
use super::invalid::Invalid;
use super::name::{ExistingKeyName, GroupName, KeyPairName, SecurityGroupId, SubnetId, VpcId};
use super::parsed::serde_by_text;
use super::words::words;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

/// The network of a stack's cluster, as the stack has it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, schemars::JsonSchema)]
pub struct Network {
    /// Its subnet; `None` for one of the default VPC, which EMR chooses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subnet: Option<SubnetChoice>,
    /// The groups that EMR manages; `None` for EMR's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub managed_groups: Option<ManagedGroups>,
    /// Existing groups that the core and task nodes get besides.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub core_security_groups: Vec<SecurityGroupId>,
    /// The availability zone, whose subnet of the default VPC EMR takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<Zone>,
    /// How people log in to its nodes.
    pub access: Access,
}

impl Network {
    /// Whether it is the one of a stack that has none.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A subnet of a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubnetChoice {
    /// The subnet with this id.
    Id(SubnetId),
    /// The one subnet of the region that has all these tags.
    Tags(BTreeMap<String, String>),
    /// Several in one VPC, of which EMR chooses one for a cluster with fleets.
    AnyOf(Vec<SubnetId>),
}

impl fmt::Display for SubnetChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "{id}"),
            Self::AnyOf(ids) => f.write_str(&list(ids)),
            Self::Tags(tags) => {
                let tags = tags.iter().map(|(key, value)| format!("{key}={value}"));
                write!(f, "with {}", tags.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

fn list<'a>(ids: impl IntoIterator<Item = &'a SubnetId>) -> String {
    let ids: Vec<_> = ids.into_iter().map(ToString::to_string).collect();
    ids.join(", ")
}

/// Existing security groups whose rules EMR manages: both, or EMR's own (EMR API,
/// JobFlowInstancesConfig).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ManagedGroups {
    /// EmrManagedMasterSecurityGroup.
    pub primary: SecurityGroupId,
    /// EmrManagedSlaveSecurityGroup, of core and task nodes.
    pub core: SecurityGroupId,
    /// ServiceAccessSecurityGroup, through which EMR reaches a private subnet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_access: Option<SecurityGroupId>,
}

impl ManagedGroups {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &SecurityGroupId> {
        [&self.primary, &self.core]
            .into_iter()
            .chain(&self.service_access)
    }
}

impl fmt::Display for ManagedGroups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} and {}", self.primary, self.core)?;
        match &self.service_access {
            Some(group) => write!(f, ", with {group} for service access"),
            None => Ok(()),
        }
    }
}

words! {
    /// How people log in to a cluster's nodes.
    #[derive(Default)]
    pub enum Access {
        /// Over SSH, through the ports that security groups open.
        #[default]
        Ssh = "ssh",
        /// Through AWS Systems Manager's Session Manager, which needs no open port.
        Ssm = "ssm",
        /// Not at all.
        None = "none",
    }
}

/// The key pair of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum ClusterKey {
    /// A key pair of the stack.
    Own(KeyPairName),
    /// A key pair that EC2 has, which is neither created nor deleted.
    Existing {
        /// Its name in EC2.
        existing: ExistingKeyName,
    },
}

impl ClusterKey {
    /// The name, if it is the stack's.
    pub const fn own(&self) -> Option<&KeyPairName> {
        match self {
            Self::Own(name) => Some(name),
            Self::Existing { .. } => None,
        }
    }

    /// The name in EC2, if the stack does not create it.
    pub const fn existing(&self) -> Option<&ExistingKeyName> {
        match self {
            Self::Own(_) => None,
            Self::Existing { existing } => Some(existing),
        }
    }
}

/// The name alone.
impl fmt::Display for ClusterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own(name) => name.fmt(f),
            Self::Existing { existing } => existing.fmt(f),
        }
    }
}

/// An additional security group of a cluster's primary node: its name or its id, as text. No name
/// begins like an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupRef {
    /// A group of the stack.
    Own(GroupName),
    /// A group that exists, which is neither created, changed nor deleted.
    Existing(SecurityGroupId),
}

impl GroupRef {
    /// The pattern of the whole text that `from_str` accepts.
    pub const PATTERN: &str =
        "sg-[0-9a-f]{8}([0-9a-f]{9})?|(?!sg-)[A-Za-z0-9][A-Za-z0-9._-]{0,199}";

    /// The name, if it is the stack's.
    pub const fn own(&self) -> Option<&GroupName> {
        match self {
            Self::Own(name) => Some(name),
            Self::Existing(_) => None,
        }
    }

    /// The id, if the stack does not create it.
    pub const fn existing(&self) -> Option<&SecurityGroupId> {
        match self {
            Self::Own(_) => None,
            Self::Existing(id) => Some(id),
        }
    }
}

impl FromStr for GroupRef {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if text.starts_with("sg-") {
            text.parse().map(Self::Existing)
        } else {
            text.parse().map(Self::Own)
        }
    }
}

impl fmt::Display for GroupRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own(name) => name.fmt(f),
            Self::Existing(id) => id.fmt(f),
        }
    }
}

serde_by_text!(GroupRef);

/// The network of a cluster that is created, with every choice made.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct ClusterNetwork {
    /// Its subnet; `None` for one of the default VPC, which EMR chooses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subnet: Option<SubnetId>,
    /// Further subnets of the VPC, if EMR chooses one of several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub more_subnets: Vec<SubnetId>,
    /// The subnet's VPC, if the subnet is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpc: Option<VpcId>,
    /// Whether its machines have no public addresses, as far as was known when it was created.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub private: bool,
    /// The groups that EMR manages; `None` for EMR's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub managed_groups: Option<ManagedGroups>,
    /// Existing groups that the core and task nodes get besides.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub core_security_groups: Vec<SecurityGroupId>,
    /// The availability zone, whose subnet of the default VPC EMR takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<Zone>,
    /// How people log in to its nodes.
    #[serde(skip_serializing_if = "is_ssh")]
    pub access: Access,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_ssh(access: &Access) -> bool {
    *access == Access::Ssh
}

impl ClusterNetwork {
    /// All subnets that EMR may choose from; none for those of the default VPC.
    pub fn subnets(&self) -> impl Iterator<Item = &SubnetId> {
        self.subnet.iter().chain(&self.more_subnets)
    }

    /// Whether nothing of it is set.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The first difference that only a new cluster can have: its key, the current and the desired
    /// value.
    pub fn difference(&self, want: &Self) -> Option<(&'static str, String, String)> {
        fn text(value: Option<&impl ToString>) -> String {
            value.map_or_else(|| "none".to_owned(), ToString::to_string)
        }
        // EMR promises no order of what it reports.
        let subnets = |it: &Self| it.subnets().cloned().collect::<BTreeSet<_>>();
        if subnets(self) != subnets(want) {
            let [have, want] = [self, want].map(|it| match list(it.subnets()) {
                none if none.is_empty() => "none".to_owned(),
                subnets => subnets,
            });
            return Some(("network.subnet", have, want));
        }
        if self.managed_groups != want.managed_groups {
            let [have, want] = [self, want].map(|it| text(it.managed_groups.as_ref()));
            return Some(("network.managed_groups", have, want));
        }
        let core = |it: &Self| BTreeSet::from_iter(it.core_security_groups.clone());
        if core(self) != core(want) {
            let list = |it: &Self| {
                let groups = it.core_security_groups.iter().map(ToString::to_string);
                format!("[{}]", groups.collect::<Vec<_>>().join(", "))
            };
            return Some(("network.core_security_groups", list(self), list(want)));
        }
        if self.zone != want.zone {
            let [have, want] = [self, want].map(|it| text(it.zone.as_ref()));
            return Some(("network.zone", have, want));
        }
        None
    }
}

/// A subnet as EC2 describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subnet {
    /// Its id.
    pub id: SubnetId,
    /// Its VPC.
    pub vpc: VpcId,
    /// Its availability zone, such as `us-east-1a`.
    pub zone: String,
    /// Whether machines in it get public addresses (MapPublicIpOnLaunch).
    pub public_addresses: bool,
    /// Its routes; `None` if they could not be read.
    pub routes: Option<Routes>,
}

/// What the route table of a subnet leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Routes {
    /// An internet gateway (`igw-…`).
    pub internet_gateway: bool,
    /// The internet by other means, such as a NAT gateway (`nat-…`): the default route.
    pub other_way_out: bool,
    /// A gateway endpoint (`vpce-…`), by which S3 or DynamoDB is reached.
    pub endpoint: bool,
}

impl Subnet {
    /// Whether EMR considers it private: no route leads to an internet gateway (EMR Management
    /// Guide, "Amazon VPC options"). Routes that could not be read count as public.
    pub fn is_private(&self) -> bool {
        self.routes.is_some_and(|routes| !routes.internet_gateway)
    }

    /// Whether its machines have no public addresses.
    pub fn has_no_addresses(&self) -> bool {
        !self.public_addresses || self.is_private()
    }

    /// Whether its machines may reach S3: by an endpoint, by a NAT gateway, or by their own
    /// addresses.
    pub fn reaches_s3(&self) -> bool {
        let by = |routes: Routes| {
            let directly = routes.internet_gateway && self.public_addresses;
            routes.endpoint || routes.other_way_out || directly
        };
        self.routes.is_none_or(by)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_a_name_or_an_id() {
        for (text, is_own) in [("spark-ssh", true), ("sg-0a1b2c3d4e5f60718", false)] {
            let group: GroupRef = text.parse().unwrap();
            assert_eq!(group.own().is_some(), is_own, "{text}");
            assert_ne!(group.existing().is_some(), is_own, "{text}");
            assert_eq!(group.to_string(), text);
            let json = serde_json::to_string(&group).unwrap();
            assert_eq!(json, format!("{text:?}"));
            assert_eq!(serde_json::from_str::<GroupRef>(&json).unwrap(), group);
        }
        for bad in ["", "sg-", "sg-none", "sg-0A1B2C3D", "sg-0a1b2c3d4"] {
            assert!(bad.parse::<GroupRef>().is_err(), "{bad}");
        }
    }

    #[test]
    fn key_pairs_of_an_older_clusterup_are_names() {
        let own = ClusterKey::Own("spark".parse().unwrap());
        let existing = ClusterKey::Existing {
            existing: "team key".parse().unwrap(),
        };
        for (key, json) in [
            (own, "\"spark\""),
            (existing, "{\"existing\":\"team key\"}"),
        ] {
            assert_eq!(serde_json::to_string(&key).unwrap(), json);
            assert_eq!(serde_json::from_str::<ClusterKey>(json).unwrap(), key);
        }
        for bad in ["{\"existing\":\"\"}", "{\"other\":\"x\"}", "7", "\" \""] {
            assert!(serde_json::from_str::<ClusterKey>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_network_differs_by_its_keys() {
        let id = |text: &str| text.parse().unwrap();
        let none = ClusterNetwork::default();
        let some = ClusterNetwork {
            subnet: Some("subnet-0a1b2c3d".parse().unwrap()),
            ..ClusterNetwork::default()
        };
        assert_eq!(serde_json::to_string(&none).unwrap(), "{}");
        assert_eq!(serde_json::from_str::<ClusterNetwork>("{}").unwrap(), none);
        let differs = ("network.subnet", "none".into(), "subnet-0a1b2c3d".into());
        assert_eq!(none.difference(&some), Some(differs));
        let managed = ClusterNetwork {
            managed_groups: Some(ManagedGroups {
                primary: id("sg-00000001"),
                core: id("sg-00000002"),
                service_access: Some(id("sg-00000003")),
            }),
            ..some.clone()
        };
        let (key, from, to) = managed.difference(&some).unwrap();
        assert_eq!((key, to.as_str()), ("network.managed_groups", "none"));
        let words = "sg-00000001 and sg-00000002, with sg-00000003 for service access";
        assert_eq!(from, words);
        // Who logs in how, and whether a subnet is private, changes nothing of the cluster.
        let other = ClusterNetwork {
            access: Access::Ssm,
            private: true,
            ..some.clone()
        };
        assert_eq!(some.difference(&other), None);
    }

    #[test]
    fn another_order_of_subnets_or_groups_is_no_difference() {
        let ids = ["0000000a", "0000000b", "0000000c"];
        let network = |[a, b, c]: [usize; 3]| ClusterNetwork {
            subnet: format!("subnet-{}", ids[a]).parse().ok(),
            more_subnets: [b, c]
                .map(|at| format!("subnet-{}", ids[at]).parse().unwrap())
                .into(),
            core_security_groups: [a, b, c]
                .map(|at| format!("sg-{}", ids[at]).parse().unwrap())
                .into(),
            ..ClusterNetwork::default()
        };
        let have = network([0, 1, 2]);
        for order in [[2, 1, 0], [1, 0, 2], [2, 0, 1]] {
            assert_eq!(have.difference(&network(order)), None, "{order:?}");
        }
        let mut fewer = have.clone();
        fewer.core_security_groups.pop();
        let key = |it: &ClusterNetwork| have.difference(it).map(|(key, ..)| key);
        assert_eq!(key(&fewer), Some("network.core_security_groups"));
        fewer.more_subnets.pop();
        assert_eq!(key(&fewer), Some("network.subnet"));
    }

    #[test]
    fn a_private_subnet_has_no_route_to_an_internet_gateway() {
        let subnet = |public_addresses, routes| Subnet {
            id: "subnet-0a1b2c3d".parse().unwrap(),
            vpc: "vpc-0a1b2c3d".parse().unwrap(),
            zone: "us-east-1a".to_owned(),
            public_addresses,
            routes,
        };
        let routes = |internet_gateway, other_way_out, endpoint| {
            Some(Routes {
                internet_gateway,
                other_way_out,
                endpoint,
            })
        };
        for (subnet, is_private, no_addresses, s3) in [
            (subnet(true, routes(true, false, false)), false, false, true),
            (
                subnet(false, routes(true, false, false)),
                false,
                true,
                false,
            ),
            (subnet(false, routes(true, false, true)), false, true, true),
            (subnet(true, routes(false, true, false)), true, true, true),
            (subnet(false, routes(false, true, false)), true, true, true),
            (subnet(false, routes(false, false, true)), true, true, true),
            (
                subnet(false, routes(false, false, false)),
                true,
                true,
                false,
            ),
            (subnet(true, None), false, false, true),
            (subnet(false, None), false, true, true),
        ] {
            let found = (
                subnet.is_private(),
                subnet.has_no_addresses(),
                subnet.reaches_s3(),
            );
            assert_eq!(found, (is_private, no_addresses, s3), "{subnet:?}");
        }
    }
}
