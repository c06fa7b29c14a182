//! `-v`: each call to AWS, once an attempt, on standard error and nowhere else.

use crate::world::{Done, World};
use serde_json::{Value, json};

/// The outcomes in a log, each with the call's name and the attempt.
fn outcomes(err: &str) -> Vec<(String, u32, String)> {
    let lines = err
        .lines()
        .filter(|line| line.contains(" in ") && line.contains(" ms region="));
    let read = lines.map(|line| {
        let (head, rest) = line.split_once("}: clusterup::aws: ").unwrap();
        let (_, attempt) = head.split_once("call{attempt=").unwrap();
        let (call, outcome) = rest.split_once(": ").unwrap();
        let (outcome, _) = outcome.split_once(" in ").unwrap();
        (
            call.to_owned(),
            attempt.parse().unwrap(),
            outcome.to_owned(),
        )
    });
    read.collect()
}

fn document(done: &Done) -> Value {
    serde_json::from_str(&done.out).unwrap_or_else(|error| panic!("{error}: {}", done.out))
}

#[test]
fn every_attempt_of_every_call_has_its_line() {
    let world = World::new();
    for args in [
        &["plan", "t.yaml", "-v"][..],
        &["apply", "t.yaml", "--yes", "--detach", "--verbose"],
        &["-v", "status", "t"],
        &["destroy", "t", "--yes", "-vv"],
    ] {
        let throttle = json!({ "call": "*", "at": 3, "do": "throttle" });
        world.double.post("/_double/faults", throttle);
        world.double.reset_calls();
        let done = world.expect(0, &[args, &["--output", "json"]].concat());
        let (calls, logged) = (world.double.calls(), outcomes(&done.err));
        assert_eq!(logged.len(), calls.len(), "{args:?}: {}", done.err);
        assert_eq!(document(&done)["exit"], 0);
        assert!(!done.out.contains("clusterup::aws"), "{}", done.out);

        let failed: Vec<_> = logged
            .iter()
            .filter(|it| it.2.starts_with("Throttled"))
            .collect();
        let [(call, 1, _)] = failed.as_slice() else {
            panic!("{args:?}: {}", done.err);
        };
        // The calls of a plan race, so that any may be the third; one finds no bucket yet.
        let again = |it: &&(String, u32, String)| it.0 == *call && it.1 == 2;
        assert_eq!(
            logged.iter().filter(again).count(),
            1,
            "{call}: {}",
            done.err
        );
        world.double.post("/_double/reset", json!({}));
    }
}

#[test]
fn ids_are_logged_on_request_and_nothing_is_logged_by_default() {
    let world = World::new();
    world.expect(0, &["apply", "t.yaml", "--yes", "--detach"]);
    let id = world.alive()[0]["id"].as_str().unwrap().to_owned();
    let id = format!("elasticmapreduce:DescribeCluster id={id}");
    for (args, log, calls, ids) in [
        (&["status"][..], "", false, false),
        (&["status", "-v"], "", true, false),
        (&["status", "-vv"], "", true, true),
        (&["status", "-v"], "trace", true, false),
        (&["status"], "debug", true, false),
        (&["status"], "clusterup=trace", true, true),
        (&["status"], "aws_sigv4=trace,hyper=trace", false, false),
        (&["status"], "clusterup=loud", false, false),
    ] {
        let mut command = world.command(args);
        let done = Done::running(command.env("RUST_LOG", log)).expect(0);
        assert_eq!(
            !outcomes(&done.err).is_empty(),
            calls,
            "{args:?} {log}: {}",
            done.err
        );
        assert_eq!(done.err.contains(&id), ids, "{args:?} {log}: {}", done.err);
        let warned = done.err.contains("warning: RUST_LOG is not used");
        assert_eq!(warned, log == "clusterup=loud", "{}", done.err);
        for others in ["sigv4", "hyper", "aws_config", "aws_smithy"] {
            let foreign = format!(" {others}");
            assert!(
                !done.err.replace(log, "").contains(&foreign),
                "{}",
                done.err
            );
        }
    }
}
