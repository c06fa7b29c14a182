//! The names of what ends the cluster.

use super::tree::leaf;
use super::{Datum, Name, Shape, read};
use Shape::{Bool, Double, List, Text};

pub(super) const GUARDRAILS: &[Name] = &[
    leaf("idle_minutes", Double, "The idle_timeout.", |s| {
        Some(read::minutes(s.stack.guardrails.idle_timeout))
    }),
    leaf("lifetime_minutes", Double, "The max_lifetime.", |s| {
        Some(read::minutes(s.stack.guardrails.max_lifetime))
    }),
    leaf(
        "start_within_minutes",
        Double,
        "The start_within; 0 if none.",
        |s| {
            let start = s.stack.guardrails.start_within;
            Some(start.map_or(Datum::Double(0.0), read::minutes))
        },
    ),
    leaf("lease_minutes", Double, "The lease; 0 if none.", |s| {
        let lease = s.stack.guardrails.lease;
        Some(lease.map_or(Datum::Double(0.0), read::minutes))
    }),
    leaf("budget", Double, "The budget in dollars; 0 if none.", |s| {
        let budget = s.stack.guardrails.budget;
        Some(budget.map_or(Datum::Double(0.0), read::usd))
    }),
    leaf("has_budget", Bool, "Whether there is a budget.", |s| {
        Some(Datum::Bool(s.stack.guardrails.budget.is_some()))
    }),
    leaf(
        "off_hours",
        List(&Text),
        "The off hours, each with its timezone.",
        |s| Some(read::list(&s.stack.guardrails.off_hours)),
    ),
    leaf(
        "ceiling_lifetime_minutes",
        Double,
        "How far `extend` may move the max_lifetime; 0 if not at all.",
        |s| {
            let life = s.stack.guardrails.ceiling.max_lifetime;
            Some(life.map_or(Datum::Double(0.0), read::minutes))
        },
    ),
    leaf(
        "ceiling_budget",
        Double,
        "How far `extend` may move the budget, in dollars; 0 if not at all.",
        |s| {
            let budget = s.stack.guardrails.ceiling.budget;
            Some(budget.map_or(Datum::Double(0.0), read::usd))
        },
    ),
    leaf(
        "when_done",
        Text,
        "`terminate`, or `keep` for a cluster that outlives its job.",
        |s| Some(read::text(s.stack.guardrails.when_done.as_str())),
    ),
];
