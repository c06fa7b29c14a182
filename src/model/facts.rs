//! What planning has to know of the world besides what exists: files, this machine, the bucket's
//! place. Gathered by the edge, handed to the planner as data.

use super::memory::Memory;
use super::name::{DataName, KeyPairName};
use super::rates::Rates;
use super::sample::Sample;
use super::span::Span;
use std::collections::BTreeMap;
use std::path::PathBuf;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The bucket as the cluster sees it, without a slash at its end: a folder or `s3://…`.
    pub bucket: String,
    /// Below what jobs write, as the cluster sees it, without a slash at its end: apart from the rest
    /// where a cluster's machines may write nowhere else.
    pub work: String,
    /// Scripts by the path the stack gives.
    pub scripts: BTreeMap<PathBuf, File>,
    pub data: BTreeMap<DataName, Input>,
    /// The user's own public keys, in OpenSSH's form.
    pub public_keys: BTreeMap<KeyPairName, String>,
    pub sample: Option<Sample>,
    /// The newest label of the line that the stack names, where the target offers labels.
    pub label: Option<String>,
    pub capacity: Capacity,
    /// What the stack's cluster costs, or why that is not known.
    pub prices: Result<Rates, String>,
    /// How long the target may charge for a cluster after its end was asked for.
    pub ending: Span,
}

/// Where a data set is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A file to stage.
    Local(File),
    /// A location the cluster reads by itself.
    Remote(String),
}

/// A file of this machine, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub path: PathBuf,
    pub bytes: u64,
    /// Of its content, in lower-case hexadecimal digits.
    pub sha256: String,
}

/// What bounds a cluster's workers besides their instance type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capacity {
    /// AWS gives what the type has.
    AsTyped,
    /// This machine: what is left to all workers together.
    Machine { memory: Memory, cores: u32 },
}
