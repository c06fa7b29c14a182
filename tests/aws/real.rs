//! The real job through the whole of it: `spark-submit` on a real Spark behind the double's EMR.

use crate::double::Double;
use crate::world::World;
use clusterup::cloud::local::runtime::Store;
use clusterup::model::event::Silence;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const MOVIES: &str = "\
stack: t
region: us-east-1
data:
  ratings: { path: ratings.dat }
  movies: { path: movies.dat, sampled: false }
cluster: { release: emr-7.x, size: 3 x m5.xlarge }
job:
  python_packages: [numpy]
  steps:
    - name: similarities
      script: SCRIPT
      args: [--ratings, \"${data.ratings}\", --movies, \"${data.movies}\", --movie, \"MOVIE\",
             --min-strength, \"10\", --min-score, \"0.5\", --out, \"${results}/similar\"]
      spark: { executor_memory: 1g }
  results: results
guardrails: { when_done: terminate }
";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What the program itself would run Spark with, with numpy.
struct Spark {
    file: tempfile::NamedTempFile,
    python: PathBuf,
    path: String,
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests look where the program looks"
)]
fn spark() -> Spark {
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cache");
    let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(home, PathBuf::from);
    let store = Store::new(cache.join("clusterup"), std::env::var_os("PATH"));
    let tokio = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let runtime = tokio.block_on(store.runtime(&Silence)).unwrap();
    let packages = tokio.block_on(store.packages(&runtime, &["numpy".to_owned()], &Silence));
    let path = packages
        .unwrap()
        .map_or(String::new(), |path| path.display().to_string());
    let file = tempfile::NamedTempFile::new().unwrap();
    let named = json!({
        "spark_home": runtime.spark_home, "java_home": runtime.java_home,
        "python": runtime.python, "pythonpath": path, "path": "/usr/local/bin:/usr/bin:/bin",
    });
    fs::write(file.path(), named.to_string()).unwrap();
    Spark {
        file,
        python: runtime.python,
        path,
    }
}

#[test]
fn the_similarity_job_brings_the_right_table_home() {
    let spark = spark();
    let world = World::on(Double::with_spark(spark.file.path()));
    world
        .double
        .post("/_double/steps", json!({ "mode": "spark" }));
    let example = root().join("examples/movie-similarities");
    let python = |script: &str, args: &[&str]| {
        let done = Command::new(&spark.python)
            .arg(example.join(script))
            .args(args)
            .env("PYTHONPATH", &spark.path)
            .current_dir(world.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(
            done.status.success(),
            "{script} {args:?}: {said}{:?}",
            done.stdout
        );
    };
    // A small world of films of our own making.
    let ratings = ratings();
    fs::write(world.path().join("ratings.dat"), ratings).unwrap();
    let titles: String = (1..=40)
        .map(|m| format!("{m}::Film {m} (1999)::Drama\n"))
        .collect();
    fs::write(world.path().join("movies.dat"), titles).unwrap();
    let script = example.join("movie_similarities.py");
    let stack = MOVIES
        .replace("SCRIPT", script.to_str().unwrap())
        .replace("MOVIE", "7");
    world.stack(&stack);

    let done = world.expect(0, &["apply", "t.yaml", "--yes"]);
    done.says("step similarities completed");
    assert_eq!(world.clusters()[0]["state"], "TERMINATED");
    let table = fs::read_to_string(world.path().join("results/similar/similar.csv")).unwrap();
    assert!(table.lines().count() > 3, "{table}");
    python(
        "check.py",
        &[
            "--ratings",
            "ratings.dat",
            "--movie",
            "7",
            "--movies",
            "movies.dat",
            "--similar",
            "results/similar/similar.csv",
            "--min-strength",
            "10",
            "--min-score",
            "0.5",
        ],
    );
    world.expect(0, &["destroy", "t", "--yes"]);
    world.assert_nothing_left();
}

/// Ratings of 40 films by 120 people, the same each time.
fn ratings() -> String {
    let mut lines = String::new();
    let mut state: u64 = 7;
    for user in 1..=120_u64 {
        for film in 1..=40_u64 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            if (state >> 33) % 3 != 0 {
                let stars = (state >> 40) % 5 + 1;
                lines += &format!("{user}::{film}::{stars}::97830{film}\n");
            }
        }
    }
    lines
}
