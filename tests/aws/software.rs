//! Applications, configurations, catalog and tables: requested, shown, and a new cluster if they
//! change. And what an old release does not have.

use crate::world::{STACK, World};
use serde_json::{Value, json};

const RELEASE: &str = "release: emr-7.x";

/// A stack whose cluster has these keys as well.
fn write(world: &World, release: &str, keys: &str) {
    assert!(STACK.contains(RELEASE));
    world.stack(&STACK.replace(RELEASE, &format!("release: {release}, {keys}")));
}

/// The one cluster, as EMR describes it.
fn described(world: &World) -> Value {
    let made = world.clusters();
    assert_eq!(made.len(), 1, "{made:#?}");
    let asked = json!({ "ClusterId": made[0]["id"] });
    world.aws("emr", "describe_cluster", asked)["Cluster"].clone()
}

/// Longer than the tags of a cluster can be.
const LONG: usize = 9_000;

fn keys(partitions: u32) -> String {
    let long: String = (0..LONG)
        .map(|n| char::from(b'a' + (n * n % 26) as u8))
        .collect();
    let defaults = format!("spark-defaults: {{ spark.sql.shuffle.partitions: {partitions} }}");
    let env = "spark-env: { export: { LANG: C.UTF-8 } }";
    let hive = format!("hive-site: {{ hive.long: {long} }}");
    format!(
        "applications: [livy, Hive], configurations: {{ {defaults}, {env}, {hive} }}, \
         catalog: glue, tables: [iceberg]"
    )
}

#[test]
fn what_is_installed_is_requested_shown_and_replaces_the_cluster_if_it_changes() {
    let world = World::new();
    write(&world, "emr-7.x", &keys(200));
    let plan = world.expect(0, &["plan", "t.yaml"]);
    plan.says("applications: Hive, Livy")
        .says("catalog: glue")
        .says("tables: iceberg");
    world.expect(0, &["apply", "t.yaml", "--yes"]);
    let cluster = described(&world);
    let names = cluster["Applications"].as_array().unwrap().iter();
    let names: Vec<_> = names.map(|one| one["Name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Hadoop", "Spark", "Hive", "Livy"]);
    let of = |name: &str| {
        let mut all = cluster["Configurations"].as_array().unwrap().iter();
        let found = all.find(|one| one["Classification"] == name);
        found.unwrap_or_else(|| panic!("{cluster:#}")).clone()
    };
    let factory = "com.amazonaws.glue.catalog.metastore.AWSGlueDataCatalogHiveClientFactory";
    let key = "hive.metastore.client.factory.class";
    for site in ["hive-site", "spark-hive-site"] {
        assert_eq!(of(site)["Properties"][key], factory);
    }
    assert_eq!(
        of("iceberg-defaults")["Properties"]["iceberg.enabled"],
        "true"
    );
    let defaults = of("spark-defaults")["Properties"].clone();
    assert_eq!(defaults["spark.sql.shuffle.partitions"], "200");
    assert_eq!(
        defaults["spark.sql.extensions"],
        "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions"
    );
    let export = of("spark-env")["Configurations"][0].clone();
    assert_eq!(export["Classification"], "export");
    let both = json!({ "LANG": "C.UTF-8", "PYSPARK_PYTHON": "/usr/bin/python3" });
    assert_eq!(export["Properties"], both);

    let plan = world.expect(0, &["plan", "t.yaml"]);
    plan.says("nothing to change");
    write(&world, "emr-7.x", &keys(64));
    let changed = "the configuration spark-defaults/spark.sql.shuffle.partitions changes from 200";
    let plan = world.plan();
    let actions = plan["actions"].as_array().unwrap();
    let replaced = actions
        .iter()
        .find(|action| action["asks"] == true)
        .unwrap();
    let because = replaced["because"].as_str().unwrap();
    assert!(because.contains(changed), "{because}");
    write(&world, "emr-7.x", "applications: [Hive]");
    world
        .expect(0, &["plan", "t.yaml"])
        .says("applications changes from [Hive, Livy] to [Hive]");
}

#[test]
fn an_old_release_has_no_idle_policy_and_says_so() {
    let world = World::new();
    write(&world, "emr-5.29.0", "applications: [Zeppelin]");
    let plan = world.expect(0, &["plan", "t.yaml"]);
    plan.says("EMR has none for emr-5.29.0: from emr-5.30.0 and emr-6.1.0 on");
    world.expect(0, &["apply", "t.yaml", "--yes"]);
    let cluster = described(&world);
    assert_eq!(cluster["ReleaseLabel"], "emr-5.29.0");
    let id = json!({ "ClusterId": cluster["Id"] });
    let policy = world.aws("emr", "get_auto_termination_policy", id);
    assert_eq!(policy["AutoTerminationPolicy"], Value::Null, "{policy}");
    let status = world.expect(0, &["status", "t.yaml"]);
    status.says("EMR has none for emr-5.29.0");
    let plan = world.expect(0, &["plan", "t.yaml"]);
    plan.says("nothing to change");

    // Nor has a cluster whose work the policy does not see.
    write(&world, "emr-7.x", "applications: [Trino]");
    world.expect(0, &["apply", "t.yaml", "--yes"]);
    let id = json!({ "ClusterId": world.clusters().last().unwrap()["id"] });
    let policy = world.aws("emr", "get_auto_termination_policy", id);
    assert_eq!(policy["AutoTerminationPolicy"], Value::Null, "{policy}");
    let status = world.expect(0, &["status", "t.yaml"]);
    status.says("EMR has none with Trino, whose work it does not see");
    let plan = world.expect(0, &["plan", "t.yaml"]);
    plan.says("nothing to change");
}
