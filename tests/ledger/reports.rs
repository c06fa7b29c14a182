//! Reports against sums computed by hand: $0.36/h is one cent in 100 seconds.

use crate::{at, ended, life, living, usd, window, work};
use clusterup::cost::ledger::{
    By, ClusterCost, Record, Report, Spending, Split, expected, of_fleet, spent, split,
};
use clusterup::model::instance_span::Role;
use clusterup::model::money::Usd;
use clusterup::model::observed::{ClusterState, End, EndReason, StepState};
use clusterup::model::span::Span;

fn keys(report: &Report) -> Vec<(&str, usize, Usd)> {
    let rows = report.rows.iter();
    rows.map(|row| (row.key.as_deref().unwrap_or("-"), row.clusters, row.total))
        .collect()
}

fn parts(split: Split) -> [Usd; 4] {
    [split.bootstrapping, split.working, split.failed, split.idle]
}

#[test]
fn a_cluster_across_midnight_of_the_first_is_in_both_months() {
    let record = ended("j-1", "2026-10-31T22:00:00", None, "2026-11-01T03:00:00");
    let whole = window("2026-01-01T00:00:00", "2027-01-01T00:00:00");
    let report = |by| {
        Report::of(
            std::slice::from_ref(&record),
            by,
            whole,
            at("2026-12-01T00:00:00"),
        )
    };
    let months = [("2026-10", 1, usd("0.72")), ("2026-11", 1, usd("1.08"))];
    assert_eq!(keys(&report(By::Month)), months);
    let days = [
        ("2026-10-31", 1, usd("0.72")),
        ("2026-11-01", 1, usd("1.08")),
    ];
    assert_eq!(keys(&report(By::Day)), days);
    assert_eq!(report(By::Month).total.clusters, 1);
    assert_eq!(report(By::Month).total.total, usd("1.8"));
    // The repeated hour in Berlin counts like any other.
    let night = ended("j-2", "2026-10-25T00:00:00", None, "2026-10-25T02:00:00");
    assert_eq!(
        spent(&night, whole, at("2026-12-01T00:00:00")),
        Some(usd("0.72"))
    );
}

#[test]
fn spending_by_day_and_team_adds_up_to_the_report() {
    let mut records = vec![
        ended("j-1", "2026-10-31T22:00:00", None, "2026-11-01T03:00:00"),
        ended("j-2", "2026-11-02T00:00:00", None, "2026-11-02T10:00:00"),
    ];
    records[1].team = "data".parse().ok();
    let days = window("2026-10-31T00:00:00", "2026-11-04T00:00:00");
    let now = at("2026-12-01T00:00:00");
    let spending = Spending::of(&records, days, now);
    let names = ["2026-10-31", "2026-11-01", "2026-11-02", "2026-11-03"];
    assert_eq!(
        (spending.by, &spending.periods[..]),
        (By::Day, &names.map(str::to_owned)[..])
    );
    assert_eq!(spending.sums(), ["0.72", "1.08", "3.6", "0"].map(usd));
    let nobody = ["0.72", "1.08", "0", "0"].map(usd).to_vec();
    assert_eq!(spending.teams[0], (None, nobody));
    assert_eq!(spending.teams[1].0.as_deref(), Some("data"));
    let report = Report::of(&records, By::Team, days, now);
    assert_eq!(spending.sums().into_iter().sum::<Usd>(), report.total.total);
    // A longer window has months, also those without clusters.
    let year = window("2026-01-15T00:00:00", "2027-01-01T00:00:00");
    let spending = Spending::of(&records, year, now);
    assert_eq!((spending.by, spending.periods.len()), (By::Month, 12));
    assert_eq!(spending.sums()[9..], ["0.72", "4.68", "0"].map(usd));
    let dearest = ClusterCost::dearest(&records, days, now, 1);
    let [first] = &dearest[..] else {
        panic!("{dearest:?}")
    };
    assert_eq!((first.id.as_str(), first.total), ("j-2", usd("3.6")));
    assert_eq!(first.split.waste(), usd("3.6"));
}

#[test]
fn a_fleet_has_the_cost_of_its_last_day_and_of_thirty() {
    let now = at("2026-12-01T12:00:00");
    let mut records = vec![
        // Two hours before the thirty days, and three within.
        ended("j-1", "2026-11-01T10:00:00", None, "2026-11-01T15:00:00"),
        // One hour before the last day, and four within.
        ended("j-2", "2026-11-30T11:00:00", None, "2026-11-30T16:00:00"),
        living("j-3", "2026-12-01T02:00:00", Some("2026-12-01T02:06:00")),
    ];
    records[2].team = "data".parse().ok();
    let cost = of_fleet(&records, now);
    assert_eq!(cost.last_day, usd("5.04"));
    assert_eq!(cost.last_month, usd("6.48"));
    assert_eq!(cost.days.len(), 31);
    let amounts = cost.teams.iter().flat_map(|team| &team.by_day);
    assert_eq!(amounts.copied().sum::<Usd>(), cost.last_month);
    let data = cost.teams.last().unwrap();
    assert_eq!(data.team.as_deref(), Some("data"));
    assert_eq!(data.by_day.last(), Some(&usd("3.6")));
    // An unknown price is not zero dollars of a team.
    records[2].rates = None;
    assert_eq!(of_fleet(&records, now).teams.len(), 1);
}

#[test]
fn a_window_has_what_existed_in_it() {
    let record = ended("j-1", "2026-11-01T10:00:00", None, "2026-11-01T11:00:00");
    let now = at("2026-12-01T00:00:00");
    let within = |record: &Record, from: &str, until: &str| {
        let of_day = |time: &str| format!("2026-11-01T{time}");
        record.within(window(&of_day(from), &of_day(until)), now)
    };
    assert!(within(&record, "10:59:59", "12:00:00"));
    assert!(!within(&record, "11:00:00", "12:00:00"));
    assert!(within(&record, "09:00:00", "10:00:01"));
    assert!(!within(&record, "09:00:00", "10:00:00"));
    // It was over as soon as it was created.
    let moment = ended("j-2", "2026-11-01T10:00:00", None, "2026-11-01T10:00:00");
    assert!(within(&moment, "10:00:00", "12:00:00"));
    assert!(!within(&moment, "09:00:00", "10:00:00"));
    // Its first instance came ten minutes after it was created.
    let mut late = record;
    late.instance_spans[0].from = at("2026-11-01T10:10:00");
    assert!(within(&late, "09:00:00", "10:05:00"));
}

#[test]
fn a_cluster_that_ended_at_midnight_is_not_of_the_next_day() {
    let record = ended("j-1", "2026-11-01T10:00:00", None, "2026-11-02T00:00:00");
    let whole = window("2026-11-01T00:00:00", "2026-12-01T00:00:00");
    let now = at("2026-12-01T00:00:00");
    let report = Report::of(std::slice::from_ref(&record), By::Day, whole, now);
    assert_eq!(keys(&report), [("2026-11-01", 1, usd("5.04"))]);
}

#[test]
fn spending_of_a_quarter_is_shown_by_day_and_of_more_by_month() {
    let by = |until: &str| {
        let window = window("2026-01-01T00:00:00", until);
        Spending::of(&[], window, window.until).by
    };
    assert_eq!(by("2026-04-03T00:00:00"), By::Day);
    assert_eq!(by("2026-04-03T00:00:01"), By::Month);
}

#[test]
fn what_was_launched_when_it_was_last_seen_is_charged_for_its_first_minute() {
    let mut record = living("j-1", "2026-11-01T10:00:00", None);
    record
        .instance_spans
        .push(life(Role::Core, 1, "2026-11-01T11:00:00", None));
    record
        .instance_spans
        .push(life(Role::Core, 1, "2026-11-01T11:00:01", None));
    record.seen_at = at("2026-11-01T11:00:00");
    let seen = record.until_last_seen();
    assert_eq!(seen.instance_spans.len(), 2);
    assert!(
        seen.instance_spans
            .iter()
            .all(|span| span.until == Some(seen.seen_at))
    );
}

#[test]
fn the_first_minute_counts_on_the_day_on_which_it_begins() {
    let record = ended("j-1", "2026-11-01T00:00:00", None, "2026-11-01T00:00:10");
    let now = at("2026-11-02T00:00:00");
    let before = window("2026-10-31T00:00:00", "2026-11-01T00:00:00");
    assert_eq!(spent(&record, before, now), Some(Usd::ZERO));
    let day = window("2026-11-01T00:00:00", "2026-11-02T00:00:00");
    assert_eq!(spent(&record, day, now), Some(usd("0.006")));
}

#[test]
fn the_first_minute_is_split_by_the_work_done_in_it() {
    // A cluster of twenty seconds with ten busy seconds is charged for sixty.
    let mut record = ended(
        "j-1",
        "2026-11-01T10:00:00",
        Some("2026-11-01T10:00:05"),
        "2026-11-01T10:00:20",
    );
    record.steps = vec![work(
        StepState::Completed,
        "2026-11-01T10:00:10",
        Some("2026-11-01T10:00:20"),
    )];
    let day = window("2026-11-01T00:00:00", "2026-11-02T00:00:00");
    let now = at("2026-11-01T10:00:20");
    let some = [usd("0.0005"), usd("0.001"), Usd::ZERO, usd("0.0045")];
    assert_eq!(parts(split(&record, day, now).unwrap()), some);
}

#[test]
fn each_dollar_is_in_exactly_one_part() {
    let mut record = ended(
        "j-1",
        "2026-11-01T10:00:00",
        Some("2026-11-01T10:05:00"),
        "2026-11-01T11:00:00",
    );
    let day = window("2026-11-01T00:00:00", "2026-11-02T00:00:00");
    let now = at("2026-11-02T00:00:00");
    let idle = [usd("0.03"), Usd::ZERO, Usd::ZERO, usd("0.33")];
    assert_eq!(parts(split(&record, day, now).unwrap()), idle);
    record.steps = vec![
        work(
            StepState::Completed,
            "2026-11-01T10:05:00",
            Some("2026-11-01T10:25:00"),
        ),
        work(
            StepState::Failed,
            "2026-11-01T10:30:00",
            Some("2026-11-01T10:40:00"),
        ),
        // Two steps at once: time counts as work if one of them succeeds.
        work(
            StepState::Completed,
            "2026-11-01T10:35:00",
            Some("2026-11-01T10:45:00"),
        ),
    ];
    let some = [usd("0.03"), usd("0.18"), usd("0.03"), usd("0.12")];
    assert_eq!(parts(split(&record, day, now).unwrap()), some);
    let part = window("2026-11-01T10:20:00", "2026-11-01T10:32:00");
    let part = parts(split(&record, part, now).unwrap());
    assert_eq!(part, [Usd::ZERO, usd("0.03"), usd("0.012"), usd("0.03")]);
}

#[test]
fn a_resize_costs_from_its_time_on() {
    let mut record = ended(
        "j-1",
        "2026-11-01T10:00:00",
        Some("2026-11-01T10:10:00"),
        "2026-11-01T12:00:00",
    );
    let core = |count, from, until| life(Role::Core, count, from, Some(until));
    record.instance_spans.extend([
        core(1, "2026-11-01T10:00:00", "2026-11-01T12:00:00"),
        core(2, "2026-11-01T11:00:00", "2026-11-01T11:30:00"),
    ]);
    let now = at("2026-11-02T00:00:00");
    let day = window("2026-11-01T00:00:00", "2026-11-02T00:00:00");
    assert_eq!(spent(&record, day, now), Some(usd("2.88")));
    let hour = window("2026-11-01T11:00:00", "2026-11-01T12:00:00");
    assert_eq!(spent(&record, hour, now), Some(usd("1.8")));
    let parts = parts(split(&record, day, now).unwrap());
    assert_eq!(parts, [usd("0.18"), Usd::ZERO, Usd::ZERO, usd("2.7")]);
}

#[test]
fn a_cluster_that_was_never_ready_counts_as_failed() {
    let day = window("2026-11-01T00:00:00", "2026-11-02T00:00:00");
    let now = at("2026-11-01T11:00:00");
    let starting = living("j-1", "2026-11-01T10:50:00", None);
    let starting = parts(split(&starting, day, now).unwrap());
    assert_eq!(starting, [usd("0.06"), Usd::ZERO, Usd::ZERO, Usd::ZERO]);
    let mut failed = ended("j-1", "2026-11-01T10:50:00", None, "2026-11-01T11:00:00");
    failed.state = ClusterState::TerminatedWithErrors;
    let failed = parts(split(&failed, day, now).unwrap());
    assert_eq!(failed, [Usd::ZERO, Usd::ZERO, usd("0.06"), Usd::ZERO]);
}

#[test]
fn a_running_step_counts_as_work_up_to_now() {
    let mut record = living("j-1", "2026-11-01T10:00:00", Some("2026-11-01T10:05:00"));
    record.steps = vec![work(StepState::Running, "2026-11-01T10:10:00", None)];
    let month = window("2026-11-01T00:00:00", "2026-12-01T00:00:00");
    let parts = parts(split(&record, month, at("2026-11-01T11:00:00")).unwrap());
    assert_eq!(parts, [usd("0.03"), usd("0.3"), Usd::ZERO, usd("0.03")]);
}

#[test]
fn rows_are_grouped_by_team_stack_and_owner() {
    let (now, month) = (
        at("2026-11-30T00:00:00"),
        window("2026-11-01T00:00:00", "2026-12-01T00:00:00"),
    );
    let of = |id, hours, stack: &str, team: Option<&str>, owner: Option<&str>| Record {
        stack: stack.parse().unwrap(),
        team: team.map(|team| team.parse().unwrap()),
        owner: owner.map(str::to_owned),
        ..ended(id, "2026-11-05T00:00:00", None, hours)
    };
    let records = [
        of("j-1", "2026-11-05T01:00:00", "a", None, Some("ada@one")),
        of(
            "j-2",
            "2026-11-05T02:00:00",
            "b",
            Some("recsys"),
            Some("ada@one"),
        ),
        of("j-3", "2026-11-05T01:00:00", "a", Some("recsys"), None),
        ended("j-4", "2026-10-05T00:00:00", None, "2026-10-05T01:00:00"),
    ];
    let report = |by| Report::of(&records, by, month, now);
    let teams = [("recsys", 2, usd("1.08")), ("-", 1, usd("0.36"))];
    assert_eq!(keys(&report(By::Team)), teams);
    let stacks = [("a", 2, usd("0.72")), ("b", 1, usd("0.72"))];
    assert_eq!(keys(&report(By::Stack)), stacks);
    let owners = [("ada@one", 2, usd("1.08")), ("-", 1, usd("0.36"))];
    assert_eq!(keys(&report(By::Owner)), owners);
    assert_eq!(report(By::Team).total.total, usd("1.44"));
    assert_eq!(report(By::Team).total.split.waste(), usd("1.44"));
}

#[test]
fn a_cluster_without_a_price_is_listed_and_not_free() {
    let now = at("2026-11-02T00:00:00");
    let all = window("2026-11-01T00:00:00", "2026-11-02T00:00:00");
    let unpriced = Record {
        rates: None,
        ..living("j-2", "2026-11-01T10:00:00", None)
    };
    // Clusters without instance records still existed.
    let untold = Record {
        instance_spans: Vec::new(),
        ..living("j-3", "2026-11-01T10:00:00", Some("2026-11-01T10:10:00"))
    };
    let records = [living("j-1", "2026-11-01T23:00:00", None), unpriced, untold];
    let report = Report::of(&records, By::Stack, all, now);
    assert_eq!(keys(&report), [("movies", 1, usd("0.36"))]);
    let named: Vec<&str> = report.unpriced.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(named, ["j-2", "j-3"]);
    assert_eq!(spent(&records[1], all, now), None);
}

#[test]
fn a_lost_cluster_costs_what_it_had_cost_when_last_seen() {
    let mut record = living("j-1", "2026-11-01T10:00:00", Some("2026-11-01T10:10:00"));
    record.seen_at = at("2026-11-01T11:00:00");
    let (day, now) = (
        window("2026-11-01T00:00:00", "2026-11-02T00:00:00"),
        at("2026-11-01T20:00:00"),
    );
    let cost = |record: &Record| spent(record, day, now);
    assert_eq!(cost(&record), Some(usd("3.6")));
    assert_eq!(cost(&record.clone().until_last_seen()), Some(usd("0.36")));
    let lost = record.lost();
    assert_eq!(cost(&lost), Some(usd("0.36")));
    assert!(lost.is_final());
    assert_eq!(lost.end.unwrap().reason, EndReason::Lost);
}

#[test]
fn a_released_cluster_costs_nothing_more_and_may_be_adopted_again() {
    let mut record = living("j-1", "2026-11-01T10:00:00", Some("2026-11-01T10:10:00"));
    record.seen_at = at("2026-11-01T11:00:00");
    let (day, now) = (
        window("2026-11-01T00:00:00", "2026-11-02T00:00:00"),
        at("2026-11-01T20:00:00"),
    );
    let released = record.released();
    assert_eq!(spent(&released, day, now), Some(usd("0.36")));
    assert!(released.is_released() && !released.is_final());
    assert_eq!(released.state, ClusterState::Terminated);
    // One that had ended by then keeps its end.
    let over = ended("j-2", "2026-11-01T10:00:00", None, "2026-11-01T10:30:00");
    let over = Record {
        end: Some(End::asked("by hand")),
        ..over
    };
    assert_eq!(over.clone().released(), over);
}

#[test]
fn the_expected_duration_is_that_of_the_last_runs() {
    let run = |number: u32, day: u32, minutes: u32| {
        ended(
            &format!("j-{number}"),
            &format!("2026-11-{day:02}T10:00:00"),
            None,
            &format!("2026-11-{day:02}T10:{minutes:02}:00"),
        )
    };
    let stack = "movies".parse().unwrap();
    assert_eq!(expected(&[], &stack), None);
    let mut records = vec![run(1, 1, 10)];
    let minutes = |minutes: u64| Some(Span::from_secs(60 * minutes));
    assert_eq!(expected(&records, &stack), minutes(10));
    records.push(run(2, 2, 20));
    assert_eq!(expected(&records, &stack), minutes(15));
    let mut other = run(3, 3, 50);
    other.end.as_mut().unwrap().reason = EndReason::IdleTimeout;
    records.push(other);
    assert_eq!(expected(&records, &stack), minutes(15));
    // Only the last ten count.
    records.extend((4..14).map(|day| run(day, day, 30 + day)));
    assert_eq!(
        expected(&records, &stack),
        Some(Span::from_secs(38 * 60 + 30))
    );
    assert_eq!(expected(&records, &"others".parse().unwrap()), None);
}
