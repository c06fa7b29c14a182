//! Carries out operator requests about single clusters and records them in the operators' names.

use super::Watchdog;
use super::notices::lift_protection;
use crate::model::audit::{Act, Entry, Target};
use crate::model::fleet::ClusterSnapshot;
use crate::model::name::ClusterId;
use crate::model::observed::End;
use crate::model::place::Place;

impl Watchdog {
    /// Returns the last snapshot of a live cluster.
    pub fn snapshot(&self, place: &Place, id: &ClusterId) -> Option<&ClusterSnapshot> {
        let region_watch = self
            .region_watches
            .iter()
            .find(|region_watch| region_watch.place() == place)?;
        let tracked = region_watch.tracked.get(id)?;
        tracked
            .snapshot
            .as_ref()
            .filter(|snapshot| snapshot.state().is_live())
    }

    /// Ends a cluster on an operator's request.
    ///
    /// # Errors
    /// Returns a message if the cluster is unknown or not live, if it has termination protection,
    /// or if the call to end it fails.
    pub async fn end_for(
        &mut self,
        (place, id): (&Place, &ClusterId),
        who: &str,
        why: &str,
    ) -> Result<String, String> {
        let now = self.clock.now();
        let region_watch = self
            .region_watches
            .iter_mut()
            .find(|region_watch| region_watch.place() == place);
        let region_watch = region_watch.ok_or_else(|| format!("{place} is not watched"))?;
        region_watch.look(id, now).await;
        let tracked = region_watch.tracked.get_mut(id);
        let unknown = || format!("{place} has no cluster {id}");
        let tracked = tracked.ok_or_else(unknown)?;
        let snapshot = tracked.snapshot.as_ref().ok_or_else(unknown)?;
        if let Some(trouble) = &tracked.trouble {
            return Err(trouble.clone());
        }
        if !snapshot.state().is_live() {
            return Err(format!("{id} is {} already", snapshot.state().as_str()));
        }
        if snapshot.protected {
            return Err(protected(place, id));
        }
        let message = format!("requested by {who} on the watchdog's page: {why}");
        let mut entry = Entry {
            at: now,
            actor: who.to_owned(),
            place: Some(place.clone()),
            target: Some(Target::cluster(id, &tracked.listed.name)),
            act: Act::Terminate,
            verdict: Some("request".to_owned()),
            evidence: Some(why.to_owned()),
            outcome: "asked".to_owned(),
        };
        self.audit_sink.note(&entry);
        let end = End::asked(message);
        let ends = [(id.clone(), end.clone())];
        let mut answers = region_watch.fleet.end(&ends).await;
        if let Some(Err(error)) = answers.pop() {
            (entry.act, entry.outcome) = (Act::Fail, format!("cannot end it: {error}"));
            self.audit_sink.note(&entry);
            return Err(error.to_string());
        }
        (tracked.asked_at, tracked.changed, tracked.end) = (Some(now), true, Some(end));
        Ok(format!("{id} is being ended"))
    }

    /// Records that a deadline was moved on an operator's request, and describes and judges the
    /// cluster again.
    pub async fn extended_for(
        &mut self,
        (place, id): (&Place, &ClusterId),
        who: &str,
        why: &str,
        outcome: &str,
    ) {
        let now = self.clock.now();
        let Some(region_watch) = self
            .region_watches
            .iter_mut()
            .find(|region_watch| region_watch.place() == place)
        else {
            return;
        };
        region_watch.look(id, now).await;
        region_watch.judge(&self.policies, now);
        let Some(tracked) = region_watch.tracked.get(id) else {
            return;
        };
        self.audit_sink.note(&Entry {
            at: now,
            actor: who.to_owned(),
            place: Some(place.clone()),
            target: Some(Target::cluster(id, &tracked.listed.name)),
            act: Act::Extend,
            verdict: None,
            evidence: Some(why.to_owned()),
            outcome: outcome.to_owned(),
        });
    }
}

/// Why a protected cluster is not ended, with the command that removes its protection.
fn protected(place: &Place, id: &ClusterId) -> String {
    let credentials = place.account().map_or_else(String::new, |account| {
        format!(" with the credentials of account {account}")
    });
    let command = place.region().map_or_else(String::new, |region| {
        format!(": {}", lift_protection(region, id))
    });
    format!("{id} has termination protection; remove it first{credentials}{command}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_protection_of_another_account_is_removed_with_its_credentials() {
        let id = "j-2AB3CD4EF5GH6".parse().unwrap();
        let command = "aws emr modify-cluster-attributes --region eu-west-1 \
                       --cluster-id j-2AB3CD4EF5GH6 --no-termination-protected";
        let own = protected(&"eu-west-1".parse().unwrap(), &id);
        assert!(
            own.ends_with(&format!("remove it first: {command}")),
            "{own}"
        );
        let other = protected(&"222222222222:eu-west-1".parse().unwrap(), &id);
        let end = format!("with the credentials of account 222222222222: {command}");
        assert!(other.ends_with(&end), "{other}");
    }
}
