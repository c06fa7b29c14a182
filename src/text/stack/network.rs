//! `cluster.network`, and what of EC2 the cluster uses that the stack does not create.

use super::forms::{expand_key, expand_subnet};
use super::subnets::Subnets;
use super::{GROUPS, KEY_PAIRS, region_of};
use crate::model::Invalid;
use crate::model::aws_names::Zone;
use crate::model::name::{ExistingKeyName, KeyPairName, SecurityGroupId, SubnetId};
use crate::model::network::{Access, ClusterKey, GroupRef, ManagedGroups, Network, SubnetChoice};
use crate::text::collections::{Forms, Unique, list};
use crate::text::diag::{Code, Diagnostic};
use crate::text::field::{At, Got, Shape, record};
use crate::text::format::{self, Format};
use crate::text::node::Node;
use crate::text::reader::{Reader, Site};
use crate::text::shape::Kind;
use crate::text::source::Mark;
use crate::text::texts::Texts;
use crate::text::types::Words;

pub(super) const SUBNET_ID: Format<SubnetId> = Format::of("subnet-[0-9a-f]{8}([0-9a-f]{9})?");
const GROUP_ID: Format<SecurityGroupId> = Format::of("sg-[0-9a-f]{8}([0-9a-f]{9})?");
const EXISTING_KEY: Format<ExistingKeyName> = Format::of("[!-~]([ -~]{0,253}[!-~])?");

record! {
    /// Where the cluster's machines are, and how people log in to them. It does not apply to a
    /// cluster on this machine.
    pub(super) NETWORK: Network = |at| {
        /// The subnet of its machines: its id, or the tags of one subnet of the region. Without
        /// it, EMR takes a subnet of the default VPC. Security groups of the stack are created in
        /// the subnet's VPC. For a cluster with fleets, it may be a list of ids in one VPC, of which
        /// EMR chooses one.
        subnet: optional = Subnets, "subnet-0a1b2c3d4e5f60718";
        /// Existing security groups whose rules EMR manages, instead of those that it creates.
        managed_groups: optional = MANAGED_GROUPS,
            "{ primary: sg-0a1b2c3d4e5f60718, core: sg-1b2c3d4e5f607182a }";
        /// Existing security groups that its core and task nodes get besides, at most four.
        core_security_groups: or_empty =
            list(GROUP_ID, Unique::ByText, "the id of a security group", "sg-2c3d4e5f607182a3b"),
            "[sg-2c3d4e5f607182a3b]";
        /// The availability zone of its machines, in a subnet of the default VPC. A `subnet` has
        /// its own.
        zone: optional = Format::<Zone>::of(Zone::PATTERN), "us-east-1a";
        /// How people log in to its nodes.
        access: default("ssh") = Words([
            ("ssh", Access::Ssh, "Over SSH, through the ports that `security_groups` open."),
            ("ssm", Access::Ssm,
                "Through Session Manager, which needs no open port: the role of the machines needs \
                 the policy AmazonSSMManagedInstanceCore."),
            ("none", Access::None, "Not at all."),
        ]), "ssm";
    } check {
        if let (Some((Some(groups), place)), None) = (managed_groups.written(), subnet.place)
            && groups.service_access.is_some()
        {
            let message = "`service_access` needs a private subnet, and no `subnet` is named";
            at.wrong(
                Diagnostic::new(Code::Conflict, place, message)
                    .expected("the `subnet` beside it")
                    .help("leave `service_access` out for a subnet of the default VPC"),
            );
        }
        at_most_four(at, &core_security_groups);
        if let Some((Some(zone), place)) = zone.written() {
            check_zone(at, zone, place, subnet.place.is_some());
        }
    } => Network { subnet, managed_groups, core_security_groups, zone, access };
}

pub(super) const SUBNET_FORMS: Forms<SubnetId, SubnetChoice> = Forms {
    short: SUBNET_ID,
    long: SUBNET,
    expand: expand_subnet,
};

record! {
    /// A subnet of the region.
    pub(super) SUBNET: SubnetChoice [without: "does not say which subnet"] = |at| {
        /// Its id.
        id: either = SUBNET_ID, "subnet-0a1b2c3d4e5f60718";
        /// Tags that one subnet of the region has, and no other has all of them.
        tags: either = SUBNET_TAGS, "{ Name: emr }";
    } check {
        if let Some((Some(tags), place)) = tags.written()
            && tags.is_empty()
        {
            let found = Diagnostic::new(Code::MissingValue, place, "`tags` is empty");
            at.wrong(found.expected("the tags of one subnet, such as `{ Name: emr }`"));
        }
    } => id.map(SubnetChoice::Id).or(tags.map(SubnetChoice::Tags))?;
}

/// EC2 allows a resource 50 tags, with any characters (EC2 User Guide, tag restrictions).
const SUBNET_TAGS: Texts<String> = Texts {
    key: Format::by(tag_key, r"[^\x00-\x1f\x7f-\x9f]{1,128}"),
    value: Format::by(tag_value, r"[^\x00-\x1f\x7f-\x9f]{0,256}"),
    most: 50,
    entry: "a tag",
    none: "write `\"\"` for a tag without a value",
};

fn tag_key(text: &str) -> Result<String, Invalid> {
    tag_text(text, 1..=128, "the key of a tag, of 1 to 128 characters")
}

fn tag_value(text: &str) -> Result<String, Invalid> {
    tag_text(
        text,
        0..=256,
        "the value of a tag, of at most 256 characters",
    )
}

fn tag_text(
    text: &str,
    length: std::ops::RangeInclusive<usize>,
    expected: &str,
) -> Result<String, Invalid> {
    let good = length.contains(&text.chars().count()) && !text.contains(char::is_control);
    good.then(|| text.to_owned())
        .ok_or_else(|| Invalid::new(expected))
}

record! {
    /// Existing security groups whose rules EMR manages.
    MANAGED_GROUPS: ManagedGroups = |at| {
        /// The group of the primary node.
        primary: required = GROUP_ID, "sg-0a1b2c3d4e5f60718";
        /// The group of core and task nodes.
        core: required = GROUP_ID, "sg-1b2c3d4e5f607182a";
        /// The group through which EMR reaches a private subnet; required there, and refused
        /// elsewhere.
        service_access: optional = GROUP_ID, "sg-2c3d4e5f607182a3b";
    } => ManagedGroups { primary, core, service_access };
}

pub(super) const KEY_FORMS: Forms<KeyPairName, ClusterKey> = Forms {
    short: format::KEY_PAIR,
    long: KEY,
    expand: expand_key,
};

record! {
    /// The key pair of a cluster.
    pub(super) KEY: ClusterKey [without: "does not say which key pair"] = |at| {
        /// A key pair that `key_pairs` declares.
        name: either = KEY_PAIRS, "spark";
        /// A key pair that EC2 has in the region. It is neither created nor deleted.
        existing: either = EXISTING_KEY, "team-key";
    } => {
        let existing = existing.map(|existing| ClusterKey::Existing { existing });
        name.map(ClusterKey::Own).or(existing)?
    };
}

/// A security group that the stack declares, or the id of one that exists.
pub(super) struct GroupRefs;

impl Shape for GroupRefs {
    type Out = GroupRef;

    fn kind(&self) -> Kind {
        Format::<GroupRef>::of(GroupRef::PATTERN).kind()
    }

    fn read(&self, reader: &mut Reader<'_>, node: &Node, site: Site<'_>) -> Option<GroupRef> {
        if node.text().is_some_and(|text| text.starts_with("sg-")) {
            return GROUP_ID.read(reader, node, site).map(GroupRef::Existing);
        }
        GROUPS.read(reader, node, site).map(GroupRef::Own)
    }
}

const ACCESS: &str = NETWORK.key("access");

/// The most additional security groups of a primary node (EMR Management Guide, "Working with
/// additional security groups").
const MOST_GROUPS: usize = 4;

fn at_most_four<T>(at: &mut At<'_, '_>, groups: &Got<'_, Vec<T>>) {
    let items = groups.node.map_or(&[][..], Node::items);
    if let Some(fifth) = items.get(MOST_GROUPS) {
        let message = format!("`{}` has {} items", groups.key, items.len());
        at.wrong(
            Diagnostic::new(Code::OutOfRange, fifth.mark, message)
                .expected(format!("at most {MOST_GROUPS}: EMR takes no more")),
        );
    }
}

/// A zone is one of the stack's region, and there is no subnet beside it (EMR API,
/// JobFlowInstancesConfig).
fn check_zone(at: &mut At<'_, '_>, zone: &Zone, place: Mark, has_subnet: bool) {
    if let Some(region) = region_of(at).filter(|region| !zone.is_in(region)) {
        let message = format!("{zone} is not a zone of {region}, the region of the stack");
        at.wrong(
            Diagnostic::new(Code::Conflict, place, message)
                .expected(format!("a zone such as `{region}a`")),
        );
    }
    if has_subnet {
        let message = "`zone` cannot stand beside `subnet`, which is in a zone of its own";
        at.wrong(Diagnostic::new(Code::Conflict, place, message).help("leave `zone` out"));
    }
}

/// Rules between the security groups of the primary node and how people log in.
pub(super) fn check(
    at: &mut At<'_, '_>,
    groups: &Got<'_, Vec<GroupRef>>,
    network: &Got<'_, Network>,
) {
    at_most_four(at, groups);
    let items = groups.node.map_or(&[][..], Node::items);
    let access = network.value.as_ref().map_or(Access::Ssh, |it| it.access);
    if access == Access::Ssh {
        return;
    }
    let word = access.as_str();
    for (group, item) in groups.value.iter().flatten().zip(items) {
        if let Some(name) = group.own() {
            let message = format!("`{ACCESS}: {word}` opens no port, and `{name}` would");
            at.wrong(
                Diagnostic::new(Code::Conflict, item.mark, message)
                    .help(format!("leave the group out, or write `{ACCESS}: ssh`")),
            );
        }
    }
}
