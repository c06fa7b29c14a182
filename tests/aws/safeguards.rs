//! Safeguards: armed with the cluster, triggered in time, moved, fixed, and removed with it.

use crate::double::{Double, Schedule};
use crate::world::{BUCKET, Done, STACK, World, ending};
use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use serde_json::{Value, json};

const APPLY: &[&str] = &["apply", "t.yaml", "--yes"];
const DETACHED: &[&str] = &["apply", "t.yaml", "--yes", "--detach"];
const TERMINATE: &str = "arn:aws:scheduler:::aws-sdk:emr:terminateJobFlows";
/// How long after the deadline the primary powers off.
const LATE: TimeDelta = TimeDelta::minutes(5);
const REAPER: &str = "arn:aws:iam::123456789012:role/clusterup-reaper";

/// `STACK` with a budget that is used up before its lifetime.
fn poor() -> String {
    STACK.replace("budget: $3", "budget: $1")
}

/// A world with a cluster that works for hours without a follower.
pub(crate) fn busy(text: &str) -> World {
    let world = World::new();
    start(&world, text);
    world
}

fn start(world: &World, text: &str) {
    let endless = json!({ "results": [{ "match": "one", "seconds": 36_000 }] });
    world.double.post("/_double/steps", endless);
    world.stack(text);
    world.expect(0, DETACHED);
}

/// The stack's cluster in `status --output json`.
pub(crate) fn reported(world: &World) -> Value {
    let mut status = world.json(&["status", "t"]);
    let clusters = status["stacks"][0]["observed"]["clusters"].take();
    assert_eq!(clusters.as_array().unwrap().len(), 1, "{clusters:#}");
    clusters[0].clone()
}

pub(crate) fn safeguard(cluster: &Value, kind: &str) -> Value {
    let mut safeguards = cluster["rungs"].as_array().unwrap().iter();
    safeguards
        .find(|safeguard| safeguard["kind"] == kind)
        .unwrap()
        .clone()
}

fn instant(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

fn dollars(value: &Value) -> Decimal {
    let number = value.as_number().unwrap().to_string();
    Decimal::from_scientific(&number)
        .or(number.parse())
        .unwrap()
}

fn only(world: &World) -> Schedule {
    let mut schedules = world.double.schedules();
    assert_eq!(schedules.len(), 1, "{schedules:#?}");
    schedules.remove(0)
}

/// The schedule's minute ends by the deadline, with no other whole minute between.
fn assert_in_time(schedule: &Schedule, deadline: DateTime<Utc>) {
    let at: DateTime<Utc> = schedule.at.parse().unwrap();
    let early = deadline - at;
    assert!(early >= TimeDelta::minutes(1), "{at} for {deadline}");
    // Before EMR has created the cluster, its deadline counts from the request.
    assert!(early < TimeDelta::seconds(150), "{at} for {deadline}");
}

/// Advances the double's clock to so many seconds after an instant.
fn reach(world: &World, at: DateTime<Utc>, after: i64) {
    let now = world.double.get("/_double/clock")["now"].as_f64().unwrap();
    #[expect(clippy::cast_possible_truncation, reason = "whole seconds are enough")]
    let seconds = at.timestamp() + after - now as i64;
    world.double.advance(seconds.try_into().unwrap());
}

fn state(world: &World) -> Value {
    world.clusters()[0]["state"].clone()
}

fn delete_schedule(world: &World) {
    let schedule = json!({ "Name": only(world).name });
    world.aws("scheduler", "delete_schedule", schedule);
}

/// The deadline that was written for the primary since it started, if any.
fn object(world: &World) -> Option<i64> {
    let keys = world.objects();
    let key = keys.iter().find(|key| key.contains("/deadlines/"))?;
    let asked = json!({ "bucket": BUCKET, "key": key });
    let body = world.double.post("/_double/objects/get", asked);
    Some(body["text"].as_str().unwrap().trim().parse().unwrap())
}

/// In whole seconds, as a primary counts.
fn life(cluster: &Value) -> i64 {
    let deadline = instant(&cluster["deadline"]["at"]);
    (deadline - instant(&cluster["created_at"])).num_seconds()
}

impl World {
    /// Each cluster that EMR has accepted ends by itself, whatever happens to the run that
    /// requested it.
    pub(crate) fn assert_armed(&self) {
        for cluster in self.clusters() {
            assert_eq!(cluster["idle"], json!({ "IdleTimeout": 600 }), "{cluster}");
            let tags = &cluster["tags"];
            assert_eq!(tags["clusterup-managed"], "true", "{tags:#}");
            assert_eq!(tags["clusterup-stack"], "t", "{tags:#}");
            assert_eq!(tags["clusterup-deadline"], "7500", "{tags:#}");
            for key in ["clusterup-sizes", "clusterup-spec-0"] {
                assert_ne!(tags[key].as_str().unwrap(), "", "{key}: {tags:#}");
            }
            let nonce = tags["clusterup-nonce"].as_str().unwrap();
            let name = format!("clusterup/t/{nonce}");
            assert_eq!(cluster["name"], name);
            let key = format!("stacks/t/deadlines/{nonce}");
            let power_off = json!({ "seconds": 7_500, "bucket": BUCKET, "key": key });
            assert_eq!(cluster["power_off"], power_off);
        }
    }

    /// Each live cluster has its schedule, and no other cluster has one.
    pub(crate) fn assert_scheduled(&self) {
        self.assert_scheduled_after(2);
    }

    fn assert_scheduled_after(&self, hours: i64) {
        let (alive, schedules) = (self.alive(), self.double.schedules());
        assert_eq!(schedules.len(), alive.len(), "{schedules:#?}");
        for cluster in alive {
            let id = cluster["id"].as_str().unwrap();
            let name = format!("clusterup-{id}");
            let schedule = schedules.iter().find(|one| one.name == name).unwrap();
            let input = format!(r#"{{"JobFlowIds":["{id}"]}}"#);
            let wanted = Schedule {
                group: "default".to_owned(),
                name,
                at: schedule.at.clone(),
                target: TERMINATE.to_owned(),
                input,
                role: REAPER.to_owned(),
                after: "DELETE".to_owned(),
                tried: 3_600,
            };
            assert_eq!(*schedule, wanted);
            let created = cluster["created"].as_f64().unwrap();
            #[expect(clippy::cast_possible_truncation, reason = "milliseconds are enough")]
            let created = DateTime::from_timestamp_millis((created * 1_000.0) as i64).unwrap();
            assert_in_time(schedule, created + TimeDelta::hours(hours));
        }
    }
}

#[test]
fn every_safeguard_is_armed_with_the_cluster() {
    let world = busy(&ending());
    world.assert_armed();
    world.assert_scheduled();
    let id = world.clusters()[0]["id"].clone();
    let asked = json!({ "ClusterId": id });
    let described = world.aws("emr", "describe_cluster", asked.clone());
    assert_eq!(described["Cluster"]["AutoTerminate"], true);
    let tags = described["Cluster"]["Tags"].as_array().unwrap();
    for key in ["clusterup-deadline", "clusterup-sizes", "clusterup-spec-0"] {
        assert!(tags.iter().any(|tag| tag["Key"] == key), "{tags:#?}");
    }
    let policy = world.aws("emr", "get_auto_termination_policy", asked.clone());
    assert_eq!(policy["AutoTerminationPolicy"]["IdleTimeout"], 600);
    let actions = world.aws("emr", "list_bootstrap_actions", asked);
    let first = &actions["BootstrapActions"][0];
    assert_eq!(first["Args"][0], "7500");
    let script = first["ScriptPath"].as_str().unwrap();
    let key = script.strip_prefix(&format!("s3://{BUCKET}/")).unwrap();
    assert!(world.objects().iter().any(|object| object == key));

    let cluster = reported(&world);
    assert_eq!(cluster["deadline"]["cause"], "max_lifetime");
    assert_eq!(life(&cluster), 7_200);
    let deadline = instant(&cluster["deadline"]["at"]);
    let off = instant(&safeguard(&cluster, "power_off")["at"]);
    assert_eq!(off, deadline + LATE);
    let schedule = only(&world);
    assert_in_time(&schedule, deadline);
    let at = instant(&safeguard(&cluster, "schedule")["at"]);
    assert_eq!(at, schedule.at.parse::<DateTime<Utc>>().unwrap());
    for kind in ["idle_policy", "last_step", "power_off", "schedule"] {
        assert_eq!(safeguard(&cluster, kind)["state"], "armed", "{cluster:#}");
    }
    assert_eq!(safeguard(&cluster, "apply")["state"], "disarmed");
    let (spent, hourly) = (
        dollars(&cluster["spent"]["usd"]),
        dollars(&cluster["hourly"]["usd_per_hour"]),
    );
    assert!(spent > Decimal::ZERO && hourly > spent, "{cluster:#}");
}

/// A cluster that uses up its budget unattended, and ends as slowly as EMR may.
fn spending(ending: u64) -> (World, DateTime<Utc>) {
    let world = World::new();
    let slow = json!({ "terminating": ending * 60 });
    world.double.post("/_double/durations", slow);
    start(&world, &poor());
    let cluster = reported(&world);
    assert_eq!(cluster["deadline"]["cause"], "budget");
    assert!((1_800..7_200).contains(&life(&cluster)), "{cluster:#}");
    let deadline = instant(&cluster["deadline"]["at"]);
    assert_in_time(&only(&world), deadline);
    reach(&world, deadline, -150);
    assert_eq!(state(&world), "RUNNING");
    (world, deadline)
}

/// The stack has cost less than its budget, and not much less.
fn assert_within_budget(world: &World) {
    // The ledger counts nothing in the future.
    let hours = json!({ "seconds": 2 * 3_600 });
    world.double.post("/_double/clock/back", hours);
    let report = world.json(&["cost", "report", "--region", "us-east-1"]);
    let total = dollars(&report["report"]["total"]["total"]["usd"]);
    assert!(total < Decimal::ONE, "{report:#}");
    assert!(total > Decimal::new(90, 2), "{report:#}");
    println!("of a budget of 1: {total}");
}

#[test]
fn the_schedule_ends_a_cluster_below_its_budget() {
    let (world, deadline) = spending(19);
    reach(&world, deadline, 0);
    assert_eq!(state(&world), "TERMINATING");
    reach(&world, deadline, 20 * 60);
    assert_eq!(state(&world), "TERMINATED");
    assert_eq!(world.clusters()[0]["reason"]["Code"], "USER_REQUEST");
    assert_eq!(world.double.schedules(), []);
    assert_within_budget(&world);
}

#[test]
fn without_its_schedule_the_primary_powers_off() {
    // All of the twenty minutes that the budget reserves for the ending.
    let (world, deadline) = spending(14);
    delete_schedule(&world);
    let off = deadline + LATE;
    reach(&world, off, -1);
    assert_eq!(state(&world), "RUNNING");
    reach(&world, off, 1);
    assert_eq!(state(&world), "TERMINATING");
    reach(&world, deadline, 20 * 60);
    assert_eq!(state(&world), "TERMINATED_WITH_ERRORS");
    assert_within_budget(&world);
}

/// The schedule's role is missing, and the command that `status` shows arms it.
fn assert_roles_arm_it(world: &World) {
    let id = world.clusters()[0]["id"].clone();
    world
        .expect(0, &["status", "t"])
        .says("! schedule disarmed: the role clusterup-reaper is missing in this account")
        .says("--create-roles");
    let schedule = safeguard(&reported(world), "schedule");
    assert_eq!(schedule["state"], "disarmed");
    let why = schedule["why"].as_str().unwrap();
    assert!(why.contains("clusterup-reaper"), "{why}");
    let next = schedule["next"].as_str().unwrap();
    let command: Vec<&str> = next.split(' ').collect();
    assert_eq!(command[..2], ["clusterup", "apply"], "{next}");
    assert_eq!(command[3..], ["--create-roles"], "{next}");

    let armed = [DETACHED, &command[3..]].concat();
    world.expect(0, &armed);
    let cluster = reported(world);
    assert_eq!(cluster["id"], id);
    assert_eq!(safeguard(&cluster, "schedule")["state"], "armed");
    assert_eq!(world.clusters().len(), 1);
    world.assert_scheduled();
    world
        .expect(0, &["plan", "t.yaml"])
        .says("nothing to change");
}

#[test]
fn a_schedule_without_its_role_shows_how_to_arm_it() {
    let world = World::bare(Double::start());
    world.double.make_roles(false);
    let endless = json!({ "results": [{ "match": "one", "seconds": 36_000 }] });
    world.double.post("/_double/steps", endless);
    world.expect(0, DETACHED).says("--create-roles");
    assert_eq!(world.double.schedules(), []);
    world.assert_armed();
    assert_roles_arm_it(&world);

    world.double.remove_role("clusterup-reaper");
    delete_schedule(&world);
    assert_roles_arm_it(&world);

    // A schedule whose role is missing ends nothing.
    world.double.remove_role("clusterup-reaper");
    assert_roles_arm_it(&world);
}

#[test]
fn more_nodes_bring_the_deadline_nearer_before_they_exist() {
    let world = busy(&poor());
    let before = reported(&world);
    assert_eq!(object(&world), None);
    let first: DateTime<Utc> = only(&world).at.parse().unwrap();
    world.stack(&poor().replace("3 x m5", "6 x m5"));
    let calls = world.calls_of(DETACHED);
    let after = reported(&world);
    assert_eq!(after["id"], before["id"]);
    assert_eq!(after["deadline"]["cause"], "budget");
    assert!(life(&after) < life(&before) - 600, "{after:#}");

    let at = |name: &str| calls.iter().position(|call| call.call == name);
    let more = at("emr:ModifyInstanceGroups").unwrap();
    assert!(at("scheduler:UpdateSchedule").unwrap() < more, "{calls:#?}");
    let deadline = instant(&after["deadline"]["at"]);
    assert_in_time(&only(&world), deadline);
    assert!(only(&world).at.parse::<DateTime<Utc>>().unwrap() < first);
    let off = instant(&safeguard(&after, "power_off")["at"]);
    assert!(
        (off - deadline - LATE).abs() <= TimeDelta::minutes(2),
        "{after:#}"
    );
    let reported = object(&world).unwrap();
    let late = LATE.num_seconds();
    assert!(
        (reported - late - life(&after)).abs() <= 120,
        "{reported}: {after:#}"
    );
    let tag = &world.clusters()[0]["tags"]["clusterup-deadline"];
    assert_eq!(*tag, reported.to_string());
    world
        .expect(0, &["plan", "t.yaml"])
        .says("nothing to change");
    reach(&world, deadline, 1);
    assert_eq!(world.alive().len(), 0);
}

/// Edits the schedule as somebody else.
fn edit_schedule(world: &World, at: &str, input: &str) {
    let now = only(world);
    let edited = json!({
        "Name": now.name,
        "ScheduleExpression": format!("at({at})"),
        "FlexibleTimeWindow": { "Mode": "OFF" },
        "ActionAfterCompletion": "DELETE",
        "Target": {
            "Arn": now.target, "RoleArn": now.role, "Input": input,
            "RetryPolicy": { "MaximumEventAgeInSeconds": 3_600, "MaximumRetryAttempts": 20 },
        },
    });
    world.aws("scheduler", "update_schedule", edited);
}

fn assert_fixed(world: &World, because: &str, hours: i64) {
    let plan = world.expect(0, &["plan", "t.yaml"]);
    plan.says("~ cluster").says(because);
    assert_eq!(safeguard(&reported(world), "schedule")["state"], "disarmed");
    world.expect(0, DETACHED);
    world.assert_scheduled_after(hours);
    assert_eq!(safeguard(&reported(world), "schedule")["state"], "armed");
    world
        .expect(0, &["plan", "t.yaml"])
        .says("nothing to change");
    assert_eq!(world.clusters().len(), 1);
}

#[test]
fn a_schedule_that_somebody_changed_is_shown_and_fixed() {
    let world = busy(STACK);
    delete_schedule(&world);
    assert_fixed(&world, "its schedule is missing", 2);
    let Schedule { at, input, .. } = only(&world);
    edit_schedule(&world, "2125-01-02T03:04:00", &input);
    assert_fixed(&world, "its schedule does not match its deadline", 2);
    edit_schedule(&world, at.trim_end_matches('Z'), r#"{"JobFlowIds":[]}"#);
    assert_fixed(&world, "its schedule does not match its deadline", 2);
}

#[test]
fn no_schedule_outlives_its_cluster() {
    let world = busy(STACK);
    world.assert_scheduled();
    world.expect(0, &["destroy", "t", "--yes"]);
    world.assert_nothing_left();

    world
        .double
        .post("/_double/steps", json!({ "results": [] }));
    world.stack(&ending());
    world.expect(0, APPLY);
    assert!(world.alive().is_empty());
    assert_eq!(world.double.schedules(), []);
    world.expect(0, &["destroy", "t", "--yes"]);
    world.assert_nothing_left();

    // Killed or detached: no process follows when the cluster ends.
    world.expect(0, DETACHED);
    world.double.advance(60);
    assert!(world.alive().is_empty());
    assert_eq!(world.double.schedules().len(), 1);
    world
        .expect(0, &["plan", "t.yaml"])
        .says("its cluster has ended");
    world.expect(0, APPLY);
    assert_eq!(world.double.schedules(), []);
    world.expect(0, &["destroy", "t", "--yes"]);

    world.expect(0, DETACHED);
    world.double.advance(60);
    assert_eq!(world.double.schedules().len(), 1);
    world.expect(0, &["destroy", "t", "--yes"]);
    world.assert_nothing_left();
}

/// `extend` by a user whose name is not allowed in a tag.
fn extend(world: &World, code: i32, args: &[&str]) -> Done {
    let why = ["--why", "it's late"];
    let mut command = world.command(&[&["extend", "t.yaml"], args, &why].concat());
    command.env("USER", "zo\u{eb}");
    Done::running(&mut command).expect(code)
}

#[test]
fn an_extension_moves_every_safeguard_and_is_recorded() {
    let ceiling = "budget: $3, ceiling: { max_lifetime: 3h, budget: $5 }";
    let text = STACK.replace("budget: $3", ceiling);
    let world = busy(&text);
    let before = reported(&world);
    assert_eq!(life(&before), 7_200);
    extend(&world, 0, &["--max-lifetime", "3h"]).says("max_lifetime (2h -> 3h)");

    let after = reported(&world);
    assert_eq!(after["id"], before["id"]);
    assert_eq!(life(&after), 10_800);
    let deadline = instant(&after["deadline"]["at"]);
    assert_in_time(&only(&world), deadline);
    assert_eq!(object(&world), Some(11_100));
    let tag = || world.clusters()[0]["tags"]["clusterup-deadline"].clone();
    assert_eq!(tag(), "11100");
    assert_eq!(
        instant(&safeguard(&after, "power_off")["at"]),
        deadline + LATE
    );
    assert_eq!(safeguard(&after, "schedule")["state"], "armed");
    let recorded = after["extensions"].as_array().unwrap();
    assert_eq!(recorded.len(), 1, "{after:#}");
    let recorded = &recorded[0];
    assert_eq!(recorded["max_lifetime"], json!({ "seconds": 10_800 }));
    assert!(
        recorded["by"].as_str().unwrap().starts_with("zo-@"),
        "{recorded}"
    );
    assert_eq!(recorded["why"], "it s late");
    let at = instant(&recorded["at"]);
    // It is written in whole seconds.
    let made = instant(&before["created_at"]) - TimeDelta::seconds(1);
    assert!((made..deadline).contains(&at));
    world
        .expect(0, &["status", "t"])
        .says("extended to max_lifetime 3h by zo-@")
        .says("it s late");
    world
        .expect(0, &["plan", "t.yaml"])
        .says("nothing to change");

    let schedule = only(&world);
    for beyond in [["--by", "1s"], ["--budget", "$6"]] {
        extend(&world, 3, &beyond).says("ceiling");
    }
    assert_eq!(only(&world), schedule);
    assert_eq!((object(&world), tag()), (Some(11_100), json!("11100")));
    assert_eq!(reported(&world)["extensions"], after["extensions"]);

    reach(&world, instant(&before["deadline"]["at"]), 120);
    assert_eq!(state(&world), "RUNNING");
    reach(&world, deadline, 1);
    assert!(world.alive().is_empty());
}

#[test]
fn an_interrupted_extension_is_finished_by_apply() {
    let ceiling = "budget: $3, ceiling: { max_lifetime: 3h }";
    let world = busy(&STACK.replace("budget: $3", ceiling));
    for (when, life_after) in [("before", 7_200), ("after", 10_800)] {
        let kill = json!({ "call": "AddTags", "do": "kill", "when": when });
        world.double.post("/_double/faults", kill);
        let done = world.run(&["extend", "t", "--by", "1h", "--why", "slow"]);
        assert_eq!(done.signal, Some(9), "{}", done.all());
        assert_eq!(life(&reported(&world)), life_after);
    }
    assert_fixed(&world, "its schedule does not match its deadline", 3);
    assert_eq!(object(&world), Some(11_100));
}

#[test]
fn a_stack_without_a_ceiling_is_not_extended() {
    let world = busy(STACK);
    world.assert_scheduled();
    extend(&world, 3, &["--max-lifetime", "3h"]).says("ceiling");
    world.assert_armed();
    world.assert_scheduled();
    extend(&world, 2, &["--max-lifetime", "1h"]).says("not more");
}
