//! Policies apply to clusters on this machine for their whole lifetime.

use crate::home::{Home, PLAIN};
use serde_json::{Value, json};
use std::fs;

pub(crate) fn policy(home: &Home, text: &str) {
    let head = "policy: recsys\napplies_to: { teams: [recsys] }\n";
    fs::create_dir_all(home.path().join("policies")).unwrap();
    home.write("policies/recsys.yaml", &format!("{head}{text}"));
}

pub(crate) fn team_account(home: &Home) -> Value {
    let path = home.state().join("clusterup/teams/recsys.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn a_policy_denies_before_anything_is_created() {
    let home = Home::new();
    home.write("plain.py", PLAIN);
    home.stack(&["plain.py"], "team: recsys\n");
    policy(&home, "limits:\n  max_lifetime: 1h\n  idle_timeout: 1h\n");
    let denied = home.expect(3, &["plan", "t.yaml", "--local"]);
    denied
        .says("deny: limits.max_lifetime: max_lifetime is 2h, and policy recsys allows at most 1h")
        .says("to pass: guardrails.max_lifetime: 1h or less")
        .says("policies/recsys.yaml:4");
    home.expect(3, &["apply", "t.yaml", "--local", "--yes"])
        .says("policy denies stack t");
    assert!(home.clusters().is_empty());
    // What is broken is no policy that lets all pass.
    policy(&home, "limits:\n  max_lifetim: 1h\n");
    for verb in ["plan", "apply"] {
        let broken = home.expect(2, &[verb, "t.yaml", "--local"]);
        broken
            .says("policies/recsys.yaml:4:3")
            .says("did you mean `max_lifetime`?");
    }
    assert!(home.clusters().is_empty());
    // A person that a policy names may override it, and that is recorded.
    let text = "limits: { max_lifetime: 1h }\noverrides: { by: [\"*\"] }\n";
    policy(&home, text);
    let apply = [
        "apply",
        "t.yaml",
        "--local",
        "--yes",
        "--detach",
        "--override",
        "a demo",
    ];
    home.expect(0, &apply)
        .says("overridden: limits.max_lifetime");
    home.expect(0, &["cost", "report", "--local"])
        .says("a policy was overridden")
        .says("a demo");
    home.expect(0, &["destroy", "t", "--local", "--yes"]);
    policy(
        &home,
        "limits: { max_lifetime: 1h }\noverrides: { by: [\"nobody@*\"] }\n",
    );
    home.expect(3, &apply).says("does not let");
}

#[test]
fn a_team_stays_within_its_monthly_budget() {
    let home = Home::new();
    home.write("plain.py", PLAIN);
    home.stack(
        &["plain.py"],
        "team: recsys\nguardrails: { when_done: keep }\n",
    );
    // One m5.xlarge and its disks for 2h and its end cost a little more than half a dollar.
    policy(&home, "budget: { monthly: $0.60, notify_at: [1%] }\n");
    home.expect(0, &["apply", "t.yaml", "--local", "--detach"]);
    let reservations = team_account(&home)["promises"].clone();
    assert_eq!(
        reservations.as_object().unwrap().len(),
        1,
        "{reservations:#}"
    );
    let text = fs::read_to_string(home.path().join("t.yaml")).unwrap();
    let other = text.replace("stack: t", "stack: u");
    home.write(
        "u.yaml",
        &other.replace("results: results", "results: others"),
    );
    let denied = home.expect(3, &["apply", "u.yaml", "--local"]);
    denied
        .says("deny: budget.monthly: team recsys has spent $0.0")
        .says("of the $0.60 that policy recsys gives it")
        .says("guardrails.budget:");
    let budget: Value = serde_json::from_str(
        &home
            .expect(0, &["budget", "--local", "--output", "json"])
            .out,
    )
    .unwrap();
    assert_eq!(budget["months"][0]["figures"]["budget"]["usd"], 0.60);
    home.expect(0, &["destroy", "t", "--local", "--yes"]);
    // What the first has not used is there for the second.
    home.expect(0, &["apply", "u.yaml", "--local", "--detach"]);
    home.expect(0, &["destroy", "u", "--local", "--yes"]);
    home.expect(0, &["budget", "--local"])
        .says("reserved + $0.00");
    assert_eq!(team_account(&home)["promises"], json!({}));
    assert_eq!(team_account(&home)["settled"].as_object().unwrap().len(), 2);
}
