//! Laws of the mirror, and its words.

use super::*;
use crate::cloud::budgets::model::{Notices, name};
use crate::model::money::Usd;
use crate::model::policy::{AppliesTo, Limits, Located, WhenSpent};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;
use rust_decimal::Decimal;

fn policy(name: &str, teams: Option<&[&str]>, shares: &[&str], tells: &[&str]) -> Policy {
    let budget = MonthlyBudget {
        monthly: "$100".parse().unwrap(),
        notify_at: shares.iter().map(|share| share.parse().unwrap()).collect(),
        when_spent: WhenSpent::Block,
        timezone: "UTC".parse().unwrap(),
        subscribers: tells.iter().map(|who| (*who).to_owned()).collect(),
        home: "us-east-1".parse().unwrap(),
    };
    let team = |team: &&str| team.parse().unwrap();
    Policy {
        name: name.parse().unwrap(),
        file: format!("{name}.yaml"),
        applies_to: AppliesTo {
            teams: teams.map(|teams| teams.iter().map(team).collect()),
            stacks: None,
        },
        budget: Some(Located {
            value: budget,
            line: 1,
        }),
        limits: Limits::default(),
        off_hours: None,
        rules: Vec::new(),
        overrides: None,
        unmanaged: None,
        exempt: None,
        watchdog: crate::model::orders::WatchdogRules::default(),
    }
}

fn wanted() -> DesiredBudget {
    let policies = [policy("p", Some(&["t"]), &["80%"], &["a@x.org"])];
    desired_budgets(&policies).remove(0)
}

#[test]
fn each_team_of_a_policy_has_a_budget() {
    let tells = ["b@x.org", "a@x.org", "b@x.org"];
    let policies = [
        policy("z", Some(&["one"]), &["100%"], &[]),
        policy(
            "a",
            Some(&["two", "one", "two"]),
            &["80%", "50%", "80%"],
            &tells,
        ),
        policy("all", None, &["50%"], &tells),
        Policy {
            budget: None,
            ..policy("none", Some(&["one"]), &[], &[])
        },
    ];
    let found = desired_budgets(&policies);
    let names: Vec<_> = found.iter().map(DesiredBudget::name).collect();
    let expected = ["clusterup_a_one", "clusterup_a_two", "clusterup_z_one"];
    assert_eq!(names, expected);
    let shares: Vec<_> = found[0]
        .thresholds
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(shares, ["50%", "80%", "100%"]);
    assert_eq!(found[0].subscribers, ["a@x.org", "b@x.org"]);
    assert_eq!(found[2].thresholds, [Percent::WHOLE]);
    assert!(found[2].seen().notices.is_empty());
    let messages = shortcomings(&policies);
    assert_eq!(messages.len(), 2);
    assert!(
        messages[0].contains("policy z: AWS notifies nobody"),
        "{messages:?}"
    );
    assert!(
        messages[1].contains("policy all: it gets no AWS budget"),
        "{messages:?}"
    );
}

#[track_caller]
fn drift(edit: impl FnOnce(&mut ExistingBudget), expected: &[&str], made_anew: bool) {
    let want = wanted();
    let mut have = want.seen();
    edit(&mut have);
    let found = differences(&[want], &[have]);
    let [Change::Update(update)] = &found[..] else {
        panic!("{found:?}");
    };
    assert_eq!(update.differs, expected);
    assert_eq!(update.anew, made_anew);
}

#[test]
fn every_drift_of_a_budget_is_reported() {
    assert_eq!(differences(&[wanted()], &[wanted().seen()]), []);
    let number =
        |seen: &mut ExistingBudget, number| seen.budget.limit.as_mut().unwrap().number = number;
    drift(
        |have| number(have, Decimal::from(50)),
        &["limit $50.00 -> $100.00"],
        false,
    );
    let moving = ["limit a limit that varies -> $100.00"];
    drift(|have| have.budget.limit = None, &moving, false);
    let daily = ["time unit DAILY -> MONTHLY"];
    drift(
        |have| have.budget.time_unit = "DAILY".to_owned(),
        &daily,
        false,
    );
    let wide = ["costs of the whole account -> TagKeyValue user:clusterup-team$t"];
    drift(|have| have.budget.filters.clear(), &wide, false);
    let credits = ["counts credits -> does not", "does not count taxes -> does"];
    let counts = |have: &mut ExistingBudget| {
        have.budget.counts.remove("taxes");
        have.budget.counts.insert("credits".to_owned());
    };
    drift(counts, &credits, false);
    let kind = ["type USAGE -> COST: it is created again"];
    drift(|have| have.budget.kind = "USAGE".to_owned(), &kind, true);
    let euros =
        |have: &mut ExistingBudget| have.budget.limit.as_mut().unwrap().currency = "EUR".to_owned();
    let currency = [
        "currency EUR -> USD: it is created again",
        "limit 100 EUR -> $100.00",
    ];
    drift(euros, &currency, true);
}

#[test]
fn every_drift_of_a_notification_is_reported() {
    let at = |share: &str| Notice::at(share.parse().unwrap());
    let remove = |have: &mut ExistingBudget| have.notices.retain(|notice, _| *notice != at("80%"));
    drift(remove, &["no notification at 80% -> one"], false);
    let no_subscribers = BTreeSet::new;
    let add = |have: &mut ExistingBudget| drop(have.notices.insert(at("30%"), no_subscribers()));
    drift(add, &["a notification at 30% -> none"], false);
    let forecast = |have: &mut ExistingBudget| {
        let of = "FORECASTED".to_owned();
        have.notices
            .insert(Notice { of, ..at("80%") }, no_subscribers());
    };
    let message = "a notification at FORECASTED GREATER_THAN 80 PERCENTAGE -> none";
    drift(forecast, &[message], false);
    let exchange = |have: &mut ExistingBudget| {
        let other = BTreeSet::from(["c@x.org".to_owned()]);
        have.notices.insert(at("100%"), other);
    };
    let message = [
        "at 100% notifies c@x.org -> does not",
        "at 100% does not notify a@x.org -> does",
    ];
    drift(exchange, &message, false);
}

#[test]
fn a_limit_is_a_number_and_no_text() {
    let mut have = wanted().seen();
    have.budget.limit.as_mut().unwrap().number = "100.00".parse().unwrap();
    assert_eq!(differences(&[wanted()], &[have]), []);
}

fn label() -> impl Strategy<Value = String> {
    "[ab](-[ab])?"
}

fn address() -> impl Strategy<Value = String> {
    "[a-c]@x[.]org"
}

fn mirrored() -> impl Strategy<Value = DesiredBudget> {
    let shares = btree_set(prop::sample::select(vec!["50%", "80%", "100%"]), 1..3);
    let parts = (
        label(),
        label(),
        1..4_i64,
        shares,
        btree_set(address(), 0..3),
    );
    parts.prop_map(|(policy, team, limit, shares, subscribers)| DesiredBudget {
        policy: policy.parse().unwrap(),
        team: team.parse().unwrap(),
        limit: Usd::new(Decimal::from(limit)),
        thresholds: shares
            .into_iter()
            .map(|share| share.parse().unwrap())
            .collect(),
        subscribers: subscribers.into_iter().collect(),
    })
}

fn requests() -> impl Strategy<Value = Vec<DesiredBudget>> {
    vec(mirrored(), 0..5).prop_map(|all| {
        let all = all.into_iter().map(|one| (one.name(), one));
        all.collect::<BTreeMap<_, _>>().into_values().collect()
    })
}

fn notice() -> impl Strategy<Value = Notice> {
    let word = |words: &[&'static str]| prop::sample::select(words.to_vec());
    let of = word(&["ACTUAL", "ACTUAL", "FORECASTED"]);
    let unit = word(&["PERCENTAGE", "PERCENTAGE", "ABSOLUTE_VALUE"]);
    (of, word(&["50", "80", "100", "33.5"]), unit).prop_map(|(of, threshold, unit)| Notice {
        of: of.to_owned(),
        when: "GREATER_THAN".to_owned(),
        threshold: threshold.to_owned(),
        unit: unit.to_owned(),
    })
}

/// As one of ours is, or with anything changed.
fn seen() -> impl Strategy<Value = ExistingBudget> {
    let notices = btree_map(notice(), btree_set(address(), 1..3), 0..4);
    let word = |words: &[&'static str]| prop::sample::select(words.to_vec());
    let words = (
        word(&["COST", "COST", "COST", "USAGE"]),
        word(&["MONTHLY", "MONTHLY", "DAILY"]),
        word(&["USD", "USD", "USD", "EUR"]),
    );
    let parts = (mirrored(), words, notices, any::<bool>(), any::<bool>());
    parts.prop_map(|(of, (kind, unit, currency), notices, strange, wide)| {
        let mut seen = of.seen();
        if strange {
            seen.budget.kind = kind.to_owned();
            seen.budget.time_unit = unit.to_owned();
            seen.budget.limit.as_mut().unwrap().currency = currency.to_owned();
            seen.notices = notices;
        }
        if wide {
            seen.budget.filters.clear();
            seen.budget.counts.insert("credits".to_owned());
        }
        seen
    })
}

fn snapshots() -> impl Strategy<Value = Vec<ExistingBudget>> {
    vec(seen(), 0..5).prop_map(|all| {
        let all = all.into_iter().map(|one| (one.budget.name.clone(), one));
        all.collect::<BTreeMap<_, _>>().into_values().collect()
    })
}

/// What AWS has when the changes were made: each by itself, never a copy of all that is wanted.
fn applied(have: Vec<ExistingBudget>, changes: Vec<Change>) -> Vec<ExistingBudget> {
    let named = have.into_iter().map(|one| (one.budget.name.clone(), one));
    let mut there: BTreeMap<String, ExistingBudget> = named.collect();
    for change in changes {
        match change {
            Change::Create(to) => assert!(there.insert(to.name(), to.seen()).is_none()),
            Change::Update(update) => {
                let Update { from, to, .. } = *update;
                assert_eq!(there.insert(to.name(), to.seen()), Some(from));
            }
            Change::Delete(name) => assert!(there.remove(&name).is_some()),
        }
    }
    there.into_values().collect()
}

proptest! {
    #[test]
    fn applying_the_differences_gives_the_desired_budgets(want in requests(), have in snapshots()) {
        let changes = differences(&want, &have);
        for change in &changes {
            if let Change::Update(update) = change {
                prop_assert!(!update.differs.is_empty());
            }
        }
        let then = applied(have, changes);
        let expected: Vec<_> = want.iter().map(DesiredBudget::seen).collect();
        prop_assert_eq!(&then, &expected);
        prop_assert_eq!(differences(&want, &then), vec![]);
    }

    #[test]
    fn the_order_of_existing_budgets_does_not_matter(want in requests(), have in snapshots()) {
        let mut other = have.clone();
        other.reverse();
        prop_assert_eq!(differences(&want, &have), differences(&want, &other));
    }
}

#[test]
fn a_subscriber_is_notified_of_every_threshold() {
    let policy = "p".parse().unwrap();
    let team = "t".parse().unwrap();
    let seen = wanted().seen();
    assert_eq!(seen.budget.name, name(&policy, &team));
    let everybody = BTreeSet::from(["a@x.org".to_owned()]);
    let notice = |share: &str| Notice::at(share.parse().unwrap());
    let expected = [
        (notice("80%"), everybody.clone()),
        (notice("100%"), everybody),
    ];
    assert_eq!(seen.notices, Notices::from(expected));
}
