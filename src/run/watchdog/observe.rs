//! One look at a place: a listing, then a closer look at what changed, what is suspected, and what
//! is new, in that order; and a few of those whose turn it is.

use super::act::BLIND;
use super::beat::Beat;
use super::known::Known;
use crate::guard::watch::{AT_ONCE, Stage};
use crate::model::clock::Clock;
use crate::model::fleet::{Listed, Sight, Signal};
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
fn past(known: &Known) -> TimeDelta {
    let remembered = known.quiet.is_some() || known.pulses.is_some();
    let least = if remembered { PAST } else { DAY };
    let reach = known.reach.max(least);
    [PAST, DAY]
        .into_iter()
        .find(|past| reach <= *past)
        .unwrap_or(LONG_PAST)
}

impl Beat {
    /// How many clusters were looked at.
    pub(super) async fn observe(
        &mut self,
        policies: &Policies,
        clock: &dyn Clock,
        now: DateTime<Utc>,
    ) -> usize {
        self.holes.clear();
        match self.patrol.list().await {
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

    fn take_up(&mut self, listed: Vec<Listed>, now: DateTime<Utc>) {
        for known in self.known.values_mut() {
            known.missing = true;
        }
        for listed in listed {
            match self.known.get_mut(&listed.id) {
                Some(known) => known.listed(listed),
                None => {
                    let id = listed.id.clone();
                    self.known.insert(id, Known::new(listed, now));
                }
            }
        }
    }

    pub(super) fn judge(&mut self, policies: &Policies, now: DateTime<Utc>) {
        let blind = self.blind.then_some(BLIND);
        for known in self.known.values_mut() {
            known.judge(policies, now, blind);
        }
    }

    /// Whom to look at: what is no longer listed, what changed and what is suspected, all of it, the
    /// most urgent first; of the new and of the others a few. Whoever cannot be looked at comes last.
    fn turn(&self, now: DateTime<Utc>) -> Vec<ClusterId> {
        let (mut urgent, mut new, mut others) = (Vec::new(), Vec::new(), Vec::new());
        for (id, known) in &self.known {
            let live = known.listed.state.is_live();
            let suspect = known.judged.stage.is_suspect() && !known.can_wait(now);
            let ends_at = known.judged.ends_at.unwrap_or(DateTime::<Utc>::MAX_UTC);
            if known.missing && !self.blind {
                urgent.push((known.failed, DateTime::<Utc>::MIN_UTC, id));
            } else if known.sight.is_none() {
                new.push((known.failed, !live, known.listed.created_at, id));
            } else if live && (known.changed || suspect) {
                urgent.push((known.failed, ends_at, id));
            } else if known.next_look <= now {
                others.push((known.failed, known.next_look, id));
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
        let pages = self.known.len() / 50;
        let room = CALLS.saturating_sub(pages) / 2;
        (waiting / 20).min(room).max(ROUTINE)
    }

    /// Those that came under suspicion by what their metrics say.
    fn suspects_unlooked(&self, turn: &[ClusterId]) -> Vec<ClusterId> {
        let late = |(id, known): &(&ClusterId, &Known)| {
            known.judged.stage.is_suspect() && !turn.contains(id)
        };
        let late = self.known.iter().filter(late);
        late.map(|(id, _)| id.clone()).collect()
    }

    pub(super) async fn look(&mut self, id: &ClusterId) {
        let Some(known) = self.known.get_mut(id) else {
            return;
        };
        match self.patrol.look(id).await {
            Ok(Some(sight)) => known.looked(sight),
            // Not found is not gone: not before it was asked for some times.
            Ok(None) => {
                known.unfound += 1;
                known.missed("the cloud does not know it".to_owned());
            }
            Err(error) => known.missed(format!("it cannot be looked at: {error}")),
        }
    }

    /// Asks what runs on those that their steps alone would end: as many as one call can tell of,
    /// those who waited longest first.
    async fn ask_pulses(&mut self, policies: &Policies, now: DateTime<Utc>) {
        let wants = |(_, known): &(&ClusterId, &Known)| known.wants_pulses(policies, now);
        let wanted = self.known.iter().filter(wants);
        let mut wanted: Vec<_> = wanted.map(|(id, known)| (known.pulses_at, id)).collect();
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
            let past = self.known.get(id).map_or(PAST, past);
            by_past.entry(past).or_default().push(id.clone());
        }
        for (past, some) in by_past {
            self.hear_past(&some, now, past).await;
        }
    }

    async fn hear_past(&mut self, wanted: &[ClusterId], now: DateTime<Utc>, past: TimeDelta) {
        let told = {
            let known = wanted.iter().filter_map(|id| self.known.get(id));
            let sights: Vec<&Sight> = known.filter_map(|known| known.sight.as_ref()).collect();
            self.patrol.pulses(&sights, now - past).await
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
            let pulses = match &mut told {
                Ok(told) => Signal::Read(told.remove(id).unwrap_or_default()),
                Err(why) => Signal::Unread(why.clone()),
            };
            if let Some(known) = self.known.get_mut(id) {
                known.heard(pulses, now);
            }
        }
    }

    /// Says what was not seen; forgets what nobody knows any more.
    fn note_holes(&mut self) {
        let unlooked = |known: &&Known| known.sight.is_none() && known.trouble.is_none();
        match self.known.values().filter(unlooked).count() {
            0 => {}
            count => self
                .holes
                .push(format!("{count} clusters were not looked at yet")),
        }
        let mut troubles: BTreeMap<&str, usize> = BTreeMap::new();
        for why in self
            .known
            .values()
            .filter_map(|known| known.trouble.as_deref())
        {
            *troubles.entry(why).or_default() += 1;
        }
        let unread = |known: &&Known| {
            let steps = known.sight.as_ref().map(|sight| &sight.steps);
            matches!(steps, Some(Signal::Unread(_))) && known.listed.state.is_live()
        };
        let troubles = troubles.into_iter();
        self.holes
            .extend(troubles.map(|(why, count)| format!("{count} x {why}")));
        match self.known.values().filter(unread).count() {
            0 => {}
            count => self
                .holes
                .push(format!("the steps of {count} clusters cannot be read")),
        }
    }

    /// Drops those that are over and done with.
    pub(super) fn drop_over(&mut self) {
        self.known.retain(|_, known| {
            let over = known.judged.stage == Stage::Over;
            !over && !known.is_lost()
        });
    }
}
