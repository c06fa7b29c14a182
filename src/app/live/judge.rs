//! What was seen, compared with what is believed. Pure.

use super::clusters::{Kind, SENT};
use super::seen::{Life, Seen};
use crate::model::belief::{Belief, Verdict};
use crate::model::hex::hex;
use crate::model::observed::StepState;
use crate::model::span::Span;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use serde::Serialize;

/// What the check of a belief has shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub(crate) struct Checked {
    /// The belief.
    pub(crate) belief: Belief,
    /// What AWS's documents say.
    pub(crate) documented: &'static str,
    /// What was seen, in words; without names, ids and accounts.
    pub(crate) seen: String,
    /// Whether the belief is true.
    pub(crate) verdict: Verdict,
    /// What the check measures, from when to when; null if it measures no time.
    pub(crate) measures: Option<&'static str>,
    /// How long that took; null if what was waited for did not come.
    pub(crate) measured: Option<Span>,
}

/// How long `apply` looks for a cluster of which it got no answer (`cloud::account`).
pub(super) const VISIBILITY_WINDOW: TimeDelta = TimeDelta::seconds(90);

/// How much two clocks may differ.
const SKEW: TimeDelta = TimeDelta::minutes(2);

/// How long before the deadline the schedule is due.
const LEAD: TimeDelta = TimeDelta::minutes(1);

/// How long after its deadline a cluster powers itself off (`cloud::account`).
const POWER_OFF_DELAY: TimeDelta = TimeDelta::minutes(5);

/// After this time a metric no longer counts for the watchdog.
const METRIC_LIMIT: TimeDelta = TimeDelta::minutes(15);

/// A cluster that is alive so long after its power-off was not ended by it.
const POWER_OFF_LIMIT: TimeDelta = TimeDelta::minutes(20);

/// What a check has shown.
struct Judged {
    verdict: Verdict,
    /// In words.
    seen: String,
    /// The time that the belief `measures`.
    measured: Option<Span>,
}

impl Judged {
    fn new(verdict: Verdict, seen: impl Into<String>) -> Self {
        Self {
            verdict,
            seen: seen.into(),
            measured: None,
        }
    }

    /// With a time, which the words say too.
    fn measuring(self, time: Span) -> Self {
        Self {
            measured: Some(time),
            ..self
        }
    }
}

/// The result for each belief.
pub(super) fn all(seen: &Seen) -> Vec<Checked> {
    Belief::ALL.map(|belief| one(belief, seen)).into()
}

pub(super) fn one(belief: Belief, seen: &Seen) -> Checked {
    let judged = match belief {
        Belief::Arguments => arguments(seen),
        Belief::WorkFolder => work_folder(seen),
        Belief::BucketPolicy => bucket_policy(seen),
        Belief::ConditionalWrites => conditional_writes(seen),
        Belief::ClusterTimes => cluster_times(seen),
        Belief::ClusterTags => cluster_tags(seen),
        Belief::NewCluster => new_cluster(seen),
        Belief::RepeatedCall => repeated_call(seen),
        Belief::MovedDeadline => moved_deadline(seen),
        Belief::BusyStep => busy_step(seen),
        Belief::IdlePolicy => idle_policy(seen),
        Belief::Schedule => schedule(seen),
        Belief::FiredSchedule => fired_schedule(seen),
        Belief::PowerOff => power_off(seen),
        Belief::EndReasons => end_reasons(seen),
        Belief::Metrics => metrics(seen),
        Belief::StepLogs => step_logs(seen),
        Belief::NothingLeft => nothing_left(seen),
    };
    Checked {
        belief,
        documented: belief.documented(),
        seen: judged.seen,
        verdict: judged.verdict,
        measures: belief.measures(),
        measured: judged.measured,
    }
}

fn yes(text: impl Into<String>) -> Judged {
    Judged::new(Verdict::True, text)
}

fn no(text: impl Into<String>) -> Judged {
    Judged::new(Verdict::False, text)
}

fn not_seen(text: impl Into<String>) -> Judged {
    Judged::new(Verdict::NotSeen, text)
}

const NOT_REACHED: &str = "the check was not reached";

/// A verdict with the same words in both cases.
fn if_true(is_true: bool, text: impl Into<String>) -> Judged {
    if is_true { yes(text) } else { no(text) }
}

/// A time in whole seconds. Of clocks that differ, it is never negative.
fn span(delta: TimeDelta) -> Span {
    Span::from_delta(delta)
}

fn arguments(seen: &Seen) -> Judged {
    let Some(report) = &seen.report else {
        return not_seen(NOT_REACHED);
    };
    let Some(text) = &report.text else {
        return not_seen("the step reported none");
    };
    let sent = SENT.map(|argument| hex(argument.as_bytes()));
    let arrived: Vec<&str> = text.lines().collect();
    let same = sent.iter().zip(&arrived).filter(|(sent, it)| sent == it);
    let same = same.count();
    let all = sent.len();
    let is_whole = same == all && arrived.len() == all;
    if_true(is_whole, format!("{same} of {all} arrived unchanged"))
}

fn work_folder(seen: &Seen) -> Judged {
    match &seen.report {
        None => not_seen(NOT_REACHED),
        Some(report) if report.text.is_some() => yes("a step wrote there"),
        Some(_) => no("what a step wrote is not there"),
    }
}

fn bucket_policy(seen: &Seen) -> Judged {
    match &seen.report {
        Some(report) if report.is_outside => no("a step wrote among the notes of its stack"),
        Some(report) if report.text.is_some() => yes("a step's write elsewhere was refused"),
        Some(_) => not_seen("the step wrote nothing at all"),
        None => not_seen(NOT_REACHED),
    }
}

fn conditional_writes(seen: &Seen) -> Judged {
    let Some(writes) = seen.writes else {
        return not_seen(NOT_REACHED);
    };
    let as_believed = [
        writes.absent_refused,
        writes.outdated_refused,
        writes.unchanged_written,
    ];
    let right = as_believed.iter().filter(|it| **it).count();
    let all = as_believed.len();
    if_true(right == all, format!("{right} of {all} as documented"))
}

fn cluster_times(seen: &Seen) -> Judged {
    if !Kind::ALL.iter().all(|kind| seen.is_over(*kind)) {
        return not_seen(NOT_REACHED);
    }
    let mut wrong = Vec::new();
    for life in seen.lives.values() {
        let Some(described) = &life.described else {
            continue;
        };
        let (from, until) = life.requested;
        let created = described.created_at;
        if created < from - SKEW || created > until + SKEW {
            wrong.push("created at another time than requested");
        }
        if described.ready_at.is_some_and(|ready| ready < created) {
            wrong.push("ready before it was created");
        }
        match described.ended_at {
            Some(ended) if ended >= described.ready_at.unwrap_or(created) => {}
            Some(_) => wrong.push("ended before it was ready"),
            None => wrong.push("no time of an end"),
        }
    }
    wrong.dedup();
    if !wrong.is_empty() {
        return no(wrong.join("; "));
    }
    let job = seen
        .life(Kind::Job)
        .and_then(|life| life.described.as_ref());
    let started = job.and_then(|job| Some(job.ready_at? - job.created_at));
    match started.map(span) {
        Some(started) => yes(format!("in order; ready after {started}")).measuring(started),
        None => yes("in order; the first was never ready"),
    }
}

fn cluster_tags(seen: &Seen) -> Judged {
    let described = seen.life(Kind::Job).and_then(|it| it.described.as_ref());
    match (described, seen.tagged_after) {
        (Some(cluster), _) if !cluster.has_tags => no("EMR describes the cluster without them"),
        (Some(_), Some(after)) => {
            let after = span(after);
            yes(format!("listed {after} after the request")).measuring(after)
        }
        (Some(_), None) if seen.is_over(Kind::Job) => no("never listed while the cluster lived"),
        _ => not_seen(NOT_REACHED),
    }
}

fn new_cluster(seen: &Seen) -> Judged {
    match seen.listed {
        Some((true, after)) => {
            let after = span(after);
            yes(format!("listed at most {after} after the answer")).measuring(after)
        }
        Some((false, after)) if after > VISIBILITY_WINDOW => {
            no(format!("not listed {} after the answer", span(after)))
        }
        Some((false, _)) => {
            let length = seen.life(Kind::Job).and_then(Life::length);
            match length.filter(|length| *length > VISIBILITY_WINDOW) {
                Some(length) => no(format!("not listed in the {} of its life", span(length))),
                None => not_seen(NOT_REACHED),
            }
        }
        None => not_seen(NOT_REACHED),
    }
}

fn repeated_call(seen: &Seen) -> Judged {
    match seen.repeated {
        Some(steps) => if_true(steps == 2, format!("the same step twice became {steps}")),
        None => not_seen(NOT_REACHED),
    }
}

fn moved_deadline(seen: &Seen) -> Judged {
    match (seen.moved_at, seen.read_after) {
        (_, Some(after)) => {
            let after = span(after);
            yes(format!("the primary had read it after {after}")).measuring(after)
        }
        (Some(_), None) if seen.is_over(Kind::Schedule) => no("the primary never read it"),
        _ => not_seen(NOT_REACHED),
    }
}

fn busy_step(seen: &Seen) -> Judged {
    match seen.busy {
        Some((StepState::Completed, _)) => yes("the step ran to its end"),
        Some((StepState::Failed, _)) => not_seen("the step failed"),
        Some(_) if seen.is_over(Kind::Job) => no("EMR ended the cluster while it ran"),
        Some(_) | None => not_seen(NOT_REACHED),
    }
}

/// The code of the reason why a cluster ended, as far as it has the form of EMR's codes.
fn code(life: &Life) -> &str {
    let reason = life.described.as_ref().and_then(|it| it.reason.as_deref());
    let is_plain = |code: &&str| {
        let plain = |c: char| c.is_ascii_uppercase() || c == '_';
        !code.is_empty() && code.len() <= 40 && code.chars().all(plain)
    };
    reason.filter(is_plain).unwrap_or("no code")
}

/// Whether EMR says that its idle policy ended the cluster, which is kept after its steps.
fn is_idle_end(life: &Life) -> bool {
    let message = life.described.as_ref().and_then(|it| it.message.as_deref());
    let message = message.unwrap_or_default().to_ascii_lowercase();
    code(life) == "ALL_STEPS_COMPLETED" || message.contains("auto-termination")
}

const REQUEST: &str = "USER_REQUEST";

fn idle_policy(seen: &Seen) -> Judged {
    let Some(life) = seen.life(Kind::Job).filter(|life| life.is_over()) else {
        return not_seen(NOT_REACHED);
    };
    let is_late = end_and_deadline(life).is_some_and(|(ended, deadline)| ended > deadline - SKEW);
    if code(life) == REQUEST || is_late {
        return no("another safeguard ended the idle cluster");
    }
    let began = seen.busy.and_then(|(_, ended_at)| ended_at);
    match life.ended_at().zip(began) {
        Some((ended, began)) => {
            let after = span(ended - began);
            yes(format!("{}, {after} after the last long step", code(life))).measuring(after)
        }
        None => not_seen(format!("the end is not dated: {}", code(life))),
    }
}

/// The end of a cluster and its hard deadline, once both are known.
fn end_and_deadline(life: &Life) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    life.ended_at().zip(life.deadline)
}

fn schedule(seen: &Seen) -> Judged {
    let life = seen.life(Kind::Schedule).filter(|life| life.is_over());
    let Some((life, (ended, deadline))) = life.and_then(|it| Some((it, end_and_deadline(it)?)))
    else {
        return not_seen(NOT_REACHED);
    };
    if ended < deadline - SKEW {
        return not_seen(format!("the cluster ended before: {}", code(life)));
    }
    if code(life) == REQUEST || ended < deadline + POWER_OFF_DELAY {
        // A schedule begins with a minute.
        let minute = deadline.duration_trunc(TimeDelta::minutes(1));
        let after = span(ended - (minute.unwrap_or(deadline) - LEAD));
        return yes(format!("{}, over {after} after it was due", code(life))).measuring(after);
    }
    let late = span(ended - deadline);
    no(format!("it did not; the cluster ended {late} too late"))
}

fn fired_schedule(seen: &Seen) -> Judged {
    if !seen.is_over(Kind::Schedule) || schedule(seen).verdict != Verdict::True {
        return not_seen(NOT_REACHED);
    }
    match seen.is_fired_left {
        Some(false) => yes("gone after the cluster had ended"),
        Some(true) if seen.is_too_late(Kind::Schedule) => no("still there after its cluster"),
        Some(true) | None => not_seen(NOT_REACHED),
    }
}

fn power_off(seen: &Seen) -> Judged {
    let Some(life) = seen.life(Kind::PowerOff) else {
        return not_seen(NOT_REACHED);
    };
    let Some(off_at) = life.deadline.map(|deadline| deadline + POWER_OFF_DELAY) else {
        return not_seen(NOT_REACHED);
    };
    if !life.is_over() {
        let left = seen.now - off_at;
        return if left > POWER_OFF_LIMIT {
            no(format!("the cluster lives {} after it", span(left)))
        } else {
            not_seen(NOT_REACHED)
        };
    }
    let Some(ended) = life.ended_at() else {
        return not_seen(format!("the end is not dated: {}", code(life)));
    };
    if ended < off_at - SKEW {
        return not_seen(format!("the cluster ended before: {}", code(life)));
    }
    let late = span(ended - off_at);
    if code(life) == REQUEST || is_idle_end(life) {
        return no(format!("it did not; {} ended it {late} later", code(life)));
    }
    yes(format!("{}, over {late} after it", code(life))).measuring(late)
}

/// The reason that each end must have, if the safeguard that it is for was its cause.
fn end_reasons(seen: &Seen) -> Judged {
    if !Kind::ALL.iter().all(|kind| seen.is_over(*kind)) {
        return not_seen(NOT_REACHED);
    }
    let mut as_believed = Vec::new();
    let mut others = Vec::new();
    for kind in Kind::ALL {
        let (ended_so, life) = match kind {
            Kind::Job => (idle_policy(seen), seen.life(kind)),
            Kind::Schedule => (schedule(seen), seen.life(kind)),
            Kind::PowerOff => (power_off(seen), seen.life(kind)),
        };
        let Some(life) = life.filter(|_| ended_so.verdict == Verdict::True) else {
            continue;
        };
        let is_right = match kind {
            Kind::Job => is_idle_end(life),
            Kind::Schedule => code(life) == REQUEST,
            Kind::PowerOff => ["INSTANCE_FAILURE", "INTERNAL_ERROR"].contains(&code(life)),
        };
        let into = if is_right {
            &mut as_believed
        } else {
            &mut others
        };
        into.push(code(life));
    }
    match (as_believed.is_empty(), others.is_empty()) {
        (_, false) => no(format!("another one: {}", others.join(", "))),
        (false, true) => yes(as_believed.join(", ")),
        (true, true) => not_seen("no safeguard ended its cluster"),
    }
}

fn metrics(seen: &Seen) -> Judged {
    match seen.measured_after {
        Some(after) => {
            let time = span(after);
            let text = format!("there {time} after the cluster was ready");
            if_true(after <= METRIC_LIMIT, text).measuring(time)
        }
        None if seen.is_over(Kind::Job) => no("none came while the cluster lived"),
        None => not_seen(NOT_REACHED),
    }
}

fn step_logs(seen: &Seen) -> Judged {
    match seen.logged_after {
        Some(after) => {
            let after = span(after);
            yes(format!("uploaded {after} after the step's end")).measuring(after)
        }
        None if seen.report.is_some() && seen.is_too_late(Kind::Job) => {
            no("none came, not even after the cluster's end")
        }
        None => not_seen(NOT_REACHED),
    }
}

fn nothing_left(seen: &Seen) -> Judged {
    match &seen.left {
        None => not_seen(NOT_REACHED),
        Some(left) if left.kinds.is_empty() => yes("no cluster, schedule, object or volume"),
        Some(left) => {
            let kinds: Vec<&str> = left.kinds.iter().copied().collect();
            no(format!("left: {}", kinds.join(", ")))
        }
    }
}

#[cfg(test)]
mod tests;
