//! Properties of every account, month and instant.

use crate::at;
use crate::team_account::{budget, living, nobody, scope, team_account};
use chrono::{DateTime, TimeDelta, Utc};
use clusterup::cost::ledger::{Record, Window, spent};
use clusterup::model::instance_span::{InstanceSpan, Role};
use clusterup::model::money::Usd;
use clusterup::model::month::Month;
use clusterup::model::observed::ClusterState;
use clusterup::model::policy::Override;
use clusterup::policy::CostBound;
use clusterup::policy::team_account::{Actual, Reservation, TeamAccount, window};
use clusterup_testkit::worlds::cases;
use proptest::prelude::*;

const DAY: i64 = 86_400;
const ZONES: [&str; 5] = [
    "UTC",
    "Asia/Seoul",
    "America/New_York",
    "Europe/Berlin",
    "Pacific/Apia",
];

/// Seconds after an instant that is near a change of the clocks, or of the year.
fn origin(which: usize) -> DateTime<Utc> {
    const NEAR: [&str; 4] = [
        "2026-02-27T00:00:00",
        "2026-10-20T00:00:00",
        "2026-12-25T00:00:00",
        "2028-02-20T00:00:00",
    ];
    at(NEAR[which])
}

fn any_lives(from: DateTime<Utc>) -> impl Strategy<Value = Vec<InstanceSpan>> {
    let role = proptest::sample::select(&Role::ALL);
    let length = proptest::option::of(0..20 * DAY);
    let life = (role, 0..10 * DAY, length, 1..50_u16);
    let life = life.prop_map(move |(role, begins, length, count)| {
        let from = from + TimeDelta::seconds(begins);
        InstanceSpan {
            role,
            from,
            until: length.map(|length| from + TimeDelta::seconds(length)),
            count,
            instance_type: None,
        }
    });
    proptest::collection::vec(life, 1..4)
}

fn any_usd() -> impl Strategy<Value = Usd> {
    let digits = (0..100_000_000_000_u64).prop_map(|n| format!("{}.{:010}", n / 1_000, n % 997));
    prop_oneof![Just("0".to_owned()), digits].prop_map(|text| Usd::new(text.parse().unwrap()))
}

prop_compose! {
    fn any_ask()(which in 0..4_usize)(
        instance_spans in any_lives(origin(which)),
        ends in 10 * DAY..60 * DAY,
        parts in proptest::array::uniform4(0..900_000_000_u64),
        besides in any_usd(),
        which in Just(which),
    ) -> CostBound {
        let dollars = |part: u64| format!("{}.{:08}", part / 100_000_000, part % 100_000_000);
        let [a, b, c, d] = parts.map(dollars);
        CostBound {
            rates: format!("primary={a}+{b}+0+0.005 core={c}+{d}+0+0").parse().unwrap(),
            instance_spans,
            ends_by: origin(which) + TimeDelta::seconds(ends),
            besides,
        }
    }
}

fn reserved(ask: &CostBound, cluster: Option<&str>) -> Reservation {
    Reservation {
        place: "us-east-1".parse().unwrap(),
        account: None,
        stack: "films".parse().unwrap(),
        by: "ana@here".to_owned(),
        at: ask.instance_spans[0].from,
        cluster: cluster.map(|id| id.parse().unwrap()),
        ask: ask.clone(),
        overridden: None,
    }
}

/// A cluster of such instances that is over.
fn over(id: &str, ask: &CostBound) -> Record {
    let mut record = living(id, "films", ask.instance_spans[0].from, ask.ends_by);
    record.state = ClusterState::Terminated;
    record.ended_at = Some(ask.ends_by);
    record.rates = Some(ask.rates.clone());
    record.instance_spans.clone_from(&ask.instance_spans);
    record
}

/// The months of a zone that an ask can reach into, and one on each side.
fn months(ask: &CostBound, zone: &str) -> Vec<Month> {
    let zone = zone.parse().unwrap();
    let first = ask
        .instance_spans
        .iter()
        .map(|life| life.from)
        .min()
        .unwrap();
    let mut month = Month::of(first - TimeDelta::days(32), zone);
    let last = Month::of(ask.ends_by + TimeDelta::days(32), zone);
    let mut all = vec![month];
    while month < last {
        month = month.next();
        all.push(month);
    }
    all
}

proptest! {
    #![proptest_config(cases(env!("CARGO_CRATE_NAME"), 256))]
    #[test]
    fn months_add_up_to_the_whole(
        ask in any_ask(),
        zone in proptest::sample::select(&ZONES),
        looked in -DAY..70 * DAY,
    ) {
        let now = ask.instance_spans[0].from + TimeDelta::seconds(looked);
        let (budget, policy) = (budget("200", zone), "recsys".parse().unwrap());
        let months = months(&ask, zone);
        let (record, place) = (over("j-1", &ask), scope("us-east-1"));
        let mut settled = team_account();
        settled.reconcile(&place, std::slice::from_ref(&record), &nobody(), ask.ends_by);
        let mut alive = team_account();
        alive.reservation(reserved(&ask, Some("j-1")));
        let sum = |team_account: &TeamAccount, of: fn(&clusterup::policy::team_account::Figures) -> Usd| -> Usd {
            months.iter().map(|month| of(&team_account.figures(&policy, *month, &budget, None, now))).sum()
        };
        let whole = Window { from: DateTime::<Utc>::MIN_UTC, until: DateTime::<Utc>::MAX_UTC };
        prop_assert_eq!(sum(&settled, |it| it.spent), spent(&record, whole, now).unwrap());
        prop_assert_eq!(sum(&alive, |it| it.spent), ask.spent(whole, now));
        let worst = sum(&alive, |it| it.spent) + sum(&alive, |it| it.reserved);
        prop_assert_eq!(worst, ask.worst(whole));
        for pair in months.windows(2) {
            let [one, next] = [pair[0], pair[1]].map(|month| window(month, &budget));
            prop_assert_eq!(one.until, next.from);
            prop_assert!(one.from < one.until);
        }
    }

    #[test]
    fn the_reserved_amount_never_falls_without_another_change(
        ask in any_ask(),
        zone in proptest::sample::select(&ZONES),
        bound in any::<bool>(),
        mut looks in proptest::collection::vec(-DAY..70 * DAY, 2..8),
    ) {
        let (budget, policy) = (budget("200", zone), "recsys".parse().unwrap());
        let mut team_account = team_account();
        team_account.reservation(reserved(&ask, bound.then_some("j-1")));
        looks.sort_unstable();
        for month in months(&ask, zone) {
            let mut before = (Usd::ZERO, Usd::ZERO);
            for look in &looks {
                let now = ask.instance_spans[0].from + TimeDelta::seconds(*look);
                let it = team_account.figures(&policy, month, &budget, None, now);
                prop_assert!(it.spent >= Usd::ZERO && it.reserved >= Usd::ZERO);
                prop_assert!(it.spent >= before.0, "spending fell");
                prop_assert!(it.spent + it.reserved >= before.1, "what is set aside fell");
                before = (it.spent, it.spent + it.reserved);
            }
            let end = team_account.figures(&policy, month, &budget, None, ask.ends_by);
            prop_assert_eq!(end.spent + end.reserved, ask.worst(window(month, &budget)));
        }
    }

    #[test]
    fn an_account_reads_back_as_it_was_written(
        asks in proptest::collection::vec((any_ask(), 0..3_usize), 0..5),
        aws in any_usd(),
        shares in proptest::collection::vec(any_usd(), 0..3),
    ) {
        let mut team_account = team_account();
        let now = at("2026-11-10T12:00:00");
        for (number, (ask, kind)) in asks.iter().enumerate() {
            let id = format!("j-{number}");
            let mut reservation = reserved(ask, (*kind == 0).then_some(id.as_str()));
            reservation.overridden = (*kind == 1).then(|| Override {
                by: "bo \"the\" boss\n".to_owned(),
                why: "é".to_owned(),
            });
            match kind {
                2 => team_account.reconcile(&scope("us-east-1"), &[over(&id, ask)], &nobody(), ask.ends_by),
                _ => team_account.reservation(reservation),
            }
        }
        let month: Month = "2026-11".parse().unwrap();
        let (budget, policy) = (budget("200", "UTC"), "recsys".parse().unwrap());
        team_account.aws.insert("recsys".parse().unwrap(), Actual { month, usd: aws, at: now });
        for spent in shares {
            let mut figures = team_account.figures(&policy, month, &budget, None, now);
            figures.spent = spent;
            let _ = team_account.tell(&policy, &budget, &figures);
        }
        let text = serde_json::to_string(&team_account).unwrap();
        let read: TeamAccount = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&read, &team_account);
        prop_assert!(read.is_known());
        prop_assert_eq!(serde_json::to_string(&read).unwrap(), text);
    }
}
