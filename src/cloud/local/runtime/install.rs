//! Installs the runtime: a virtual environment with Spark and Java.

use super::archive;
use super::lock::{self, sweep};
use super::owner;
use super::pins::{RUNTIME_BYTES, SPARK, requirements};
use super::pip;
use super::python::{self, Python};
use super::store::{Runtime, Store, packages, parts};
use super::watched::Watch;
use crate::cloud::error::{Class, CloudError, IoContext};
use crate::model::event::Listener;
use crate::model::hint;
use std::fs;
use std::path::{Path, PathBuf};
use tokio::process::Command;

impl Store {
    /// Returns the runtime, and installs it first if needed.
    ///
    /// # Errors
    /// Returns an error if there is no suitable Python or the install fails, with the errors of
    /// pip.
    pub async fn runtime(&self, listener: &dyn Listener) -> Result<Runtime, CloudError> {
        let python = python::find(self.path.as_deref())?;
        if let Some(runtime) = self.installed(&python) {
            return Ok(runtime);
        }
        let _lock = lock::take(&self.locks(), "runtime", "installing Spark", listener).await?;
        // Another process may have installed it meanwhile.
        if let Some(runtime) = self.installed(&python) {
            return Ok(runtime);
        }
        if self.whole(&python).is_none() {
            self.install(&python, listener).await?;
        }
        // A runtime of an older clusterup has no filter.
        owner::install(&parts(&self.place(&python), python.version))?;
        // The archive needs the runtime in its final place. Without an archive, Java only starts
        // slower.
        archive::make(&parts(&self.place(&python), python.version), listener).await;
        // By now a pip that outlived its installer has exited too.
        sweep(&self.runtimes());
        fs::write(self.place(&python).join("complete"), "")
            .during(|| "end the install".to_owned())?;
        self.installed(&python).ok_or_else(|| {
            let place = self.place(&python);
            CloudError::new(Class::Failed, "the installed Spark is incomplete").hint(format!(
                "remove it and run the command again: rm -r {}",
                place.display()
            ))
        })
    }

    async fn install(&self, python: &Python, listener: &dyn Listener) -> Result<(), CloudError> {
        let all = self.runtimes();
        sweep(&all);
        let place = self.place(python);
        let doing = || format!("make {}", place.display());
        if place.exists() {
            fs::remove_dir_all(&place).during(doing)?;
        }
        // A pip that outlives a killed installer writes to a folder that is not used again.
        let staging = all.join(format!(".{}", std::process::id()));
        fs::create_dir_all(staging.join("tmp")).during(doing)?;
        let watch = Watch {
            what: &format!("Spark {SPARK} and Java"),
            folder: &staging,
            total: RUNTIME_BYTES,
            log: self.log("runtime"),
            listener,
        };
        make_venv(python, &staging.join("venv"), &watch).await?;
        install(python, &staging, &watch).await?;
        fs::create_dir_all(staging.join("conf")).during(doing)?;
        fs::remove_dir_all(staging.join("tmp")).during(doing)?;
        fs::rename(&staging, &place).during(doing)
    }

    fn log(&self, name: &str) -> PathBuf {
        let folder = self.locks();
        let path = folder.join(format!("{name}.log"));
        // The log is of this install alone.
        let _ = fs::remove_file(&path);
        path
    }
}

async fn make_venv(python: &Python, venv: &Path, watch: &Watch<'_>) -> Result<(), CloudError> {
    if !python.ensurepip && !python.pip {
        let message = format!("{} has neither pip nor ensurepip", python.path.display());
        return Err(CloudError::new(Class::Missing, message)
            .hint("install one")
            .hint(hint::Command::other("sudo apt-get install python3-venv")));
    }
    let mut command = Command::new(&python.path);
    command.args(["-I", "-m", "venv"]);
    if python.pip {
        command.arg("--without-pip");
    }
    watch.run(command.arg(venv)).await
}

/// Runs pip for the environment in `staging`. The machine's pip, of whatever version, has to be
/// given the folder, but saves seconds; the environment's own pip is missing where Debian splits it
/// into a package of its own.
async fn install(python: &Python, staging: &Path, watch: &Watch<'_>) -> Result<(), CloudError> {
    let mut command = if python.pip {
        let mut command = pip::install(&python.path, staging);
        command
            .arg("--target")
            .arg(packages(&staging.join("venv"), python.version))
            // It installs the jobs' packages later.
            .arg("pip");
        command
    } else {
        pip::install(&staging.join("venv/bin/python"), staging)
    };
    watch.run(command.args(requirements(python.version))).await
}
