//! One watched place, and what the watchdog keeps of it between sweeps.

use super::SweptCluster;
use super::tracked::TrackedCluster;
use crate::cloud::fleet::FleetProvider;
use crate::guard::watch::{Assessment, RememberedCluster};
use crate::model::audit::Entry;
use crate::model::fleet::ListedCluster;
use crate::model::name::ClusterId;
use crate::model::observed::{ClusterState, End};
use crate::model::place::Place;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::rc::Rc;

/// The watchdog's memory of one place. Its size is bounded by the number of clusters that are not
/// over.
pub struct RegionWatch {
    pub(super) fleet: Rc<dyn FleetProvider>,
    pub(super) tracked: BTreeMap<ClusterId, TrackedCluster>,
    /// What earlier runs of the program have learned.
    pub(super) remembered: Rc<BTreeMap<(Place, ClusterId), RememberedCluster>>,
    /// How many calls for tags the last sweep made.
    pub(super) tag_calls: usize,
    /// When tags are read of many clusters at once again, if that has failed.
    pub(super) tags_retry_at: Option<DateTime<Utc>>,
    /// What could not be observed, as text.
    pub(super) gaps: Vec<String>,
    /// Whether the last listing failed.
    pub(super) blind: bool,
    /// Why the whole account cannot be used, if it could not be at the last listing.
    pub(super) refused: Option<String>,
}

/// Returns the end that an audit entry records.
fn end(entry: &Entry) -> Option<End> {
    let reason = serde_json::from_value(entry.verdict.clone()?.into()).ok()?;
    let message = entry.evidence.clone().unwrap_or_default().into();
    Some(End { reason, message })
}

impl RegionWatch {
    /// `asked` are terminations that an earlier watchdog requested.
    pub(super) fn new(fleet: Rc<dyn FleetProvider>, asked: &[Entry]) -> Self {
        let mut tracked = BTreeMap::new();
        for entry in asked {
            let of_place = entry.place.as_ref() == Some(fleet.place());
            let target = entry.target.as_ref().filter(|_| of_place);
            let Some((target, id)) =
                target.and_then(|target| Some((target, target.id.parse().ok()?)))
            else {
                continue;
            };
            let id: ClusterId = id;
            // It is described in the first sweep, since a listing may no longer have it.
            let listed = ListedCluster {
                id: id.clone(),
                name: target.name.clone().unwrap_or_default(),
                state: ClusterState::Terminating,
                created_at: entry.at,
                ready_at: None,
            };
            let mut cluster = TrackedCluster::new(listed, entry.at);
            cluster.asked_at = Some(entry.at);
            cluster.missing = true;
            cluster.end = end(entry);
            tracked.insert(id, cluster);
        }
        Self {
            fleet,
            tracked,
            remembered: Rc::default(),
            tag_calls: 0,
            tags_retry_at: None,
            gaps: Vec::new(),
            blind: false,
            refused: None,
        }
    }

    /// The place that is watched.
    pub fn place(&self) -> &Place {
        self.fleet.place()
    }

    /// What could not be observed, as text that names the place.
    pub(super) fn unseen(&self) -> Vec<String> {
        let place = self.place();
        self.gaps
            .iter()
            .map(|gap| format!("{place}: {gap}"))
            .collect()
    }

    pub(super) const fn is_blind(&self) -> bool {
        self.blind
    }

    /// The number of clusters that are neither ending nor over.
    pub(super) fn living(&self) -> usize {
        let living = |tracked: &&TrackedCluster| tracked.listed.state.is_live() && !tracked.missing;
        self.tracked.values().filter(living).count()
    }

    /// The number of those that were not described yet, or whose last description failed.
    pub(super) fn unlooked(&self) -> usize {
        let unlooked = |tracked: &&TrackedCluster| {
            let living = tracked.listed.state.is_live() && !tracked.missing;
            living && (tracked.snapshot.is_none() || tracked.trouble.is_some())
        };
        self.tracked.values().filter(unlooked).count()
    }

    /// The number of those of which steps or metrics could not be read.
    pub(super) fn unread(&self) -> usize {
        let unread = |tracked: &&TrackedCluster| {
            let living = tracked.listed.state.is_live() && !tracked.missing;
            living && (tracked.has_unread_steps() || tracked.has_unread_metrics())
        };
        self.tracked.values().filter(unread).count()
    }

    pub(super) fn assessment(&self) -> Vec<Assessment> {
        self.tracked
            .values()
            .map(|tracked| tracked.assessment.clone())
            .collect()
    }

    /// Replaces the assessments by those that the circuit breaker returned, in the order of
    /// [`Self::assessment`].
    pub(super) fn restrained(&mut self, assessment: &mut impl Iterator<Item = Assessment>) {
        for (tracked, assessment) in self.tracked.values_mut().zip(assessment) {
            tracked.assessment = assessment;
        }
    }

    pub(super) fn calls(&self) -> BTreeMap<String, u64> {
        let region = self.fleet.region();
        region.map(|region| region.calls()).unwrap_or_default()
    }

    pub(super) fn swept_clusters(&self) -> Vec<SweptCluster> {
        let swept = |tracked: &TrackedCluster| SweptCluster {
            place: self.place().clone(),
            id: tracked.listed.id.to_string(),
            name: tracked.listed.name.clone(),
            owner: tracked
                .snapshot
                .as_ref()
                .and_then(|snapshot| snapshot.owner.clone()),
            assessment: tracked.assessment.clone(),
        };
        self.tracked.values().map(swept).collect()
    }
}
