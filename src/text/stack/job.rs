//! `job`: what the cluster runs.

use crate::model::stack::{Job, SparkOptions, Step};
use crate::text::collections::{Unique, list};
use crate::text::conf::Conf;
use crate::text::field::record;
use crate::text::format;
use crate::text::named::What;
use crate::text::types::{Argument, LocalPath, Outside};

record! {
    /// What the cluster runs.
    pub(super) JOB: Job = |at| {
        /// Python packages that pip installs on every node before the first step.
        python_packages: or_empty = list(format::PACKAGE, Unique::ByText, "a package", "numpy"),
            "[numpy]";
        /// Scripts for spark-submit, run in order; the first that fails ends the job.
        steps: required =
            list(STEP, Unique::By(STEP.key("name")), "a step", "{ name: main, script: job.py }")
                .filled(),
            "[{ name: main, script: job.py }]";
        /// The folder that `${results}` is downloaded to; without it results stay in the bucket.
        results: optional = LocalPath(format::PATH, None), "../results/movie-similarities";
    } => Job { python_packages, steps, results };
}

record! {
    /// One run of spark-submit.
    STEP: Step = |at| {
        /// The name in progress, logs and `--set`.
        name: required = format::STEP, "similarities";
        /// A PySpark script, relative to the stack's folder.
        script: required = LocalPath(format::PATH, Some(What::Script)), "job.py";
        /// Arguments of the script. `${data.NAME}`, `${results}` and `${scratch}` are replaced by
        /// locations; `$${` stands for a plain `${`.
        args: or_empty = list(Argument, Unique::No, "an argument of the script", "--out"),
            "[--out, \"${results}\"]";
        /// Settings of Spark for this step.
        spark: or_empty = SPARK, "{ executor_memory: 1g }";
    } => Step { name, script, args, spark };
}

record! {
    /// Settings of Spark.
    SPARK: SparkOptions = |at| {
        /// Memory of each executor; `auto` chooses it for the instance type.
        executor_memory: default("auto") =
            Outside(What::ExecutorMemory, format::EXECUTOR_MEMORY), "1g";
        /// Any of Spark's own settings, as spark-submit's --conf takes them.
        conf: or_empty = Conf, "{ spark.sql.shuffle.partitions: 64 }";
    } => SparkOptions { executor_memory, conf };
}
