//! What ends a cluster: idleness, age, and the answer to an interrupt.

use crate::home::{Done, Home, PLAIN, SLOW, signal, state, time};
use std::time::Duration;

#[test]
fn a_kept_cluster_ends_when_idle_without_a_follower() {
    let home = Home::new();
    home.write("plain.py", PLAIN);
    home.stack(
        &["plain.py"],
        "guardrails: { when_done: keep, idle_timeout: 1m }\n",
    );
    home.expect(0, &["apply", "t.yaml", "--local"])
        .says("is kept")
        .says("idle_timeout ends it");
    std::thread::sleep(Duration::from_secs(55));
    let kept = home.clusters().pop().unwrap();
    assert_eq!(state(&kept), "WAITING");
    let ended = home.until("the end", 40, |cluster| state(cluster) == "TERMINATED");
    let idle = time(&ended["ended_at"]) - time(&ended["steps"][0]["ended_at"]);
    assert!((60..=75).contains(&idle.num_seconds()), "{idle}");
    assert_eq!(ended["end"]["reason"], "idle_timeout");
    home.until_quiet(3);
    home.expect(0, &["status", "--local"]).says("idle for 1m");
    let again = home.expect(0, &["apply", "t.yaml", "--local"]);
    again.says("the last cluster").says("idle for 1m");
    assert_eq!(home.clusters().len(), 2);
    home.expect(0, &["destroy", "t", "--local", "--yes"]);
}

#[test]
fn a_cluster_ends_at_its_lifetime_during_its_job() {
    let home = Home::new();
    home.write("slow.py", &SLOW.replace("range(40), 40", "range(400), 400"));
    home.stack(
        &["slow.py"],
        "guardrails: { max_lifetime: 1m, idle_timeout: 1m }\n",
    );
    let done = home.expect(5, &["apply", "t.yaml", "--local"]);
    done.says("max_lifetime: 1m");
    let cluster = home.clusters().pop().unwrap();
    assert_eq!(cluster["end"]["reason"], "max_lifetime");
    let lived = time(&cluster["ended_at"]) - time(&cluster["created_at"]);
    assert!((60..=66).contains(&lived.num_seconds()), "{lived}");
    home.until_quiet(3);
}

#[test]
fn a_cluster_ends_just_below_its_budget() {
    let home = Home::new();
    home.write("slow.py", &SLOW.replace("range(40), 40", "range(400), 400"));
    home.stack(&["slow.py"], "guardrails: { budget: $0.28 }\n");
    let size = "cluster.size=3 x m5.24xlarge";
    let apply = ["apply", "t.yaml", "--local", "--set", size];
    let done = home.expect(5, &apply);
    // $15.29/h: the cap is reached after 66 s, and 3 s are kept for the end.
    done.says("(budget: $0.28)");
    let cluster = home.clusters().pop().unwrap();
    assert_eq!(cluster["end"]["reason"], "budget");
    assert_eq!(cluster["state"], "TERMINATED");
    let report = home.expect(0, &["cost", "report", "--local", "--output", "json"]);
    let report: serde_json::Value = serde_json::from_str(&report.out).unwrap();
    let spent = report["report"]["total"]["total"].as_str().unwrap();
    let spent: f64 = spent.trim_start_matches('$').parse().unwrap();
    assert!((0.26..0.28).contains(&spent), "{spent}");
    let status = home.expect(0, &["status", "--local"]);
    status
        .says("on EMR it would have cost $0.2")
        .says("of a budget of $0.28");
    let plan = home.expect(0, &["plan", "t.yaml", "--local", "--set", size]);
    plan.says("the last cluster").says("(budget: $0.28)");
    let poor = [
        "plan",
        "t.yaml",
        "--local",
        "--set",
        size,
        "--set",
        "guardrails.budget=$0.20",
    ];
    home.expect(2, &poor).says("a budget of $0.20 is too small");
}

#[test]
fn a_cluster_ends_on_time_after_its_creators_died() {
    let home = Home::new();
    home.write("slow.py", &SLOW.replace("range(40), 40", "range(400), 400"));
    let guardrails =
        "guardrails: { max_lifetime: 1m, idle_timeout: 1m, ceiling: { max_lifetime: 2m } }\n";
    home.stack(&["slow.py"], guardrails);
    let mut apply = home.spawn(&["apply", "t.yaml", "--local"]);
    home.until("the step", 60, |cluster| {
        cluster["steps"][0]["ui"].is_string()
    });
    apply.kill().unwrap();
    apply.wait().unwrap();
    let beyond = [
        "extend",
        "t",
        "--local",
        "--max-lifetime",
        "3m",
        "--why",
        "slow",
    ];
    home.expect(3, &beyond)
        .says("beyond the stack's ceiling of 2m");
    let within = [
        "extend",
        "t",
        "--local",
        "--by",
        "10s",
        "--why",
        "it is slow",
    ];
    let moved = home.expect(0, &within);
    moved.says("max_lifetime (1m -> 1m10s)");
    home.expect(0, &["status", "--local"])
        .says("extended to max_lifetime 1m10s by ")
        .says("it is slow")
        .says("max_lifetime ends it in");
    let ended = home.until("the end", 90, |cluster| state(cluster) == "TERMINATED");
    assert_eq!(ended["end"]["reason"], "max_lifetime");
    let lived = time(&ended["ended_at"]) - time(&ended["created_at"]);
    assert!((70..=76).contains(&lived.num_seconds()), "{lived}");
    home.until_quiet(3);
}

#[test]
fn ctrl_c_without_a_terminal_leaves_the_job_to_its_guards() {
    let home = Home::new();
    home.write("slow.py", SLOW);
    home.stack(&["slow.py"], "");
    let apply = home.spawn(&["apply", "t.yaml", "--local"]);
    home.until("the step", 60, |cluster| {
        cluster["steps"][0]["ui"].is_string()
    });
    signal(apply.id(), "INT");
    let done = Done::of(&apply.into());
    assert_eq!(done.code, 130, "{}{}", done.out, done.err);
    done.says("left running").says("ends it in");
    home.expect(0, &["apply", "t.yaml", "--local"]);
    assert_eq!(home.clusters().len(), 1);
}
