//! Amazon EC2 through the SDK.

use super::Sdk;
use super::error::{from_sdk, incomplete, unless};
use super::serve_empty::serve_empty;
use super::translate::tags;
use crate::cloud::api::ec2::{
    AuthorizeIngress, CreateSecurityGroup, DefaultVpcs, DeleteKeyPair, DeleteSecurityGroup,
    DescribeKeyPairs, DescribeSecurityGroups, Filter, Group, GroupId, ImportKeyPair, KeyPair,
    RevokeIngress, Rule,
};
use crate::cloud::api::{ApiError, Kind, Serve, Tags};
use aws_sdk_ec2::primitives::Blob;
use aws_sdk_ec2::types::{
    self, IpPermission, IpRange, Ipv6Range, ResourceType, SecurityGroup, TagSpecification,
};

impl Serve<DescribeKeyPairs> for Sdk {
    async fn serve(&self, call: DescribeKeyPairs) -> Result<Vec<KeyPair>, ApiError> {
        let reply = self
            .ec2
            .describe_key_pairs()
            .set_filters(Some(filters(call.filters)))
            .include_public_key(true)
            .send()
            .await
            .map_err(from_sdk::<DescribeKeyPairs, _>)?;
        let missing = || incomplete::<DescribeKeyPairs>("a key pair's id or name");
        let convert = |pair: types::KeyPairInfo| {
            Ok(KeyPair {
                tags: our_tags(pair.tags()),
                id: pair.key_pair_id.ok_or_else(missing)?,
                name: pair.key_name.ok_or_else(missing)?,
                public_key: pair.public_key.unwrap_or_default(),
            })
        };
        reply.key_pairs.into_iter().flatten().map(convert).collect()
    }
}

impl Serve<DefaultVpcs> for Sdk {
    async fn serve(&self, _: DefaultVpcs) -> Result<Vec<String>, ApiError> {
        let filter = types::Filter::builder().name("is-default").values("true");
        let reply = self.ec2.describe_vpcs().filters(filter.build()).send();
        let reply = reply.await.map_err(from_sdk::<DefaultVpcs, _>)?;
        let all = reply.vpcs.into_iter().flatten();
        Ok(all.filter_map(|vpc| vpc.vpc_id).collect())
    }
}

serve_empty!(ImportKeyPair, |sdk, call| sdk
    .ec2
    .import_key_pair()
    .key_name(call.name)
    .public_key_material(Blob::new(call.public_key))
    .set_tag_specifications(tagged(ResourceType::KeyPair, call.tags)));

serve_empty!(DeleteKeyPair, Kind::NotFound, |sdk, call| sdk
    .ec2
    .delete_key_pair()
    .key_pair_id(call.id));

impl Serve<DescribeSecurityGroups> for Sdk {
    async fn serve(&self, call: DescribeSecurityGroups) -> Result<Vec<Group>, ApiError> {
        let groups: Vec<SecurityGroup> = self
            .ec2
            .describe_security_groups()
            .set_filters(Some(filters(call.filters)))
            .into_paginator()
            .items()
            .send()
            .collect::<Result<_, _>>()
            .await
            .map_err(from_sdk::<DescribeSecurityGroups, _>)?;
        let missing = || incomplete::<DescribeSecurityGroups>("a group's id or name");
        let convert = |group: SecurityGroup| {
            Ok(Group {
                tags: our_tags(group.tags()),
                ingress: group.ip_permissions().iter().flat_map(rules).collect(),
                id: group.group_id.ok_or_else(missing)?,
                name: group.group_name.ok_or_else(missing)?,
                vpc: group.vpc_id.unwrap_or_default(),
            })
        };
        groups.into_iter().map(convert).collect()
    }
}

impl Serve<CreateSecurityGroup> for Sdk {
    async fn serve(&self, call: CreateSecurityGroup) -> Result<GroupId, ApiError> {
        let reply = self
            .ec2
            .create_security_group()
            .group_name(call.name)
            .description(call.description)
            .set_vpc_id(call.vpc)
            .set_tag_specifications(tagged(ResourceType::SecurityGroup, call.tags))
            .send()
            .await
            .map_err(from_sdk::<CreateSecurityGroup, _>)?;
        let id = reply.group_id;
        id.map(GroupId)
            .ok_or_else(|| incomplete::<CreateSecurityGroup>("the group's id"))
    }
}

impl Serve<AuthorizeIngress> for Sdk {
    async fn serve(&self, call: AuthorizeIngress) -> Result<(), ApiError> {
        let openings = call.rules.into_iter().map(opening).collect();
        self.ec2
            .authorize_security_group_ingress()
            .group_id(call.group)
            .set_ip_permissions(Some(openings))
            .send()
            .await
            .map_err(from_sdk::<AuthorizeIngress, _>)?;
        Ok(())
    }
}

impl Serve<RevokeIngress> for Sdk {
    /// Revokes rules one by one: if one of several is missing, EC2 revokes none.
    async fn serve(&self, call: RevokeIngress) -> Result<(), ApiError> {
        for rule in call.rules {
            self.ec2
                .revoke_security_group_ingress()
                .group_id(&call.group)
                .ip_permissions(opening(rule))
                .send()
                .await
                .map(|_| ())
                .map_err(from_sdk::<RevokeIngress, _>)
                .or_else(unless(Kind::NotFound))?;
        }
        Ok(())
    }
}

serve_empty!(DeleteSecurityGroup, Kind::NotFound, |sdk, call| sdk
    .ec2
    .delete_security_group()
    .group_id(call.id));

pub(super) fn filters(ours: Vec<Filter>) -> Vec<types::Filter> {
    let theirs = |filter: Filter| {
        types::Filter::builder()
            .name(filter.name)
            .set_values(Some(filter.values))
            .build()
    };
    ours.into_iter().map(theirs).collect()
}

pub(super) fn our_tags(theirs: &[types::Tag]) -> Tags {
    tags(theirs, |tag| (tag.key(), tag.value()))
}

/// Tags for a resource that is created in the same call. EC2 refuses an empty specification.
fn tagged(what: ResourceType, tags: Tags) -> Option<Vec<TagSpecification>> {
    let theirs = |(key, value)| types::Tag::builder().key(key).value(value).build();
    let tags: Vec<_> = tags.into_iter().map(theirs).collect();
    let specification = TagSpecification::builder().resource_type(what);
    (!tags.is_empty()).then(|| vec![specification.set_tags(Some(tags)).build()])
}

/// The rules of a permission: one for each range.
fn rules(opening: &IpPermission) -> impl Iterator<Item = Rule> + '_ {
    let port = |port: Option<i32>| u16::try_from(port?).ok();
    let ports = port(opening.from_port).zip(port(opening.to_port));
    let v4 = opening.ip_ranges().iter();
    let v6 = opening.ipv6_ranges().iter();
    v4.map(|range| (range.cidr_ip(), range.description()))
        .chain(v6.map(|range| (range.cidr_ipv6(), range.description())))
        .filter_map(move |(range, description)| {
            Some(Rule {
                protocol: opening.ip_protocol()?.to_owned(),
                ports,
                from: range?.parse().ok()?,
                description: description.unwrap_or_default().to_owned(),
            })
        })
}

fn opening(rule: Rule) -> IpPermission {
    let range = rule.from.to_string();
    let about = Some(rule.description);
    let about = about.filter(|text| !text.is_empty());
    let ports = rule.ports.map(|(first, last)| (first.into(), last.into()));
    // EC2 wants two numbers for ICMP too, where -1 is "all".
    let all = rule.protocol.starts_with("icmp").then_some((-1, -1));
    let (first, last) = ports.or(all).unzip();
    let opening = IpPermission::builder()
        .ip_protocol(rule.protocol)
        .set_from_port(first)
        .set_to_port(last);
    if range.contains(':') {
        let range = Ipv6Range::builder().cidr_ipv6(range).set_description(about);
        opening.ipv6_ranges(range.build()).build()
    } else {
        let range = IpRange::builder().cidr_ip(range).set_description(about);
        opening.ip_ranges(range.build()).build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(protocol: &str, ports: Option<(u16, u16)>, from: &str, description: &str) -> Rule {
        Rule {
            protocol: protocol.to_owned(),
            ports,
            from: from.parse().unwrap(),
            description: description.to_owned(),
        }
    }

    #[test]
    fn a_rule_is_converted_back_to_itself() {
        for ours in [
            rule("tcp", Some((22, 22)), "203.0.113.7/32", "me"),
            rule("udp", Some((0, 65_535)), "2001:db8::/64", ""),
            rule("icmp", None, "198.51.100.0/24", "ping"),
            rule("-1", None, "192.0.2.0/24", "all"),
        ] {
            let back: Vec<_> = rules(&opening(ours.clone())).collect();
            assert_eq!(back, [ours]);
        }
    }

    #[test]
    fn every_range_of_a_permission_is_a_rule() {
        let theirs = IpPermission::builder()
            .ip_protocol("tcp")
            .from_port(22)
            .to_port(22)
            .ip_ranges(IpRange::builder().cidr_ip("203.0.113.7/32").build())
            .ip_ranges(IpRange::builder().cidr_ip("198.51.100.0/24").build())
            .ipv6_ranges(Ipv6Range::builder().cidr_ipv6("2001:db8::/64").build())
            .user_id_group_pairs(types::UserIdGroupPair::builder().group_id("sg-1").build())
            .build();
        let from: Vec<_> = rules(&theirs).map(|rule| rule.from.to_string()).collect();
        assert_eq!(from, ["203.0.113.7/32", "198.51.100.0/24", "2001:db8::/64"]);
    }
}
