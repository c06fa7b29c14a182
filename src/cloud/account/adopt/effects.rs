//! Carries an adoption out: record, tags, schedule, idle policy, in this order.

use super::super::Account;
use super::super::errors::{Context, explain};
use super::super::safeguard_state::fires_at;
use super::super::safeguards::write_schedule;
use super::plan::Planned;
use crate::cloud::api::emr::PutAutoTerminationPolicy;
use crate::cloud::api::{Api, Kind};
use crate::cloud::{Class, CloudError};
use crate::model::adoption::IdlePolicy;
use crate::model::hint::Command;
use crate::model::name::ClusterId;
use crate::model::observed::Cluster;
use crate::model::span::Span;
use chrono::{DateTime, Utc};

impl<A: Api> Account<A> {
    pub(super) async fn carry_out(
        &self,
        id: &ClusterId,
        planned: &Planned,
    ) -> Result<(), CloudError> {
        let plan = &planned.plan;
        self.open_bucket().await?;
        if !planned.is_recorded {
            let was = planned.etag.as_deref();
            self.record_adoption(id, &plan.adopted.adoption, was)
                .await?;
        }
        if !plan.tags.is_empty() {
            self.tag(id.as_str(), plan.tags.clone()).await?;
        }
        if let Some(at) = plan.schedule_at {
            self.schedule_at(id, at, planned.is_scheduled).await?;
        }
        if let Some(idle_timeout) = plan.idle_timeout {
            self.set_idle_policy(id, idle_timeout, planned.idle).await?;
        }
        if plan.adopted.adoption.idle_before.is_some() {
            self.forget_idle_before(id).await?;
        }
        Ok(())
    }

    /// Writes the schedule of an adopted cluster at its present deadline.
    pub(super) async fn write_schedule_of(
        &self,
        cluster: &Cluster,
    ) -> Result<DateTime<Utc>, CloudError> {
        let at = fires_at(cluster, self.settings.clock.now());
        self.schedule_at(&cluster.id, at, true).await?;
        Ok(at)
    }

    /// Writes the schedule, and removes it again if the cluster was released meanwhile: nothing of an
    /// adoption ends a cluster that is no longer adopted.
    async fn schedule_at(
        &self,
        id: &ClusterId,
        at: DateTime<Utc>,
        exists: bool,
    ) -> Result<(), CloudError> {
        let wanted = self.ending_schedule(id.as_str(), at).await?;
        let written = write_schedule(&*self.api, wanted, exists).await;
        written.map_err(|error| {
            let missing_role = error.kind == Kind::Invalid;
            let error = explain(error, format!("schedule the end of cluster {id}"));
            if missing_role {
                error.hint(Command::again_with("--create-roles"))
            } else {
                error
            }
        })?;
        let recorded = self.read_adoption(id).await?;
        if recorded.is_some_and(|it| !it.adoption.releasing) {
            return Ok(());
        }
        self.disarm(id).await?;
        let message = format!("cluster {id} was released meanwhile");
        Err(CloudError::new(Class::Busy, message)
            .hint("adopt it again if it is to have guardrails"))
    }

    /// EMR's idle policy is the new one: an equal one to the earlier is that of somebody else from now on.
    async fn forget_idle_before(&self, id: &ClusterId) -> Result<(), CloudError> {
        let Some(mut recorded) = self.read_adoption(id).await? else {
            return Ok(());
        };
        if recorded.adoption.idle_before.take().is_some() {
            let was = Some(recorded.etag.as_str());
            self.record_adoption(id, &recorded.adoption, was).await?;
        }
        Ok(())
    }

    /// Sets EMR's idle policy, unless it is no longer as it was planned: one that somebody else has set
    /// meanwhile stays.
    async fn set_idle_policy(
        &self,
        id: &ClusterId,
        idle_timeout: Span,
        planned: Option<Span>,
    ) -> Result<(), CloudError> {
        let context = || format!("set the idle policy of cluster {id}");
        let there = self.idle_policy(id.as_str()).await.with_context(context)?;
        if there == planned {
            let id = id.to_string();
            let call = PutAutoTerminationPolicy { id, idle_timeout };
            return self.api.serve(call).await.with_context(context);
        }
        if let Some(mut recorded) = self.read_adoption(id).await? {
            recorded.adoption.idle_policy = IdlePolicy::Theirs;
            let was = Some(recorded.etag.as_str());
            self.record_adoption(id, &recorded.adoption, was).await?;
        }
        Ok(())
    }
}
