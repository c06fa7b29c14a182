//! What a cluster can come to cost from now on: what is asked of a team's month.

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

/// One cluster's instances, and by when they are gone at the latest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostBound {
    pub rates: Rates,
    #[serde(rename = "lives")]
    pub instance_spans: Vec<InstanceSpan>,
    /// By when all of it is gone, its ending included.
    pub ends_by: DateTime<Utc>,
    /// What each replaced node may cost besides: the minimum of 60 seconds, once for each.
    #[serde(default, skip_serializing_if = "Usd::is_zero")]
    pub besides: Usd,
}

/// What an instance is charged for at least (EMR and EC2 pricing pages).
const LEAST: Span = Span::from_secs(60);

const ALWAYS: Window = Window {
    from: DateTime::<Utc>::MIN_UTC,
    until: DateTime::<Utc>::MAX_UTC,
};

impl CostBound {
    /// Of a cluster that is made now; none where its prices are not known.
    pub fn of(spec: &ClusterSpec, now: DateTime<Utc>) -> Option<Self> {
        let groups = &spec.groups;
        let rates = spec.rates;
        let terms = Terms::ahead(&spec.guardrails, groups, rates, spec.ending, now);
        Self::on(&terms, spec.guardrails.budget)
    }

    /// Of a living cluster as it is.
    pub fn standing(cluster: &Cluster) -> Option<Self> {
        Self::on(&Terms::of(cluster), cluster.guardrails().budget)
    }

    /// Of a living cluster that is made into another.
    pub fn change(cluster: &Cluster, want: &ClusterSpec, now: DateTime<Utc>) -> Option<Self> {
        Self::standing(&cluster.grown(want, now))
    }

    /// Of a living cluster whose deadline is moved.
    pub fn extended(cluster: &Cluster, extension: &Extension) -> Option<Self> {
        let mut moved = cluster.clone();
        moved.extensions.push(extension.clone());
        Self::standing(&moved)
    }

    /// Of a cluster that the ledger has and that is not over; none where it is not priced.
    pub fn recorded(record: &Record) -> Option<Self> {
        Some(Self {
            rates: record.rates.filter(|_| record.is_priced())?,
            instance_spans: record.instance_spans().collect(),
            ends_by: record.ends_by?,
            besides: Usd::ZERO,
        })
    }

    fn on(terms: &Terms, budget: Option<Usd>) -> Option<Self> {
        let Deadline { at, .. } = terms.deadline();
        let mut ask = Self {
            rates: terms.rates?,
            instance_spans: terms.instance_spans.clone(),
            ends_by: at + terms.ending.delta(),
            besides: Usd::ZERO,
        };
        let replaced = ask.replaced();
        let whole = charged(ask.rates, &ask.instance_spans, ALWAYS, ask.ends_by);
        // A budget holds, whatever is replaced.
        let room = budget.map(|budget| (budget - whole).max(Usd::ZERO));
        ask.besides = room.map_or(replaced, |room| room.min(replaced));
        Some(ask)
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
                until: DateTime::UNIX_EPOCH + LEAST.delta(),
            };
            charged(self.rates, &instance_spans, window, window.until)
        });
        once.sum()
    }

    /// Dollars that it has cost within a window, up to `now`.
    pub fn spent(&self, window: Window, now: DateTime<Utc>) -> Usd {
        charged(
            self.rates,
            &self.instance_spans,
            window,
            now.min(self.ends_by),
        )
    }

    /// Dollars that it can cost in all.
    pub fn whole(&self) -> Usd {
        self.worst(ALWAYS)
    }

    /// Whether it takes no more of a window than what was set aside for the same cluster.
    pub fn is_within(&self, standing: &Self, window: Window) -> bool {
        self.through(window) <= standing.through(window)
    }

    fn through(&self, window: Window) -> Usd {
        charged(self.rates, &self.instance_spans, window, self.ends_by)
    }

    /// Dollars that it can cost within a window, from its beginning to its end.
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
    /// Of a cluster that is made now; none where its prices are not known.
    pub fn ahead(
        guardrails: &Guardrails,
        groups: &InstanceGroups,
        rates: Option<Rates>,
        ending: Span,
        now: DateTime<Utc>,
    ) -> Option<Self> {
        let terms = Terms::ahead(guardrails, groups, rates, ending, now);
        let ask = CostBound::on(&terms, guardrails.budget)?;
        Some(Self {
            hourly: rate(&ask.rates, &ask.instance_spans, now),
            worst: ask.whole(),
            least: charged(ask.rates, &ask.instance_spans, ALWAYS, now + ending.delta()),
        })
    }
}
