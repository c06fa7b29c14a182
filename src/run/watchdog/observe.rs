//! One look at a place: a listing, then a closer look at what changed, what is suspected, and what
//! is new, in that order; and a few of those whose turn it is.

use super::act::BLIND;
use super::region_watch::RegionWatch;
use super::tracked::TrackedCluster;
use crate::guard::watch::{AT_ONCE, Stage};
use crate::model::clock::Clock;
use crate::model::fleet::{ClusterSnapshot, ListedCluster, Reading};
use crate::model::name::ClusterId;
use crate::policy::Policies;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// New clusters that are looked at in one sweep: a fleet is got to know over several.
const SURVEYED: usize = 40;
/// Clusters of which nothing is suspected that are looked at in one sweep.
const ROUTINE: usize = 2;
/// What is asked for of the past: enough to see what is stuck; a day, once, where nothing is
/// remembered yet; and more where a cluster may idle for longer. CloudWatch keeps points of five
/// minutes for 63 days and charges for metrics, not for points.
const PAST: TimeDelta = TimeDelta::hours(3);
const DAY: TimeDelta = TimeDelta::days(1);
const LONG_PAST: TimeDelta = TimeDelta::days(15);
/// Calls that listing and looking by turn are to stay below.
const CALLS: usize = 44;
/// One place that answers slowly must not hold up the others for longer.
const LOOKING: Duration = Duration::from_secs(180);

/// How far back what ran on a cluster is asked for, in one of three lengths, so that most clusters
/// are asked about together.
fn past(tracked: &TrackedCluster) -> TimeDelta {
    let remembered = tracked.quiet_period.is_some() || tracked.metric_samples.is_some();
    let least = if remembered { PAST } else { DAY };
    let reach = tracked.reach.max(least);
    [PAST, DAY]
        .into_iter()
        .find(|past| reach <= *past)
        .unwrap_or(LONG_PAST)
}

impl RegionWatch {
    /// How many clusters were looked at.
    pub(super) async fn observe(
        &mut self,
        policies: &Policies,
        clock: &dyn Clock,
        now: DateTime<Utc>,
    ) -> usize {
        self.holes.clear();
        match self.fleet.list().await {
            Ok(listed) => {
                self.blind = false;
                self.take_up(listed, now);
            }
            Err(error) => {
                self.blind = true;
                self.holes
                    .push(format!("its clusters cannot be listed: {error}"));
            }
        }
        self.judge(policies, now);
        let turn = self.turn(now);
        let until = Instant::now() + LOOKING;
        for id in &turn {
            // What is left is not acted on, and comes first in the next sweep.
            if Instant::now() < until {
                self.look(id).await;
            }
        }
        self.ask_pulses(policies, clock.now()).await;
        self.judge(policies, clock.now());
        let late = self.suspects_unlooked(&turn);
        for id in &late {
            self.look(id).await;
        }
        self.judge(policies, clock.now());
        self.note_holes();
        turn.len() + late.len()
    }

    fn take_up(&mut self, listed: Vec<ListedCluster>, now: DateTime<Utc>) {
        for tracked in self.tracked.values_mut() {
            tracked.missing = true;
        }
        for listed in listed {
            match self.tracked.get_mut(&listed.id) {
                Some(tracked) => tracked.listed(listed),
                None => {
                    let id = listed.id.clone();
                    self.tracked.insert(id, TrackedCluster::new(listed, now));
                }
            }
        }
    }

    pub(super) fn judge(&mut self, policies: &Policies, now: DateTime<Utc>) {
        let blind = self.blind.then_some(BLIND);
        for tracked in self.tracked.values_mut() {
            tracked.judge(policies, now, blind);
        }
    }

    /// Whom to look at: what is no longer listed, what changed and what is suspected, all of it, the
    /// most urgent first; of the new and of the others a few. Whoever cannot be looked at comes last.
    fn turn(&self, now: DateTime<Utc>) -> Vec<ClusterId> {
        let mut urgent = Vec::new();
        let mut new = Vec::new();
        let mut others = Vec::new();
        for (id, tracked) in &self.tracked {
            let live = tracked.listed.state.is_live();
            let suspect = tracked.assessment.stage.is_suspect() && !tracked.can_wait(now);
            let ends_at = tracked
                .assessment
                .ends_at
                .unwrap_or(DateTime::<Utc>::MAX_UTC);
            if tracked.missing && !self.blind {
                urgent.push((tracked.failed, DateTime::<Utc>::MIN_UTC, id));
            } else if tracked.snapshot.is_none() {
                new.push((tracked.failed, !live, tracked.listed.created_at, id));
            } else if live && (tracked.changed || suspect) {
                urgent.push((tracked.failed, ends_at, id));
            } else if tracked.next_look <= now {
                others.push((tracked.failed, tracked.next_look, id));
            }
        }
        urgent.sort();
        new.sort();
        others.sort();
        let routine = self.routine(others.len());
        let urgent = urgent.into_iter().map(|(.., id)| id);
        let new = new.into_iter().take(SURVEYED).map(|(.., id)| id);
        let others = others.into_iter().take(routine).map(|(.., id)| id);
        urgent.chain(new).chain(others).cloned().collect()
    }

    /// How many of those that wait for their turn have it: at least a few, and no more than leaves a
    /// sweep its few calls, of which each look takes two and each page of the listing one.
    fn routine(&self, waiting: usize) -> usize {
        let pages = self.tracked.len() / 50;
        let room = CALLS.saturating_sub(pages) / 2;
        (waiting / 20).min(room).max(ROUTINE)
    }

    /// Those that came under suspicion by what their metrics say.
    fn suspects_unlooked(&self, turn: &[ClusterId]) -> Vec<ClusterId> {
        let late = |(id, tracked): &(&ClusterId, &TrackedCluster)| {
            tracked.assessment.stage.is_suspect() && !turn.contains(id)
        };
        let late = self.tracked.iter().filter(late);
        late.map(|(id, _)| id.clone()).collect()
    }

    pub(super) async fn look(&mut self, id: &ClusterId) {
        let Some(tracked) = self.tracked.get_mut(id) else {
            return;
        };
        match self.fleet.look(id).await {
            Ok(Some(snapshot)) => tracked.looked(snapshot),
            // Not found is not gone: not before it was asked for some times.
            Ok(None) => {
                tracked.unfound += 1;
                tracked.missed("the cloud does not know it".to_owned());
            }
            Err(error) => tracked.missed(format!("it cannot be looked at: {error}")),
        }
    }

    /// Asks what runs on those that their steps alone would end: as many as one call can tell of,
    /// those who waited longest first.
    async fn ask_pulses(&mut self, policies: &Policies, now: DateTime<Utc>) {
        let wants =
            |(_, tracked): &(&ClusterId, &TrackedCluster)| tracked.wants_pulses(policies, now);
        let wanted = self.tracked.iter().filter(wants);
        let mut wanted: Vec<_> = wanted
            .map(|(id, tracked)| (tracked.metrics_read_at, id))
            .collect();
        wanted.sort();
        let wanted: Vec<ClusterId> = wanted
            .into_iter()
            .take(AT_ONCE)
            .map(|(_, id)| id.clone())
            .collect();
        self.hear_pulses(&wanted, now).await;
    }

    /// Asks what ran on these.
    pub(super) async fn hear_pulses(&mut self, wanted: &[ClusterId], now: DateTime<Utc>) {
        let mut by_past: BTreeMap<TimeDelta, Vec<ClusterId>> = BTreeMap::new();
        for id in wanted {
            let past = self.tracked.get(id).map_or(PAST, past);
            by_past.entry(past).or_default().push(id.clone());
        }
        for (past, some) in by_past {
            self.hear_past(&some, now, past).await;
        }
    }

    async fn hear_past(&mut self, wanted: &[ClusterId], now: DateTime<Utc>, past: TimeDelta) {
        let told = {
            let tracked = wanted.iter().filter_map(|id| self.tracked.get(id));
            let snapshots: Vec<&ClusterSnapshot> = tracked
                .filter_map(|tracked| tracked.snapshot.as_ref())
                .collect();
            self.fleet.metric_samples(&snapshots, now - past).await
        };
        let mut told = told.map_err(|error| {
            let hole = format!(
                "metrics of {} clusters cannot be read: {error}",
                wanted.len()
            );
            self.holes.push(hole);
            error.to_string()
        });
        for id in wanted {
            let metric_samples = match &mut told {
                Ok(told) => Reading::Read(told.remove(id).unwrap_or_default()),
                Err(why) => Reading::Unread(why.clone()),
            };
            if let Some(tracked) = self.tracked.get_mut(id) {
                tracked.heard(metric_samples, now);
            }
        }
    }

    /// Says what was not seen; forgets what nobody knows any more.
    fn note_holes(&mut self) {
        let unlooked =
            |tracked: &&TrackedCluster| tracked.snapshot.is_none() && tracked.trouble.is_none();
        match self.tracked.values().filter(unlooked).count() {
            0 => {}
            count => self
                .holes
                .push(format!("{count} clusters were not looked at yet")),
        }
        let mut troubles: BTreeMap<&str, usize> = BTreeMap::new();
        for why in self
            .tracked
            .values()
            .filter_map(|tracked| tracked.trouble.as_deref())
        {
            *troubles.entry(why).or_default() += 1;
        }
        let unread = |tracked: &&TrackedCluster| {
            let steps = tracked.snapshot.as_ref().map(|snapshot| &snapshot.steps);
            matches!(steps, Some(Reading::Unread(_))) && tracked.listed.state.is_live()
        };
        let troubles = troubles.into_iter();
        self.holes
            .extend(troubles.map(|(why, count)| format!("{count} x {why}")));
        match self.tracked.values().filter(unread).count() {
            0 => {}
            count => self
                .holes
                .push(format!("the steps of {count} clusters cannot be read")),
        }
    }

    /// Drops those that are over and done with.
    pub(super) fn drop_over(&mut self) {
        self.tracked.retain(|_, tracked| {
            let over = tracked.assessment.stage == Stage::Over;
            !over && !tracked.is_lost()
        });
    }
}
