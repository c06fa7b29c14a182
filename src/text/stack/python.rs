//! `python` of a job: where the packages of its scripts come from.

use crate::model::stack::Python;
use crate::text::collections::{Unique, list};
use crate::text::field::record;
use crate::text::format;
use crate::text::named::What;
use crate::text::step_files::CopiedPath;
use crate::text::types::LocalPath;

record! {
    /// Where the packages of a job's scripts come from: exactly one of these.
    pub(super) PYTHON: Python [without: "does not say where packages come from"] = |at| {
        /// A file with one package per line, as `pip freeze` writes it. pip installs them on every
        /// node before the first step.
        requirements: either = LocalPath(format::PATH, Some(What::StepFile)), "requirements.txt";
        /// The packages themselves; the same as `python_packages`.
        packages: either = list(format::PACKAGE, Unique::ByText, "a package", "numpy"), "[numpy]";
        /// A packed environment, such as venv-pack writes it. Scripts run with its Python, in
        /// containers: they need `deploy_mode: cluster`.
        archive: either = CopiedPath(What::StepFile), "venv.tar.gz";
    } => requirements.map(Python::Requirements)
        .or(packages.map(Python::Packages))
        .or(archive.map(Python::Archive))?;
}
