//! What a cluster's hard deadline depends on, also for a cluster that is yet to be created.

use super::counted;
use crate::model::desired::InstanceGroups;
use crate::model::instance_span::InstanceSpan;
use crate::model::observed::Cluster;
use crate::model::rates::Rates;
use crate::model::span::Span;
use crate::model::stack::Guardrails;
use crate::model::worst_mix;
use chrono::{DateTime, Utc};

/// The terms of one cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The guardrails that apply.
    pub guardrails: Guardrails,
    /// When the cluster was created.
    pub created_at: DateTime<Utc>,
    /// When somebody last followed it.
    pub renewed_at: Option<DateTime<Utc>>,
    /// How many instances of each role run from when until when.
    pub instance_spans: Vec<InstanceSpan>,
    /// Until when an earlier reading of its instances has allowed it to live within its budget.
    pub allowed_until: Option<DateTime<Utc>>,
    /// `None` if they are unknown.
    pub rates: Option<Rates>,
    /// How long it may be charged after its end is requested.
    pub ending: Span,
}

impl Terms {
    /// The terms of a living cluster, extensions included.
    pub fn of(cluster: &Cluster) -> Self {
        Self {
            guardrails: cluster.guardrails(),
            created_at: cluster.created_at,
            renewed_at: cluster.renewed_at,
            instance_spans: counted::instance_spans(cluster),
            allowed_until: cluster.allowed_until,
            rates: cluster.spec.rates.clone(),
            ending: cluster.spec.ending,
        }
    }

    /// The terms of a cluster that is created now.
    pub fn ahead(
        guardrails: &Guardrails,
        groups: &InstanceGroups,
        rates: Option<Rates>,
        ending: Span,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            guardrails: guardrails.clone(),
            created_at: now,
            renewed_at: None,
            instance_spans: worst_mix::spans(groups, rates.as_ref(), now, None),
            allowed_until: None,
            rates,
            ending,
        }
    }
}
