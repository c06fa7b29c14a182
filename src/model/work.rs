//! What a step of a job does: the kinds of steps, and what spark-submit gets for those that it runs.
//! A stack has them with files of this machine, a desired state with locations.

use super::memory::Memory;
use super::words::words;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// The folder of a job's packed environment in a container.
pub const ENVIRONMENT: &str = "environment";

/// The Python of a packed environment, relative to a container's folder.
pub const ENVIRONMENT_PYTHON: &str = "./environment/bin/python";

/// Spark's setting for the Python of driver and executors.
pub const PYTHON: &str = "spark.pyspark.python";

/// The work of a step, with files as `F` and texts as `T`. In JSON it is one field of the step, named
/// as the kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Work<F, T> {
    /// A Python script for spark-submit.
    Script(F),
    /// A jar for spark-submit.
    Jar {
        /// The jar.
        file: F,
        /// The class whose `main` runs; `None` for the one in the jar's manifest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        class: Option<String>,
    },
    /// A file of statements for spark-sql.
    Sql(F),
    /// A file of statements for Hive.
    Hive(F),
    /// A program and its arguments, which no shell interprets.
    Command(Vec<T>),
    /// A script that its first line or bash interprets.
    Shell(F),
    /// A copy by s3-dist-cp.
    Copy {
        /// The folder to copy.
        from: T,
        /// The folder to copy into.
        to: T,
    },
}

impl<F, T> Work<F, T> {
    /// The kind, as a stack writes it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Script(_) => "script",
            Self::Jar { .. } => "jar",
            Self::Sql(_) => "sql",
            Self::Hive(_) => "hive",
            Self::Command(_) => "command",
            Self::Shell(_) => "shell",
            Self::Copy { .. } => "copy",
        }
    }

    /// The file that it runs; `None` if it runs a program of the cluster.
    pub const fn file(&self) -> Option<&F> {
        match self {
            Self::Script(file)
            | Self::Jar { file, .. }
            | Self::Sql(file)
            | Self::Hive(file)
            | Self::Shell(file) => Some(file),
            Self::Command(_) | Self::Copy { .. } => None,
        }
    }

    /// Whether spark-submit runs it, with Spark's settings.
    pub const fn is_spark(&self) -> bool {
        matches!(self, Self::Script(_) | Self::Jar { .. } | Self::Sql(_))
    }

    /// The same work with other files and texts; `None` if one of them is unknown.
    pub fn map<G, U>(
        &self,
        mut file: impl FnMut(&F) -> Option<G>,
        mut text: impl FnMut(&T) -> Option<U>,
    ) -> Option<Work<G, U>> {
        Some(match self {
            Self::Script(script) => Work::Script(file(script)?),
            Self::Jar { file: jar, class } => Work::Jar {
                file: file(jar)?,
                class: class.clone(),
            },
            Self::Sql(sql) => Work::Sql(file(sql)?),
            Self::Hive(hive) => Work::Hive(file(hive)?),
            Self::Command(words) => Work::Command(words.iter().map(text).collect::<Option<_>>()?),
            Self::Shell(script) => Work::Shell(file(script)?),
            Self::Copy { from, to } => Work::Copy {
                from: text(from)?,
                to: text(to)?,
            },
        })
    }
}

/// A file of a step as a stack names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum StepFile {
    /// A file or folder on this machine, which is staged.
    Local(PathBuf),
    /// A file that the cluster reads: `s3://…`, `hdfs:///…`, or `local:///…` on each of its nodes.
    Remote(String),
}

/// The scheme of a file on each node of the cluster (Spark, "Advanced Dependency Management").
pub const ON_NODE: &str = "local://";

impl StepFile {
    /// The path, if it is on this machine.
    pub const fn local(&self) -> Option<&PathBuf> {
        match self {
            Self::Local(path) => Some(path),
            Self::Remote(_) => None,
        }
    }
}

/// The path or address.
impl fmt::Display for StepFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(path) => write!(f, "{}", path.display()),
            Self::Remote(address) => f.write_str(address),
        }
    }
}

/// A file that Spark puts into the working folder of each executor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LinkedFile<F> {
    /// The file.
    pub file: F,
    /// Its name there, which a stack writes after `#`; `None` for its own name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// As Spark takes it: `FILE#NAME`.
impl<F: fmt::Display> fmt::Display for LinkedFile<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.link {
            Some(link) => write!(f, "{}#{link}", self.file),
            None => write!(f, "{}", self.file),
        }
    }
}

words! {
    /// Where the driver of a step runs.
    #[derive(Default)]
    pub enum DeployMode {
        /// On the primary, so that its output is the step's.
        #[default]
        Client = "client",
        /// In a container of YARN.
        Cluster = "cluster",
    }
}

words! {
    /// What happens to a job when a step fails.
    #[derive(Default)]
    pub enum OnFailure {
        /// The later steps do not run.
        #[default]
        Stop = "stop",
        /// The later steps run, and the job can succeed.
        Continue = "continue",
    }
}

impl OnFailure {
    /// Whether it is the default.
    pub fn is_stop(&self) -> bool {
        *self == Self::Stop
    }
}

/// A number that a stack gives, or leaves to the planner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NumberOrAuto {
    /// `auto`.
    Auto,
    /// The number.
    Given(u16),
}

impl NumberOrAuto {
    /// The number, if the stack gives it.
    pub const fn given(self) -> Option<u16> {
        match self {
            Self::Auto => None,
            Self::Given(number) => Some(number),
        }
    }
}

/// What spark-submit gets besides the memory of executors and Spark's own settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(
    default = "Submission::<F>::default",
    bound(deserialize = "F: Deserialize<'de>")
)]
pub struct Submission<F> {
    /// Where the driver runs.
    #[serde(skip_serializing_if = "is_default")]
    pub deploy_mode: DeployMode,
    /// Python modules, zip archives and packages that the step imports.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub py_files: Vec<F>,
    /// Files in the working folder of each executor.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<LinkedFile<F>>,
    /// Archives that are unpacked there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub archives: Vec<LinkedFile<F>>,
    /// Jars on the class path of driver and executors.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub jars: Vec<F>,
    /// Packages of Maven, `GROUP:ARTIFACT:VERSION`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<String>,
    /// The number of executors; `None` for as many as fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub executors: Option<u16>,
    /// The cores of each executor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub executor_cores: Option<u16>,
    /// The memory of the driver.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver_memory: Option<Memory>,
    /// Environment variables of driver and executors.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl<F> Default for Submission<F> {
    fn default() -> Self {
        Self {
            deploy_mode: DeployMode::default(),
            py_files: Vec::new(),
            files: Vec::new(),
            archives: Vec::new(),
            jars: Vec::new(),
            packages: Vec::new(),
            executors: None,
            executor_cores: None,
            driver_memory: None,
            env: BTreeMap::new(),
        }
    }
}

impl<F: PartialEq> Submission<F> {
    /// Whether a stack wrote none of it.
    pub fn is_empty(&self) -> bool {
        is_default(self)
    }
}

impl<F: Clone> Submission<F> {
    /// All files that it names.
    pub fn all_files(&self) -> impl Iterator<Item = &F> {
        let linked = self.files.iter().chain(&self.archives);
        let plain = self.py_files.iter().chain(&self.jars);
        plain.chain(linked.map(|linked| &linked.file))
    }

    /// The same with other files; `None` if one of them is unknown.
    pub fn map<G>(&self, mut file: impl FnMut(&F) -> Option<G>) -> Option<Submission<G>> {
        let mut linked = |all: &[LinkedFile<F>]| -> Option<Vec<LinkedFile<G>>> {
            let one = |one: &LinkedFile<F>| {
                Some(LinkedFile {
                    file: file(&one.file)?,
                    link: one.link.clone(),
                })
            };
            all.iter().map(one).collect()
        };
        let (files, archives) = (linked(&self.files)?, linked(&self.archives)?);
        let mut plain = |all: &[F]| all.iter().map(&mut file).collect::<Option<Vec<G>>>();
        Some(Submission {
            deploy_mode: self.deploy_mode,
            py_files: plain(&self.py_files)?,
            files,
            archives,
            jars: plain(&self.jars)?,
            packages: self.packages.clone(),
            executors: self.executors,
            executor_cores: self.executor_cores,
            driver_memory: self.driver_memory,
            env: self.env.clone(),
        })
    }

    /// The part that changes what a step computes: sizes only change where and how fast it runs.
    #[must_use]
    pub fn without_sizes(&self) -> Self {
        Self {
            executors: None,
            executor_cores: None,
            driver_memory: None,
            ..self.clone()
        }
    }
}
