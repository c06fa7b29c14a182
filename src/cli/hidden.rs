//! Verbs that clusterup runs for itself: the supervisor of a local cluster, and `leash`, which ends
//! a process together with its parent.

use super::verb::{Finished, Verb, verbs};
use crate::app::failure::{Exit, Failure};
use crate::app::session::Session;
use crate::cloud::local::cluster;
use crate::run::clock::SystemClock;
use crate::run::supervisor;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

verbs! {
    pub(super) enum HiddenVerb {
        #[command(hide = true)]
        Supervise(SuperviseArgs),
        #[command(hide = true)]
        Leash(LeashArgs),
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct SuperviseArgs {
    folder: PathBuf,
}

impl Verb for SuperviseArgs {
    async fn run(&self, _: &Session) -> Result<Finished, Failure> {
        supervisor::supervise(&self.folder, Arc::new(SystemClock)).await?;
        Ok(Finished::without_document(Exit::Done))
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct LeashArgs {
    parent: u32,
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    command: Vec<OsString>,
}

impl Verb for LeashArgs {
    /// Replaces this process by the command; returns only if that fails.
    async fn run(&self, _: &Session) -> Result<Finished, Failure> {
        let mut args = vec![self.parent.to_string().into(), "--".into()];
        args.extend_from_slice(&self.command);
        let _ = cluster::leash(&args);
        Ok(Finished::without_document(Exit::Failed))
    }
}
