//! Observes one place: lists its clusters, reads the tags and metrics of many at once, and describes
//! those of which something has to be said. [`super::looks`] decides which.

use super::act::BLIND;
use super::region_watch::RegionWatch;
use super::tracked::TrackedCluster;
use crate::guard::watch::Stage;
use crate::model::clock::Clock;
use crate::model::fleet::ListedCluster;
use crate::model::name::ClusterId;
use crate::policy::Policies;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// The longest that a slow place may delay the others in a sweep of the daemon.
const MAX_OBSERVE_TIME: Duration = Duration::from_secs(180);

/// How much one sweep observes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// As much as a minute allows: the next sweep goes on.
    Part,
    /// All that is due: there may be no next sweep.
    Whole,
}

impl RegionWatch {
    /// Observes the place. Returns how many clusters were described.
    pub(super) async fn observe(
        &mut self,
        policies: &Policies,
        clock: &dyn Clock,
        now: DateTime<Utc>,
        extent: Extent,
    ) -> usize {
        self.survey(now, extent).await;
        self.judge(policies, now);
        if self.refused.is_some() {
            return 0;
        }
        let until = match extent {
            Extent::Part => Some(Instant::now() + MAX_OBSERVE_TIME),
            // The caller goes on with them, and reports how far it is.
            Extent::Whole => None,
        };
        let due_looks = self.due_looks(now);
        let mut looked = self.look_until(&due_looks, until, clock).await;
        self.read_due_metrics(policies, clock.now(), extent).await;
        self.judge(policies, clock.now());
        let late = self.suspects_unlooked(&due_looks, clock.now());
        looked += self.look_until(&late, until, clock).await;
        self.judge(policies, clock.now());
        if extent == Extent::Part {
            self.note_gaps();
        }
        looked
    }

    /// Lists the clusters and reads the tags that are due.
    async fn survey(&mut self, now: DateTime<Utc>, extent: Extent) {
        self.gaps.clear();
        self.refused = None;
        match self.fleet.list().await {
            Ok(listed) => {
                self.blind = false;
                self.merge_listing(listed, now);
                self.read_due_tags(now, extent).await;
            }
            Err(error) => self.note_blind(&error),
        }
    }

    fn merge_listing(&mut self, listed: Vec<ListedCluster>, now: DateTime<Utc>) {
        for tracked in self.tracked.values_mut() {
            tracked.missing = true;
        }
        for listed in listed {
            match self.tracked.get_mut(&listed.id) {
                Some(tracked) => {
                    // Somebody may have adopted it since it was last described.
                    let adopted = tracked.may_be_stale(now) && self.fleet.claims(&listed);
                    tracked.changed |= adopted;
                    tracked.listed(listed, now);
                }
                None => {
                    let id = listed.id.clone();
                    let mut tracked = TrackedCluster::new(listed, now);
                    let known = (self.place().clone(), id.clone());
                    tracked.remembered = self.remembered.get(&known).cloned();
                    self.tracked.insert(id, tracked);
                }
            }
        }
        let gone = |tracked: &&mut TrackedCluster| tracked.missing && tracked.may_vanish();
        for tracked in self.tracked.values_mut().filter(gone) {
            tracked.unfound += 1;
        }
    }

    pub(super) fn judge(&mut self, policies: &Policies, now: DateTime<Utc>) {
        let blind = self.blind.then_some(BLIND);
        for tracked in self.tracked.values_mut() {
            tracked.judge(policies, now, blind);
        }
    }

    /// Describes clusters until an instant. The others are not acted on, and come first in the next
    /// sweep. Returns how many were described.
    async fn look_until(
        &mut self,
        ids: &[ClusterId],
        until: Option<Instant>,
        clock: &dyn Clock,
    ) -> usize {
        let Some(until) = until else {
            return 0;
        };
        let mut looked = 0;
        for id in ids {
            if Instant::now() >= until {
                break;
            }
            self.look(id, clock.now()).await;
            looked += 1;
        }
        looked
    }

    pub(super) async fn look(&mut self, id: &ClusterId, now: DateTime<Utc>) {
        let Some(tracked) = self.tracked.get_mut(id) else {
            return;
        };
        match self.fleet.look(id).await {
            Ok(Some(snapshot)) => tracked.looked(snapshot),
            // Not found is not gone: several looks must miss it.
            Ok(None) => {
                tracked.unfound += 1;
                tracked.look_failed("the cloud does not know it".to_owned(), now);
            }
            Err(error) => {
                tracked.look_failed(format!("it cannot be described: {error}"), now);
            }
        }
    }

    /// Notes what could not be observed.
    pub(super) fn note_gaps(&mut self) {
        let unlooked =
            |tracked: &&TrackedCluster| tracked.snapshot.is_none() && tracked.trouble.is_none();
        match self.tracked.values().filter(unlooked).count() {
            0 => {}
            count => self
                .gaps
                .push(format!("{count} clusters were not checked yet")),
        }
        let mut troubles: BTreeMap<&str, usize> = BTreeMap::new();
        for why in self
            .tracked
            .values()
            .filter_map(|tracked| tracked.trouble.as_deref())
        {
            *troubles.entry(why).or_default() += 1;
        }
        let troubles = troubles.into_iter();
        self.gaps
            .extend(troubles.map(|(why, count)| format!("{count} x {why}")));
        let unread = |tracked: &&TrackedCluster| {
            tracked.has_unread_steps() && tracked.listed.state.is_live()
        };
        match self.tracked.values().filter(unread).count() {
            0 => {}
            count => self
                .gaps
                .push(format!("the steps of {count} clusters cannot be read")),
        }
    }

    /// Drops clusters that are over or lost.
    pub(super) fn drop_over(&mut self) {
        self.tracked.retain(|_, tracked| {
            let over = tracked.assessment.stage == Stage::Over;
            !over && !tracked.is_lost()
        });
    }
}
