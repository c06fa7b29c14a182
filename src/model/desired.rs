//! The desired state: the stack with every choice made. It contains no path of this machine except
//! files to upload. `plan::expand` makes it.

use super::bootstrap::BootstrapSpec;
use super::emr_settings::EmrSettings;
use super::instance::{InstanceType, Nodes};
use super::instance_fleet::Scaling;
use super::instance_span::Role;
use super::memory::Memory;
use super::name::{JobHash, KeyPairName, StackName, StepName, TeamName};
use super::network::{ClusterKey, ClusterNetwork, GroupRef};
use super::policy::Override;
use super::rates::Rates;
use super::recorded_budget::RecordedBudget;
use super::relative::{FileName, RelativePath};
use super::release::Release;
use super::retry::StepAttempt;
use super::root_volume::RootVolume;
use super::sample::Sampling;
use super::span::Span;
use super::stack::{self, Guardrails, InstanceGroup, Market, SecurityGroup};
use super::stuck::OnStuck;
use super::work::{OnFailure, Submission, Work};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// The desired state of a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desired {
    /// The stack.
    pub stack: StackName,
    /// Key pairs to have.
    pub key_pairs: Vec<KeyPairSpec>,
    /// Security groups to have.
    pub security_groups: Vec<SecurityGroup>,
    /// Objects to have in the bucket.
    pub objects: Vec<Object>,
    /// The cluster.
    pub cluster: ClusterSpec,
    /// The job, if the stack has one.
    pub job: Option<JobSpec>,
    /// Whether the target can change the counts of a living cluster.
    pub elastic: bool,
}

/// A key pair to have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct KeyPairSpec {
    /// Its name.
    pub name: KeyPairName,
    /// The user's own public key in OpenSSH's format; `None` if clusterup creates the pair.
    pub public_key: Option<String>,
}

/// A file that must be in the bucket under `key`, which contains the content's hash.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
pub struct Object {
    /// The key in the bucket.
    pub key: String,
    /// The file on this machine.
    pub from: PathBuf,
    /// The size of the whole file in bytes, before sampling.
    pub bytes: u64,
    /// The SHA-256 of the whole file, in lower-case hexadecimal digits.
    pub sha256: String,
    /// The CRC-32 of the whole file (ISO 3309).
    #[serde(skip)]
    pub crc32: u32,
    /// How its lines are sampled; `None` to stage all of it.
    pub sample: Option<Sampling>,
}

/// A cluster to create. Equal specs need no change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ClusterSpec {
    /// The release as the stack writes it.
    pub release: Release,
    /// The label that a release such as `emr-7.x` stands for, if the target has labels.
    pub label: Option<String>,
    /// The team that pays.
    pub team: Option<TeamName>,
    /// The user's own tags.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// The size in words such as `3 x m5.xlarge`.
    pub size: String,
    /// The instances by role.
    pub groups: InstanceGroups,
    /// The number of workers.
    pub workers: u16,
    /// The memory and cores of each worker.
    pub worker: Worker,
    /// The key pair for SSH.
    pub key_pair: Option<ClusterKey>,
    /// Additional security groups of the primary node.
    pub security_groups: Vec<GroupRef>,
    /// Its subnet, the groups that EMR manages, and how people log in.
    #[serde(default, skip_serializing_if = "ClusterNetwork::is_default")]
    pub network: ClusterNetwork,
    /// EMR's own settings.
    #[serde(default, skip_serializing_if = "EmrSettings::is_empty")]
    pub emr: EmrSettings,
    /// Scripts that run on each node before the applications are installed, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bootstrap: Vec<BootstrapSpec>,
    /// How many steps run at the same time (StepConcurrencyLevel).
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub step_concurrency: u16,
    /// Whether the stack asks for EMR's termination protection.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub termination_protection: bool,
    /// Packages that pip installs on every node.
    pub python_packages: Vec<String>,
    /// The guardrails.
    pub guardrails: Guardrails,
    /// The rates, recorded at creation; `None` if prices are unknown.
    #[serde(default)]
    pub rates: Option<Rates>,
    /// How long it may be charged after its end is requested.
    pub ending: Span,
    /// Who overrode a policy for it, and why.
    #[serde(default)]
    pub overridden: Option<Override>,
    /// The monthly budgets that it counts against; empty if its team has none, and for a cluster of
    /// an older clusterup.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub budgets: Vec<RecordedBudget>,
}

/// Instance groups by role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct InstanceGroups {
    /// The primary node.
    pub primary: InstanceGroup,
    /// The core nodes, if any.
    pub core: Option<InstanceGroup>,
    /// The task nodes, if any.
    pub task: Option<InstanceGroup>,
    /// How EMR scales core and task nodes; `None` for fixed counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scaling: Option<Scaling>,
    /// The root volume of each node; `None` for EMR's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_volume: Option<RootVolume>,
}

const fn one() -> u16 {
    1
}

const fn is_one(number: &u16) -> bool {
    *number == 1
}

impl InstanceGroups {
    /// A single on-demand primary node.
    pub fn single(instance_type: InstanceType) -> Self {
        let nodes = Nodes {
            count: 1,
            instance_type,
        };
        Self {
            primary: InstanceGroup::of_type(nodes, Market::OnDemand, None),
            core: None,
            task: None,
            scaling: None,
            root_volume: None,
        }
    }

    /// The groups of a stack's cluster.
    pub fn of(cluster: &stack::Cluster) -> Self {
        Self {
            primary: cluster.primary.clone(),
            core: cluster.core.clone(),
            task: cluster.task.clone(),
            scaling: cluster.scaling,
            root_volume: cluster.root_volume,
        }
    }

    /// The existing groups, the primary first.
    pub fn iter(&self) -> impl Iterator<Item = &InstanceGroup> {
        self.by_role().map(|(_, group)| group)
    }

    /// The same with their roles.
    pub fn by_role(&self) -> impl Iterator<Item = (Role, &InstanceGroup)> {
        let all = Role::ALL.into_iter();
        all.filter_map(|role| Some((role, self.of_role(role)?)))
    }

    /// The group of a role, if there is one.
    pub const fn of_role(&self, role: Role) -> Option<&InstanceGroup> {
        match role {
            Role::Primary => Some(&self.primary),
            Role::Core => self.core.as_ref(),
            Role::Task => self.task.as_ref(),
        }
    }

    /// Whether EMR chooses the types of instances or changes their number, so that a cluster's cost
    /// depends on what there really is.
    pub fn varies(&self) -> bool {
        self.scaling.is_some() || self.has_fleets()
    }

    /// Whether a role is bought as a fleet. Then EMR has fleets for all roles.
    pub fn has_fleets(&self) -> bool {
        self.iter().any(|group| group.fleet.is_some())
    }

    /// Whether it may have Spot instances.
    pub fn has_spot(&self) -> bool {
        self.iter().any(|group| match &group.fleet {
            Some(fleet) => fleet.spot > 0,
            None => group.market == Market::Spot,
        })
    }

    /// The size in words: `3 x m5.xlarge` if all nodes are alike.
    pub fn size(&self) -> String {
        let one = self.primary.instance_type();
        if !self.has_fleets() && self.iter().all(|group| group.instance_type() == one) {
            let count: u16 = self.iter().map(|group| group.nodes.count).sum();
            return format!("{count} x {one}");
        }
        self.iter()
            .map(|group| match &group.fleet {
                Some(fleet) => format!("fleet of {fleet}"),
                None => group.nodes.to_string(),
            })
            .collect::<Vec<_>>()
            .join(" + ")
    }
}

/// The capacity of one core node for Spark: YARN's memory (EMR), or the worker's (this machine).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Worker {
    /// Memory for executors and their overhead.
    pub memory: Memory,
    /// The number of cores.
    pub cores: u32,
}

/// A job to run: its steps in order, and the hash that identifies it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct JobSpec {
    /// The hash of what the job computes.
    pub hash: JobHash,
    /// The steps in order.
    pub steps: Vec<StepSpec>,
    /// The bucket's folder for `${results}`.
    pub results_key: RelativePath,
    /// The bucket's folder for `${scratch}`.
    pub scratch_key: RelativePath,
    /// What an earlier run has left there that this one needs; the rest is removed before it begins.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub kept: BTreeSet<FileName>,
    /// How many of its steps run at the same time. With more than one, no step waits for another,
    /// and a failed one stops no other.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub at_once: u16,
    /// What happens when one of its steps hangs.
    #[serde(default, skip_serializing_if = "OnStuck::is_report")]
    pub on_stuck: OnStuck,
}

/// One step; paths are locations as the cluster sees them. An older clusterup wrote steps with a
/// script alone, as they are still written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct StepSpec {
    /// The step's name.
    pub name: StepName,
    /// What it does.
    #[serde(flatten)]
    pub work: Work<String, String>,
    /// The arguments of what it runs.
    pub args: Vec<String>,
    /// The memory of each executor.
    pub executor_memory: Memory,
    /// Spark's settings by name.
    pub conf: BTreeMap<String, String>,
    /// What spark-submit gets besides.
    #[serde(default, skip_serializing_if = "Submission::is_empty")]
    pub submission: Submission<String>,
    /// What happens to the job when it fails.
    #[serde(default, skip_serializing_if = "OnFailure::is_stop")]
    pub on_failure: OnFailure,
    /// What a retry changes of it; `None` in a first attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<StepAttempt>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_of_an_older_clusterup_is_read_and_written_as_it_was() {
        let old = r#"{"name":"one","script":"/x/job.py","args":["a",""],"executor_memory":"1g","conf":{"spark.x":"1"}}"#;
        let step: StepSpec = serde_json::from_str(old).unwrap();
        assert_eq!(step.work, Work::Script("/x/job.py".to_owned()));
        assert!(step.submission.is_empty() && step.on_failure.is_stop());
        assert_eq!(serde_json::to_string(&step).unwrap(), old);
    }

    #[test]
    fn steps_of_every_kind_are_read_back() {
        let text = |text: &str| text.to_owned();
        let jar = |class: Option<&str>| Work::Jar {
            file: text("a.jar"),
            class: class.map(text),
        };
        let copy = Work::Copy {
            from: text("a"),
            to: text("b"),
        };
        let command = Work::Command(vec![text("a"), text("")]);
        for work in [
            jar(None),
            jar(Some("A")),
            Work::Sql(text("a")),
            Work::Hive(text("a")),
            command,
            Work::Shell(text("a")),
            copy,
        ] {
            let step = StepSpec {
                name: "one".parse().unwrap(),
                work,
                args: vec![text("x")],
                executor_memory: Memory::from_mib(512),
                conf: BTreeMap::new(),
                submission: Submission {
                    py_files: vec![text("a.py")],
                    executors: Some(2),
                    ..Submission::default()
                },
                on_failure: OnFailure::Continue,
                attempt: None,
            };
            let written = serde_json::to_string(&step).unwrap();
            assert_eq!(serde_json::from_str::<StepSpec>(&written).unwrap(), step);
        }
    }
}
