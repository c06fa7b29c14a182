//! The cost bound: the most that a cluster can still cost, and by when. It is counted against a
//! team's month.

use super::subject::Price;
use crate::cost::ledger::{Record, Window, charged};
use crate::cost::meter::rate;
use crate::guard::{Deadline, Terms};
use crate::model::desired::{ClusterSpec, InstanceGroups};
use crate::model::extension::Extension;
use crate::model::instance_span::InstanceSpan;
use crate::model::money::Usd;
use crate::model::observed::Cluster;
use crate::model::rates::Rates;
use crate::model::span::Span;
use crate::model::stack::Guardrails;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// The instances of a cluster, and the instant by which all of them have ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CostBound {
    /// Dollars per hour of each role's nodes.
    pub rates: Rates,
    /// How many instances of each role run from when until when.
    #[serde(rename = "lives")]
    pub instance_spans: Vec<InstanceSpan>,
    /// When all instances have ended, termination included.
    pub ends_by: DateTime<Utc>,
    /// Dollars that replaced nodes may cost in addition: each is charged for at least 60 seconds,
    /// once.
    #[serde(default, skip_serializing_if = "Usd::is_zero")]
    pub besides: Usd,
}

/// The minimum time that an instance is charged for (EMR and EC2 pricing pages).
const MIN_CHARGED: Span = Span::from_secs(60);

const ALWAYS: Window = Window {
    from: DateTime::<Utc>::MIN_UTC,
    until: DateTime::<Utc>::MAX_UTC,
};

impl CostBound {
    /// The bound of a cluster that is created at `now`; `None` if its prices are unknown.
    pub fn of(spec: &ClusterSpec, now: DateTime<Utc>) -> Option<Self> {
        let groups = &spec.groups;
        let rates = spec.rates.clone();
        let terms = Terms::ahead(&spec.guardrails, groups, rates, spec.ending, now);
        Self::for_terms(&terms, spec.guardrails.budget)
    }

    /// The bound of a living cluster as it is now; `None` if its prices are unknown.
    pub fn standing(cluster: &Cluster) -> Option<Self> {
        Self::for_terms(&Terms::of(cluster), cluster.guardrails().budget)
    }

    /// The bound of a living cluster once it is changed to `want`.
    pub fn change(cluster: &Cluster, want: &ClusterSpec, now: DateTime<Utc>) -> Option<Self> {
        Self::standing(&cluster.grown(want, now))
    }

    /// The bound of a living cluster once its deadline is moved.
    pub fn extended(cluster: &Cluster, extension: &Extension) -> Option<Self> {
        let mut moved = cluster.clone();
        moved.extensions.push(extension.clone());
        Self::standing(&moved)
    }

    /// The bound of a cluster in the ledger that has not ended; `None` if it has no price.
    pub fn recorded(record: &Record) -> Option<Self> {
        let varies = !record.worst_spans.is_empty() && !record.state.is_over();
        let instance_spans = if varies {
            record.worst_spans.clone()
        } else {
            record.instance_spans().collect()
        };
        Some(Self {
            rates: record.rates.clone().filter(|_| record.is_priced())?,
            instance_spans,
            ends_by: record.ends_by?,
            besides: Usd::ZERO,
        })
    }

    fn for_terms(terms: &Terms, budget: Option<Usd>) -> Option<Self> {
        let Deadline { at, .. } = terms.deadline();
        let mut bound = Self {
            rates: terms.rates.clone()?,
            instance_spans: terms.instance_spans.clone(),
            ends_by: at + terms.ending.delta(),
            besides: Usd::ZERO,
        };
        let replaced = bound.replaced();
        let whole = charged(&bound.rates, &bound.instance_spans, ALWAYS, bound.ends_by);
        // The cluster's own budget bounds replaced nodes too.
        let room = budget.map(|budget| (budget - whole).max(Usd::ZERO));
        bound.besides = room.map_or(replaced, |room| room.min(replaced));
        Some(bound)
    }

    fn replaced(&self) -> Usd {
        let running = self
            .instance_spans
            .iter()
            .filter(|instance_span| instance_span.until.is_none());
        let once = running.map(|instance_span| {
            let instance_spans = [InstanceSpan {
                from: DateTime::UNIX_EPOCH,
                ..instance_span.clone()
            }];
            let window = Window {
                from: DateTime::UNIX_EPOCH,
                until: DateTime::UNIX_EPOCH + MIN_CHARGED.delta(),
            };
            charged(&self.rates, &instance_spans, window, window.until)
        });
        once.sum()
    }

    /// Dollars spent within a window, up to `now`.
    pub fn spent(&self, window: Window, now: DateTime<Utc>) -> Usd {
        charged(
            &self.rates,
            &self.instance_spans,
            window,
            now.min(self.ends_by),
        )
    }

    /// The most dollars that the cluster can cost in all.
    pub fn whole(&self) -> Usd {
        self.worst(ALWAYS)
    }

    /// Whether this bound takes no more of a window than `standing`, which is already reserved.
    pub fn is_within(&self, standing: &Self, window: Window) -> bool {
        self.through(window) <= standing.through(window)
    }

    fn through(&self, window: Window) -> Usd {
        charged(&self.rates, &self.instance_spans, window, self.ends_by)
    }

    /// The most dollars that the cluster can cost within a window, past and future.
    pub fn worst(&self, window: Window) -> Usd {
        let through = self.through(window);
        let last = self.ends_by - TimeDelta::seconds(1);
        if window.from <= last && last < window.until {
            through + self.besides
        } else {
            through
        }
    }
}

impl Price {
    /// The price of a cluster that is created at `now`; `None` if its prices are unknown.
    pub fn ahead(
        guardrails: &Guardrails,
        groups: &InstanceGroups,
        rates: Option<Rates>,
        ending: Span,
        now: DateTime<Utc>,
    ) -> Option<Self> {
        let terms = Terms::ahead(guardrails, groups, rates, ending, now);
        let bound = CostBound::for_terms(&terms, guardrails.budget)?;
        Some(Self {
            hourly: rate(&bound.rates, &bound.instance_spans, now),
            worst: bound.whole(),
            least: charged(
                &bound.rates,
                &bound.instance_spans,
                ALWAYS,
                now + ending.delta(),
            ),
        })
    }
}
