//! Adopts foreign clusters if a policy orders it, and keeps the schedules of adopted ones in time.

use super::act::{ActionContext, at};
use super::notices;
use super::region_watch::RegionWatch;
use crate::cloud::{AdoptError, AdoptionPlan, AdoptionRequest};
use crate::model::audit::{Act, Entry};
use crate::model::fleet::ClusterSnapshot;
use crate::model::name::ClusterId;

/// Whether the schedule of an adopted cluster has to be written.
pub(super) fn is_unscheduled(snapshot: &ClusterSnapshot) -> bool {
    snapshot
        .adopted()
        .is_some_and(|adopted| adopted.unscheduled)
}

impl RegionWatch {
    /// Adopts a cluster with the limits of the policies. One that cannot be adopted is reported, and
    /// treated as with `notify` from then on.
    pub(super) async fn adopt(
        &mut self,
        id: &ClusterId,
        context: &ActionContext<'_>,
        done: &mut Vec<Entry>,
    ) {
        let (Some(region), Some(tracked)) = (self.fleet.region(), self.tracked.get(id)) else {
            return;
        };
        let Some(snapshot) = tracked.snapshot.as_ref() else {
            return;
        };
        if !context.holds_watch().await {
            return;
        }
        let request = AdoptionRequest {
            by: context.actor.into(),
            owner: snapshot.owner.clone(),
            team: None,
            limits: context.policies.orders(snapshot).unmanaged.limits(),
            budgets: Vec::new(),
        };
        match region.adopt_if_new(id, &request).await {
            Ok(None) => {
                // The next sweep describes it with the limits that somebody else has set.
                if let Some(tracked) = self.tracked.get_mut(id) {
                    tracked.changed = true;
                }
            }
            Ok(Some(plan)) => self.adopted(id, &plan, context, done).await,
            Err(AdoptError::Refused(why)) => {
                self.unadopted(id, why.to_string(), context, done).await;
            }
            Err(AdoptError::Cloud(error)) => {
                // The next sweep tries again; people are notified once.
                let notice = self.tracked.get(id).map(|tracked| {
                    notices::unadopted(&self.about(tracked, context.clock.now()), &error.message)
                });
                let Some(notice) = notice else { return };
                let is_new = context.audit_sink.notify(&notice).await;
                if let Some(tracked) = self.tracked.get(id).filter(|_| is_new) {
                    context.note(
                        self.failed(tracked, context, "cannot adopt it", &error),
                        done,
                    );
                }
                self.gaps.push(format!("{id} cannot be adopted: {error}"));
            }
        }
    }

    async fn adopted(
        &mut self,
        id: &ClusterId,
        plan: &AdoptionPlan,
        context: &ActionContext<'_>,
        done: &mut Vec<Entry>,
    ) {
        let Some(tracked) = self.tracked.get_mut(id) else {
            return;
        };
        // It is described again with its guardrails.
        tracked.changed = true;
        let Some(tracked) = self.tracked.get(id) else {
            return;
        };
        let notice = notices::adopted(&self.about(tracked, context.clock.now()), plan.deadline);
        context.audit_sink.notify(&notice).await;
        let outcome = format!(
            "{} ends it at {}",
            plan.deadline.cause,
            at(plan.deadline.at)
        );
        context.note(context.entry(self, tracked, Act::Adopt, outcome), done);
    }

    async fn unadopted(
        &mut self,
        id: &ClusterId,
        why: String,
        context: &ActionContext<'_>,
        done: &mut Vec<Entry>,
    ) {
        let Some(tracked) = self.tracked.get(id) else {
            return;
        };
        let notice = notices::unadopted(&self.about(tracked, context.clock.now()), &why);
        if context.audit_sink.notify(&notice).await {
            let entry = context.entry(self, tracked, Act::Tell, why.clone());
            context.note(entry, done);
        }
        if let Some(tracked) = self.tracked.get_mut(id) {
            tracked.unadoptable = Some(why);
        }
    }

    /// Writes the schedule of an adopted cluster again, which others have resized or whose schedule they
    /// have removed.
    pub(super) async fn schedule_adopted(
        &mut self,
        id: &ClusterId,
        context: &ActionContext<'_>,
        done: &mut Vec<Entry>,
    ) {
        let Some(region) = self.fleet.region() else {
            return;
        };
        if !context.holds_watch().await {
            return;
        }
        let written = region.schedule_adopted(id).await;
        let Some(tracked) = self.tracked.get(id) else {
            return;
        };
        let entry = match written {
            Ok(Some(fires_at)) => {
                let outcome = format!("its schedule ends it at {}", at(fires_at));
                context.entry(self, tracked, Act::Adopt, outcome)
            }
            Ok(None) => return,
            Err(error) => self.failed(tracked, context, "cannot write its schedule", &error),
        };
        context.note(entry, done);
    }
}
