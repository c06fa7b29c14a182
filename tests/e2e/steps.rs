//! The kinds of steps on this machine: each really runs, or is refused by name before anything starts.

use crate::home::Home;
use std::fs;
use std::path::PathBuf;

/// A jar with a class that needs no Spark; PySpark includes it.
#[expect(
    clippy::disallowed_methods,
    reason = "tests look where the program looks"
)]
fn jar() -> PathBuf {
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cache");
    let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(home, PathBuf::from);
    let mut left = vec![cache.join("clusterup/runtime")];
    while let Some(folder) = left.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with("derby-") && name.ends_with(".jar") {
                return entry.path();
            }
            if entry.file_type().unwrap().is_dir() {
                left.push(entry.path());
            }
        }
    }
    panic!("PySpark has no derby");
}

const SCRIPT: &str = "import json, os, sys
import neighbour, beside.inner, listed, loose
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
def work(_):
    import listed, loose
    inside = open(os.path.join('unpacked', 'in.txt')).read()
    return [listed.X, loose.X, inside, open('lookup.csv').read(), os.environ['STAGE']]
found = spark.sparkContext.parallelize([0], 1).map(work).collect()[0]
found += [neighbour.X, beside.inner.X, os.environ['STAGE']] + sys.argv[2:]
os.makedirs(sys.argv[1], exist_ok=True)
json.dump(found, open(os.path.join(sys.argv[1], 'script.json'), 'w'))
";

const STACK: &str = r#"stack: t
region: us-east-1
cluster: { release: emr-7.x, size: 1 x m5.xlarge }
job:
  results: results
  steps:
    - { name: shell, shell: make.sh, args: ["${scratch}", "", "a }} b"] }
    - { name: command, command: [python, -c, "import pyspark, sys; print(sys.argv)", "", "}}"] }
    - { name: fails, command: [sh, -c, "exit 3"], on_failure: continue }
    - { name: copy, copy: { from: "${scratch}/made", to: "${results}/copied" } }
    - name: script
      script: job.py
      args: ["${results}", "", '{"a":{"b":1}}', größe]
      spark:
        executors: 1
        py_files: [listed, loose-modules]
        archives: ["packed.zip#unpacked"]
        files: [lookup.csv]
        env: { STAGE: "te st" }
    - name: jar
      jar: tool.jar
      class: org.apache.derby.tools.sysinfo
      spark: { deploy_mode: cluster }
    - name: sql
      sql: report.sql
      args: [--hivevar, "to=${results}/sql"]
"#;

#[test]
fn every_kind_of_step_really_runs() {
    let home = Home::new();
    for folder in ["beside", "listed", "loose-modules"] {
        fs::create_dir(home.path().join(folder)).unwrap();
    }
    home.write(
        "make.sh",
        "set -e\nmkdir -p \"$1/made/deep\"\nprintf %s \"$#$2$3\" > \"$1/made/deep/x\"\n",
    );
    home.write("job.py", SCRIPT);
    home.write("neighbour.py", "X = 'neighbour'\n");
    home.write("beside/inner.py", "X = 'inner'\n");
    home.write("listed/__init__.py", "X = 'listed'\n");
    home.write("loose-modules/loose.py", "X = 'loose'\n");
    home.write("lookup.csv", "lookup");
    fs::copy(jar(), home.path().join("tool.jar")).unwrap();
    let python = "import zipfile\nzipfile.ZipFile('packed.zip', 'w').writestr('in.txt', 'packed')";
    let made = std::process::Command::new("python3")
        .args(["-c", python])
        .current_dir(home.path())
        .status();
    assert!(made.unwrap().success());
    home.write(
        "report.sql",
        "INSERT OVERWRITE DIRECTORY '${to}' USING csv SELECT 40 + 2 AS answer;\n",
    );
    home.write("t.yaml", STACK);
    home.expect(0, &["plan", "t.yaml", "--local"])
        .says("job.py imports beside, listed, neighbour.py, sent with it")
        .says("the driver of jar runs as a client")
        .says("executors and executor_cores of script do not apply here");
    home.expect(0, &["apply", "t.yaml", "--local"])
        .says("step fails failed, and the job went on: it has on_failure: continue");
    let read = |name: &str| fs::read_to_string(home.path().join("results").join(name)).unwrap();
    assert_eq!(read("copied/deep/x"), "3a }} b");
    let found: serde_json::Value = serde_json::from_str(&read("script.json")).unwrap();
    let expected = serde_json::json!([
        "listed",
        "loose",
        "packed",
        "lookup",
        "te st",
        "neighbour",
        "inner",
        "te st",
        "",
        "{\"a\":{\"b\":1}}",
        "größe"
    ]);
    assert_eq!(found, expected);
    let parts = fs::read_dir(home.path().join("results/sql"))
        .unwrap()
        .flatten();
    let texts: Vec<String> = parts
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("part-"))
        .map(|entry| fs::read_to_string(entry.path()).unwrap())
        .collect();
    assert_eq!(texts.concat().trim(), "42");
    let logs = |step: &str| home.expect(0, &["logs", "t.yaml", "--local", "--step", step]);
    logs("jar").says("Derby");
    logs("command").says("['-c', '', '}}']");
    // A module that the script imports is a part of the job.
    home.expect(0, &["plan", "t.yaml", "--local"])
        .says("nothing to change");
    home.write("neighbour.py", "X = 'another'\n");
    home.expect(0, &["plan", "t.yaml", "--local"])
        .says("its scripts, data, arguments or settings are new");
}

#[test]
fn what_this_machine_cannot_run_is_refused_by_name_before_anything_starts() {
    let home = Home::new();
    home.write("a.hql", "");
    home.write("a.py", "");
    let stack = |step: &str| {
        let text = format!(
            "stack: t\nregion: us-east-1\ncluster: {{ release: emr-7.x, size: 1 x m5.xlarge }}\n\
             job: {{ steps: [{{ name: odd, {step} }}] }}\n"
        );
        home.write("t.yaml", &text);
    };
    for (step, why) in [
        ("hive: a.hql", "runs Hive"),
        ("script: \"s3://bucket/a.py\"", "reads s3://bucket/a.py"),
        ("jar: \"s3://bucket/a.jar\"", "reads s3://bucket/a.jar"),
        (
            "script: a.py, spark: { jars: [\"s3://bucket/a.jar\"] }",
            "reads s3://bucket/a.jar",
        ),
        (
            "copy: { from: \"s3://bucket/in\", to: \"${results}\" }",
            "copies s3://bucket/in",
        ),
        (
            "copy: { from: \"${scratch}\", to: \"hdfs:///in\" }",
            "copies hdfs:///in",
        ),
        (
            "copy: { from: \"${scratch}\", to: \"${results}\" }, args: [--s3Endpoint, x]",
            "has options of s3-dist-cp",
        ),
        ("command: [hdfs, dfs, -ls, /]", "runs hdfs"),
        ("command: [s3-dist-cp, --help]", "runs s3-dist-cp"),
    ] {
        stack(step);
        for verb in ["plan", "apply"] {
            home.expect(2, &[verb, "t.yaml", "--local"])
                .says(&format!("step \"odd\" {why}"));
        }
    }
    home.write("r.txt", "numpy\n-r other.txt\n");
    let python = |python: &str| {
        let text = format!(
            "stack: t\nregion: us-east-1\ncluster: {{ release: emr-7.x, size: 1 x m5.xlarge }}\n\
             job: {{ python: {python}, steps: [{{ name: odd, script: a.py, \
             spark: {{ deploy_mode: cluster }} }}] }}\n"
        );
        home.write("t.yaml", &text);
        home.expect(2, &["apply", "t.yaml", "--local"])
    };
    python("{ requirements: r.txt }")
        .says("line 2 of")
        .says("is no package: -r other.txt");
    python("{ archive: a.hql }").says("python.archive has a Python for EMR's machines");
    assert!(
        !home.state().join("clusterup").exists(),
        "something was made"
    );
}
