//! Why a step or a cluster failed.

use super::fix::Fix;
use super::shown::Untrusted;
use super::words::words;
use serde::{Deserialize, Serialize};

/// The cause of a failure, with what shows it and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Diagnosis {
    /// The id of the rule that found it, such as `executor-heap`; `None` if no rule fits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The cause in one sentence.
    pub cause: Untrusted,
    /// Its class.
    pub class: FailureClass,
    /// Who failed; `None` if that is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<FailureOwner>,
    /// How certain the cause is.
    pub confidence: Confidence,
    /// The lines that show it, most important first.
    #[serde(default)]
    pub evidence: Vec<EvidenceLine>,
    /// What followed from it, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consequences: Vec<Untrusted>,
    /// What fixes it, best first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remedies: Vec<Remedy>,
    /// The same for the stack that failed, best first; none where the stack is not at hand.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "Fix::read_back"
    )]
    pub fixes: Vec<Fix>,
}

impl Diagnosis {
    /// Whether a cause was found.
    pub fn is_known(&self) -> bool {
        self.confidence != Confidence::Unknown
    }
}

/// A line of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct EvidenceLine {
    /// The log's name, such as `steps/01-load/stderr`.
    pub log: Untrusted,
    /// The line's number from 1, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// The line.
    pub text: Untrusted,
}

words! {
    /// The class of a failure. `job.retry` names some of them.
    pub enum FailureClass {
        /// A process ran out of memory, or was killed because of its memory.
        OutOfMemory = "out_of_memory",
        /// An executor was lost for another reason.
        ExecutorLost = "executor_lost",
        /// AWS took a Spot instance back.
        SpotLost = "spot_lost",
        /// A disk is full or broken.
        Disk = "disk",
        /// A result, a record or a table is too big for a limit of Spark.
        TooBig = "too_big",
        /// The program itself is wrong.
        Program = "program",
        /// A package, a jar or an interpreter is missing or has the wrong version.
        Dependency = "dependency",
        /// A path is wrong, or the data are not as the program expects.
        Data = "data",
        /// A right is missing.
        Access = "access",
        /// A setting is wrong.
        Settings = "settings",
        /// AWS or YARN has no capacity, or a quota is reached.
        Capacity = "capacity",
        /// The network, or a service that did not answer.
        Network = "network",
        /// A bootstrap action failed.
        Bootstrap = "bootstrap",
        /// No rule fits.
        Unknown = "unknown",
    }
}

words! {
    /// Who failed.
    pub enum FailureOwner {
        /// The driver: the program itself, or its JVM.
        Driver = "driver",
        /// An executor's JVM.
        Executor = "executor",
        /// A Python process beside an executor.
        PythonWorker = "python_worker",
        /// The application master.
        ApplicationMaster = "application_master",
        /// A node.
        Node = "node",
        /// A bootstrap action.
        Bootstrap = "bootstrap",
        /// The AWS account: roles, rights, quotas, capacity.
        Account = "account",
    }
}

words! {
    /// How certain a cause is, from the least to the most.
    pub enum Confidence {
        /// No rule fits.
        Unknown = "unknown",
        /// A guess.
        Low = "low",
        /// Probably right.
        Likely = "likely",
        /// The logs say so.
        Certain = "certain",
    }
}

/// What fixes a failure. `plan` turns it into settings of the stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Remedy {
    /// More memory for executors, up to what a node gives; beyond that, fewer cores for each.
    ExecutorMemory,
    /// More memory beside the heap of executors, for Python and native code.
    ExecutorOverhead,
    /// More memory for the Python workers of an executor, if the step limits it.
    PythonMemory,
    /// Smaller executors: they do not fit on a node.
    SmallerExecutors,
    /// More memory for the driver.
    DriverMemory,
    /// A setting of Spark. `value` is `None` to remove the setting.
    Conf {
        /// Its name.
        key: String,
        /// Its value.
        value: Option<String>,
    },
    /// More partitions, so that each task has less to do.
    Partitions,
    /// A Python package that the nodes lack.
    PythonPackage {
        /// The name that the program imports.
        module: Untrusted,
    },
    /// A package of Maven that spark-submit downloads, or a format that the release brings.
    SparkPackage {
        /// The data source or class that is missing.
        source: Untrusted,
    },
    /// A larger volume for each node.
    Disk,
    /// More nodes, or larger ones.
    Size,
    /// On-demand core nodes instead of Spot.
    OnDemand,
    /// Another instance type.
    OtherType,
    /// Another availability zone.
    OtherZone,
    /// A line of the program to remove.
    DropLine {
        /// The program's file.
        file: Untrusted,
        /// The line, from 1.
        line: u64,
    },
    /// A line of the program to change.
    ChangeLine {
        /// The program's file, if it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        file: Option<Untrusted>,
        /// The line, from 1, if it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        line: Option<u64>,
        /// What to change, in one sentence.
        change: String,
    },
    /// A right for a role.
    Grant {
        /// The actions of IAM, such as `s3:GetObject`.
        actions: Vec<String>,
        /// On what, such as `s3://bucket/path`, if it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resource: Option<Untrusted>,
    },
    /// `apply --create-roles`.
    CreateRoles,
    /// A larger quota of the account.
    Quota,
    /// The same command again.
    RunAgain,
}
