//! What is given to the lint: a script, its step and its stack.

use crate::model::releases;
use crate::model::stack::{Stack, Step};
use ruff_python_ast::PythonVersion;
use std::collections::BTreeSet;

/// A script of a step.
pub struct Script<'a> {
    /// Its text.
    pub text: &'a str,
    /// The stack.
    pub stack: &'a Stack,
    /// The step that runs it.
    pub step: &'a Step,
    /// The modules that it can import besides those of Python and Spark.
    pub modules: &'a Modules,
}

/// The modules that a script can import besides those of Python and Spark.
#[derive(Debug, Default)]
pub struct Modules {
    /// Modules and packages beside the script, which are sent with it.
    pub beside: BTreeSet<String>,
    /// The packages that pip installs; `None` if they are not known.
    pub packages: Option<Vec<String>>,
    /// Whether pandas can read `s3://…`.
    pub reads_s3: bool,
}

impl Script<'_> {
    /// The version of Python that runs it, if it is known.
    pub(super) fn python(&self) -> Option<PythonVersion> {
        let job = self.stack.job.as_ref();
        let archive = job.and_then(|job| job.archive());
        let configured = &self.stack.cluster.emr.software.configurations;
        let conf = &self.step.spark.conf;
        let env = &self.step.spark.submission.env;
        let is_other = archive.is_some()
            || crate::model::software::other_python(configured).is_some()
            || conf.keys().any(|key| key.starts_with("spark.pyspark."))
            || env.keys().any(|name| name.starts_with("PYSPARK_"));
        if is_other {
            return None;
        }
        let label = self.stack.cluster.release.to_string();
        let (major, minor) = releases::python(&label)?.split_once('.')?;
        Some(PythonVersion {
            major: major.parse().ok()?,
            minor: minor.parse().ok()?,
        })
    }
}
