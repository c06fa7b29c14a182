//! After a kill at any moment, the next apply converges on one cluster and one set of results.

use crate::home::{Done, Home, PLAIN, SLOW, signal, state, step};
use std::fs;
use std::time::{Duration, Instant};

#[test]
fn apply_killed_at_any_moment_converges_on_one_cluster() {
    let home = Home::new();
    home.write("slow.py", &SLOW.replace("range(40), 40", "range(12), 12"));
    home.stack(&["slow.py"], "");
    let whole = {
        let begun = Instant::now();
        home.expect(0, &["apply", "t.yaml", "--local"]);
        begun.elapsed()
    };
    home.expect(0, &["destroy", "t", "--local", "--yes"]);
    // Early moments lie close together: most is made in the first second.
    let moments = [5, 20, 40, 80, 150, 300, 700, 1_500, 3_000, 6_000];
    let moments = moments.map(Duration::from_millis).into_iter();
    let late = [whole.mul_f64(0.9), whole.mul_f64(0.97)];
    for moment in moments.chain(late) {
        fs::remove_dir_all(home.path().join("results")).unwrap();
        let mut apply = home.spawn(&["apply", "t.yaml", "--local"]);
        std::thread::sleep(moment);
        apply.kill().unwrap();
        apply.wait().unwrap();
        home.expect(0, &["apply", "t.yaml", "--local"]);
        let clusters = home.clusters();
        assert_eq!(clusters.len(), 1, "killed after {moment:?}: {clusters:#?}");
        assert_eq!(
            clusters[0]["steps"].as_array().unwrap().len(),
            1,
            "killed after {moment:?}"
        );
        let answer = fs::read_to_string(home.path().join("results/answer.txt"));
        assert_eq!(answer.unwrap_or_default(), "66", "killed after {moment:?}");
        home.expect(0, &["destroy", "t", "--local", "--yes"]);
        home.until_quiet(3);
    }
}

#[test]
fn two_concurrent_applies_create_one_cluster() {
    let home = Home::new();
    home.write("plain.py", PLAIN);
    home.stack(&["plain.py"], "");
    let both = [
        home.spawn(&["apply", "t.yaml", "--local"]),
        home.spawn(&["apply", "t.yaml", "--local"]),
    ];
    for apply in both {
        let done = Done::of(&apply.into());
        assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    }
    assert_eq!(home.clusters().len(), 1);
}

#[test]
fn sparks_processes_die_with_a_killed_supervisor() {
    let home = Home::new();
    home.write("slow.py", SLOW);
    home.stack(&["slow.py"], "");
    home.expect(0, &["apply", "t.yaml", "--local", "--detach"]);
    home.until("the step's executor", 60, |cluster| {
        step(cluster) == "RUNNING" && cluster["steps"][0]["ui"].is_string()
    });
    std::thread::sleep(Duration::from_secs(2));
    signal(home.process(&["clusterup", "supervise"]), "KILL");
    home.until_quiet(5);
    let cluster = home.clusters().pop().unwrap();
    assert_eq!(state(&cluster), "TERMINATED_WITH_ERRORS");
    assert_eq!(cluster["end"]["reason"], "lost");
    assert_eq!(step(&cluster), "INTERRUPTED");
    home.expect(0, &["status", "--local"]).says("killed");

    home.expect(0, &["apply", "t.yaml", "--local"])
        .says("the last cluster");
    assert_eq!(
        fs::read_to_string(home.path().join("results/answer.txt")).unwrap(),
        "780"
    );
}

#[test]
fn a_job_survives_the_death_of_a_worker() {
    let home = Home::new();
    home.write("slow.py", SLOW);
    let stack = home.stack(&["slow.py"], "");
    let text = fs::read_to_string(&stack).unwrap();
    home.write("t.yaml", &text.replace("1 x m5.xlarge", "3 x m5.xlarge"));
    let apply = home.spawn(&["apply", "t.yaml", "--local"]);
    home.until("the step", 60, |cluster| {
        cluster["steps"][0]["ui"].is_string()
    });
    std::thread::sleep(Duration::from_secs(3));
    signal(home.process(&["deploy.worker.Worker"]), "KILL");
    let done = Done::of(&apply.into());
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    assert_eq!(
        fs::read_to_string(home.path().join("results/answer.txt")).unwrap(),
        "780"
    );
}
