//! Amazon EC2: key pairs and security groups.

use super::{Tags, call};
use crate::model::cidr::Cidr;

/// A filter of EC2, such as `tag:clusterup-stack` with one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    pub name: String,
    pub values: Vec<String>,
}

/// Lists key pairs with their public keys. Filters: `tag:KEY`, `tag-key`, `key-name`.
#[derive(Debug, Clone)]
pub struct DescribeKeyPairs {
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
    pub name: String,
    /// In OpenSSH's format, with a comment that EC2 adds.
    pub public_key: String,
    pub tags: Tags,
}

/// Lists the ids of the default VPC, which clusters without a subnet use: one or none.
#[derive(Debug, Clone)]
pub struct DefaultVpcs;
call!(DefaultVpcs, "ec2:DescribeVpcs", reads, Vec<String>);

/// Imports a public key. There is no idempotency token, but the name is unique: a repeated call
/// fails with [`super::Kind::Exists`].
#[derive(Debug, Clone)]
pub struct ImportKeyPair {
    pub name: String,
    /// In OpenSSH's format.
    pub public_key: String,
    pub tags: Tags,
}
call!(ImportKeyPair, "ec2:ImportKeyPair", changes, (), name);

/// Deletes a key pair. Succeeds if it does not exist.
#[derive(Debug, Clone)]
pub struct DeleteKeyPair {
    pub id: String,
}
call!(DeleteKeyPair, "ec2:DeleteKeyPair", changes, (), id);

/// Lists security groups. Filters: `tag:KEY`, `tag-key`, `group-name`.
#[derive(Debug, Clone)]
pub struct DescribeSecurityGroups {
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
    pub name: String,
    pub tags: Tags,
    pub ingress: Vec<Rule>,
}

/// An ingress rule for a range of addresses. Rules for other security groups are left out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rule {
    /// `tcp`, `udp`, or `-1` for all.
    pub protocol: String,
    /// First and last port; `None` if the protocol has no ports.
    pub ports: Option<(u16, u16)>,
    pub from: Cidr,
    pub description: String,
}

/// Creates a security group in the default VPC. [`super::Kind::Exists`] if the name is taken there.
#[derive(Debug, Clone)]
pub struct CreateSecurityGroup {
    pub name: String,
    pub description: String,
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
    pub group: String,
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
    pub group: String,
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
    pub id: String,
}
call!(
    DeleteSecurityGroup,
    "ec2:DeleteSecurityGroup",
    changes,
    (),
    id
);
