//! After a kill at any moment, the next apply converges on one cluster and one set of results.

use crate::home::{Done, Home, PLAIN, SLOW, signal, state, step};
use std::fs;
use std::time::{Duration, Instant};

const APPLY: &[&str] = &["apply", "t.yaml", "--local"];

/// Kills an apply at this moment. The next one finishes the work: with `detach` as soon as there is
/// a cluster, otherwise with the job's results.
fn killed(home: &Home, moment: Duration, detach: bool) {
    let _ = fs::remove_dir_all(home.path().join("results"));
    let mut apply = home.spawn(APPLY);
    std::thread::sleep(moment);
    apply.kill().unwrap();
    apply.wait().unwrap();
    let how: &[&str] = if detach { &["--detach"] } else { &[] };
    home.expect(0, &[APPLY, how].concat());
    let clusters = home.clusters();
    assert_eq!(clusters.len(), 1, "killed after {moment:?}: {clusters:#?}");
    let steps = clusters[0]["steps"].as_array().unwrap().len();
    assert_eq!(steps, 1, "killed after {moment:?}");
    if !detach {
        let answer = fs::read_to_string(home.path().join("results/answer.txt"));
        assert_eq!(answer.unwrap_or_default(), "42", "killed after {moment:?}");
    }
    home.expect(0, &["destroy", "t", "--local", "--yes"]);
    home.until_quiet(3);
}

#[test]
fn apply_killed_at_any_moment_converges_on_one_cluster() {
    let home = Home::new();
    home.write("plain.py", PLAIN);
    home.stack(&["plain.py"], "");
    let whole = {
        let begun = Instant::now();
        home.expect(0, APPLY);
        begun.elapsed()
    };
    home.expect(0, &["destroy", "t", "--local", "--yes"]);
    // Early moments lie close together: most is made in the first second. What is staged then is
    // shown by every other one of them, whose job runs.
    for (moment, detach) in [
        (5, true),
        (20, false),
        (40, true),
        (80, false),
        (150, true),
        (300, false),
        (700, true),
    ] {
        killed(&home, Duration::from_millis(moment), detach);
    }
    for part in [0.4, 0.7, 0.9, 0.97] {
        killed(&home, whole.mul_f64(part), false);
    }
}

/// Two that create at once, one that only looks, one that follows later; one of them is interrupted.
#[test]
fn concurrent_applies_create_one_cluster_and_ctrl_c_leaves_it_to_its_guards() {
    let home = Home::new();
    home.write("slow.py", SLOW);
    home.stack(&["slow.py"], "");
    let (first, second) = (home.spawn(APPLY), home.spawn(APPLY));
    home.until("the step", 60, |cluster| {
        cluster["steps"][0]["ui"].is_string()
    });
    home.expect(0, &[APPLY, &["--detach"]].concat())
        .says("left running");
    // Without a terminal nobody can be asked.
    signal(first.id(), "INT");
    let done = Done::of(&first.into());
    assert_eq!(done.code, 130, "{}{}", done.out, done.err);
    done.says("left running").says("ends it in");
    for apply in [home.spawn(APPLY), second] {
        let done = Done::of(&apply.into());
        assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    }
    let clusters = home.clusters();
    assert_eq!(clusters.len(), 1);
    assert_eq!(clusters[0]["steps"].as_array().unwrap().len(), 1);
    answered(&home);
}

fn answered(home: &Home) {
    let answer = fs::read_to_string(home.path().join("results/answer.txt"));
    assert_eq!(answer.unwrap(), "780");
}

#[test]
fn a_cluster_dies_with_its_supervisor_and_a_job_survives_the_death_of_a_worker() {
    let home = Home::new();
    home.write("slow.py", SLOW);
    let stack = home.stack(&["slow.py"], "");
    let text = fs::read_to_string(&stack).unwrap();
    home.write("t.yaml", &text.replace("1 x m5.xlarge", "3 x m5.xlarge"));
    home.expect(0, &[APPLY, &["--detach"]].concat())
        .says("left running");
    let begun = home.clusters().pop().unwrap();
    assert!(["STARTING", "RUNNING"].contains(&state(&begun)), "{begun}");
    home.process(&["CoarseGrainedExecutorBackend"]);
    signal(home.process(&["clusterup", "supervise"]), "KILL");
    home.until_quiet(5);
    let cluster = home.clusters().pop().unwrap();
    assert_eq!(state(&cluster), "TERMINATED_WITH_ERRORS");
    assert_eq!(cluster["end"]["reason"], "lost");
    assert_eq!(step(&cluster), "INTERRUPTED");
    home.expect(0, &["status", "--local"]).says("killed");

    // The next one starts again, and loses a worker during its job.
    let apply = home.spawn(APPLY);
    home.until("the step", 60, |cluster| {
        state(cluster) == "RUNNING" && cluster["steps"][0]["ui"].is_string()
    });
    home.process(&["CoarseGrainedExecutorBackend"]);
    std::thread::sleep(Duration::from_secs(1));
    signal(home.process(&["deploy.worker.Worker"]), "KILL");
    let done = Done::of(&apply.into());
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    done.says("the last cluster");
    answered(&home);
}
