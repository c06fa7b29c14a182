//! One cluster of the past as it would have been observed at each instant, and its assessments.

use super::history::PastCluster;
use super::template;
use crate::guard::watch::{self, Assessment, QuietPeriod, Stage, WatchInput, judge};
use crate::guard::{self, Terms};
use crate::model::fleet::{AnyCluster, ClusterSnapshot, ForeignCluster, MetricSample};
use crate::model::fleet::{Reading, Seen};
use crate::model::instance_span::InstanceSpan;
use crate::model::observed::{Cluster, ClusterState};
use crate::model::orders::Orders;
use crate::model::place::Place;
use crate::policy::Policies;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};

/// EMR sends its metrics every five minutes (EMR Management Guide, "Monitoring Amazon EMR metrics with
/// CloudWatch").
const PERIOD: TimeDelta = TimeDelta::minutes(5);
/// The watchdog sweeps once a minute.
pub(super) const SWEEP: TimeDelta = TimeDelta::minutes(1);
/// How far back metrics are read for a cluster that has been idle for long.
const MAX_REACH: TimeDelta = TimeDelta::days(14);

/// A cluster that is played.
pub(super) struct Player<'a> {
    pub(super) past: &'a PastCluster,
    pub(super) snapshot: ClusterSnapshot,
    /// When it worked, without overlaps; work that never ended ends with the cluster.
    pub(super) busy: Vec<(DateTime<Utc>, DateTime<Utc>)>,
    /// When what is observed of it changes, in order.
    turns: Vec<DateTime<Utc>>,
    quiet_period: Option<QuietPeriod>,
}

impl<'a> Player<'a> {
    /// `until`: when the history was recorded.
    pub(super) fn new(past: &'a PastCluster, place: &Place, until: DateTime<Utc>) -> Self {
        let busy = merged(past, until);
        let mut turns: Vec<_> = busy
            .iter()
            .flat_map(|(from, until)| [*from, *until])
            .collect();
        turns.extend(past.ready_at);
        turns.extend(past.followed_at);
        turns.extend(
            past.spans
                .iter()
                .flat_map(|it| [Some(it.from), it.until])
                .flatten(),
        );
        turns.sort();
        turns.dedup();
        Self {
            past,
            snapshot: snapshot(past, place),
            busy,
            turns,
            quiet_period: None,
        }
    }

    /// The cluster with its guardrails, if it is one of clusterup or adopted.
    pub(super) fn cluster(&self) -> Option<&Cluster> {
        self.snapshot.guarded()
    }

    /// What the watchdog would do about it now.
    pub(super) fn assess(&mut self, now: DateTime<Utc>, orders: &Orders) -> Assessment {
        let mut input = WatchInput {
            snapshot: &self.snapshot,
            metric_samples: None,
            metrics_read_at: Some(now),
            quiet_period: self.quiet_period,
            orders,
            unseen: None,
            asked_at: None,
            unadoptable: false,
        };
        // While it works, metrics only tell whether it is stuck, which ends nothing.
        let waits = self.snapshot.state() == ClusterState::Waiting;
        let samples = (waits && watch::wants_pulses(now, &input))
            .then(|| Reading::Read(self.samples(now, watch::reach(&input))));
        input.metric_samples = samples.as_ref();
        let assessment = judge(now, &input);
        self.quiet_period = assessment.quiet_period.or(self.quiet_period);
        assessment
    }

    /// Moves the observation on to an instant.
    pub(super) fn advance(&mut self, now: DateTime<Utc>) {
        let ready_at = self.past.ready_at.filter(|at| *at <= now);
        let begun = self.busy.partition_point(|(from, _)| *from <= now);
        let last = begun
            .checked_sub(1)
            .and_then(|at| self.busy.get(at))
            .copied();
        let works = last.is_some_and(|(_, until)| now < until);
        let state = match (ready_at, works) {
            (None, _) => ClusterState::Bootstrapping,
            (Some(_), true) => ClusterState::Running,
            (Some(_), false) => ClusterState::Waiting,
        };
        let spans = visible(&self.past.spans, now);
        if let AnyCluster::Foreign(cluster) = &mut self.snapshot.cluster {
            cluster.ready_at = ready_at;
            cluster.instance_spans.clone_from(&spans);
        }
        let guarded = match &mut self.snapshot.cluster {
            AnyCluster::Ours(cluster) => Some(&mut **cluster),
            AnyCluster::Foreign(cluster) => cluster.adopted.as_mut().map(|it| &mut it.cluster),
        };
        if let Some(cluster) = guarded {
            cluster.ready_at = ready_at;
            cluster.instance_spans = spans;
            cluster.renewed_at = self.past.followed_at.map(|last| last.min(now));
        }
        self.snapshot.set_state(state);
        let step = last.map(|(from, until)| template::step(from, (until <= now).then_some(until)));
        self.snapshot.looked_at = now;
        self.snapshot.seen = Seen::Described {
            steps: Reading::Read(step.into_iter().collect()),
        };
    }

    /// Gives it the guardrails with which policies adopt foreign clusters.
    pub(super) fn adopt(&mut self, now: DateTime<Utc>, orders: &Orders) {
        let guardrails = orders.unmanaged.limits().guardrails();
        let adopted = template::adopted(self.past, guardrails, now);
        if let AnyCluster::Foreign(cluster) = &mut self.snapshot.cluster {
            cluster.adopted = Some(Box::new(adopted));
        }
        self.advance(now);
    }

    /// The points that CloudWatch has by now, as far back as they are needed.
    fn samples(&self, now: DateTime<Utc>, reach: TimeDelta) -> Vec<MetricSample> {
        let over = self
            .snapshot
            .steps()
            .and_then(|steps| steps.last()?.ended_at);
        let quiet = over.or(self.past.ready_at).unwrap_or(now) - TimeDelta::minutes(10);
        let from = quiet.min(now - reach).max(now - MAX_REACH);
        let from = from.max(self.past.created_at);
        let mut at = from.duration_trunc(PERIOD).unwrap_or(from);
        let mut next = self.busy.partition_point(|(_, until)| *until <= at);
        let mut samples = Vec::new();
        while at + PERIOD <= now {
            while self.busy.get(next).is_some_and(|(_, until)| *until <= at) {
                next += 1;
            }
            let works = self
                .busy
                .get(next)
                .is_some_and(|(from, _)| *from < at + PERIOD);
            samples.push(MetricSample {
                at,
                apps: u64::from(works),
                containers: u64::from(works),
                done: None,
            });
            at += PERIOD;
        }
        samples
    }

    /// When something about it may have changed, after this assessment; `None` for never. In whole
    /// minutes.
    pub(super) fn next(
        &self,
        now: DateTime<Utc>,
        assessment: &Assessment,
        orders: &Orders,
    ) -> Option<DateTime<Utc>> {
        let turn = self.turns.partition_point(|at| *at <= now);
        let mut times: Vec<DateTime<Utc>> = self.turns.get(turn).copied().into_iter().collect();
        times.extend(assessment.warns_at);
        times.extend(assessment.ends_at);
        let limits = orders.exempt.iter().filter_map(|it| it.max_lifetime);
        times.extend(limits.map(|limit| self.past.created_at + limit.delta()));
        if let Some(cluster) = self.cluster() {
            times.push(guard::hard_deadline(cluster).at);
            times.extend(orders.bound.clone().map(|guardrails| {
                let own = Terms::of(cluster);
                Terms { guardrails, ..own }.deadline().at
            }));
        }
        let before = turn.checked_sub(1).and_then(|at| self.turns.get(at));
        let is_new = before.is_none_or(|at| now - *at < TimeDelta::hours(1));
        let waits = self.snapshot.state() == ClusterState::Waiting && is_new;
        match assessment.stage {
            Stage::Clear | Stage::Adopt => times.push(now + SWEEP),
            Stage::Unseen => times.push(now + if is_new { PERIOD } else { TimeDelta::hours(1) }),
            // The newest metrics may still show the work that has just ended.
            Stage::Keep if assessment.idle_since.is_none() && waits => times.push(now + PERIOD),
            Stage::Keep
            | Stage::Exempt
            | Stage::Stuck
            | Stage::Forgotten
            | Stage::Protected
            | Stage::Warn(_)
            | Stage::Grace(_)
            | Stage::End(..)
            | Stage::Ending
            | Stage::Late
            | Stage::Over => {}
        }
        let next = times.into_iter().filter(|at| *at > now).min()?;
        (next < DateTime::<Utc>::MAX_UTC).then(|| minute(next))
    }

    /// The orders of the policies for it as it is observed.
    pub(super) fn orders(&self, policies: &Policies) -> Orders {
        policies.orders(&self.snapshot)
    }
}

/// The first sweep at or after an instant.
pub(super) fn minute(at: DateTime<Utc>) -> DateTime<Utc> {
    let whole = at.duration_trunc(SWEEP).unwrap_or(at);
    if whole == at { at } else { whole + SWEEP }
}

/// The instances as they were known at an instant.
fn visible(spans: &[InstanceSpan], now: DateTime<Utc>) -> Vec<InstanceSpan> {
    let begun = spans.iter().filter(|span| span.from <= now);
    let known = |span: &InstanceSpan| InstanceSpan {
        until: span.until.filter(|until| *until <= now),
        ..span.clone()
    };
    begun.map(known).collect()
}

/// The periods of work, without overlaps.
fn merged(past: &PastCluster, until: DateTime<Utc>) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
    let over = past.over_at(until);
    let mut all: Vec<(DateTime<Utc>, DateTime<Utc>)> = Vec::new();
    for busy in &past.busy {
        let end = busy.until.unwrap_or(over);
        match all.last_mut() {
            Some((_, last)) if busy.from <= *last => *last = (*last).max(end),
            _ => all.push((busy.from, end)),
        }
    }
    all
}

fn snapshot(past: &PastCluster, place: &Place) -> ClusterSnapshot {
    let foreign = || ForeignCluster {
        id: past.id.clone(),
        state: ClusterState::Starting,
        created_at: past.created_at,
        ready_at: None,
        ended_at: None,
        rates: past.rates.clone(),
        instance_spans: Vec::new(),
        disputed: None,
        adopted: past
            .guardrails
            .clone()
            .map(|guardrails| Box::new(template::adopted(past, guardrails, past.created_at))),
    };
    let cluster = match past.stack {
        Some(_) => AnyCluster::Ours(Box::new(template::cluster(past))),
        None => AnyCluster::Foreign(Box::new(foreign())),
    };
    ClusterSnapshot {
        place: place.clone(),
        looked_at: past.created_at,
        cluster,
        name: past.name.clone(),
        owner: past.owner.clone(),
        tags: past.tags.clone(),
        protected: past.protected,
        applications: past.applications.clone(),
        seen: Seen::Described {
            steps: Reading::Read(Vec::new()),
        },
        mark: None,
    }
}
