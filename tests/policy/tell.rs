//! Shares of a budget that are reached: each is reported once a month.

use crate::team_account::{budget, month, team_account};
use crate::usd;
use clusterup::model::policy::MonthlyBudget;
use clusterup::policy::team_account::{Figures, TeamAccount};

/// The share that is reported when this much of $200 is spent.
fn reported(team_account: &mut TeamAccount, of: &str, spent: &str) -> Option<u8> {
    reported_by(team_account, "recsys", &budget("200", "UTC"), of, spent)
}

fn reported_by(
    team_account: &mut TeamAccount,
    policy: &str,
    budget: &MonthlyBudget,
    of: &str,
    spent: &str,
) -> Option<u8> {
    let figures = Figures {
        month: month(of),
        budget: budget.monthly,
        counted: usd(spent),
        aws: None,
        spent: usd(spent),
        reserved: usd("0"),
        asked: usd("0"),
    };
    let share = team_account.tell(&policy.parse().unwrap(), budget, &figures);
    share.map(|share| share.value())
}

#[test]
fn each_share_is_reported_once() {
    let mut team_account = team_account();
    assert_eq!(reported(&mut team_account, "2026-11", "0"), None);
    assert_eq!(reported(&mut team_account, "2026-11", "99.99"), None);
    assert_eq!(reported(&mut team_account, "2026-11", "100"), Some(50));
    assert_eq!(reported(&mut team_account, "2026-11", "100"), None);
    assert_eq!(reported(&mut team_account, "2026-11", "159.99"), None);
    assert_eq!(reported(&mut team_account, "2026-11", "160"), Some(80));
    assert_eq!(reported(&mut team_account, "2026-11", "199.99"), None);
    // 100 % is reported whether or not the policy lists it.
    assert_eq!(reported(&mut team_account, "2026-11", "200"), Some(100));
    assert_eq!(reported(&mut team_account, "2026-11", "500"), None);
}

#[test]
fn the_highest_of_several_reached_shares_is_reported() {
    let mut team_account = team_account();
    assert_eq!(reported(&mut team_account, "2026-11", "170"), Some(80));
    assert_eq!(reported(&mut team_account, "2026-11", "120"), None);
    assert_eq!(reported(&mut team_account, "2026-11", "170"), None);
}

#[test]
fn a_share_is_not_reported_again_after_spending_falls() {
    let mut team_account = team_account();
    assert_eq!(reported(&mut team_account, "2026-11", "160"), Some(80));
    assert_eq!(reported(&mut team_account, "2026-11", "10"), None);
    assert_eq!(reported(&mut team_account, "2026-11", "100"), None);
    assert_eq!(reported(&mut team_account, "2026-11", "160"), None);
}

#[test]
fn shares_are_reported_again_in_the_next_month() {
    let mut team_account = team_account();
    assert_eq!(reported(&mut team_account, "2026-11", "200"), Some(100));
    assert_eq!(reported(&mut team_account, "2026-12", "100"), Some(50));
    team_account.forget_before(month("2026-12"));
    assert_eq!(reported(&mut team_account, "2026-12", "100"), None);
    assert_eq!(reported(&mut team_account, "2027-01", "100"), Some(50));
}

#[test]
fn each_policy_reports_its_shares_separately() {
    let mut team_account = team_account();
    assert_eq!(reported(&mut team_account, "2026-11", "100"), Some(50));
    let other = budget("100", "UTC");
    let reported = reported_by(&mut team_account, "other", &other, "2026-11", "100");
    assert_eq!(reported, Some(100));
    // It is remembered in what is written.
    let text = serde_json::to_string(&team_account).unwrap();
    let mut read: TeamAccount = serde_json::from_str(&text).unwrap();
    let again = reported_by(&mut read, "other", &other, "2026-11", "100");
    assert_eq!(again, None);
}
