//! `doctor --live`: each belief is seen to be true, each can be seen to be false, and whatever happens,
//! nothing is left.

use crate::double::Double;
use crate::running::Running;
use crate::world::{BUCKET, Done, World, short};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

const LIVE: &[&str] = &["doctor", "--live", "--yes", "--output", "json"];

/// A world whose steps that are scripts really run, with EMR's usual times.
fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let described = folder.path().join("spark.json");
    // Only scripts run: Spark is not needed.
    let spark = json!({ "python": "python3", "java_home": "/", "spark_home": "/" });
    std::fs::write(&described, spark.to_string()).unwrap();
    let world = World::on(Double::with_spark(&described));
    let usual = json!({ "starting": 60, "bootstrapping": 30, "step": 5, "terminating": 20 });
    world.double.post("/_double/durations", usual);
    let mode = json!({ "mode": "spark" });
    world.double.post("/_double/steps", mode);
    world
}

fn make_false(world: &World, names: &[&str]) {
    for name in names {
        let body = json!({ "name": name, "false": true });
        world.double.post("/_double/beliefs", body);
    }
}

/// Waits for something that the program does.
fn wait(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(120), "{what}");
        sleep(Duration::from_millis(100));
    }
}

fn speed(world: &World, times: u32) {
    world
        .double
        .post("/_double/clock", json!({ "speed": times }));
}

/// Follows the program while the double's clock runs faster and faster: the clusters are requested by
/// the machine's clock; then a deadline is moved and read; after that, only the order of events counts.
fn let_run(world: &World, program: Running, is_read: bool) -> Done {
    wait("three clusters", || world.alive().len() == 3);
    speed(world, 40);
    wait("a moved deadline", || moved(world).is_some());
    if is_read {
        wait("a deadline that is read", || {
            moved(world) == reported(world)
        });
        world.double.reset_calls();
        // Rounds without a look show that it was read before: the program looks until then.
        wait("a look at it, or four rounds without one", || {
            let calls = world.double.get("/_double/calls").to_string();
            calls.contains("/heard/") || calls.matches("emr:DescribeCluster").count() >= 12
        });
    }
    speed(world, 250);
    Done::of(program)
}

/// The moved deadline of a cluster, in seconds, in digits.
fn moved(world: &World) -> Option<String> {
    text(world, "/deadlines/")
}

/// The deadline that the primary of that cluster has read.
fn reported(world: &World) -> Option<String> {
    text(world, "work/clusterup-live-schedule/heard/")
}

/// The text of the object whose key contains this.
fn text(world: &World, part: &str) -> Option<String> {
    let keys = world.objects();
    let key = keys.iter().find(|key| key.contains(part))?;
    let asked = json!({ "bucket": BUCKET, "key": key });
    let body = world.double.post("/_double/objects/get", asked);
    body["text"].as_str().map(str::to_owned)
}

/// The verdicts and what was seen, by belief.
fn verdicts(done: &Done) -> BTreeMap<String, (String, String)> {
    let document: Value = serde_json::from_str(&done.out).unwrap();
    let beliefs = document["live"]["beliefs"].as_array();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let one = |it: &Value| {
        (
            text(&it["belief"]),
            (text(&it["verdict"]), text(&it["seen"])),
        )
    };
    let beliefs = beliefs.unwrap_or_else(|| panic!("{}", done.all()));
    beliefs.iter().map(one).collect()
}

fn of_verdict<'a>(verdicts: &'a BTreeMap<String, (String, String)>, wanted: &str) -> Vec<&'a str> {
    let some = verdicts
        .iter()
        .filter(|(_, (verdict, _))| verdict == wanted);
    some.map(|(name, _)| name.as_str()).collect()
}

/// The ids of the volumes that are attached to nothing.
fn volumes(world: &World) -> Vec<String> {
    let free = json!({ "Filters": [{ "Name": "status", "Values": ["available"] }] });
    let volumes = world.aws("ec2", "describe_volumes", free);
    let volumes = volumes["Volumes"].as_array().unwrap();
    let id = |volume: &Value| volume["VolumeId"].as_str().unwrap().to_owned();
    volumes.iter().map(id).collect()
}

fn assert_all_removed(world: &World) {
    assert!(world.alive().is_empty(), "{:#?}", world.alive());
    world.assert_nothing_left();
    assert_eq!(world.double.schedules(), []);
}

/// Runs with beliefs made false, and expects these to be reported as false, and these as not seen.
fn run_with(names: &[&str], expected: &[&str], unseen: &[&str]) -> Done {
    let world = world();
    make_false(&world, names);
    let is_read = !names.contains(&"moved_deadline");
    let done = let_run(&world, world.spawn(LIVE), is_read);
    let verdicts = verdicts(&done);
    assert_eq!(of_verdict(&verdicts, "false"), expected, "{}", done.all());
    assert_eq!(of_verdict(&verdicts, "not_seen"), unseen, "{}", done.all());
    assert_eq!(done.code, i32::from(!expected.is_empty()), "{}", done.all());
    assert_all_removed(&world);
    let volumes = volumes(&world);
    let are_left = names.contains(&"nothing_left");
    assert_eq!(volumes.len(), if are_left { 3 } else { 0 });
    for id in volumes {
        let delete = "aws ec2 delete-volume --region us-east-1 --volume-id";
        done.says(&format!("next: {delete} {id}"));
    }
    for secret in ["\"j-", "s3:", "arn:", "123456789012", "clusterup-"] {
        assert!(!done.out.contains(secret), "{secret}: {}", done.out);
    }
    done
}

/// The times that were measured, in seconds, by belief.
fn measured(done: &Done) -> BTreeMap<String, u64> {
    let document: Value = serde_json::from_str(&done.out).unwrap();
    let beliefs = document["live"]["beliefs"].as_array().unwrap();
    let times = beliefs.iter().filter_map(|it| {
        let seconds = it["measured"]["seconds"].as_u64()?;
        Some((it["belief"].as_str().unwrap().to_owned(), seconds))
    });
    times.collect()
}

#[test]
fn all_beliefs_are_true_of_the_double() {
    let done = run_with(&[], &[], &[]);
    done.says("arguments: true: 14 of 14 arrived unchanged")
        .says("idle_policy: true: ALL_STEPS_COMPLETED")
        .says("power_off: true: INSTANCE_FAILURE");
    let measured = measured(&done);
    assert_eq!(measured.len(), 9, "{measured:?}");
    // By the double's clock: it starts a cluster in 90 seconds and ends one in 20, after a schedule's
    // delay of 20, or after two short steps and an idle timeout of five minutes.
    for (belief, at_least, at_most) in [
        ("cluster_times", 90, 90),
        ("idle_policy", 320, 335),
        ("power_off", 20, 80),
        ("schedule", 20, 100),
    ] {
        let seconds = measured[belief];
        let is_so = (at_least..=at_most).contains(&seconds);
        assert!(is_so, "{belief} took {seconds} seconds\n{}", done.all());
    }
}

#[test]
fn beliefs_that_do_not_meet_are_false_together() {
    let names = [
        "arguments",
        "bucket_policy",
        "cluster_tags",
        "cluster_times",
        "conditional_writes",
        "end_reasons",
        "fired_schedule",
        "metrics",
        "moved_deadline",
        "new_cluster",
        "nothing_left",
        "repeated_call",
        "step_logs",
    ];
    run_with(&names, &names, &[])
        .says("10 of 14 arrived unchanged")
        .says("another one: BOOTSTRAP_FAILURE")
        .says("ready before it was created")
        .says("new_cluster: false: not listed in the")
        .says("left: EBS volumes");
}

#[test]
fn a_schedule_without_effect_is_seen_and_its_cluster_ends() {
    let world = world();
    make_false(&world, &["schedule"]);
    // As people see it, too.
    let done = let_run(&world, world.spawn(&LIVE[..3]), true).expect(1);
    done.says("costs at most $0.61")
        .says("schedule: false: it did not; the cluster ended")
        .says("not seen: fired_schedule")
        .says("false: schedule")
        .says("the clusters cost $0.");
    let table: Vec<&str> = done.out.lines().collect();
    let width = table.iter().map(|line| line.chars().count()).max();
    assert!(width <= Some(80), "{}", done.out);
    let is_row = |line: &&&str| line.trim_start().starts_with("schedule ");
    let row = table.iter().find(is_row);
    let row = row.unwrap_or_else(|| panic!("{}", done.all()));
    assert!(row.trim_end().ends_with("FALSE"), "{}", done.out);
    assert_all_removed(&world);
}

#[test]
fn an_idle_policy_that_ends_a_busy_cluster_is_seen() {
    let unseen = ["fired_schedule", "power_off", "schedule"];
    run_with(&["busy_step"], &["busy_step"], &unseen);
}

#[test]
fn an_idle_policy_that_ends_nothing_is_seen_and_its_cluster_ends() {
    run_with(&["idle_policy"], &["idle_policy"], &[]);
}

#[test]
fn a_power_off_without_effect_and_a_role_without_a_right_are_seen() {
    // EMR uploads logs with the same role.
    let expected = ["power_off", "step_logs", "work_folder"];
    let unseen = ["arguments", "bucket_policy"];
    run_with(&["power_off", "work_folder"], &expected, &unseen);
}

/// A world whose clusters end at once.
fn quick() -> World {
    let world = world();
    world.double.post("/_double/durations", short());
    // They run until they are ended.
    let slow = json!({ "starting": 3_600 });
    world.double.post("/_double/durations", slow);
    world
}

fn interrupt(world: &World, clusters: usize, program: Running) -> Done {
    wait("clusters", || world.clusters().len() == clusters);
    let id = program.id().to_string();
    let sent = Command::new("kill").args(["-INT", &id]).status().unwrap();
    assert!(sent.success());
    Done::of(program)
}

#[test]
fn an_interrupted_run_removes_its_clusters() {
    let world = quick();
    let done = interrupt(&world, 3, world.spawn(LIVE)).expect(130);
    done.says("interrupted: ending the clusters");
    assert_all_removed(&world);
}

#[test]
fn what_a_killed_run_has_left_is_removed_by_the_next_and_by_destroy() {
    let world = quick();
    let mut killed = world.spawn(LIVE);
    wait("two clusters", || world.clusters().len() == 2);
    killed.kill().unwrap();
    killed.wait().unwrap();
    let plain = ["doctor", "--live", "--region", "us-east-1"];
    let done = world.expect(2, &plain);
    done.says("An earlier run has left clusterup-live-job, clusterup-live-schedule")
        .says("costs at most $0.61")
        .says("consent in advance");
    assert_eq!(world.alive().len(), 2);
    world.expect(
        0,
        &[
            "destroy",
            "clusterup-live-schedule",
            "--region",
            "us-east-1",
            "--yes",
        ],
    );
    interrupt(&world, 5, world.spawn(LIVE)).expect(130);
    assert_all_removed(&world);
}

#[test]
fn a_call_that_is_refused_ends_the_run_and_its_clusters() {
    let world = quick();
    let fault = json!({
        "call": "emr:RunJobFlow", "at": 2, "do": "refuse", "code": "ValidationException",
    });
    world.double.post("/_double/faults", fault);
    world.expect(1, LIVE).says("cannot create the cluster");
    assert_eq!(world.clusters().len(), 1);
    assert_all_removed(&world);
}

#[test]
fn a_stack_of_that_name_is_left_alone() {
    let world = World::new();
    world.stack(&crate::world::STACK.replace("stack: t", "stack: clusterup-live-job"));
    world.expect(0, &["apply", "t.yaml", "--yes", "--detach"]);
    world
        .expect(2, LIVE)
        .says("stack clusterup-live-job is not one of doctor --live")
        .says("next: clusterup destroy clusterup-live-job --region us-east-1");
    assert_eq!(world.clusters().len(), 1);
    assert_eq!(world.alive().len(), 1);
}
