//! What is there, as of an instant. The cloud says it; nobody else may claim it.

use super::desired::{ClusterSpec, JobSpec};
use super::extension::Extension;
use super::instance_span::InstanceSpan;
use super::instance_span::Role;
use super::name::{ClusterId, JobHash, KeyPairName, StackName, StepName};
use super::safeguard::Safeguard;
use super::shown::Untrusted;
use super::sizes::Sizes;
use super::stack::InstanceGroup;
use super::stack::{Guardrails, SecurityGroup};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Observed {
    pub at: DateTime<Utc>,
    pub key_pairs: Vec<ObservedKeyPair>,
    pub security_groups: Vec<SecurityGroup>,
    /// The objects of the stack's bucket with their bytes; none where there is no bucket.
    pub bucket: Option<BTreeMap<String, u64>>,
    /// Clusters of the stack, oldest first, ended ones too as long as they are remembered.
    pub clusters: Vec<Cluster>,
    /// Runs that ended well and are known to have, also where their cluster is forgotten.
    pub remembered: Vec<Run>,
    /// The run whose results are at home, in the folder that the stack names.
    pub results_home: Option<DownloadedRun>,
}

/// A run that has been brought home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DownloadedRun {
    #[serde(flatten)]
    pub run: Run,
    /// It wrote nothing: what lies at home is of an earlier run, if anything does.
    pub empty: bool,
}

/// One run of a job: which job, where, and the how-manieth time there, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    pub job: JobHash,
    pub cluster: ClusterId,
    pub number: u32,
}

impl Observed {
    /// The cluster that lives; the newest should there ever be two.
    pub fn live(&self) -> Option<&Cluster> {
        self.clusters
            .iter()
            .rev()
            .find(|cluster| cluster.state.is_live())
    }

    /// The newest cluster, living or ended.
    pub fn latest(&self) -> Option<&Cluster> {
        self.clusters.last()
    }

    /// True when nothing of the stack is left anywhere.
    pub fn is_empty(&self) -> bool {
        self.key_pairs.is_empty()
            && self.security_groups.is_empty()
            && self.bucket.is_none()
            && self.clusters.is_empty()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ObservedKeyPair {
    pub name: KeyPairName,
    /// In OpenSSH's form, without its comment.
    pub public_key: String,
    /// Whether we made it and hold its private half.
    pub ours: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cluster {
    pub id: ClusterId,
    pub stack: StackName,
    pub spec: ClusterSpec,
    pub state: ClusterState,
    pub created_at: DateTime<Utc>,
    /// When it could first take work.
    pub ready_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    /// Why it ended or is ending: the tombstone.
    pub end: Option<End>,
    pub steps: Vec<Step>,
    /// What of it is not as it was made, in words: somebody else's change.
    pub drift: Vec<String>,
    /// Whether something that can bring it forward owns it: false of a local cluster that was
    /// recorded but whose supervisor never began.
    pub attended: bool,
    /// Who made it, as `user@host`.
    #[serde(default)]
    pub owner: Option<Untrusted>,
    /// How long its instances lived, each from the cluster's creation or its resize on: a little
    /// more than AWS charges.
    #[serde(default)]
    #[serde(rename = "lives")]
    pub instance_spans: Vec<InstanceSpan>,
    /// Whether those are what it was ordered with, until its cloud can say what machines there were.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub estimated: bool,
    /// Its deadlines as they were moved, oldest first.
    #[serde(default)]
    pub extensions: Vec<Extension>,
    /// When somebody last followed it, where it has a lease.
    #[serde(default)]
    pub renewed_at: Option<DateTime<Utc>>,
    /// What ends it, as far as the target can tell; nothing where it is over.
    #[serde(default)]
    #[serde(rename = "rungs")]
    pub safeguards: Vec<Safeguard>,
}

impl Cluster {
    /// One that is made at this instant, with nothing of it known besides.
    pub fn new(
        id: ClusterId,
        stack: StackName,
        spec: ClusterSpec,
        created_at: DateTime<Utc>,
    ) -> Self {
        Self {
            id,
            stack,
            instance_spans: Sizes::of(&spec.groups).instance_spans(&spec.groups, created_at, None),
            spec,
            state: ClusterState::Starting,
            created_at,
            ready_at: None,
            ended_at: None,
            end: None,
            steps: Vec::new(),
            drift: Vec::new(),
            attended: true,
            owner: None,
            estimated: false,
            extensions: Vec::new(),
            renewed_at: None,
            safeguards: Vec::new(),
        }
    }

    /// Sorts by birth, and by id where two were born together.
    pub fn oldest_first(clusters: &mut [Self]) {
        clusters.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
    }

    /// Under the guardrails and with the nodes of another spec, as far as it gains any.
    #[must_use]
    pub fn grown(&self, want: &ClusterSpec, now: DateTime<Utc>) -> Self {
        let mut grown = self.clone();
        grown.spec.guardrails = want.guardrails.clone();
        // A lease begins when it is requested, not with the cluster.
        if want.guardrails.lease.is_some() {
            grown.renewed_at = Some(now);
        }
        let have = &self.spec.groups;
        let want = &want.groups;
        for (role, have, want) in [
            (Role::Core, &have.core, &want.core),
            (Role::Task, &have.task, &want.task),
        ] {
            let count = |group: &Option<InstanceGroup>| group.as_ref().map_or(0, |g| g.nodes.count);
            grown.instance_spans.push(InstanceSpan {
                role,
                from: now,
                until: None,
                count: count(want).saturating_sub(count(have)),
            });
        }
        grown
    }

    /// Whether something is left of it that would have ended it, and it is over.
    pub fn is_left_armed(&self) -> bool {
        self.state.is_over() && self.safeguards.iter().any(Safeguard::is_armed)
    }

    /// What holds for it now: what its stack says, and what was extended since, as far as its stack
    /// allows now.
    pub fn guardrails(&self) -> Guardrails {
        let mut now = self.spec.guardrails.clone();
        let most = now.ceiling;
        let spans = self.extensions.iter().filter_map(|it| it.max_lifetime);
        if let (Some(to), Some(most)) = (spans.max(), most.max_lifetime) {
            now.max_lifetime = now.max_lifetime.max(to.min(most));
        }
        let budgets = self.extensions.iter().filter_map(|it| it.budget);
        if let (Some(to), Some(most)) = (budgets.max(), most.budget) {
            now.budget = now.budget.map(|budget| budget.max(to.min(most)));
        }
        now
    }

    /// The steps of one job, in order; of its latest run where it ran again.
    pub fn steps_of<'a>(&'a self, job: &'a JobHash) -> impl Iterator<Item = &'a Step> {
        let run = self
            .steps
            .iter()
            .filter(|step| step.job == *job)
            .map(|step| step.run)
            .max();
        self.steps
            .iter()
            .filter(move |step| step.job == *job && Some(step.run) == run)
    }

    /// The latest run of a job here, if it ran or is to run here.
    pub fn run_of(&self, job: &JobHash) -> Option<Run> {
        let step = self.steps_of(job).next()?;
        Some(Run {
            job: job.clone(),
            cluster: self.id.clone(),
            number: step.run,
        })
    }

    /// The jobs whose latest run here ended well.
    pub fn good_runs(&self) -> impl Iterator<Item = Run> {
        let jobs: BTreeSet<&JobHash> = self.steps.iter().map(|step| &step.job).collect();
        let good = jobs.into_iter().filter(|job| self.completed(job));
        good.filter_map(|job| self.run_of(job))
    }

    /// What becomes of steps that are not over when their cluster ends: the running one is
    /// interrupted at that instant, those to come are cancelled.
    pub fn cut_off(&mut self, at: DateTime<Utc>) {
        for step in self.steps.iter_mut().filter(|step| !step.state.is_over()) {
            if step.state == StepState::Pending {
                step.state = StepState::Cancelled;
                continue;
            }
            step.state = StepState::Interrupted;
            step.ended_at = Some(at);
            step.ui = None;
        }
    }

    /// True when the job ran here and each of its steps ended well.
    pub fn completed(&self, job: &JobHash) -> bool {
        let mut steps = self.steps_of(job).peekable();
        steps.peek().is_some() && steps.all(|step| step.state == StepState::Completed)
    }
}

/// EMR's cluster states (EMR API, ClusterState).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ClusterState {
    Starting,
    Bootstrapping,
    Running,
    Waiting,
    Terminating,
    Terminated,
    TerminatedWithErrors,
}

impl ClusterState {
    /// Can still take work.
    pub const fn is_live(self) -> bool {
        matches!(
            self,
            Self::Starting | Self::Bootstrapping | Self::Running | Self::Waiting
        )
    }

    /// As EMR has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "STARTING",
            Self::Bootstrapping => "BOOTSTRAPPING",
            Self::Running => "RUNNING",
            Self::Waiting => "WAITING",
            Self::Terminating => "TERMINATING",
            Self::Terminated => "TERMINATED",
            Self::TerminatedWithErrors => "TERMINATED_WITH_ERRORS",
        }
    }

    /// Gone for good.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Terminated | Self::TerminatedWithErrors)
    }
}

/// Why a cluster ended, and who or what ended it in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    pub reason: EndReason,
    pub message: Untrusted,
}

impl End {
    /// The end that somebody asked for.
    pub fn asked(message: impl Into<Untrusted>) -> Self {
        Self {
            reason: EndReason::Request,
            message: message.into(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// All steps ended well and the stack says `when_done: terminate`.
    StepsCompleted,
    StepFailed,
    IdleTimeout,
    MaxLifetime,
    /// It was about to cost more than its budget.
    Budget,
    /// Nobody had followed it for as long as its lease.
    Lease,
    OffHours,
    /// The month of its team is spent, and a policy ends what runs then.
    TeamBudget,
    /// It did not come up within the time that its policy gives it.
    StartTimeout,
    /// Somebody made it without clusterup and forgot it, and a policy ends what is forgotten.
    Forgotten,
    /// Somebody asked: `destroy`, a replacement, Ctrl-C.
    Request,
    /// The process or machine that carried it went away.
    Lost,
    /// It could not start, or broke.
    Failure,
}

impl EndReason {
    /// True when a guardrail ended it, not the work or a person.
    pub const fn is_guardrail(self) -> bool {
        matches!(
            self,
            Self::IdleTimeout
                | Self::MaxLifetime
                | Self::Budget
                | Self::Lease
                | Self::OffHours
                | Self::TeamBudget
                | Self::StartTimeout
                | Self::Forgotten
        )
    }

    /// As JSON and tags have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StepsCompleted => "steps_completed",
            Self::StepFailed => "step_failed",
            Self::IdleTimeout => "idle_timeout",
            Self::MaxLifetime => "max_lifetime",
            Self::Budget => "budget",
            Self::Lease => "lease",
            Self::OffHours => "off_hours",
            Self::TeamBudget => "team_budget",
            Self::StartTimeout => "start_timeout",
            Self::Forgotten => "forgotten",
            Self::Request => "request",
            Self::Lost => "lost",
            Self::Failure => "failure",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub name: StepName,
    pub job: JobHash,
    /// Which run of the job on this cluster, counted from 1.
    pub run: u32,
    pub state: StepState,
    pub started_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    /// The Spark UI of the running driver, where there is one: its address, with the name and the
    /// password that it asks for.
    pub ui: Option<String>,
    /// What went wrong, in a line or a few, where it failed.
    pub failure: Option<String>,
}

/// EMR's step states (EMR API, StepState), those that we meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StepState {
    Pending,
    Running,
    Completed,
    Failed,
    /// Never ran, because a step before it failed.
    Cancelled,
    /// Was running when its cluster ended.
    Interrupted,
}

impl Step {
    /// The steps of a run of a job, all to come.
    pub fn pending(job: &JobSpec, run: u32) -> impl Iterator<Item = Self> {
        job.steps.iter().map(move |spec| Self {
            name: spec.name.clone(),
            job: job.hash.clone(),
            run,
            state: StepState::Pending,
            started_at: None,
            ended_at: None,
            ui: None,
            failure: None,
        })
    }
}

impl StepState {
    pub const fn is_over(self) -> bool {
        !matches!(self, Self::Pending | Self::Running)
    }
}
