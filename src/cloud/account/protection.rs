//! Termination protection that a stack asks for. A protected cluster cannot be ended by EMR's call, so
//! a schedule lifts the protection in the minute before the one that ends the cluster.

use super::errors::Context;
use super::last_observation::Scheduled;
use super::roles::REAPER;
use super::{Account, spec};
use crate::cloud::CloudError;
use crate::cloud::api::emr::{self, SetTerminationProtection};
use crate::cloud::api::scheduler::{DeleteSchedule, GetSchedule, Schedule, unprotect};
use crate::cloud::api::{Api, ApiError};
use crate::guard;
use crate::model::name::ClusterId;
use crate::model::observed::Cluster;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

/// How long before its deadline a cluster is no longer protected again: its schedules may have begun
/// to end it.
const NEAR: TimeDelta = TimeDelta::minutes(10);

/// Whether a cluster is to be protected now.
pub(super) fn is_due(cluster: &Cluster, now: DateTime<Utc>) -> bool {
    let wanted = cluster.spec.termination_protection && cluster.state.is_live();
    wanted && now + NEAR < guard::hard_deadline(cluster).at
}

/// Whether the stack of a cluster asked for its protection, by the cluster's tags.
pub(super) fn is_own(cluster: &emr::Cluster) -> bool {
    spec::read(&cluster.tags).is_some_and(|spec| spec.termination_protection)
}

/// Other than the prefix of schedules that end clusters, by which those are listed.
fn name(id: &str) -> String {
    format!("clusterup-unprotect-{id}")
}

/// The schedule that lifts the protection before another one ends the cluster. `soonest` is the first
/// minute that AWS can still fire in.
pub(super) fn lifting(ending: &Schedule, id: &str, soonest: DateTime<Utc>) -> Schedule {
    let partition = ending.role.split(':').nth(1).unwrap_or_default();
    Schedule {
        name: name(id),
        at: (ending.at - TimeDelta::minutes(1)).max(soonest.min(ending.at)),
        target: unprotect(partition),
        role: ending.role.clone(),
        input: json!({ "JobFlowIds": [id], "TerminationProtected": false }).to_string(),
    }
}

/// Whether a schedule lifts the protection before another one ends the cluster, or in its minute: EMR's
/// refusal is retried.
fn lifts(lifting: &Schedule, ending: &Schedule, id: &str) -> bool {
    let partition = ending.role.split(':').nth(1).unwrap_or_default();
    let input = serde_json::from_str::<serde_json::Value>(&lifting.input).ok();
    lifting.at <= ending.at
        && lifting.target == unprotect(partition)
        && lifting.role.ends_with(&format!(":role/{REAPER}"))
        && input == Some(json!({ "JobFlowIds": [id], "TerminationProtected": false }))
}

impl<A: Api> Account<A> {
    /// Switches the termination protection of a cluster.
    pub(super) async fn protect(&self, id: &ClusterId, protected: bool) -> Result<(), CloudError> {
        let call = SetTerminationProtection {
            ids: vec![id.to_string()],
            protected,
        };
        let done = self.api.serve(call).await;
        done.with_context(|| {
            let what = if protected { "switch on" } else { "lift" };
            format!("{what} the termination protection of cluster {id}")
        })
    }

    /// What of the schedule that ends a protected cluster is in force: without the one that lifts the
    /// protection, it does not end the cluster.
    pub(super) async fn with_lifting(&self, id: &str, ending: Schedule) -> Scheduled {
        match self.api.serve(GetSchedule { name: name(id) }).await {
            Ok(Some(lifting)) if lifts(&lifting, &ending, id) => Scheduled::There(ending),
            Ok(_) => Scheduled::NotLifted,
            Err(error) => Scheduled::Unread(error.to_string()),
        }
    }

    /// Deletes the schedule that lifts the protection of a cluster that has ended.
    pub(super) async fn forget_lifting(&self, id: &ClusterId) -> Result<(), ApiError> {
        let protected = {
            let observed = self.observed.borrow();
            let observed = observed.clusters.get(id);
            observed.is_some_and(|observed| is_own(&observed.cluster))
        };
        if !protected {
            return Ok(());
        }
        let name = name(id.as_str());
        self.api.serve(DeleteSchedule { name }).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::api::scheduler::terminate;

    #[test]
    fn protection_is_lifted_before_the_end_and_by_our_role() {
        let at: DateTime<Utc> = "2026-11-21T04:00:00Z".parse().unwrap();
        let role = |role: &str| format!("arn:aws-us-gov:iam::123456789012:role/{role}");
        let ending = Schedule {
            name: "clusterup-j-1".to_owned(),
            at,
            target: terminate("aws-us-gov"),
            role: role(REAPER),
            input: json!({ "JobFlowIds": ["j-1"] }).to_string(),
        };
        let early = at - TimeDelta::hours(1);
        let good = lifting(&ending, "j-1", early);
        assert_eq!(good.at, at - TimeDelta::minutes(1));
        assert!(good.name.len() <= 64 && !good.name.starts_with("clusterup-j-"));
        assert!(good.target.starts_with("arn:aws-us-gov:"));
        assert!(lifts(&good, &ending, "j-1"));
        // A deadline that is near: both fire in the same minute, and never later.
        for soonest in [at, at + TimeDelta::minutes(3)] {
            assert_eq!(lifting(&ending, "j-1", soonest).at, at);
        }
        let other = |change: &dyn Fn(&mut Schedule)| {
            let mut other = good.clone();
            change(&mut other);
            lifts(&other, &ending, "j-1")
        };
        assert!(!other(&|it| it.at = at + TimeDelta::minutes(1)));
        assert!(!other(&|it| it.target = unprotect("aws")));
        assert!(!other(&|it| it.target = terminate("aws-us-gov")));
        assert!(!other(&|it| it.role = role("other")));
        assert!(!other(&|it| it.input =
            json!({ "JobFlowIds": ["j-2"], "TerminationProtected": false })
                .to_string()));
        assert!(!other(&|it| it.input =
            json!({ "JobFlowIds": ["j-1"], "TerminationProtected": true })
                .to_string()));
        assert!(!other(
            &|it| it.input = json!({ "JobFlowIds": ["j-1"] }).to_string()
        ));
    }
}
