//! `job`: what the cluster runs.

use super::python::PYTHON;
use super::retry::RETRY;
use super::step::STEP;
use crate::model::stack::{Job, Python, Step};
use crate::model::stuck::OnStuck;
use crate::model::work::{DeployMode, Work};
use crate::text::collections::{Unique, list};
use crate::text::diag::{Code, Diagnostic};
use crate::text::field::{At, record};
use crate::text::format;
use crate::text::source::Mark;
use crate::text::types::{LocalPath, Words};

record! {
    /// What the cluster runs.
    pub(super) JOB: Job = |at| {
        /// Python packages that pip installs on every node before the first step.
        python_packages: or_empty = list(format::PACKAGE, Unique::ByText, "a package", "numpy"),
            "[numpy]";
        /// Where other packages come from: a file of requirements, or a packed environment.
        python: optional = PYTHON, "{ requirements: requirements.txt }";
        /// What runs, in order; the first step that fails ends the job.
        steps: required =
            list(STEP, Unique::By(STEP.key("name")), "a step", "{ name: main, script: job.py }")
                .filled(),
            "[{ name: main, script: job.py }]";
        /// The folder that `${results}` is downloaded to; without it results stay in the bucket.
        results: optional = LocalPath(format::PATH, None), "../results/movie-similarities";
        /// When a failed job runs again: in full, with the memory that its diagnosis asks for.
        retry: optional = RETRY, "{ on: [out_of_memory], memory: x2, attempts: 2 }";
        /// What happens when a step hangs: executors are not granted, are all lost or die one after
        /// another, or the driver is out of memory. On AWS `apply` has to follow the job.
        stuck: default("report") = Words([
            ("report", OnStuck::Report, "It is reported, and the job goes on."),
            ("end", OnStuck::End, "It is reported, and the cluster ends if the cause is likely."),
        ]), "end";
    } check {
        if let (Some(one), Some(other)) = (python_packages.place, python.place) {
            let message = "`python_packages` and `python` exclude each other";
            let found = Diagnostic::new(Code::Conflict, other.key, message);
            at.wrong(found.related(one.key, "the other one"));
        }
        let archive = python.value.as_ref().and_then(Option::as_ref);
        let archive = archive.filter(|python| matches!(python, Python::Archive(_)));
        if let (Some(_), Some(place)) = (archive, python.place) {
            in_containers(at, steps.value.as_deref().unwrap_or_default(), place.value);
        }
    } => Job { python_packages, python, steps, results, retry, stuck };
}

/// A packed environment is unpacked in containers: a driver on the primary has no part in it.
fn in_containers(at: &mut At<'_, '_>, steps: &[Step], place: Mark) {
    let outside = |step: &&Step| {
        let more = &step.spark.submission;
        matches!(step.work, Work::Script(_)) && more.deploy_mode == DeployMode::Client
    };
    let names: Vec<&str> = steps
        .iter()
        .filter(outside)
        .map(|step| step.name.as_str())
        .collect();
    if !names.is_empty() {
        let message = format!(
            "the driver of {} would not have the archive",
            names.join(", ")
        );
        let found = Diagnostic::new(Code::Conflict, place, message);
        at.wrong(found.help("write `spark: { deploy_mode: cluster }` in each script's step"));
    }
}
