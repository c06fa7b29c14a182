//! What ends a cluster: idleness, age, its budget, its team's budget, and the watchdog. These tests
//! wait for the clock, so they begin first, and they give their room away while they wait.

use crate::home::{Done, ENDLESS, Home, PLAIN, signal, state, step, time};
use crate::policies::{policy, team_account};
use clusterup::model::clock::Clock;
use clusterup::run::clock::SystemClock;
use serde_json::{Value, json};
use std::fs;
use std::io::Read;
use std::time::{Duration, Instant};

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
    home.only_waits();
    std::thread::sleep(Duration::from_secs(55));
    let kept = home.clusters().pop().unwrap();
    assert_eq!(state(&kept), "WAITING");
    let ended = home.until("the end", 40, |cluster| state(cluster) == "TERMINATED");
    let idle = time(&ended["ended_at"]) - time(&ended["steps"][0]["ended_at"]);
    assert!((60..=75).contains(&idle.num_seconds()), "{idle}");
    assert_eq!(ended["end"]["reason"], "idle_timeout");
    home.until_quiet(3);
    home.expect(0, &["status", "--local"]).says("idle for 1m");
    let again = home.expect(0, &["apply", "t.yaml", "--local", "--detach"]);
    again.says("the last cluster").says("idle for 1m");
    assert_eq!(home.clusters().len(), 2);
    home.expect(0, &["destroy", "t", "--local", "--yes"]);
}

#[test]
fn a_cluster_ends_just_below_its_budget() {
    let home = Home::new();
    home.write("endless.py", ENDLESS);
    home.stack(&["endless.py"], "guardrails: { budget: $0.28 }\n");
    let size = "cluster.size=3 x m5.24xlarge";
    let apply = home.spawn(&["apply", "t.yaml", "--local", "--set", size]);
    home.until("work", 60, |cluster| cluster["steps"][0]["ui"].is_string());
    home.only_waits();
    let done = Done::of(&apply.into());
    assert_eq!(done.code, 5, "{}{}", done.out, done.err);
    // $15.29/h: the cap is reached after 66 s, and 3 s are kept for the end.
    done.says("(budget: $0.28)");
    let cluster = home.clusters().pop().unwrap();
    assert_eq!(cluster["end"]["reason"], "budget");
    assert_eq!(cluster["state"], "TERMINATED");
    let report = home.expect(0, &["cost", "report", "--local", "--output", "json"]);
    let report: Value = serde_json::from_str(&report.out).unwrap();
    let spent = report["report"]["total"]["total"]["usd"].as_f64().unwrap();
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
fn a_cluster_ends_on_time_during_its_job_after_its_creator_died() {
    let home = Home::new();
    home.write("endless.py", ENDLESS);
    let guardrails =
        "guardrails: { max_lifetime: 1m, idle_timeout: 1m, ceiling: { max_lifetime: 2m } }\n";
    home.stack(&["endless.py"], guardrails);
    let mut apply = home.spawn(&["apply", "t.yaml", "--local"]);
    home.until("the step", 60, |cluster| {
        cluster["steps"][0]["ui"].is_string()
    });
    apply.kill().unwrap();
    apply.wait().unwrap();
    home.only_waits();
    let extend = |code: i32, how: [&str; 2]| {
        let what = ["extend", "t", "--local", "--why", "it is slow"];
        home.expect(code, &[&what[..], &how[..]].concat())
    };
    extend(3, ["--max-lifetime", "3m"]).says("beyond the stack's ceiling of 2m");
    extend(0, ["--by", "10s"]).says("max_lifetime (1m -> 1m10s)");
    home.expect(0, &["status", "--local"])
        .says("extended to max_lifetime 1m10s by ")
        .says("it is slow")
        .says("max_lifetime ends it in");
    // An apply that follows it reports the end. It is not what ends it.
    let follower = home.expect(5, &["apply", "t.yaml", "--local"]);
    follower.says("max_lifetime: 1m10s");
    let ended = home.clusters().pop().unwrap();
    assert_eq!(state(&ended), "TERMINATED");
    assert_eq!(ended["end"]["reason"], "max_lifetime");
    let lived = time(&ended["ended_at"]) - time(&ended["created_at"]);
    assert!((70..=76).contains(&lived.num_seconds()), "{lived}");
    home.until_quiet(3);
}

#[test]
fn a_spent_month_ends_running_clusters_if_the_policy_says_so() {
    let home = Home::new();
    home.write("endless.py", ENDLESS);
    home.stack(&["endless.py"], "team: recsys\n");
    let text = "budget: { monthly: $9, when_spent: terminate }\nwatchdog: { warn_before: 5s }\n";
    policy(&home, text);
    let apply = home.spawn(&["apply", "t.yaml", "--local"]);
    home.until("work", 60, |cluster| step(cluster) == "RUNNING");
    // A policy that is broken meanwhile stays what it was.
    policy(&home, "budget: { montly: $9 }\n");
    // Another process, on another machine, has spent the month.
    let mut spent = team_account(&home);
    let month = SystemClock.now().format("%Y-%m").to_string();
    let now = SystemClock.now().to_rfc3339();
    spent["aws"] = json!({ "recsys": { "month": month, "usd": "$10", "at": now } });
    let path = home.state().join("clusterup/teams/recsys.json");
    fs::write(path, spent.to_string()).unwrap();
    let done = Done::of(&apply.into());
    assert_eq!(done.code, 5, "{}{}", done.out, done.err);
    done.says("policy recsys ends its clusters in 5s")
        .says("did you mean `monthly`?")
        .says("the policies that were read last still apply");
    let cluster = home.clusters().pop().unwrap();
    assert_eq!(cluster["end"]["reason"], "team_budget");
    let message = cluster["end"]["message"].as_str().unwrap();
    assert_eq!(
        message,
        "the team has spent its monthly budget of $9.00 (policy recsys)"
    );
}

/// Two clusters that run for real: the idle one is warned, ends in its time, and the other lives.
#[test]
fn the_watchdog_ends_the_idle_one_of_two_clusters() {
    let home = Home::new();
    home.write("plain.py", PLAIN);
    home.write("endless.py", ENDLESS);
    home.stack(
        &["plain.py"],
        "guardrails: { when_done: keep, idle_timeout: 1h }\n",
    );
    fs::create_dir(home.path().join("policies")).unwrap();
    home.expect(0, &["apply", "t.yaml", "--local"])
        .says("is kept");
    let busy = fs::read_to_string(home.path().join("t.yaml")).unwrap();
    let busy = busy
        .replace("stack: t\n", "stack: busy\n")
        .replace("plain", "endless")
        .replace("results: results", "results: others");
    home.write("busy.yaml", &busy);
    home.expect(0, &["apply", "busy.yaml", "--local", "--detach"]);
    // From now on no cluster idles for longer than a minute.
    home.write(
        "policies/all.yaml",
        "policy: all\nlimits: { idle_timeout: 1m }\nwatchdog: { warn_before: 20s }\n",
    );
    let daemon = ["watchdog", "run", "--local", "--no-page", "--every", "2s"];
    let mut daemon = home.spawn(&daemon);
    home.only_waits();
    let ended = home.until("the end of the idle one", 120, |cluster| {
        state(cluster) == "TERMINATED"
    });
    assert_eq!(ended["end"]["reason"], "idle_timeout");
    let idle = time(&ended["ended_at"]) - time(&ended["steps"][0]["ended_at"]);
    assert!((60..=90).contains(&idle.num_seconds()), "{idle}");
    let busy = home.json(&["status", "busy", "--local"]);
    let busy = &busy["stacks"][0]["observed"]["clusters"][0];
    assert_eq!(busy["state"], "RUNNING");
    // It reports what it did, and stops on a signal.
    until_logged(&home, "ended");
    signal(daemon.id(), "TERM");
    assert_eq!(daemon.wait().unwrap().code(), Some(0));
    let mut message = String::new();
    daemon
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut message)
        .unwrap();
    assert_eq!(message.matches("is being ended").count(), 1, "{message}");
    assert_eq!(acts(&home), ["begin", "warn", "terminate", "ended", "stop"]);
    home.expect(0, &["destroy", "busy", "--local", "--yes"]);
    home.expect(0, &["destroy", "t", "--local", "--yes"]);
}

/// The acts in the audit log.
fn acts(home: &Home) -> Vec<String> {
    let log = home.json(&["watchdog", "log"]);
    let entries = log["entries"].as_array().unwrap().iter();
    let acts = entries.map(|entry| entry["act"].as_str().unwrap().to_owned());
    acts.collect()
}

fn until_logged(home: &Home, act: &str) {
    let begun = Instant::now();
    while !acts(home).iter().any(|it| it == act) {
        assert!(begun.elapsed() < Duration::from_secs(20), "no {act}");
        std::thread::sleep(Duration::from_millis(200));
    }
}
