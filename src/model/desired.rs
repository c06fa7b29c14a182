//! What should be there: the stack with every choice made, and no location of this machine in it
//! but the files to send. `plan::expand` makes it.

use super::emr_settings::EmrSettings;
use super::instance::{InstanceType, Nodes};
use super::memory::Memory;
use super::name::{GroupName, JobHash, KeyPairName, StackName, StepName, TeamName};
use super::policy::Override;
use super::rates::Rates;
use super::recorded_budget::RecordedBudget;
use super::relative::RelativePath;
use super::release::Release;
use super::sample::Sample;
use super::span::Span;
use super::stack::{self, Guardrails, InstanceGroup, Market, SecurityGroup};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desired {
    pub stack: StackName,
    pub key_pairs: Vec<KeyPairSpec>,
    pub security_groups: Vec<SecurityGroup>,
    pub objects: Vec<Object>,
    pub cluster: ClusterSpec,
    pub job: Option<JobSpec>,
    /// Whether the target can change the counts of a living cluster.
    pub elastic: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyPairSpec {
    pub name: KeyPairName,
    /// The user's own public half in OpenSSH's form; none means that we make the pair.
    pub public_key: Option<String>,
}

/// A file that must be in the bucket under `key`, which holds the content's hash.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Object {
    pub key: String,
    pub from: PathBuf,
    /// Of the file, before a sample is taken of it.
    pub bytes: u64,
    /// The share of its lines that is staged; none is all of it.
    pub sample: Option<Sample>,
}

/// A cluster to make. Equal specs mean that nothing has to change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterSpec {
    pub release: Release,
    /// The label that a release of a line stands for, where the target knows one.
    pub label: Option<String>,
    /// Who pays.
    pub team: Option<TeamName>,
    /// The user's own tags.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// In words such as `3 x m5.xlarge`, for people.
    pub size: String,
    pub groups: InstanceGroups,
    pub workers: u16,
    pub worker: Worker,
    pub key_pair: Option<KeyPairName>,
    pub security_groups: Vec<GroupName>,
    #[serde(default, skip_serializing_if = "EmrSettings::is_empty")]
    pub emr: EmrSettings,
    pub python_packages: Vec<String>,
    pub guardrails: Guardrails,
    /// Its prices, frozen when it is made; none where they are not known.
    #[serde(default)]
    pub rates: Option<Rates>,
    /// How long it may be charged for after its end was asked for.
    pub ending: Span,
    /// Where a policy would not have had it.
    #[serde(default)]
    pub overridden: Option<Override>,
    /// The monthly budgets that it counts against; nothing where no policy gave its team one, and
    /// of a cluster that an older clusterup made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub budgets: Vec<RecordedBudget>,
}

/// Instances by role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceGroups {
    pub primary: InstanceGroup,
    pub core: Option<InstanceGroup>,
    pub task: Option<InstanceGroup>,
}

impl InstanceGroups {
    /// One primary alone, on demand.
    pub fn single(instance_type: InstanceType) -> Self {
        let nodes = Nodes {
            count: 1,
            instance_type,
        };
        Self {
            primary: InstanceGroup {
                nodes,
                market: Market::OnDemand,
                ebs: None,
            },
            core: None,
            task: None,
        }
    }

    /// Those that a stack asks for.
    pub fn of(cluster: &stack::Cluster) -> Self {
        Self {
            primary: cluster.primary.clone(),
            core: cluster.core.clone(),
            task: cluster.task.clone(),
        }
    }

    /// Those that there are, the primary first.
    pub fn iter(&self) -> impl Iterator<Item = &InstanceGroup> {
        [Some(&self.primary), self.core.as_ref(), self.task.as_ref()]
            .into_iter()
            .flatten()
    }

    /// As people write it: `3 x m5.xlarge` where all nodes are alike.
    pub fn size(&self) -> String {
        let one = self.primary.instance_type();
        if self.iter().all(|group| group.instance_type() == one) {
            let count: u16 = self.iter().map(|group| group.nodes.count).sum();
            return format!("{count} x {one}");
        }
        self.iter()
            .map(|group| group.nodes.to_string())
            .collect::<Vec<_>>()
            .join(" + ")
    }
}

/// What one core node gives to Spark: YARN's memory (EMR) or the worker's (this machine).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worker {
    pub memory: Memory,
    pub cores: u32,
}

/// A job to run: its steps, in order, and the hash that says which job it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobSpec {
    pub hash: JobHash,
    pub steps: Vec<StepSpec>,
    /// The bucket's folder behind `${results}`.
    pub results_key: RelativePath,
    /// The bucket's folder behind `${scratch}`.
    pub scratch_key: RelativePath,
}

/// One `spark-submit`: paths are locations as the cluster sees them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepSpec {
    pub name: StepName,
    pub script: String,
    pub args: Vec<String>,
    pub executor_memory: Memory,
    pub conf: BTreeMap<String, String>,
}
