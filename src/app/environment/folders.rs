//! The user's folders.

use super::Environment;
use crate::app::failure::{Exit, Failure};
use std::path::{Path, PathBuf};

impl Environment {
    /// The user's home folder, if there is one.
    pub(crate) fn home(&self) -> Option<&Path> {
        self.home.as_deref()
    }

    pub(super) fn cache_folder(&self) -> Result<PathBuf, Failure> {
        let cache = self.cache.as_ref();
        let cache = cache.ok_or_else(|| no_folder("XDG_CACHE_HOME"))?;
        Ok(cache.join("clusterup"))
    }

    /// The folder of keys and of the ledger.
    pub(crate) fn state_folder(&self) -> Result<PathBuf, Failure> {
        let state = self.state.as_ref();
        let state = state.ok_or_else(|| no_folder("XDG_STATE_HOME"))?;
        Ok(state.join("clusterup"))
    }

    /// The folder of the user's settings, `~/.config` by default.
    pub(crate) fn config_folder(&self) -> Result<PathBuf, Failure> {
        let config = self.config.clone();
        config.ok_or_else(|| no_folder("XDG_CONFIG_HOME"))
    }

    /// The ledger's file.
    pub(crate) fn ledger(&self) -> Result<PathBuf, Failure> {
        Ok(self.state_folder()?.join("ledger.db"))
    }

    /// The file in which the watchdog keeps what it has learned of foreign clusters.
    pub(crate) fn remembered_fleet(&self) -> Result<PathBuf, Failure> {
        Ok(self.state_folder()?.join("fleet.jsonl"))
    }
}

fn no_folder(variable: &str) -> Failure {
    Failure::new(
        Exit::Failed,
        format!("neither {variable} nor HOME names a folder"),
    )
    .hint("set HOME to your home folder")
}
