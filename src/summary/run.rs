//! A run of a step: what the cluster knows of it, and what its event log says.

use super::estimate::{Cheaper, Faster};
use super::figures::Application;
use crate::cost::ledger::{SlotTime, Window, charged};
use crate::cost::meter::accrued;
use crate::model::instance_span::{InstanceSpan, Role};
use crate::model::money::Usd;
use crate::model::name::{ClusterId, JobHash, StackName, StepName};
use crate::model::observed::{Cluster, Step, StepState};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// What a step did, and what its cluster cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Run {
    /// The stack.
    pub stack: StackName,
    /// The cluster.
    pub cluster: ClusterId,
    /// The job that the step belongs to.
    pub job: JobHash,
    /// The number of the job's run on this cluster, from 1.
    pub number: u32,
    /// The step.
    pub step: StepName,
    /// Its state.
    pub state: StepState,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// The cluster's time.
    pub times: Times,
    /// What the cluster has cost; `None` if that is unknown, as on this machine.
    pub cost: Option<Usd>,
    /// The cluster's workers.
    pub workers: u16,
    /// What the workers cost while the step ran.
    pub workers_cost: Option<Usd>,
    /// How many applications the step had. Some steps start Spark more than once.
    pub applications: usize,
    /// The figures of the longest application; `None` without an event log.
    pub application: Option<Application>,
    /// A smaller cluster that would do.
    pub cheaper: Option<Cheaper>,
    /// What would make it faster.
    pub faster: Option<Faster>,
}

/// What a cluster did with its time, in seconds.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct Times {
    /// Until it was ready.
    pub starting: u64,
    /// With a step that ran.
    pub working: u64,
    /// Ready without one, and while it ended.
    pub idle: u64,
}

/// How many attempts of stages are kept with a run: the longest.
const KEPT_STAGES: usize = 20;

impl Run {
    /// The run of a step, with the figures of its applications. `costs`: whether its cluster is paid
    /// for. `now` ends what has not ended.
    pub fn of(
        cluster: &Cluster,
        step: &Step,
        mut applications: Vec<Application>,
        costs: bool,
        now: DateTime<Utc>,
    ) -> Self {
        let count = applications.len();
        applications.sort_by_key(Application::wall_ms);
        let application = applications.pop();
        let until = cluster.ended_at.unwrap_or(now);
        let rates = cluster.spec.rates.as_ref().filter(|_| costs);
        let is_known = !cluster.instance_spans.is_empty();
        let workers: Vec<InstanceSpan> = (cluster.instance_spans.iter())
            .filter(|span| span.role != Role::Primary)
            .cloned()
            .collect();
        let window = step.started_at.map(|from| Window {
            from,
            until: step.ended_at.unwrap_or(until).max(from),
        });
        let of_workers = |rates| Some(charged(rates, &workers, window?, until));
        let mut run = Self {
            stack: cluster.stack.clone(),
            cluster: cluster.id.clone(),
            job: step.job.clone(),
            number: step.run,
            step: step.name.clone(),
            state: step.state,
            started_at: step.started_at,
            ended_at: step.ended_at,
            times: Times::of(cluster, until),
            cost: rates
                .filter(|_| is_known)
                .map(|rates| accrued(rates, &cluster.instance_spans, until).total),
            workers: cluster.spec.workers,
            workers_cost: rates.and_then(of_workers),
            applications: count,
            cheaper: None,
            faster: application.as_ref().and_then(Faster::of),
            application,
        };
        run.cheaper = Cheaper::of(&run, cluster).filter(|_| costs);
        if let Some(app) = &mut run.application {
            app.stages
                .sort_by_key(|stage| std::cmp::Reverse(stage.wall_ms));
            app.stages.truncate(KEPT_STAGES);
        }
        run
    }

    /// How busy the slots of its application were.
    pub fn slots(&self) -> SlotTime {
        let executors = self.application.as_ref().map(|app| &app.executors);
        executors.map_or_else(SlotTime::default, |executors| SlotTime {
            there_ms: executors.slot_ms,
            busy_ms: executors.busy_ms,
        })
    }

    /// How long the step ran.
    pub fn wall(&self) -> Option<TimeDelta> {
        Some(self.ended_at?.signed_duration_since(self.started_at?))
    }
}

impl Times {
    fn of(cluster: &Cluster, until: DateTime<Utc>) -> Self {
        let seconds = |from: DateTime<Utc>, until: DateTime<Utc>| {
            u64::try_from(until.signed_duration_since(from).num_seconds()).unwrap_or(0)
        };
        let Some(ready) = cluster.ready_at else {
            return Self {
                starting: seconds(cluster.created_at, until),
                ..Self::default()
            };
        };
        let mut steps: Vec<_> = (cluster.steps.iter())
            .filter_map(|step| Some((step.started_at?, step.ended_at.unwrap_or(until))))
            .collect();
        steps.sort_unstable();
        let mut working = 0;
        let mut counted = ready;
        // Steps may run at the same time; each second counts once.
        for (from, until) in steps {
            working += seconds(from.max(counted), until);
            counted = counted.max(until);
        }
        Self {
            starting: seconds(cluster.created_at, ready),
            working,
            idle: seconds(ready, until).saturating_sub(working),
        }
    }
}
