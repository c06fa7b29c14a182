//! The real job end to end: its script and data go through the bucket, Spark really runs, and an
//! independent computation agrees with the downloaded results.

use crate::double::Double;
use crate::world::World;
use clusterup::cloud::local::runtime::{Runtime, Store};
use clusterup::model::event::NoListener;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Command;

const JOB: &str = r#"stack: t
region: us-east-1
key_pairs: [{ name: k }]
data:
  ratings: { path: ratings.dat }
  movies: { beside: ratings, file: movies.dat, sampled: false }
cluster: { release: emr-7.x, size: 3 x m5.xlarge, key_pair: k }
job:
  python_packages: [numpy]
  results: results
  steps:
    - name: similarities
      script: movie_similarities.py
      args: [--ratings, "${data.ratings}", --movies, "${data.movies}", --movie, "260",
             --min-strength, "20", --out, "${results}/similar"]
      spark: { executor_memory: 1g }
"#;

/// What the program itself keeps in the user's cache: Spark, and a folder with numpy.
#[expect(
    clippy::disallowed_methods,
    reason = "tests look where the program looks"
)]
pub(crate) fn installed() -> (Runtime, PathBuf) {
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cache");
    let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(home, PathBuf::from);
    let store = Store::new(cache.join("clusterup"), std::env::var_os("PATH"));
    let tokio = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    tokio.block_on(async {
        let runtime = store.runtime(&NoListener).await.unwrap();
        let names = ["numpy".to_owned()];
        let packages = store.packages(&runtime, &names, &NoListener);
        let packages = packages.await.unwrap().unwrap();
        (runtime, packages)
    })
}

/// Runs one of the example's scripts without Spark.
fn python(runtime: &Runtime, packages: &Path, script: &str, args: &[&str], folder: &Path) {
    let output = Command::new(&runtime.python)
        .arg(examples().join(script))
        .args(args)
        .current_dir(folder)
        .env("PYTHONPATH", packages)
        .output()
        .unwrap();
    let message = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{message}");
}

/// A world whose double runs steps on this Spark.
pub(crate) fn on_spark(runtime: &Runtime, packages: &Path) -> World {
    let spark = json!({
        "python": runtime.python, "java_home": runtime.java_home,
        "spark_home": runtime.spark_home, "pythonpath": packages,
    });
    let folder = tempfile::tempdir().unwrap();
    let described = folder.path().join("spark.json");
    std::fs::write(&described, spark.to_string()).unwrap();
    World::on(Double::with_spark(&described))
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/movie-similarities")
}

#[test]
fn the_downloaded_similarities_agree_with_another_computation() {
    let (runtime, packages) = installed();
    let world = on_spark(&runtime, &packages);
    world
        .double
        .post("/_double/steps", json!({ "mode": "spark" }));
    let size = ["--ratings", "40000", "--users", "600", "--movies", "300"];
    let size = [&["--out", "."], &size[..]].concat();
    python(&runtime, &packages, "make_ratings.py", &size, world.path());
    let script = examples().join("movie_similarities.py");
    std::fs::copy(script, world.path().join("movie_similarities.py")).unwrap();
    world.stack(JOB);

    let done = world.expect(0, &["apply", "t.yaml", "--yes"]);
    done.says("step similarities completed").says("movie_id");
    assert_eq!(world.clusters()[0]["state"], "TERMINATED");
    let check = [
        "--ratings",
        "ratings.dat",
        "--movies",
        "movies.dat",
        "--movie",
        "260",
        "--min-strength",
        "20",
        "--similar",
        "results/similar/similar.csv",
    ];
    python(&runtime, &packages, "check.py", &check, world.path());
    let similar = world.path().join("results/similar/similar.csv");
    let similar = std::fs::read_to_string(similar).unwrap();
    assert!(similar.lines().count() > 5, "{similar}");

    world.expect(0, &["destroy", "t", "--yes"]);
    world.assert_nothing_left();
}
