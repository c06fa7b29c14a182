//! What is known after a sweep, for those who look at it.

use super::Watchdog;
use super::beat::Beat;
use super::known::Known;
use crate::cost::meter::{accrued, rate};
use crate::model::picture::{Picture, Row};
use chrono::{DateTime, Utc};

/// Entries of the record that are shown.
const RECENT: usize = 100;

impl Watchdog {
    pub fn picture(&self, active: bool) -> Picture {
        let now = self.clock.now();
        Picture {
            at: now,
            places: self.beats.iter().map(|beat| beat.place().clone()).collect(),
            active,
            last: self.last.clone(),
            totals: self.totals.clone(),
            clusters: self
                .beats
                .iter()
                .flat_map(|beat| beat.known.values().map(move |known| row(beat, known, now)))
                .collect(),
            mildest: self.policies.mildest_says(),
            months: self.curves.clone(),
            events: self.desk.recent(RECENT),
        }
    }
}

fn row(beat: &Beat, known: &Known, now: DateTime<Utc>) -> Row {
    let (listed, judged, sight) = (&known.listed, &known.judged, known.sight.as_ref());
    let ours = sight.and_then(|sight| sight.ours());
    let rates = sight.and_then(|sight| Some((sight.rates.as_ref()?, &sight.lives)));
    Row {
        place: beat.place().clone(),
        id: listed.id.clone(),
        name: listed.name.clone(),
        stack: ours.map(|cluster| cluster.stack.clone()),
        team: ours.and_then(|cluster| cluster.spec.team.clone()),
        owner: sight.and_then(|sight| sight.owner.clone()),
        state: listed.state,
        created_at: listed.created_at,
        idle_since: judged.idle_since,
        idle_at_least: judged.idle_at_least,
        spent: rates.map(|(rates, lives)| accrued(rates, lives, now).total),
        rate: rates.map(|(rates, lives)| rate(rates, lives, now)),
        ends_at: judged.ends_at,
        warns_at: judged.warns_at,
        at_earliest: judged.at_earliest,
        cause: judged.reason.map(|reason| reason.as_str().to_owned()),
        stage: judged.stage.word().to_owned(),
        evidence: judged.evidence.clone(),
        rungs: ours.map_or(Vec::new(), |cluster| cluster.rungs.clone()),
        looked_at: sight.map(|sight| sight.looked_at),
    }
}
