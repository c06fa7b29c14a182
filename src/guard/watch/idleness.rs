//! Whether a cluster is idle, and the evidence. Unreadable data never counts as idleness.

use super::quiet_period::{GAP, QuietPeriod};
use super::{WatchInput, asks, hidden, quiet_period, wants_pulses};
use crate::guard::idle;
use crate::model::fleet::{MetricSample, Reading};
use crate::model::observed::StepState;
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
    let steps = match &snapshot.steps {
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
    if let Some(why) = hidden::evidence(watched) {
        return Idleness::Hidden(why);
    }
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
