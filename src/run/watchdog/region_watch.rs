//! One place of those that are watched, and what is remembered of it.

use super::SweptCluster;
use super::tracked::TrackedCluster;
use crate::cloud::fleet::FleetProvider;
use crate::guard::watch::Assessment;
use crate::model::audit::Entry;
use crate::model::fleet::{ListedCluster, Place};
use crate::model::name::ClusterId;
use crate::model::observed::{ClusterState, End};
use std::collections::BTreeMap;
use std::rc::Rc;

/// What is remembered is bounded by the clusters that live.
pub struct RegionWatch {
    pub(super) fleet: Rc<dyn FleetProvider>,
    pub(super) tracked: BTreeMap<ClusterId, TrackedCluster>,
    /// Why the picture has holes.
    pub(super) holes: Vec<String>,
    /// The listing failed.
    pub(super) blind: bool,
}

/// Why an end was asked for, as the record has it.
fn end(entry: &Entry) -> Option<End> {
    let reason = serde_json::from_value(entry.verdict.clone()?.into()).ok()?;
    let message = entry.evidence.clone().unwrap_or_default().into();
    Some(End { reason, message })
}

impl RegionWatch {
    /// `asked` are ends that a watchdog before this one asked for.
    pub(super) fn new(fleet: Rc<dyn FleetProvider>, asked: &[Entry]) -> Self {
        let mut tracked = BTreeMap::new();
        for entry in asked {
            let of_place = entry.place.as_ref() == Some(fleet.place());
            let target = entry.target.as_ref().filter(|_| of_place);
            let Some((target, id)) = target.and_then(|it| Some((it, it.id.parse().ok()?))) else {
                continue;
            };
            let id: ClusterId = id;
            // Whatever became of it meanwhile: it is looked at, for no listing may have it.
            let listed = ListedCluster {
                id: id.clone(),
                name: target.name.clone().unwrap_or_default(),
                state: ClusterState::Terminating,
                created_at: entry.at,
            };
            let mut it = TrackedCluster::new(listed, entry.at);
            (it.asked_at, it.missing) = (Some(entry.at), true);
            it.end = end(entry);
            tracked.insert(id, it);
        }
        Self {
            fleet,
            tracked,
            holes: Vec::new(),
            blind: false,
        }
    }

    pub fn place(&self) -> &Place {
        self.fleet.place()
    }

    /// What could not be seen, in words.
    pub(super) fn unseen(&self) -> Vec<String> {
        let place = self.place();
        self.holes
            .iter()
            .map(|hole| format!("{place}: {hole}"))
            .collect()
    }

    pub(super) const fn is_blind(&self) -> bool {
        self.blind
    }

    /// Clusters that are neither ending nor over.
    pub(super) fn living(&self) -> usize {
        let living = |tracked: &&TrackedCluster| tracked.listed.state.is_live() && !tracked.missing;
        self.tracked.values().filter(living).count()
    }

    /// Those of them that no look has found yet, or that the last could not look at.
    pub(super) fn unlooked(&self) -> usize {
        let unlooked = |tracked: &&TrackedCluster| {
            let living = tracked.listed.state.is_live() && !tracked.missing;
            living && (tracked.snapshot.is_none() || tracked.trouble.is_some())
        };
        self.tracked.values().filter(unlooked).count()
    }

    pub(super) fn assessment(&self) -> Vec<Assessment> {
        self.tracked
            .values()
            .map(|tracked| tracked.assessment.clone())
            .collect()
    }

    /// What the breaker left of the verdicts, in the order in which they were given to it.
    pub(super) fn restrained(&mut self, assessment: &mut impl Iterator<Item = Assessment>) {
        for (tracked, assessment) in self.tracked.values_mut().zip(assessment) {
            tracked.assessment = assessment;
        }
    }

    pub(super) fn calls(&self) -> BTreeMap<String, u64> {
        self.fleet.calls()
    }

    pub(super) fn seen(&self) -> Vec<SweptCluster> {
        let seen = |tracked: &TrackedCluster| SweptCluster {
            place: self.place().clone(),
            id: tracked.listed.id.to_string(),
            name: tracked.listed.name.clone(),
            owner: tracked
                .snapshot
                .as_ref()
                .and_then(|snapshot| snapshot.owner.clone()),
            assessment: tracked.assessment.clone(),
        };
        self.tracked.values().map(seen).collect()
    }
}
