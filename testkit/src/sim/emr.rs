//! EMR's calls that change something.

use super::check;
use super::cluster::Cluster;
use super::refusal::{Refusal, invalid};
use super::world::{Answer, State};
use clusterup::cloud::api::Kind;
use clusterup::cloud::api::emr::{
    AddJobFlowSteps, AddTags, ClusterRef, ModifyCluster, ModifyInstanceGroups,
    PutAutoTerminationPolicy, RemoveAutoTerminationPolicy, RemoveTags, Role, RunJobFlow,
    SetKeepAlive, SetTerminationProtection, TerminateJobFlows,
};
use clusterup::model::observed::ClusterState;
use std::collections::BTreeSet;

const MOST_IDS: usize = 10;

fn live(cluster: &Cluster) -> Result<(), Refusal> {
    if cluster.state.is_live() {
        return Ok(());
    }
    Err(invalid(
        "A job flow that is shutting down, terminated, or finished may not be modified.",
    ))
}

impl State {
    /// Ids that a call may name together.
    fn check_ids(&self, ids: &[String]) -> Result<(), Refusal> {
        let different: BTreeSet<_> = ids.iter().collect();
        if ids.is_empty() {
            return Err(invalid("The JobFlowId list cannot be empty"));
        }
        if ids.len() > MOST_IDS || different.len() < ids.len() {
            return Err(invalid("Specified job flow ID does not exist"));
        }
        if ids.iter().all(|id| self.clusters.contains_key(id)) {
            return Ok(());
        }
        let message = "Specified job flow ID not valid";
        Err(Refusal::new(Kind::NotFound, "ValidationException", message))
    }
}

impl Answer for RunJobFlow {
    fn answer(self, state: &mut State) -> Result<ClusterRef, Refusal> {
        check::order(&self)?;
        state.check_network(&self)?;
        let cluster = Cluster::new(self, state);
        let id = cluster.id.clone();
        state.clusters.insert(id.clone(), cluster);
        Ok(ClusterRef(id))
    }
}

impl Answer for AddJobFlowSteps {
    fn answer(self, state: &mut State) -> Result<Vec<String>, Refusal> {
        state.with_cluster(&self.id, |cluster, world| {
            live(cluster)?;
            check::steps(&self.steps, cluster.order.step_concurrency)?;
            let active = cluster.steps.iter().filter(|step| !step.state.is_over());
            if self.steps.is_empty() || active.count() + self.steps.len() > check::MOST_STEPS {
                return Err(invalid(
                    "Maximum number of active steps(State = 'Running', 'Pending' or \
                     'Cancel_Pending') for cluster exceeded.",
                ));
            }
            let ids = cluster.take_steps(self.steps, world.now);
            if cluster.state == ClusterState::Waiting {
                cluster.go_on(world);
            }
            Ok(ids)
        })
    }
}

impl Answer for TerminateJobFlows {
    fn answer(self, state: &mut State) -> Result<(), Refusal> {
        state.check_ids(&self.ids)?;
        let mut refused = false;
        for id in &self.ids {
            refused |= state.with_cluster(id, |cluster, world| {
                let stays = cluster.protected && cluster.state.is_live();
                if !stays {
                    cluster.end_by_request(world.now);
                }
                Ok(stays)
            })?;
        }
        if refused {
            // The unprotected clusters of the call end nevertheless.
            return Err(invalid(
                "Could not shut down one or more job flows since they are termination protected.",
            ));
        }
        Ok(())
    }
}

impl Answer for SetTerminationProtection {
    fn answer(self, state: &mut State) -> Result<(), Refusal> {
        state.check_ids(&self.ids)?;
        for id in &self.ids {
            live(state.cluster(id)?)?;
        }
        for id in &self.ids {
            state.with_cluster(id, |cluster, _| {
                cluster.protected = self.protected;
                Ok(())
            })?;
        }
        Ok(())
    }
}

impl Answer for SetKeepAlive {
    fn answer(self, state: &mut State) -> Result<(), Refusal> {
        state.check_ids(&self.ids)?;
        for id in &self.ids {
            live(state.cluster(id)?)?;
        }
        for id in &self.ids {
            state.with_cluster(id, |cluster, world| {
                cluster.order.keep_alive = self.keep;
                // A waiting cluster has no running step, so nothing else would start this one.
                if !self.keep && cluster.state == ClusterState::Waiting {
                    cluster.go_on(world);
                }
                Ok(())
            })?;
        }
        Ok(())
    }
}

impl Answer for ModifyInstanceGroups {
    fn answer(self, state: &mut State) -> Result<(), Refusal> {
        state.with_cluster(&self.cluster, |cluster, world| {
            if !matches!(cluster.state, ClusterState::Running | ClusterState::Waiting) {
                return Err(invalid(
                    "Instance groups can be modified while a cluster runs.",
                ));
            }
            let mut changes = Vec::new();
            for (id, count) in self.counts {
                let index = cluster.groups.iter().position(|group| group.id == id);
                let index = index.ok_or_else(|| {
                    let message = format!("Instance group id '{id}' is not valid.");
                    Refusal::new(Kind::NotFound, "InvalidRequestException", message)
                })?;
                match (cluster.groups[index].order.role, count) {
                    (Role::Primary, _) => return Err(invalid("A master group cannot be resized")),
                    (Role::Core, 0) => return Err(invalid("A core group needs an instance")),
                    (Role::Core | Role::Task, _) => changes.push((index, count)),
                }
            }
            for (index, count) in changes {
                cluster.resize(index, count, world.now);
            }
            Ok(())
        })
    }
}

impl Answer for ModifyCluster {
    fn answer(self, state: &mut State) -> Result<(), Refusal> {
        state.with_cluster(&self.id, |cluster, _| {
            check::concurrency(self.step_concurrency, &cluster.order.release)?;
            live(cluster)?;
            cluster.order.step_concurrency = self.step_concurrency;
            Ok(())
        })
    }
}

impl Answer for PutAutoTerminationPolicy {
    fn answer(self, state: &mut State) -> Result<(), Refusal> {
        state.with_cluster(&self.id, |cluster, world| {
            check::idle_policy(&cluster.order.release, self.idle_timeout)?;
            live(cluster)?;
            cluster.idle = Some((self.idle_timeout, world.now));
            Ok(())
        })
    }
}

impl Answer for RemoveAutoTerminationPolicy {
    fn answer(self, state: &mut State) -> Result<(), Refusal> {
        state.with_cluster(&self.id, |cluster, _| {
            live(cluster)?;
            cluster.idle = None;
            Ok(())
        })
    }
}

impl Answer for AddTags {
    fn answer(self, state: &mut State) -> Result<(), Refusal> {
        state.with_cluster(&self.id, |cluster, _| {
            live(cluster)?;
            let mut tags = cluster.order.tags.clone();
            tags.extend(self.tags);
            check::tags(&tags)?;
            cluster.order.tags = tags;
            Ok(())
        })
    }
}

impl Answer for RemoveTags {
    fn answer(self, state: &mut State) -> Result<(), Refusal> {
        state.with_cluster(&self.id, |cluster, _| {
            live(cluster)?;
            cluster.order.tags.retain(|key, _| !self.keys.contains(key));
            Ok(())
        })
    }
}
