//! What follows from a catalog and tables, and what releases do not have.

use super::*;

fn software(applications: &[&str], tables: &[TableFormat], glue: bool) -> Software {
    Software {
        applications: applications.iter().map(|it| it.parse().unwrap()).collect(),
        tables: tables.to_vec(),
        catalog: glue.then_some(Catalog::Glue),
        ..Software::default()
    }
}

#[test]
fn glue_is_the_metastore_of_each_application_that_can_use_it() {
    let spark = software(&[], &[], true).configured();
    assert_eq!(spark.classifications(), ["spark-hive-site"]);
    let all = software(&["Hive", "Trino", "Livy"], &[], true).configured();
    let three = ["hive-site", "spark-hive-site", "trino-connector-hive"];
    assert_eq!(all.classifications(), three);
    for site in ["hive-site", "spark-hive-site"] {
        let class = all.get(&[site], "hive.metastore.client.factory.class");
        assert_eq!(class, Some(GLUE_FACTORY), "{site}");
    }
    let mut own = software(&["Hive"], &[], true);
    let key = "hive.metastore.client.factory.class";
    own.configurations
        .set(&["hive-site"], key, "com.example.Own");
    let class = own.configured();
    assert_eq!(class.get(&["hive-site"], key), Some("com.example.Own"));
}

#[test]
fn formats_of_tables_share_the_list_of_extensions() {
    let mut all = software(&[], &[TableFormat::Delta, TableFormat::Iceberg], true);
    let extensions = "spark.sql.extensions";
    let own = "com.example.Own, io.delta.sql.DeltaSparkSessionExtension";
    all.configurations.set(&[SPARK], extensions, own);
    let configured = all.configured();
    assert_eq!(
        configured.get(&[SPARK], extensions),
        Some(
            "io.delta.sql.DeltaSparkSessionExtension,\
             org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions,com.example.Own"
        )
    );
    for (classification, name, value) in [
        ("delta-defaults", "delta.enabled", "true"),
        ("iceberg-defaults", "iceberg.enabled", "true"),
        (
            SPARK,
            SESSION_CATALOG,
            "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        ),
        (
            SPARK,
            "spark.sql.catalog.iceberg",
            "org.apache.iceberg.spark.SparkCatalog",
        ),
    ] {
        assert_eq!(
            configured.get(&[classification], name),
            Some(value),
            "{name}"
        );
    }
    let mut hudi = software(&[], &[TableFormat::Hudi], false);
    hudi.configurations
        .set(&[SPARK], "spark.jars", "s3://b/a.jar");
    let configured = hudi.configured();
    let jars = configured.get(&[SPARK], "spark.jars");
    assert_eq!(
        jars,
        Some("/usr/lib/hudi/hudi-spark-bundle.jar,s3://b/a.jar")
    );
    // What is configured once is not changed by configuring it again.
    hudi.configurations = configured.clone();
    assert_eq!(hudi.configured(), configured);
}

#[test]
fn a_difference_names_what_differs() {
    let none = Software::default();
    let mut want = software(&["Hive", "Livy"], &[TableFormat::Iceberg], true);
    let differ = |want: &Software| {
        none.difference(want)
            .map(|(key, from, to)| (key, from + " " + &to))
    };
    let row = |key: &str, change: &str| Some((key.to_owned(), change.to_owned()));
    assert_eq!(none.difference(&none), None);
    assert_eq!(differ(&want), row("applications", "none [Hive, Livy]"));
    want.applications.clear();
    assert_eq!(differ(&want), row("catalog", "none glue"));
    want.catalog = None;
    assert_eq!(differ(&want), row("tables", "none [iceberg]"));
    want.tables.clear();
    want.configurations.set(&["core-site"], "a", "x".repeat(99));
    let (key, change) = differ(&want).unwrap();
    assert_eq!(key, "the configuration core-site/a");
    assert!(
        change.starts_with("none xxx") && change.chars().count() < 70,
        "{change}"
    );
}

#[test]
fn what_a_release_does_not_have_is_known() {
    for (software, label, missing) in [
        (
            software(&["Trino"], &[], false),
            "emr-6.3.0",
            Some("application Trino"),
        ),
        (software(&["Trino"], &[], false), "emr-6.4.0", None),
        (
            software(&["Hive"], &[], true),
            "emr-5.7.0",
            Some("catalog: glue"),
        ),
        (
            software(&[], &[TableFormat::Delta], false),
            "emr-6.8.0",
            Some("tables: [delta]"),
        ),
        (
            software(&[], &[TableFormat::Iceberg], false),
            "emr-6.4.0",
            Some("tables: [iceberg]"),
        ),
        (
            software(&[], &[TableFormat::Hudi], false),
            "emr-6.6.0",
            Some("tables: [hudi]"),
        ),
        (
            software(&["Hive"], &[TableFormat::Hudi], true),
            "emr-7.x",
            None,
        ),
        (software(&["Druid"], &[], false), "emr-4.0.0", None),
    ] {
        let found = software.unsupported(label).map(|(what, _)| what);
        assert_eq!(found.as_deref(), missing, "{label}");
    }
}

#[test]
fn the_python_of_clusterup_is_not_the_stacks() {
    let bare = requested(Configurations::default());
    assert_eq!(
        bare.get(&["spark-env", "export"], "PYSPARK_PYTHON"),
        Some(PYTHON)
    );
    assert!(configured(bare.clone()).is_empty());
    assert_eq!(other_python(&bare), None);
    let mut own = Configurations::default();
    own.set(
        &["spark-env", "export"],
        "PYSPARK_PYTHON",
        "/usr/bin/python3.11",
    );
    assert_eq!(requested(own.clone()), own);
    assert_eq!(configured(own.clone()), own);
    let path: &[&str] = &["spark-env", "export", "PYSPARK_PYTHON"];
    assert_eq!(other_python(&own), Some(path));
}
