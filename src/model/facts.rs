//! What planning needs besides the stack and what exists: files, this machine, the bucket's
//! location. The caller gathers it and passes it as data.

use super::memory::Memory;
use super::name::{DataName, KeyPairName, StepName};
use super::network::Subnet;
use super::rates::Rates;
use super::retry::Attempt;
use super::sample::Sample;
use super::span::Span;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What planning needs besides the stack and what exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The bucket's location as the cluster sees it, without a trailing slash: a folder or
    /// `s3://…`.
    pub bucket: String,
    /// The location below which jobs write, as the cluster sees it, without a trailing slash. It is
    /// separate if a cluster's machines may write nowhere else.
    pub work: String,
    /// The files of steps.
    pub step_files: StepFiles,
    /// The data sets' files or locations.
    pub data: BTreeMap<DataName, Input>,
    /// The user's own public keys in OpenSSH's format.
    pub public_keys: BTreeMap<KeyPairName, String>,
    /// The share of the data that is used; `None` for all.
    pub sample: Option<Sample>,
    /// The newest label of the stack's release, if the target has labels.
    pub label: Option<String>,
    /// The subnet of the cluster, if the stack names one and the target has subnets.
    pub subnet: Option<Subnet>,
    /// Further subnets, if EMR chooses one of several.
    pub more_subnets: Vec<Subnet>,
    /// The ids of subnets and security groups that the service role cannot use, because they do not have
    /// the tag that its policy asks for.
    pub untagged: Vec<String>,
    /// What bounds the cluster's workers.
    pub capacity: Capacity,
    /// The rates of the stack's cluster, or why they are unknown.
    pub prices: Result<Rates, String>,
    /// How long the target may charge for a cluster after its end is requested.
    pub ending: Span,
    /// The attempt at the job, if it is a retry.
    pub attempt: Option<Attempt>,
    /// What the steps shuffled in the last run, where a size depends on it and its event log is known.
    pub last_run: BTreeMap<StepName, LastShuffle>,
}

/// The stage of a step's last run that shuffled the most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastShuffle {
    /// What Spark calls it, such as `groupBy at similarities.py:52`.
    pub stage: String,
    /// What its tasks read of shuffles, in bytes.
    pub bytes: u64,
    /// What they spilled to disk, in bytes.
    pub spilled: u64,
}

/// The files of steps that are staged.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StepFiles {
    /// By their path in the stack; a folder is the zip archive that was made of it.
    pub files: BTreeMap<PathBuf, File>,
    /// The scripts of bootstrap actions, by their path in the stack.
    pub bootstrap: BTreeMap<PathBuf, File>,
    /// The packages of the file of requirements.
    pub requirements: Vec<String>,
    /// By a script: what it imports from its own folder.
    pub neighbours: BTreeMap<PathBuf, Vec<Neighbour>>,
}

impl StepFiles {
    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &File> {
        let neighbours = self.neighbours.values().flatten();
        self.files.values().chain(neighbours.map(|one| &one.file))
    }
}

/// A module or package that a script imports from its own folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbour {
    /// Its name there.
    pub name: String,
    /// The module, or the zip archive of the package.
    pub file: File,
}

#[cfg(test)]
impl Facts {
    /// On AWS, without files. `prices` is the text of rates.
    pub(crate) fn of_aws(prices: &str) -> Self {
        Self {
            bucket: "s3://b".to_owned(),
            work: "s3://b".to_owned(),
            step_files: StepFiles::default(),
            data: BTreeMap::new(),
            public_keys: BTreeMap::new(),
            sample: None,
            label: None,
            subnet: None,
            more_subnets: Vec::new(),
            untagged: Vec::new(),
            capacity: Capacity::AsTyped,
            prices: Ok(prices.parse().unwrap()),
            ending: Span::from_secs(1_200),
            attempt: None,
            last_run: BTreeMap::new(),
        }
    }
}

impl Facts {
    /// The subnets of the cluster that are known.
    pub fn subnets(&self) -> impl Iterator<Item = &Subnet> {
        self.subnet.iter().chain(&self.more_subnets)
    }

    /// Whether its machines have no public addresses, in whichever subnet they are.
    pub fn has_no_addresses(&self) -> bool {
        self.subnet.is_some() && self.subnets().all(Subnet::has_no_addresses)
    }
}

/// The source of a data set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A file to stage.
    Local(File),
    /// The files of a folder to stage.
    Folder(Folder),
    /// A location that the cluster reads directly.
    Remote(String),
}

impl Input {
    /// The bytes of its files on this machine.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Local(file) => file.bytes,
            Self::Folder(folder) => folder.files.iter().map(|member| member.file.bytes).sum(),
            Self::Remote(_) => 0,
        }
    }

    /// How many files on this machine it is.
    pub const fn files(&self) -> usize {
        match self {
            Self::Local(_) => 1,
            Self::Folder(folder) => folder.files.len(),
            Self::Remote(_) => 0,
        }
    }
}

/// A file on this machine that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its path.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// The SHA-256 of its content, in lower-case hexadecimal digits.
    pub sha256: String,
    /// The CRC-32 of its content (ISO 3309), with which S3 checks what arrives.
    pub crc32: u32,
}

impl File {
    /// Its name in its folder.
    pub fn name(&self) -> Cow<'_, str> {
        let name = self.path.file_name();
        name.map_or("file".into(), |name| name.to_string_lossy())
    }
}

/// Files on this machine that are one data set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// The folder that contains them all.
    pub path: PathBuf,
    /// The files in order of their names.
    pub files: Vec<Member>,
}

/// A file of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its path below the folder, with `/` between its parts. Hadoop reads a key that ends with it.
    pub name: String,
    /// The file.
    pub file: File,
}

/// What bounds a cluster's workers besides their instance type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capacity {
    /// Nothing: AWS provides what the instance type has.
    AsTyped,
    /// This machine, with what is available to all workers together.
    Machine {
        /// Memory of all workers.
        memory: Memory,
        /// Cores of all workers.
        cores: u32,
    },
}
