//! How clusters end: confirmed by a second look, asked for in batches, followed until they are over.

use super::act::{BLIND, Hands};
use super::beat::Beat;
use super::known::Known;
use super::notices;
use crate::cloud::CloudError;
use crate::guard::watch::{Force, Stage};
use crate::model::audit::{Act, Entry};
use crate::model::name::ClusterId;
use crate::model::observed::End;
use chrono::{DateTime, TimeDelta, Utc};

/// An end that does not come is asked for again.
const AGAIN: TimeDelta = TimeDelta::minutes(10);

/// Clusters between whose confirmation and end no more than so many others are looked at. EMR ends
/// as many in one call.
const AT_ONCE: usize = 10;

impl Beat {
    /// Ends what is due, those that are due longest first. Nobody is told meanwhile: that takes time.
    pub(super) async fn end_due(
        &mut self,
        hands: &Hands<'_>,
        began_at: DateTime<Utc>,
        done: &mut Vec<Entry>,
    ) {
        let due = |(_, known): &(&ClusterId, &Known)| {
            matches!(known.judged.stage, Stage::End(..)) && known.is_fresh(began_at)
        };
        let due = self.known.iter().filter(due);
        let mut due: Vec<_> = due
            .map(|(id, known)| (known.judged.ends_at, id.clone()))
            .collect();
        due.sort();
        for batch in due.chunks(AT_ONCE) {
            let mut ends = Vec::new();
            for (_, id) in batch {
                ends.extend(self.confirm(id, hands, done).await);
            }
            if !hands.watch().await {
                return;
            }
            self.end(ends, hands, done).await;
        }
    }

    /// A second look, right before the act: only what says the same again ends.
    async fn confirm(
        &mut self,
        id: &ClusterId,
        hands: &Hands<'_>,
        done: &mut Vec<Entry>,
    ) -> Option<(ClusterId, End)> {
        let Stage::End(_, force, lift) = self.known.get(id)?.judged.stage else {
            return None;
        };
        self.look(id).await;
        if force == Force::Soft {
            let alone = std::slice::from_ref(id);
            self.hear_pulses(alone, hands.clock.now()).await;
        }
        let blind = self.blind.then_some(BLIND);
        let now = hands.clock.now();
        let known = self.known.get_mut(id)?;
        known.judge(hands.policies, now, blind);
        let Stage::End(end, again, _) = known.judged.stage.clone() else {
            return None;
        };
        if known.trouble.is_some() || again < force {
            return None;
        }
        if lift {
            if !hands.watch().await {
                return None;
            }
            let lifted = self.patrol.unprotect(id).await;
            let known = self.known.get(id)?;
            let entry = match &lifted {
                Ok(()) => hands.entry(self, known, Act::Unprotect, "done"),
                Err(error) => self.failed(known, hands, "cannot take its protection off", error),
            };
            hands.note(entry, done);
            lifted.ok()?;
        }
        Some((id.clone(), end))
    }

    async fn end(&mut self, ends: Vec<(ClusterId, End)>, hands: &Hands<'_>, done: &mut Vec<Entry>) {
        if ends.is_empty() {
            return;
        }
        // On record before it is so: whoever comes after waits for it to be over.
        for (id, _) in &ends {
            if let Some(known) = self.known.get(id) {
                hands.note(hands.entry(self, known, Act::Terminate, "asked"), done);
            }
        }
        let answers = self.patrol.end(&ends).await;
        for ((id, end), answer) in ends.into_iter().zip(answers) {
            let now = hands.clock.now();
            let Some(known) = self.known.get_mut(&id) else {
                continue;
            };
            known.changed = true;
            match answer {
                Ok(()) => {
                    known.asked_at.get_or_insert(now);
                    known.end = Some(end);
                }
                Err(error) => self.unended(&id, &error, hands, done).await,
            }
        }
    }

    async fn unended(
        &self,
        id: &ClusterId,
        error: &CloudError,
        hands: &Hands<'_>,
        done: &mut Vec<Entry>,
    ) {
        let Some(known) = self.known.get(id) else {
            return;
        };
        hands.note(self.failed(known, hands, "cannot end it", error), done);
        let notice = notices::unended(&self.about(known, hands.clock.now()), error);
        hands.desk.tell(&notice).await;
    }

    /// Once, whoever asked for it and was cut off before it could tell.
    pub(super) async fn tell_of_end(&self, id: &ClusterId, hands: &Hands<'_>) {
        let asked = self.known.get(id).filter(|known| known.asked_at.is_some());
        if let Some(known) = asked {
            let notice = notices::ended(&self.about(known, hands.clock.now()), &known.its_end());
            hands.desk.tell(&notice).await;
        }
    }

    /// It is over: said where its end was asked for.
    pub(super) async fn over(&self, id: &ClusterId, hands: &Hands<'_>, done: &mut Vec<Entry>) {
        self.tell_of_end(id, hands).await;
        let Some(known) = self.known.get(id) else {
            return;
        };
        if known.asked_at.is_some() {
            let state = known
                .sight
                .as_ref()
                .map_or(known.listed.state, |sight| sight.state);
            hands.note(hands.entry(self, known, Act::Ended, state.as_str()), done);
        }
        for what in notices::MATTERS {
            hands.desk.forget(&notices::matter(what, self.place(), id));
        }
    }

    /// What neither listings nor looks find any more is gone, as far as anybody can tell.
    pub(super) fn lose(&self, hands: &Hands<'_>, done: &mut Vec<Entry>) {
        let lost = |known: &&Known| known.is_lost() && known.asked_at.is_some();
        for known in self.known.values().filter(lost) {
            let outcome = "the cloud no longer knows it";
            hands.note(hands.entry(self, known, Act::Ended, outcome), done);
        }
    }

    pub(super) async fn late(&mut self, id: &ClusterId, hands: &Hands<'_>, done: &mut Vec<Entry>) {
        let now = hands.clock.now();
        let Some(known) = self.known.get(id) else {
            return;
        };
        let notice = notices::late(&self.about(known, now));
        if hands.desk.tell(&notice).await {
            hands.note(hands.entry(self, known, Act::Escalate, "told"), done);
        }
        let again = known.last_asked_at().is_none_or(|at| now - at >= AGAIN);
        if again && hands.watch().await {
            let end = known.its_end();
            // Asked for once more; what comes of it shows in its state.
            let _ = self.patrol.end(&[(id.clone(), end)]).await;
            if let Some(known) = self.known.get_mut(id) {
                known.again_at = Some(now);
            }
        }
    }
}
