//! This machine as a cloud: a real Spark standalone cluster, and directories for buckets.

/// The versions this target brings, pinned.
pub mod runtime;

pub mod cluster;
