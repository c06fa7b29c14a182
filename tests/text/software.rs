//! Applications, configurations, catalog and tables in every form in which a stack may write them.

use clusterup::model::software::Software;
use clusterup::text::{Setting, parse};
use std::path::Path;

fn read(cluster: &str, sets: &[&str]) -> Result<Software, String> {
    let text = format!(
        "stack: t\nregion: us-east-1\ncluster:\n  release: emr-7.x\n  size: 1 x m5.xlarge\n{cluster}"
    );
    let sets: Vec<Setting> = sets.iter().map(|set| set.parse().unwrap()).collect();
    let stack = parse("t.yaml", &text, Path::new(""), &sets);
    stack
        .map(|stack| stack.cluster.emr.software)
        .map_err(|found| found.to_string())
}

fn properties(software: &Software) -> Vec<String> {
    let all = software.configurations.iter();
    all.map(|(place, value)| format!("{place}={value}"))
        .collect()
}

#[test]
fn applications_have_the_spelling_of_emr() {
    let names = |text: &str| {
        let software = read(&format!("  applications: [{text}]\n"), &[]).unwrap();
        let names = software.applications.iter().map(ToString::to_string);
        names.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        names("livy, HIVE, jupyterEnterpriseGateway"),
        "Hive JupyterEnterpriseGateway Livy"
    );
    assert_eq!(names("Hive, hive"), "Hive");
    assert_eq!(names("spark, Hadoop"), "");
    let set = read("", &["cluster.applications=[Hive]"]).unwrap();
    assert_eq!(set.applications.len(), 1);
}

#[test]
fn values_are_texts_and_classifications_nest() {
    let text = "  configurations:
    spark-defaults: { a.n: 200, a.b: true, a.t: \"07\", a.e: \"\", a.f: 1e3, a.l: 'x,y' }
    spark-env: { export: { A: 1 }, B: no }
    hive-log4j2:
      appender: |
        one
        two
";
    let all = [
        "hive-log4j2/appender=one\ntwo\n",
        "spark-defaults/a.b=true",
        "spark-defaults/a.e=",
        "spark-defaults/a.f=1e3",
        "spark-defaults/a.l=x,y",
        "spark-defaults/a.n=200",
        "spark-defaults/a.t=07",
        "spark-env/B=no",
        "spark-env/export/A=1",
    ];
    let mut read_back = properties(&read(text, &[]).unwrap());
    read_back.sort();
    assert_eq!(read_back, all);
}

#[test]
fn a_setting_names_a_property_with_its_dots() {
    let sets = [
        "cluster.configurations.spark-defaults.spark.sql.shuffle.partitions=8",
        "cluster.configurations.spark-env.export.LANG=C",
        "cluster.configurations.core-site={ a: b }",
    ];
    let file = "  configurations: { spark-defaults: { spark.sql.shuffle.partitions: 200 } }\n";
    let mut changed = properties(&read(file, &sets).unwrap());
    changed.sort();
    let all = [
        "core-site/a=b",
        "spark-defaults/spark.sql.shuffle.partitions=8",
        "spark-env/export/LANG=C",
    ];
    assert_eq!(changed, all);
    let wrong = read("", &["cluster.configurations.spark-default.spark.x=1"]).unwrap_err();
    assert!(wrong.contains("spark-defaults"), "{wrong}");
}

#[test]
fn sizes_are_bounded() {
    let of = |name: &str, value: &str| {
        read(
            &format!("  configurations: {{ core-site: {{ {name}: \"{value}\" }} }}\n"),
            &[],
        )
    };
    assert!(of("a", &"x".repeat(10_240)).is_ok());
    let wrong = of("a", &"x".repeat(10_241)).unwrap_err();
    assert!(wrong.contains("too long"), "{wrong}");
    assert!(of(&"n".repeat(256), "1").is_ok());
    assert!(of(&"n".repeat(257), "1").is_err());
    let many = |count: usize, value: &str| {
        let all = (0..count)
            .map(|n| format!("a{n}: \"{value}\""))
            .collect::<Vec<_>>();
        read(
            &format!(
                "  configurations: {{ core-site: {{ {} }} }}\n",
                all.join(", ")
            ),
            &[],
        )
    };
    assert!(many(1_000, "x").is_ok());
    for wrong in [many(1_001, "x"), many(12, &"x".repeat(9_000))] {
        let wrong = wrong.unwrap_err();
        assert!(wrong.contains("the configurations are too long"), "{wrong}");
        assert_eq!(wrong.matches("too long").count(), 1, "{wrong}");
    }
}

#[test]
fn two_formats_that_replace_sparks_catalog_need_a_choice() {
    assert!(read("  tables: [delta, hudi]\n", &[]).is_err());
    assert!(read("  tables: [delta, iceberg]\n", &[]).is_ok());
    let choice = "  tables: [delta, hudi]\n  configurations:\n    spark-defaults:\n      \
                  spark.sql.catalog.spark_catalog: org.apache.spark.sql.delta.catalog.DeltaCatalog\n";
    assert!(read(choice, &[]).is_ok());
}
