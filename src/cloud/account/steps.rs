//! Steps: `spark-submit` through EMR's command runner.

use super::Account;
use super::errors::Context;
use super::intent::Intent;
use super::names;
use crate::cloud::api::emr::{AddJobFlowSteps, ModifyCluster, NewStep, OnFailure};
use crate::cloud::api::{Api, Kind};
use crate::cloud::error::{Class, CloudError};
use crate::model::desired::{JobSpec, StepSpec};
use crate::model::event::Listener;
use crate::model::name::{ClusterId, StackName};
use crate::model::observed::Run;
use crate::model::stack::WhenDone;

/// The steps of a run, in order. A failed step cancels those after it, and ends the cluster unless
/// it is kept. Steps that run at the same time cannot: EMR takes no other action on their failure
/// than to continue (EMR API, StepConfig).
pub(super) fn new(job: &JobSpec, run: u32, when_done: WhenDone) -> Vec<NewStep> {
    let on_failure = match when_done {
        _ if job.at_once > 1 => OnFailure::Continue,
        WhenDone::Terminate => OnFailure::TerminateCluster,
        WhenDone::Keep => OnFailure::CancelAndWait,
    };
    let step = |step: &StepSpec| NewStep {
        name: names::step(&step.name, &job.hash, run),
        on_failure,
        command: command(step),
    };
    job.steps.iter().map(step).collect()
}

/// The driver runs on the primary, so its output is the step's. Two executors of the default size
/// fit beside it, where the driver of cluster mode would take the room of one.
fn command(step: &StepSpec) -> Vec<String> {
    let mut command: Vec<String> = [
        "spark-submit",
        "--deploy-mode",
        "client",
        "--name",
        step.name.as_str(),
        "--executor-memory",
    ]
    .map(str::to_owned)
    .into();
    command.push(format!("{}m", step.executor_memory.mib()));
    for (key, value) in &step.conf {
        command.extend(["--conf".to_owned(), format!("{key}={value}")]);
    }
    command.push(step.script.clone());
    command.extend(step.args.iter().cloned());
    command
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
            .filter_map(|step| names::of_step(&step.name))
            .filter(|(_, of, _)| *of == job.hash)
            .map(|(_, _, run)| run)
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
        let call = AddJobFlowSteps {
            id: id.to_string(),
            steps: new(job, number, when_done),
        };
        let nonce = self.nonce();
        let begun = self.settings.clock.now();
        self.write_intent(stack, &nonce, &Intent::Steps(run.clone()))
            .await?;
        let accepted = match self.call_once(call).await? {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::memory::Memory;
    use std::collections::BTreeMap;

    #[test]
    fn no_shell_interprets_a_steps_arguments() {
        let step = StepSpec {
            name: "one".parse().unwrap(),
            script: "s3://b/job.py".to_owned(),
            args: vec!["a b".to_owned(), "$HOME; rm".to_owned()],
            executor_memory: Memory::from_mib(1_024),
            conf: BTreeMap::from([("spark.x".to_owned(), "a b".to_owned())]),
        };
        let words = command(&step);
        assert_eq!(
            words[..6],
            [
                "spark-submit",
                "--deploy-mode",
                "client",
                "--name",
                "one",
                "--executor-memory"
            ]
        );
        assert_eq!(
            words[6..],
            [
                "1024m",
                "--conf",
                "spark.x=a b",
                "s3://b/job.py",
                "a b",
                "$HOME; rm"
            ]
        );
    }
}
