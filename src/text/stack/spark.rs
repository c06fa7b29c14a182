//! `spark` of a step: what spark-submit gets.

use crate::model::stack::{AutoSizes, SparkOptions};
use crate::model::work::{DeployMode, NumberOrAuto, Submission};
use crate::text::collections::{Unique, list};
use crate::text::conf::Conf;
use crate::text::diag::{Code, Diagnostic};
use crate::text::field::{At, Got, record};
use crate::text::format;
use crate::text::named::What;
use crate::text::nearest::quote;
use crate::text::step_files::{LinkedPath, PathOrS3};
use crate::text::texts::Texts;
use crate::text::types::{Outside, Whole, WholeOrAuto, Words};

record! {
    /// Settings of Spark.
    pub(super) SPARK: SparkOptions = |at| {
        /// Memory of each executor; `auto` chooses it for the instance type.
        executor_memory: default("auto") =
            Outside(What::ExecutorMemory, format::EXECUTOR_MEMORY), "1g";
        /// Any of Spark's own settings, as spark-submit's --conf takes them.
        conf: or_empty = Conf, "{ spark.sql.shuffle.partitions: 64 }";
        /// Where the driver runs.
        deploy_mode: default("client") = Words([
            ("client", DeployMode::Client, "On the primary, so that its output is the step's."),
            ("cluster", DeployMode::Cluster, "In a container; its output is among those logs."),
        ]), "cluster";
        /// Python modules, zip archives and packages that the step imports. Folders are zipped. What
        /// a script imports from its own folder is sent without being listed.
        py_files: or_empty =
            list(PathOrS3(What::PythonFile), Unique::ByText, "a Python file", "helpers.py"),
            "[helpers.py, lib]";
        /// Files in the working folder of each executor; `#NAME` renames one there.
        files: or_empty =
            list(LinkedPath(What::StepFile), Unique::ByText, "a file", "lookup.csv"),
            "[lookup.csv]";
        /// Archives that are unpacked there, each into a folder of its name, or of `#NAME`.
        archives: or_empty =
            list(LinkedPath(What::StepFile), Unique::ByText, "an archive", "model.tar.gz#model"),
            "[\"model.tar.gz#model\"]";
        /// Jars on the class path of driver and executors.
        jars: or_empty =
            list(PathOrS3(What::StepFile), Unique::ByText, "a jar", "udfs.jar"),
            "[udfs.jar]";
        /// Packages of Maven, as GROUP:ARTIFACT:VERSION. The primary downloads them.
        packages: or_empty = list(
            format::MAVEN, Unique::ByText, "a package of Maven", "org.apache.spark:spark-avro_2.12:3.5.1"
        ), "[\"org.apache.spark:spark-avro_2.12:3.5.1\"]";
        /// The number of executors; `auto` for as many as the nodes hold. Without it, EMR adds
        /// executors while there is work for them.
        executors: optional =
            Outside(What::Executors, WholeOrAuto(Whole(1, 10_000, "a number of executors"))), "4";
        /// Cores of each executor; `auto` for the number that leaves the fewest of a node unused.
        executor_cores: optional =
            Outside(What::ExecutorCores, WholeOrAuto(Whole(1, 256, "a number of cores"))), "2";
        /// Partitions after a shuffle; `auto` chooses their number from the slots, and from what the
        /// last run shuffled or else the input. Without it, Spark's own settings decide.
        partitions: optional = WholeOrAuto(Whole(1, 10_000, "a number of partitions")), "64";
        /// Memory of the driver.
        driver_memory: optional = Outside(What::DriverMemory, format::DRIVER_MEMORY), "2g";
        /// Environment variables of driver and executors. They are stored in the clear.
        env: or_empty = ENV, "{ STAGE: test }";
    } check {
        for (key, place) in [
            (at_once(&executors), "spark.executor.instances"),
            (at_once(&executor_cores), "spark.executor.cores"),
            (at_once(&driver_memory), "spark.driver.memory"),
            (at_once(&py_files), "spark.submit.pyFiles"),
            (at_once(&files), "spark.files"),
            (at_once(&archives), "spark.archives"),
            (at_once(&jars), "spark.jars"),
            (at_once(&packages), "spark.jars.packages"),
            (at_once(&partitions), "spark.sql.shuffle.partitions"),
            (at_once(&partitions), "spark.default.parallelism"),
        ] {
            twice(at, key, &conf, place);
        }
    } => SparkOptions {
        executor_memory,
        auto: AutoSizes {
            executors: executors == Some(NumberOrAuto::Auto),
            executor_cores: executor_cores == Some(NumberOrAuto::Auto),
        },
        partitions,
        conf,
        submission: Submission {
            deploy_mode, py_files, files, archives, jars, packages,
            executors: executors.and_then(NumberOrAuto::given),
            executor_cores: executor_cores.and_then(NumberOrAuto::given),
            driver_memory, env,
        },
    };
}

const ENV: Texts<String> = Texts {
    key: format::VARIABLE,
    value: format::VARIABLE_VALUE,
    most: 50,
    entry: "a variable",
    none: "write `\"\"` for an empty value",
};

/// The key of a field that is written.
fn at_once<T>(got: &Got<'_, T>) -> Option<&'static str> {
    got.place.map(|_| got.key)
}

/// A field and Spark's own setting for the same exclude each other.
fn twice<T>(at: &mut At<'_, '_>, key: Option<&str>, conf: &Got<'_, T>, setting: &str) {
    let entry = conf.node.and_then(|node| node.entry(setting));
    if let (Some(key), Some(entry)) = (key, entry) {
        let message = format!("`{key}` and {} exclude each other", quote(setting));
        at.wrong(Diagnostic::new(Code::Conflict, entry.key.mark, message));
    }
}
