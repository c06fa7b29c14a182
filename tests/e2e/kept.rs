//! Jobs on one kept cluster, and their results: replaced, protected, missing, sampled. The cluster
//! starts once for all of them.

use crate::home::{Home, PLAIN, state};
use std::fs;

const APPLY: &[&str] = &["apply", "t.yaml", "--local"];

#[test]
fn one_kept_cluster_runs_job_after_job() {
    let home = Home::new();
    home.write("plain.py", &writes("one"));
    home.stack(&["plain.py"], "guardrails: { when_done: keep }\n");
    results_of_two_runs_never_mix_and_the_users_own_stay(&home);
    a_run_without_results_deletes_no_earlier_results(&home);
    a_sample_is_a_part_of_the_lines_and_another_job(&home);
    a_job_gets_the_settings_of_spark_in_the_configurations(&home);
    assert_eq!(home.clusters().len(), 1, "each job had the same cluster");
    another_size_replaces_it_only_after_confirmation(&home);
    home.expect(0, &["destroy", "t", "--local", "--yes"]);
    home.until_quiet(3);
}

/// A job that writes one file of this name.
fn writes(name: &str) -> String {
    format!(
        "import os, sys\n\
         os.makedirs(sys.argv[1], exist_ok=True)  # clusterup: allow(opens-remote)\n\
         open(os.path.join(sys.argv[1], '{name}'), 'w').write('x')  # clusterup: allow(opens-remote)\n"
    )
}

/// The names in the folder of results, without clusterup's own.
fn there(home: &Home) -> String {
    let entries = fs::read_dir(home.path().join("results")).unwrap().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<_> = names.filter(|name| !name.starts_with('.')).collect();
    names.sort();
    names.join(" ")
}

/// How many steps the cluster has run.
fn steps(home: &Home) -> usize {
    home.clusters()[0]["steps"].as_array().unwrap().len()
}

fn results_of_two_runs_never_mix_and_the_users_own_stay(home: &Home) {
    home.expect(0, APPLY).says("is kept");
    let mine = home.path().join("results/mine");
    fs::write(&mine, "mine").unwrap();
    assert_eq!(there(home), "mine one");

    home.write("plain.py", &writes("two"));
    home.expect(0, APPLY);
    assert_eq!(there(home), "mine two");

    home.write("plain.py", &writes("mine"));
    home.expect(2, APPLY).says("is not a result of this stack");
    assert_eq!(fs::read_to_string(&mine).unwrap(), "mine");
    fs::remove_file(&mine).unwrap();
    home.expect(0, APPLY);
    assert_eq!(there(home), "mine");
    assert_eq!(steps(home), 3, "no work is repeated to download it");

    let other = fs::read_to_string(home.path().join("t.yaml")).unwrap();
    home.write("u.yaml", &other.replace("stack: t", "stack: u"));
    home.expect(2, &["apply", "u.yaml", "--local"])
        .says("it has the results of stack t");
}

fn a_run_without_results_deletes_no_earlier_results(home: &Home) {
    home.write("plain.py", PLAIN);
    home.expect(0, APPLY).says("results in");
    let good = home.path().join("results/answer.txt");
    assert!(good.exists());
    home.write(
        "plain.py",
        "import os, sys\nos.makedirs(sys.argv[1], exist_ok=True)  # clusterup: allow(opens-remote)\n\
         os.mkfifo(os.path.join(sys.argv[1], 'table.csv'))\n\
         os.symlink('/dev/zero', os.path.join(sys.argv[1], 'zero.csv'))\n\
         print('the answer is 42')\n",
    );
    let done = home.expect(0, APPLY);
    done.says("step plain printed:")
        .says("| the answer is 42")
        .says("the job took ")
        .says("the job wrote nothing to `${results}`")
        .says("table.csv (a FIFO)")
        .says("zero.csv (a link out of the results)");
    assert!(good.exists(), "what an earlier run brought stays");
    assert_eq!(home.json(APPLY)["results_written"], false);
}

fn a_sample_is_a_part_of_the_lines_and_another_job(home: &Home) {
    home.write(
        "plain.py",
        "import os, sys\nlines = sum(1 for _ in open(sys.argv[2]))  # clusterup: allow(opens-remote)\n\
         os.makedirs(sys.argv[1], exist_ok=True)  # clusterup: allow(opens-remote)\n\
         open(os.path.join(sys.argv[1], 'lines.txt'), 'w').write(str(lines))  # clusterup: allow(opens-remote)\n",
    );
    let lines: String = (0..10_000).map(|i| format!("line {i}\n")).collect();
    home.write("lines.dat", &lines);
    let text = fs::read_to_string(home.path().join("t.yaml")).unwrap();
    let text = text.replace("\"${results}\"", "\"${results}\", \"${data.lines}\"");
    let data = "data: { lines: { path: lines.dat } }\n";
    home.write("t.yaml", &format!("{text}{data}"));
    let count = || {
        let text = fs::read_to_string(home.path().join("results/lines.txt")).unwrap();
        text.parse::<u32>().unwrap()
    };
    home.expect(0, &[APPLY, &["--sample", "5%"]].concat());
    assert!((350..650).contains(&count()), "{}", count());
    home.expect(0, APPLY);
    assert_eq!(count(), 10_000);
    home.write(
        "plain.py",
        "import glob, os, sys\nfiles = glob.glob(sys.argv[2] + '/**/*.csv', recursive=True)  # clusterup: allow(opens-remote)\n\
         lines = sum(1 for file in files for _ in open(file))\n\
         os.makedirs(sys.argv[1], exist_ok=True)  # clusterup: allow(opens-remote)\n\
         open(os.path.join(sys.argv[1], 'lines.txt'), 'w').write(str(lines))  # clusterup: allow(opens-remote)\n",
    );
    fs::create_dir_all(home.path().join("days/1")).unwrap();
    home.write("days/1/a.csv", "user\n1\n2\n");
    home.write("days/b.csv", "user\n3\n");
    let text = fs::read_to_string(home.path().join("t.yaml")).unwrap();
    home.write("t.yaml", &text.replace("path: lines.dat", "path: days"));
    home.expect(0, APPLY);
    assert_eq!(
        count(),
        5,
        "all files of the folder are at the job's location"
    );
    home.expect(0, &[APPLY, &["--sample", "0.001%"]].concat());
    assert_eq!(count(), 2, "the headers of both files stay in a sample");
}

/// Writes two of Spark's settings.
const SETTINGS: &str = "\
import os, sys
from pyspark import SparkContext
conf = SparkContext().getConf()
os.makedirs(sys.argv[1], exist_ok=True)  # clusterup: allow(opens-remote)
names = ['spark.sql.shuffle.partitions', 'spark.dynamicAllocation.enabled']
open(os.path.join(sys.argv[1], 'settings'), 'w').write(' '.join(conf.get(n, '-') for n in names))  # clusterup: allow(opens-remote)
";

fn a_job_gets_the_settings_of_spark_in_the_configurations(home: &Home) {
    let own = fs::read_to_string(home.path().join("plain.py")).unwrap();
    home.write("plain.py", SETTINGS);
    let sets = [
        "--set=cluster.configurations.spark-defaults.spark.sql.shuffle.partitions=7",
        "--set=cluster.configurations.spark-defaults.spark.dynamicAllocation.enabled=true",
        "--set=cluster.configurations.yarn-site.yarn.nodemanager.vmem-check-enabled=false",
        "--set=cluster.applications=[Hive]",
    ];
    home.expect(0, &[APPLY, &sets].concat())
        .says("which has Spark alone: Hive")
        .says("on EMR alone: yarn-site");
    let settings = home.path().join("results/settings");
    assert_eq!(fs::read_to_string(settings).unwrap(), "7 -");
    let refused = [APPLY, &["--set=cluster.tables=[delta]"]].concat();
    home.expect(2, &refused).says("has no tables of delta");
    home.write("plain.py", &own);
}

fn another_size_replaces_it_only_after_confirmation(home: &Home) {
    let text = fs::read_to_string(home.path().join("t.yaml")).unwrap();
    home.write("t.yaml", &text.replace("1 x m5.xlarge", "2 x m5.xlarge"));
    home.expect(0, &["plan", "t.yaml", "--local"])
        .says("the size changes from 1 x m5.xlarge");
    home.expect(2, APPLY).says("--yes");
    assert_eq!(home.clusters().len(), 1);
    home.expect(0, &[APPLY, &["--yes"]].concat());
    let clusters = home.clusters();
    assert_eq!(clusters.len(), 2);
    assert_eq!(state(&clusters[0]), "TERMINATED");
    assert_eq!(state(&clusters[1]), "WAITING");
}
