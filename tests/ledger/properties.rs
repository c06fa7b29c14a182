//! Properties that hold for every cluster and every division of its time.

use crate::living;
use chrono::{DateTime, TimeDelta, Utc};
use clusterup::cost::ledger::{By, Record, Report, Window, Work, spent, split};
use clusterup::cost::meter::accrued;
use clusterup::model::instance_span::{InstanceSpan, Role};
use clusterup::model::money::Usd;
use clusterup::model::observed::{ClusterState, StepState};
use clusterup_testkit::worlds::cases;
use proptest::prelude::*;

const DAY: i64 = 86_400;

/// Three days around the end of a month.
fn at(seconds: i64) -> DateTime<Utc> {
    crate::at("2026-10-30T12:00:00") + TimeDelta::milliseconds(seconds * 1_000 + 250)
}

fn any_life() -> impl Strategy<Value = InstanceSpan> {
    let role = proptest::sample::select(&Role::ALL);
    let length = proptest::option::of(0..DAY);
    (role, 0..DAY, length, 1..50_u16).prop_map(|(role, from, length, count)| InstanceSpan {
        role,
        from: at(from),
        until: length.map(|length| at(from + length)),
        count,
        instance_type: None,
    })
}

fn any_work() -> impl Strategy<Value = Work> {
    let states = vec![
        StepState::Completed,
        StepState::Running,
        StepState::Failed,
        StepState::Interrupted,
    ];
    let state = proptest::sample::select(states);
    (state, 0..2 * DAY, proptest::option::of(0..DAY)).prop_map(|(state, from, length)| Work {
        state,
        started_at: at(from),
        ended_at: length.map(|length| at(from + length)),
    })
}

prop_compose! {
    fn any_record()(
        // With the finest resolution of rates.
        cents in proptest::array::uniform4(1..2_000_000_000_u64),
        instance_spans in proptest::collection::vec(any_life(), 1..6),
        steps in proptest::collection::vec(any_work(), 0..5),
        ready in proptest::option::of(0..DAY),
        ended in proptest::option::of(DAY..3 * DAY),
    ) -> Record {
        let [a, b, c, d] = cents.map(|part| format!("{}.{:08}", part / 100_000_000, part % 100_000_000));
        let rates = format!("primary={a}+{b}+0+0 core={c}+{d}+0.00000001+0");
        let state = match ended {
            Some(_) => ClusterState::Terminated,
            None => ClusterState::Running,
        };
        Record {
            rates: Some(rates.parse().unwrap()),
            ready_at: ready.map(at),
            ended_at: ended.map(at),
            state,
            instance_spans,
            steps,
            ..living("j-1", "2026-10-30T12:00:00", None)
        }
    }
}

fn pieces(cuts: &[i64]) -> Vec<Window> {
    let mut cuts: Vec<DateTime<Utc>> = cuts.iter().map(|seconds| at(*seconds)).collect();
    cuts.sort_unstable();
    let pairs = cuts.windows(2);
    pairs
        .map(|pair| Window {
            from: pair[0],
            until: pair[1],
        })
        .collect()
}

proptest! {
    #![proptest_config(cases(env!("CARGO_CRATE_NAME"), 256))]
    #[test]
    fn adjacent_windows_sum_to_the_whole(
        record in any_record(), cuts in proptest::collection::vec(-DAY..4 * DAY, 2..9),
        now in 0..4 * DAY,
    ) {
        let pieces = pieces(&cuts);
        let whole = Window {
            from: pieces[0].from,
            until: pieces[pieces.len() - 1].until,
        };
        let sum: Usd = pieces.iter().map(|piece| spent(&record, *piece, at(now)).unwrap()).sum();
        prop_assert_eq!(Some(sum), spent(&record, whole, at(now)));
        prop_assert!(pieces.iter().all(|piece| spent(&record, *piece, at(now)) >= Some(Usd::ZERO)));
    }

    #[test]
    fn the_ledger_agrees_with_the_meter(record in any_record(), now in 0..4 * DAY) {
        let now = at(now) + TimeDelta::milliseconds(1);
        let ever = Window { from: at(-DAY), until: at(9 * DAY) };
        let over = record.ended_at;
        let instance_spans: Vec<InstanceSpan> = record.instance_spans.iter().map(|life| InstanceSpan {
            until: life.until.or(over.map(|at| at.max(life.from))),
            ..life.clone()
        }).collect();
        let bill = accrued(record.rates.as_ref().unwrap(), &instance_spans, now).total.up_to(10);
        prop_assert_eq!(spent(&record, ever, now), Some(bill));
    }

    #[test]
    fn parts_sum_to_the_total(
        record in any_record(), from in -DAY..4 * DAY, length in 0..4 * DAY, now in 0..4 * DAY,
    ) {
        let window = Window { from: at(from), until: at(from + length) };
        let parts = split(&record, window, at(now)).unwrap();
        prop_assert_eq!(Some(parts.total()), spent(&record, window, at(now)));
        prop_assert_eq!(parts.total(), parts.working + parts.waste());
        let all = [parts.bootstrapping, parts.working, parts.failed, parts.idle];
        prop_assert!(all.iter().all(|part| *part >= Usd::ZERO), "{parts:?}");
    }

    #[test]
    fn rows_sum_to_the_total_for_every_grouping(
        records in proptest::collection::vec(any_record(), 0..5),
        from in -DAY..2 * DAY, length in 1..4 * DAY, now in 0..4 * DAY,
    ) {
        let window = Window { from: at(from), until: at(from + length) };
        let whole: Usd =
            records.iter().map(|record| spent(record, window, at(now)).unwrap()).sum();
        for by in [By::Team, By::Stack, By::Owner, By::Day, By::Month] {
            let report = Report::of(&records, by, window, at(now));
            let sum: Usd = report.rows.iter().map(|row| row.total).sum();
            prop_assert_eq!(sum, whole, "{:?}", by);
            prop_assert_eq!(report.total.total, whole);
            for row in &report.rows {
                prop_assert_eq!(row.split.total(), row.total);
            }
        }
    }

    #[test]
    fn a_record_survives_a_round_trip(record in any_record()) {
        let text = serde_json::to_string(&record).unwrap();
        prop_assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
    }
}
