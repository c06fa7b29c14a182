//! Changes a live cluster in place: its counts, guardrails and tags, and its safeguards.

use super::errors::Context;
use super::last_observation::Replies;
use super::names::{self, MAX_EXTENSIONS, SIZES, TEAM};
use super::note::{self, NoteCheck};
use super::{Account, machines, protection, safeguard_state, spec};
use crate::cloud::api::emr::{
    ModifyInstanceGroups, PutAutoTerminationPolicy, RemoveTags, Role, SetKeepAlive,
};
use crate::cloud::api::{Api, Tags};
use crate::cloud::{Cloud, CloudError};
use crate::cost::meter::rate;
use crate::guard::{Terms, hard_deadline};
use crate::model::desired::{ClusterSpec, InstanceGroups};
use crate::model::event::Listener;
use crate::model::name::ClusterId;
use crate::model::observed::Cluster;
use crate::model::rates::Rates;
use crate::model::sizes::Sizes;
use crate::model::span::Span;
use crate::model::stack::{InstanceGroup, WhenDone};
use crate::model::unarmed::Unarmed;
use crate::model::worst_mix;
use chrono::{DateTime, Utc};

impl<A: Api> Account<A> {
    /// Changes what differs from the last observation. If the cluster ends meanwhile, errors are
    /// ignored: AWS allows no change then, and none is needed.
    pub(super) async fn update_cluster(
        &self,
        id: &ClusterId,
        spec: &ClusterSpec,
        listener: &dyn Listener,
    ) -> Result<(), CloudError> {
        let Err(error) = self.change_cluster(id, spec, listener).await else {
            return Ok(());
        };
        let now = self.describe(id.as_str()).await?;
        if now.is_some_and(|cluster| cluster.state.is_live()) {
            Err(error)
        } else {
            Ok(())
        }
    }

    async fn change_cluster(
        &self,
        id: &ClusterId,
        spec: &ClusterSpec,
        listener: &dyn Listener,
    ) -> Result<(), CloudError> {
        let observed = self.observed.borrow().clusters.get(id).cloned();
        let (Some(observed), Some(mut have)) = (observed, self.last_observed(id)) else {
            return Ok(());
        };
        // The lease starts now: the cluster may be older than its lease.
        if spec.guardrails.lease.is_some() {
            self.follow(&have.stack, id).await?;
            have.renewed_at = Some(self.settings.clock.now());
        }
        let note = self
            .check_note(&have.stack, id.as_str(), &observed.cluster.tags)
            .await?;
        if !note.is_trusted() {
            have.extensions.clear();
        }
        let sizes = self.resized(&observed, &have, spec, &note).await?;
        let now = self.settings.clock.now();
        let mut moved = Cluster {
            instance_spans: machines::spans_once_changed(&have, spec, &sizes, now),
            counted_at: None,
            allowed_until: None,
            spec: spec.clone(),
            ..have.clone()
        };
        // What could not be listed moves no deadline later.
        let safe = hard_deadline(&moved).at;
        moved.allowed_until = have.allowed_until.map(|armed| armed.min(safe));
        let grows = grows(&have.spec.groups, &spec.groups, spec.rates.as_ref(), now);
        if grows {
            let terms = Terms::of(&moved);
            let size = spec.groups.size();
            safeguard_state::check_budget(&terms, &size, self.settings.clock.now())?;
        }
        // Added nodes cost money from the call on, so an earlier deadline is armed before it.
        if safeguard_state::power_off_seconds(&moved) < safeguard_state::power_off_seconds(&have) {
            self.arm(&moved, listener).await?;
        }
        // Scaling that the tags do not name is never read: they name it before EMR may add nodes.
        let named_first = grows && spec.groups.scaling.is_some();
        if named_first {
            self.change_terms(&observed, &have, spec, &sizes, &note)
                .await?;
        }
        self.change_scaling(id, &observed, spec).await?;
        self.change_counts(id, &observed, spec).await?;
        self.change_targets(id, &observed, spec).await?;
        self.change_guards(id, &observed, spec).await?;
        if !named_first {
            self.change_terms(&observed, &have, spec, &sizes, &note)
                .await?;
        }
        self.arm(&moved, listener).await?;
        let now = self.settings.clock.now();
        if !observed.cluster.protected && protection::is_due(&moved, now) {
            self.protect(id, true).await?;
        }
        Ok(())
    }

    /// Writes the tags that describe the cluster, and the note that confirms them.
    async fn change_terms(
        &self,
        observed: &Replies,
        have: &Cluster,
        spec: &ClusterSpec,
        sizes: &Sizes,
        note: &NoteCheck,
    ) -> Result<(), CloudError> {
        let id = &have.id;
        let mut tags = self.spec_tags(&have.stack, spec)?;
        tags.insert(SIZES.to_owned(), sizes.to_string());
        // A tag that is not written keeps its value: an empty one replaces an earlier team's.
        if observed.cluster.tags.contains_key(TEAM) {
            tags.entry(TEAM.to_owned()).or_default();
        }
        let (terms, forged) = self
            .note_ahead(have, &observed.cluster.tags, &tags, note)
            .await?;
        self.retag(id, observed, &have.spec, spec, tags).await?;
        self.untag(id, forged).await?;
        self.note(&have.stack, id.as_str(), &[terms]).await
    }

    /// Writes our tags and the user's. Tags to remove are removed first, while the cluster's spec
    /// still names them; a longer spec's surplus tags make room for new ones.
    async fn retag(
        &self,
        id: &ClusterId,
        observed: &Replies,
        have: &ClusterSpec,
        want: &ClusterSpec,
        mut tags: Tags,
    ) -> Result<(), CloudError> {
        let dropped = have.tags.keys().filter(|key| !want.tags.contains_key(*key));
        self.untag(id, dropped.cloned().collect()).await?;
        let left = spec::left_over(&observed.cluster.tags, &tags);
        if !left.is_empty() {
            self.tag(id.as_str(), tags.clone()).await?;
            self.untag(id, left).await?;
        }
        tags.extend(want.tags.clone());
        self.tag(id.as_str(), tags).await
    }

    /// Records the tags in the note before they are written, so that a reader accepts both the old
    /// and the new ones. Returns the new terms, and the keys of extensions that the note does not
    /// confirm, which are removed.
    async fn note_ahead(
        &self,
        have: &Cluster,
        observed: &Tags,
        tags: &Tags,
        note: &NoteCheck,
    ) -> Result<(String, Vec<String>), CloudError> {
        let mut after: Tags = observed.clone();
        after.extend(tags.clone());
        let mut forged = Vec::new();
        if !note.is_trusted() {
            let moved = (0..MAX_EXTENSIONS).map(names::extended);
            forged = moved.filter(|key| observed.contains_key(key)).collect();
            after.retain(|key, _| !forged.contains(key));
        }
        let before = note::terms(observed);
        let after = note::terms(&after);
        let mut both = vec![after.clone()];
        both.extend((*note == NoteCheck::Confirmed && before != after).then_some(before));
        self.note(&have.stack, have.id.as_str(), &both).await?;
        Ok((after, forged))
    }

    pub(super) async fn untag(&self, id: &ClusterId, keys: Vec<String>) -> Result<(), CloudError> {
        if keys.is_empty() {
            return Ok(());
        }
        let call = RemoveTags {
            id: id.to_string(),
            keys,
        };
        self.api
            .serve(call)
            .await
            .with_context(|| format!("remove tags of cluster {id}"))
    }

    async fn change_counts(
        &self,
        id: &ClusterId,
        observed: &Replies,
        spec: &ClusterSpec,
    ) -> Result<(), CloudError> {
        let wanted = |role: Role| match role {
            Role::Primary => None,
            Role::Core => spec.groups.core.as_ref().map(|group| group.nodes.count),
            Role::Task => spec.groups.task.as_ref().map(|group| group.nodes.count),
        };
        // With scaling, EMR decides.
        let fixed = spec.groups.scaling.is_none();
        let groups = observed.groups.iter().filter(|_| fixed);
        let counts: Vec<(String, u16)> = groups
            .filter_map(|group| Some((group, wanted(group.role)?)))
            .filter(|(group, count)| group.requested != *count)
            .map(|(group, count)| (group.id.clone(), count))
            .collect();
        if counts.is_empty() {
            return Ok(());
        }
        self.wait_until_ready(id).await?;
        let call = ModifyInstanceGroups {
            cluster: id.to_string(),
            counts,
        };
        let moved = self.api.serve(call).await;
        moved.with_context(|| format!("resize cluster {id}"))
    }

    async fn change_guards(
        &self,
        id: &ClusterId,
        observed: &Replies,
        spec: &ClusterSpec,
    ) -> Result<(), CloudError> {
        let context = || format!("change cluster {id}");
        let ids = || vec![id.to_string()];
        let idle_timeout = spec.guardrails.idle_timeout;
        let software = &spec.emr.software;
        let has_policy = Unarmed::idle_policy(&observed.cluster.release, software).is_none();
        if has_policy && observed.idle != Some(Some(idle_timeout)) {
            let id = id.to_string();
            let call = PutAutoTerminationPolicy { id, idle_timeout };
            self.api.serve(call).await.with_context(context)?;
        }
        let keep = spec.guardrails.when_done == WhenDone::Keep;
        if observed.cluster.keep_alive != keep {
            let call = SetKeepAlive { ids: ids(), keep };
            self.api.serve(call).await.with_context(context)?;
        }
        // Protection is lifted here; it is switched on when the safeguards are armed that lift it.
        if observed.cluster.protected && !spec.termination_protection {
            self.protect(id, false).await?;
        }
        self.run_at_once(id, spec.step_concurrency).await
    }

    /// The cluster's sizes so far, and those of `spec` from now on. If its note does not confirm its tags,
    /// they are those of the instances that EMR lists.
    async fn resized(
        &self,
        observed: &Replies,
        have: &Cluster,
        spec: &ClusterSpec,
        note: &NoteCheck,
    ) -> Result<Sizes, CloudError> {
        let groups = &have.spec.groups;
        let tag = observed.cluster.tags.get(SIZES);
        let known = if note.is_trusted() {
            tag.and_then(|text| text.parse().ok())
        } else {
            let Replies {
                cluster,
                groups: listed,
                fleets,
                ..
            } = observed;
            let listed = self.listed(cluster, listed, fleets).await?;
            listed.map(|it| Sizes::listed(&it.spans, have.created_at, groups))
        };
        let sizes: Sizes = known.unwrap_or_else(|| Sizes::of(groups));
        let age = self.settings.clock.now() - observed.cluster.created_at;
        let age = Span::from_delta(age).as_secs();
        Ok(sizes.seen(groups).resized(age, &spec.groups))
    }

    /// Waits until the cluster is ready: EMR changes counts only then. Returns if it ends
    /// meanwhile.
    pub(super) async fn wait_until_ready(&self, id: &ClusterId) -> Result<(), CloudError> {
        let mut looks = 0;
        loop {
            let cluster = self.describe(id.as_str()).await?;
            if cluster.is_none_or(|c| c.ready_at.is_some() || !c.state.is_live()) {
                return Ok(());
            }
            tokio::time::sleep(self.pause(looks)).await;
            looks += 1;
        }
    }
}

/// Whether the change adds nodes, or allows EMR dearer ones.
fn grows(
    have: &InstanceGroups,
    want: &InstanceGroups,
    rates: Option<&Rates>,
    now: DateTime<Utc>,
) -> bool {
    let counts = |groups: &InstanceGroups| {
        let units = |group: &Option<InstanceGroup>| group.as_ref().map(InstanceGroup::units);
        let most = groups.scaling.map(|scaling| scaling.to);
        [units(&groups.core), units(&groups.task), most]
    };
    let hourly = |groups: &InstanceGroups| {
        rates.map(|rates| {
            rate(
                rates,
                &worst_mix::spans(groups, Some(rates), now, None),
                now,
            )
        })
    };
    let mut both = counts(have).into_iter().zip(counts(want));
    both.any(|(have, want)| want > have) || hourly(want) > hourly(have)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::instance_fleet::Scaling;
    use crate::model::stack::Market;

    fn scaled(to: u16, core_at_most: u16) -> InstanceGroups {
        let group =
            |nodes: &str| InstanceGroup::of_type(nodes.parse().unwrap(), Market::OnDemand, None);
        InstanceGroups {
            primary: group("1 x m5.xlarge"),
            core: Some(group("2 x m5.4xlarge")),
            task: Some(group("2 x m5.xlarge")),
            scaling: Some(Scaling {
                from: 2,
                to,
                on_demand_at_most: None,
                core_at_most: Some(core_at_most),
            }),
            root_volume: None,
        }
    }

    #[test]
    fn more_of_the_dearer_nodes_grow_a_cluster_too() {
        let rates = "primary=1+0+0+0 core=4+0+0+0 task=1+0+0+0".parse().unwrap();
        let grows = |have: (u16, u16), want: (u16, u16)| {
            let (have, want) = (scaled(have.0, have.1), scaled(want.0, want.1));
            grows(&have, &want, Some(&rates), DateTime::UNIX_EPOCH)
        };
        assert!(grows((10, 2), (10, 8)));
        assert!(grows((10, 2), (9, 8)));
        assert!(grows((9, 8), (10, 2)));
        assert!(!grows((10, 8), (10, 2)));
        assert!(!grows((10, 8), (10, 8)));
    }
}
