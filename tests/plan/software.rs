//! What a plan makes of applications, configurations, catalog and tables, on EMR and on this machine.

use clusterup::model::desired::Desired;
use clusterup::model::facts::{Capacity, Facts, File, StepFiles};
use clusterup::model::memory::Memory;
use clusterup::model::span::Span;
use clusterup::plan::Refusal;
use clusterup::plan::expand::expand;
use std::path::{Path, PathBuf};

/// Expands a stack with these keys in its cluster and these in its one step.
fn expanded(
    cluster: &str,
    step: &str,
    capacity: Capacity,
) -> Result<(Desired, Vec<String>), Vec<Refusal>> {
    let text = format!(
        "stack: t\nregion: us-east-1\ncluster:\n  release: emr-7.x\n  size: 3 x m5.xlarge\n{cluster}\
         job: {{ steps: [{{ name: one, script: one.py, spark: {{ {step} }} }}] }}\n"
    );
    let stack = clusterup::text::parse("t.yaml", &text, Path::new(""), &[]);
    let stack = stack.unwrap_or_else(|found| panic!("{found}"));
    let script = PathBuf::from("one.py");
    let file = File {
        path: script.clone(),
        bytes: 1,
        sha256: "0".repeat(64),
        crc32: 0,
    };
    let facts = Facts {
        bucket: "s3://b".to_owned(),
        work: "s3://b".to_owned(),
        step_files: StepFiles {
            files: [(script, file)].into(),
            ..StepFiles::default()
        },
        data: Default::default(),
        public_keys: Default::default(),
        sample: None,
        label: (capacity == Capacity::AsTyped).then(|| "emr-7.12.0".to_owned()),
        subnet: None,
        more_subnets: Vec::new(),
        untagged: Vec::new(),
        capacity,
        prices: Ok("primary=0.2+0.05+0+0 core=0.2+0.05+0+0".parse().unwrap()),
        ending: Span::from_secs(1_200),
        attempt: None,
        last_run: Default::default(),
    };
    expand(&stack, &facts)
}

const HERE: Capacity = Capacity::Machine {
    memory: Memory::from_mib(32_768),
    cores: 8,
};

const DEFAULTS: &str = "  configurations:
    spark-defaults:
      spark.sql.shuffle.partitions: 200
      spark.sql.ansi.enabled: true
      spark.executor.memory: 3g
      spark.executor.cores: 4
      spark.dynamicAllocation.enabled: true
      spark.yarn.maxAppAttempts: 1
    yarn-site: { yarn.nodemanager.vmem-check-enabled: false }
";

fn conf(desired: &Desired) -> Vec<String> {
    let step = &desired.job.as_ref().unwrap().steps[0];
    step.conf
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect()
}

fn memory(desired: &Desired) -> Memory {
    desired.job.as_ref().unwrap().steps[0].executor_memory
}

#[test]
fn on_emr_the_cluster_has_the_configurations_and_steps_keep_their_own() {
    let (desired, notes) = expanded(DEFAULTS, "conf: { spark.x: 1 }", Capacity::AsTyped).unwrap();
    assert_eq!(conf(&desired), ["spark.x=1"]);
    // The memory of `spark-defaults` is that of steps without their own.
    assert_eq!(memory(&desired), Memory::from_mib(3 * 1024));
    let software = &desired.cluster.emr.software;
    let sent = software.configurations.classifications();
    assert_eq!(sent, ["spark-defaults", "yarn-site"]);
    assert_eq!(notes, Vec::<String>::new());
    let (own, _) = expanded(DEFAULTS, "executor_memory: 2g", Capacity::AsTyped).unwrap();
    assert_eq!(memory(&own), Memory::from_mib(2 * 1024));
    let large = DEFAULTS.replace("3g", "30g");
    let refusals = expanded(&large, "", Capacity::AsTyped).unwrap_err();
    assert!(
        refusals[0].message.contains("executor_memory 30g"),
        "{refusals:?}"
    );
}

#[test]
fn here_a_step_gets_the_settings_of_spark_below_its_own() {
    let step = "conf: { spark.sql.shuffle.partitions: 8 }";
    let (desired, notes) = expanded(DEFAULTS, step, HERE).unwrap();
    let all = [
        "spark.sql.ansi.enabled=true",
        "spark.sql.shuffle.partitions=8",
    ];
    assert_eq!(conf(&desired), all);
    assert_ne!(memory(&desired), Memory::from_mib(3 * 1024));
    assert!(desired.cluster.emr.is_empty());
    let of_nodes = "spark.dynamicAllocation.enabled, spark.executor.cores, spark.executor.memory, \
                    spark.yarn.maxAppAttempts";
    assert_eq!(
        notes,
        [
            "configurations that apply on EMR alone: yarn-site".to_owned(),
            format!("settings of spark-defaults that apply on EMR alone: {of_nodes}"),
        ]
    );
}

#[test]
fn here_applications_are_noted_and_a_catalog_and_tables_refused() {
    let (_, notes) = expanded("  applications: [livy, HIVE]\n", "", HERE).unwrap();
    assert_eq!(
        notes,
        ["applications that are not on this machine, which has Spark alone: Hive, Livy"]
    );
    let refused = |cluster: &str| {
        let refusals = expanded(cluster, "", HERE).unwrap_err();
        refusals
            .into_iter()
            .map(|it| it.message)
            .collect::<Vec<_>>()
    };
    let catalog = "this machine does not have the catalog glue";
    let tables = "the Spark of this machine has no tables of delta, iceberg";
    assert_eq!(refused("  catalog: glue\n"), [catalog]);
    assert_eq!(refused("  tables: [iceberg, delta]\n"), [tables]);
    let both = "  catalog: glue\n  tables: [iceberg, delta]\n";
    assert_eq!(refused(both), [catalog, tables]);
}

#[test]
fn a_steps_own_lists_keep_what_the_tables_need() {
    const HUDI: &str = "/usr/lib/hudi/hudi-spark-bundle.jar";
    let step = |cluster: &str, step: &str| {
        let (desired, _) = expanded(cluster, step, Capacity::AsTyped).unwrap();
        let step = desired.job.unwrap().steps.remove(0);
        (step.submission.jars, step.conf)
    };
    let (own, both) = ("s3://bucket/a.jar", ["s3://bucket/a.jar", HUDI]);
    let jars = format!("jars: [\"{own}\"]");
    for (tables, step_jars, expected) in [
        ("  tables: [hudi]\n", jars.as_str(), &both[..]),
        ("  tables: [hudi, iceberg]\n", &jars, &both),
        ("  tables: [iceberg]\n", &jars, &both[..1]),
        ("", &jars, &both[..1]),
        // Without jars of its own, it has the cluster's.
        ("  tables: [hudi]\n", "", &[]),
        ("  tables: [hudi]\n", "packages: [\"g:a:1\"]", &[]),
    ] {
        assert_eq!(step(tables, step_jars).0, expected, "{tables} {step_jars}");
    }
    let (jars, conf) = step(
        "  tables: [hudi]\n",
        &format!("conf: {{ spark.jars: \"{own}\" }}"),
    );
    assert_eq!(jars, Vec::<String>::new());
    assert_eq!(conf["spark.jars"], format!("{HUDI},{own}"));
    let (_, conf) = step(
        "  tables: [delta]\n",
        "conf: { spark.sql.extensions: com.example.Own, spark.sql.ansi.enabled: true }",
    );
    let extensions = "io.delta.sql.DeltaSparkSessionExtension,com.example.Own";
    assert_eq!(conf["spark.sql.extensions"], extensions);
    assert_eq!(conf["spark.sql.ansi.enabled"], "true");
}

#[test]
fn configurations_are_part_of_a_job_and_applications_are_not() {
    let hash = |cluster: &str| {
        let (desired, _) = expanded(cluster, "", Capacity::AsTyped).unwrap();
        desired.job.unwrap().hash.to_string()
    };
    // The hash that clusterup computed before there were configurations.
    assert_eq!(hash(""), "9a529c7eda23e7d9");
    assert_eq!(hash("  applications: [Hive]\n"), hash(""));
    let defaults = "  configurations: { spark-defaults: { spark.executor.memory: 3g } }\n";
    assert_eq!(hash(defaults), hash(""));
    let all = [
        hash(""),
        hash(DEFAULTS),
        hash(&DEFAULTS.replace("200", "100")),
        hash("  tables: [iceberg]\n"),
        hash("  catalog: glue\n"),
    ];
    let different: std::collections::BTreeSet<_> = all.iter().collect();
    assert_eq!(different.len(), all.len());
}

#[test]
fn hbase_takes_half_of_a_nodes_memory() {
    let memory_with = |applications: &str| {
        let cluster = format!("  applications: [{applications}]\n");
        let (desired, _) = expanded(&cluster, "", Capacity::AsTyped).unwrap();
        (desired.cluster.worker.memory.mib(), memory(&desired).mib())
    };
    let (alone, executor) = memory_with("Hive");
    let (beside, smaller) = memory_with("Hive, hbase");
    assert_eq!((alone, beside), (12_288, 6_144));
    assert!(smaller < executor / 2, "{smaller} {executor}");
}

#[test]
fn sizes_that_emr_computes_are_not_those_of_steps() {
    let text = "  configurations: { spark: { maximizeResourceAllocation: true } }\n";
    let (_, notes) = expanded(text, "", Capacity::AsTyped).unwrap();
    assert!(
        notes[0].contains("maximizeResourceAllocation does not change"),
        "{notes:?}"
    );
    let (_, notes) = expanded(text, "executor_memory: 2g", Capacity::AsTyped).unwrap();
    assert_eq!(notes, Vec::<String>::new());
}
