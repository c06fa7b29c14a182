//! The network in the call that creates a cluster, and in EMR's description of it.

use crate::cloud::api::network::Network;
use crate::model::network::ManagedGroups;
use aws_sdk_emr::types::builders::JobFlowInstancesConfigBuilder;
use aws_sdk_emr::types::{Ec2InstanceAttributes, PlacementType};

pub(super) fn asked(
    instances: JobFlowInstancesConfigBuilder,
    network: Network,
    has_fleets: bool,
) -> JobFlowInstancesConfigBuilder {
    let Network {
        subnet,
        one_of,
        managed,
        groups,
        core_groups,
        zone,
    } = network;
    let (primary, core, service_access) = managed.map_or((None, None, None), |managed| {
        let service_access = managed.service_access.map(|id| id.to_string());
        let [primary, core] = [managed.primary, managed.core].map(|id| Some(id.to_string()));
        (primary, core, service_access)
    });
    instances
        .set_ec2_subnet_id(subnet)
        .set_ec2_subnet_ids((!one_of.is_empty()).then_some(one_of))
        .set_emr_managed_master_security_group(primary)
        .set_emr_managed_slave_security_group(core)
        .set_service_access_security_group(service_access)
        .set_additional_master_security_groups((!groups.is_empty()).then_some(groups))
        .set_additional_slave_security_groups((!core_groups.is_empty()).then_some(core_groups))
        .set_placement(zone.map(|zone| placement(zone, has_fleets)))
}

/// Clusters with fleets take a list of zones, and others one zone (EMR API, PlacementType).
fn placement(zone: String, has_fleets: bool) -> PlacementType {
    let placement = PlacementType::builder();
    if has_fleets {
        placement.availability_zones(zone).build()
    } else {
        placement.availability_zone(zone).build()
    }
}

pub(super) fn shown(theirs: Option<&Ec2InstanceAttributes>) -> Network {
    let Some(theirs) = theirs else {
        return Network::default();
    };
    Network {
        subnet: theirs.ec2_subnet_id().map(str::to_owned),
        one_of: theirs.requested_ec2_subnet_ids().to_vec(),
        managed: managed(theirs),
        groups: theirs.additional_master_security_groups().to_vec(),
        core_groups: theirs.additional_slave_security_groups().to_vec(),
        zone: theirs.ec2_availability_zone().map(str::to_owned),
    }
}

/// `None` as long as EMR has not assigned both.
fn managed(theirs: &Ec2InstanceAttributes) -> Option<ManagedGroups> {
    let service_access = theirs.service_access_security_group();
    Some(ManagedGroups {
        primary: theirs.emr_managed_master_security_group()?.parse().ok()?,
        core: theirs.emr_managed_slave_security_group()?.parse().ok()?,
        service_access: service_access.and_then(|id| id.parse().ok()),
    })
}
