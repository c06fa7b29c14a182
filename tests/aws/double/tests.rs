//! Doubles belong to one test each.

use super::Double;
use super::source::{folder, python};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

const REGION: &str = "us-east-1";

#[track_caller]
fn ends(pid: i32) {
    let (begun, process) = (Instant::now(), format!("/proc/{pid}"));
    while Path::new(&process).exists() {
        assert!(begun.elapsed() < Duration::from_secs(5), "{pid} runs on");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn it_ends_with_its_test() {
    let double = Double::start();
    let pid = double.process.pid;
    assert!(Path::new(&format!("/proc/{pid}")).exists());
    drop(double);
    ends(pid);
}

#[test]
fn one_that_hangs_is_killed() {
    let double = Double::start();
    let pid = double.process.pid;
    kill_process(Pid::from_raw(pid).unwrap(), Signal::STOP).unwrap();
    drop(double);
    ends(pid);
}

#[test]
fn each_is_an_account_of_its_own() {
    let ids = |double: &Double| -> Value {
        let asked = json!({ "GroupName": "g", "Description": "d" });
        let group = double.aws(REGION, "ec2", "create_security_group", asked);
        let key = double.aws(REGION, "ec2", "create_key_pair", json!({ "KeyName": "k" }));
        json!([group["GroupId"], key["KeyPairId"]])
    };
    // They come from one process, and would otherwise continue one sequence of random numbers.
    let (one, other) = (Double::start(), Double::start());
    assert_ne!(one.process.pid, other.process.pid);
    let (ids, others) = (ids(&one), ids(&other));
    for number in 0..2 {
        assert!(ids[number].is_string(), "{ids}");
        assert_ne!(ids[number], others[number]);
    }
    let groups = one.ec2("DescribeSecurityGroups");
    assert!(groups.contains(ids[0].as_str().unwrap()), "{groups}");
    assert!(!groups.contains(others[0].as_str().unwrap()), "{groups}");
}

/// Mostly waits: a minute beside the others.
#[test]
fn its_own_checks_with_boto3_pass() {
    let checked = Command::new(python())
        .arg(folder().join("selftest.py"))
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success(), "{error}");
    let passed = String::from_utf8_lossy(&checked.stdout);
    assert!(passed.contains("assertions hold"), "{passed}");
}
