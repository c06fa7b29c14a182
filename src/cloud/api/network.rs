//! The network of a cluster in EMR's calls (JobFlowInstancesConfig, Ec2InstanceAttributes).

use crate::model::network::ManagedGroups;

/// Where a cluster's machines are, and their security groups.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Network {
    /// Ec2SubnetId, `subnet-…`. In a request, `None` for one of the default VPC; in a reply, the one
    /// that EMR has chosen.
    pub subnet: Option<String>,
    /// Ec2SubnetIds, of which EMR chooses one for a cluster with fleets; in a reply,
    /// RequestedEc2SubnetIds.
    pub one_of: Vec<String>,
    /// EmrManagedMasterSecurityGroup, EmrManagedSlaveSecurityGroup and ServiceAccessSecurityGroup.
    /// In a request, `None` for EMR's own; in a reply, those that it uses.
    pub managed: Option<ManagedGroups>,
    /// AdditionalMasterSecurityGroups: ids, `sg-…`.
    pub groups: Vec<String>,
    /// AdditionalSlaveSecurityGroups: ids, `sg-…`.
    pub core_groups: Vec<String>,
    /// Placement.AvailabilityZone, such as `us-east-1a`; in a request, `None` for EMR's choice.
    pub zone: Option<String>,
}
