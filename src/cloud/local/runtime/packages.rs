//! Installs a job's Python packages in a folder for `PYTHONPATH`, one folder per set.

use super::lock::{self, sweep};
use super::pins::numpy;
use super::pip;
use super::store::{Runtime, Store};
use super::watched::Watch;
use crate::cloud::error::{CloudError, IoContext};
use crate::model::event::Listener;
use crate::model::hex::hex;
use sha2::{Digest, Sha256};
use std::fs;
use std::path::PathBuf;

impl Store {
    /// Returns the folder with these packages; `None` if the list is empty. A package without a
    /// version gets the version that is pinned here, or else the newest.
    ///
    /// # Errors
    /// Returns an error if pip fails.
    pub async fn packages(
        &self,
        runtime: &Runtime,
        names: &[String],
        listener: &dyn Listener,
    ) -> Result<Option<PathBuf>, CloudError> {
        if names.is_empty() {
            return Ok(None);
        }
        let mut names = names.to_vec();
        names.sort();
        names.dedup();
        let place = self.packages_folder().join(key(runtime, &names));
        if place.exists() {
            return Ok(Some(place));
        }
        let _lock = lock::take(&self.locks(), "packages", "installing packages", listener).await?;
        if !place.exists() {
            self.install_packages(runtime, &names, &place, listener)
                .await?;
        }
        Ok(Some(place))
    }

    pub(super) fn packages_folder(&self) -> PathBuf {
        self.cache.join("packages")
    }

    async fn install_packages(
        &self,
        runtime: &Runtime,
        names: &[String],
        place: &PathBuf,
        listener: &dyn Listener,
    ) -> Result<(), CloudError> {
        let all = self.packages_folder();
        sweep(&all);
        let doing = || format!("make {}", place.display());
        let staging = all.join(format!(".{}", std::process::id()));
        let into = staging.join("into");
        let tmp = staging.join("tmp");
        fs::create_dir_all(&tmp).during(doing)?;
        let constraints = tmp.join("constraints.txt");
        fs::write(&constraints, constraint(runtime, names)).during(doing)?;
        let log = self.locks().join("packages.log");
        // The log is of this install alone.
        let _ = fs::remove_file(&log);
        let what = format!("Python packages {}", names.join(", "));
        let watch = Watch {
            what: &what,
            folder: &staging,
            total: 0,
            log,
            listener,
        };
        let mut command = pip::install(&runtime.python, &staging);
        command
            .arg("--target")
            .arg(&into)
            .arg("--constraint")
            .arg(&constraints)
            .arg("--")
            .args(names);
        watch.run(&mut command).await?;
        fs::rename(&into, place).during(doing)?;
        fs::remove_dir_all(&staging).during(doing)
    }
}

/// Pins numpy, unless the job names a version of it.
fn constraint(runtime: &Runtime, names: &[String]) -> String {
    let own = |name: &String| {
        let name = name.to_lowercase();
        let version = name.strip_prefix("numpy").map(str::trim_start);
        version.is_some_and(|version| version.starts_with(['=', '<', '>', '!', '~', '@']))
    };
    if names.iter().any(own) {
        return String::new();
    }
    format!("numpy=={}\n", numpy(runtime.python_version))
}

fn key(runtime: &Runtime, names: &[String]) -> String {
    let (major, minor) = runtime.python_version;
    let text = format!("{}\n{}", constraint(runtime, names), names.join("\n"));
    let digest = Sha256::digest(text);
    let hex = hex(&digest[..8]);
    format!("python-{major}.{minor}-{hex}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numpy_is_pinned_unless_the_job_pins_it() {
        let runtime = super::super::store::parts("/place".as_ref(), (3, 11));
        for (name, pinned) in [
            ("numpy", true),
            ("NumPy==1.24.4", false),
            ("numpy >= 1.25", false),
            ("numpy-financial", true),
            ("pandas==2.2.3", true),
        ] {
            let constraint = constraint(&runtime, &[name.to_owned()]);
            assert_eq!(constraint == "numpy==1.26.4\n", pinned, "{name}");
        }
    }
}
