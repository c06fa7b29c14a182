//! What the environment says. The only place that reads it.

use crate::cloud::local::runtime::Store;
use crate::cloud::local::{Local, Machine};
use crate::run::clock::SystemClock;
use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::future::Future;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;

use super::failure::{Exit, Failure};

pub(super) struct Context {
    home: Option<PathBuf>,
    state: Option<PathBuf>,
    cache: Option<PathBuf>,
    path: Option<OsString>,
    environment: BTreeMap<String, String>,
    pub(super) no_color: bool,
    pub(super) stdin_is_terminal: bool,
}

impl Context {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads it"
    )]
    pub(super) fn from_environment() -> Self {
        let folder = |name: &str| {
            env::var_os(name)
                .map(PathBuf::from)
                // Records hold paths as text, and a relative one means nothing to a supervisor.
                .filter(|p| p.is_absolute() && p.to_str().is_some())
        };
        let home = folder("HOME");
        let under = |variable: &str, default: &str| {
            folder(variable).or_else(|| Some(home.as_ref()?.join(default)))
        };
        Self {
            state: under("XDG_STATE_HOME", ".local/state"),
            cache: under("XDG_CACHE_HOME", ".cache"),
            path: env::var_os("PATH"),
            environment: passed_on(),
            no_color: env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()),
            stdin_is_terminal: std::io::stdin().is_terminal(),
            home,
        }
    }

    /// Where the local target keeps its runtime.
    pub(super) fn store(&self) -> Result<Store, Failure> {
        let cache = self
            .cache
            .as_ref()
            .ok_or_else(|| homeless("XDG_CACHE_HOME"))?;
        Ok(Store::new(cache.join("clusterup"), self.path.clone()))
    }

    /// This machine as a cloud.
    pub(super) fn local(&self) -> Result<Local, Failure> {
        let state = self
            .state
            .as_ref()
            .ok_or_else(|| homeless("XDG_STATE_HOME"))?;
        let program = env::current_exe().map_err(|error| {
            Failure::new(Exit::Failed, "cannot tell where clusterup itself lies").caused_by(&error)
        })?;
        let (home, environment) = (self.home.clone(), self.environment.clone());
        let machine = Machine {
            program,
            home,
            environment,
        };
        let root = state.join("clusterup").join("local");
        Ok(Local::new(
            root,
            self.store()?,
            machine,
            Arc::new(SystemClock),
        ))
    }

    /// Runs to the end on this thread: children are tied to the thread that began them.
    pub(super) fn block_on<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = runtime.map_err(|error| {
            Failure::new(Exit::Failed, "cannot begin to work").caused_by(&error)
        })?;
        let done = runtime.block_on(work);
        // A question that nobody answers any more must not hold the process.
        runtime.shutdown_background();
        done
    }
}

/// What a cluster's processes may know of the user's shell: as on EMR, almost nothing.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads it"
)]
fn passed_on() -> BTreeMap<String, String> {
    let names = ["HOME", "LANG", "LC_ALL", "PATH", "TZ", "USER"];
    names
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), env::var(name).ok()?)))
        .collect()
}

fn homeless(variable: &str) -> Failure {
    Failure::new(
        Exit::Failed,
        format!("neither {variable} nor HOME names a folder"),
    )
    .hint("set HOME to your home folder")
}
