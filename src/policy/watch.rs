//! Policies as orders for the watchdog, for each cluster and for all.

use super::judge::Policies;
use crate::model::fleet::ClusterSnapshot;
use crate::model::observed::Cluster;
use crate::model::orders::{Breaker, Orders, WatchdogRules};
use crate::model::percent::Percent;
use crate::model::policy::Policy;
use crate::model::span::Span;
use crate::model::stack::Guardrails;

const HOUR: Span = Span::from_secs(3_600);
/// The defaults if no policy sets another.
const START_WITHIN: Span = HOUR;
const STUCK_AFTER: Span = Span::from_secs(1_800);
const MAX_KILLS: u32 = 5;
const MAX_FRACTION: Percent = Percent::HALF;

impl Policies {
    /// How to treat one cluster: a cluster of clusterup by the policies of its stack, a foreign one
    /// by the mildest of all policies.
    pub fn orders(&self, snapshot: &ClusterSnapshot) -> Orders {
        let ours = snapshot.ours();
        let policies: Vec<&Policy> = match ours {
            Some(cluster) => self.of(&cluster.stack, cluster.spec.team.as_ref()),
            None => self.iter().collect(),
        };
        let rules: Vec<&WatchdogRules> = policies.iter().map(|policy| &policy.watchdog).collect();
        let (unmanaged, mildest) = self.unmanaged();
        let longest = rules.iter().map(|rules| rules.warn_before).max();
        Orders {
            bound: match ours {
                Some(cluster) => Some(self.guardrails(cluster)),
                None => snapshot.guarded().map(Cluster::guardrails),
            },
            unmanaged,
            mildest,
            exempt: policies
                .iter()
                .filter_map(|policy| policy.exempt.clone())
                .collect(),
            warn_before: longest.unwrap_or(WatchdogRules::default().warn_before),
            lift_protection: match ours {
                Some(_) => rules.iter().any(|rules| rules.lift_protection),
                None => self.lifts_others(),
            },
            start_within: match ours {
                Some(_) => shortest(&rules, |rules| rules.start_within).unwrap_or(START_WITHIN),
                None => {
                    let values = rules.iter().filter_map(|rules| rules.start_within);
                    values.max().unwrap_or(START_WITHIN)
                }
            },
            stuck_after: shortest(&rules, |rules| rules.stuck_after).unwrap_or(STUCK_AFTER),
        }
    }

    /// Only if all policies with `unmanaged` lift protection.
    fn lifts_others(&self) -> bool {
        let mut values = self.iter().filter(|it| it.unmanaged.is_some()).peekable();
        values.peek().is_some() && values.all(|policy| policy.watchdog.lift_protection)
    }

    /// The guardrails of one cluster; if its policies were overridden, its own.
    fn guardrails(&self, cluster: &Cluster) -> Guardrails {
        match cluster.spec.overridden {
            Some(_) => cluster.guardrails(),
            None => self.bound(cluster),
        }
    }

    /// The strictest circuit breaker of all policies.
    pub fn breaker(&self) -> Breaker {
        let rules = || self.iter().map(|policy| &policy.watchdog);
        let kills = rules().filter_map(|rules| rules.max_kills_per_sweep).min();
        let fraction = rules().filter_map(|rules| rules.max_kill_fraction).min();
        Breaker {
            max_kills: kills.unwrap_or(MAX_KILLS),
            max_fraction: fraction.unwrap_or(MAX_FRACTION),
        }
    }

    /// How long after their last cluster leftovers of a stack are removed; `None` if no policy sets
    /// it.
    pub fn clean_up_after(&self) -> Option<Span> {
        let values = self
            .iter()
            .filter_map(|policy| policy.watchdog.clean_up_after);
        values.max()
    }
}

fn shortest(rules: &[&WatchdogRules], of: impl Fn(&WatchdogRules) -> Option<Span>) -> Option<Span> {
    rules.iter().filter_map(|rules| of(rules)).min()
}
