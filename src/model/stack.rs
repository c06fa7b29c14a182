//! The stack: what a person asked for, typed, with defaults filled in and every reference resolved
//! to something that is there. `text` makes it; paths are joined to the stack file's folder.

use super::cidr::Cidr;
use super::emr_settings::EmrSettings;
use super::hours::OffHours;
use super::instance::{InstanceType, Nodes};
use super::memory::Memory;
use super::money::Usd;
use super::name::{DataName, GroupName, KeyPairName, Region, StackName, StepName, TeamName};
use super::release::Release;
use super::span::Span;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stack {
    pub name: StackName,
    pub team: Option<TeamName>,
    /// Tags of the user's own, on the cluster and its instances.
    pub tags: BTreeMap<String, String>,
    pub region: Region,
    pub key_pairs: Vec<KeyPair>,
    pub security_groups: Vec<SecurityGroup>,
    pub data: BTreeMap<DataName, Data>,
    pub cluster: Cluster,
    pub job: Option<Job>,
    pub guardrails: Guardrails,
}

/// A key pair: made on this machine unless `public_key` names a file of the user's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyPair {
    pub name: KeyPairName,
    pub public_key: Option<PathBuf>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityGroup {
    pub name: GroupName,
    pub ingress: Vec<Ingress>,
}

/// One opening: TCP `port` from `from`. A range as wide as the world is refused by `text` unless
/// the stack says `anywhere: true` beside it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Ingress {
    pub port: u16,
    pub from: IngressSource,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IngressSource {
    /// This machine's public address, looked up when it is needed.
    Caller,
    Range(Cidr),
    /// As it is seen, never as a stack says it: this machine's address, whether it is open for
    /// `caller` or as a range.
    Here(Cidr),
    /// As it is seen: another caller's address, which is theirs to close.
    Other(Cidr),
}

/// A data set under `data:`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Data {
    pub source: Source,
    /// Whether `--sample` may take a part of it; lookup tables say `sampled: false`.
    pub sampled: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A file of this machine.
    Path(PathBuf),
    /// A file behind http(s), or `member` of the zip archive there. `sha256` is that of the data
    /// itself (of the member, where there is one), in lower-case hexadecimal digits.
    Url {
        url: String,
        member: Option<String>,
        sha256: Option<String>,
    },
    /// Already in S3, and used from there.
    S3(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cluster {
    pub release: Release,
    pub primary: InstanceGroup,
    /// None for a cluster of one node, which does the work itself.
    pub core: Option<InstanceGroup>,
    pub task: Option<InstanceGroup>,
    pub key_pair: Option<KeyPairName>,
    pub security_groups: Vec<GroupName>,
    #[serde(skip_serializing_if = "EmrSettings::is_empty")]
    pub emr: EmrSettings,
}

/// Instances of one role. The primary has a count of 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceGroup {
    pub nodes: Nodes,
    pub market: Market,
    pub ebs: Option<Ebs>,
}

impl InstanceGroup {
    pub fn instance_type(&self) -> &InstanceType {
        &self.nodes.instance_type
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Market {
    OnDemand,
    Spot,
}

/// Data volumes of each instance in a group; none named means EMR's default for the type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ebs {
    pub kind: VolumeKind,
    pub size: Memory,
    pub volumes: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VolumeKind {
    Gp2,
    Gp3,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Job {
    pub python_packages: Vec<String>,
    pub steps: Vec<Step>,
    /// Where results are brought home to; none leaves them in the bucket.
    pub results: Option<PathBuf>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    pub name: StepName,
    pub script: PathBuf,
    pub args: Vec<Arg>,
    pub spark: SparkOptions,
}

/// One argument of a step: pieces of text and references, in order.
pub type Arg = Vec<Piece>;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Piece {
    Text(String),
    /// `${data.NAME}`: where that data set lies for the cluster.
    Data(DataName),
    /// `${results}`: the folder that is brought home when the job ends.
    Results,
    /// `${scratch}`: a folder for what steps hand to each other; it is not brought home.
    Scratch,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct SparkOptions {
    /// None is `auto`: what suits the instance type.
    pub executor_memory: Option<Memory>,
    pub conf: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guardrails {
    pub idle_timeout: Span,
    pub max_lifetime: Span,
    pub budget: Option<Usd>,
    /// A cluster that nobody follows ends so long after somebody last did.
    #[serde(default)]
    pub lease: Option<Span>,
    /// Several where policies have theirs besides.
    #[serde(default)]
    pub off_hours: Vec<OffHours>,
    /// How far `extend` may move the others.
    #[serde(default)]
    pub ceiling: Ceiling,
    pub when_done: WhenDone,
}

/// The most that a deadline may be moved to while a cluster lives; none is not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Ceiling {
    pub max_lifetime: Option<Span>,
    pub budget: Option<Usd>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenDone {
    Terminate,
    Keep,
}

impl Guardrails {
    /// EMR's auto-termination policy knows 60 seconds to 7 days (EMR API, AutoTerminationPolicy).
    pub const IDLE_MIN: Span = Span::from_secs(60);
    pub const IDLE_MAX: Span = Span::from_secs(7 * 86_400);
}

impl Default for Guardrails {
    /// A stack that says nothing still cannot be forgotten.
    fn default() -> Self {
        Self {
            idle_timeout: Span::from_secs(600),
            max_lifetime: Span::from_secs(2 * 3_600),
            budget: None,
            lease: None,
            off_hours: Vec::new(),
            ceiling: Ceiling::default(),
            when_done: WhenDone::Terminate,
        }
    }
}
