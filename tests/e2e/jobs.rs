//! Jobs: completed, repeated, changed, failed.

use crate::home::{Done, Home, PLAIN, state, step};
use std::fs;

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

    // Work goes on although nobody can read about it.
    fs::remove_dir_all(home.path().join("results")).unwrap();
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = home.command(&["apply", "t.yaml", "--local", "--again"]);
    let done = Done::of(&command.stdout(full).output().unwrap());
    assert_eq!(done.code, 1, "{}", done.err);
    done.says("standard output cannot be written");
    let clusters = home.clusters();
    assert_eq!(clusters.len(), 2, "--again runs it again");
    assert_eq!(step(&clusters[1]), "COMPLETED");
    assert_eq!(fs::read_to_string(&answer).unwrap(), "42");
    home.until_quiet(10);

    home.write("plain.py", &PLAIN.replace("42", "43"));
    home.expect(0, &["apply", "t.yaml", "--local"]);
    assert_eq!(fs::read_to_string(&answer).unwrap(), "43");
    assert_eq!(home.clusters().len(), 3);
}

/// Fails in its first run, half way through its results.
const BROKEN: &str = "\
import atexit, os, sys
atexit.register(lambda: print('bye, said last'))
flag = os.path.join(sys.argv[2], 'failed')
os.makedirs(sys.argv[1], exist_ok=True)  # clusterup: allow(opens-remote)
name = 'good' if os.path.exists(flag) else 'half'
open(os.path.join(sys.argv[1], name), 'w').write('x')  # clusterup: allow(opens-remote)
def load(path):
    open(flag, 'w').write('x')
    raise ValueError('no column called rating')
if name == 'half':
    load('x')
";

#[test]
fn a_failed_step_reports_the_decisive_error_and_its_results_are_not_downloaded() {
    let home = Home::new();
    home.write("plain.py", PLAIN);
    home.write("broken.py", BROKEN);
    let stack = home.stack(&["broken.py", "plain.py"], "");
    let text = fs::read_to_string(&stack).unwrap();
    let flags = format!("\"${{results}}\", {}", home.path().display());
    home.write("t.yaml", &text.replace("\"${results}\"", &flags));
    let done = home.expect(4, &["apply", "t.yaml", "--local"]);
    done.says("ValueError: no column called rating")
        .says("clusterup logs");
    let cluster = home.clusters().pop().unwrap();
    assert_eq!(state(&cluster), "TERMINATED_WITH_ERRORS");
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

    // The same job runs again, on a cluster of its own and from an empty folder.
    home.expect(0, &["apply", "t.yaml", "--local"]);
    let results = home.path().join("results");
    assert!(results.join("good").exists() && results.join("answer.txt").exists());
    assert!(!results.join("half").exists(), "of the run that failed");
}
