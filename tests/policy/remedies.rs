//! A remedy that a report suggests does pass.

use crate::table::{CALLER, judge, policies, stack};
use clusterup::model::money::Usd;
use clusterup::policy::Finding;
use clusterup_testkit::worlds::cases;
use proptest::prelude::*;

/// The findings about one limit.
fn found(policy: &str, rule: &str, changes: &[&str]) -> Option<Finding> {
    let judgement = judge(&policies(&[policy]), stack(changes), CALLER);
    let mut findings = judgement.findings.into_iter();
    findings.find(|finding| finding.rule == rule)
}

/// The change of the stack that a remedy is: what stands before `or` and `,`.
fn change(pass: &str) -> Option<String> {
    let (key, rest) = pass.split_once(": ")?;
    let value = rest.split(" or ").next()?.split([',', ';']).next()?.trim();
    let plain = key.starts_with("cluster.size") || key.starts_with("guardrails.");
    let named = value.starts_with('$') || value.starts_with(|c: char| c.is_ascii_digit());
    (plain && named).then(|| format!("{key}={value}"))
}

/// All changes that a remedy names.
fn changes(pass: &str) -> Vec<String> {
    let idle = pass.contains("and a guardrails.idle_timeout that is no longer");
    let first = change(pass);
    let life = first
        .as_deref()
        .and_then(|it| it.strip_prefix("guardrails.max_lifetime="));
    let second = life
        .filter(|_| idle)
        .map(|it| format!("guardrails.idle_timeout={it}"));
    first.into_iter().chain(second).collect()
}

/// Applies the remedy, if it is one to apply, until nothing is found.
#[track_caller]
fn remedied(policy: &str, rule: &str, changes: &[&str]) -> Option<String> {
    let finding = found(policy, rule, changes)?;
    let remedy = self::changes(&finding.pass);
    let mut better = changes.to_vec();
    better.extend(remedy.iter().map(String::as_str));
    assert!(
        remedy.is_empty() || found(policy, rule, &better).is_none(),
        "{policy}: {finding:#?}"
    );
    remedy.first().cloned()
}

#[test]
fn remedies_agree_with_the_computation_by_hand() {
    let remedied = |policy: &str, rule: &str, changes: &[&str]| {
        remedied(&format!("limits:\n  {policy}"), rule, changes).unwrap_or_default()
    };
    // $0.25541097/h each: of two dollars, seven.
    let size = remedied(
        "hourly_cost: $2",
        "limits.hourly_cost",
        &["cluster.size=12 x m5.xlarge"],
    );
    assert_eq!(size, "cluster.size=7 x m5.xlarge");
    let budget = remedied("run_cost: $0.30", "limits.run_cost", &[]);
    assert_eq!(budget, "guardrails.budget=$0.30");
    let life = remedied("max_lifetime: 59m59s", "limits.max_lifetime", &[]);
    assert_eq!(life, "guardrails.max_lifetime=59m59s");
    let idle = remedied("idle_timeout: 61s", "limits.idle_timeout", &[]);
    assert_eq!(idle, "guardrails.idle_timeout=1m1s");
}

#[test]
fn no_budget_is_suggested_if_none_helps() {
    // Twenty minutes of three nodes are $0.25541097.
    let limit = |limit: &str| format!("limits:\n  run_cost: {limit}");
    let helps = found(&limit("$0.255411"), "limits.run_cost", &[]).unwrap();
    assert!(
        helps
            .pass
            .starts_with("guardrails.budget: $0.255411 or less")
    );
    let none = found(&limit("$0.255410"), "limits.run_cost", &[]).unwrap();
    assert!(
        none.pass.starts_with("cluster.size: fewer or smaller"),
        "{none:?}"
    );
    assert!(remedied(&limit("$0.255411"), "limits.run_cost", &[]).is_some());
}

#[test]
fn custom_disks_are_not_mistaken_for_emrs_defaults() {
    let small = "cluster.size={ primary: { type: m5.xlarge, ebs: { size: 10g } }, \
                 core: { nodes: 9 x m5.xlarge, ebs: { size: 10g } } }";
    let limit = "limits:\n  hourly_cost: $0.51";
    let finding = found(limit, "limits.hourly_cost", &[small]).unwrap();
    assert_eq!(change(&finding.pass), None, "{finding:?}");
}

fn any_limit() -> impl Strategy<Value = Usd> {
    (1..5_000_000_u64, 0..7_u32).prop_map(|(amount, decimals)| {
        let text = format!("0.{amount:07}");
        let amount: Usd = Usd::new(text.parse().unwrap());
        amount.up_to(decimals)
    })
}

proptest! {
    #![proptest_config(cases(env!("CARGO_CRATE_NAME"), 200))]
    #[test]
    fn every_remedy_passes(
        limit in any_limit(),
        nodes in 1..40_u16,
        of in proptest::sample::select(vec!["m5.xlarge", "r5.2xlarge", "c5.9xlarge", "m6g.xlarge"]),
        minutes in 1..3_000_u64,
        least in 60..5_000_u64,
    ) {
        let changes = [
            format!("cluster.size={nodes} x {of}"),
            format!("guardrails.max_lifetime={minutes}m"),
            format!("guardrails.idle_timeout={}", if minutes < 90 { "1m" } else { "90m" }),
        ];
        let changes: Vec<&str> = changes.iter().map(String::as_str).collect();
        for (key, value) in [
            ("hourly_cost", limit.to_string()),
            ("run_cost", limit.to_string()),
            ("max_lifetime", format!("{least}s")),
            ("idle_timeout", format!("{least}s")),
        ] {
            remedied(&format!("limits:\n  {key}: {value}"), &format!("limits.{key}"), &changes);
        }
    }
}
