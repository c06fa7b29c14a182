//! One look at the clusters that try out beliefs, and what has to be done at a certain time of their
//! lives.

use super::clusters::{self, Kind};
use super::judge;
use super::seen::{Life, Report, Seen};
use super::trial::{Made, Trial};
use crate::app::extend::{Moved, under_lease};
use crate::app::failure::Failure;
use crate::guard;
use crate::model::clock::Clock;
use crate::model::desired::JobSpec;
use crate::model::observed::{Cluster, Step};
use crate::model::safeguard::SafeguardKind;
use crate::run::clock::SystemClock;
use chrono::TimeDelta;

/// A cluster that is watched.
pub(super) struct Watched<'a> {
    pub(super) trial: &'a Trial<'a>,
    pub(super) made: Made,
}

impl Watched<'_> {
    /// Looks at the cluster once.
    pub(super) async fn look(&self, seen: &mut Seen) -> Result<(), Failure> {
        seen.now = SystemClock.now();
        let Some(cluster) = self.describe(seen).await? else {
            return Ok(());
        };
        match self.trial.kind {
            Kind::Job => self.look_at_job(&cluster, seen).await,
            Kind::Schedule => self.look_at_schedule(&cluster, seen).await,
            Kind::PowerOff => Ok(()),
        }
    }

    /// Notes the cluster's state, and returns it as every command sees it.
    async fn describe(&self, seen: &mut Seen) -> Result<Option<Cluster>, Failure> {
        let stack = &self.trial.stack.name;
        let described = self.trial.aws()?.described(stack, &self.made.id).await?;
        let cluster = self.trial.cluster().await?;
        let cluster = cluster.filter(|cluster| cluster.id == self.made.id);
        let life = seen.lives.entry(self.trial.kind).or_default();
        if let Some(cluster) = &cluster {
            life.deadline = Some(guard::hard_deadline(cluster).at);
            life.cost = guard::spent(cluster, SystemClock.now()).map(|bill| bill.total);
        }
        if life.is_over() {
            life.looks_after = life.looks_after.saturating_add(1);
        }
        if described.is_some() {
            life.described = described;
        }
        Ok(cluster)
    }

    async fn look_at_job(&self, cluster: &Cluster, seen: &mut Seen) -> Result<(), Failure> {
        let (aws, stack) = (self.trial.aws()?, &self.trial.stack.name);
        if seen.tagged_after.is_none() && aws.lists_tags(stack, &self.made.id).await? {
            let (_, requested) = self.requested(seen);
            seen.tagged_after = Some(seen.now - requested);
        }
        self.look_for_listing(seen).await?;
        if seen.repeated.is_none() && cluster.ready_at.is_some() && cluster.state.is_live() {
            seen.repeated = Some(aws.add_step_twice(&self.made.id).await?);
        }
        let named = |name: &str| cluster.steps.iter().find(|step| step.name.as_str() == name);
        if let Some(busy) = named(clusters::BUSY) {
            seen.busy = Some((busy.state, busy.ended_at));
        }
        if let Some(first) = named(clusters::ARGUMENTS).filter(|step| step.state.is_over()) {
            if let (None, Some(job)) = (&seen.report, &self.made.job) {
                seen.report = Some(self.report(job).await?);
            }
            self.look_for_log(first, seen).await?;
        }
        let is_published = seen
            .life(Kind::Job)
            .is_some_and(|life| life.looks_after <= 1);
        if let (None, Some(ready), true) = (seen.measured_after, cluster.ready_at, is_published) {
            let newest = aws.newest_metric(&self.made.id, cluster.created_at).await?;
            seen.measured_after = newest.map(|_| seen.now - ready);
        }
        Ok(())
    }

    /// Notes whether EMR lists the cluster, until it does.
    pub(super) async fn look_for_listing(&self, seen: &mut Seen) -> Result<(), Failure> {
        let (from, answered) = self.requested(seen);
        if !seen.listed.is_some_and(|(is_listed, _)| is_listed) {
            let is_listed = self.trial.aws()?.is_listed(&self.made.id, from).await?;
            let after = SystemClock.now() - answered;
            // What was missing for too long counts, also once it is there.
            let is_late = seen
                .listed
                .is_some_and(|(_, last)| last > judge::VISIBILITY_WINDOW);
            if !is_late {
                seen.listed = Some((is_listed, after));
            }
        }
        Ok(())
    }

    fn requested(&self, seen: &Seen) -> Requested {
        let life = seen.life(self.trial.kind);
        life.map_or((seen.now, seen.now), |life: &Life| life.requested)
    }

    async fn report(&self, job: &JobSpec) -> Result<Report, Failure> {
        let (aws, stack) = (self.trial.aws()?, &self.trial.stack.name);
        let text = aws.scratch_text(stack, job, clusters::REPORT).await?;
        let is_outside = aws.is_among_notes(stack, clusters::OUTSIDE).await?;
        Ok(Report { text, is_outside })
    }

    async fn look_for_log(&self, step: &Step, seen: &mut Seen) -> Result<(), Failure> {
        if seen.logged_after.is_some() {
            return Ok(());
        }
        let listed = self.trial.target.cloud.logs_of(&self.made.id).await?;
        let logs = listed.map(|listed| listed.logs).unwrap_or_default();
        let of_steps = logs.iter().filter(|(name, _)| name.starts_with("steps/"));
        let first = of_steps.filter_map(|(_, version)| version.modified).min();
        seen.logged_after = first.map(|at| step.ended_at.map_or(TimeDelta::zero(), |end| at - end));
        Ok(())
    }

    async fn look_at_schedule(&self, cluster: &Cluster, seen: &mut Seen) -> Result<(), Failure> {
        if cluster.state.is_live() && cluster.ready_at.is_some() {
            if seen.moved_at.is_none() {
                self.move_deadline().await?;
                seen.moved_at = Some(SystemClock.now());
            } else if seen.read_after.is_none() && self.is_read().await? {
                seen.read_after = seen.moved_at.map(|at| SystemClock.now() - at);
            }
        }
        if cluster.state.is_over() && seen.is_fired_left != Some(false) {
            let left = self.trial.aws()?.is_scheduled(&self.made.id).await?;
            seen.is_fired_left = Some(left);
        }
        Ok(())
    }

    async fn move_deadline(&self) -> Result<(), Failure> {
        let request = Moved {
            stack: &self.trial.stack.name,
            id: Some(&self.made.id),
            max_lifetime: None,
            by: Some(clusters::MOVED_BY),
            budget: None,
            why: "doctor --live",
            who: &self.trial.target.session.environment.who,
        };
        let policies = &self.trial.policies.policies;
        under_lease(&request, policies, &self.trial.target).await?;
        Ok(())
    }

    /// Whether the primary reports that it has read its deadline.
    async fn is_read(&self) -> Result<bool, Failure> {
        let cloud = &*self.trial.target.cloud;
        let mut observed = cloud.observe(&self.trial.stack.name, None).await?;
        self.trial.aws()?.verify_safeguards(&mut observed).await;
        let safeguards = observed.live().map(|cluster| &cluster.safeguards);
        let mut power_off = safeguards.into_iter().flatten();
        Ok(power_off.any(|it| it.kind == SafeguardKind::PowerOff && it.is_armed()))
    }
}

type Requested = (chrono::DateTime<chrono::Utc>, chrono::DateTime<chrono::Utc>);
