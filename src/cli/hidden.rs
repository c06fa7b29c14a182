//! Verbs that clusterup runs for itself: the supervisor of a local cluster, and `leash`, which ends
//! a process together with its parent.

use super::failure::{Exit, Failure};
use crate::cloud::local::cluster;
use crate::run::clock::SystemClock;
use crate::run::supervisor;
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

pub(super) async fn supervise(folder: &Path) -> Result<Exit, Failure> {
    supervisor::supervise(folder, Arc::new(SystemClock)).await?;
    Ok(Exit::Done)
}

/// Replaces this process by the command; returns only if that fails.
pub(super) fn leash(parent: u32, command: &[OsString]) -> Result<Exit, Failure> {
    let mut args = vec![parent.to_string().into(), "--".into()];
    args.extend_from_slice(command);
    let _ = cluster::leash(&args);
    Ok(Exit::Failed)
}
