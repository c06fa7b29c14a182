//! Instance fleets and managed scaling.

use super::refusal::{Refusal, invalid};
use super::world::{Answer, State};
use clusterup::cloud::api::emr::{
    GetManagedScalingPolicy, InstanceFleet, ListInstanceFleets, ModifyInstanceFleet, NewFleet,
    PutManagedScalingPolicy, RemoveManagedScalingPolicy, Role, RunJobFlow, ScalingPolicy,
};
use clusterup::model::observed::ClusterState;
use clusterup::model::releases::{FLEETS, SCALING};

/// What EMR refuses of the fleets and the scaling of a new cluster (EMR API, InstanceFleetConfig,
/// ComputeLimits).
pub(super) fn check(order: &RunJobFlow) -> Result<(), Refusal> {
    let fleets = &order.fleets;
    let subnets = &order.network.one_of;
    let of = |role| {
        fleets
            .iter()
            .filter(move |fleet| fleet.role == role)
            .count()
    };
    let counts = [of(Role::Primary), of(Role::Core), of(Role::Task)];
    let are_good = fleets.is_empty()
        || (order.groups.is_empty()
            && matches!(counts, [1, 0, 0] | [1, 1, 0 | 1])
            && FLEETS.include(&order.release)
            && fleets.iter().all(is_good));
    if !are_good || subnets.len() > 1 && fleets.is_empty() {
        return Err(invalid(
            "Please configure instances using one and only one of the following: instance groups; \
             instance fleets; instance count, master and slave instance type.",
        ));
    }
    match order.scaling {
        Some(policy) => check_scaling(&policy, order),
        None => Ok(()),
    }
}

fn is_good(fleet: &NewFleet) -> bool {
    let most = if fleet.allocation.is_some() { 30 } else { 5 };
    let units = u32::from(fleet.on_demand) + u32::from(fleet.spot);
    let is_primary = fleet.role == Role::Primary;
    (1..=most).contains(&fleet.types.len())
        && fleet
            .types
            .iter()
            .all(|of| of.weight > 0 && (of.weight == 1 || !is_primary))
        && (units == 1 || units > 1 && !is_primary)
}

fn check_scaling(policy: &ScalingPolicy, order: &RunJobFlow) -> Result<(), Refusal> {
    let limits = policy.limits;
    let within = |limit: Option<u16>| limit.is_none_or(|limit| limit <= limits.to);
    if policy.in_units != order.fleets.is_empty()
        && (1..=limits.to).contains(&limits.from)
        && within(limits.on_demand_at_most)
        && within(limits.core_at_most)
        && SCALING.include(&order.release)
    {
        return Ok(());
    }
    Err(invalid("The managed scaling policy is not valid."))
}

impl Answer for ListInstanceFleets {
    fn answer(self, state: &mut State) -> Result<Vec<InstanceFleet>, Refusal> {
        let cluster = state.cluster(&self.id)?;
        if cluster.order.fleets.is_empty() {
            return Err(invalid(
                "Instance fleets and instance groups are mutually exclusive.",
            ));
        }
        let varying = cluster.varying.as_ref();
        let shown = cluster.order.fleets.iter().filter_map(|fleet| {
            let [on_demand, spot] = varying?.targets(fleet.role)?;
            Some(InstanceFleet {
                id: varying?.id(fleet.role)?,
                role: fleet.role,
                types: fleet.types.clone(),
                on_demand,
                spot,
                provisioned: on_demand.saturating_add(spot),
            })
        });
        Ok(shown.collect())
    }
}

impl Answer for ModifyInstanceFleet {
    fn answer(self, state: &mut State) -> Result<(), Refusal> {
        state.with_cluster(&self.cluster, |cluster, world| {
            if !matches!(cluster.state, ClusterState::Running | ClusterState::Waiting) {
                return Err(invalid(
                    "Instance fleets can be modified while a cluster runs.",
                ));
            }
            let targets = [self.on_demand, self.spot];
            let varying = cluster.varying.as_mut();
            if varying.is_some_and(|it| it.set_targets(&self.fleet, targets, world.now)) {
                return Ok(());
            }
            Err(invalid(format!(
                "Instance fleet id '{}' is not valid.",
                self.fleet
            )))
        })
    }
}

impl Answer for GetManagedScalingPolicy {
    fn answer(self, state: &mut State) -> Result<Option<ScalingPolicy>, Refusal> {
        Ok(state.cluster(&self.id)?.order.scaling)
    }
}

impl Answer for PutManagedScalingPolicy {
    fn answer(self, state: &mut State) -> Result<(), Refusal> {
        state.with_cluster(&self.id, |cluster, world| {
            check_scaling(&self.policy, &cluster.order)?;
            if !cluster.state.is_live() {
                return Err(invalid("The cluster is terminating or terminated."));
            }
            cluster.order.scaling = Some(self.policy);
            if let Some(varying) = &mut cluster.varying {
                varying.has_new_policy(world.now);
            }
            Ok(())
        })
    }
}

impl Answer for RemoveManagedScalingPolicy {
    fn answer(self, state: &mut State) -> Result<(), Refusal> {
        state.with_cluster(&self.id, |cluster, _| {
            cluster.order.scaling = None;
            Ok(())
        })
    }
}
