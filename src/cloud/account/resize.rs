//! Changes the targets of a living cluster's fleets, and how EMR scales it.

use super::errors::Context;
use super::last_observation::Replies;
use super::{Account, requested_machines};
use crate::cloud::CloudError;
use crate::cloud::api::Api;
use crate::cloud::api::emr::{
    ModifyInstanceFleet, PutManagedScalingPolicy, RemoveManagedScalingPolicy, Role,
};
use crate::model::desired::ClusterSpec;
use crate::model::name::ClusterId;

impl<A: Api> Account<A> {
    pub(super) async fn change_scaling(
        &self,
        id: &ClusterId,
        observed: &Replies,
        spec: &ClusterSpec,
    ) -> Result<(), CloudError> {
        let have = observed.scaling.flatten();
        let want = requested_machines::scaling(&spec.groups);
        if have == want {
            return Ok(());
        }
        let id = id.to_string();
        let context = format!("change the scaling of cluster {id}");
        let changed = match want {
            Some(policy) => self.api.serve(PutManagedScalingPolicy { id, policy }).await,
            None => self.api.serve(RemoveManagedScalingPolicy { id }).await,
        };
        changed.with_context(|| context)
    }

    pub(super) async fn change_targets(
        &self,
        id: &ClusterId,
        observed: &Replies,
        spec: &ClusterSpec,
    ) -> Result<(), CloudError> {
        // With scaling, EMR decides.
        if spec.groups.scaling.is_some() || observed.fleets.is_empty() {
            return Ok(());
        }
        let mut ready = false;
        for wanted in requested_machines::fleets(&spec.groups) {
            let mut fleets = observed.fleets.iter();
            let fleet = fleets.find(|fleet| fleet.role == wanted.role);
            let targets = (wanted.on_demand, wanted.spot);
            let Some(fleet) =
                fleet.filter(|it| it.role != Role::Primary && (it.on_demand, it.spot) != targets)
            else {
                continue;
            };
            if !ready {
                self.wait_until_ready(id).await?;
                ready = true;
            }
            let call = ModifyInstanceFleet {
                cluster: id.to_string(),
                fleet: fleet.id.clone(),
                on_demand: wanted.on_demand,
                spot: wanted.spot,
            };
            let moved = self.api.serve(call).await;
            moved.with_context(|| format!("resize cluster {id}"))?;
        }
        Ok(())
    }
}
