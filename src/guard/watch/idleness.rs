//! Whether a cluster is idle, and the evidence. Unreadable data never counts as idleness.

use super::quiet_period::{GAP, QuietPeriod};
use super::{WatchInput, asks, hidden, quiet_period, wants_pulses};
use crate::guard::idle;
use crate::model::fleet::{MetricSample, Reading, Seen};
use crate::model::observed::{ClusterState, StepState};
use crate::model::place::Place;
use crate::model::span::Span;
use chrono::{DateTime, TimeDelta, Utc};

/// The maximum age of the last point: the last reading may be five minutes old.
pub(super) const FRESH: TimeDelta = TimeDelta::minutes(20);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Idleness {
    Busy(String),
    Since(Since),
    /// Something could not be read.
    Unknown(String),
    /// Everything was read, but an application's work does not show.
    Hidden(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Since {
    pub(super) at: DateTime<Utc>,
    /// Whether it may be longer, because nothing is known of the time before.
    pub(super) at_least: bool,
    /// The period to remember, if CloudWatch showed it.
    pub(super) quiet_period: Option<QuietPeriod>,
    evidence: String,
}

impl Idleness {
    pub(super) const fn since(&self) -> Option<&Since> {
        match self {
            Self::Since(since) => Some(since),
            Self::Busy(_) | Self::Unknown(_) | Self::Hidden(_) => None,
        }
    }

    pub(super) fn unknown(&self) -> Option<&str> {
        match self {
            Self::Unknown(why) => Some(why),
            Self::Busy(_) | Self::Since(..) | Self::Hidden(_) => None,
        }
    }

    /// Why idleness cannot be decided, if it cannot.
    pub(super) fn undecided(&self) -> Option<&str> {
        match self {
            Self::Unknown(why) | Self::Hidden(why) => Some(why),
            Self::Busy(_) | Self::Since(..) => None,
        }
    }

    pub(super) fn evidence(&self) -> &str {
        match self {
            Self::Since(since) => &since.evidence,
            Self::Busy(evidence) | Self::Unknown(evidence) | Self::Hidden(evidence) => evidence,
        }
    }
}

/// Idle since the latest of the ready time, every step's start and end, and the last work in YARN:
/// a shell, a notebook or Livy runs without a step.
pub(super) fn of(now: DateTime<Utc>, watched: &WatchInput<'_>) -> Idleness {
    let snapshot = watched.snapshot;
    let Some(ready) = snapshot.ready_at() else {
        return Idleness::Busy("it is not ready yet".to_owned());
    };
    let steps = match &snapshot.seen {
        Seen::Listed { worked_at } => return by_listing(now, ready, *worked_at, watched),
        Seen::Described { steps } => steps,
    };
    let steps = match steps {
        Reading::Read(steps) => steps,
        Reading::Unread(why) => {
            return Idleness::Unknown(format!("its steps cannot be read: {why}"));
        }
    };
    if let Some(step) = steps.iter().find(|step| step.state == StepState::Running) {
        return Idleness::Busy(format!("step {} runs", step.name));
    }
    let since = idle::latest(ready, steps);
    if snapshot.place == Place::Local {
        return by_steps(now, since);
    }
    // The description may be newer than the list of steps.
    if snapshot.state() == ClusterState::Running {
        return Idleness::Busy("EMR reports that a step runs".to_owned());
    }
    if let Some(why) = hidden::evidence(watched) {
        return Idleness::Hidden(why);
    }
    by_metrics(now, since, watched)
}

/// The idleness of a cluster that was only listed. RUNNING means that a step runs, WAITING that none
/// does (EMR Management Guide, "Understanding the cluster lifecycle"). Until the metrics are needed, it
/// counts as busy: it may have worked since it was ready.
fn by_listing(
    now: DateTime<Utc>,
    ready: DateTime<Utc>,
    worked_at: Option<DateTime<Utc>>,
    watched: &WatchInput<'_>,
) -> Idleness {
    if watched.snapshot.state() == ClusterState::Running {
        return Idleness::Busy("a step runs".to_owned());
    }
    if let Some(why) = hidden::evidence(watched) {
        return Idleness::Hidden(why);
    }
    let since = worked_at.map_or(ready, |at| at.max(ready));
    if wants_pulses(now, watched) {
        return by_metrics(now, since, watched);
    }
    let metric_samples = watched.metric_samples.and_then(Reading::read);
    let mut metric_samples = metric_samples.into_iter().flatten().rev();
    match metric_samples.find(|metric_sample| quiet_period::works(metric_sample)) {
        Some(metric_sample) if metric_sample.at + quiet_period::PERIOD > since => {
            worked(metric_sample, "had")
        }
        Some(_) | None => {
            let passed = Span::from_delta(now.signed_duration_since(since));
            Idleness::Busy(format!("it waits, and worked or became ready {passed} ago"))
        }
    }
}

fn by_metrics(now: DateTime<Utc>, since: DateTime<Utc>, watched: &WatchInput<'_>) -> Idleness {
    match watched.metric_samples {
        // Steps alone never end a cluster; the metrics have to be read as well.
        None if wants_pulses(now, watched) => {
            Idleness::Unknown("its metrics were not read".to_owned())
        }
        None => by_steps(now, since),
        Some(Reading::Unread(why)) => {
            Idleness::Unknown(format!("its metrics cannot be read: {why}"))
        }
        Some(Reading::Read(metric_samples)) => by_pulses(now, since, metric_samples, watched),
    }
}

fn by_steps(now: DateTime<Utc>, since: DateTime<Utc>) -> Idleness {
    Idleness::Since(Since {
        at: since,
        at_least: false,
        quiet_period: None,
        evidence: evidence(now, since, false),
    })
}

/// Two recent points in a row without work show that nothing runs.
fn by_pulses(
    now: DateTime<Utc>,
    since: DateTime<Utc>,
    metric_samples: &[MetricSample],
    watched: &WatchInput<'_>,
) -> Idleness {
    let fresh = asks::fresh(now, watched);
    let (before, last) = match metric_samples {
        [.., before, last] if now - last.at <= fresh && last.at - before.at <= GAP => {
            (before, last)
        }
        _ if !wants_pulses(now, watched) => return read_before(now, since, metric_samples),
        [.., last] if metric_samples.len() > 1 => {
            let at = last.at.format("%H:%M UTC");
            return Idleness::Unknown(format!("CloudWatch's newest data point is from {at}"));
        }
        _ => return Idleness::Unknown("CloudWatch has fewer than two data points".to_owned()),
    };
    if let Some(at_work) = [last, before]
        .into_iter()
        .find(|metric_sample| quiet_period::works(metric_sample))
    {
        return worked(at_work, "has");
    }
    match quiet_period::of(now, since, metric_samples, watched.quiet_period) {
        Some(quiet_period) => Idleness::Since(Since {
            at: quiet_period.since,
            at_least: quiet_period.at_least,
            quiet_period: Some(quiet_period),
            evidence: evidence(now, quiet_period.since, quiet_period.at_least),
        }),
        None => Idleness::Unknown("CloudWatch has no data points".to_owned()),
    }
}

/// Uses an old reading for a cluster that cannot have been idle for long enough since.
fn read_before(
    now: DateTime<Utc>,
    since: DateTime<Utc>,
    metric_samples: &[MetricSample],
) -> Idleness {
    let last = metric_samples
        .iter()
        .rev()
        .find(|metric_sample| quiet_period::works(metric_sample));
    match last.filter(|metric_sample| metric_sample.at + quiet_period::PERIOD > since) {
        Some(metric_sample) => worked(metric_sample, "had"),
        None => by_steps(now, since),
    }
}

fn worked(metric_sample: &MetricSample, verb: &str) -> Idleness {
    let apps = metric_sample.apps;
    let containers = metric_sample.containers;
    let at = metric_sample.at.format("%H:%M UTC");
    Idleness::Busy(format!(
        "YARN {verb} {apps} applications and {containers} containers at {at}"
    ))
}

fn evidence(now: DateTime<Utc>, since: DateTime<Utc>, at_least: bool) -> String {
    let idle = now.signed_duration_since(since);
    let passed = Span::from_delta(idle);
    let before = if at_least { "before " } else { "" };
    let qualifier = if at_least { "at least " } else { "" };
    let at = if idle < TimeDelta::hours(24) {
        since.format("%H:%M:%S UTC")
    } else {
        since.format("%Y-%m-%d %H:%M UTC")
    };
    format!("idle for {qualifier}{passed} since {before}{at}")
}

#[cfg(test)]
mod tests {
    use super::super::needs_description;
    use super::super::sample::{World, at};
    use super::super::stage::Stage;
    use super::super::wants_pulses;
    use super::of;
    use crate::model::fleet::{Reading, Seen};
    use crate::model::observed::ClusterState;
    use crate::model::observed::EndReason::Forgotten;

    #[test]
    fn a_listing_and_metrics_keep_a_cluster_that_works() {
        let mut world = World::others();
        world.is_listed(ClusterState::Running);
        assert_eq!(world.judge(1_000).evidence, "a step runs");
        world.is_listed(ClusterState::Waiting);
        // Ready at 300 s, forgotten an hour later, warned five minutes before.
        assert!(!wants_pulses(at(3_500), &world.watched()));
        assert_eq!(world.says(3_500), ("keep", None));
        assert_eq!(world.judge(3_500).idle_since, None, "it may have worked");
        assert!(wants_pulses(at(3_700), &world.watched()));
        assert_eq!(world.says(3_700), ("unseen", None), "not without metrics");
        world.quiet_until(3_600);
        world.works_at(3_300, 2);
        let assessment = world.judge(3_700);
        assert_eq!(assessment.stage, Stage::Keep);
        assert!(
            assessment.evidence.starts_with("YARN had 2"),
            "{}",
            assessment.evidence
        );
        assert!(!needs_description(&world.snapshot, &assessment.stage));
    }

    #[test]
    fn a_listing_is_not_enough_for_a_warning() {
        let mut world = World::others();
        world.is_listed(ClusterState::Waiting);
        world.quiet_until(9_000);
        let assessment = world.judge(9_100);
        assert!(matches!(assessment.stage, Stage::Warn(_)), "{assessment:?}");
        assert!(needs_description(&world.snapshot, &assessment.stage));
        // It was seen in a step before: it is idle from then on.
        let worked_at = Some(at(8_000));
        world.snapshot.seen = Seen::Listed { worked_at };
        assert_eq!(world.judge(9_100).stage, Stage::Keep);
        // Its age alone is known from a listing, whatever it runs.
        world.orders.unmanaged.max_lifetime = Some(crate::model::span::Span::from_secs(7_200));
        world.is_listed(ClusterState::Running);
        world.metric_samples = None;
        assert_eq!(world.says(9_100), ("warn", Some(Forgotten)));
        // The tag that exempts it is known as well.
        world.exempt("yes", None);
        let assessment = world.judge(9_100);
        assert_eq!(assessment.stage, Stage::Exempt);
        assert!(!needs_description(&world.snapshot, &assessment.stage));
    }

    #[test]
    fn a_listed_cluster_is_idle_since_it_last_worked() {
        let mut world = World::others();
        world.is_listed(ClusterState::Waiting);
        let worked_at = Some(at(7_800));
        world.snapshot.seen = Seen::Listed { worked_at };
        assert!(!wants_pulses(at(8_500), &world.watched()));
        world.quiet_until(12_000);
        assert_eq!(world.judge(12_000).idle_since, Some(at(7_800)));
        // The work of a point ends after five minutes: that of the first was in the step.
        for (point, evidence) in [(7_500, "it waits, and worked"), (7_800, "YARN had 3")] {
            world.quiet_until(8_100);
            world.works_at(point, 3);
            let found = of(at(8_500), &world.watched());
            assert!(found.evidence().starts_with(evidence), "{found:?}");
        }
    }

    #[test]
    fn an_old_reading_shows_work_that_ended_after_the_last_step() {
        let mut world = World::others();
        for (point, evidence) in [(300, "idle for 21m40s"), (600, "YARN had 3")] {
            world.quiet_until(600);
            world.works_at(point, 3);
            let found = of(at(1_900), &world.watched());
            assert!(found.evidence().starts_with(evidence), "{found:?}");
        }
    }

    #[test]
    fn two_points_show_idleness_if_no_more_than_two_are_missing_between_them() {
        let mut world = World::ours();
        let mut read = |minutes: &[i64]| {
            world.quiet_until(1_500);
            if let Some(Reading::Read(points)) = &mut world.metric_samples {
                points.retain(|point| minutes.iter().any(|minute| point.at == at(60 * minute)));
            }
            of(at(1_600), &world.watched())
        };
        assert!(read(&[10, 25]).since().is_some());
        let newest = "CloudWatch's newest data point is from 04:25 UTC";
        assert_eq!(read(&[5, 25]).unknown(), Some(newest));
        let few = "CloudWatch has fewer than two data points";
        assert_eq!(read(&[25]).unknown(), Some(few));
    }

    #[test]
    fn a_day_of_idleness_has_a_date() {
        let since = |seconds| super::evidence(at(seconds), at(0), false);
        assert_eq!(since(86_399), "idle for 23h59m59s since 04:00:00 UTC");
        assert_eq!(since(86_400), "idle for 1d since 2026-11-21 04:00 UTC");
    }

    #[test]
    fn applications_of_an_earlier_description_still_hide_work() {
        let mut world = World::others();
        world.is_listed(ClusterState::Waiting);
        world.has(&["HBase"]);
        world.quiet_until(9_000);
        assert_eq!(world.says(9_100), ("unseen", None));
    }

    #[test]
    fn a_listed_cluster_may_be_stuck() {
        let mut world = World::others();
        world.is_listed(ClusterState::Running);
        world.quiet_until(9_000);
        let assessment = world.judge(9_100);
        assert_eq!(assessment.stage, Stage::Stuck);
        assert!(needs_description(&world.snapshot, &assessment.stage));
    }
}
