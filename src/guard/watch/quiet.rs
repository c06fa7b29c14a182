//! Since when nothing ran in YARN, as far as CloudWatch was asked. Points are asked for some hours
//! at a time; what earlier answers showed is remembered, so that quiet does not begin anew with
//! each answer.

use crate::model::fleet::Pulse;
use chrono::{DateTime, TimeDelta, Utc};

/// EMR sends its metrics every five minutes (EMR Management Guide, "Monitoring Amazon EMR metrics
/// with CloudWatch"); of three that are missing, nothing more is known.
pub(super) const GAP: TimeDelta = TimeDelta::minutes(15);
pub(super) const PERIOD: TimeDelta = TimeDelta::minutes(5);

/// A time of a cluster in which nothing ran, without a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quiet {
    pub since: DateTime<Utc>,
    /// Whether it is only known from then on: what was before, nobody has seen.
    pub at_least: bool,
    /// The last point that shows it.
    pub until: DateTime<Utc>,
}

pub(super) const fn works(pulse: &Pulse) -> bool {
    pulse.apps > 0 || pulse.containers > 0
}

/// When the last work that points show was over: a point has the time at which its five minutes
/// began.
pub(super) fn worked_until(pulses: &[Pulse]) -> Option<DateTime<Utc>> {
    let last = pulses.iter().rev().find(|pulse| works(pulse));
    last.map(|pulse| pulse.at + PERIOD)
}

/// Quiet up to the last point, which shows no work; `since` is when the cluster's steps and its
/// start were over, `before` what was known of an earlier time.
pub(super) fn of(
    now: DateTime<Utc>,
    since: DateTime<Utc>,
    pulses: &[Pulse],
    before: Option<Quiet>,
) -> Option<Quiet> {
    let until = pulses.last()?.at;
    let worked = worked_until(pulses);
    let over = worked.map_or(since, |at| at.min(now).max(since));
    let shown = shown_since(pulses).unwrap_or(until);
    // Of what lies before the first point nobody knows, but for the minutes until EMR sends it.
    if shown - over <= GAP {
        let at_least = false;
        return Some(Quiet {
            since: over,
            at_least,
            until,
        });
    }
    let goes_on = |quiet: &Quiet| {
        let met = quiet.since <= shown && shown - quiet.until <= GAP;
        met && worked.is_none_or(|at| at <= quiet.since)
    };
    Some(match before.filter(goes_on) {
        Some(quiet) if quiet.since >= since => Quiet { until, ..quiet },
        Some(_) => Quiet {
            since,
            at_least: false,
            until,
        },
        None => Quiet {
            since: shown,
            at_least: true,
            until,
        },
    })
}

/// From when on, without a gap, points say that nothing ran.
fn shown_since(pulses: &[Pulse]) -> Option<DateTime<Utc>> {
    let mut shown: Option<DateTime<Utc>> = None;
    for pulse in pulses.iter().rev() {
        if works(pulse) || shown.is_some_and(|at| at - pulse.at > GAP) {
            break;
        }
        shown = Some(pulse.at);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    fn points(from: i64, until: i64, works: impl Fn(i64) -> bool) -> Vec<Pulse> {
        let times = (from..=until).filter(|minute| minute % 5 == 0);
        let pulse = |minute: i64| Pulse {
            at: at(minute),
            apps: u64::from(works(minute)),
            containers: 0,
            done: None,
        };
        times.map(pulse).collect()
    }

    #[test]
    fn quiet_is_remembered_beyond_what_an_answer_reaches_back() {
        let mut known = None;
        for now in (180..3_000).step_by(5) {
            let quiet = of(at(now), at(0), &points(now - 180, now, |_| false), known);
            known = quiet;
            let quiet = quiet.unwrap();
            // Ready at 0, so that the first answer knows it all.
            assert_eq!((quiet.since, quiet.at_least), (at(0), false), "{now}");
        }
        // One that begins late knows a part, and no more with time but its own.
        let mut known = None;
        for now in (1_000..3_000).step_by(60) {
            known = of(at(now), at(0), &points(now - 180, now, |_| false), known);
            let quiet = known.unwrap();
            assert_eq!((quiet.since, quiet.at_least), (at(820), true), "{now}");
        }
    }

    #[test]
    fn work_a_gap_and_a_step_end_what_was_remembered() {
        let before = Some(Quiet {
            since: at(100),
            at_least: false,
            until: at(1_000),
        });
        let now = at(1_180);
        let quiet = |pulses: &[Pulse], since| of(now, since, pulses, before).unwrap();
        let all = points(1_000, 1_180, |_| false);
        assert_eq!(quiet(&all, at(0)).since, at(100));
        // It worked between.
        let worked = quiet(&points(1_000, 1_180, |minute| minute == 1_050), at(0));
        assert_eq!((worked.since, worked.at_least), (at(1_055), false));
        // Points are missing between.
        let hole = quiet(&points(1_020, 1_180, |_| false), at(0));
        assert_eq!((hole.since, hole.at_least), (at(1_020), true));
        let mut worked_then_hole = points(1_000, 1_180, |minute| minute == 1_010);
        worked_then_hole.retain(|pulse| pulse.at <= at(1_010) || pulse.at >= at(1_100));
        let hole = quiet(&worked_then_hole, at(0));
        assert_eq!((hole.since, hole.at_least), (at(1_100), true));
        // A step ended since.
        assert_eq!(quiet(&all, at(900)).since, at(900));
        assert_eq!(quiet(&all, at(1_170)).since, at(1_170));
    }

    proptest! {
        /// However answers are cut, nobody is said to have been quiet while it worked.
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
            let (mut now, mut known) = (0, None);
            for wait in asks {
                now = (now + wait * 5).min(1_495);
                let mut shown = points((now - 180).max(0), now, |minute| of_minute(&works, minute));
                shown.retain(|pulse| !of_minute(&missing, (pulse.at - at(0)).num_minutes()));
                if shown.last().is_none_or(super::works) {
                    continue;
                }
                known = of(at(now), at(0), &shown, known);
                let quiet = known.unwrap();
                let seen = |minute: i64| of_minute(&works, minute) && !of_minute(&missing, minute);
                for minute in (0..=now).step_by(5).filter(|minute| seen(*minute)) {
                    let within = at(minute) >= quiet.since && at(minute) <= quiet.until;
                    // Some work is shown by points that nobody asked for in time.
                    let asked = shown.iter().any(|pulse| pulse.at == at(minute));
                    prop_assert!(!(within && asked), "{minute} {quiet:?}");
                }
            }
        }
    }
}
