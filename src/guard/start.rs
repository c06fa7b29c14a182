//! The start guard: a cluster that cannot take work `start_within` after its creation ends, because
//! machines that hang in a bootstrap action are charged as well.

use super::Cause;
use super::verdict::Opinion;
use crate::model::observed::Cluster;
use chrono::{DateTime, Utc};

/// The opinion of the guard; `None` without a `start_within`, and for a cluster that has started.
pub fn opinion(cluster: &Cluster) -> Option<Opinion> {
    let limit = cluster.guardrails().start_within?;
    if cluster.ready_at.is_some() {
        return None;
    }
    let at = cluster.created_at.checked_add_signed(limit.delta());
    Some(Opinion {
        cause: Cause::Start,
        ends_at: Some(at.unwrap_or(DateTime::<Utc>::MAX_UTC)),
        evidence: format!(
            "not ready, created at {} (start_within: {limit})",
            cluster.created_at.format("%H:%M:%S UTC"),
        ),
        unread: None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::sample::{at, cluster};
    use super::super::{Verdict, deadline, hard_deadline, sweep};
    use super::*;
    use crate::model::observed::EndReason;
    use crate::model::span::Span;

    fn limited(ready: Option<i64>) -> Cluster {
        let mut cluster = cluster(ready);
        cluster.spec.guardrails.start_within = Some(Span::from_secs(120));
        cluster
    }

    #[test]
    fn it_ends_a_cluster_that_does_not_start_to_the_second() {
        let hanging = limited(None);
        assert!(matches!(sweep(at(119), &hanging), Verdict::Keep { .. }));
        let ended = Verdict::Terminate {
            reason: EndReason::StartTimeout,
            message: "not ready, created at 04:00:00 UTC (start_within: 2m)".to_owned(),
        };
        assert_eq!(sweep(at(120), &hanging), ended);
        assert_eq!(deadline(at(0), &hanging).cause, Cause::Start);
        // What EMR and the primary enforce does not depend on it.
        assert_eq!(hard_deadline(&hanging).cause, Cause::Lifetime);
    }

    #[test]
    fn a_cluster_that_has_started_is_kept() {
        for ready in [0, 119, 120, 500] {
            assert_eq!(opinion(&limited(Some(ready))), None, "{ready}");
        }
        assert_eq!(opinion(&cluster(None)), None);
        let mut endless = limited(None);
        endless.spec.guardrails.start_within = Some(Span::from_secs(u64::MAX));
        let opinion = opinion(&endless).unwrap();
        assert_eq!(opinion.ends_at, Some(DateTime::<Utc>::MAX_UTC));
    }
}
