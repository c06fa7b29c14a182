//! `job.retry`: a failed job runs again with more memory, once per attempt, within its budget.

use crate::policies::{of_team, say};
use crate::world::{Done, STACK, World, ending};
use serde_json::{Value, json};
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

const REPORT: &[&str] = &["cost", "report", "--region", "us-east-1"];
const APPLY: &[&str] = &["apply", "t.yaml", "--yes"];

/// `text` whose second step has this memory, and whose job is retried so.
fn retried(text: &str, memory: &str, retry: &str) -> String {
    let small = format!("\"${{results}}/two\"], spark: {{ executor_memory: {memory} }} }}");
    let retry = format!("job:\n  retry: {retry}\n");
    let text = text.replace("\"${results}/two\"] }", &small);
    text.replace("job:\n", &retry)
}

const MORE: &str = "{ on: [out_of_memory] }";

/// The second step runs out of memory.
fn fails(world: &World, more: Value) {
    let heap = "java.lang.OutOfMemoryError: Java heap space\n\tat java.util.Arrays.copyOf(Arrays.java:3236)\n";
    let mut rule = json!({
        "match": "two", "state": "FAILED", "seconds": 0.5, "times": 1,
        "stderr": format!(
            "26/01/02 03:04:05 INFO SparkContext: Running Spark version 3.5.1\n\
             26/01/02 03:04:08 WARN TaskSetManager: Lost task 7.3 in stage 2.0 (TID 260) \
             (ip-10-0-6-159.ec2.internal executor 2): {heap}\
             26/01/02 03:04:09 ERROR TaskSetManager: Task 7 in stage 2.0 failed 4 times; aborting job\n"
        ),
        "stdout": format!(
            "Traceback (most recent call last):\n  File \"/mnt/tmp/two.py\", line 9, in <module>\n    \
             rows.count()\npy4j.protocol.Py4JJavaError: An error occurred while calling o1.count.\n\
             : org.apache.spark.SparkException: Job aborted due to stage failure: Task 7 in stage 2.0 \
             failed 4 times, most recent failure: Lost task 7.3 in stage 2.0 (TID 169) \
             (ip-10-0-3-13.ec2.internal executor 1): {heap}"
        ),
    });
    let rule_fields = rule.as_object_mut().unwrap();
    rule_fields.extend(more.as_object().unwrap().clone());
    world
        .double
        .post("/_double/steps", json!({ "results": [rule] }));
}

/// The executor memory of each step named `two`, in the order in which they were added.
fn memories(world: &World) -> Vec<String> {
    let mut found = Vec::new();
    for cluster in world.clusters() {
        let listed = world.aws("emr", "list_steps", json!({ "ClusterId": cluster["id"] }));
        for step in listed["Steps"].as_array().unwrap().iter().rev() {
            let args = step["Config"]["Args"].as_array().unwrap();
            let args: Vec<&str> = args.iter().map(|arg| arg.as_str().unwrap()).collect();
            let at = args
                .iter()
                .position(|arg| *arg == "--executor-memory")
                .unwrap();
            if step["Name"].as_str().unwrap().starts_with("two ") {
                found.push(args[at + 1].to_owned());
            }
        }
    }
    found
}

#[test]
fn a_job_that_ran_out_of_memory_ends_well_with_more() {
    let world = World::new();
    world.stack(&retried(&ending(), "1g", MORE));
    let plan = world.expect(0, &["plan", "t.yaml"]);
    plan.says("after a failure (out_of_memory) this apply runs the job again once without asking");
    fails(&world, json!({}));
    let done = world.expect(0, APPLY);
    done.says("an executor ran out of memory")
        .says("retry: attempt 2 of 2, with executor_memory 1g -> 2g")
        .says("failed (out_of_memory); it cost $")
        .says("completed, with executor_memory 1g -> 2g in step two; it cost $");
    assert_eq!(memories(&world), ["1024m", "2048m"]);
    assert_eq!((world.clusters().len(), world.alive().len()), (2, 0));
    // The same job has ended well: nothing runs again.
    world.expect(0, APPLY).says("already succeeded");
    assert_eq!(world.clusters().len(), 2);

    let status = world.expect(0, &["status", "t"]);
    status
        .says("failed (out_of_memory); it cost $")
        .says("completed, with executor_memory 1g -> 2g in step two; it cost $");
    let status = world.json(&["status", "t"]);
    let attempts = status["stacks"][0]["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 2, "{status:#}");
    assert_eq!(attempts[0]["class"], "out_of_memory");
    assert_eq!(attempts[1]["changes"]["two"][0]["to"]["bytes"], 2_u64 << 30);
    let report = world.expect(0, REPORT);
    report.says("attempt 2 at the job of t on");
    let report = world.json(REPORT);
    let attempts = report["report"]["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 2, "{report:#}");
    assert!(
        attempts[0]["cause"]
            .as_str()
            .unwrap()
            .contains("out of memory"),
        "{report:#}"
    );
    assert!(attempts[1]["cost"]["usd"].is_number(), "{report:#}");
    world.expect(0, &["destroy", "t", "--yes"]);
    world.assert_nothing_left();
}

#[test]
fn a_kept_cluster_takes_the_next_attempt_and_attempts_are_bounded() {
    let world = World::new();
    let three = "{ on: [out_of_memory], memory: x1.5, attempts: 3 }";
    world.stack(&retried(STACK, "1g", three));
    fails(&world, json!({ "times": 9 }));
    let done = world.expect(4, APPLY);
    done.says("retry: attempt 3 of 3, with executor_memory 1536m -> 2304m")
        .says("no retry: all 3 attempts failed")
        .says("attempt 3 on ");
    assert_eq!(memories(&world), ["1024m", "1536m", "2304m"]);
    assert_eq!((world.clusters().len(), world.alive().len()), (1, 1));
    let status = world.expect(0, &["status", "t"]);
    status
        .says("failed (out_of_memory), with executor_memory 1g -> 2304m in step two")
        .says("an executor ran out of memory");
    // The user's next apply begins anew, as after any failed job.
    fails(&world, json!({ "times": 0 }));
    world.expect(0, APPLY);
    assert_eq!(memories(&world).last().unwrap(), "1024m");
    assert_eq!(world.clusters().len(), 1);
}

#[test]
fn what_ends_a_job_for_good_is_not_retried() {
    let most = "no retry: 9593m is the most that a node of m5.xlarge gives";
    let rule = "policy: small\nrules: [{ name: heap, message: too large, deny_when: \
                'stack.job.steps.exists(s, s.executor_memory_mib > 1500)' }]\n";
    for (memory, retry, policy, says) in [
        ("9593m", MORE, None, most),
        (
            "1g",
            "{ on: [spot_lost] }",
            None,
            "no retry: job.retry.on does not have out_of_memory",
        ),
        (
            "1g",
            MORE,
            Some(rule),
            "no retry: too large (policies/p.yaml:",
        ),
    ] {
        let world = World::new();
        world.stack(&retried(&ending(), memory, retry));
        if let Some(policy) = policy {
            say(&world, policy);
        }
        fails(&world, json!({}));
        let done = world.expect(4, APPLY);
        done.says(says).says("next: clusterup logs t.yaml");
        assert_eq!(memories(&world).len(), 1, "{says}");
        assert_eq!(world.alive().len(), 0, "{says}");
    }
}

/// Waits until the double's clusters are as wanted.
fn until(world: &World, wanted: impl Fn(&[Value]) -> bool) {
    for _ in 0..600 {
        if wanted(&world.clusters()) {
            return;
        }
        sleep(Duration::from_millis(100));
    }
    panic!("it takes too long: {:#?}", world.clusters());
}

fn is_running(cluster: &Value, step: usize) -> bool {
    cluster["steps"][step]["state"] == "RUNNING"
}

#[test]
fn an_attempt_that_the_budget_cannot_pay_is_not_made() {
    let world = World::new();
    // 0.72 dollars an hour: an attempt of 40 minutes costs 0.48.
    let text = retried(&ending(), "1g", MORE).replace("budget: $3", "budget: $0.85");
    world.stack(&text);
    fails(&world, json!({ "seconds": 2400 }));
    let apply = world.spawn(APPLY);
    until(&world, |all| {
        all.first().is_some_and(|cluster| is_running(cluster, 1))
    });
    world.double.advance(2400);
    let done = Done::of(apply).expect(4);
    done.says("no retry: $0.")
        .says("is spent, and another attempt like the last costs $0.")
        .says("more than the budget of $0.85");
    assert_eq!((memories(&world).len(), world.alive().len()), (1, 0));
}

#[test]
fn an_apply_that_is_killed_in_between_does_not_run_the_job_twice() {
    let world = World::new();
    world.stack(&retried(&ending(), "1g", MORE));
    fails(&world, json!({}));
    let mut apply = world.spawn(APPLY);
    until(&world, |all| all.len() == 2);
    apply.kill().unwrap();
    apply.wait().unwrap();
    let followed = world.expect(0, APPLY);
    assert_eq!(memories(&world), ["1024m", "2048m"]);
    assert_eq!((world.clusters().len(), world.alive().len()), (2, 0));
    // The second cluster keeps what the first has left of the budget.
    let status = world.json(&["status", "t"]);
    let cluster = &status["stacks"][0]["observed"]["clusters"][0];
    let budget = cluster["spec"]["guardrails"]["budget"]["usd"]
        .as_f64()
        .unwrap();
    assert!((2.9..3.0).contains(&budget), "{budget} {}", followed.all());
    // An apply that only follows the last attempt does not begin another.
    world.stack(&retried(&ending(), "1g", MORE).replace("name: one", "name: other"));
    fails(&world, json!({ "times": 2, "seconds": 3 }));
    let mut apply = world.spawn(APPLY);
    until(&world, |all| all.len() == 4);
    apply.kill().unwrap();
    apply.wait().unwrap();
    world
        .expect(4, APPLY)
        .says("no retry: all 2 attempts failed");
    assert_eq!(world.clusters().len(), 4);
}

#[test]
fn nobody_retries_a_job_that_nobody_follows() {
    let world = World::new();
    world.stack(&retried(&ending(), "1g", MORE));
    let done = world.expect(0, &["apply", "t.yaml", "--yes", "--detach"]);
    done.says("no apply follows the job now, so a failure is not retried");
}

#[test]
fn a_kill_around_the_next_attempt_does_not_run_it_twice() {
    for when in ["before", "after"] {
        let world = World::new();
        world.stack(&retried(STACK, "1g", MORE));
        fails(&world, json!({}));
        let call = "emr:AddJobFlowSteps";
        let kill = json!([{ "do": "kill", "when": when, "call": call }]);
        world.double.post("/_double/faults", kill);
        let killed = world.run(APPLY);
        assert_eq!(killed.signal, Some(9), "{when}: {}", killed.all());
        world.expect(0, APPLY);
        let clusters = world.clusters();
        assert_eq!(clusters.len(), 1, "{when}: {clusters:#?}");
        let steps = clusters[0]["steps"].as_array().unwrap().iter();
        let states: Vec<_> = steps.map(|step| step["state"].as_str().unwrap()).collect();
        assert_eq!(
            states,
            ["COMPLETED", "FAILED", "COMPLETED", "COMPLETED"],
            "{when}"
        );
    }
}

#[test]
fn a_month_that_cannot_pay_an_attempt_ends_it() {
    let world = World::new();
    let month = "policy: month\napplies_to: { teams: [recsys] }\nbudget: { monthly: $4 }\n";
    world.stack(&of_team(&retried(&ending(), "1g", MORE), "t"));
    say(&world, month);
    fails(&world, json!({ "seconds": 2400 }));
    let apply = world.spawn(APPLY);
    until(&world, |all| {
        all.first().is_some_and(|cluster| is_running(cluster, 1))
    });
    // The policies of then decide.
    say(&world, &month.replace("$4", "$1"));
    world.double.advance(2400);
    let done = Done::of(apply).expect(4);
    done.says("no retry: team recsys has spent $0.")
        .says("of the $1.00 that policy month gives it")
        .says("and this requests up to $1.");
    assert_eq!((memories(&world).len(), world.alive().len()), (1, 0));
}

#[test]
fn a_step_that_is_done_is_not_repeated_and_what_it_wrote_stays() {
    let world = World::new();
    let text = retried(&ending(), "1g", MORE)
        .replace("${results}/one", "${scratch}/clean")
        .replace(
            "[\"${results}/two\"]",
            "[\"${scratch}/clean\", \"${results}/two\"]",
        );
    world.stack(&text);
    let plan = world.plan();
    let actions = plan["actions"].as_array().unwrap().iter();
    let key = |name: &str| {
        let mut jobs = actions
            .clone()
            .filter_map(|a| a["action"]["job"][name].as_str());
        format!("work/t/{}", jobs.next().unwrap())
    };
    let (scratch, results) = (key("scratch_key"), key("results_key"));
    let half = json!({
        format!("{scratch}/clean/part-0"): "a",
        format!("{scratch}/half/part-0"): "b",
        format!("{results}/two/part-0"): "c",
    });
    fails(&world, json!({ "writes": half }));
    let done = world.expect(0, APPLY);
    done.says("without what has ended well: one");
    assert_eq!(memories(&world), ["1024m", "2048m"]);
    let steps = world.clusters()[1]["steps"].as_array().unwrap().len();
    assert_eq!(steps, 1);
    let objects = world.objects();
    assert!(
        objects.contains(&format!("{scratch}/clean/part-0")),
        "{objects:?}"
    );
    let left = |below: &str| objects.iter().any(|key| key.starts_with(below));
    assert!(
        !left(&format!("{scratch}/half")) && !left(&results),
        "{objects:?}"
    );
    world.expect(0, APPLY).says("already succeeded");
}

#[test]
fn an_override_is_for_the_plan_that_was_shown() {
    let world = World::new();
    world.stack(&of_team(&retried(&ending(), "1g", MORE), "t"));
    say(
        &world,
        "policy: small\nlimits: { nodes: 2 }\n\
         overrides: { by: ['arn:aws:sts::123456789012:*'] }\n",
    );
    fails(&world, json!({}));
    let done = world.expect(4, &[APPLY, &["--override", "incident 4711"]].concat());
    done.says("overridden: limits.nodes")
        .says("no retry: nodes is 3, and policy small allows at most 2 (policies/p.yaml:2)");
    assert_eq!((memories(&world).len(), world.alive().len()), (1, 0));
}

#[test]
fn ctrl_c_while_an_attempt_starts_says_that_a_cluster_can_exist() {
    let world = World::new();
    world.stack(&retried(&ending(), "1g", MORE));
    fails(&world, json!({}));
    let slow = json!([{ "do": "slow", "call": "emr:RunJobFlow", "at": 2, "seconds": 6 }]);
    world.double.post("/_double/faults", slow);
    let apply = world.spawn(APPLY);
    let starts = || {
        let calls = world.double.calls();
        calls
            .iter()
            .filter(|it| it.call == "emr:RunJobFlow")
            .count()
    };
    until(&world, |_| starts() == 2);
    let id = apply.id().to_string();
    let killed = Command::new("kill").args(["-INT", &id]).status().unwrap();
    assert!(killed.success());
    Done::of(apply)
        .expect(130)
        .says("interrupted while the next attempt was being started")
        .says("apply again to continue, or destroy to delete what exists");
}
