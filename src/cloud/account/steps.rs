//! Steps: added to a cluster as EMR's runners take them.

use super::Account;
use super::errors::Context;
use super::event_logs::Destination;
use super::intent::Intent;
use super::names;
use super::step_name;
use crate::cloud::api::emr::{AddJobFlowSteps, ModifyCluster, NewStep, OnFailure};
use crate::cloud::api::s3::Condition;
use crate::cloud::api::{Api, Kind};
use crate::cloud::error::{Class, CloudError};
use crate::model::desired::{JobSpec, StepSpec};
use crate::model::event::Listener;
use crate::model::name::{ClusterId, Region, StackName};
use crate::model::observed::Run;
use crate::model::software;
use crate::model::stack::WhenDone;
use crate::model::step_command::StepCommand;
use crate::model::step_launcher::{LAUNCHER, launcher_key};
use crate::model::work;

/// The steps of a run, in order, with the address of our launcher and the place of their event logs.
/// A failed step cancels those after it, and ends the cluster unless it is kept; with `on_failure: continue`, it does neither. Steps that
/// run at the same time cannot: EMR takes no other action on their failure than to continue (EMR API,
/// StepConfig).
fn new(
    job: &JobSpec,
    run: u32,
    when_done: WhenDone,
    region: &Region,
    launcher: &str,
    events: Option<&Destination>,
) -> Vec<NewStep> {
    let command = |step: &StepSpec| StepCommand::of(step, region, launcher);
    let step = |step: &StepSpec| NewStep {
        name: step_name::write(step, &job.hash, run),
        on_failure: match (step.on_failure, when_done) {
            (work::OnFailure::Continue, _) => OnFailure::Continue,
            (work::OnFailure::Stop, _) if job.at_once > 1 => OnFailure::Continue,
            (work::OnFailure::Stop, WhenDone::Terminate) => OnFailure::TerminateCluster,
            (work::OnFailure::Stop, WhenDone::Keep) => OnFailure::CancelAndWait,
        },
        command: match events {
            Some(events) => events.logged(step, command),
            None => command(step),
        },
    };
    job.steps.iter().map(step).collect()
}

impl<A: Api> Account<A> {
    /// Sets how many steps a cluster runs at the same time, before steps are added that rely on it.
    pub(super) async fn run_at_once(&self, id: &ClusterId, steps: u16) -> Result<(), CloudError> {
        let have = {
            let observed = self.observed.borrow();
            let observed = observed.clusters.get(id);
            observed.map(|observed| observed.cluster.step_concurrency)
        };
        if have.is_none_or(|have| have == steps) {
            return Ok(());
        }
        let call = ModifyCluster {
            id: id.to_string(),
            step_concurrency: steps,
        };
        let changed = self.api.serve(call).await;
        changed.with_context(|| format!("change how many steps cluster {id} runs at once"))?;
        if let Some(observed) = self.observed.borrow_mut().clusters.get_mut(id) {
            observed.cluster.step_concurrency = steps;
        }
        Ok(())
    }

    /// The steps of a run. Puts our launcher into the bucket if one of them needs it.
    pub(super) async fn new_steps(
        &self,
        stack: &StackName,
        job: &JobSpec,
        run: u32,
        when_done: WhenDone,
        events: Option<&Destination>,
    ) -> Result<Vec<NewStep>, CloudError> {
        let key = format!("{}{}", names::prefix(stack), launcher_key());
        let launcher = format!("s3://{}/{key}", self.bucket().await?.name);
        let region = &self.settings.region;
        let steps = new(job, run, when_done, region, &launcher, events);
        if steps.iter().any(|step| step.command.is_launched(&launcher)) {
            self.put(&key, LAUNCHER.into(), Condition::Always).await?;
        }
        Ok(steps)
    }

    /// Adds a run of a job to a live cluster.
    pub(super) async fn add_steps(
        &self,
        stack: &StackName,
        id: &ClusterId,
        job: &JobSpec,
        listener: &dyn Listener,
    ) -> Result<(), CloudError> {
        self.clear(stack, job).await?;
        let there = self.steps(id.as_str()).await?;
        let latest = there
            .iter()
            .filter_map(|step| step_name::read(&step.name))
            .filter(|step| step.job == job.hash)
            .map(|step| step.run)
            .max();
        let number = latest.unwrap_or(0) + 1;
        let run = Run {
            job: job.hash.clone(),
            cluster: id.clone(),
            number,
        };
        let when_done = match self.observed.borrow().clusters.get(id) {
            Some(observed) if !observed.cluster.keep_alive => WhenDone::Terminate,
            Some(_) | None => WhenDone::Keep,
        };
        self.run_at_once(id, job.at_once).await?;
        let known = self.observed.borrow().clusters.get(id).cloned();
        let events = match known.map(|known| known.cluster) {
            Some(cluster) => {
                let configurations = software::configured(cluster.configurations);
                let run = (job, number);
                self.event_folder(run, &cluster.name, &cluster.release, configurations)
                    .await?
            }
            None => None,
        };
        let steps = self.new_steps(stack, job, number, when_done, events.as_ref());
        let call = AddJobFlowSteps {
            id: id.to_string(),
            steps: steps.await?,
        };
        let nonce = self.nonce();
        let begun = self.settings.clock.now();
        self.write_intent(stack, &nonce, &Intent::Steps(run.clone()))
            .await?;
        let accepted = match self.call_once((stack, &nonce), call).await? {
            // The intent stays until the steps are listed: until then they look as if they were
            // never added.
            Ok(_) => {
                self.find_steps(&run, begun, listener).await?;
                true
            }
            Err(error) if error.kind == Kind::OutcomeUnknown => {
                self.find_steps(&run, begun, listener).await?
            }
            Err(error) => {
                self.delete_intent(stack, &nonce).await?;
                return Err(error).with_context(|| format!("add the steps to cluster {id}"));
            }
        };
        self.delete_intent(stack, &nonce).await?;
        if accepted {
            return Ok(());
        }
        let message = "AWS did not answer when the steps were added, and did not add them";
        Err(CloudError::new(Class::Unreachable, message).hint("apply again"))
    }
}
