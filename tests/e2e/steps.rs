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
import neighbour, beside.inner, listed, loose, packed_module
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
def work(_):
    import listed, loose, packed_module
    inside = open(os.path.join('unpacked', 'in.txt')).read()
    own = sys.prefix == packed_module.PREFIX
    return [own, listed.X, loose.X, inside, open('lookup.csv').read(), os.environ['STAGE']]
found = spark.sparkContext.parallelize([0], 1).map(work).collect()[0]
found += [sys.prefix == packed_module.PREFIX, neighbour.X, beside.inner.X, os.environ['STAGE']] + sys.argv[3:]
loader = spark._jvm.Thread.currentThread().getContextClassLoader()
found.append(loader.getResource('of-the-jar.txt') is not None)
found.append(spark.read.csv(sys.argv[2], header=True).count())
os.makedirs(sys.argv[1], exist_ok=True)  # clusterup: allow(opens-remote)
json.dump(found, open(os.path.join(sys.argv[1], 'script.json'), 'w'))  # clusterup: allow(opens-remote)
";

/// Packs an archive, and an environment as venv-pack does.
const PACK: &str = "import os, sys, tarfile, venv, zipfile
zipfile.ZipFile('packed.zip', 'w').writestr('in.txt', 'packed')
zipfile.ZipFile('more.jar', 'w').writestr('of-the-jar.txt', '')
venv.create('environment', symlinks=True)
modules = 'environment/lib/python%d.%d/site-packages' % sys.version_info[:2]
with open(os.path.join(modules, 'packed_module.py'), 'w') as module:
    module.write('import os\\nPREFIX = os.path.abspath(__file__ + \"/../../../..\")')
with tarfile.open('environment.tar.gz', 'w:gz') as packed:
    packed.add('environment', '.')
";

const STACK: &str = r#"stack: t
region: us-east-1
data: { days: { path: "days/day=*/a*.csv" } }
cluster: { release: emr-7.x, size: 1 x m5.xlarge }
job:
  results: results
  python: { archive: environment.tar.gz }
  steps:
    - { name: shell, shell: make.sh, args: ["${scratch}", "", "a }} b"] }
    - { name: command, command: [python, -c, "import pyspark, sys; print(sys.argv)", "", "}}"] }
    - { name: fails, command: [sh, -c, "exit 3"], on_failure: continue }
    - { name: copy, copy: { from: "${scratch}/made", to: "${results}/copied" } }
    - name: script
      script: job.py
      args: ["${results}", "${data.days}", "", '{"a":[{"b":1}]}', größe]
      spark:
        deploy_mode: cluster
        executors: 1
        py_files: [listed, loose-modules]
        archives: ["packed.zip#unpacked"]
        files: [lookup.csv]
        jars: [more.jar]
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
    for (day, name) in [("1", "a"), ("1", "c"), ("2", "ab")] {
        fs::create_dir_all(home.path().join(format!("days/day={day}"))).unwrap();
        home.write(&format!("days/day={day}/{name}.csv"), "user\n1\n2\n");
    }
    fs::copy(jar(), home.path().join("tool.jar")).unwrap();
    let made = std::process::Command::new("python3")
        .args(["-c", PACK])
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
        .says("the driver of script, jar runs as a client")
        .says("executors and executor_cores of script do not apply here");
    home.expect(0, &["apply", "t.yaml", "--local"])
        .says("step fails failed, and the job went on: it has on_failure: continue");
    let read = |name: &str| fs::read_to_string(home.path().join("results").join(name)).unwrap();
    assert_eq!(read("copied/deep/x"), "3a }} b");
    let found: serde_json::Value = serde_json::from_str(&read("script.json")).unwrap();
    let expected = serde_json::json!([
        true,
        "listed",
        "loose",
        "packed",
        "lookup",
        "te st",
        true,
        "neighbour",
        "inner",
        "te st",
        "",
        "{\"a\":[{\"b\":1}]}",
        "größe",
        true,
        4
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
    python("{ archive: \"s3://bucket/venv.tar.gz\" }")
        .says("python.archive is s3://bucket/venv.tar.gz, which --local cannot read");
    assert!(
        !home.state().join("clusterup").exists(),
        "something was made"
    );
}
