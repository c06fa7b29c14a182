//! `network.subnet`: one subnet, or several of which EMR chooses one for a cluster with fleets.

use super::cluster::Size;
use super::network::{NETWORK, SUBNET_FORMS, SUBNET_ID};
use crate::model::name::SubnetId;
use crate::model::network::{Network, SubnetChoice};
use crate::text::collections::{List, Unique, list};
use crate::text::diag::{Code, Diagnostic};
use crate::text::field::{At, Got, Shape};
use crate::text::format::Format;
use crate::text::node::{Node, Value};
use crate::text::reader::{Reader, Site};
use crate::text::shape::Kind;

const SUBNET: &str = NETWORK.key("subnet");

/// More than any region has zones; EMR documents no limit.
const MOST: usize = 16;

fn several() -> List<Format<SubnetId>> {
    list(
        SUBNET_ID,
        Unique::ByText,
        "the id of a subnet",
        "subnet-0a1b2c3d4e5f60718",
    )
    .filled()
}

/// One subnet by its id or tags, or a list of ids.
pub(super) struct Subnets;

impl Shape for Subnets {
    type Out = SubnetChoice;

    fn kind(&self) -> Kind {
        Kind::OneOr(Box::new(SUBNET_FORMS.kind()), several().items())
    }

    fn read(&self, reader: &mut Reader<'_>, node: &Node, site: Site<'_>) -> Option<SubnetChoice> {
        if !matches!(node.value, Value::Seq(_)) {
            return SUBNET_FORMS.read(reader, node, site);
        }
        let ids = several().read(reader, node, site)?;
        if let Some(extra) = node.items().get(MOST) {
            let message = format!("{} has {} items", site.name, ids.len());
            let found = Diagnostic::new(Code::OutOfRange, extra.mark, message);
            reader.found.push(found.expected(format!("at most {MOST}")));
        }
        match <[SubnetId; 1]>::try_from(ids) {
            Ok([id]) => Some(SubnetChoice::Id(id)),
            Err(ids) => Some(SubnetChoice::AnyOf(ids)),
        }
    }
}

/// EMR takes several subnets with fleets only (EMR API, JobFlowInstancesConfig, Ec2SubnetIds).
pub(super) fn check(at: &mut At<'_, '_>, network: &Got<'_, Network>, size: &Got<'_, Size>) {
    let (Some(of), Some(node), Some(size)) = (&network.value, network.node, &size.value) else {
        return;
    };
    let (Some(SubnetChoice::AnyOf(ids)), Some(written)) = (&of.subnet, node.get(SUBNET)) else {
        return;
    };
    if size.has_fleet() {
        return;
    }
    let message = format!(
        "`{SUBNET}` has {} subnets, and EMR chooses among several for fleets alone",
        ids.len()
    );
    at.wrong(Diagnostic::new(Code::Conflict, written.mark, message).help(
        "name one, or buy a role as a fleet, such as \
             `core: { fleet: { types: [m5.xlarge], on_demand: 2 } }`",
    ));
}
