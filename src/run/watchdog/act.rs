//! What is done about verdicts. People are told before a mark is written, and a mark is written
//! before anything ends: cut off anywhere, the next sweep finds how far it came.

use super::beat::Beat;
use super::desk::Desk;
use super::known::Known;
use super::notices::{self, About};
use crate::cloud::CloudError;
use crate::cloud::patrol::Patrol;
use crate::guard::watch::Stage;
use crate::model::audit::{Act, Entry, Target};
use crate::model::clock::Clock;
use crate::model::name::ClusterId;
use crate::model::notice::Notice;
use crate::policy::Policies;
use chrono::{DateTime, Utc};

/// Why nothing of a place idles that cannot be listed.
pub(super) const BLIND: &str = "the clusters of its place cannot be listed";

/// What acting needs.
pub(super) struct Hands<'a> {
    pub(super) desk: &'a dyn Desk,
    pub(super) policies: &'a Policies,
    pub(super) clock: &'a dyn Clock,
    pub(super) actor: &'a str,
    /// Whose watch it is, where there is one: two watchdogs must not act at once.
    pub(super) home: Option<&'a dyn Patrol>,
}

impl Hands<'_> {
    /// Whether the watch is still ours; asked before anything is changed.
    pub(super) async fn watch(&self) -> bool {
        match self.home {
            Some(home) => home.keeps_watch().await.unwrap_or(false),
            None => true,
        }
    }

    pub(super) fn entry(
        &self,
        beat: &Beat,
        known: &Known,
        act: Act,
        outcome: impl Into<String>,
    ) -> Entry {
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

    pub(super) fn note(&self, entry: Entry, done: &mut Vec<Entry>) {
        self.desk.note(&entry);
        done.push(entry);
    }
}

impl Beat {
    /// Tells and marks; ends are for [`Beat::end_due`], which comes first.
    pub(super) async fn tell_all(
        &mut self,
        hands: &Hands<'_>,
        began_at: DateTime<Utc>,
        done: &mut Vec<Entry>,
    ) {
        let ids: Vec<ClusterId> = self.known.keys().cloned().collect();
        for id in ids {
            let Some(known) = self.known.get(&id) else {
                continue;
            };
            let (stage, fresh) = (known.judged.stage.clone(), known.is_fresh(began_at));
            let sight = known.sight.as_ref();
            if let Some(why) = sight.and_then(|sight| sight.disputed()) {
                let about = self.about(known, hands.clock.now());
                hands.desk.tell(&notices::disputed(&about, why)).await;
            }
            match stage {
                Stage::Over => self.over(&id, hands, done).await,
                Stage::Late => self.late(&id, hands, done).await,
                Stage::End(..) | Stage::Ending => self.tell_of_end(&id, hands).await,
                Stage::Stuck => self.tell(&id, "stuck", hands, done).await,
                Stage::Forgotten => self.tell(&id, "forgotten", hands, done).await,
                Stage::Protected => self.tell(&id, "protected", hands, done).await,
                // What is written on a cluster rests on what it is now.
                Stage::Warn(_) if fresh => self.warn(&id, hands, done).await,
                Stage::Clear if fresh => self.clear(&id, hands, done).await,
                Stage::Keep => self.untell(&id, hands),
                Stage::Exempt | Stage::Unseen | Stage::Warn(_) | Stage::Grace(_) | Stage::Clear => {
                }
            }
        }
        self.lose(hands, done);
        self.drop_over();
    }

    async fn tell(
        &mut self,
        id: &ClusterId,
        what: &'static str,
        hands: &Hands<'_>,
        done: &mut Vec<Entry>,
    ) {
        let Some(known) = self.known.get(id) else {
            return;
        };
        let notice = notices::told(&self.about(known, hands.clock.now()), &known.judged.stage);
        if hands.desk.tell(&notice).await {
            hands.note(hands.entry(self, known, Act::Tell, "told"), done);
        }
        if let Some(known) = self.known.get_mut(id) {
            known.told = Some(what);
        }
    }

    /// One that is well again may be told of again.
    fn untell(&mut self, id: &ClusterId, hands: &Hands<'_>) {
        let told = self.known.get_mut(id).and_then(|known| known.told.take());
        if let Some(what) = told {
            hands.desk.forget(&notices::matter(what, self.place(), id));
        }
    }

    /// The mark is made now, so that whatever took its time before leaves the grace whole.
    async fn warn(&mut self, id: &ClusterId, hands: &Hands<'_>, done: &mut Vec<Entry>) {
        let now = hands.clock.now();
        let blind = self.blind.then_some(BLIND);
        if let Some(known) = self.known.get_mut(id) {
            known.judge(hands.policies, now, blind);
        }
        let Some(known) = self.known.get(id) else {
            return;
        };
        let Stage::Warn(mark) = known.judged.stage else {
            return;
        };
        if !hands.watch().await {
            return;
        }
        let before = known.sight.as_ref().and_then(|sight| sight.mark);
        if before.is_some() {
            // Of another end, which people were told of, and which is not this.
            hands
                .desk
                .forget(&notices::matter("warn", self.place(), id));
        }
        let notice: Notice = notices::warning(&self.about(known, now), mark);
        let news = hands.desk.tell(&notice).await;
        let marked = self.patrol.mark(id, Some(&mark)).await;
        if let Err(error) = marked {
            // One that cannot be marked never ends, and is tried again by every sweep.
            let notice = notices::unmarked(&self.about(known, now), &error);
            if hands.desk.tell(&notice).await || news {
                hands.note(self.failed(known, hands, "cannot mark it", &error), done);
            }
            self.holes.push(format!("{id} cannot be marked: {error}"));
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
        if !hands.watch().await {
            return;
        }
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

    pub(super) fn failed(
        &self,
        known: &Known,
        hands: &Hands<'_>,
        what: &str,
        error: &CloudError,
    ) -> Entry {
        hands.entry(self, known, Act::Fail, format!("{what}: {error}"))
    }

    pub(super) fn about<'a>(&'a self, known: &'a Known, now: DateTime<Utc>) -> About<'a> {
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
