//! `policy push` from the user's view.

use crate::double::Double;
use crate::world::World;
use serde_json::json;
use std::fs;

const POLICY: &str = "policy: ads
applies_to: { teams: [one, two] }
budget: { monthly: $100, notify_at: [80%], subscribers: [a@example.com] }
";

#[test]
fn budgets_are_shown_confirmed_and_created() {
    let world = World::bare(Double::start());
    fs::create_dir(world.path().join("policies")).unwrap();
    world.write("policies/ads.yaml", POLICY);
    let shown = world.expect(0, &["policy", "push", "--dry-run"]);
    shown.says(
        "+ clusterup_ads_one $100.00 a month for team one; at 80%, 100% notifies a@example.com",
    );
    let asked = world.expect(2, &["policy", "push"]);
    asked.says("This creates or changes 2 budgets in AWS account 123456789012. Continue?");
    asked.says("next: clusterup policy push").says("--yes");
    assert_eq!(world.double.budgets(), json!([]));
    let reported = world.json(&["policy", "push", "--yes"]);
    assert_eq!(reported["pushed"], true);
    assert_eq!(reported["changes"][1]["name"], "clusterup_ads_two");
    assert_eq!(world.double.budgets().as_array().unwrap().len(), 2);
    let again = world.expect(0, &["policy", "push"]);
    again.says("budgets of AWS account 123456789012: nothing to do");
    let less = POLICY.replace("one, two", "one").replace("$100", "$250");
    world.write("policies/ads.yaml", &less);
    let asked = world.expect(2, &["policy", "push"]);
    asked.says("~ clusterup_ads_one limit $100.00 -> $250.00");
    asked.says("This creates or changes 1 budget and deletes clusterup_ads_two in AWS account");
    world.expect(0, &["policy", "push", "--yes"]);
    // Changes of others are fixed.
    let budget = json!({
        "BudgetName": "clusterup_ads_one", "BudgetType": "COST", "TimeUnit": "MONTHLY",
        "BudgetLimit": { "Amount": "999", "Unit": "USD" },
    });
    let asked = json!({ "AccountId": "123456789012", "NewBudget": budget });
    let pushed = world.double.budgets();
    world.aws("budgets", "update_budget", asked);
    assert_ne!(world.double.budgets(), pushed);
    let shown = world.expect(0, &["policy", "push", "--dry-run"]);
    shown.says("~ clusterup_ads_one limit $999.00 -> $250.00");
    world.expect(0, &["policy", "push", "--yes"]);
    assert_eq!(world.double.budgets(), pushed);
    let left = world.double.budgets();
    assert_eq!(left[0]["budget"]["BudgetLimit"]["Amount"], "250.0");
    assert_eq!(left.as_array().unwrap().len(), 1);
}
