//! What is done about verdicts. People are told before a mark is written, and a mark is written
//! before anything ends: cut off anywhere, the next sweep finds how far it came.

use super::beat::Beat;
use super::desk::Desk;
use super::known::Known;
use super::notices::{self, About};
use crate::cloud::CloudError;
use crate::guard::watch::{Force, Stage};
use crate::model::audit::{Act, Entry, Target};
use crate::model::clock::Clock;
use crate::model::fleet::Mark;
use crate::model::name::ClusterId;
use crate::model::notice::Notice;
use crate::model::observed::End;
use crate::policy::Policies;
use chrono::{DateTime, TimeDelta, Utc};

/// An end that does not come is asked for again.
const AGAIN: TimeDelta = TimeDelta::minutes(10);

/// What acting needs.
pub(super) struct Hands<'a> {
    pub(super) desk: &'a dyn Desk,
    pub(super) policies: &'a Policies,
    pub(super) clock: &'a dyn Clock,
    pub(super) actor: &'a str,
}

impl Hands<'_> {
    fn entry(&self, beat: &Beat, known: &Known, act: Act, outcome: impl Into<String>) -> Entry {
        let judged = &known.judged;
        Entry {
            at: self.clock.now(),
            actor: self.actor.to_owned(),
            place: Some(beat.place().clone()),
            target: Some(Target::cluster(&known.listed.id, &known.listed.name)),
            act,
            verdict: Some(match judged.reason {
                Some(reason) => reason.as_str().to_owned(),
                None => judged.stage.word().to_owned(),
            }),
            evidence: Some(judged.evidence.clone()).filter(|says| !says.is_empty()),
            outcome: outcome.into(),
        }
    }

    fn note(&self, entry: Entry, done: &mut Vec<Entry>) {
        self.desk.note(&entry);
        done.push(entry);
    }
}

impl Beat {
    pub(super) async fn act(
        &mut self,
        hands: &Hands<'_>,
        began_at: DateTime<Utc>,
        done: &mut Vec<Entry>,
    ) {
        let mut ends = Vec::new();
        let ids: Vec<ClusterId> = self.known.keys().cloned().collect();
        for id in ids {
            let Some(known) = self.known.get(&id) else {
                continue;
            };
            let (stage, fresh) = (known.judged.stage.clone(), known.is_fresh(began_at));
            match stage {
                Stage::Over => self.over(&id, hands, done),
                Stage::Late => self.late(&id, hands, done).await,
                Stage::Stuck | Stage::Forgotten | Stage::Protected => {
                    self.tell(&id, hands, done).await;
                }
                // What is written on a cluster rests on what it is now.
                Stage::Warn(mark) if fresh => self.warn(&id, mark, hands, done).await,
                Stage::Clear if fresh => self.clear(&id, hands, done).await,
                Stage::End(_, force, lift) if fresh => {
                    ends.extend(self.confirm(&id, force, lift, hands, done).await);
                }
                Stage::Keep => self.unstick(&id, hands),
                Stage::Exempt
                | Stage::Unseen
                | Stage::Warn(_)
                | Stage::Grace(_)
                | Stage::Clear
                | Stage::End(..)
                | Stage::Ending => {}
            }
        }
        self.end(ends, hands, done).await;
        self.lose(hands, done);
        self.drop_over();
    }

    /// It is over: said where its end was asked for.
    fn over(&self, id: &ClusterId, hands: &Hands<'_>, done: &mut Vec<Entry>) {
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
    fn lose(&self, hands: &Hands<'_>, done: &mut Vec<Entry>) {
        let lost = |known: &&Known| known.is_lost() && known.asked_at.is_some();
        for known in self.known.values().filter(lost) {
            let outcome = "the cloud no longer knows it";
            hands.note(hands.entry(self, known, Act::Ended, outcome), done);
        }
    }

    async fn late(&mut self, id: &ClusterId, hands: &Hands<'_>, done: &mut Vec<Entry>) {
        let now = hands.clock.now();
        let Some(known) = self.known.get(id) else {
            return;
        };
        let notice = notices::late(&self.about(known, now));
        if hands.desk.tell(&notice).await {
            hands.note(hands.entry(self, known, Act::Escalate, "told"), done);
        }
        let again = known.last_asked_at().is_none_or(|at| now - at >= AGAIN);
        if again {
            let end = End {
                reason: known.end_reason(),
                message: known.judged.evidence.clone(),
            };
            // Asked for once more; what comes of it shows in its state.
            let _ = self.patrol.end(&[(id.clone(), end)]).await;
            if let Some(known) = self.known.get_mut(id) {
                known.again_at = Some(now);
            }
        }
    }

    async fn tell(&mut self, id: &ClusterId, hands: &Hands<'_>, done: &mut Vec<Entry>) {
        let Some(known) = self.known.get(id) else {
            return;
        };
        let notice = notices::told(&self.about(known, hands.clock.now()), &known.judged.stage);
        if hands.desk.tell(&notice).await {
            hands.note(hands.entry(self, known, Act::Tell, "told"), done);
        }
        if let Some(known) = self.known.get_mut(id) {
            known.stuck = known.judged.stage == Stage::Stuck;
        }
    }

    /// One that works again may be stuck again.
    fn unstick(&mut self, id: &ClusterId, hands: &Hands<'_>) {
        let matter = notices::matter("stuck", self.place(), id);
        let known = self.known.get_mut(id).filter(|known| known.stuck);
        if let Some(known) = known {
            known.stuck = false;
            hands.desk.forget(&matter);
        }
    }

    async fn warn(&mut self, id: &ClusterId, mark: Mark, hands: &Hands<'_>, done: &mut Vec<Entry>) {
        let Some(known) = self.known.get(id) else {
            return;
        };
        let notice: Notice = notices::warning(&self.about(known, hands.clock.now()), mark);
        let news = hands.desk.tell(&notice).await;
        let marked = self.patrol.mark(id, Some(&mark)).await;
        if let Err(error) = marked {
            // One that cannot be marked never ends, and is tried again by every sweep.
            self.holes.push(format!("{id} cannot be marked: {error}"));
            if news {
                hands.note(self.failed(known, hands, "cannot mark it", &error), done);
            }
            return;
        }
        let outcome = format!("ends at {}", at(mark.ends_at));
        hands.note(hands.entry(self, known, Act::Warn, outcome), done);
        if let Some(sight) = self
            .known
            .get_mut(id)
            .and_then(|known| known.sight.as_mut())
        {
            sight.mark = Some(mark);
        }
    }

    async fn clear(&mut self, id: &ClusterId, hands: &Hands<'_>, done: &mut Vec<Entry>) {
        for what in notices::MATTERS {
            hands.desk.forget(&notices::matter(what, self.place(), id));
        }
        let cleared = self.patrol.mark(id, None).await;
        let Some(known) = self.known.get(id) else {
            return;
        };
        let entry = match &cleared {
            Ok(()) => hands.entry(self, known, Act::Clear, "done"),
            Err(error) => self.failed(known, hands, "cannot take its mark off", error),
        };
        hands.note(entry, done);
        if cleared.is_ok()
            && let Some(sight) = self
                .known
                .get_mut(id)
                .and_then(|known| known.sight.as_mut())
        {
            sight.mark = None;
        }
    }

    /// A second look, right before the act: only what says the same again ends.
    async fn confirm(
        &mut self,
        id: &ClusterId,
        force: Force,
        lift: bool,
        hands: &Hands<'_>,
        done: &mut Vec<Entry>,
    ) -> Option<(ClusterId, End)> {
        self.look(id).await;
        if force == Force::Soft {
            let alone = std::slice::from_ref(id);
            self.hear_pulses(alone, hands.clock.now()).await;
        }
        let blind = self
            .blind
            .then_some("the clusters of its place cannot be listed");
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
        for ((id, _), answer) in ends.iter().zip(answers) {
            let now = hands.clock.now();
            let Some(known) = self.known.get_mut(id) else {
                continue;
            };
            known.asked_at.get_or_insert(now);
            known.changed = true;
            let Some(known) = self.known.get(id) else {
                continue;
            };
            let about = self.about(known, now);
            let notice = match &answer {
                Ok(()) => notices::ended(&about),
                Err(error) => {
                    hands.note(self.failed(known, hands, "cannot end it", error), done);
                    notices::unended(&about, error)
                }
            };
            hands.desk.tell(&notice).await;
        }
    }

    fn failed(&self, known: &Known, hands: &Hands<'_>, what: &str, error: &CloudError) -> Entry {
        hands.entry(self, known, Act::Fail, format!("{what}: {error}"))
    }

    fn about<'a>(&'a self, known: &'a Known, now: DateTime<Utc>) -> About<'a> {
        About {
            place: self.place(),
            known,
            now,
        }
    }
}

fn at(instant: DateTime<Utc>) -> String {
    instant.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}
