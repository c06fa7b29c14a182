//! Jobs: completed, failed, repeated, sampled, refused.

use crate::home::{Home, PLAIN, state, step};
use std::fs;
use std::path::PathBuf;

#[test]
fn a_job_that_ended_well_is_not_run_again() {
    let home = Home::new();
    home.write("plain.py", PLAIN);
    home.stack(&["plain.py"], "");
    home.expect(0, &["apply", "t.yaml", "--local"]);
    let answer = home.path().join("results/answer.txt");
    assert_eq!(fs::read_to_string(&answer).unwrap(), "42");
    home.until_quiet(3);

    let done = home.expect(0, &["apply", "t.yaml", "--local"]);
    done.says("already succeeded")
        .says("--again")
        .says("results");
    assert_eq!(home.clusters().len(), 1);

    fs::remove_dir_all(home.path().join("results")).unwrap();
    home.expect(0, &["apply", "t.yaml", "--local"]);
    assert!(
        answer.exists(),
        "results that were lost at home come home again"
    );
    assert_eq!(home.clusters().len(), 1);

    home.expect(0, &["apply", "t.yaml", "--local", "--again"]);
    assert_eq!(home.clusters().len(), 2);

    home.write("plain.py", &PLAIN.replace("42", "43"));
    home.expect(0, &["apply", "t.yaml", "--local"]);
    assert_eq!(fs::read_to_string(&answer).unwrap(), "43");
    assert_eq!(home.clusters().len(), 3);
}

#[test]
fn a_failed_step_reports_the_decisive_error() {
    let home = Home::new();
    home.write("plain.py", PLAIN);
    home.write(
        "broken.py",
        "import atexit\natexit.register(lambda: print('bye, said last'))\n\
         def load(path):\n    raise ValueError('no column called rating')\nload('x')\n",
    );
    home.stack(&["broken.py", "plain.py"], "");
    let done = home.expect(4, &["apply", "t.yaml", "--local"]);
    done.says("ValueError: no column called rating")
        .says("clusterup logs");
    let cluster = home.clusters().pop().unwrap();
    assert_eq!(step(&cluster), "FAILED");
    assert_eq!(cluster["steps"][1]["state"], "CANCELLED");
    assert_eq!(cluster["end"]["reason"], "step_failed");
    let failure = cluster["steps"][0]["failure"].as_str().unwrap();
    assert!(failure.contains("no column called rating"), "{failure}");
    assert!(!failure.contains("bye"), "{failure}");
    home.expect(0, &["logs", "t.yaml", "--local"])
        .says("Traceback")
        .says("bye, said last");
    home.expect(0, &["logs", "t.yaml", "--local", "--step", "broken"])
        .says("Traceback");
    home.expect(2, &["logs", "t.yaml", "--local", "--step", "other"]);
    home.until_quiet(3);

    home.write("broken.py", PLAIN);
    home.expect(0, &["apply", "t.yaml", "--local"]);
}

#[test]
fn an_executor_larger_than_every_worker_is_refused_before_anything_is_created() {
    let home = Home::new();
    home.write("plain.py", PLAIN);
    let stack = home.stack(&["plain.py"], "");
    let text = fs::read_to_string(&stack).unwrap();
    let text = text.replace("args: [", "spark: { executor_memory: 900g }, args: [");
    home.write("t.yaml", &text);
    for verb in ["plan", "apply"] {
        let done = home.expect(2, &[verb, "t.yaml", "--local"]);
        done.says("900g").says("the largest that fits is ");
    }
    assert!(
        !home.state().join("clusterup").exists(),
        "something was made"
    );
    let hint = home.run(&["plan", "t.yaml", "--local"]).err;
    let largest = hint.rsplit("the largest that fits is ").next().unwrap();
    let largest = largest.split_whitespace().next().unwrap();
    home.write("t.yaml", &text.replace("900g", largest));
    home.expect(0, &["plan", "t.yaml", "--local"]);
}

#[test]
fn a_sample_is_a_part_of_the_lines_and_another_job() {
    let home = Home::new();
    home.write(
        "count.py",
        "import os, sys\nlines = sum(1 for _ in open(sys.argv[2]))\n\
         os.makedirs(sys.argv[1], exist_ok=True)\n\
         open(os.path.join(sys.argv[1], 'lines.txt'), 'w').write(str(lines))\n",
    );
    let lines: String = (0..10_000).map(|i| format!("line {i}\n")).collect();
    home.write("lines.dat", &lines);
    let stack = home.stack(&["count.py"], "data: { lines: { path: lines.dat } }\n");
    let text = fs::read_to_string(&stack).unwrap();
    home.write(
        "t.yaml",
        &text.replace("\"${results}\"", "\"${results}\", \"${data.lines}\""),
    );
    let count = |home: &Home| {
        let text = fs::read_to_string(home.path().join("results/lines.txt")).unwrap();
        text.parse::<u32>().unwrap()
    };
    home.expect(0, &["apply", "t.yaml", "--local", "--sample", "5%"]);
    assert!((350..650).contains(&count(&home)), "{}", count(&home));
    home.expect(0, &["apply", "t.yaml", "--local"]);
    assert_eq!(count(&home), 10_000);
}

#[test]
fn a_detached_run_is_followed_again() {
    let home = Home::new();
    home.write("slow.py", crate::home::SLOW);
    home.stack(&["slow.py"], "");
    home.expect(0, &["apply", "t.yaml", "--local", "--detach"])
        .says("left running");
    let cluster = home.clusters().pop().unwrap();
    assert!(
        ["STARTING", "RUNNING"].contains(&state(&cluster)),
        "{cluster:#?}"
    );
    home.expect(0, &["apply", "t.yaml", "--local"]);
    assert_eq!(home.clusters().len(), 1);
    assert_eq!(
        fs::read_to_string(home.path().join("results/answer.txt")).unwrap(),
        "780"
    );
}

#[test]
fn another_size_replaces_a_kept_cluster_only_after_confirmation() {
    let home = Home::new();
    home.write("plain.py", PLAIN);
    let stack = home.stack(&["plain.py"], "guardrails: { when_done: keep }\n");
    home.expect(0, &["apply", "t.yaml", "--local"])
        .says("is kept");
    let text = fs::read_to_string(&stack).unwrap();
    home.write("t.yaml", &text.replace("1 x m5.xlarge", "2 x m5.xlarge"));
    home.expect(0, &["plan", "t.yaml", "--local"])
        .says("the size changes from 1 x m5.xlarge");
    home.expect(2, &["apply", "t.yaml", "--local"])
        .says("--yes");
    assert_eq!(home.clusters().len(), 1);
    home.expect(0, &["apply", "t.yaml", "--local", "--yes"]);
    let clusters = home.clusters();
    assert_eq!(clusters.len(), 2);
    assert_eq!(state(&clusters[0]), "TERMINATED");
    assert_eq!(state(&clusters[1]), "WAITING");
    home.expect(0, &["destroy", "t", "--local", "--yes"]);
    home.until_quiet(3);
}

#[test]
fn results_of_two_runs_never_mix_and_the_users_own_stay() {
    let home = Home::new();
    let writes = |name: &str, code: u8| {
        format!(
            "import os, sys\nos.makedirs(sys.argv[1], exist_ok=True)\n\
             open(os.path.join(sys.argv[1], '{name}'), 'w').write('x')\nsys.exit({code})\n"
        )
    };
    let there = |home: &Home| {
        let entries = fs::read_dir(home.path().join("results")).unwrap().flatten();
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        let mut names: Vec<_> = names.filter(|name| !name.starts_with('.')).collect();
        names.sort();
        names.join(" ")
    };
    home.write("plain.py", &writes("one", 0));
    home.stack(&["plain.py"], "");
    home.expect(0, &["apply", "t.yaml", "--local"]);
    fs::write(home.path().join("results/mine"), "mine").unwrap();
    assert_eq!(there(&home), "mine one");

    home.write("plain.py", &writes("two", 0));
    home.expect(0, &["apply", "t.yaml", "--local"]);
    assert_eq!(there(&home), "mine two");

    home.write("plain.py", &writes("mine", 0));
    home.expect(2, &["apply", "t.yaml", "--local"])
        .says("is not a result of this stack");
    assert_eq!(
        fs::read_to_string(home.path().join("results/mine")).unwrap(),
        "mine"
    );
    fs::remove_file(home.path().join("results/mine")).unwrap();
    home.expect(0, &["apply", "t.yaml", "--local"]);
    assert_eq!(there(&home), "mine");
    assert_eq!(
        home.clusters().len(),
        3,
        "the work was not done again to bring it home"
    );

    let other = fs::read_to_string(home.path().join("t.yaml")).unwrap();
    home.write("u.yaml", &other.replace("stack: t", "stack: u"));
    home.expect(2, &["apply", "u.yaml", "--local"])
        .says("it has the results of stack t");
}

#[test]
fn partial_results_of_a_failed_run_are_not_downloaded() {
    let home = Home::new();
    home.write(
        "half.py",
        "import os, sys\nflag = os.path.join(sys.argv[2], 'failed')\n\
         os.makedirs(sys.argv[1], exist_ok=True)\n\
         name = 'good' if os.path.exists(flag) else 'half'\n\
         open(os.path.join(sys.argv[1], name), 'w').write('x')\n\
         if name == 'half':\n    open(flag, 'w').write('x')\n    sys.exit(3)\n",
    );
    let stack = home.stack(&["half.py"], "");
    let text = fs::read_to_string(&stack).unwrap();
    let flags = home.path().to_string_lossy().into_owned();
    home.write(
        "t.yaml",
        &text.replace("\"${results}\"", &format!("\"${{results}}\", {flags}")),
    );
    home.expect(4, &["apply", "t.yaml", "--local"]);
    home.expect(0, &["apply", "t.yaml", "--local"]);
    assert!(home.path().join("results/good").exists());
    assert!(!home.path().join("results/half").exists());
}

#[test]
fn half_a_key_pair_does_not_block_an_apply() {
    let home = Home::new();
    home.write("plain.py", PLAIN);
    home.stack(&["plain.py"], "key_pairs: [{ name: spark }]\n");
    home.expect(0, &["apply", "t.yaml", "--local"]);
    let keys = home.state().join("clusterup/local/t/keys");
    fs::remove_file(keys.join("spark/id_ed25519.pub")).unwrap();
    fs::create_dir(keys.join(".other.123")).unwrap();
    home.expect(0, &["status", "--local"]);
    home.expect(0, &["destroy", "t", "--local", "--yes"]);
    assert_eq!(home.left(), Vec::<PathBuf>::new());
}

#[test]
fn a_run_without_results_deletes_no_earlier_results() {
    let home = Home::new();
    home.write("plain.py", PLAIN);
    home.stack(&["plain.py"], "");
    home.expect(0, &["apply", "t.yaml", "--local"])
        .says("results in");
    let good = home.path().join("results/answer.txt");
    assert!(good.exists());
    home.write(
        "plain.py",
        "import os, sys\nos.makedirs(sys.argv[1], exist_ok=True)\n\
         os.mkfifo(os.path.join(sys.argv[1], 'table.csv'))\n\
         os.symlink('/dev/zero', os.path.join(sys.argv[1], 'zero.csv'))\n",
    );
    let done = home.expect(0, &["apply", "t.yaml", "--local"]);
    done.says("the job wrote nothing to `${results}`")
        .says("table.csv (a FIFO)")
        .says("zero.csv (a link out of the results)");
    assert!(good.exists(), "what an earlier run brought stays");
    let reported = home.json(&["apply", "t.yaml", "--local"]);
    assert_eq!(reported["results_written"], false);
}
