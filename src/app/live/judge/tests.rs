//! Each belief is judged by what was seen of it, and by nothing that was not.

use super::super::seen::{Left, Report};
use super::*;
use crate::cloud::{ConditionalWrites, DescribedCluster};
use crate::model::observed::ClusterState;
use Verdict::{False, NotSeen, True};

fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
}

/// A cluster that was requested at 0, ready at 6 and over at `ended`.
fn life(code: &str, message: &str, deadline: i64, ended: i64) -> Life {
    Life {
        id: None,
        cost: None,
        requested: (at(0), at(1)),
        described: Some(DescribedCluster {
            state: ClusterState::Terminated,
            reason: Some(code.to_owned()),
            message: Some(message.to_owned()),
            created_at: at(0),
            ready_at: Some(at(6)),
            ended_at: Some(at(ended)),
            has_tags: true,
        }),
        deadline: Some(at(deadline)),
        looks_after: 10,
    }
}

fn good() -> Seen {
    let lines = SENT.map(|argument| hex(argument.as_bytes()) + "\n");
    Seen {
        now: at(60),
        lives: [
            (Kind::Job, life("ALL_STEPS_COMPLETED", "", 45, 22)),
            (Kind::Schedule, life("USER_REQUEST", "", 25, 26)),
            (Kind::PowerOff, life("INSTANCE_FAILURE", "", 15, 22)),
        ]
        .into(),
        report: Some(Report {
            text: Some(lines.concat()),
            is_outside: false,
        }),
        writes: Some(ConditionalWrites {
            absent_refused: true,
            outdated_refused: true,
            unchanged_written: true,
        }),
        listed: Some((true, TimeDelta::seconds(3))),
        repeated: Some(2),
        tagged_after: Some(TimeDelta::seconds(4)),
        moved_at: Some(at(7)),
        read_after: Some(TimeDelta::seconds(70)),
        busy: Some((StepState::Completed, Some(at(15)))),
        measured_after: Some(TimeDelta::minutes(5)),
        logged_after: Some(TimeDelta::minutes(4)),
        is_fired_left: Some(false),
        left: Some(Left::default()),
    }
}

fn verdict(belief: Belief, change: impl FnOnce(&mut Seen)) -> Verdict {
    let mut seen = good();
    change(&mut seen);
    one(belief, &seen).verdict
}

fn described(seen: &mut Seen, kind: Kind) -> &mut DescribedCluster {
    seen.lives
        .get_mut(&kind)
        .unwrap()
        .described
        .as_mut()
        .unwrap()
}

fn end_by(seen: &mut Seen, kind: Kind, code: &str, ended: i64) {
    let described = described(seen, kind);
    described.reason = Some(code.to_owned());
    described.ended_at = Some(at(ended));
}

#[test]
fn what_is_as_believed_is_true_and_what_was_not_seen_is_not_judged() {
    for checked in all(&good()) {
        assert_eq!(checked.verdict, True, "{checked:?}");
        assert!(checked.documented.len() <= 60, "{checked:?}");
    }
    for checked in all(&Seen::default()) {
        assert_eq!(checked.verdict, NotSeen, "{checked:?}");
    }
}

#[test]
fn what_is_measured_is_a_number_and_the_words_say_it() {
    let expected = [
        (Belief::ClusterTimes, 360),
        (Belief::ClusterTags, 4),
        (Belief::NewCluster, 3),
        (Belief::MovedDeadline, 70),
        (Belief::IdlePolicy, 420),
        (Belief::Schedule, 120),
        (Belief::PowerOff, 120),
        (Belief::Metrics, 300),
        (Belief::StepLogs, 240),
    ];
    let all = all(&good());
    let measured = all.iter().filter_map(|it| Some((it.belief, it.measured?)));
    let measured: Vec<_> = measured.map(|(it, time)| (it, time.as_secs())).collect();
    assert_eq!(measured, expected);
    for Checked {
        measures,
        measured,
        seen,
        ..
    } in all
    {
        assert_eq!(measures.is_some(), measured.is_some(), "{seen}");
        let words = measured.map(|it| it.to_string()).unwrap_or_default();
        assert!(seen.contains(&words), "{words}: {seen}");
    }
}

#[test]
fn a_time_is_measured_only_of_what_came_and_is_never_negative() {
    let of = |belief, change: fn(&mut Seen)| {
        let mut seen = good();
        change(&mut seen);
        one(belief, &seen).measured.map(Span::as_secs)
    };
    let late = |seen: &mut Seen| seen.measured_after = Some(TimeDelta::minutes(16));
    assert_eq!(of(Belief::Metrics, late), Some(960));
    let early = |seen: &mut Seen| seen.measured_after = Some(TimeDelta::minutes(-1));
    assert_eq!(of(Belief::Metrics, early), Some(0));
    let by_request = |seen: &mut Seen| end_by(seen, Kind::PowerOff, "USER_REQUEST", 22);
    assert_eq!(of(Belief::PowerOff, by_request), None);
    let by_power_off = |seen: &mut Seen| end_by(seen, Kind::Schedule, "INSTANCE_FAILURE", 31);
    assert_eq!(of(Belief::Schedule, by_power_off), None);
}

#[test]
fn arguments_that_were_split_dropped_or_changed_are_false() {
    let report = |text: &str| {
        Some(Report {
            text: Some(text.to_owned()),
            is_outside: false,
        })
    };
    let whole = good().report.unwrap().text.unwrap();
    for text in [
        whole.replacen('\n', "", 1),
        whole.replace("2a", "2b"),
        format!("{whole}61\n"),
        String::new(),
    ] {
        assert_eq!(
            verdict(Belief::Arguments, |it| it.report = report(&text)),
            False,
            "{text}"
        );
    }
    let nothing = |seen: &mut Seen| seen.report.as_mut().unwrap().text = None;
    assert_eq!(verdict(Belief::Arguments, nothing), NotSeen);
    assert_eq!(verdict(Belief::WorkFolder, nothing), False);
    assert_eq!(verdict(Belief::BucketPolicy, nothing), NotSeen);
    let outside = |seen: &mut Seen| seen.report.as_mut().unwrap().is_outside = true;
    assert_eq!(verdict(Belief::BucketPolicy, outside), False);
}

#[test]
fn a_schedule_is_told_from_the_power_off_and_from_an_earlier_end() {
    let so = |code: &'static str, ended| {
        verdict(Belief::Schedule, move |seen| {
            end_by(seen, Kind::Schedule, code, ended);
        })
    };
    assert_eq!(so("USER_REQUEST", 45), True);
    assert_eq!(so("STEP_FAILURE", 25), True);
    assert_eq!(so("INSTANCE_FAILURE", 31), False);
    assert_eq!(so("ALL_STEPS_COMPLETED", 20), NotSeen);
}

#[test]
fn a_power_off_is_told_from_what_else_ends_the_cluster() {
    let so = |code: &'static str, ended| {
        verdict(Belief::PowerOff, move |seen| {
            end_by(seen, Kind::PowerOff, code, ended);
        })
    };
    assert_eq!(so("INTERNAL_ERROR", 30), True);
    assert_eq!(so("BOOTSTRAP_FAILURE", 21), True);
    assert_eq!(so("USER_REQUEST", 21), False);
    assert_eq!(so("ALL_STEPS_COMPLETED", 38), False);
    assert_eq!(so("ALL_STEPS_COMPLETED", 12), NotSeen);
    let lives = |minutes| {
        verdict(Belief::PowerOff, move |seen| {
            described(seen, Kind::PowerOff).state = ClusterState::Running;
            seen.now = at(minutes);
        })
    };
    assert_eq!(lives(30), NotSeen);
    assert_eq!(lives(41), False);
}

#[test]
fn reasons_count_for_the_ends_that_a_safeguard_caused() {
    let so = |code: &'static str, ended| {
        verdict(Belief::EndReasons, move |seen| {
            end_by(seen, Kind::PowerOff, code, ended);
        })
    };
    assert_eq!(so("BOOTSTRAP_FAILURE", 21), False);
    assert_eq!(so("INTERNAL_ERROR", 21), True);
    // The power-off did not end it: its reason says nothing about power-offs.
    assert_eq!(so("ALL_STEPS_COMPLETED", 38), True);
}

#[test]
fn an_idle_policy_must_spare_the_busy_and_end_the_idle() {
    let interrupted = |seen: &mut Seen| seen.busy = Some((StepState::Interrupted, Some(at(12))));
    assert_eq!(verdict(Belief::BusyStep, interrupted), False);
    let failed = |seen: &mut Seen| seen.busy = Some((StepState::Failed, Some(at(12))));
    assert_eq!(verdict(Belief::BusyStep, failed), NotSeen);
    let by_schedule = |seen: &mut Seen| end_by(seen, Kind::Job, "USER_REQUEST", 45);
    assert_eq!(verdict(Belief::IdlePolicy, by_schedule), False);
}

#[test]
fn what_did_not_come_in_time_is_false() {
    type Check = (Belief, fn(&mut Seen));
    let checks: [Check; 9] = [
        (Belief::Metrics, |it| it.measured_after = None),
        (Belief::Metrics, |it| {
            it.measured_after = Some(TimeDelta::minutes(16));
        }),
        (Belief::NewCluster, |it| {
            it.listed = Some((false, TimeDelta::seconds(91)));
        }),
        (Belief::StepLogs, |it| it.logged_after = None),
        (Belief::ClusterTags, |it| it.tagged_after = None),
        (Belief::ClusterTags, |it| {
            described(it, Kind::Job).has_tags = false;
        }),
        (Belief::MovedDeadline, |it| it.read_after = None),
        (Belief::FiredSchedule, |it| it.is_fired_left = Some(true)),
        (Belief::NothingLeft, |it| {
            it.left.as_mut().unwrap().kinds.insert("objects");
        }),
    ];
    for (belief, change) in checks {
        assert_eq!(verdict(belief, change), False, "{belief:?}");
    }
    let early = |seen: &mut Seen| {
        seen.logged_after = None;
        seen.lives.get_mut(&Kind::Job).unwrap().looks_after = 9;
    };
    assert_eq!(verdict(Belief::StepLogs, early), NotSeen);
}

#[test]
fn a_cluster_that_was_not_listed_while_it_lived_is_false_if_it_lived_long_enough() {
    let lived = |seconds| {
        verdict(Belief::NewCluster, move |seen| {
            seen.listed = Some((false, TimeDelta::seconds(5)));
            let ended_at = at(0) + TimeDelta::seconds(seconds);
            described(seen, Kind::Job).ended_at = Some(ended_at);
        })
    };
    assert_eq!(lived(90), NotSeen);
    assert_eq!(lived(91), False);
    let lives = verdict(Belief::NewCluster, |seen| {
        seen.listed = Some((false, TimeDelta::seconds(5)));
        described(seen, Kind::Job).state = ClusterState::Running;
    });
    assert_eq!(lives, NotSeen);
}

#[test]
fn times_must_be_those_of_the_request_and_in_order() {
    let checks: [fn(&mut DescribedCluster); 4] = [
        |it| it.created_at = at(-3),
        |it| it.created_at = at(4),
        |it| it.ready_at = Some(at(-1)),
        |it| it.ended_at = None,
    ];
    for change in checks {
        let changed = |seen: &mut Seen| change(described(seen, Kind::Job));
        assert_eq!(verdict(Belief::ClusterTimes, changed), False);
    }
}

#[test]
fn a_reason_from_outside_is_shown_only_in_the_form_of_a_code() {
    for bad in [
        "",
        "arn:aws:iam::123456789012:role/x",
        "x\u{1b}[2J",
        &"A".repeat(41),
    ] {
        assert_eq!(code(&life(bad, "", 1, 1)), "no code", "{bad:?}");
    }
}
