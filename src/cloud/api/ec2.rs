//! Amazon EC2: key pairs and security groups.

use super::{Page, Tags, call, service};
use crate::model::cidr::Cidr;
use chrono::{DateTime, Utc};

service! {
    DescribeKeyPairs, DefaultVpcs, DescribeSubnets, DescribeRouteTables, ImportKeyPair,
    DeleteKeyPair, DescribeSecurityGroups, CreateSecurityGroup, AuthorizeIngress, RevokeIngress,
    DeleteSecurityGroup, DescribeVolumes, DescribeAddresses,
}

/// A filter of EC2, such as `tag:clusterup-stack` with one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// The filter's name, such as `tag:clusterup-stack`.
    pub name: String,
    /// Accepted values; any of them matches.
    pub values: Vec<String>,
}

/// Lists key pairs with their public keys. Filters: `tag:KEY`, `tag-key`, `key-name`.
#[derive(Debug, Clone)]
pub struct DescribeKeyPairs {
    /// Filters that must all match.
    pub filters: Vec<Filter>,
}
call!(
    DescribeKeyPairs,
    "ec2:DescribeKeyPairs",
    reads,
    Vec<KeyPair>,
    filters
);

/// A key pair in EC2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPair {
    /// `key-…`.
    pub id: String,
    /// KeyName.
    pub name: String,
    /// In OpenSSH's format, with a comment that EC2 adds.
    pub public_key: String,
    /// Tags.
    pub tags: Tags,
}

/// Lists the ids of the default VPC, which clusters without a subnet use: one or none.
#[derive(Debug, Clone)]
pub struct DefaultVpcs;
call!(DefaultVpcs, "ec2:DescribeVpcs", reads, Vec<String>);

/// Lists subnets. Filters: `tag:KEY`, `subnet-id`, `vpc-id`.
#[derive(Debug, Clone)]
pub struct DescribeSubnets {
    /// Filters that must all match.
    pub filters: Vec<Filter>,
}
call!(DescribeSubnets, "ec2:DescribeSubnets", reads, Vec<Subnet>);

/// A subnet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subnet {
    /// `subnet-…`.
    pub id: String,
    /// VpcId, `vpc-…`.
    pub vpc: String,
    /// AvailabilityZone, such as `us-east-1a`.
    pub zone: String,
    /// MapPublicIpOnLaunch: whether instances in it get public addresses.
    pub public_addresses: bool,
    /// AvailableIpAddressCount.
    pub free_addresses: Option<u32>,
    /// Tags.
    pub tags: Tags,
}

/// Lists the route tables of a VPC.
#[derive(Debug, Clone)]
pub struct DescribeRouteTables {
    /// VpcId, `vpc-…`.
    pub vpc: String,
}
call!(
    DescribeRouteTables,
    "ec2:DescribeRouteTables",
    reads,
    Vec<RouteTable>,
    vpc
);

/// A route table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteTable {
    /// Whether it is the VPC's main one, which subnets without a table of their own use.
    pub is_main: bool,
    /// The subnets that it is associated with: ids.
    pub subnets: Vec<String>,
    /// Its active routes.
    pub routes: Vec<Route>,
}

/// A route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The destination: a range such as `0.0.0.0/0`, or a prefix list, `pl-…`.
    pub to: String,
    /// The target: `igw-…`, `nat-…`, `vpce-…`, `local` and others.
    pub via: String,
}

/// Imports a public key. There is no idempotency token, but the name is unique: a repeated call
/// fails with [`super::Kind::Exists`].
#[derive(Debug, Clone)]
pub struct ImportKeyPair {
    /// KeyName, unique in the region.
    pub name: String,
    /// In OpenSSH's format.
    pub public_key: String,
    /// Tags.
    pub tags: Tags,
}
call!(ImportKeyPair, "ec2:ImportKeyPair", changes, (), name);

/// Deletes a key pair. Succeeds if it does not exist.
#[derive(Debug, Clone)]
pub struct DeleteKeyPair {
    /// KeyPairId, `key-…`.
    pub id: String,
}
call!(DeleteKeyPair, "ec2:DeleteKeyPair", changes, (), id);

/// Lists security groups. Filters: `tag:KEY`, `tag-key`, `group-name`, `group-id`, `vpc-id`.
#[derive(Debug, Clone)]
pub struct DescribeSecurityGroups {
    /// Filters that must all match.
    pub filters: Vec<Filter>,
}
call!(
    DescribeSecurityGroups,
    "ec2:DescribeSecurityGroups",
    reads,
    Vec<Group>,
    filters
);

/// A security group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// `sg-…`.
    pub id: String,
    /// GroupName.
    pub name: String,
    /// VpcId, `vpc-…`.
    pub vpc: String,
    /// Tags.
    pub tags: Tags,
    /// IpPermissions, one rule for each range of addresses.
    pub ingress: Vec<Rule>,
}

/// An ingress rule for a range of addresses. Rules for other security groups are left out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rule {
    /// `tcp`, `udp`, or `-1` for all.
    pub protocol: String,
    /// First and last port; `None` if the protocol has no ports.
    pub ports: Option<(u16, u16)>,
    /// CidrIp or CidrIpv6.
    pub from: Cidr,
    /// The description of the range; empty if it has none.
    pub description: String,
}

/// Creates a security group. [`super::Kind::Exists`] if its VPC has one of that name.
#[derive(Debug, Clone)]
pub struct CreateSecurityGroup {
    /// GroupName, unique in the VPC.
    pub name: String,
    /// GroupDescription.
    pub description: String,
    /// VpcId, `vpc-…`; `None` for the default VPC.
    pub vpc: Option<String>,
    /// Tags.
    pub tags: Tags,
}
call!(
    CreateSecurityGroup,
    "ec2:CreateSecurityGroup",
    changes,
    GroupId,
    name
);

/// A security group's id, `sg-…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupId(pub String);

/// Adds all rules or none. [`super::Kind::Exists`] if one of them exists.
#[derive(Debug, Clone)]
pub struct AuthorizeIngress {
    /// GroupId, `sg-…`.
    pub group: String,
    /// The rules to add.
    pub rules: Vec<Rule>,
}
call!(
    AuthorizeIngress,
    "ec2:AuthorizeSecurityGroupIngress",
    changes,
    (),
    group
);

/// Removes rules.
#[derive(Debug, Clone)]
pub struct RevokeIngress {
    /// GroupId, `sg-…`.
    pub group: String,
    /// The rules to remove.
    pub rules: Vec<Rule>,
}
call!(
    RevokeIngress,
    "ec2:RevokeSecurityGroupIngress",
    changes,
    (),
    group
);

/// Deletes a security group. [`super::Kind::InUse`] while a network interface uses it.
#[derive(Debug, Clone)]
pub struct DeleteSecurityGroup {
    /// GroupId, `sg-…`.
    pub id: String,
}
call!(
    DeleteSecurityGroup,
    "ec2:DeleteSecurityGroup",
    changes,
    (),
    id
);

/// Lists up to 500 EBS volumes. Filters: `status`, `tag:KEY`, `tag-key`.
#[derive(Debug, Clone)]
pub struct DescribeVolumes {
    /// Filters that must all match.
    pub filters: Vec<Filter>,
    /// The token of the page to read; `None` for the first.
    pub next: Option<String>,
}
call!(
    DescribeVolumes,
    "ec2:DescribeVolumes",
    reads,
    Page<Volume>,
    filters
);

/// An EBS volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// `vol-…`.
    pub id: String,
    /// VolumeType, such as `gp3`.
    pub kind: String,
    /// Its size in GiB.
    pub gib: u32,
    /// Operations per second.
    pub iops: Option<u32>,
    /// MiB per second, of gp3.
    pub throughput: Option<u32>,
    /// CreateTime.
    pub created_at: Option<DateTime<Utc>>,
    /// Tags.
    pub tags: Tags,
}

/// Lists elastic addresses, on one page. Filters: `tag-key`.
#[derive(Debug, Clone)]
pub struct DescribeAddresses {
    /// Filters that must all match.
    pub filters: Vec<Filter>,
}
call!(
    DescribeAddresses,
    "ec2:DescribeAddresses",
    reads,
    Vec<Address>,
    filters
);

/// An elastic address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// AllocationId, `eipalloc-…`.
    pub id: String,
    /// PublicIp.
    pub address: String,
    /// Whether it is associated with an instance or a network interface.
    pub is_associated: bool,
    /// Tags.
    pub tags: Tags,
}
