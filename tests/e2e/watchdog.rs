//! The audit log as a person reads it, and the watchdog as a service.

use crate::home::{Home, PLAIN, SLOW, signal, state, time};
use chrono::{DateTime, TimeDelta, Utc};
use clusterup::ledger::Ledger;
use clusterup::model::audit::{Act, Entry, Target};
use clusterup::model::clock::Clock;
use clusterup::run::clock::SystemClock;
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::time::Duration;

fn ledger(home: &Home) -> Ledger {
    let path = home.state().join("clusterup/ledger.db");
    Ledger::open(&path, SystemClock.now()).unwrap().ledger
}

fn entry(at: DateTime<Utc>, act: Act, id: &str) -> Entry {
    Entry {
        at,
        actor: "watchdog@host".to_owned(),
        place: Some("eu-west-1".parse().unwrap()),
        target: Some(Target {
            id: id.to_owned(),
            name: Some("nightly".into()),
        }),
        act,
        verdict: Some("idle_timeout".to_owned()),
        evidence: None,
        outcome: "done".to_owned(),
    }
}

#[test]
fn the_log_is_filtered_and_creates_no_ledger() {
    let home = Home::new();
    home.expect(0, &["log"]).says("watchdog install");
    assert!(!home.state().exists());
    let now = SystemClock.now();
    let mut ledger = ledger(&home);
    for hours in (0..60).rev() {
        let at = now - TimeDelta::hours(hours);
        ledger
            .note(&entry(at, Act::Warn, &format!("j-{hours}")))
            .unwrap();
    }
    ledger.note(&entry(now, Act::Terminate, "j-0")).unwrap();
    let ids = |args: &[&str]| {
        let document = home.json(&[&["log"], args].concat());
        assert_eq!(
            (&document["verb"], &document["exit"]),
            (&"log".into(), &0.into())
        );
        let entries = document["entries"].as_array().unwrap().iter();
        let ids = entries.map(|it| it["id"].as_i64().unwrap());
        ids.collect::<Vec<_>>()
    };
    assert_eq!(ids(&[]), (12..=61).collect::<Vec<_>>());
    assert_eq!(ids(&["--last", "2"]), [60, 61]);
    assert_eq!(ids(&["--since", "59h30m"]).len(), 61);
    assert_eq!(ids(&["--act", "terminate"]), [61]);
    assert_eq!(ids(&["--cluster", "j-0"]), [60, 61]);
    assert_eq!(ids(&["--cluster", "none"]), Vec::<i64>::new());
    home.expect(0, &["log", "--last", "1"])
        .says("terminate j-0");
    home.expect(2, &["log", "--act", "nap"]).says("terminate");
}

#[test]
fn new_entries_are_printed_one_per_line() {
    let home = Home::new();
    let now = SystemClock.now();
    let mut ledger = ledger(&home);
    for id in ["j-1", "j-2", "j-3"] {
        ledger.note(&entry(now, Act::Warn, id)).unwrap();
    }
    let mut child = home.spawn(&["log", "--follow", "--last", "2", "--output", "json"]);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    assert_eq!(
        (next()["target"]["id"].clone(), next()["id"].clone()),
        ("j-2".into(), 3.into())
    );
    for id in ["j-4", "j-5", "j-6"] {
        ledger.note(&entry(now, Act::Ended, id)).unwrap();
        assert_eq!(next()["target"]["id"], id);
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_service_is_written_for_systemd_and_not_overwritten() {
    let home = Home::new();
    let config = home.path().join("config");
    let install = |args: &[&str]| {
        let mut command = home.command(&[&["watchdog", "install", "--user"], args].concat());
        let done = command.env("XDG_CONFIG_HOME", &config).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (done.status.code(), text(&done.stdout), text(&done.stderr))
    };
    let path = config.join("systemd/user/clusterup-watchdog.service");
    let (code, unit, _) = install(&["--print", "--", "--policies", "/my policies/100%"]);
    assert_eq!(code, Some(0));
    assert!(
        unit.contains(" watchdog run --policies \"/my policies/100%%\"\n"),
        "{unit}"
    );
    assert!(!path.exists());
    let (code, _, says) = install(&["--", "--region=eu-west-1"]);
    assert_eq!(code, Some(0), "{says}");
    assert!(
        says.contains("systemctl --user enable --now clusterup-watchdog"),
        "{says}"
    );
    let was = fs::read_to_string(&path).unwrap();
    assert!(was.contains(" watchdog run --region=eu-west-1\n"));
    assert!(
        install(&["--", "--region=eu-west-1"])
            .2
            .contains("is up to date")
    );
    assert_eq!(
        install(&["--", "--region=us-east-1"]).0,
        Some(0),
        "nobody changed it"
    );
    let changed = was.replace("MemoryMax=512M", "MemoryMax=1G");
    fs::write(&path, &changed).unwrap();
    let (code, _, says) = install(&["--", "--region=eu-west-1"]);
    assert_eq!(code, Some(1));
    assert!(says.contains("--force"), "{says}");
    assert_eq!(fs::read_to_string(&path).unwrap(), changed);
    assert_eq!(install(&["--force", "--", "--region=eu-west-1"]).0, Some(0));
    assert_eq!(fs::read_to_string(&path).unwrap(), was);
    fs::create_dir(home.path().join("policies")).unwrap();
    let (code, _, says) = install(&["--", "--policies", "policies"]);
    assert_eq!(code, Some(2));
    assert!(says.contains("write it in full"), "{says}");
    assert_eq!(install(&["--", "a\nExecStart=/bin/sh"]).0, Some(2));
}

/// Two clusters that run for real: the idle one is warned, ends in its time, and the other lives.
#[test]
fn the_idle_one_of_two_clusters_ends() {
    let home = Home::new();
    home.write("plain.py", PLAIN);
    home.write(
        "slow.py",
        &SLOW.replace("range(40), 40", "range(4000), 4000"),
    );
    home.stack(
        &["plain.py"],
        "guardrails: { when_done: keep, idle_timeout: 1h }\n",
    );
    fs::create_dir(home.path().join("policies")).unwrap();
    home.expect(0, &["apply", "t.yaml", "--local"])
        .says("is kept");
    let slow = fs::read_to_string(home.path().join("t.yaml")).unwrap();
    let slow = slow
        .replace("stack: t\n", "stack: busy\n")
        .replace("plain", "slow")
        .replace("results: results", "results: others");
    home.write("busy.yaml", &slow);
    home.expect(0, &["apply", "busy.yaml", "--local", "--detach"]);
    // From now on no cluster idles for longer than a minute.
    home.write(
        "policies/all.yaml",
        "policy: all\nlimits: { idle_timeout: 1m }\nwatchdog: { warn_before: 20s }\n",
    );
    let daemon = ["watchdog", "run", "--local", "--no-page", "--every", "2s"];
    let mut daemon = home.spawn(&daemon);
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
    std::thread::sleep(Duration::from_secs(5));
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
    let log = home.json(&["log"]);
    let acts: Vec<&str> = log["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["act"].as_str().unwrap())
        .collect();
    assert_eq!(acts, ["begin", "warn", "terminate", "ended", "stop"]);
    home.expect(0, &["destroy", "busy", "--local", "--yes"]);
    home.expect(0, &["destroy", "t", "--local", "--yes"]);
}
