//! What of a living cluster can be moved: its counts, its guards, its tags, and what ends it.

use super::convert::MOST_EXTENSIONS;
use super::errors::Doing;
use super::last_observation::ObservedCluster;
use super::names::{self, SIZES, TEAM};
use super::note::{self, Word};
use super::{Account, safeguard_state, spec};
use crate::cloud::CloudError;
use crate::cloud::api::emr::{
    ModifyCluster, ModifyInstanceGroups, PutAutoTerminationPolicy, RemoveTags, Role, SetKeepAlive,
    SetTerminationProtection,
};
use crate::cloud::api::{Api, Tags};
use crate::guard::Terms;
use crate::model::desired::ClusterSpec;
use crate::model::event::Listener;
use crate::model::name::{ClusterId, StackName};
use crate::model::observed::Cluster;
use crate::model::release::has_idle_policy;
use crate::model::sizes::Sizes;
use crate::model::span::Span;
use crate::model::stack::WhenDone;

impl<A: Api> Account<A> {
    /// Moves what differs from what was seen. One that ends meanwhile needs no change, and AWS
    /// allows none.
    pub(super) async fn update_cluster(
        &self,
        id: &ClusterId,
        spec: &ClusterSpec,
        listener: &dyn Listener,
    ) -> Result<(), CloudError> {
        let Err(error) = self.move_cluster(id, spec, listener).await else {
            return Ok(());
        };
        let now = self.describe(id.as_str()).await?;
        if now.is_some_and(|cluster| cluster.state.is_live()) {
            Err(error)
        } else {
            Ok(())
        }
    }

    async fn move_cluster(
        &self,
        id: &ClusterId,
        spec: &ClusterSpec,
        listener: &dyn Listener,
    ) -> Result<(), CloudError> {
        let seen = self.seen.borrow().clusters.get(id).cloned();
        let (Some(seen), Some(mut have)) = (seen, self.told_again(id)) else {
            return Ok(());
        };
        // A lease begins with whoever asks for it, not with the cluster.
        if spec.guardrails.lease.is_some() {
            self.follow(&have.stack, id).await?;
            have.renewed_at = Some(self.settings.clock.now());
        }
        let sizes = self.resized(&seen, &have, spec);
        let moved = Cluster {
            instance_spans: sizes.instance_spans(&spec.groups, have.created_at, None),
            spec: spec.clone(),
            ..have.clone()
        };
        if grows(&have.spec, spec) {
            let (terms, size) = (Terms::of(&moved), spec.groups.size());
            safeguard_state::affords(&terms, &size, self.settings.clock.now())?;
        }
        // More nodes are paid for from the call on, so what they bring nearer is moved before it.
        if safeguard_state::seconds(&moved) < safeguard_state::seconds(&have) {
            self.arm(&moved, listener).await?;
        }
        self.move_counts(id, &seen, spec).await?;
        self.move_guards(id, &seen, spec).await?;
        let mut tags = self.spec_tags(&have.stack, spec)?;
        tags.insert(SIZES.to_owned(), sizes.to_string());
        // A tag that is left out stays as it was: of an earlier team, nobody is said to pay.
        if seen.cluster.tags.contains_key(TEAM) {
            tags.entry(TEAM.to_owned()).or_default();
        }
        let (terms, forged) = self
            .note_ahead(&have.stack, id, &seen.cluster.tags, &tags)
            .await?;
        self.retag(id, &seen, &have.spec, spec, tags).await?;
        self.untag(id, forged).await?;
        self.note(&have.stack, id.as_str(), &[terms]).await?;
        self.arm(&moved, listener).await
    }

    /// Writes our tags and the user's. Those that are not to be there go first, while the cluster's
    /// spec still names them; what a longer spec leaves makes room for new ones.
    async fn retag(
        &self,
        id: &ClusterId,
        seen: &ObservedCluster,
        have: &ClusterSpec,
        want: &ClusterSpec,
        mut tags: Tags,
    ) -> Result<(), CloudError> {
        let dropped = have.tags.keys().filter(|key| !want.tags.contains_key(*key));
        self.untag(id, dropped.cloned().collect()).await?;
        let left = spec::left_over(&seen.cluster.tags, &tags);
        if !left.is_empty() {
            self.tag(id.as_str(), tags.clone()).await?;
            self.untag(id, left).await?;
        }
        tags.extend(want.tags.clone());
        self.tag(id.as_str(), tags).await
    }

    /// What the tags will be, noted before they are, so that a look in between believes both;
    /// and the moved deadlines that nobody noted, which go.
    async fn note_ahead(
        &self,
        stack: &StackName,
        id: &ClusterId,
        seen: &Tags,
        tags: &Tags,
    ) -> Result<(String, Vec<String>), CloudError> {
        let word = self.word_on(stack, id.as_str(), seen).await?;
        let mut after: Tags = seen.clone();
        after.extend(tags.clone());
        let mut forged = Vec::new();
        if word == Word::Disagrees {
            let moved = (0..MOST_EXTENSIONS).map(names::extended);
            forged = moved.filter(|key| seen.contains_key(key)).collect();
            after.retain(|key, _| !forged.contains(key));
        }
        let (before, after) = (note::terms(seen), note::terms(&after));
        let mut both = vec![after.clone()];
        both.extend((word == Word::Agrees && before != after).then_some(before));
        self.note(stack, id.as_str(), &both).await?;
        Ok((after, forged))
    }

    async fn untag(&self, id: &ClusterId, keys: Vec<String>) -> Result<(), CloudError> {
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
            .doing(|| format!("remove tags of cluster {id}"))
    }

    async fn move_counts(
        &self,
        id: &ClusterId,
        seen: &ObservedCluster,
        spec: &ClusterSpec,
    ) -> Result<(), CloudError> {
        let wanted = |role: Role| match role {
            Role::Primary => None,
            Role::Core => spec.groups.core.as_ref().map(|group| group.nodes.count),
            Role::Task => spec.groups.task.as_ref().map(|group| group.nodes.count),
        };
        let groups = seen.groups.iter();
        let counts: Vec<(String, u16)> = groups
            .filter_map(|group| Some((group, wanted(group.role)?)))
            .filter(|(group, count)| group.requested != *count)
            .map(|(group, count)| (group.id.clone(), count))
            .collect();
        if counts.is_empty() {
            return Ok(());
        }
        self.until_ready(id).await?;
        let call = ModifyInstanceGroups {
            cluster: id.to_string(),
            counts,
        };
        let moved = self.api.serve(call).await;
        moved.doing(|| format!("resize cluster {id}"))
    }

    async fn move_guards(
        &self,
        id: &ClusterId,
        seen: &ObservedCluster,
        spec: &ClusterSpec,
    ) -> Result<(), CloudError> {
        let doing = || format!("change cluster {id}");
        let ids = || vec![id.to_string()];
        let idle_timeout = spec.guardrails.idle_timeout;
        if has_idle_policy(&seen.cluster.release) && seen.idle != Some(Some(idle_timeout)) {
            let id = id.to_string();
            let call = PutAutoTerminationPolicy { id, idle_timeout };
            self.api.serve(call).await.doing(doing)?;
        }
        let keep = spec.guardrails.when_done == WhenDone::Keep;
        if seen.cluster.keep_alive != keep {
            let call = SetKeepAlive { ids: ids(), keep };
            self.api.serve(call).await.doing(doing)?;
        }
        if seen.cluster.protected {
            let protected = false;
            let call = SetTerminationProtection {
                ids: ids(),
                protected,
            };
            self.api.serve(call).await.doing(doing)?;
        }
        if seen.cluster.step_concurrency != 1 {
            let (id, step_concurrency) = (id.to_string(), 1);
            let call = ModifyCluster {
                id,
                step_concurrency,
            };
            self.api.serve(call).await.doing(doing)?;
        }
        Ok(())
    }

    /// The sizes of a cluster that is to have those of `spec` from now on.
    fn resized(&self, seen: &ObservedCluster, have: &Cluster, spec: &ClusterSpec) -> Sizes {
        let tag = seen.cluster.tags.get(SIZES);
        let known = tag.and_then(|text| text.parse().ok());
        let sizes: Sizes = known.unwrap_or_else(|| Sizes::of(&have.spec.groups));
        let age = self.settings.clock.now() - seen.cluster.created_at;
        let age = Span::from_delta(age).as_secs();
        sizes.seen(&have.spec.groups).resized(age, &spec.groups)
    }

    /// EMR changes counts of clusters that are up.
    async fn until_ready(&self, id: &ClusterId) -> Result<(), CloudError> {
        let mut looks = 0;
        loop {
            let cluster = self.describe(id.as_str()).await?;
            if cluster.is_none_or(|c| c.ready_at.is_some() || !c.state.is_live()) {
                return Ok(());
            }
            tokio::time::sleep(self.pace(looks)).await;
            looks += 1;
        }
    }
}

/// Whether there are to be more nodes of a kind.
fn grows(have: &ClusterSpec, want: &ClusterSpec) -> bool {
    let counts = |spec: &ClusterSpec| {
        [&spec.groups.core, &spec.groups.task].map(|group| group.as_ref().map(|it| it.nodes.count))
    };
    counts(have)
        .iter()
        .zip(counts(want))
        .any(|(have, want)| want > *have)
}
