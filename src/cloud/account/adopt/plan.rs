//! What adopting a cluster changes about it, from what is there.

use super::super::Account;
use super::super::errors::Context;
use super::super::last_observation::{Replies, Scheduled};
use super::super::names::{self, OWNER, TEAM};
use super::super::safeguard_state::fires_at;
use super::note::Recorded;
use super::state;
use crate::cloud::api::{Api, Tags, emr};
use crate::cloud::{AdoptError, AdoptionPlan, AdoptionRequest, Class, CloudError};
use crate::guard::{self, Unadoptable};
use crate::model::adoption::{Adopted, AdoptedLimits, Adoption, IdlePolicy};
use crate::model::name::ClusterId;
use crate::model::observed::ClusterState;
use crate::model::span::Span;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};

/// EMR allows this many tags.
const MAX_TAGS: usize = 50;

/// A plan, and what it was made from.
pub(super) struct Planned {
    pub(super) plan: AdoptionPlan,
    /// The ETag of the record that is replaced; `None` for a first adoption.
    pub(super) etag: Option<String>,
    /// Whether the record is already as it is planned.
    pub(super) is_recorded: bool,
    /// Whether the role is missing with which schedules end clusters.
    pub(super) lacks_role: bool,
    /// Whether there is a schedule.
    pub(super) is_scheduled: bool,
    /// EMR's idle timeout when it was planned.
    pub(super) idle: Option<Span>,
}

impl<A: Api> Account<A> {
    pub(super) async fn planned(
        &self,
        id: &ClusterId,
        request: &AdoptionRequest,
    ) -> Result<Planned, AdoptError> {
        let (described, steps, recorded) = tokio::join!(
            self.describe(id.as_str()),
            self.steps(id.as_str()),
            self.read_adoption(id)
        );
        let (described, steps, recorded) = (described?, steps?, recorded?);
        let cluster = described.ok_or_else(|| Unadoptable::Unknown(id.clone()))?;
        // Without its tag too: others may have removed that.
        if let Some((stack, _)) = names::of_cluster(&cluster.name) {
            return Err(Unadoptable::Own(id.clone(), stack).into());
        }
        if !cluster.state.is_live() {
            return Err(Unadoptable::Ended(id.clone()).into());
        }
        let mut replies = self.replies_of(cluster).await?;
        let before = recorded.as_ref().map(|it| &it.adoption);
        let has_budget =
            request.limits.budget.is_some() || before.is_some_and(|it| it.limits.budget.is_some());
        self.complete(&mut replies, has_budget).await?;
        if let Scheduled::Unread(why) = &replies.schedule {
            let message = format!("cannot read the schedule of cluster {id}: {why}");
            return Err(CloudError::new(Class::Failed, message)
                .hint("nothing was changed: try again when it can be read")
                .hint(state::again(id))
                .into());
        }
        let idle = match replies.idle {
            Some(idle) => idle,
            None => {
                let read = self.idle_policy(id.as_str()).await;
                read.with_context(|| format!("read the idle policy of {id}"))?
            }
        };
        let known = Known {
            id,
            replies: &replies,
            steps,
            idle,
            recorded: recorded.as_ref(),
            now: self.settings.clock.now(),
        };
        self.plan_of(&known, request)
    }

    fn plan_of(&self, known: &Known<'_>, request: &AdoptionRequest) -> Result<Planned, AdoptError> {
        let Known {
            id, replies, now, ..
        } = *known;
        let unreadable = || {
            let message = format!("EMR's description of cluster {id} cannot be read");
            CloudError::new(Class::Failed, message)
        };
        let mut adoption = known.adoption(request)?;
        let read = self.as_adopted(replies, known.steps.clone(), &adoption);
        let read = read.ok_or_else(unreadable)?;
        adoption.idle_policy = known.idle_policy(&adoption, &read);
        // Until the new one is set, the earlier one is known as the adoption's.
        let sets = known.sets_idle_policy(&adoption);
        adoption.idle_before = known.idle.filter(|_| sets.is_some());
        if known.recorded.is_none() {
            adoption.rates.clone_from(&read.cluster.spec.rates);
            adoption.spent = guard::spent(&read.cluster, now).map(|bill| bill.total.up_to(4));
        }
        let deadline = guard::adoptable(&read.cluster, now)?;
        let tags = known.tags(&adoption)?;
        let is_recorded = known.recorded.is_some_and(|it| it.adoption == adoption);
        let adopted = self.as_adopted(replies, known.steps.clone(), &adoption);
        let adopted = adopted.ok_or_else(unreadable)?;
        let schedule_at = adopted.unscheduled.then(|| fires_at(&adopted.cluster, now));
        let own = matches!(adoption.idle_policy, IdlePolicy::Theirs | IdlePolicy::None);
        let plan = AdoptionPlan {
            deadline,
            again: known.recorded.is_some_and(|it| !it.adoption.releasing),
            tags,
            schedule_at,
            idle_timeout: sets,
            own_idle_timeout: known.idle.filter(|_| own),
            idle_since: known.idle_too_long(&read),
            adopted,
        };
        Ok(Planned {
            lacks_role: matches!(replies.schedule, Scheduled::NoRole),
            is_scheduled: replies.has_schedule(),
            idle: known.idle,
            etag: known.recorded.map(|it| it.etag.clone()),
            is_recorded,
            plan,
        })
    }
}

/// What is known of a cluster that is to be adopted.
struct Known<'a> {
    id: &'a ClusterId,
    replies: &'a Replies,
    /// All steps, oldest first.
    steps: Vec<emr::Step>,
    /// EMR's idle timeout.
    idle: Option<Span>,
    recorded: Option<&'a Recorded>,
    now: DateTime<Utc>,
}

impl Known<'_> {
    /// The adoption as requested: the earlier one with lower limits, or a new one.
    fn adoption(&self, request: &AdoptionRequest) -> Result<Adoption, Unadoptable> {
        let before = self.recorded.map(|it| &it.adoption);
        let kept = before.map_or(AdoptedLimits::default(), |it| it.limits);
        let limits = request.limits.or(kept);
        if !limits.has_cap() {
            return Err(Unadoptable::NoCap(self.id.clone()));
        }
        if limits.exceed(&kept) && before.is_some_and(|it| !it.releasing) {
            return Err(Unadoptable::Lower(self.id.clone()));
        }
        let team = request.team.clone();
        let budgets = request.budgets.clone();
        let owner = request.owner.clone();
        let keys: &[&str] = if team.is_some() {
            &[OWNER, TEAM]
        } else {
            &[OWNER]
        };
        let Some(before) = before else {
            return Ok(Adoption {
                at: self
                    .now
                    .duration_trunc(TimeDelta::seconds(1))
                    .unwrap_or(self.now),
                by: request.by.clone(),
                owner,
                team,
                limits,
                rates: None,
                spent: None,
                idle_policy: IdlePolicy::None,
                idle_before: None,
                tags_before: self.tags_before(keys),
                extensions: Vec::new(),
                budgets,
                releasing: false,
            });
        };
        let mut adoption = before.clone();
        adoption.limits = limits;
        adoption.releasing = false;
        adoption.owner = owner.or(adoption.owner);
        if team.is_some() && before.team.is_none() {
            adoption.tags_before.extend(self.tags_before(&[TEAM]));
        }
        adoption.team = team.or(adoption.team);
        for budget in budgets {
            if !adoption.budgets.iter().any(|it| it.is_same(&budget)) {
                adoption.budgets.push(budget);
            }
        }
        Ok(adoption)
    }

    fn tags_before(&self, keys: &[&str]) -> Tags {
        let tags = &self.replies.cluster.tags;
        let there = keys.iter().filter_map(|key| tags.get_key_value(*key));
        there
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }

    /// Whose idle policy the cluster has, or will have. One that somebody else has set stays.
    fn idle_policy(&self, adoption: &Adoption, read: &Adopted) -> IdlePolicy {
        let before = self.recorded.map(|it| &it.adoption);
        let was_ours = before.is_some_and(|it| it.idle_policy == IdlePolicy::Ours);
        let Some(wanted) = adoption.limits.idle_timeout else {
            return IdlePolicy::None;
        };
        let is_set = |there| before.is_some_and(|it| it.has_set(there));
        match self.idle {
            Some(there) if was_ours && (is_set(there) || there == wanted) => IdlePolicy::Ours,
            Some(_) => IdlePolicy::Theirs,
            None if state::no_idle_policy(&read.cluster).is_some() => IdlePolicy::None,
            None if self.idle_too_long(read).is_some() => IdlePolicy::None,
            None => IdlePolicy::Ours,
        }
    }

    /// Since when a cluster without an idle policy has been idle by its steps, if that is longer than the
    /// timeout. AWS does not document whether such a policy would end it at once: people are to be warned
    /// first, which the watchdog does.
    fn idle_too_long(&self, read: &Adopted) -> Option<DateTime<Utc>> {
        let timeout = read.adoption.limits.idle_timeout?;
        let since = guard::idle_since(&read.cluster)?;
        // Its listing may not have the step that runs yet.
        let works = read.cluster.state == ClusterState::Running;
        let long = self.now - since >= timeout.delta();
        (self.idle.is_none() && long && !works).then_some(since)
    }

    /// The idle timeout that EMR gets, if it does not have it.
    fn sets_idle_policy(&self, adoption: &Adoption) -> Option<Span> {
        let ours = adoption.idle_policy == IdlePolicy::Ours;
        let wanted = adoption.limits.idle_timeout;
        wanted.filter(|wanted| ours && self.idle != Some(*wanted))
    }

    /// The tags that the cluster does not have yet.
    fn tags(&self, adoption: &Adoption) -> Result<Tags, Unadoptable> {
        let there = &self.replies.cluster.tags;
        let mut tags = state::tags(adoption);
        tags.retain(|key, value| there.get(key) != Some(value));
        let new = tags.keys().filter(|key| !there.contains_key(*key));
        if there.len() + new.count() > MAX_TAGS {
            return Err(Unadoptable::TooManyTags(self.id.clone(), there.len()));
        }
        Ok(tags)
    }
}
