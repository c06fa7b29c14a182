//! Follows the steps of a job, and estimates how long they still take.

use super::counter::Counters;
use crate::model::event::SparkProgress;
use crate::model::job_now::{Basis, TimeLeft, UsualStart};
use crate::model::name::{JobHash, StepName};
use crate::model::observed::{Cluster, Step, StepState};
use crate::model::pace::{PaceMark, StepPace};
use crate::model::span::Span;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;

/// The most marks of a step that are kept. When there are more, every other one is dropped.
const MAX_MARKS: usize = 64;

/// How much longer than its earlier run a step may take before that run says nothing any more.
const MAX_OVERRUN: f64 = 1.5;
/// The same in milliseconds, for long steps.
const MAX_OVERRUN_MS: f64 = 60_000.0;
/// The longest time that is announced: 30 days, in milliseconds.
const MAX_LEFT_MS: f64 = 30.0 * 86_400_000.0;

/// What earlier runs say.
#[derive(Debug, Clone, Default)]
pub struct Earlier {
    /// How fast the steps went when they completed last.
    pub steps: BTreeMap<StepName, StepPace>,
    /// How long the stack's clusters took to start.
    pub start: Option<Span>,
}

/// What is known of the steps of a job that is followed.
#[derive(Debug, Clone, Default)]
pub struct Tracker {
    earlier: Earlier,
    steps: BTreeMap<(JobHash, u32, StepName), Track>,
}

/// What was observed of a running step.
#[derive(Debug, Clone, Default)]
struct Track {
    marks: Vec<PaceMark>,
    counters: Counters,
}

impl Tracker {
    /// A tracker that knows of earlier runs.
    pub fn new(earlier: Earlier) -> Self {
        Self {
            earlier,
            steps: BTreeMap::new(),
        }
    }

    /// Notes how far a running step is, and the last lines that it has printed.
    pub fn note<'a>(
        &mut self,
        step: &Step,
        spark: Option<SparkProgress>,
        printed: impl Iterator<Item = &'a str>,
        now: DateTime<Utc>,
    ) {
        let Some(at_ms) = elapsed(step, now) else {
            return;
        };
        let track = self.steps.entry(key(step)).or_default();
        if let Some(spark) = spark {
            track.mark(PaceMark {
                at_ms,
                done: spark.done,
            });
        }
        track.counters.read(printed, at_ms);
    }

    /// About how long a job still runs on a cluster.
    pub fn left(&self, cluster: &Cluster, job: &JobHash, now: DateTime<Utc>) -> Option<TimeLeft> {
        let steps: Vec<&Step> = cluster.steps_of(job).collect();
        let running = steps.iter().find(|step| step.state == StepState::Running);
        let Some(running) = running else {
            return self.left_before(cluster, &steps, now);
        };
        let (left, basis) = self.step_left(running, now)?;
        let pending = self.pending(&steps);
        Some(TimeLeft {
            left: span(left.saturating_add(pending.unwrap_or(0))),
            basis,
            is_whole: pending.is_some(),
        })
    }

    /// The time of all steps, with what is left of the cluster's start.
    fn left_before(
        &self,
        cluster: &Cluster,
        steps: &[&Step],
        now: DateTime<Utc>,
    ) -> Option<TimeLeft> {
        let begun = steps.iter().any(|step| step.state != StepState::Pending);
        let pending = self
            .pending(steps)
            .filter(|_| !begun && !steps.is_empty())?;
        let start = match cluster.ready_at {
            Some(_) => 0,
            None => {
                let age = millis(now - cluster.created_at);
                let usual = self.earlier.start?.as_secs().saturating_mul(1_000);
                usual.checked_sub(age)?
            }
        };
        Some(TimeLeft {
            left: span(pending.saturating_add(start)),
            basis: Basis::LastRun,
            is_whole: true,
        })
    }

    /// How long the pending steps take, in milliseconds; `None` if that is not known of each.
    fn pending(&self, steps: &[&Step]) -> Option<u64> {
        let pending = steps.iter().filter(|step| step.state == StepState::Pending);
        let took = |step: &&Step| Some(self.earlier.steps.get(&step.name)?.took_ms);
        pending.map(took).sum()
    }

    fn step_left(&self, step: &Step, now: DateTime<Utc>) -> Option<(u64, Basis)> {
        let now_ms = elapsed(step, now)?;
        let track = self.steps.get(&key(step));
        let counted = || track?.counters.left_ms(now_ms);
        let earlier = self.earlier.steps.get(&step.name);
        let latest = track.and_then(|track| track.marks.last()).copied();
        let last_run = || Some((by_last_run(earlier?, latest, now_ms)?, Basis::LastRun));
        // The same job does the same again; another may count further, and says so.
        if earlier.is_some_and(|earlier| earlier.job == step.job) {
            last_run().or_else(counted)
        } else {
            counted().or_else(last_run)
        }
    }

    /// How long clusters take to start.
    pub fn usual_start(&self, otherwise: UsualStart) -> UsualStart {
        self.earlier.start.map_or(otherwise, UsualStart::Recorded)
    }

    /// How fast the completed steps of a job went.
    pub fn paces(&self, cluster: &Cluster, job: &JobHash) -> BTreeMap<StepName, StepPace> {
        let done = cluster
            .steps_of(job)
            .filter(|step| step.state == StepState::Completed);
        let pace = |step: &Step| {
            let took_ms = elapsed(step, step.ended_at?)?;
            let track = self.steps.get(&key(step));
            let pace = StepPace {
                job: job.clone(),
                took_ms,
                marks: track.map_or_else(Vec::new, |track| track.marks.clone()),
            };
            Some((step.name.clone(), pace))
        };
        done.filter_map(pace).collect()
    }
}

impl Track {
    /// Adds a mark if the step went on.
    fn mark(&mut self, mark: PaceMark) {
        let before = self.marks.last().map_or(0, |last| last.done);
        if mark.done <= before {
            return;
        }
        if self.marks.len() >= MAX_MARKS {
            let mut index = 0;
            self.marks.retain(|_| {
                index += 1;
                index % 2 == 0
            });
        }
        self.marks.push(mark);
    }
}

/// How long a step still takes, in milliseconds, if it goes on as its earlier run did from here, as
/// much faster or slower as it was until here.
fn by_last_run(earlier: &StepPace, latest: Option<PaceMark>, now_ms: u64) -> Option<u64> {
    let took = earlier.took_ms as f64;
    let end = match latest {
        Some(latest) if !earlier.marks.is_empty() => {
            let then = earlier.reached(latest.done)? as f64;
            // A step that has only begun goes as the earlier run did.
            let prior = took / 10.0;
            let speed = (latest.at_ms as f64 + prior) / (then + prior);
            latest.at_ms as f64 + (took - then).max(0.0) * speed
        }
        Some(_) | None => took,
    };
    let now = now_ms as f64;
    let is_near = now <= end * MAX_OVERRUN && now <= end + MAX_OVERRUN_MS;
    (is_near && end < now + MAX_LEFT_MS).then(|| (end - now).max(0.0) as u64)
}

fn key(step: &Step) -> (JobHash, u32, StepName) {
    (step.job.clone(), step.run, step.name.clone())
}

/// How long a step has run, in milliseconds; `None` if it has not begun.
fn elapsed(step: &Step, now: DateTime<Utc>) -> Option<u64> {
    Some(millis(now - step.started_at?))
}

fn millis(delta: TimeDelta) -> u64 {
    u64::try_from(delta.num_milliseconds()).unwrap_or(0)
}

/// Whole seconds, rounded up.
const fn span(ms: u64) -> Span {
    Span::from_secs(ms.div_ceil(1_000))
}
