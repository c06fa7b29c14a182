//! Amazon EMR: instance fleets and managed scaling.

use super::Role;
use crate::cloud::api::call;
use crate::model::instance_fleet::{Allocation, FleetType, Scaling, SpotTimeout};
use crate::model::stack::Ebs;

/// An instance fleet to create (InstanceFleetConfig).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFleet {
    /// InstanceFleetType.
    pub role: Role,
    /// InstanceTypeConfigs: up to 5, or 30 with an allocation.
    pub types: Vec<FleetType>,
    /// TargetOnDemandCapacity, in units.
    pub on_demand: u16,
    /// TargetSpotCapacity, in units.
    pub spot: u16,
    /// SpotSpecification's AllocationStrategy; `None` for EMR's default.
    pub allocation: Option<Allocation>,
    /// SpotSpecification's TimeoutDurationMinutes and TimeoutAction; `None` for EMR's default.
    pub spot_timeout: Option<SpotTimeout>,
    /// EbsConfiguration of each type; `None` for EMR's default volumes.
    pub ebs: Option<Ebs>,
}

/// Lists a cluster's instance fleets. [`super::super::Kind::Invalid`] if it has instance groups.
#[derive(Debug, Clone)]
pub struct ListInstanceFleets {
    /// The cluster's id, `j-…`.
    pub id: String,
}
call! { ListInstanceFleets, "elasticmapreduce:ListInstanceFleets", reads, Vec<InstanceFleet>, id }

/// An instance fleet of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceFleet {
    /// `if-…`.
    pub id: String,
    /// InstanceFleetType.
    pub role: Role,
    /// InstanceTypeSpecifications. A type that cannot be read is left out.
    pub types: Vec<FleetType>,
    /// TargetOnDemandCapacity, in units.
    pub on_demand: u16,
    /// TargetSpotCapacity, in units.
    pub spot: u16,
    /// ProvisionedOnDemandCapacity and ProvisionedSpotCapacity together, in units.
    pub provisioned: u16,
}

/// Sets the targets of an instance fleet.
#[derive(Debug, Clone)]
pub struct ModifyInstanceFleet {
    /// The cluster's id, `j-…`.
    pub cluster: String,
    /// The fleet's id, `if-…`.
    pub fleet: String,
    /// TargetOnDemandCapacity.
    pub on_demand: u16,
    /// TargetSpotCapacity.
    pub spot: u16,
}
call! { ModifyInstanceFleet, "elasticmapreduce:ModifyInstanceFleet", changes, (), cluster }

/// A managed scaling policy (ManagedScalingPolicy).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScalingPolicy {
    /// UnitType InstanceFleetUnits, which clusters with fleets need, and not Instances.
    pub in_units: bool,
    /// ComputeLimits.
    pub limits: Scaling,
}

/// Reads a cluster's managed scaling policy; `None` if it has none.
#[derive(Debug, Clone)]
pub struct GetManagedScalingPolicy {
    /// The cluster's id, `j-…`.
    pub id: String,
}
call!(
    GetManagedScalingPolicy,
    "elasticmapreduce:GetManagedScalingPolicy",
    reads,
    Option<ScalingPolicy>,
    id
);

/// Sets a cluster's managed scaling policy.
#[derive(Debug, Clone)]
pub struct PutManagedScalingPolicy {
    /// The cluster's id, `j-…`.
    pub id: String,
    /// The policy.
    pub policy: ScalingPolicy,
}
call!(
    PutManagedScalingPolicy,
    "elasticmapreduce:PutManagedScalingPolicy",
    changes,
    (),
    id
);

/// Removes a cluster's managed scaling policy. A missing one is not an error.
#[derive(Debug, Clone)]
pub struct RemoveManagedScalingPolicy {
    /// The cluster's id, `j-…`.
    pub id: String,
}
call!(
    RemoveManagedScalingPolicy,
    "elasticmapreduce:RemoveManagedScalingPolicy",
    changes,
    (),
    id
);
