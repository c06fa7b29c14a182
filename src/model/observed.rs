//! The observed state as of an instant, as reported by the cloud.

mod step;

pub use step::{Step, StepState};

use super::desired::{ClusterSpec, InstanceGroups};
use super::diagnosis::Diagnosis;
use super::extension::Extension;
use super::instance_span::{InstanceSpan, Role};
use super::money::Usd;
use super::name::{ClusterId, JobHash, KeyPairName, StackName};
use super::quantity::Bytes;
use super::safeguard::Safeguard;
use super::shown::Untrusted;
use super::sizes::Sizes;
use super::stack::{Guardrails, InstanceGroup, SecurityGroup};
use super::words::words;
use super::worst_mix;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet};

/// The observed state of a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Observed {
    /// When it was observed.
    pub at: DateTime<Utc>,
    /// The key pairs of the stack.
    pub key_pairs: Vec<ObservedKeyPair>,
    /// The security groups of the stack.
    pub security_groups: Vec<SecurityGroup>,
    /// The keys and sizes in bytes of the bucket's objects; `None` if there is no bucket.
    #[serde(serialize_with = "sizes_in_bytes")]
    #[schemars(with = "Option<BTreeMap<String, Bytes>>")]
    pub bucket: Option<BTreeMap<String, u64>>,
    /// The clusters of the stack, oldest first, ended ones included as long as they are recorded.
    #[serde(skip)]
    pub clusters: Vec<Cluster>,
    /// Completed runs, also those whose cluster's record is deleted.
    pub remembered: Vec<Run>,
    /// The run whose results are in the stack's results folder.
    pub results_home: Option<DownloadedRun>,
}

fn sizes_in_bytes<S: Serializer>(
    bucket: &Option<BTreeMap<String, u64>>,
    to: S,
) -> Result<S::Ok, S::Error> {
    let of_object = |(key, bytes): (&String, &u64)| (key.clone(), Bytes { bytes: *bytes });
    let objects = bucket.as_ref().map(|all| all.iter().map(of_object));
    objects
        .map(Iterator::collect::<BTreeMap<_, _>>)
        .serialize(to)
}

/// A run whose results were downloaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DownloadedRun {
    /// The run.
    #[serde(flatten)]
    pub run: Run,
    /// It wrote nothing: the folder has results of an earlier run, if any.
    pub empty: bool,
}

/// One run of a job on a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Run {
    /// The job.
    pub job: JobHash,
    /// The cluster.
    pub cluster: ClusterId,
    /// The number of the run of this job on this cluster, from 1.
    pub number: u32,
}

impl Observed {
    /// The living cluster; the newest if there are two.
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

    /// Whether nothing of the stack exists.
    pub fn is_empty(&self) -> bool {
        self.key_pairs.is_empty()
            && self.security_groups.is_empty()
            && self.bucket.is_none()
            && self.clusters.is_empty()
    }
}

/// A key pair that exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct ObservedKeyPair {
    /// Its name.
    pub name: KeyPairName,
    /// The public key in OpenSSH's format, without its comment.
    pub public_key: String,
    /// Whether clusterup created it and has its private key.
    pub ours: bool,
}

/// A cluster that exists or has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Cluster {
    /// Its id.
    pub id: ClusterId,
    /// The stack that it belongs to.
    pub stack: StackName,
    /// The spec that it was created with or changed to.
    pub spec: ClusterSpec,
    /// Its state.
    pub state: ClusterState,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was first ready for work.
    pub ready_at: Option<DateTime<Utc>>,
    /// When it was over.
    pub ended_at: Option<DateTime<Utc>>,
    /// Why it ended or is ending: its tombstone.
    pub end: Option<End>,
    /// Why it never was ready, if its logs were searched for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diagnosis: Option<Diagnosis>,
    /// Its steps, oldest first.
    pub steps: Vec<Step>,
    /// What somebody else has changed about it, in words.
    pub drift: Vec<String>,
    /// Whether a process owns it that can make progress: false for a local cluster that was
    /// recorded but whose supervisor never started.
    pub attended: bool,
    /// Who created it, as `user@host`.
    #[serde(default)]
    pub owner: Option<Untrusted>,
    /// How many instances of each role ran from when until when, counted from the cluster's
    /// creation or its resize: a little longer than AWS charges.
    #[serde(default)]
    #[serde(rename = "lives")]
    pub instance_spans: Vec<InstanceSpan>,
    /// When the cloud reported the spans, for a cluster whose instances vary. `None` if its spans
    /// are those of its recorded sizes or, if it varies, of the dearest instances that it can have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted_at: Option<DateTime<Utc>>,
    /// Until when an earlier reading has allowed it to live, if its instances vary and the cloud does
    /// not report them now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_until: Option<DateTime<Utc>>,
    /// Whether the spans are those that were requested, until the cloud reports the actual ones.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub estimated: bool,
    /// The extensions of its deadlines, oldest first.
    #[serde(default)]
    pub extensions: Vec<Extension>,
    /// When somebody last followed it, if it has a lease.
    #[serde(default)]
    pub renewed_at: Option<DateTime<Utc>>,
    /// The mechanisms that end it, as far as the target knows; empty once it is over.
    #[serde(default)]
    #[serde(rename = "rungs")]
    pub safeguards: Vec<Safeguard>,
}

impl Cluster {
    /// A cluster that is created at this instant.
    pub fn new(
        id: ClusterId,
        stack: StackName,
        spec: ClusterSpec,
        created_at: DateTime<Utc>,
    ) -> Self {
        Self {
            id,
            stack,
            instance_spans: Sizes::of(&spec.groups).spans_of(&spec, created_at, None),
            spec,
            state: ClusterState::Starting,
            created_at,
            ready_at: None,
            ended_at: None,
            end: None,
            diagnosis: None,
            steps: Vec::new(),
            drift: Vec::new(),
            attended: true,
            owner: None,
            counted_at: None,
            allowed_until: None,
            estimated: false,
            extensions: Vec::new(),
            renewed_at: None,
            safeguards: Vec::new(),
        }
    }

    /// Sorts by creation, then by id.
    pub fn oldest_first(clusters: &mut [Self]) {
        clusters.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
    }

    /// The cluster with the guardrails and the nodes of another spec, as far as it gains any.
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
        if have.varies() || want.varies() {
            grown.vary(want, now);
            return grown;
        }
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
                instance_type: None,
            });
        }
        grown
    }

    /// Whether its deadline may move later, as it turns out cheaper than it could have been.
    pub fn may_gain_time(&self) -> bool {
        let varies = self.counted_at.is_some() || self.spec.groups.varies();
        varies && self.spec.guardrails.budget.is_some()
    }

    /// Changes the groups of a cluster that varies, or that will, unless the dearest instances of the
    /// new ones cost less.
    fn vary(&mut self, want: &InstanceGroups, now: DateTime<Utc>) {
        let rates = self.spec.rates.as_ref();
        let [before, after] =
            [&self.spec.groups, want].map(|groups| worst_mix::spans(groups, rates, now, None));
        let hourly = |spans: &[InstanceSpan]| -> Usd {
            let of = |span: &InstanceSpan| {
                let rate = rates.map_or(Usd::ZERO, |rates| rates.of_span(span).total());
                rate.times(span.count.into())
            };
            spans.iter().map(of).sum()
        };
        if hourly(&after) < hourly(&before) {
            return;
        }
        self.spec.groups = want.clone();
        if self.counted_at.is_none() {
            for span in self
                .instance_spans
                .iter_mut()
                .filter(|span| span.until.is_none())
            {
                span.until = Some(now);
            }
            self.instance_spans.extend(after);
        }
    }

    /// Whether the cluster is over and still has safeguards to remove.
    pub fn is_left_armed(&self) -> bool {
        self.state.is_over() && self.safeguards.iter().any(Safeguard::is_armed)
    }

    /// The guardrails that apply now: those of its stack with its extensions, limited by the
    /// stack's current ceiling.
    pub fn guardrails(&self) -> Guardrails {
        let mut now = self.spec.guardrails.clone();
        let ceiling = now.ceiling;
        let spans = self.extensions.iter().filter_map(|it| it.max_lifetime);
        if let (Some(to), Some(limit)) = (spans.max(), ceiling.max_lifetime) {
            now.max_lifetime = now.max_lifetime.max(to.min(limit));
        }
        let budgets = self.extensions.iter().filter_map(|it| it.budget);
        if let (Some(to), Some(limit)) = (budgets.max(), ceiling.budget) {
            now.budget = now.budget.map(|budget| budget.max(to.min(limit)));
        }
        now
    }

    /// The steps of the latest run of a job, in order.
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

    /// The latest run of a job on this cluster, completed or not.
    pub fn run_of(&self, job: &JobHash) -> Option<Run> {
        let step = self.steps_of(job).next()?;
        Some(Run {
            job: job.clone(),
            cluster: self.id.clone(),
            number: step.run,
        })
    }

    /// The jobs whose latest run on this cluster completed.
    pub fn good_runs(&self) -> impl Iterator<Item = Run> {
        let jobs: BTreeSet<&JobHash> = self.steps.iter().map(|step| &step.job).collect();
        let good = jobs.into_iter().filter(|job| self.completed(job));
        good.filter_map(|job| self.run_of(job))
    }

    /// Updates steps that are not over when their cluster ends: the running one is interrupted at
    /// that instant, pending ones are cancelled.
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

    /// Whether the job ran on this cluster and each of its steps completed, or was allowed to fail.
    pub fn completed(&self, job: &JobHash) -> bool {
        let mut steps = self.steps_of(job).peekable();
        steps.peek().is_some() && steps.all(Step::is_done)
    }
}

words! {
    /// EMR's cluster states (EMR API, ClusterState).
    pub enum ClusterState {
        /// Instances are being started.
        Starting = "STARTING",
        /// The cluster is being set up.
        Bootstrapping = "BOOTSTRAPPING",
        /// A step runs.
        Running = "RUNNING",
        /// The cluster is ready and no step runs.
        Waiting = "WAITING",
        /// The cluster is being terminated.
        Terminating = "TERMINATING",
        /// The cluster is over.
        Terminated = "TERMINATED",
        /// The cluster is over and has failed.
        TerminatedWithErrors = "TERMINATED_WITH_ERRORS",
    }
}

impl ClusterState {
    /// Whether it can still take work.
    pub const fn is_live(self) -> bool {
        matches!(
            self,
            Self::Starting | Self::Bootstrapping | Self::Running | Self::Waiting
        )
    }

    /// Whether it is over for good.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Terminated | Self::TerminatedWithErrors)
    }
}

/// Why a cluster ended, and the cause in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct End {
    /// The reason.
    pub reason: EndReason,
    /// The cause in words.
    pub message: Untrusted,
}

impl End {
    /// An end that somebody requested.
    pub fn asked(message: impl Into<Untrusted>) -> Self {
        Self {
            reason: EndReason::Request,
            message: message.into(),
        }
    }
}

words! {
    /// The reasons why clusters end.
    pub enum EndReason {
        /// All steps completed, and the stack has `when_done: terminate`.
        StepsCompleted = "steps_completed",
        /// A step failed.
        StepFailed = "step_failed",
        /// A step hung, and its job has `stuck: end`.
        Stuck = "stuck",
        /// It was idle for its idle timeout.
        IdleTimeout = "idle_timeout",
        /// It reached its maximum lifetime.
        MaxLifetime = "max_lifetime",
        /// It was about to cost more than its budget.
        Budget = "budget",
        /// Nobody followed it for the length of its lease.
        Lease = "lease",
        /// Off hours began.
        OffHours = "off_hours",
        /// Its team's monthly budget is spent, and a policy ends running clusters then.
        TeamBudget = "team_budget",
        /// It did not start within the time that its policy allows.
        StartTimeout = "start_timeout",
        /// A foreign cluster was forgotten, and a policy ends forgotten ones.
        Forgotten = "forgotten",
        /// Somebody requested it: `destroy`, a replacement, Ctrl-C.
        Request = "request",
        /// It is not over: its adoption was released, and its cost is no longer counted.
        Released = "released",
        /// The process or machine that ran it disappeared.
        Lost = "lost",
        /// It could not start, or broke.
        Failure = "failure",
    }
}

impl EndReason {
    /// Whether a guardrail ended it, not its work or a person.
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
}
