//! What a cluster's hard deadline rests on, also of one that is yet to be made.

use crate::model::desired::InstanceGroups;
use crate::model::instance_span::InstanceSpan;
use crate::model::observed::Cluster;
use crate::model::rates::Rates;
use crate::model::sizes::Sizes;
use crate::model::span::Span;
use crate::model::stack::Guardrails;
use chrono::{DateTime, Utc};

/// Of one cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    pub guardrails: Guardrails,
    pub created_at: DateTime<Utc>,
    /// When somebody last followed it.
    pub renewed_at: Option<DateTime<Utc>>,
    pub instance_spans: Vec<InstanceSpan>,
    /// None where they are not known.
    pub rates: Option<Rates>,
    /// How long it may be charged for after its end was asked for.
    pub ending: Span,
}

impl Terms {
    /// As they are now, with what was extended.
    pub fn of(cluster: &Cluster) -> Self {
        Self {
            guardrails: cluster.guardrails(),
            created_at: cluster.created_at,
            renewed_at: cluster.renewed_at,
            instance_spans: cluster.instance_spans.clone(),
            rates: cluster.spec.rates,
            ending: cluster.spec.ending,
        }
    }

    /// Of a cluster that is made now.
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
            instance_spans: Sizes::of(groups).instance_spans(groups, now, None),
            rates,
            ending,
        }
    }
}
