//! A team's month from the user's view: what is reserved, returned, passed on and denied, and what
//! killed runs leave of it.

use crate::policies::{document, idle, of_team, under};
use crate::world::{BUCKET, STACK, World};
use rust_decimal::Decimal;
use serde_json::{Value, json};

const APPLY: &[&str] = &["apply", "t.yaml", "--yes"];
const DETACHED: &[&str] = &["apply", "t.yaml", "--yes", "--detach"];
const SECOND: &[&str] = &["apply", "u.yaml", "--yes", "--detach"];
/// The budget suffices for one of the stacks, which may cost $1.47 each.
const ONE: &str = "policy: month
applies_to: { teams: [recsys] }
budget: { monthly: $2 }
";

fn dollars(value: &Value) -> Decimal {
    let number = value["usd"].as_number().unwrap().to_string();
    Decimal::from_scientific(&number)
        .or(number.parse())
        .unwrap()
}

/// The account of team recsys as stored in its bucket.
fn account(world: &World) -> Value {
    let asked = json!({ "bucket": BUCKET, "key": "teams/recsys.json" });
    let object = world.double.post("/_double/objects/get", asked);
    serde_json::from_str(object["text"].as_str().unwrap()).unwrap()
}

fn reservations(world: &World) -> Vec<Value> {
    let account = account(world);
    let reservations = account["promises"].as_object().unwrap();
    reservations.values().cloned().collect()
}

fn month(world: &World) -> Value {
    document(world, 0, &["budget"])["months"][0].take()
}

/// Two stacks of one team.
fn two(policy: &str) -> World {
    let world = under(policy);
    world.write("u.yaml", &of_team(STACK, "u"));
    world
}

#[test]
fn the_budget_suffices_for_one() {
    let world = two(&ONE.replace("$2", "$2, notify_at: [10%]"));
    let endless = json!({ "results": [{ "match": "one", "seconds": 36_000 }] });
    world.double.post("/_double/steps", endless);
    // Reading verbs create nothing.
    world.expect(0, &["budget"]);
    assert_eq!(world.double.get("/_double/objects"), json!({}));
    world
        .expect(0, DETACHED)
        .says("$0.00 spent, $0.00 reserved, $1.");
    let denied = world.expect(3, SECOND);
    denied
        .says("deny: budget.monthly: team recsys has spent $0.")
        .says("of the $2.00 that policy month gives it in")
        .says("(policies/p.yaml:3)")
        .says("the amount that is left");
    assert_eq!(world.alive().len(), 1);
    let message = document(&world, 3, &["plan", "u.yaml"]);
    let figures = &message["policy"]["months"][0];
    let asked = dollars(&figures["asked"]);
    assert!(
        dollars(&figures["promised"]) + asked > Decimal::TWO,
        "{message:#}"
    );
    let seen = month(&world);
    let [spent, reserved] = ["spent", "promised"].map(|key| dollars(&seen["figures"][key]));
    assert_eq!(spent + reserved + dollars(&seen["left"]), Decimal::TWO);
    assert_eq!(seen["reservations"].as_array().unwrap().len(), 1);
    let reservation = &reservations(&world)[0];
    for key in ["at", "cluster", "stack"] {
        assert_eq!(reservation[key], seen["reservations"][0][key], "{seen:#}");
    }
    assert_eq!(reservations(&world)[0]["stack"], "t");

    // Reaching a share is reported once.
    world
        .double
        .post("/_double/clock/back", json!({ "seconds": 1_800 }));
    world.double.advance(1_800);
    let reported = "team recsys has spent 10% of its month's budget (policy month)";
    world.expect(0, &["budget"]).says(reported);
    let again = world.expect(0, &["budget"]);
    assert!(!again.err.contains("has spent"), "{}", again.all());
    world.expect(0, &["destroy", "t", "--yes"]);
    world.expect(0, &["budget"]);
    assert_eq!(reservations(&world).len(), 0);
    let over = month(&world);
    let [spent, reserved] = ["spent", "promised"].map(|key| dollars(&over["figures"][key]));
    assert!(spent > Decimal::new(3, 1) && reserved.is_zero(), "{over:#}");
    // It gets what is left, and no more.
    world.expect(3, SECOND);
    let less = of_team(STACK, "u").replace("budget: $3", "budget: $1.2");
    world.write("u.yaml", &less);
    world.expect(0, SECOND);
    assert_eq!(reservations(&world).len(), 1);
    assert_eq!(reservations(&world)[0]["stack"], "u");
}

/// Kills an apply right after the `nth` call for which `is` holds, and applies again.
fn killed_after(is: fn(&str) -> bool, nth: usize) {
    let world = two(ONE);
    // The order of calls is the same the second time.
    world.expect(0, DETACHED);
    world.expect(0, &["destroy", "t", "--yes"]);
    world.expect(0, &["budget"]);
    world.double.reset_calls();
    world.expect(0, DETACHED);
    let calls = world.double.calls();
    let mut places = calls.iter().enumerate().filter(|(_, call)| is(&call.call));
    let (at, _) = places.nth(nth).unwrap();
    world.expect(0, &["destroy", "t", "--yes"]);
    world.expect(0, &["budget"]);
    assert_eq!(reservations(&world), Vec::<Value>::new());
    let before = world.clusters().len();

    world.double.reset_calls();
    world
        .double
        .post("/_double/kill", json!({ "at": at + 1, "when": "after" }));
    let killed = world.run(DETACHED);
    assert_eq!(killed.signal, Some(9), "{}", killed.all());
    let own = reservations(&world);
    assert_eq!(own.len(), 1, "{own:#?}");
    assert_eq!(own[0]["cluster"], Value::Null);
    // Nobody else gets that money meanwhile.
    world.expect(3, SECOND).says("budget.monthly");
    world.expect(0, APPLY);
    assert_eq!(world.clusters().len(), before + 1);
    assert_eq!(world.alive().len(), 1);
    let seen = month(&world);
    assert_eq!(
        seen["reservations"].as_array().unwrap().len(),
        1,
        "{seen:#}"
    );
    assert_eq!(seen["reservations"][0]["cluster"], world.alive()[0]["id"]);
    world.expect(0, &["destroy", "t", "--yes"]);
    assert_eq!(month(&world)["reservations"], json!([]));
    assert_eq!(reservations(&world), Vec::<Value>::new());
}

#[test]
fn an_apply_killed_after_the_reservation_is_charged_correctly() {
    // The lock and the reservation are the first two objects that are written.
    killed_after(|call| call == "s3:PutObject", 1);
}

#[test]
fn an_apply_killed_after_creating_the_cluster_is_charged_correctly() {
    killed_after(|call| call == "emr:RunJobFlow", 0);
}

/// The number of extensions recorded with the stack's cluster.
fn extensions(world: &World) -> usize {
    let status = world.json(&["status", "t"]);
    let cluster = &status["stacks"][0]["observed"]["clusters"][0];
    cluster["extensions"].as_array().map_or(0, Vec::len)
}

#[test]
fn an_extension_is_charged_to_the_month() {
    let policy = "policy: month
applies_to: { teams: [recsys] }
budget: { monthly: $4 }
limits: { max_lifetime: 5h, run_cost: $3.5 }
";
    let world = under(policy);
    let ceiling = "guardrails: { ceiling: { max_lifetime: 24h, budget: $90 },";
    let text = of_team(STACK, "t").replace("guardrails: {", ceiling);
    let endless = json!({ "results": [{ "match": "one", "seconds": 36_000 }] });
    world.double.post("/_double/steps", endless);
    world.stack(&text);
    world.expect(0, DETACHED);
    let extend = |more: &[&'static str]| [&["extend", "t", "--why", "more"], more].concat();
    world.expect(3, &extend(&["--max-lifetime", "6h"]));
    world.expect(3, &extend(&["--budget", "$3.6"]));
    assert_eq!(extensions(&world), 0);
    let was = dollars(&month(&world)["figures"]["promised"]);
    world.expect(0, &extend(&["--max-lifetime", "3h"]));
    let now = dollars(&month(&world)["figures"]["promised"]);
    assert!(now > was, "{was} -> {now}");
    assert_eq!(extensions(&world), 1);

    // The month has less left than the policy would allow for a run.
    crate::policies::say(&world, &policy.replace("monthly: $4", "monthly: $2.5"));
    let denied = world.expect(3, &extend(&["--max-lifetime", "4h"]));
    denied
        .says("team recsys has spent")
        .says("of the $2.50 that policy month gives it");
    assert_eq!(extensions(&world), 1);
    assert_eq!(dollars(&month(&world)["figures"]["promised"]), now);
    // The policy's ceilings are recorded with the cluster, wherever the program runs.
    std::fs::remove_dir_all(world.path().join("policies")).unwrap();
    world.expect(3, &extend(&["--max-lifetime", "6h"]));
}

#[test]
fn a_run_without_a_budget_is_extended_only_as_far_as_it_may_cost() {
    let world = under("policy: cheap\nlimits: { run_cost: $2 }\n");
    let guardrails = "guardrails: { ceiling: { max_lifetime: 24h },";
    let text = of_team(STACK, "t").replace("guardrails: {", guardrails);
    world.stack(&text.replace("budget: $3, ", ""));
    let endless = json!({ "results": [{ "match": "one", "seconds": 36_000 }] });
    world.double.post("/_double/steps", endless);
    world.expect(0, DETACHED);
    let far = ["extend", "t", "--why", "more", "--max-lifetime", "20h"];
    world.expect(3, &far).says("run_cost is $");
    assert_eq!(extensions(&world), 0);
    let near = ["extend", "t", "--why", "more", "--by", "10m"];
    world.expect(0, &near);
    assert_eq!(extensions(&world), 1);
}

#[test]
fn an_overspent_month_allows_reductions() {
    let world = under(ONE);
    let text = of_team(STACK, "t")
        .replace("3 x m5", "4 x m5")
        .replace("2h", "90m");
    world.stack(&text);
    world.expect(0, APPLY);
    crate::policies::say(&world, &ONE.replace("$2", "$0.1"));
    world.stack(&text.replace("4 x m5", "5 x m5"));
    world.expect(3, APPLY).says("budget.monthly");
    world.stack(&text.replace("4 x m5", "3 x m5"));
    world.expect(0, APPLY);
    assert_eq!(world.alive().len(), 1);
}

#[test]
fn a_month_costs_few_calls() {
    let count = |policy: Option<&str>| {
        let world = policy.map_or_else(World::new, under);
        let made = world.calls_of(DETACHED).len();
        world.expect(0, APPLY);
        [made, world.calls_of(&["plan", "t.yaml"]).len()]
    };
    let ([apply, plan], [apply_with, plan_with]) = (count(None), count(Some(ONE)));
    println!("apply: {apply} calls, with a month {apply_with}; plan: {plan}, {plan_with}");
    // Some of them read AWS's own figure, once in six hours, and two list the adopted clusters.
    assert!(apply_with <= apply + 21, "{apply} -> {apply_with}");
    assert!(plan_with <= plan + 6, "{plan} -> {plan_with}");
}

#[test]
fn two_home_regions_are_not_mixed() {
    let world = under(ONE);
    let other = ONE.replace("policy: month", "policy: other");
    world.write(
        "policies/q.yaml",
        &other.replace("$2", "$2, home: eu-west-1"),
    );
    idle(&world, 2, APPLY).says("team recsys has two home regions");
    world.expect(2, &["budget"]).says("has two home regions");
    idle(&world, 2, &["budget", "nobody"]).says("no policy gives team nobody a budget");
}

/// What a cluster costs that fails in a state: in the month, and in the report.
fn cost_of_failing(state: &str) -> [Decimal; 2] {
    let world = under(ONE);
    let why = "The instance profile EMR_EC2_DefaultRole is invalid";
    let failure = json!({ "fail_at": state, "code": "VALIDATION_ERROR", "message": why });
    world.double.post("/_double/cluster", failure);
    world.expect(1, APPLY).says(why);
    let spent = dollars(&month(&world)["figures"]["spent"]);
    let report = ["cost", "report", "--region", "us-east-1", "--since", "1h"];
    let document = world.json(&report);
    let rows = document["report"]["rows"].as_array().unwrap().iter();
    let total = rows.map(|row| dollars(&row["total"])).sum();
    assert_eq!(reservations(&world), Vec::<Value>::new());
    [spent, total]
}

#[test]
fn a_cluster_that_never_had_an_instance_costs_nothing() {
    assert_eq!(cost_of_failing("STARTING"), [Decimal::ZERO; 2]);
}

#[test]
fn a_cluster_with_started_instances_is_charged_for_them() {
    let [spent, total] = cost_of_failing("BOOTSTRAPPING");
    assert!(
        spent > Decimal::ZERO && total > Decimal::ZERO,
        "{spent} {total}"
    );
}
