//! One place of those that are watched, and what is remembered of it.

use super::Seen;
use super::known::Known;
use crate::cloud::patrol::Patrol;
use crate::guard::watch::Judged;
use crate::model::audit::Entry;
use crate::model::fleet::{Listed, Place};
use crate::model::name::ClusterId;
use crate::model::observed::{ClusterState, End};
use std::collections::BTreeMap;
use std::rc::Rc;

/// What is remembered is bounded by the clusters that live.
pub struct Beat {
    pub(super) patrol: Rc<dyn Patrol>,
    pub(super) known: BTreeMap<ClusterId, Known>,
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

impl Beat {
    /// `asked` are ends that a watchdog before this one asked for.
    pub(super) fn new(patrol: Rc<dyn Patrol>, asked: &[Entry]) -> Self {
        let mut known = BTreeMap::new();
        for entry in asked {
            let of_place = entry.place.as_ref() == Some(patrol.place());
            let target = entry.target.as_ref().filter(|_| of_place);
            let Some((target, id)) = target.and_then(|it| Some((it, it.id.parse().ok()?))) else {
                continue;
            };
            let id: ClusterId = id;
            // Whatever became of it meanwhile: it is looked at, for no listing may have it.
            let listed = Listed {
                id: id.clone(),
                name: target.name.clone().unwrap_or_default(),
                state: ClusterState::Terminating,
                created_at: entry.at,
            };
            let mut it = Known::new(listed, entry.at);
            (it.asked_at, it.missing) = (Some(entry.at), true);
            it.end = end(entry);
            known.insert(id, it);
        }
        Self {
            patrol,
            known,
            holes: Vec::new(),
            blind: false,
        }
    }

    pub fn place(&self) -> &Place {
        self.patrol.place()
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
        let living = |known: &&Known| known.listed.state.is_live() && !known.missing;
        self.known.values().filter(living).count()
    }

    /// Those of them that no look has found yet, or that the last could not look at.
    pub(super) fn unlooked(&self) -> usize {
        let unlooked = |known: &&Known| {
            let living = known.listed.state.is_live() && !known.missing;
            living && (known.sight.is_none() || known.trouble.is_some())
        };
        self.known.values().filter(unlooked).count()
    }

    pub(super) fn judged(&self) -> Vec<Judged> {
        self.known
            .values()
            .map(|known| known.judged.clone())
            .collect()
    }

    /// What the breaker left of the verdicts, in the order in which they were given to it.
    pub(super) fn restrained(&mut self, judged: &mut impl Iterator<Item = Judged>) {
        for (known, judged) in self.known.values_mut().zip(judged) {
            known.judged = judged;
        }
    }

    pub(super) fn calls(&self) -> BTreeMap<String, u64> {
        self.patrol.calls()
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        let seen = |known: &Known| Seen {
            place: self.place().clone(),
            id: known.listed.id.to_string(),
            name: known.listed.name.clone(),
            owner: known.sight.as_ref().and_then(|sight| sight.owner.clone()),
            judged: known.judged.clone(),
        };
        self.known.values().map(seen).collect()
    }
}
