//! Fixes of failures: each is one that the stack's own rules accept, and none exceeds a node.

use super::facts;
use clusterup::cost::shape::{families, shape};
use clusterup::model::diagnosis::Remedy;
use clusterup::model::facts::{Capacity, Facts};
use clusterup::model::fix::{Change, Fix};
use clusterup::model::instance::InstanceType;
use clusterup::model::memory::Memory;
use clusterup::model::skew::{Excess, TaskSkew};
use clusterup::model::stack::Stack;
use clusterup::plan::fix::{Failed, fixes};
use clusterup::plan::memory::{container_with, overhead};
use clusterup::text::{self, Setting};
use std::fmt::Write;
use std::path::Path;

const MACHINES: [&str; 9] = [
    "3 x m5.xlarge",
    "1 x m5.xlarge",
    "3 x r5.24xlarge",
    "2 x c5.xlarge",
    "{ primary: m5.xlarge, core: { nodes: 2 x m5.xlarge, market: spot } }",
    "{ primary: m5.xlarge, core: { nodes: 2 x r5.2xlarge, market: spot, bid: $0.10 } }",
    "{ primary: m5.xlarge, core: { nodes: 4 x m5.xlarge, ebs: { size: 64g } } }",
    "{ primary: m5.xlarge, core: 2 x i3.xlarge }",
    "{ primary: m5.xlarge, core: { fleet: { types: [m5.xlarge, m5a.xlarge], spot: 2 } } }",
];

const SPARKS: [&str; 6] = [
    "{}",
    "{ executor_memory: 1g, executor_cores: 2, driver_memory: 1g }",
    "{ conf: { spark.executor.memoryOverhead: 2g, spark.executor.cores: 4 } }",
    "{ conf: { spark.driver.memory: 12g, spark.sql.shuffle.partitions: 64 } }",
    "{ executor_memory: 6g, conf: { spark.executor.memoryOverheadFactor: 0.4 } }",
    "{ executor_memory: 450m, packages: [\"org.x:y_2.12:1.0\"], deploy_mode: cluster }",
];

fn yaml(size: &str, spark: &str) -> String {
    format!(
        "stack: t\nregion: us-east-1\ncluster: {{ release: emr-7.x, size: {size} }}\n\
         job:\n  python_packages: [numpy]\n  steps: [{{ name: a.b, script: a.py, spark: {spark} }}]\n"
    )
}

fn parse(yaml: &str, settings: &[Setting]) -> Result<Stack, String> {
    let parsed = text::parse("t.yaml", yaml, Path::new("/s"), settings);
    parsed.map_err(|wrong| format!("{wrong:?}"))
}

fn on_aws(stack: &Stack) -> Facts {
    Facts {
        capacity: Capacity::AsTyped,
        ..facts(stack)
    }
}

fn remedies() -> Vec<Remedy> {
    let conf = |key: &str, value: Option<&str>| Remedy::Conf {
        key: key.to_owned(),
        value: value.map(str::to_owned),
    };
    vec![
        Remedy::ExecutorMemory,
        Remedy::ExecutorOverhead,
        Remedy::PythonMemory,
        Remedy::SmallerExecutors,
        Remedy::DriverMemory,
        conf("spark.sql.autoBroadcastJoinThreshold", Some("-1")),
        conf("spark.executor.cores", None),
        Remedy::Partitions,
        Remedy::PythonPackage {
            module: "sklearn.svm".into(),
        },
        Remedy::SparkPackage {
            source: "delta".into(),
        },
        Remedy::SparkPackage {
            source: "avro".into(),
        },
        Remedy::SparkPackage {
            source: "com.x.y".into(),
        },
        Remedy::Disk,
        Remedy::Size,
        Remedy::OnDemand,
        Remedy::OtherType,
        Remedy::OtherZone,
        Remedy::DropLine {
            file: "a.py".into(),
            line: 3,
        },
        Remedy::ChangeLine {
            file: None,
            line: None,
            change: "write it".to_owned(),
        },
        Remedy::Grant {
            actions: vec!["s3:GetObject".to_owned()],
            resource: Some("s3://bucket/a".into()),
        },
        Remedy::CreateRoles,
        Remedy::Quota,
        Remedy::RunAgain,
    ]
}

fn fixed(stack: &Stack, facts: &Facts, remedies: &[Remedy], skew: Option<TaskSkew>) -> Vec<Fix> {
    let step = stack.job.as_ref().map(|job| &job.steps[0].name);
    fixes(
        Failed {
            stack,
            facts,
            step,
            skew,
        },
        remedies,
    )
}

/// The stack with the settings of a fix, as `--set` applies them.
fn with(yaml: &str, fix: &Fix) -> Stack {
    let Change::Set(settings) = &fix.change else {
        return parse(yaml, &[]).unwrap();
    };
    assert!(!settings.is_empty());
    let text = |one: &clusterup::model::fix::Setting| one.written();
    let settings: Vec<Setting> = settings
        .iter()
        .map(|it| text(it).parse().unwrap())
        .collect();
    parse(yaml, &settings).unwrap_or_else(|wrong| panic!("{fix:?}\n{yaml}\n{wrong}"))
}

#[test]
fn each_fix_is_one_that_the_stack_accepts_and_plans() {
    let machines = MACHINES.map(|size| (size, SPARKS[1]));
    let sparks = SPARKS.map(|spark| (MACHINES[0], spark));
    for (size, spark) in machines.into_iter().chain(sparks) {
        let yaml = yaml(size, spark);
        let stack = parse(&yaml, &[]).unwrap();
        for facts in [on_aws(&stack), facts(&stack)] {
            for remedy in remedies() {
                for fix in fixed(&stack, &facts, std::slice::from_ref(&remedy), None) {
                    assert!(!fix.reason.ends_with('.'), "{}", fix.reason);
                    let after = with(&yaml, &fix);
                    let planned = clusterup::plan::expand::expand(&after, &facts);
                    assert!(planned.is_ok(), "{remedy:?} {fix:?}: {planned:?}\n{yaml}");
                    if matches!(fix.change, Change::Set(_)) {
                        assert_ne!(after, stack, "{remedy:?} {fix:?} changes nothing\n{yaml}");
                    }
                }
            }
        }
    }
}

/// Applies fixes again and again, until another type is named.
fn keeps_to_the_node(mut stack: Stack, facts: &Facts, memory: &[Remedy]) {
    for _ in 0..60 {
        let found = fixed(&stack, facts, memory, None);
        let nodes = |stack: &Stack| stack.cluster.core.as_ref().unwrap().nodes.clone();
        for fix in &found {
            let after = apply(&stack, fix);
            let room = shape(&nodes(&after).instance_type).unwrap().yarn;
            assert!(taken(&after) <= room, "{:?} {fix:?}", nodes(&after));
        }
        let Some(next) = found.first().map(|fix| apply(&stack, fix)) else {
            return;
        };
        if next == stack || nodes(&next) != nodes(&stack) {
            return;
        }
        stack = next;
    }
    panic!("it never ends: {stack:?}");
}

/// The executor that a stack asks for, with what it has beside its heap.
pub(crate) fn taken(stack: &Stack) -> Memory {
    let spark = &stack.job.as_ref().unwrap().steps[0].spark;
    let heap = spark.executor_memory.unwrap();
    let of = |key: &str| {
        spark
            .conf
            .get(key)
            .map(|text| text.parse::<Memory>().unwrap())
    };
    let extra = of("spark.executor.memoryOverhead").unwrap_or_else(|| overhead(heap));
    let python = of("spark.executor.pyspark.memory").map_or(0, Memory::mib);
    container_with(heap, Memory::from_mib(extra.mib() + python))
}

#[test]
fn no_fix_exceeds_what_a_node_gives() {
    let memory = [
        Remedy::ExecutorMemory,
        Remedy::ExecutorOverhead,
        Remedy::SmallerExecutors,
    ];
    let yaml = yaml("3 x m5.xlarge", "{}");
    let stack = parse(&yaml, &[]).unwrap();
    let facts = on_aws(&stack);
    let mut types = 0;
    for family in families() {
        for size in [
            "large", "xlarge", "2xlarge", "4xlarge", "12xlarge", "24xlarge",
        ] {
            let of: InstanceType = format!("{family}.{size}").parse().unwrap();
            if shape(&of).is_none() {
                continue;
            }
            types += 1;
            for (executor, python) in [("450m", None), ("6g", None), ("450m", Some("1g"))] {
                let mut stack = stack.clone();
                stack.cluster.core.as_mut().unwrap().nodes.instance_type = of.clone();
                let executor = executor.parse().unwrap();
                let spark = &mut stack.job.as_mut().unwrap().steps[0].spark;
                spark.executor_memory = Some(executor);
                if let Some(python) = python {
                    let key = "spark.executor.pyspark.memory".to_owned();
                    spark.conf.insert(key, python.to_owned());
                }
                if taken(&stack) > shape(&of).unwrap().yarn {
                    continue;
                }
                keeps_to_the_node(stack, &facts, &memory);
            }
        }
    }
    assert!(types > 150, "{types}");
}

/// Applies the memory and type that a fix sets.
fn apply(stack: &Stack, fix: &Fix) -> Stack {
    let mut stack = stack.clone();
    let Change::Set(settings) = &fix.change else {
        return stack;
    };
    for setting in settings {
        let spark = &mut stack.job.as_mut().unwrap().steps[0].spark;
        match setting.path.strip_prefix("job.steps.a.b.spark.") {
            Some("executor_memory") => spark.executor_memory = Some(setting.to.parse().unwrap()),
            Some("executor_cores") => {
                spark.submission.executor_cores = Some(setting.to.parse().unwrap());
            }
            Some(conf) => {
                let key = conf.strip_prefix("conf.").unwrap().to_owned();
                spark.conf.insert(key, setting.to.clone());
            }
            None => {
                assert_eq!(setting.path, "cluster.size.core.nodes");
                stack.cluster.core.as_mut().unwrap().nodes = setting.to.parse().unwrap();
            }
        }
    }
    stack
}

#[test]
fn memory_grows_to_the_most_and_then_cores_and_type_change() {
    let mut settings = Vec::new();
    let mut stack = parse(&yaml("3 x m5.xlarge", "{ executor_memory: 4g }"), &[]).unwrap();
    for _ in 0..5 {
        let found = fixed(&stack, &on_aws(&stack), &[Remedy::ExecutorMemory], None);
        let Change::Set(set) = &found[0].change else {
            panic!("{found:?}")
        };
        settings.push((
            format!("{}={}", set[0].path, set[0].to),
            found[0].reason.clone(),
        ));
        stack = apply(&stack, &found[0]);
    }
    let settings: Vec<&str> = settings.iter().map(|(set, _)| set.as_str()).collect();
    assert_eq!(
        settings,
        [
            "job.steps.a.b.spark.executor_memory=8g",
            "job.steps.a.b.spark.executor_memory=9593m",
            "job.steps.a.b.spark.executor_cores=2",
            "job.steps.a.b.spark.executor_cores=1",
            "cluster.size.core.nodes=2 x m5.2xlarge",
        ]
    );
}

#[test]
fn partitions_double_up_to_the_most_that_clusterup_chooses() {
    let to = |partitions: &str| {
        let spark = format!("{{ partitions: {partitions} }}");
        let stack = parse(&yaml("3 x m5.xlarge", &spark), &[]).unwrap();
        let found = fixed(&stack, &on_aws(&stack), &[Remedy::Partitions], None);
        found.iter().find_map(|fix| match &fix.change {
            Change::Set(set) => Some((set[0].path.clone(), set[0].to.clone())),
            Change::CreateRoles | Change::RunAgain | Change::ByHand(_) => None,
        })
    };
    let doubled = |number: &str| {
        let path = "job.steps.a.b.spark.partitions".to_owned();
        Some((path, number.to_owned()))
    };
    assert_eq!(to("200"), doubled("400"));
    assert_eq!(to("5000"), doubled("10000"));
    assert_eq!(to("5001"), None);
}

#[test]
fn a_format_that_the_cluster_has_and_a_name_that_is_none_have_no_fix() {
    let count = |size: &str, remedy: &Remedy| {
        let stack = parse(&yaml(size, "{}"), &[]).unwrap();
        fixed(&stack, &on_aws(&stack), std::slice::from_ref(remedy), None).len()
    };
    let delta = Remedy::SparkPackage {
        source: "delta".into(),
    };
    assert_eq!(count("3 x m5.xlarge", &delta), 1);
    assert_eq!(count("3 x m5.xlarge, tables: [iceberg]", &delta), 1);
    assert_eq!(count("3 x m5.xlarge, tables: [delta]", &delta), 0);
    let package = |module: &str| Remedy::PythonPackage {
        module: module.into(),
    };
    for module in ["numpy", "my_module", "a1", &"a".repeat(64)] {
        assert_eq!(count("3 x m5.xlarge", &package(module)), 1, "{module}");
    }
    let two = yaml("3 x m5.xlarge", "{}").replace("[numpy]", "[pandas, numpy]");
    let stack = parse(&two, &[]).unwrap();
    let found = fixed(&stack, &on_aws(&stack), &[package("numpy")], None);
    assert!(found[0].reason.contains("installed already"), "{found:?}");
    for module in ["", "a-b", "a b", &"a".repeat(65)] {
        assert_eq!(count("3 x m5.xlarge", &package(module)), 0, "{module}");
    }
}

/// The first setting of each fix.
fn paths(fixes: &[Fix]) -> Vec<&str> {
    let changes = fixes.iter().map(|fix| &fix.change);
    let paths = changes.map(|change| match change {
        Change::Set(set) => set[0].path.as_str(),
        Change::CreateRoles | Change::RunAgain | Change::ByHand(_) => "none",
    });
    paths.collect()
}

#[test]
fn a_limit_of_python_workers_is_kept_apart_from_a_skewed_heap() {
    let of = |heap: &str, task: u64| {
        let conf = "conf: { spark.executor.pyspark.memory: 400m }";
        let spark = format!("{{ executor_memory: {heap}, {conf} }}");
        let stack = parse(&yaml("3 x m5.xlarge", &spark), &[]).unwrap();
        let skew = Some(TaskSkew {
            stage: 4,
            of: Excess::Shuffled,
            task,
            median: 1,
        });
        fixed(&stack, &on_aws(&stack), &[Remedy::PythonMemory], skew)
    };
    let python = "job.steps.a.b.spark.conf.spark.executor.pyspark.memory";
    assert_eq!(paths(&of("8g", 200 << 20)), [python]);
    // The most that leaves room for the limit.
    let removed = of("9256m", 200 << 20);
    assert!(removed[0].reason.starts_with("remove "), "{removed:?}");
    let split = of("8g", 8 << 30);
    assert!(split[0].reason.ends_with("split that key"), "{split:?}");
}

#[test]
fn a_skewed_key_that_no_node_holds_gets_no_memory() {
    let remedies = [
        Remedy::ExecutorMemory,
        Remedy::ExecutorOverhead,
        Remedy::Partitions,
    ];
    let of = |memory: &str, of: Excess, task: u64, median: u64| {
        let spark = format!("{{ executor_memory: {memory} }}");
        let stack = parse(&yaml("3 x m5.xlarge", &spark), &[]).unwrap();
        let skew = Some(TaskSkew {
            stage: 4,
            of,
            task,
            median,
        });
        fixed(&stack, &on_aws(&stack), &remedies, skew)
    };
    // Memory of the node can help; more partitions cannot.
    let grown = of("1g", Excess::Shuffled, 1_000 << 20, 35_000_000);
    let heap = "job.steps.a.b.spark.executor_memory";
    let beside = "job.steps.a.b.spark.conf.spark.executor.memoryOverhead";
    assert_eq!(paths(&grown), [heap, beside]);
    for (memory, excess, task, median, reason) in [
        (
            "1g",
            Excess::Shuffled,
            4_000 << 20,
            35_000_000,
            "one task of stage 4 read 4.1 GB before it failed, the median 35 MB; more than an executor \
             of 9593m, the most that a node of m5.xlarge gives, can hold: split that key",
        ),
        (
            "1g",
            Excess::Stored,
            9_000_000_000,
            0,
            "one task of stage 4 read 9.0 GB before it failed, the median 0 B; more than an \
             executor of 9593m, the most that a node of m5.xlarge gives, can hold: write those data in \
             smaller files",
        ),
        (
            "9593m",
            Excess::Shuffled,
            200_000_000,
            3_000_000,
            "one task of stage 4 read 200 MB before it failed, the median 3.0 MB; its executor had \
             9593m, the most that a node of m5.xlarge gives: split that key",
        ),
    ] {
        let fixes = of(memory, excess, task, median);
        let by_hand = Fix {
            next: None,
            change: Change::ByHand(None),
            reason: reason.to_owned(),
        };
        assert_eq!(fixes[0], by_hand);
        // Memory beside the heap can still help data that fit.
        let fits: &[&str] = if task < 1 << 30 { &[beside] } else { &[] };
        assert_eq!(paths(&fixes[1..]), fits, "{reason}");
    }
}

#[test]
fn a_right_is_a_command_only_for_a_plain_bucket() {
    let stack = parse(&yaml("3 x m5.xlarge", "{}"), &[]).unwrap();
    let of = |address: &str| {
        let remedy = Remedy::Grant {
            actions: vec!["s3:GetObject".to_owned(), "s3:ListBucket".to_owned()],
            resource: Some(address.into()),
        };
        let fix = fixed(&stack, &on_aws(&stack), &[remedy], None).remove(0);
        let Change::ByHand(hint) = fix.change else {
            panic!("{fix:?}")
        };
        hint.map(|hint| hint.to_string())
    };
    let command = of("s3://team-data/x.csv").unwrap();
    assert!(command.starts_with("aws iam put-role-policy --role-name EMR_EC2_DefaultRole"));
    assert!(command.contains("arn:aws:s3:::team-data/*"), "{command}");
    assert_eq!(of("s3://a'; rm -rf ~/x"), None);
    assert_eq!(of("nothing"), None);
}

#[test]
fn a_limit_of_python_workers_doubles_where_the_container_fits_and_goes_where_it_does_not() {
    let of = |spark: &str, is_on_aws: bool| {
        let stack = parse(&yaml("3 x m5.xlarge", spark), &[]).unwrap();
        let facts = if is_on_aws {
            on_aws(&stack)
        } else {
            facts(&stack)
        };
        fixed(&stack, &facts, &[Remedy::PythonMemory], None).pop()
    };
    let small = "{ executor_memory: 1g, conf: { spark.executor.pyspark.memory: 400m } }";
    let whole = "{ conf: { spark.executor.pyspark.memory: 400m } }";
    for (spark, is_on_aws) in [(small, true), (small, false), (whole, false)] {
        let Some(Change::Set(set)) = of(spark, is_on_aws).map(|fix| fix.change) else {
            panic!("{spark} {is_on_aws}")
        };
        assert_eq!(
            set[0].path,
            "job.steps.a.b.spark.conf.spark.executor.pyspark.memory"
        );
        assert_eq!(set[0].to, "800m");
    }
    let removed = of(whole, true).unwrap();
    assert_eq!(removed.change, Change::ByHand(None), "{removed:?}");
    assert!(
        removed
            .reason
            .starts_with("remove spark.executor.pyspark.memory: 400m from ")
    );
    assert_eq!(of("{ executor_memory: 1g }", false), None);
}

#[test]
fn a_full_disk_of_this_machine_is_not_fixed_by_a_larger_worker() {
    let stack = parse(&yaml("3 x m5.xlarge", "{}"), &[]).unwrap();
    let remedies = [Remedy::Disk, Remedy::Size];
    let here = fixed(&stack, &facts(&stack), &remedies, None);
    assert!(
        matches!(&here[..], [only] if matches!(only.change, Change::ByHand(Some(_)))),
        "{here:?}"
    );
    assert_eq!(fixed(&stack, &on_aws(&stack), &remedies, None).len(), 2);
}

/// A fix in words: its settings and its reason.
fn in_words(fix: &Fix) -> String {
    let change = match &fix.change {
        Change::Set(settings) => {
            let words = settings.iter().map(|set| {
                let from = set.from.as_deref().unwrap_or("none");
                format!("{}: {from} -> {}", set.path, set.to)
            });
            words.collect::<Vec<_>>().join(", ")
        }
        Change::CreateRoles => "create roles".to_owned(),
        Change::RunAgain => "run again".to_owned(),
        Change::ByHand(_) => "by hand".to_owned(),
    };
    format!("  {change}\n  ({})\n", fix.reason)
}

#[test]
fn fixes_in_words() {
    let memory = |key: &str, value: &str| format!("{{ conf: {{ spark.{key}: {value} }} }}");
    let module = |name: &str| Remedy::PythonPackage {
        module: name.into(),
    };
    let source = |name: &str| Remedy::SparkPackage {
        source: name.into(),
    };
    let conf = |value: &str| Remedy::Conf {
        key: "spark.x".to_owned(),
        value: Some(value.to_owned()),
    };
    let m5 = "3 x m5.xlarge";
    let disk = |ebs: &str| {
        format!("{{ primary: m5.xlarge, core: {{ nodes: 2 x m5.xlarge, ebs: {ebs} }} }}")
    };
    let spot = |more: &str| {
        format!("{{ primary: m5.xlarge, core: {{ nodes: 2 x m5.xlarge, market: spot{more} }} }}")
    };
    let avro = "{ packages: [\"org.apache.spark:spark-avro_2.12:3.5.0\"] }";
    let big = "{ executor_memory: 9593m }";
    let cases = [
        (
            m5,
            "{ executor_memory: 4g }".to_owned(),
            Remedy::ExecutorMemory,
        ),
        (
            m5,
            "{ executor_memory: 8g }".to_owned(),
            Remedy::ExecutorMemory,
        ),
        (
            "3 x r5.24xlarge",
            "{ executor_memory: 654605m }".to_owned(),
            Remedy::ExecutorMemory,
        ),
        (
            m5,
            "{ executor_memory: 4g }".to_owned(),
            Remedy::ExecutorOverhead,
        ),
        (m5, big.to_owned(), Remedy::ExecutorOverhead),
        (
            m5,
            memory("executor.memoryOverhead", "8g"),
            Remedy::ExecutorOverhead,
        ),
        (
            m5,
            memory("executor.pyspark.memory", "400m"),
            Remedy::PythonMemory,
        ),
        (
            m5,
            "{ executor_memory: 4g, conf: { spark.executor.pyspark.memory: 400m } }".to_owned(),
            Remedy::PythonMemory,
        ),
        (m5, "{ driver_memory: 4g }".to_owned(), Remedy::DriverMemory),
        (m5, "{ driver_memory: 7g }".to_owned(), Remedy::DriverMemory),
        (
            m5,
            "{ driver_memory: 12g }".to_owned(),
            Remedy::DriverMemory,
        ),
        (m5, memory("driver.memory", "3g"), Remedy::DriverMemory),
        (m5, "{}".to_owned(), Remedy::Partitions),
        (
            m5,
            memory("sql.shuffle.partitions", "10000"),
            Remedy::Partitions,
        ),
        (
            m5,
            "{ conf: { spark.sql.shuffle.partitions: 10001, spark.default.parallelism: 10001 } }"
                .to_owned(),
            Remedy::Partitions,
        ),
        (m5, memory("x", "1"), conf("1")),
        (m5, memory("x", "1"), conf("2")),
        (m5, "{}".to_owned(), module("sklearn.svm")),
        (m5, "{}".to_owned(), module("numpy")),
        (m5, "{}".to_owned(), module("my_module")),
        (m5, "{}".to_owned(), source("avro")),
        (m5, "{}".to_owned(), source("kafka")),
        (m5, "{}".to_owned(), source("com.x.y")),
        (m5, avro.to_owned(), source("avro")),
        (
            m5,
            "{ packages: [\"org.x:y_2.12:1.0\"] }".to_owned(),
            source("avro"),
        ),
        (
            "3 x m5.xlarge, tables: [iceberg]",
            "{}".to_owned(),
            source("delta"),
        ),
        (m5, "{}".to_owned(), Remedy::Disk),
        (&disk("{ size: 64g }"), "{}".to_owned(), Remedy::Disk),
        (
            &disk("{ size: 64g, volumes: 2 }"),
            "{}".to_owned(),
            Remedy::Disk,
        ),
        (&disk("{ size: 8192g }"), "{}".to_owned(), Remedy::Disk),
        (&disk("{ size: 8193g }"), "{}".to_owned(), Remedy::Disk),
        (
            m5,
            "{ executor_memory: 9593m }".to_owned(),
            Remedy::SmallerExecutors,
        ),
        (
            m5,
            "{ executor_memory: 10g }".to_owned(),
            Remedy::SmallerExecutors,
        ),
        (m5, "{}".to_owned(), Remedy::Size),
        ("1 x m5.xlarge", "{}".to_owned(), Remedy::Size),
        (m5, "{}".to_owned(), Remedy::OnDemand),
        (&spot(""), "{}".to_owned(), Remedy::OnDemand),
        (&spot(", bid: $0.10"), "{}".to_owned(), Remedy::OnDemand),
        (MACHINES[8], "{}".to_owned(), Remedy::OnDemand),
        (m5, "{}".to_owned(), Remedy::OtherType),
        ("3 x m6g.2xlarge", "{}".to_owned(), Remedy::OtherType),
        ("3 x r5.xlarge", "{}".to_owned(), Remedy::OtherType),
    ];
    let mut page = String::new();
    for (size, spark, remedy) in cases {
        let stack = parse(&yaml(size, &spark), &[]).unwrap();
        let _ = writeln!(page, "{remedy:?}: {size} {spark}");
        let found = fixed(&stack, &on_aws(&stack), &[remedy], None);
        page.extend(found.iter().map(in_words));
        if found.is_empty() {
            page += "  none\n";
        }
    }
    insta::assert_snapshot!(page);
}
