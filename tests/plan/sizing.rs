//! Sizes that the planner chooses: they fit the nodes, and their arithmetic is shown.

use super::facts;
use clusterup::cost::shape::{families, shape};
use clusterup::model::facts::{Capacity, Facts, File, Input, LastShuffle};
use clusterup::model::instance::InstanceType;
use clusterup::model::memory::Memory;
use clusterup::model::stack::Stack;
use clusterup::plan::expand::expand;
use clusterup::plan::memory::container;
use clusterup::plan::sizing::{explain, slots};
use clusterup::text;
use std::path::{Path, PathBuf};

const AUTO: &str = "{ executors: auto, executor_cores: auto, partitions: auto }";

fn stack(size: &str, spark: &str) -> Stack {
    let yaml = format!(
        "stack: t\nregion: us-east-1\ndata: {{ d: {{ path: d.csv }} }}\n\
         cluster: {{ release: emr-7.x, size: {size} }}\njob:\n  steps:\n    \
         - {{ name: s, script: a.py, args: [\"${{data.d}}\"], spark: {spark} }}\n"
    );
    let parsed = text::parse("t.yaml", &yaml, Path::new("/s"), &[]);
    parsed.unwrap_or_else(|wrong| panic!("{yaml}{wrong:?}"))
}

fn on_aws(stack: &Stack, bytes: u64) -> Facts {
    let file = File {
        path: PathBuf::from("d.csv"),
        bytes,
        sha256: "0".repeat(64),
        crc32: 0,
    };
    Facts {
        capacity: Capacity::AsTyped,
        data: [("d".parse().unwrap(), Input::Local(file))].into(),
        ..facts(stack)
    }
}

/// The explanation of the only step, a size a line.
fn explained(stack: &Stack, facts: &Facts) -> Vec<String> {
    let steps = explain(stack, facts).unwrap();
    let sizes = steps[0].sizes.iter();
    sizes
        .map(|it| format!("{} {}: {}", it.what, it.value, it.because))
        .collect()
}

#[test]
fn the_arithmetic_is_shown() {
    let own = stack("3 x m5.xlarge", AUTO);
    assert_eq!(
        explained(&own, &on_aws(&own, 3 << 30)),
        [
            "cores 4: a node of m5.xlarge has 4: 1 x 4, and 0 unused",
            "memory 9593m: a node of m5.xlarge gives 12g; less 896m for the application master, for \
             one executor with 1799m overhead each",
            "executors 2: 2 nodes x 1 each: 8 slots",
            "partitions 24: an input of 3.2 GB in parts of 128 MB, at least 2 for each of 8 slots, in \
             whole rounds of them",
        ]
    );
}

#[test]
fn spark_submit_gets_what_was_chosen_and_the_job_stays_the_same() {
    let job = |spark: &str| {
        let own = stack("3 x m5.4xlarge", spark);
        let (desired, _) = expand(&own, &on_aws(&own, 1_000)).unwrap();
        desired.job.unwrap()
    };
    let chosen = job(AUTO);
    let step = &chosen.steps[0];
    assert_eq!(step.submission.executors, Some(8));
    assert_eq!(step.submission.executor_cores, Some(4));
    assert_eq!(step.conf["spark.sql.shuffle.partitions"], "64");
    assert_eq!(step.conf["spark.default.parallelism"], "64");
    let plain = job("{}");
    assert_eq!(plain.steps[0].submission.executors, None);
    assert!(
        !plain.steps[0]
            .conf
            .contains_key("spark.default.parallelism")
    );
    assert_eq!(
        chosen.hash, plain.hash,
        "sizes do not change what a job computes"
    );
}

#[test]
fn the_last_run_decides_where_it_is_known() {
    let own = stack("3 x m5.xlarge", AUTO);
    let last = |spilled| Facts {
        last_run: [(
            "s".parse().unwrap(),
            LastShuffle {
                stage: "groupBy at a.py:3".to_owned(),
                bytes: 10 << 30,
                spilled,
            },
        )]
        .into(),
        ..on_aws(&own, 1_000)
    };
    let shown = explained(&own, &last(0)).pop().unwrap();
    let begin = "partitions 80: the 10 GB that groupBy at a.py:3 shuffled in the last run in parts";
    assert!(shown.starts_with(begin), "{shown}");
    let shown = explained(&own, &last(3 << 30)).pop().unwrap();
    let begin = "partitions 160: twice the 10 GB that groupBy at a.py:3 shuffled in the last run, as it \
                 spilled 3.2 GB to disk, in parts";
    assert!(shown.starts_with(begin), "{shown}");
}

#[test]
fn chosen_memory_leaves_room_for_what_is_beside_the_heap() {
    let python = "{ conf: { spark.executor.pyspark.memory: 2g } }";
    let own = stack("3 x m5.xlarge", python);
    let shown = explained(&own, &on_aws(&own, 1));
    assert_eq!(
        shown[1],
        "memory 7868m: a node of m5.xlarge gives 12g; less 896m for the application master, for one \
         executor with 1476m overhead and 2g for Python workers each"
    );
    let fixed = "{ conf: { spark.executor.memoryOverhead: 4g } }";
    let own = stack("3 x m5.xlarge", fixed);
    let shown = explained(&own, &on_aws(&own, 1));
    assert!(shown[1].starts_with("memory 7296m: "), "{shown:?}");
    let all = "{ conf: { spark.executor.pyspark.memory: 12g } }";
    let own = stack("3 x m5.xlarge", all);
    let refused = explain(&own, &on_aws(&own, 1)).unwrap_err();
    let why = "no executor fits into 12g with its overhead and 12g for Python workers";
    assert_eq!(refused.message, why);
}

#[test]
fn what_the_stack_gives_stays() {
    let own = "{ executors: 3, executor_cores: 2, executor_memory: 2g, partitions: 7 }";
    let own = stack("3 x m5.xlarge", own);
    assert_eq!(
        explained(&own, &on_aws(&own, 1)),
        [
            "cores 2: the stack gives it",
            "memory 2g: the stack gives it, and 384m its overhead",
            "executors 3: the stack gives it",
            "partitions 7: the stack gives it",
        ]
    );
    let both = "{ partitions: 7, conf: { spark.default.parallelism: 8 } }";
    let yaml = format!(
        "stack: t\nregion: us-east-1\njob: {{ steps: [{{ name: s, script: a.py, spark: {both} }}] }}\n"
    );
    let wrong = text::parse("t.yaml", &yaml, Path::new("/s"), &[]).unwrap_err();
    assert!(format!("{wrong}").contains("exclude each other"), "{wrong}");
}

#[test]
fn executors_fit_the_nodes_of_every_type() {
    let sizes = [
        "xlarge", "2xlarge", "4xlarge", "9xlarge", "12xlarge", "16xlarge", "24xlarge",
    ];
    let mut seen = 0;
    for family in families() {
        for size in sizes {
            let name = format!("{family}.{size}");
            let Some(node) = shape(&name.parse::<InstanceType>().unwrap()) else {
                continue;
            };
            for spark in ["{}", AUTO] {
                let own = stack(&format!("2 x {name}"), spark);
                let (desired, _) = expand(&own, &on_aws(&own, 1)).unwrap();
                let step = desired.job.unwrap().steps.remove(0);
                let cores = step.submission.executor_cores.map_or(4, u32::from);
                let on_node = (node.vcpus / cores).max(1);
                let room = Memory::from_mib(node.yarn.mib() - 896);
                let taken = container(step.executor_memory).mib();
                let held = room.mib() / taken;
                assert!(held >= 1, "{name} {spark}");
                // As many as the cores allow, or as the memory does.
                let executors = held.min(u64::from(on_node));
                assert!(taken * executors <= room.mib(), "{name} {spark}");
                if node.yarn.mib() / u64::from(on_node) > 2_000 {
                    assert!(held >= u64::from(on_node), "{name} {spark}: cores are idle");
                }
                seen += 1;
            }
        }
    }
    assert!(seen > 200, "{seen}");
}

#[test]
fn what_is_beside_the_heap_decides_which_executors_fit() {
    for (spark, fits) in [
        ("{ executor_memory: 11g }", false),
        (
            "{ executor_memory: 11g, conf: { spark.executor.memoryOverhead: 512m } }",
            true,
        ),
        (
            "{ executor_memory: 11g, conf: { spark.executor.memoryOverheadFactor: 0.05 } }",
            true,
        ),
        (
            "{ executor_memory: 9g, conf: { spark.executor.memoryOverheadFactor: 0.4 } }",
            false,
        ),
        (
            "{ executor_memory: 1g, conf: { spark.executor.pyspark.memory: 18446744073709551615 } }",
            false,
        ),
    ] {
        let own = stack("3 x m5.xlarge", spark);
        let expanded = expand(&own, &on_aws(&own, 1));
        assert_eq!(expanded.is_ok(), fits, "{spark}: {expanded:?}");
    }
}

#[test]
fn slots_are_those_that_memory_and_cores_allow() {
    // 56 GiB and 16 cores each.
    for (spark, expected) in [
        ("{}", Some(32)),
        ("{ executor_memory: 40g }", Some(8)),
        ("{ executor_memory: 20g }", Some(16)),
        ("{ executors: 3 }", Some(12)),
        ("{ conf: { spark.executor.cores: 8 } }", Some(32)),
        ("{ conf: { spark.executor.instances: 3 } }", None),
        (
            "{ conf: { spark.dynamicAllocation.maxExecutors: 3 } }",
            None,
        ),
    ] {
        let own = stack("3 x m5.4xlarge", spark);
        let step = &own.job.as_ref().unwrap().steps[0];
        assert_eq!(slots(step, &own, &on_aws(&own, 1)), expected, "{spark}");
    }
    let size = "3 x m5.4xlarge, configurations: { spark-defaults: { spark.executor.cores: 8 } }";
    let own = stack(size, "{}");
    let step = &own.job.as_ref().unwrap().steps[0];
    assert_eq!(slots(step, &own, &on_aws(&own, 1)), None);
}
