//! Adoption: guardrails for a cluster that others created.

use super::extension::Extension;
use super::money::Usd;
use super::name::{StackName, TeamName};
use super::observed::Cluster;
use super::rates::Rates;
use super::recorded_budget::RecordedBudget;
use super::shown::Untrusted;
use super::span::Span;
use super::stack::{Ceiling, Guardrails, WhenDone};
use super::words::words;
use chrono::{DateTime, SecondsFormat, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The stack name under which costs of adopted clusters are recorded.
const STACK: &str = "adopted";

/// Stands for a limit that is not set: longer than any cluster lives.
const UNLIMITED: Span = Span::from_secs(3_650 * 86_400);

/// The largest budget to which an adopted cluster can be extended, in dollars. Policies set lower ones.
const MAX_BUDGET: u32 = 100_000_000;

/// The limits that an adoption sets.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct AdoptedLimits {
    /// How long the cluster may live, from its creation.
    pub max_lifetime: Option<Span>,
    /// Dollars that it may cost, from its creation.
    pub budget: Option<Usd>,
    /// How long it may be idle.
    pub idle_timeout: Option<Span>,
}

impl AdoptedLimits {
    /// Whether one of them ends a cluster whatever it does.
    pub const fn has_cap(&self) -> bool {
        self.max_lifetime.is_some() || self.budget.is_some()
    }

    /// These limits, with those of `others` where there is none.
    #[must_use]
    pub fn or(self, others: Self) -> Self {
        Self {
            max_lifetime: self.max_lifetime.or(others.max_lifetime),
            budget: self.budget.or(others.budget),
            idle_timeout: self.idle_timeout.or(others.idle_timeout),
        }
    }

    /// Whether one of them is later or larger than in `others`, or is no longer set.
    pub fn exceed(&self, others: &Self) -> bool {
        fn is_more<T: PartialOrd>(new: Option<T>, old: Option<T>) -> bool {
            match (new, old) {
                (_, None) => false,
                (None, Some(_)) => true,
                (Some(new), Some(old)) => new > old,
            }
        }
        is_more(self.max_lifetime, others.max_lifetime)
            || is_more(self.budget, others.budget)
            || is_more(self.idle_timeout, others.idle_timeout)
    }

    /// As guardrails. A limit that is not set is far away. A deadline may be moved as far as policies
    /// allow: there is no stack with a ceiling.
    pub fn guardrails(&self) -> Guardrails {
        Guardrails {
            idle_timeout: self.idle_timeout.unwrap_or(UNLIMITED),
            max_lifetime: self.max_lifetime.unwrap_or(UNLIMITED),
            start_within: None,
            budget: self.budget,
            lease: None,
            off_hours: Vec::new(),
            ceiling: Ceiling {
                max_lifetime: Some(UNLIMITED),
                budget: Some(Usd::new(Decimal::from(MAX_BUDGET))),
            },
            when_done: WhenDone::Keep,
        }
    }

    /// As options and tags have them: `max_lifetime=4h budget=20 idle_timeout=30m`.
    fn words(&self) -> String {
        let lifetime = self.max_lifetime.map(|it| format!("max_lifetime={it}"));
        let budget = self
            .budget
            .map(|it| format!("budget={}", it.amount().normalize()));
        let idle = self.idle_timeout.map(|it| format!("idle_timeout={it}"));
        let words: Vec<String> = [lifetime, budget, idle].into_iter().flatten().collect();
        words.join(" ")
    }
}

words! {
    /// Who set EMR's idle policy of an adopted cluster.
    pub enum IdlePolicy {
        /// The adoption: releasing the cluster removes it.
        Ours = "ours",
        /// Somebody else: it stays.
        Theirs = "theirs",
        /// The adoption sets none.
        None = "none",
    }
}

/// The record of an adoption, in the bucket: everything that the cluster's deadline depends on, and
/// what a release restores.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Adoption {
    /// When the cluster was adopted.
    pub at: DateTime<Utc>,
    /// Who adopted it, as `user@host`.
    pub by: Untrusted,
    /// Who is responsible for it.
    pub owner: Option<Untrusted>,
    /// The team that pays.
    pub team: Option<TeamName>,
    /// Its limits.
    pub limits: AdoptedLimits,
    /// The catalog's rates when it was adopted; `None` if one of its instance types has no price.
    pub rates: Option<Rates>,
    /// Dollars that it had cost by then.
    pub spent: Option<Usd>,
    /// Who set EMR's idle policy.
    pub idle_policy: IdlePolicy,
    /// EMR's idle timeout that the adoption has set and is about to replace with that of its limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_before: Option<Span>,
    /// The values that its tags of clusterup had before.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags_before: BTreeMap<String, String>,
    /// The extensions of its deadlines, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<Extension>,
    /// The monthly budgets that it counts against.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub budgets: Vec<RecordedBudget>,
    /// Whether a release has begun: nothing is armed again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub releasing: bool,
}

impl Adoption {
    /// The stack name under which the costs of all adopted clusters are recorded.
    pub fn stack() -> Option<StackName> {
        StackName::like(STACK)
    }

    /// The guardrails of the adopted cluster, without its extensions.
    pub fn guardrails(&self) -> Guardrails {
        self.limits.guardrails()
    }

    /// Whether this lifetime of an adopted cluster stands for none.
    pub fn is_unlimited(max_lifetime: Span) -> bool {
        max_lifetime >= UNLIMITED
    }

    /// Whether an idle timeout of EMR is one that the adoption has set, if it has set any.
    pub fn has_set(&self, idle_timeout: Span) -> bool {
        [self.limits.idle_timeout, self.idle_before].contains(&Some(idle_timeout))
    }

    /// The value of the tag that shows the adoption, in characters that AWS allows in tags:
    /// `2026-11-21T04:00:00Z max_lifetime=4h budget=20 by=me@host`.
    pub fn mark(&self) -> String {
        let at = self.at.to_rfc3339_opts(SecondsFormat::Secs, true);
        format!("{at} {} by={}", self.limits.words(), self.by.as_str())
    }
}

/// An adopted cluster, as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Adopted {
    /// Its name.
    pub name: Untrusted,
    /// The record of its adoption.
    pub adoption: Adoption,
    /// The cluster as if clusterup had created it with these guardrails. Its drift is what others have
    /// changed about its safeguards.
    pub cluster: Cluster,
    /// Whether EMR's termination protection is on: then neither schedule nor idle policy ends it.
    pub protected: bool,
    /// Whether its schedule is missing or does not match its deadline.
    pub unscheduled: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(lifetime: &str, budget: &str) -> AdoptedLimits {
        AdoptedLimits {
            max_lifetime: lifetime.parse().ok(),
            budget: budget.parse().ok(),
            idle_timeout: None,
        }
    }

    #[test]
    fn limits_are_only_lowered_by_adopting_again() {
        let set = limits("4h", "$20");
        for (new, more) in [
            (limits("4h", "$20"), false),
            (limits("3h", "$5"), false),
            (limits("5h", "$5"), true),
            (limits("4h", "$20.01"), true),
            (limits("4h", ""), true),
            (
                AdoptedLimits {
                    idle_timeout: "1h".parse().ok(),
                    ..set
                },
                false,
            ),
        ] {
            assert_eq!(new.exceed(&set), more, "{new:?}");
        }
        assert!(
            !AdoptedLimits {
                idle_timeout: "1h".parse().ok(),
                ..limits("", "")
            }
            .has_cap()
        );
        assert!(limits("", "$1").has_cap() && limits("1h", "").has_cap());
        assert_eq!(limits("", "$1").or(limits("9h", "$9")), limits("9h", "$1"));
    }

    #[test]
    fn the_record_is_read_back_and_its_tag_is_short() {
        let adoption = Adoption {
            at: "2026-11-21T04:00:00Z".parse().unwrap(),
            by: "ann@desk".into(),
            owner: Some("bo".into()),
            team: "recsys".parse().ok(),
            limits: limits("4h", "$20"),
            rates: "primary=0.192+0.048+0+0".parse().ok(),
            spent: "$1.25".parse().ok(),
            idle_policy: IdlePolicy::Ours,
            idle_before: None,
            tags_before: BTreeMap::from([("clusterup-team".to_owned(), "x".to_owned())]),
            extensions: Vec::new(),
            budgets: Vec::new(),
            releasing: false,
        };
        let text = serde_json::to_string(&adoption).unwrap();
        assert_eq!(serde_json::from_str::<Adoption>(&text).unwrap(), adoption);
        let mark = "2026-11-21T04:00:00Z max_lifetime=4h budget=20 by=ann@desk";
        assert_eq!(adoption.mark(), mark);
        assert_eq!(Adoption::stack().unwrap().as_str(), "adopted");
        let set = adoption.guardrails();
        assert_eq!(
            (set.max_lifetime.to_string(), set.budget),
            ("4h".to_owned(), "$20".parse().ok())
        );
        // Without a limit, nothing ends it for that.
        assert_eq!(set.idle_timeout, UNLIMITED);
    }
}
