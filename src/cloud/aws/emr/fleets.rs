//! Instance fleets and managed scaling.

use super::launch::volumes;
use super::{ROLES, ours, theirs};
use crate::cloud::api::emr::{
    GetManagedScalingPolicy, InstanceFleet, ListInstanceFleets, ModifyInstanceFleet, NewFleet,
    PutManagedScalingPolicy, RemoveManagedScalingPolicy, Role, ScalingPolicy,
};
use crate::cloud::api::{ApiError, Serve};
use crate::cloud::aws::Sdk;
use crate::cloud::aws::error::{from_sdk, incomplete};
use crate::cloud::aws::serve_empty::serve_empty;
use crate::cloud::aws::translate::count;
use crate::model::instance_fleet::{
    Allocation, FleetType, Scaling, SpotTimeout, SpotTimeoutAction,
};
use crate::model::span::Span;
use aws_sdk_emr::types::{
    self, ComputeLimits, ComputeLimitsUnitType, InstanceFleetConfig, InstanceFleetModifyConfig,
    InstanceFleetProvisioningSpecifications, InstanceFleetType, InstanceTypeConfig,
    ManagedScalingPolicy, OnDemandProvisioningAllocationStrategy,
    OnDemandProvisioningSpecification, SpotProvisioningAllocationStrategy,
    SpotProvisioningSpecification, SpotProvisioningTimeoutAction,
};

/// EMR requires a timeout beside an allocation. It ends before `start_within` ends the cluster.
const TIMEOUT: SpotTimeout = SpotTimeout {
    after: Span::from_secs(20 * 60),
    then: SpotTimeoutAction::OnDemand,
};

const ACTIONS: [(SpotTimeoutAction, &str); 2] = [
    (SpotTimeoutAction::OnDemand, "SWITCH_TO_ON_DEMAND"),
    (SpotTimeoutAction::Terminate, "TERMINATE_CLUSTER"),
];

pub(super) fn fleet(of: NewFleet) -> InstanceFleetConfig {
    let is_ranked = of.allocation == Some(Allocation::CapacityOptimizedPrioritized);
    let ebs = of.ebs.as_ref().map(volumes);
    let types = (0_u8..).zip(&of.types).map(|(rank, one)| {
        InstanceTypeConfig::builder()
            .instance_type(one.instance_type.to_string())
            .weighted_capacity(i32::from(one.weight))
            .set_ebs_configuration(ebs.clone())
            .set_priority(is_ranked.then_some(f64::from(rank)))
            .build()
    });
    InstanceFleetConfig::builder()
        .instance_fleet_type(InstanceFleetType::from(theirs(&ROLES, of.role)))
        .target_on_demand_capacity(i32::from(of.on_demand))
        .target_spot_capacity(i32::from(of.spot))
        .set_instance_type_configs(Some(types.collect()))
        .set_launch_specifications(launch(&of))
        .build()
}

/// How it is bought; `None` for EMR's default.
fn launch(of: &NewFleet) -> Option<InstanceFleetProvisioningSpecifications> {
    let allocation = of.allocation.filter(|_| of.spot > 0);
    let timeout = of.spot_timeout.filter(|_| of.spot > 0);
    let timeout = timeout.or_else(|| allocation.map(|_| TIMEOUT));
    let strategy = |it: Allocation| SpotProvisioningAllocationStrategy::from(it.as_str());
    let spot = timeout.map(|SpotTimeout { after, then }| {
        SpotProvisioningSpecification::builder()
            .timeout_duration_minutes(i32::try_from(after.as_secs() / 60).unwrap_or(i32::MAX))
            .timeout_action(SpotProvisioningTimeoutAction::from(theirs(&ACTIONS, then)))
            .set_allocation_strategy(allocation.map(strategy))
            .build()
    });
    // With an allocation, EMR takes up to 30 types; it buys on-demand ones at the lowest price.
    let on_demand = of.allocation.filter(|_| of.on_demand > 0).map(|_| {
        OnDemandProvisioningSpecification::builder()
            .allocation_strategy(OnDemandProvisioningAllocationStrategy::LowestPrice)
            .build()
    });
    let is_default = spot.is_none() && on_demand.is_none();
    let both = InstanceFleetProvisioningSpecifications::builder()
        .set_spot_specification(spot)
        .set_on_demand_specification(on_demand);
    (!is_default).then(|| both.build())
}

impl Serve<ListInstanceFleets> for Sdk {
    async fn serve(&self, call: ListInstanceFleets) -> Result<Vec<InstanceFleet>, ApiError> {
        let fleets: Vec<_> = self
            .emr
            .list_instance_fleets()
            .cluster_id(call.id)
            .into_paginator()
            .items()
            .send()
            .collect::<Result<_, _>>()
            .await
            .map_err(from_sdk::<ListInstanceFleets, _>)?;
        let missing = || incomplete::<ListInstanceFleets>("a fleet's id");
        let convert = |theirs| shown(theirs).ok_or_else(missing);
        fleets.into_iter().map(convert).collect()
    }
}

fn shown(theirs: types::InstanceFleet) -> Option<InstanceFleet> {
    let role = theirs.instance_fleet_type.as_ref().map(|it| it.as_str());
    let of_type = |one: types::InstanceTypeSpecification| {
        Some(FleetType {
            instance_type: one.instance_type?.parse().ok()?,
            weight: count(one.weighted_capacity).max(1),
        })
    };
    let types = theirs.instance_type_specifications.unwrap_or_default();
    let provisioned = count(theirs.provisioned_on_demand_capacity)
        .saturating_add(count(theirs.provisioned_spot_capacity));
    Some(InstanceFleet {
        id: theirs.id?,
        role: ours(&ROLES, role, Role::Task),
        types: types.into_iter().filter_map(of_type).collect(),
        on_demand: count(theirs.target_on_demand_capacity),
        spot: count(theirs.target_spot_capacity),
        provisioned,
    })
}

impl Serve<ModifyInstanceFleet> for Sdk {
    async fn serve(&self, call: ModifyInstanceFleet) -> Result<(), ApiError> {
        let targets = InstanceFleetModifyConfig::builder()
            .instance_fleet_id(call.fleet)
            .target_on_demand_capacity(i32::from(call.on_demand))
            .target_spot_capacity(i32::from(call.spot))
            .build();
        self.emr
            .modify_instance_fleet()
            .cluster_id(call.cluster)
            .instance_fleet(targets)
            .send()
            .await
            .map_err(from_sdk::<ModifyInstanceFleet, _>)?;
        Ok(())
    }
}

pub(super) fn policy(of: ScalingPolicy) -> ManagedScalingPolicy {
    let unit = if of.in_units {
        ComputeLimitsUnitType::InstanceFleetUnits
    } else {
        ComputeLimitsUnitType::Instances
    };
    let limits = of.limits;
    let limits = ComputeLimits::builder()
        .unit_type(unit)
        .minimum_capacity_units(i32::from(limits.from))
        .maximum_capacity_units(i32::from(limits.to))
        .set_maximum_on_demand_capacity_units(limits.on_demand_at_most.map(i32::from))
        .set_maximum_core_capacity_units(limits.core_at_most.map(i32::from))
        .build();
    ManagedScalingPolicy::builder()
        .compute_limits(limits)
        .build()
}

impl Serve<GetManagedScalingPolicy> for Sdk {
    async fn serve(
        &self,
        call: GetManagedScalingPolicy,
    ) -> Result<Option<ScalingPolicy>, ApiError> {
        let reply = self
            .emr
            .get_managed_scaling_policy()
            .cluster_id(call.id)
            .send()
            .await
            .map_err(from_sdk::<GetManagedScalingPolicy, _>)?;
        let limits = reply
            .managed_scaling_policy
            .and_then(|it| it.compute_limits);
        let number = |of: Option<i32>| u16::try_from(of?).ok();
        Ok(limits.map(|limits| ScalingPolicy {
            in_units: limits.unit_type == Some(ComputeLimitsUnitType::InstanceFleetUnits),
            limits: Scaling {
                from: count(limits.minimum_capacity_units),
                to: count(limits.maximum_capacity_units),
                on_demand_at_most: number(limits.maximum_on_demand_capacity_units),
                core_at_most: number(limits.maximum_core_capacity_units),
            },
        }))
    }
}

serve_empty!(PutManagedScalingPolicy, |sdk, call| sdk
    .emr
    .put_managed_scaling_policy()
    .cluster_id(call.id)
    .managed_scaling_policy(policy(call.policy)));

serve_empty!(RemoveManagedScalingPolicy, |sdk, call| sdk
    .emr
    .remove_managed_scaling_policy()
    .cluster_id(call.id));
