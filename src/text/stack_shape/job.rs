//! `job`: what the cluster runs.

use crate::text::format;
use crate::text::shape::Need::{Default, Optional, Required};
use crate::text::shape::{Kind, List, Object, Unique, field, plain};

pub(super) static JOB: Object = plain(
    "What the cluster runs.",
    &[
        field(
            "python_packages",
            Optional,
            Kind::List(&PACKAGES),
            "[numpy]",
            "Packages that pip installs on every node before the first step.",
        ),
        field(
            "steps",
            Required,
            Kind::List(&STEPS),
            "[{ name: main, script: job.py }]",
            "Scripts for spark-submit, one after the other; the first that fails ends the job.",
        ),
        field(
            "results",
            Optional,
            Kind::Text(&format::PATH),
            "../results/movie-similarities",
            "The folder that `${results}` is brought home to; without it they stay in the bucket.",
        ),
    ],
);
static PACKAGES: List = List {
    of: Kind::Text(&format::PACKAGE),
    least: 0,
    unique: Unique::ByText,
    item: "a package",
    example: "numpy",
};
static STEPS: List = List {
    of: Kind::Map(&STEP),
    least: 1,
    unique: Unique::ByName,
    item: "a step",
    example: "{ name: main, script: job.py }",
};
static STEP: Object = plain(
    "One spark-submit.",
    &[
        field(
            "name",
            Required,
            Kind::Text(&format::STEP),
            "similarities",
            "What progress, logs and `--set` call it by.",
        ),
        field(
            "script",
            Required,
            Kind::Text(&format::PATH),
            "job.py",
            "A PySpark script, seen from the stack's folder.",
        ),
        field(
            "args",
            Optional,
            Kind::List(&ARGS),
            "[--out, \"${results}\"]",
            "Arguments of the script. `${data.NAME}`, `${results}` and `${scratch}` become \
             locations; `$${` is a plain `${`.",
        ),
        field(
            "spark",
            Optional,
            Kind::Map(&SPARK),
            "{ executor_memory: 1g }",
            "Settings of Spark for this step.",
        ),
    ],
);
static ARGS: List = List {
    of: Kind::Argument,
    least: 0,
    unique: Unique::No,
    item: "an argument of the script",
    example: "--out",
};
static SPARK: Object = plain(
    "Settings of Spark.",
    &[
        field(
            "executor_memory",
            Default("auto"),
            Kind::Text(&format::EXECUTOR_MEMORY),
            "1g",
            "Memory of each executor; `auto` is what suits the instance type.",
        ),
        field(
            "conf",
            Optional,
            Kind::Conf,
            "{ spark.sql.shuffle.partitions: 64 }",
            "Any of Spark's own settings, as spark-submit's --conf takes them.",
        ),
    ],
);
