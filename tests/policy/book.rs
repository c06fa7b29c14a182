//! Months of a team's account, computed by hand.

use crate::{at, usd};
use chrono::{DateTime, TimeDelta, Utc};
use clusterup::cost::ledger::{Record, Scope, Window};
use clusterup::model::instance_span::{InstanceSpan, Role};
use clusterup::model::money::Usd;
use clusterup::model::month::Month;
use clusterup::model::observed::ClusterState;
use clusterup::model::policy::{MonthlyBudget, WhenSpent};
use clusterup::policy::CostBound;
use clusterup::policy::team_account::{Actual, Figures, Reservation, TeamAccount};
use rust_decimal::Decimal;
use std::collections::BTreeSet;

pub(crate) const MONTHLY: &str = "200";

pub(crate) fn month(text: &str) -> Month {
    text.parse().unwrap()
}

pub(crate) fn budget(monthly: &str, zone: &str) -> MonthlyBudget {
    MonthlyBudget {
        monthly: usd(monthly),
        notify_at: vec!["50%".parse().unwrap(), "80%".parse().unwrap()],
        when_spent: WhenSpent::Block,
        timezone: zone.parse().unwrap(),
        subscribers: Vec::new(),
        home: "us-east-1".parse().unwrap(),
    }
}

pub(crate) fn scope(place: &str) -> Scope {
    Scope {
        place: place.parse().unwrap(),
        account: Some("123456789012".to_owned()),
    }
}

pub(crate) fn team_account() -> TeamAccount {
    TeamAccount::new("recsys".parse().unwrap())
}

/// One node at $3.60/h, a tenth of a cent a second, from an instant until it is gone.
pub(crate) fn ask(from: DateTime<Utc>, ends_by: DateTime<Utc>) -> CostBound {
    CostBound {
        rates: "primary=3+0.5+0.06+0.04".parse().unwrap(),
        instance_spans: vec![InstanceSpan {
            role: Role::Primary,
            from,
            until: None,
            count: 1,
            instance_type: None,
        }],
        ends_by,
        besides: Usd::ZERO,
    }
}

/// Money for a cluster that is not made yet.
pub(crate) fn reserved(stack: &str, at: DateTime<Utc>, ends_by: DateTime<Utc>) -> Reservation {
    Reservation {
        place: "us-east-1".parse().unwrap(),
        account: None,
        stack: stack.parse().unwrap(),
        by: "ana@here".to_owned(),
        at,
        cluster: None,
        ask: ask(at, ends_by),
        overridden: None,
    }
}

/// What the cloud tells of a cluster that lives.
pub(crate) fn living(id: &str, stack: &str, from: DateTime<Utc>, ends_by: DateTime<Utc>) -> Record {
    let CostBound {
        rates,
        instance_spans,
        ..
    } = ask(from, ends_by);
    Record {
        place: "us-east-1".parse().unwrap(),
        account: Some("123456789012".to_owned()),
        id: id.parse().unwrap(),
        stack: stack.parse().unwrap(),
        team: Some("recsys".parse().unwrap()),
        owner: Some("ana@here".to_owned()),
        state: ClusterState::Running,
        created_at: from,
        ready_at: Some(from),
        ended_at: None,
        end: None,
        rates: Some(rates),
        instance_spans,
        steps: Vec::new(),
        ends_by: Some(ends_by),
        overridden: None,
        accounts: Vec::new(),
        worst_spans: Vec::new(),
        estimated: false,
        slots: None,
        attempts: Default::default(),
        paces: Default::default(),
        seen_at: from,
    }
}

/// The same, over.
pub(crate) fn ended(id: &str, stack: &str, from: DateTime<Utc>, until: DateTime<Utc>) -> Record {
    let mut record = living(id, stack, from, until);
    record.state = ClusterState::Terminated;
    record.ended_at = Some(until);
    record.instance_spans[0].until = Some(until);
    record
}

pub(crate) fn nobody() -> BTreeSet<clusterup::model::name::StackName> {
    BTreeSet::new()
}

/// An account with these clusters.
pub(crate) fn of(records: &[Record], now: DateTime<Utc>) -> TeamAccount {
    let mut team_account = team_account();
    team_account.reconcile(&scope("us-east-1"), records, &nobody(), now);
    team_account
}

pub(crate) fn figures(
    team_account: &TeamAccount,
    of: &str,
    zone: &str,
    now: DateTime<Utc>,
) -> Figures {
    let policy = "recsys".parse().unwrap();
    team_account.figures(&policy, month(of), &budget(MONTHLY, zone), None, now)
}

/// What a cluster spent in two adjoining months, by a zone's calendar.
#[track_caller]
fn spent(zone: &str, (from, until): (&str, &str), expected: [(&str, &str); 2]) {
    let (from, until) = (at(from), at(until));
    let over = of(&[ended("j-1", "films", from, until)], until);
    let alive = of(&[living("j-1", "films", from, until)], until);
    for (month, dollars) in expected {
        for team_account in [&over, &alive] {
            let figures = figures(team_account, month, zone, until);
            assert_eq!(figures.spent, usd(dollars), "{zone} {month}");
            assert_eq!(figures.reserved, Usd::ZERO, "{zone} {month}");
        }
    }
}

#[test]
fn a_cluster_across_midnight_of_the_first_counts_in_both_months() {
    // 23:00 to 01:30 in Greenwich.
    let night = ("2026-10-31T23:00:00", "2026-11-01T01:30:00");
    spent("UTC", night, [("2026-10", "3.60"), ("2026-11", "5.40")]);
    // In Seoul it is 1 November since 15:00 UTC, in New York from 04:00 UTC on.
    spent("Asia/Seoul", night, [("2026-10", "0"), ("2026-11", "9")]);
    spent(
        "America/New_York",
        night,
        [("2026-10", "9"), ("2026-11", "0")],
    );
    let seoul = ("2026-10-31T14:00:00", "2026-10-31T17:00:00");
    spent(
        "Asia/Seoul",
        seoul,
        [("2026-10", "3.60"), ("2026-11", "7.20")],
    );
    let year = ("2026-12-31T22:00:00", "2027-01-01T00:00:01");
    spent("UTC", year, [("2026-12", "7.20"), ("2027-01", "0.001")]);
}

#[test]
fn months_are_as_long_as_their_clocks_make_them() {
    // March in New York begins at 05:00 UTC and ends at 04:00: an hour less than 31 days.
    let march = ("2026-03-01T04:00:00", "2026-04-01T05:00:00");
    spent(
        "America/New_York",
        march,
        [("2026-02", "3.60"), ("2026-03", "2674.80")],
    );
    spent(
        "America/New_York",
        march,
        [("2026-03", "2674.80"), ("2026-04", "3.60")],
    );
    // November begins at 04:00 UTC and ends at 05:00: an hour more than 30 days.
    let november = ("2026-11-01T03:00:00", "2026-12-01T06:00:00");
    spent(
        "America/New_York",
        november,
        [("2026-10", "3.60"), ("2026-11", "2595.60")],
    );
    spent(
        "America/New_York",
        november,
        [("2026-11", "2595.60"), ("2026-12", "3.60")],
    );
}

#[test]
fn clusters_before_and_after_a_month_are_not_counted_in_it() {
    let before = ("2026-10-30T10:00:00", "2026-10-30T12:00:00");
    spent("UTC", before, [("2026-10", "7.20"), ("2026-11", "0")]);
    let after = ("2026-12-01T00:00:00", "2026-12-01T02:00:00");
    spent("UTC", after, [("2026-11", "0"), ("2026-12", "7.20")]);
    // To the second of midnight.
    let edge = ("2026-10-31T22:00:00", "2026-11-01T00:00:00");
    spent("UTC", edge, [("2026-10", "7.20"), ("2026-11", "0")]);
    // A minute is charged at the launch, in the month of the launch.
    let short = ("2026-10-31T23:59:59", "2026-11-01T00:00:01");
    spent("UTC", short, [("2026-10", "0.06"), ("2026-11", "0")]);
}

#[test]
fn the_rest_of_a_live_cluster_is_reserved_in_the_months_where_it_falls() {
    let (from, ends_by) = (at("2026-10-31T22:00:00"), at("2026-11-01T03:00:00"));
    let now = at("2026-10-31T23:00:00");
    let team_account = of(&[living("j-1", "films", from, ends_by)], now);
    let of = |month| {
        let figures = figures(&team_account, month, "UTC", now);
        (figures.spent, figures.reserved, figures.left())
    };
    assert_eq!(of("2026-10"), (usd("3.60"), usd("3.60"), usd("192.80")));
    assert_eq!(of("2026-11"), (Usd::ZERO, usd("10.80"), usd("189.20")));
    assert_eq!(of("2026-12"), (Usd::ZERO, Usd::ZERO, usd("200")));
}

#[test]
fn replaced_nodes_count_in_the_month_of_their_last_second() {
    let mut ask = ask(at("2026-10-31T23:00:00"), at("2026-11-01T00:00:00"));
    ask.besides = usd("0.06");
    let budget = budget(MONTHLY, "UTC");
    let worst = |of| ask.worst(clusterup::policy::team_account::window(month(of), &budget));
    assert_eq!(
        (worst("2026-10"), worst("2026-11")),
        (usd("3.66"), Usd::ZERO)
    );
    // A cluster whose last second is November's first.
    ask.ends_by = at("2026-11-01T00:00:01");
    let worst = |of| ask.worst(clusterup::policy::team_account::window(month(of), &budget));
    assert_eq!(
        (worst("2026-10"), worst("2026-11")),
        (usd("3.60"), usd("0.061"))
    );
}

#[test]
fn a_cluster_across_two_months_needs_both_budgets() {
    let now = at("2026-11-30T22:00:00");
    let (policy, budget) = ("recsys".parse().unwrap(), budget("20", "UTC"));
    let mut team_account = team_account();
    // Four hours of December are already reserved.
    team_account.reservation(reserved(
        "early",
        at("2026-12-01T00:00:00"),
        at("2026-12-01T04:00:00"),
    ));
    let weigh = |until: &str| {
        let all = team_account.weigh(
            &policy,
            &budget,
            &ask(now, at(until)),
            "us-east-1/films",
            now,
        );
        let reported = |it: &Figures| (it.month.to_string(), it.asked, it.fits());
        all.iter().map(reported).collect::<Vec<_>>()
    };
    let november = ("2026-11".to_owned(), usd("7.20"), true);
    // No second of December is requested.
    let midnight = weigh("2026-12-01T00:00:00");
    assert_eq!(midnight[0], november);
    assert!(midnight[1..].iter().all(|(_, asked, _)| asked.is_zero()));
    // 14.40 are reserved, 5.60 are left: 1 h 33 min 20 s.
    let fits = ("2026-12".to_owned(), usd("5.60"), true);
    assert_eq!(weigh("2026-12-01T01:33:20"), [november.clone(), fits]);
    let denied = ("2026-12".to_owned(), usd("5.601"), false);
    assert_eq!(weigh("2026-12-01T01:33:21"), [november, denied]);
    let months: Vec<String> = weigh("2027-02-01T00:00:01")
        .into_iter()
        .map(|it| it.0)
        .collect();
    assert_eq!(months, ["2026-11", "2026-12", "2027-01", "2027-02"]);
}

#[test]
fn a_change_at_the_same_cost_is_within_what_is_reserved() {
    let (from, until) = (at("2026-11-10T00:00:00"), at("2026-11-10T10:00:00"));
    let month = |from: &str, until: &str| Window {
        from: at(from),
        until: at(until),
    };
    let november = month("2026-11-01T00:00:00", "2026-12-01T00:00:00");
    let standing = ask(from, until);
    let second = TimeDelta::seconds(1);
    assert!(ask(from, until).is_within(&standing, november));
    assert!(ask(from, until - second).is_within(&standing, november));
    let longer = ask(from, until + second);
    assert!(!longer.is_within(&standing, november));
    // It is longer in another month.
    let december = month("2026-12-01T00:00:00", "2027-01-01T00:00:00");
    assert!(longer.is_within(&standing, december));
}

#[test]
fn the_curve_of_a_month_shows_what_was_spent_by_then() {
    let begin = at("2026-11-01T00:00:00");
    let step = TimeDelta::days(30) / 62;
    let now = begin + step * 20;
    let (first, second) = (at("2026-11-02T00:00:00"), at("2026-11-09T00:00:00"));
    let hours = |from: DateTime<Utc>, hours| from + TimeDelta::hours(hours);
    let records = [
        ended("j-1", "films", first, hours(first, 10)),
        living("j-2", "songs", second, hours(second, 60)),
    ];
    let policy = "recsys".parse().unwrap();
    let curve = of(&records, now).curve(&policy, &budget(MONTHLY, "UTC"), now);
    let at = |at: DateTime<Utc>| {
        let point = curve.points.iter().find(|point| point.0 == at);
        point.map(|point| point.1)
    };
    assert_eq!(curve.points.len(), 21);
    assert_eq!(at(begin), Some(Usd::ZERO));
    // One has cost $36; the other one, of a tenth of a cent a second, is alive.
    assert_eq!(at(begin + step * 10), Some(usd("36")));
    // A second that has begun counts.
    let by = |until: DateTime<Utc>| {
        let seconds = 36_000 + (until - second).num_seconds() + 1;
        Some(Usd::new(Decimal::new(seconds, 3)))
    };
    assert_eq!((at(now), Some(curve.spent)), (by(now), by(now)));
    assert_eq!(at(now - step), by(now - step));
}

#[test]
fn a_cluster_that_replaces_its_reservation_is_not_counted_twice() {
    let (from, now) = (at("2026-11-10T10:00:00"), at("2026-11-10T12:00:00"));
    let four = at("2026-11-10T14:00:00");
    let mut team_account = of(&[living("j-1", "films", from, four)], now);
    team_account.reservation(reserved("other", now, at("2026-11-10T13:00:00")));
    let (policy, budget) = ("recsys".parse().unwrap(), budget(MONTHLY, "UTC"));
    let longer = ask(from, at("2026-11-10T16:00:00"));
    let weighed = team_account.weigh(&policy, &budget, &longer, "j-1", now)[0];
    // Two of six hours are spent; one hour of the other cluster is reserved.
    let found = (weighed.spent, weighed.reserved, weighed.asked);
    assert_eq!(found, (usd("7.20"), usd("3.60"), usd("14.40")));
    let mut reservation = team_account.reservations["j-1"].clone();
    reservation.ask = longer;
    team_account.reservation(reservation);
    let after = figures(&team_account, "2026-11", "UTC", now);
    assert_eq!((after.spent, after.reserved), (usd("7.20"), usd("18")));
    // The same for a cluster that is yet to be made: the second asking takes the first's place.
    team_account.reservation(reserved("other", now, four));
    assert_eq!(
        figures(&team_account, "2026-11", "UTC", now).reserved,
        usd("21.60")
    );
    team_account.reservations.remove("us-east-1/other");
    assert_eq!(
        figures(&team_account, "2026-11", "UTC", now).reserved,
        usd("14.40")
    );
}

#[test]
fn the_account_with_a_tenth_more_spending_is_used() {
    let until = at("2026-11-10T10:00:00");
    let ten_hours = ended("j-1", "films", at("2026-11-10T00:00:00"), until);
    let mut team_account = of(&[ten_hours], until);
    let mut with = |usd: Usd, month: Month| {
        let actual = Actual {
            month,
            usd,
            at: until,
        };
        team_account.aws.insert("recsys".parse().unwrap(), actual);
        let it = figures(&team_account, "2026-11", "UTC", until);
        (it.counted, it.spent, it.aws)
    };
    let november = month("2026-11");
    let (ours, bound, above) = (usd("36"), usd("39.60"), usd("39.61"));
    assert_eq!(with(Usd::ZERO, november), (ours, ours, Some(Usd::ZERO)));
    assert_eq!(with(bound, november), (ours, ours, Some(bound)));
    assert_eq!(with(above, november), (ours, above, Some(above)));
    // Of another month, and of another policy, it says nothing.
    assert_eq!(with(above, month("2026-10")), (ours, ours, None));
    let other = "other".parse().unwrap();
    let none = team_account.figures(&other, november, &budget(MONTHLY, "UTC"), None, until);
    assert_eq!((none.spent, none.aws), (ours, None));
}

#[test]
fn a_month_is_spent_according_to_its_policy() {
    let whole = Window {
        from: at("2026-11-01T00:00:00"),
        until: at("2026-12-01T00:00:00"),
    };
    let when = |spent: &str, now: &str| {
        let mut figures = figures(&team_account(), "2026-11", "UTC", at(now));
        figures.spent = usd(spent);
        figures.exhausted_at(whole, at(now))
    };
    // Half of it in ten days: in ten more.
    let twentieth = Some(at("2026-11-21T00:00:00"));
    assert_eq!(when("100", "2026-11-11T00:00:00"), twentieth);
    // Two thirds in twenty days last exactly as long as the month.
    assert_eq!(when("133.3333333333", "2026-11-21T00:00:00"), None);
    assert!(when("134", "2026-11-21T00:00:00").is_some());
    for (spent, now) in [
        ("0", "2026-11-11T00:00:00"),
        ("200", "2026-11-11T00:00:00"),
        ("201", "2026-11-11T00:00:00"),
        ("0.01", "2026-11-30T23:59:59"),
    ] {
        assert_eq!(when(spent, now), None, "{spent}");
    }
    // In the month's first instant nothing is divided by nothing.
    assert!(when("1", "2026-11-01T00:00:00").is_some());
}
