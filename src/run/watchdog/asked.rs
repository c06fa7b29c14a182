//! What people ask of single clusters through the watchdog, done and put on record in their names.

use super::Watchdog;
use crate::model::audit::{Act, Entry, Target};
use crate::model::fleet::{Place, Sight};
use crate::model::name::ClusterId;
use crate::model::observed::End;

impl Watchdog {
    /// A cluster that lives, as it was looked at last.
    pub fn sight(&self, place: &Place, id: &ClusterId) -> Option<&Sight> {
        let beat = self.beats.iter().find(|beat| beat.place() == place)?;
        let known = beat.known.get(id)?;
        known.sight.as_ref().filter(|sight| sight.state.is_live())
    }

    /// Ends a cluster for a person.
    ///
    /// # Errors
    /// In words: that there is no such cluster, that it is protected, or what the cloud says.
    pub async fn end_for(
        &mut self,
        (place, id): (&Place, &ClusterId),
        who: &str,
        why: &str,
    ) -> Result<String, String> {
        let now = self.clock.now();
        let beat = self.beats.iter_mut().find(|beat| beat.place() == place);
        let beat = beat.ok_or_else(|| format!("{place} is not watched"))?;
        beat.look(id).await;
        let known = beat.known.get_mut(id);
        let unknown = || format!("{place} has no cluster {id}");
        let known = known.ok_or_else(unknown)?;
        let sight = known.sight.as_ref().ok_or_else(unknown)?;
        if let Some(trouble) = &known.trouble {
            return Err(trouble.clone());
        }
        if !sight.state.is_live() {
            return Err(format!("{id} is {} already", sight.state.as_str()));
        }
        if sight.protected {
            return Err(format!(
                "{id} has termination protection: take it off first, by aws emr \
                 modify-cluster-attributes --no-termination-protected --cluster-ids {id}"
            ));
        }
        let message = format!("asked for by {who} on the watchdog's page: {why}");
        let mut entry = Entry {
            at: now,
            actor: who.to_owned(),
            place: Some(place.clone()),
            target: Some(Target::cluster(id, &known.listed.name)),
            act: Act::Terminate,
            verdict: Some("request".to_owned()),
            evidence: Some(why.to_owned()),
            outcome: "asked".to_owned(),
        };
        self.desk.note(&entry);
        let end = End::asked(message);
        let ends = [(id.clone(), end.clone())];
        let mut answers = beat.patrol.end(&ends).await;
        if let Some(Err(error)) = answers.pop() {
            (entry.act, entry.outcome) = (Act::Fail, format!("cannot end it: {error}"));
            self.desk.note(&entry);
            return Err(error.to_string());
        }
        (known.asked_at, known.changed, known.end) = (Some(now), true, Some(end));
        Ok(format!("{id} is being ended"))
    }

    /// Puts on record that a deadline was moved for a person, and looks at the cluster anew.
    pub async fn extended_for(
        &mut self,
        (place, id): (&Place, &ClusterId),
        who: &str,
        why: &str,
        outcome: &str,
    ) {
        let now = self.clock.now();
        let Some(beat) = self.beats.iter_mut().find(|beat| beat.place() == place) else {
            return;
        };
        beat.look(id).await;
        beat.judge(&self.policies, now);
        let Some(known) = beat.known.get(id) else {
            return;
        };
        self.desk.note(&Entry {
            at: now,
            actor: who.to_owned(),
            place: Some(place.clone()),
            target: Some(Target::cluster(id, &known.listed.name)),
            act: Act::Extend,
            verdict: None,
            evidence: Some(why.to_owned()),
            outcome: outcome.to_owned(),
        });
    }
}
