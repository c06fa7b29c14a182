//! Quiet periods: since when nothing has run in YARN, as far as CloudWatch was read. Each reading
//! covers some hours; earlier results are remembered, so that a period does not begin anew with
//! each reading.

use crate::model::fleet::MetricSample;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// EMR sends its metrics every five minutes (EMR Management Guide, "Monitoring Amazon EMR metrics
/// with CloudWatch"); if three points are missing, the state is unknown.
pub(super) const GAP: TimeDelta = TimeDelta::minutes(15);
pub(super) const PERIOD: TimeDelta = TimeDelta::minutes(5);

/// A period in which nothing ran on a cluster, without a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuietPeriod {
    /// When it began.
    pub since: DateTime<Utc>,
    /// Whether it may have begun earlier, because nothing is known of the time before.
    pub at_least: bool,
    /// The last point that shows it.
    pub until: DateTime<Utc>,
}

pub(super) const fn works(metric_sample: &MetricSample) -> bool {
    metric_sample.apps > 0 || metric_sample.containers > 0
}

/// When the last work in the points ended: a point has the start time of its five minutes.
pub(super) fn worked_until(metric_samples: &[MetricSample]) -> Option<DateTime<Utc>> {
    let last = metric_samples
        .iter()
        .rev()
        .find(|metric_sample| works(metric_sample));
    last.map(|metric_sample| metric_sample.at + PERIOD)
}

/// The quiet period up to the last point, which shows no work; `since` is when the cluster's start
/// and steps were over, `before` the period known from earlier readings.
pub(super) fn of(
    now: DateTime<Utc>,
    since: DateTime<Utc>,
    metric_samples: &[MetricSample],
    before: Option<QuietPeriod>,
) -> Option<QuietPeriod> {
    let until = metric_samples.last()?.at;
    let worked = worked_until(metric_samples);
    let over = worked.map_or(since, |at| at.min(now).max(since));
    let quiet_since = shown_since(metric_samples).unwrap_or(until);
    // Nothing is known of the time before the first point, except the minutes until EMR sends it.
    if quiet_since - over <= GAP {
        let at_least = false;
        return Some(QuietPeriod {
            since: over,
            at_least,
            until,
        });
    }
    let goes_on = |quiet_period: &QuietPeriod| {
        let met = quiet_period.since <= quiet_since && quiet_since - quiet_period.until <= GAP;
        met && worked.is_none_or(|at| at <= quiet_period.since)
    };
    Some(match before.filter(goes_on) {
        Some(quiet_period) if quiet_period.since > since => QuietPeriod {
            until,
            ..quiet_period
        },
        Some(_) => QuietPeriod {
            since,
            at_least: false,
            until,
        },
        None => QuietPeriod {
            since: quiet_since,
            at_least: true,
            until,
        },
    })
}

/// Since when the points show, without a gap, that nothing runs.
fn shown_since(metric_samples: &[MetricSample]) -> Option<DateTime<Utc>> {
    let mut quiet_since: Option<DateTime<Utc>> = None;
    for metric_sample in metric_samples.iter().rev() {
        if works(metric_sample) || quiet_since.is_some_and(|at| at - metric_sample.at > GAP) {
            break;
        }
        quiet_since = Some(metric_sample.at);
    }
    quiet_since
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    fn points(from: i64, until: i64, works: impl Fn(i64) -> bool) -> Vec<MetricSample> {
        let times = (from..=until).filter(|minute| minute % 5 == 0);
        let metric_sample = |minute: i64| MetricSample {
            at: at(minute),
            apps: u64::from(works(minute)),
            containers: 0,
            done: None,
        };
        times.map(metric_sample).collect()
    }

    #[test]
    fn quiet_is_remembered_beyond_what_an_answer_reaches_back() {
        let mut known = None;
        for now in (180..3_000).step_by(5) {
            let quiet_period = of(at(now), at(0), &points(now - 180, now, |_| false), known);
            known = quiet_period;
            let quiet_period = quiet_period.unwrap();
            // Ready at 0, so that the first reading covers everything.
            assert_eq!(
                (quiet_period.since, quiet_period.at_least),
                (at(0), false),
                "{now}"
            );
        }
        // A reading that begins late covers a part, and with time only its own.
        let mut known = None;
        for now in (1_000..3_000).step_by(60) {
            known = of(at(now), at(0), &points(now - 180, now, |_| false), known);
            let quiet_period = known.unwrap();
            assert_eq!(
                (quiet_period.since, quiet_period.at_least),
                (at(820), true),
                "{now}"
            );
        }
    }

    #[test]
    fn work_a_gap_and_a_step_end_what_was_remembered() {
        let before = Some(QuietPeriod {
            since: at(100),
            at_least: false,
            until: at(1_000),
        });
        let now = at(1_180);
        let quiet_period = |metric_samples: &[MetricSample], since| {
            of(now, since, metric_samples, before).unwrap()
        };
        let all = points(1_000, 1_180, |_| false);
        assert_eq!(quiet_period(&all, at(0)).since, at(100));
        // It worked in between.
        let worked = quiet_period(&points(1_000, 1_180, |minute| minute == 1_050), at(0));
        assert_eq!((worked.since, worked.at_least), (at(1_055), false));
        // Points are missing in between.
        let hole = quiet_period(&points(1_020, 1_180, |_| false), at(0));
        assert_eq!((hole.since, hole.at_least), (at(1_020), true));
        let mut worked_then_hole = points(1_000, 1_180, |minute| minute == 1_010);
        worked_then_hole
            .retain(|metric_sample| metric_sample.at <= at(1_010) || metric_sample.at >= at(1_100));
        let hole = quiet_period(&worked_then_hole, at(0));
        assert_eq!((hole.since, hole.at_least), (at(1_100), true));
        // A step ended since.
        assert_eq!(quiet_period(&all, at(900)).since, at(900));
        assert_eq!(quiet_period(&all, at(1_170)).since, at(1_170));
    }

    #[test]
    fn up_to_two_missing_points_are_no_gap() {
        let quiet = |from: &[i64], since, before| {
            let points: Vec<_> = from
                .iter()
                .flat_map(|at| points(*at, *at, |_| false))
                .collect();
            let period = of(at(2_000), at(since), &points, before).unwrap();
            (period.since, period.at_least)
        };
        // Between the end of the last step and the first point, and between points.
        assert_eq!(quiet(&[15, 30], 0, None), (at(0), false));
        assert_eq!(quiet(&[20, 30], 0, None), (at(20), true));
        assert_eq!(quiet(&[100, 115, 130], 0, None), (at(100), true));
        assert_eq!(quiet(&[100, 120, 130], 0, None), (at(120), true));
        // Between what was remembered and the first point.
        let known = |since, at_least| {
            Some(QuietPeriod {
                since: at(since),
                at_least,
                until: at(1_000),
            })
        };
        assert_eq!(quiet(&[1_015], 0, known(100, false)), (at(100), false));
        assert_eq!(quiet(&[1_020], 0, known(100, false)), (at(1_020), true));
        assert_eq!(quiet(&[1_000], 0, known(1_000, false)), (at(1_000), false));
        // Work before what was remembered does not end it.
        let after_work = |at_work: i64| {
            let mut all = points(at_work, at_work, |_| true);
            all.extend(points(1_000, 1_010, |_| false));
            of(at(2_000), at(0), &all, known(100, false)).unwrap().since
        };
        assert_eq!(after_work(95), at(100));
        assert_eq!(after_work(100), at(1_000));
        // It cannot be longer than since the last step.
        assert_eq!(quiet(&[1_015], 99, known(100, true)), (at(100), true));
        assert_eq!(quiet(&[1_015], 100, known(100, true)), (at(100), false));
    }

    proptest! {
        /// However readings are cut, no cluster counts as quiet while it worked.
        #[test]
        fn quiet_never_covers_work(
            works in proptest::collection::vec(proptest::bool::weighted(0.02), 300),
            missing in proptest::collection::vec(proptest::bool::weighted(0.1), 300),
            asks in proptest::collection::vec(1_i64..80, 1..30),
        ) {
            let of_minute = |list: &[bool], minute: i64| {
                let place = usize::try_from(minute / 5).unwrap_or(usize::MAX);
                list.get(place).copied().unwrap_or(false)
            };
            let mut now = 0;
            let mut known = None;
            for wait in asks {
                now = (now + wait * 5).min(1_495);
                let mut quiet_since = points((now - 180).max(0), now, |minute| of_minute(&works, minute));
                quiet_since.retain(|metric_sample| !of_minute(&missing, (metric_sample.at - at(0)).num_minutes()));
                if quiet_since.last().is_none_or(super::works) {
                    continue;
                }
                known = of(at(now), at(0), &quiet_since, known);
                let quiet_period = known.unwrap();
                let seen = |minute: i64| of_minute(&works, minute) && !of_minute(&missing, minute);
                for minute in (0..=now).step_by(5).filter(|minute| seen(*minute)) {
                    let within = at(minute) >= quiet_period.since && at(minute) <= quiet_period.until;
                    // Some work is shown only by points that were not read in time.
                    let asked = quiet_since.iter().any(|metric_sample| metric_sample.at == at(minute));
                    prop_assert!(!(within && asked), "{minute} {quiet_period:?}");
                }
            }
        }
    }
}
