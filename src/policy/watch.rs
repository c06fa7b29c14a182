//! What policies tell the watchdog: of each cluster, and of all.

use super::judge::Policies;
use crate::model::fleet::ClusterSnapshot;
use crate::model::observed::Cluster;
use crate::model::orders::{Breaker, Orders, WatchdogRules};
use crate::model::percent::Percent;
use crate::model::policy::Policy;
use crate::model::span::Span;
use crate::model::stack::Guardrails;

const HOUR: Span = Span::from_secs(3_600);
/// Where no policy says otherwise.
const START_WITHIN: Span = HOUR;
const STUCK_AFTER: Span = Span::from_secs(1_800);
const MAX_KILLS: u32 = 5;
const MAX_FRACTION: Percent = Percent::HALF;

impl Policies {
    /// How one cluster is treated: one of clusterup's by the policies of its stack, and one of others
    /// by all there are, of which the mildest holds.
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
            bound: ours.map(|cluster| self.held(cluster)),
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
                    let said = rules.iter().filter_map(|rules| rules.start_within);
                    said.max().unwrap_or(START_WITHIN)
                }
            },
            stuck_after: shortest(&rules, |rules| rules.stuck_after).unwrap_or(STUCK_AFTER),
        }
    }

    /// Only where all that speak of others' clusters say so.
    fn lifts_others(&self) -> bool {
        let mut said = self.iter().filter(|it| it.unmanaged.is_some()).peekable();
        said.peek().is_some() && said.all(|policy| policy.watchdog.lift_protection)
    }

    /// Of one that was made in spite of its policies, with a reason on record, its own hold.
    fn held(&self, cluster: &Cluster) -> Guardrails {
        match cluster.spec.overridden {
            Some(_) => cluster.guardrails(),
            None => self.bound(cluster),
        }
    }

    /// The tightest that any of them wants.
    pub fn breaker(&self) -> Breaker {
        let rules = || self.iter().map(|policy| &policy.watchdog);
        let kills = rules().filter_map(|rules| rules.max_kills_per_sweep).min();
        let fraction = rules().filter_map(|rules| rules.max_kill_fraction).min();
        Breaker {
            max_kills: kills.unwrap_or(MAX_KILLS),
            max_fraction: fraction.unwrap_or(MAX_FRACTION),
        }
    }

    /// After how long what dead stacks left is removed; none where no policy wants that.
    pub fn clean_up_after(&self) -> Option<Span> {
        let said = self
            .iter()
            .filter_map(|policy| policy.watchdog.clean_up_after);
        said.max()
    }
}

fn shortest(rules: &[&WatchdogRules], of: impl Fn(&WatchdogRules) -> Option<Span>) -> Option<Span> {
    rules.iter().filter_map(|rules| of(rules)).min()
}
