//! Requests over a monthly budget, and who may override a policy.

use crate::table::{CALLER, answer, judge, policies, reason, stack};
use crate::team_account::team_account;
use crate::{at, usd};
use clusterup::model::policy::{Located, MonthlyBudget, Policy, Standing};
use clusterup::policy::team_account::Figures;
use clusterup::policy::{Finding, Judgement, Policies, load, overspent, unpriced};
use std::collections::BTreeMap;
use std::fmt::Write;

fn policy(when_spent: &str) -> Policy {
    let text = format!(
        "policy: recsys\napplies_to: {{ teams: [recsys] }}\n\nbudget:\n  monthly: $200\n  \
         when_spent: {when_spent}\n"
    );
    load("policies/recsys.yaml", &text).unwrap().policy
}

fn budget(policy: &Policy) -> &Located<MonthlyBudget> {
    policy.budget.as_ref().unwrap()
}

fn figures(spent: &str, reserved: &str, asked: &str) -> Figures {
    Figures {
        month: "2026-11".parse().unwrap(),
        budget: usd("200"),
        counted: usd(spent),
        aws: None,
        spent: usd(spent),
        reserved: usd(reserved),
        asked: usd(asked),
    }
}

fn message(when_spent: &str, of: (&str, &str, &str)) -> Option<Finding> {
    let policy = policy(when_spent);
    let team = "recsys".parse().unwrap();
    overspent(&policy, budget(&policy), &team, &figures(of.0, of.1, of.2))
}

#[test]
fn an_amount_within_the_budget_is_not_reported() {
    for when_spent in ["block", "terminate", "notify"] {
        for fits in [
            ("0", "0", "200"),
            ("190", "9", "1"),
            ("199.999", "0", "0.001"),
            // What asks for nothing takes nothing, however much is spent.
            ("300", "0", "0"),
        ] {
            assert_eq!(message(when_spent, fits), None, "{fits:?}");
        }
    }
}

#[test]
fn aws_is_read_every_six_hours_and_says_nothing_of_a_month_that_has_just_begun() {
    let mut account = team_account();
    let policy = policy("block");
    let amounts = BTreeMap::from([(policy.name.clone(), usd("7"))]);
    let mut read = |now: &str| {
        account.record_aws(&amounts, &[(&policy, budget(&policy))], at(now));
        account.aws.get(&policy.name).map(|actual| actual.usd)
    };
    assert_eq!(read("2026-11-10T00:00:00"), Some(usd("7")));
    // What AWS reports lags: it may still be about October.
    assert_eq!(read("2026-11-02T11:59:59"), None);
    assert_eq!(read("2026-11-02T12:00:00"), Some(usd("7")));
    assert!(team_account().aws_is_due(at("2026-11-02T12:00:00")));
    assert!(!account.aws_is_due(at("2026-11-02T17:59:59")));
    assert!(account.aws_is_due(at("2026-11-02T18:00:00")));
}

#[test]
fn an_amount_over_the_budget_is_reported_with_all_figures() {
    let mut page = String::new();
    for when_spent in ["block", "terminate", "notify"] {
        for of in [
            ("190", "9", "1.001"),
            ("200", "0", "0.01"),
            ("150.005", "49.99", "3.141592"),
            ("250", "20", "5"),
        ] {
            let finding = message(when_spent, of).unwrap();
            assert_eq!(finding.place, "policies/recsys.yaml:4");
            assert_eq!(finding.denies(), when_spent != "notify");
            assert!(finding.is_of_month());
            let (spent, reserved, asked) = of;
            let _ = writeln!(page, "## {when_spent}: {spent} + {reserved} + {asked}");
            page.push_str(&reason(&finding));
        }
    }
    let policy = policy("notify");
    let finding = unpriced(&policy, budget(&policy), &"recsys".parse().unwrap());
    assert!(finding.denies());
    page.push_str("## no price\n");
    page.push_str(&reason(&finding));
    insta::assert_snapshot!(page);
}

#[test]
fn the_amount_reported_as_left_fits() {
    for (spent, reserved) in [
        ("190", "9"),
        ("150.005", "49.98"),
        ("0.000001", "12.3456789"),
    ] {
        let finding = message("block", (spent, reserved, "500")).unwrap();
        let left = finding.limit.as_deref().unwrap();
        assert!(
            finding
                .pass
                .contains(&format!("guardrails.budget: {left} or less"))
        );
        let left = left.strip_prefix('$').unwrap();
        assert_eq!(message("block", (spent, reserved, left)), None, "{left}");
    }
}

const ON_CALL: &str = "arn:aws:sts::123456789012:assumed-role/OnCall/bo";

/// A stack under policies, some of them overridden, and its team's month.
fn assessment(all: &Policies, by: &str, month: bool) -> Judgement {
    let judgement = judge(all, stack(&["cluster.size=4 x m5.xlarge"]), by);
    let found = all.budgets(
        &"nightly-films".parse().unwrap(),
        Some(&"recsys".parse().unwrap()),
    );
    let spent = figures("200", "0", "1");
    let of = |(policy, budget): (&Policy, &Located<MonthlyBudget>)| {
        overspent(policy, budget, &"recsys".parse().unwrap(), &spent)
    };
    let found = found.into_iter().filter(|_| month).filter_map(of).collect();
    let judgement = judgement.with(found);
    let findings = all.passed(judgement.findings, by);
    Judgement::of(judgement.policies, findings, judgement.bounds)
}

const MONTH: &str = "applies_to: { teams: [recsys] }\nbudget: { monthly: $200 }\n";

#[test]
fn listed_people_may_override_a_policy() {
    let by = "limits:\n  nodes: 3\noverrides: { by: [\"arn:aws:sts::*:assumed-role/OnCall/*\"] }";
    let all = policies(&[by]);
    assert_eq!(assessment(&all, CALLER, false).standing, Standing::Deny);
    let passed = assessment(&all, ON_CALL, false);
    assert_eq!(passed.standing, Standing::Warn);
    assert!(passed.findings.iter().all(|finding| finding.overridden));
    // A role that is only called alike, and a person of this machine.
    for other in [
        "arn:aws:sts::123456789012:assumed-role/OnCallers/bo",
        "bo@laptop",
        "",
    ] {
        assert!(assessment(&all, other, false).is_denied(), "{other}");
    }
}

#[test]
fn one_of_several_patterns_is_enough_to_override() {
    let by = "limits:\n  nodes: 3\noverrides: { by: [\"*Nobody*\", \"*OnCall*\"] }";
    let passed = assessment(&policies(&[by]), ON_CALL, false);
    assert_eq!(passed.standing, Standing::Warn);
}

#[test]
fn a_budget_of_several_teams_is_one_of_each() {
    let text = "applies_to: { teams: [ads, recsys] }\nbudget: { monthly: $200 }\n";
    let all = policies(&[text, "limits:\n  nodes: 3"]);
    let count = |team: &str| all.budgets_of(&team.parse().unwrap()).len();
    assert_eq!(["ads", "recsys", "web"].map(count), [1, 1, 0]);
}

#[test]
fn a_policy_without_a_list_cannot_be_overridden() {
    let all = policies(&["limits:\n  nodes: 3"]);
    assert!(assessment(&all, ON_CALL, false).is_denied());
}

#[test]
fn each_policy_lists_who_may_override_it() {
    let may = "limits:\n  nodes: 3\noverrides: { by: [\"*OnCall*\"] }";
    let all = policies(&[may, "limits:\n  regions: [eu-west-1]"]);
    let judgement = assessment(&all, ON_CALL, false);
    assert!(judgement.is_denied());
    insta::assert_snapshot!(answer(&judgement));
}

#[test]
fn a_monthly_budget_is_overridden_only_if_the_policy_allows_it() {
    for (more, standing) in [
        ("", Standing::Deny),
        ("overrides: { by: [\"*OnCall*\"] }", Standing::Deny),
        (
            "overrides: { by: [\"*OnCall*\"], budget: false }",
            Standing::Deny,
        ),
        (
            "overrides: { by: [\"*OnCall*\"], budget: true }",
            Standing::Warn,
        ),
        (
            "overrides: { by: [\"ana@*\"], budget: true }",
            Standing::Deny,
        ),
    ] {
        let all = policies(&[&format!("{MONTH}{more}")]);
        let judgement = assessment(&all, ON_CALL, true);
        assert_eq!(judgement.standing, standing, "{more}");
        assert_eq!(judgement.findings.len(), 1);
    }
    // Without its month the stack is all right.
    assert_eq!(
        assessment(&policies(&[MONTH]), CALLER, false).standing,
        Standing::Allow
    );
}
