//! Whether a cluster idles, and how that is known. What cannot be read is no idleness.

use super::{Watched, hidden, wants_pulses};
use crate::guard::idle;
use crate::model::fleet::{Place, Pulse, Signal};
use crate::model::observed::StepState;
use crate::model::span::Span;
use chrono::{DateTime, TimeDelta, Utc};

/// EMR sends its metrics every five minutes (EMR Management Guide, "Monitoring Amazon EMR metrics
/// with CloudWatch"); of three that lack, nothing more is known.
const GAP: TimeDelta = TimeDelta::minutes(15);
const PERIOD: TimeDelta = TimeDelta::minutes(5);
/// What was told last is that old at most: it may have been asked for five minutes ago.
const FRESH: TimeDelta = TimeDelta::minutes(20);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Idleness {
    Busy(String),
    Since(DateTime<Utc>, String),
    /// Something could not be read.
    Unknown(String),
    /// All was read, and does not tell: the work of an application does not show.
    Hidden(String),
}

impl Idleness {
    pub(super) const fn since(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Since(at, _) => Some(*at),
            Self::Busy(_) | Self::Unknown(_) | Self::Hidden(_) => None,
        }
    }

    pub(super) fn unknown(&self) -> Option<&str> {
        match self {
            Self::Unknown(why) => Some(why),
            Self::Busy(_) | Self::Since(..) | Self::Hidden(_) => None,
        }
    }

    /// Why it cannot be told, where it cannot.
    pub(super) fn undecided(&self) -> Option<&str> {
        match self {
            Self::Unknown(why) | Self::Hidden(why) => Some(why),
            Self::Busy(_) | Self::Since(..) => None,
        }
    }

    pub(super) fn evidence(&self) -> &str {
        let (Self::Busy(says) | Self::Since(_, says) | Self::Unknown(says) | Self::Hidden(says)) =
            self;
        says
    }
}

/// Idle since the latest of ready time, every step's start and end, and the last sign of work in
/// YARN: a shell, a notebook or Livy moves no step.
pub(super) fn of(now: DateTime<Utc>, watched: &Watched<'_>) -> Idleness {
    let sight = watched.sight;
    let Some(ready) = sight.ready_at else {
        return Idleness::Busy("it is not ready yet".to_owned());
    };
    let steps = match &sight.steps {
        Signal::Read(steps) => steps,
        Signal::Unread(why) => {
            return Idleness::Unknown(format!("its steps cannot be read: {why}"));
        }
    };
    if let Some(step) = steps.iter().find(|step| step.state == StepState::Running) {
        return Idleness::Busy(format!("step {} runs", step.name));
    }
    let since = idle::latest(ready, steps);
    if sight.place == Place::Local {
        return Idleness::Since(since, says(now, since));
    }
    if let Some(why) = hidden::evidence(watched) {
        return Idleness::Hidden(why);
    }
    match watched.pulses {
        // Steps alone never end a cluster: who wants to know more has to ask.
        None if wants_pulses(now, watched) => {
            Idleness::Unknown("its metrics were not asked for".to_owned())
        }
        None => Idleness::Since(since, says(now, since)),
        Some(Signal::Unread(why)) => {
            Idleness::Unknown(format!("its metrics cannot be read: {why}"))
        }
        Some(Signal::Read(pulses)) => by_pulses(now, since, pulses),
    }
}

/// Two fresh points in a row without work say that there is none.
fn by_pulses(now: DateTime<Utc>, since: DateTime<Utc>, pulses: &[Pulse]) -> Idleness {
    let works = |pulse: &Pulse| pulse.apps > 0 || pulse.containers > 0;
    let [.., before, last] = pulses else {
        return Idleness::Unknown("CloudWatch has fewer than two points of it".to_owned());
    };
    if now - last.at > FRESH || last.at - before.at > GAP {
        let at = last.at.format("%H:%M UTC");
        return Idleness::Unknown(format!("CloudWatch's last point of it is of {at}"));
    }
    if let Some(at_work) = [last, before].into_iter().find(|pulse| works(pulse)) {
        return Idleness::Busy(format!(
            "YARN has {} applications and {} containers at {}",
            at_work.apps,
            at_work.containers,
            at_work.at.format("%H:%M UTC"),
        ));
    }
    let worked = pulses.iter().rev().find(|pulse| works(pulse));
    // A point has the time at which its five minutes began.
    let worked = worked.map_or(since, |pulse| (pulse.at + PERIOD).min(now).max(since));
    let told = quiet_since(pulses, works).unwrap_or(last.at);
    // Of what lies before the first point nobody knows, but for the minutes until EMR sends it.
    let since = if told - worked > GAP { told } else { worked };
    Idleness::Since(since, says(now, since))
}

/// From when on, without a gap, points say that nothing ran.
fn quiet_since(pulses: &[Pulse], works: impl Fn(&Pulse) -> bool) -> Option<DateTime<Utc>> {
    let mut told: Option<DateTime<Utc>> = None;
    for pulse in pulses.iter().rev() {
        if works(pulse) || told.is_some_and(|at| at - pulse.at > GAP) {
            break;
        }
        told = Some(pulse.at);
    }
    told
}

fn says(now: DateTime<Utc>, since: DateTime<Utc>) -> String {
    let passed = Span::from_delta(now.signed_duration_since(since));
    format!("idle for {passed} since {}", since.format("%H:%M:%S UTC"))
}
