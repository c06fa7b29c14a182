//! Amazon EC2: key pairs and security groups.

use super::{Tags, call};
use crate::model::cidr::Cidr;

/// EC2's own filter, such as `tag:clusterup-stack` with one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    pub name: String,
    pub values: Vec<String>,
}

/// With the public halves. Filters: `tag:KEY`, `tag-key`, `key-name`.
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

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPair {
    /// `key-…`.
    pub id: String,
    pub name: String,
    /// In OpenSSH's form; its comment, if any, is EC2's.
    pub public_key: String,
    pub tags: Tags,
}

/// The ids of the networks that clusters go to where none is named: one, or none.
#[derive(Debug, Clone)]
pub struct DefaultVpcs;
call!(DefaultVpcs, "ec2:DescribeVpcs", reads, Vec<String>);

/// Not repeatable by token, but by name: the second finds it there ([`super::Kind::Exists`]).
#[derive(Debug, Clone)]
pub struct ImportKeyPair {
    pub name: String,
    /// In OpenSSH's form.
    pub public_key: String,
    pub tags: Tags,
}
call!(ImportKeyPair, "ec2:ImportKeyPair", changes, (), name);

/// Success, too, where it is not there.
#[derive(Debug, Clone)]
pub struct DeleteKeyPair {
    pub id: String,
}
call!(DeleteKeyPair, "ec2:DeleteKeyPair", changes, (), id);

/// Filters: `tag:KEY`, `tag-key`, `group-name`.
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

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// `sg-…`.
    pub id: String,
    pub name: String,
    pub tags: Tags,
    pub ingress: Vec<Rule>,
}

/// An opening for ranges of addresses; openings for other groups are left out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rule {
    /// `tcp`, `udp`, `-1` for all.
    pub protocol: String,
    /// First and last; none where the protocol has no ports.
    pub ports: Option<(u16, u16)>,
    pub from: Cidr,
    pub description: String,
}

/// In the default network. A name is there once in a network ([`super::Kind::Exists`]).
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

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupId(pub String);

/// All of them or none; none where one is there already ([`super::Kind::Exists`]).
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

/// Refused while an instance has it ([`super::Kind::InUse`]).
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
