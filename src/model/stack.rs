//! A stack: parsed, with defaults and with every reference resolved. `text` makes it; paths are
//! joined to the folder of the stack's file.

use super::bootstrap::Bootstrap;
use super::cidr::Cidr;
use super::emr_settings::EmrSettings;
use super::hours::OffHours;
use super::instance::{InstanceType, Nodes};
use super::instance_fleet::{Fleet, FleetType, Scaling};
use super::memory::Memory;
use super::money::Usd;
use super::name::{DataName, GroupName, KeyPairName, Region, StackName, StepName, TeamName, VpcId};
use super::network::{ClusterKey, GroupRef, Network};
use super::release::Release;
use super::retry::Retry;
use super::root_volume::RootVolume;
use super::span::Span;
use super::stuck::OnStuck;
use super::words::words;
use super::work::{OnFailure, StepFile, Work};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

pub use super::spark_options::{AutoSizes, SparkOptions};

/// A stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Stack {
    /// Its name.
    pub name: StackName,
    /// The team that pays.
    pub team: Option<TeamName>,
    /// The user's own tags, on the cluster and its instances.
    pub tags: BTreeMap<String, String>,
    /// The AWS region.
    pub region: Region,
    /// Key pairs for SSH.
    pub key_pairs: Vec<KeyPair>,
    /// Security groups of the primary node.
    pub security_groups: Vec<SecurityGroup>,
    /// Data sets by name.
    pub data: BTreeMap<DataName, Data>,
    /// The cluster.
    pub cluster: Cluster,
    /// The job; `None` for a cluster without one.
    pub job: Option<Job>,
    /// What ends the cluster.
    pub guardrails: Guardrails,
}

/// A key pair, created on this machine unless `public_key` names a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct KeyPair {
    /// Its name.
    pub name: KeyPairName,
    /// The file with an existing public key in OpenSSH's format.
    pub public_key: Option<PathBuf>,
}

/// A security group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SecurityGroup {
    /// Its name.
    pub name: GroupName,
    /// Its ingress rules.
    pub ingress: Vec<Ingress>,
    /// The VPC of the cluster's subnet, if the stack names one; `None` for the default VPC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vpc: Option<VpcId>,
}

/// An ingress rule: TCP `port` from `from`. `text` rejects a range that includes every address
/// unless the stack has `anywhere: true`.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct Ingress {
    /// The TCP port.
    pub port: u16,
    /// The source of connections.
    pub from: IngressSource,
}

/// A source of connections.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum IngressSource {
    /// This machine's public address, which is looked up when it is needed.
    Caller,
    /// A range of addresses.
    Range(Cidr),
    /// Observed, never in a stack: this machine's address, whether it is open for `caller` or as a
    /// range.
    Here(Cidr),
    /// Observed, never in a stack: another caller's address, which that caller closes.
    Other(Cidr),
}

/// A data set under `data:`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Data {
    /// Where it is.
    pub source: Source,
    /// Whether `--sample` may take a part of it; lookup tables have `sampled: false`.
    pub sampled: bool,
    /// Whether its first line names the columns and stays in a sample; `None` to decide by the file's
    /// name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<bool>,
}

/// The place of a data set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A file on this machine.
    Path(PathBuf),
    /// A file behind http(s), or a member of the zip archive there.
    Url {
        /// The address of the file or archive.
        url: String,
        /// The path of the file in the archive.
        member: Option<String>,
        /// The SHA-256 of the data (of the member, if there is one), in lower-case hexadecimal
        /// digits.
        sha256: Option<String>,
    },
    /// An object in S3, which is read in place.
    S3(String),
}

/// A stack's cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Cluster {
    /// The EMR release.
    pub release: Release,
    /// The primary node.
    pub primary: InstanceGroup,
    /// `None` for a cluster of one node, which does the work itself.
    pub core: Option<InstanceGroup>,
    /// The task nodes, if any.
    pub task: Option<InstanceGroup>,
    /// The key pair for SSH.
    pub key_pair: Option<ClusterKey>,
    /// The security groups of the primary node.
    pub security_groups: Vec<GroupRef>,
    /// Its subnet, the groups that EMR manages, and how people log in.
    #[serde(skip_serializing_if = "Network::is_default")]
    pub network: Network,
    /// EMR's own settings.
    #[serde(skip_serializing_if = "EmrSettings::is_empty")]
    pub emr: EmrSettings,
    /// How EMR scales core and task nodes; `None` for fixed counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scaling: Option<Scaling>,
    /// The root volume of each node; `None` for EMR's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root_volume: Option<RootVolume>,
    /// Scripts that run on each node before the applications are installed, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bootstrap: Vec<Bootstrap>,
    /// How many steps run at the same time; `None` for one after the other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_concurrency: Option<u16>,
    /// Whether EMR refuses to end the cluster until the protection is lifted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub termination_protection: bool,
}

/// The instances of one role. The primary has a count of 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct InstanceGroup {
    /// The number of instances and their type. Of a fleet, as many of its first type as fill its
    /// targets.
    pub nodes: Nodes,
    /// How they are bought.
    pub market: Market,
    /// The most that EMR pays for a Spot instance, in dollars per hour; `None` for the on-demand
    /// price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bid: Option<Usd>,
    /// Their data volumes; `None` for EMR's default.
    pub ebs: Option<Ebs>,
    /// How they are bought as a fleet; `None` for instances of one type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fleet: Option<Fleet>,
}

impl InstanceGroup {
    /// Instances of one type.
    pub const fn of_type(nodes: Nodes, market: Market, ebs: Option<Ebs>) -> Self {
        Self {
            nodes,
            market,
            bid: None,
            ebs,
            fleet: None,
        }
    }

    /// The types that its instances can have: a fleet's, or its own.
    pub fn instance_types(&self) -> Vec<&InstanceType> {
        match &self.fleet {
            Some(fleet) => fleet.types.iter().map(|of| &of.instance_type).collect(),
            None => vec![self.instance_type()],
        }
    }

    /// As a fleet: its own, or one of its one type.
    pub fn as_fleet(&self) -> Fleet {
        if let Some(fleet) = &self.fleet {
            return fleet.clone();
        }
        let count = self.nodes.count;
        let (on_demand, spot) = match self.market {
            Market::OnDemand => (count, 0),
            Market::Spot => (0, count),
        };
        Fleet {
            types: vec![FleetType {
                instance_type: self.instance_type().clone(),
                weight: 1,
            }],
            on_demand,
            spot,
            allocation: None,
            spot_timeout: None,
        }
    }

    /// Its units: the targets of a fleet, or as many as it has instances.
    pub fn units(&self) -> u16 {
        self.fleet.as_ref().map_or(self.nodes.count, Fleet::units)
    }

    /// The instance type.
    pub fn instance_type(&self) -> &InstanceType {
        &self.nodes.instance_type
    }
}

/// How instances are bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Market {
    /// On demand, at the full price.
    OnDemand,
    /// On Spot: cheaper, and AWS may reclaim them.
    Spot,
}

/// The data volumes of each instance in a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Ebs {
    /// The kind of volume.
    pub kind: VolumeKind,
    /// The size of each volume.
    pub size: Memory,
    /// The number of volumes.
    pub volumes: u16,
    /// The operations per second of each volume; `None` for those of its kind and size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iops: Option<u16>,
    /// The throughput of each volume in MiB/s; `None` for that of its kind and size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throughput: Option<u16>,
}

/// The kinds of EBS volumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VolumeKind {
    /// General purpose SSD, gp2.
    Gp2,
    /// General purpose SSD, gp3.
    Gp3,
    /// Throughput optimized HDD, st1.
    St1,
}

impl VolumeKind {
    /// The name in EC2.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gp2 => "gp2",
            Self::Gp3 => "gp3",
            Self::St1 => "st1",
        }
    }
}

/// A stack's job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Job {
    /// Python packages that pip installs on every node before the first step.
    pub python_packages: Vec<String>,
    /// Where other packages come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub python: Option<Python>,
    /// The steps in order.
    pub steps: Vec<Step>,
    /// The folder that results are downloaded to; `None` leaves them in the bucket.
    pub results: Option<PathBuf>,
    /// When it runs again after a failure; `None` for never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// What happens when a step hangs.
    pub stuck: OnStuck,
}

/// Where the packages of a job's scripts come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Python {
    /// A file of requirements on this machine.
    Requirements(PathBuf),
    /// Packages, as in `python_packages`.
    Packages(Vec<String>),
    /// A packed environment, whose Python runs the scripts.
    Archive(StepFile),
}

impl Job {
    /// The packages that the stack itself names.
    pub fn packages(&self) -> impl Iterator<Item = &String> {
        let more = match &self.python {
            Some(Python::Packages(packages)) => packages.as_slice(),
            Some(Python::Requirements(_) | Python::Archive(_)) | None => &[],
        };
        self.python_packages.iter().chain(more)
    }

    /// The packed environment.
    pub const fn archive(&self) -> Option<&StepFile> {
        match &self.python {
            Some(Python::Archive(archive)) => Some(archive),
            Some(Python::Requirements(_) | Python::Packages(_)) | None => None,
        }
    }
}

/// A step of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Step {
    /// Its name.
    pub name: StepName,
    /// What it does.
    #[serde(flatten)]
    pub work: Work<StepFile, Arg>,
    /// The arguments of what it runs.
    pub args: Vec<Arg>,
    /// Spark's settings for the step.
    pub spark: SparkOptions,
    /// What happens to the job when it fails.
    #[serde(skip_serializing_if = "OnFailure::is_stop")]
    pub on_failure: OnFailure,
}

impl Step {
    /// All files that it names.
    pub fn files(&self) -> impl Iterator<Item = &StepFile> {
        self.work
            .file()
            .into_iter()
            .chain(self.spark.submission.all_files())
    }
}

/// An argument of a step: texts and references, in order.
pub type Arg = Vec<Piece>;

/// A part of an argument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Piece {
    /// Text.
    Text(String),
    /// `${data.NAME}`: the location of that data set for the cluster.
    Data(DataName),
    /// `${results}`: the folder that is downloaded when the job ends.
    Results,
    /// `${scratch}`: a folder for data between steps, which is not downloaded.
    Scratch,
}

/// What ends a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Guardrails {
    /// How long the cluster may be idle.
    pub idle_timeout: Span,
    /// How long the cluster may live.
    pub max_lifetime: Span,
    /// How long it may take from its creation until it can take work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_within: Option<Span>,
    /// Dollars that it may cost.
    pub budget: Option<Usd>,
    /// The cluster ends if nobody follows it for this long.
    #[serde(default)]
    pub lease: Option<Span>,
    /// Hours in which it may not run; policies may add theirs.
    #[serde(default)]
    pub off_hours: Vec<OffHours>,
    /// How far `extend` may move the other limits.
    #[serde(default)]
    pub ceiling: Ceiling,
    /// What happens when the job is done.
    pub when_done: WhenDone,
}

/// The limits up to which a deadline may be moved while a cluster lives; `None` does not allow it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct Ceiling {
    /// The longest lifetime.
    pub max_lifetime: Option<Span>,
    /// The largest budget in dollars.
    pub budget: Option<Usd>,
}

/// As in a stack, such as `max_lifetime: 8h, budget: $10.00`.
impl fmt::Display for Ceiling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.max_lifetime, self.budget) {
            (None, None) => f.write_str("none"),
            (Some(life), None) => write!(f, "max_lifetime: {life}"),
            (None, Some(budget)) => write!(f, "budget: {budget}"),
            (Some(life), Some(budget)) => write!(f, "max_lifetime: {life}, budget: {budget}"),
        }
    }
}

words! {
    /// What happens when the job is done.
    pub enum WhenDone {
        /// The cluster ends.
        Terminate = "terminate",
        /// The cluster stays until another guardrail ends it.
        Keep = "keep",
    }
}

impl Guardrails {
    /// The minimum of EMR's auto-termination policy: 60 seconds (EMR API, AutoTerminationPolicy).
    pub const IDLE_MIN: Span = Span::from_secs(60);
    /// The maximum of EMR's auto-termination policy: 7 days (EMR API, AutoTerminationPolicy).
    pub const IDLE_MAX: Span = Span::from_secs(7 * 86_400);

    /// Each guardrail's name and value as text, for the changes in a plan.
    pub fn rows(&self) -> [(&'static str, String); 8] {
        fn text<T: fmt::Display>(limit: Option<T>) -> String {
            limit.map_or("none".to_owned(), |limit| limit.to_string())
        }
        let off_hours = self.off_hours.iter().map(ToString::to_string);
        [
            ("idle_timeout", self.idle_timeout.to_string()),
            ("max_lifetime", self.max_lifetime.to_string()),
            ("start_within", text(self.start_within)),
            ("the budget", text(self.budget)),
            ("the lease", text(self.lease)),
            (
                "off_hours",
                text(off_hours.reduce(|all, next| format!("{all}; {next}"))),
            ),
            ("the ceiling", self.ceiling.to_string()),
            ("when_done", self.when_done.as_str().to_owned()),
        ]
    }
}

impl Default for Guardrails {
    /// The defaults ensure that no cluster is forgotten.
    fn default() -> Self {
        Self {
            idle_timeout: Span::from_secs(600),
            max_lifetime: Span::from_secs(2 * 3_600),
            start_within: None,
            budget: None,
            lease: None,
            off_hours: Vec::new(),
            ceiling: Ceiling::default(),
            when_done: WhenDone::Terminate,
        }
    }
}
