//! Plays a history in the order of time: admissions, the watchdog's sweeps, and the ends.

use super::admit;
use super::history::{History, PastCluster};
use super::months::Months;
use super::outcome::Simulated;
use super::player::{Player, SWEEP, minute};
use super::sums;
use super::template;
use crate::cost::ledger::Scope;
use crate::guard::watch::{Assessment, Stage, restrain};
use crate::model::name::{StackName, TeamName};
use crate::model::observed::{Cluster, End};
use crate::model::shown::Untrusted;
use crate::model::stack::Stack;
use crate::policy::{Finding, Policies};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// What is played.
pub struct Simulation<'a> {
    /// The clusters. [`History::check`] must have accepted them.
    pub history: &'a History,
    /// The policies. They apply from the history's first instant on.
    pub policies: &'a Policies,
    /// The stacks whose files are known; others are rebuilt from their clusters.
    pub stacks: &'a BTreeMap<StackName, Stack>,
}

/// What became of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// The same as was recorded.
    Kept,
    /// It was ended earlier.
    Ended {
        at: DateTime<Utc>,
        /// Until when it is charged at most.
        charged_until: DateTime<Utc>,
        end: End,
    },
    /// It was never created.
    Denied(Vec<Finding>),
}

/// Events at one instant, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Over,
    Created,
    Month,
    Sweep,
}

/// What a play has counted.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) not_judged: usize,
    pub(super) warned: usize,
    pub(super) held_back: usize,
}

/// Plays a history. `progress` gets how many of the clusters are done, and of how many.
pub fn simulate(simulation: &Simulation<'_>, progress: &mut dyn FnMut(usize, usize)) -> Simulated {
    let mut play = Play::new(simulation);
    play.run(progress);
    sums::of(simulation, &play.players, &play.fates, play.counts)
}

struct Play<'a> {
    simulation: &'a Simulation<'a>,
    players: Vec<Player<'a>>,
    fates: Vec<Fate>,
    events: BTreeSet<(DateTime<Utc>, Kind, usize)>,
    /// The clusters that live, and are not ending.
    living: BTreeSet<usize>,
    /// Those whose end the circuit breaker has held back.
    held: BTreeSet<usize>,
    /// The first cluster of each team, which stands for the team in events.
    first_of_team: BTreeMap<&'a TeamName, usize>,
    /// When the running clusters of a team end because its month is spent.
    month_ends_at: BTreeMap<usize, DateTime<Utc>>,
    months: Months<'a>,
    counts: Counts,
}

impl<'a> Play<'a> {
    fn new(simulation: &'a Simulation<'a>) -> Self {
        let History {
            place,
            until,
            clusters,
            ..
        } = simulation.history;
        let scope = Scope {
            place: place.clone(),
            account: None,
        };
        let mut events = BTreeSet::new();
        let mut first_of_team = BTreeMap::new();
        for (who, past) in clusters.iter().enumerate() {
            if let Some(team) = &past.team {
                first_of_team.entry(team).or_insert(who);
            }
            events.insert((past.created_at, Kind::Created, who));
            events.extend(past.ended_at.map(|at| (at, Kind::Over, who)));
        }
        let player = |past: &'a PastCluster| Player::new(past, place, *until);
        Self {
            simulation,
            players: clusters.iter().map(player).collect(),
            fates: vec![Fate::Kept; clusters.len()],
            events,
            living: BTreeSet::new(),
            held: BTreeSet::new(),
            first_of_team,
            month_ends_at: BTreeMap::new(),
            months: Months::new(simulation.policies, scope),
            counts: Counts::default(),
        }
    }

    fn run(&mut self, progress: &mut dyn FnMut(usize, usize)) {
        let all = self.players.len();
        let mut over = 0;
        while let Some((at, kind, who)) = self.events.pop_first() {
            if at > self.simulation.history.until {
                break;
            }
            match kind {
                Kind::Created => self.created(who, at),
                Kind::Month => self.month(who, at),
                Kind::Over => {
                    over += 1;
                    progress(over, all);
                    self.over(who, at);
                }
                Kind::Sweep => {
                    let mut due = BTreeSet::from([who]);
                    while let Some((next, Kind::Sweep, who)) = self.events.first().copied()
                        && next == at
                    {
                        self.events.pop_first();
                        due.insert(who);
                    }
                    self.sweep(at, due);
                }
            }
        }
        progress(all, all);
    }

    /// Admits a cluster or denies it. One that was there before the policies is not judged.
    fn created(&mut self, who: usize, at: DateTime<Utc>) {
        let Some(player) = self.players.get_mut(who) else {
            return;
        };
        let from = self.simulation.history.from;
        let past = player.past;
        player.advance(at);
        let cluster = player.snapshot.ours().cloned();
        if let Some(cluster) = cluster.filter(|_| at >= from) {
            let denials = self.judge(past, &cluster, at);
            if !denials.is_empty() {
                self.set(who, Fate::Denied(denials));
                return;
            }
            if past.guardrails.is_some() {
                self.months.reserve(&cluster, at);
            }
        }
        self.living.insert(who);
        self.check_month(who, at);
        self.events.insert((minute(at.max(from)), Kind::Sweep, who));
    }

    fn judge(&mut self, past: &PastCluster, cluster: &Cluster, at: DateTime<Utc>) -> Vec<Finding> {
        let Some(mut denials) = admit::denials(past, cluster, self.simulation, at) else {
            self.counts.not_judged += 1;
            return Vec::new();
        };
        let months = self.months.findings(cluster, at);
        let months = admit::overridden(months, past, self.simulation);
        denials.extend(months.into_iter().filter(Finding::denies));
        denials
    }

    /// The cluster ended as it was recorded.
    fn over(&mut self, who: usize, at: DateTime<Utc>) {
        let is_kept = self.fates.get(who) == Some(&Fate::Kept);
        self.living.remove(&who);
        self.held.remove(&who);
        if is_kept {
            self.settle(who, at);
        }
    }

    /// Checks the month of a cluster's team soon: the team's spending has changed.
    fn check_month(&mut self, who: usize, at: DateTime<Utc>) {
        let team = self.players.get(who).and_then(|it| it.past.team.as_ref());
        let first = team.and_then(|team| self.first_of_team.get(team));
        if let Some(first) = first.filter(|_| self.months.end_clusters()) {
            self.events
                .insert((minute(at + SWEEP), Kind::Month, *first));
        }
    }

    fn settle(&mut self, who: usize, at: DateTime<Utc>) {
        if let Some(player) = self.players.get_mut(who) {
            player.advance(at);
            if let Some(cluster) = player.snapshot.ours() {
                self.months.settle(cluster, at);
            }
        }
        self.check_month(who, at);
    }

    /// Looks at the clusters for which something may have changed, and at those held back.
    fn sweep(&mut self, at: DateTime<Utc>, mut due: BTreeSet<usize>) {
        due.extend(&self.held);
        let mut ending: Vec<(usize, Assessment)> = Vec::new();
        for who in due.intersection(&self.living) {
            let Some(player) = self.players.get_mut(*who) else {
                continue;
            };
            player.advance(at);
            let orders = player.orders(self.simulation.policies);
            let assessment = player.assess(at, &orders);
            self.held.remove(who);
            if let Stage::Warn(mark) = assessment.stage {
                player.snapshot.mark = Some(mark);
                self.counts.warned += 1;
            } else if assessment.stage == Stage::Clear {
                player.snapshot.mark = None;
            } else if assessment.stage == Stage::Adopt {
                player.adopt(at, &orders);
            }
            if let Some(next) = player.next(at, &assessment, &orders) {
                self.events.insert((next, Kind::Sweep, *who));
            }
            if matches!(assessment.stage, Stage::End(..)) {
                ending.push((*who, assessment));
            }
        }
        self.end_all(at, ending);
    }

    fn end_all(&mut self, at: DateTime<Utc>, ending: Vec<(usize, Assessment)>) {
        let (who, mut assessments): (Vec<usize>, Vec<Assessment>) = ending.into_iter().unzip();
        let breaker = self.simulation.policies.breaker();
        let tripped = restrain(&mut assessments, self.living.len(), breaker);
        self.counts.held_back += usize::from(tripped.is_some());
        for (who, assessment) in who.into_iter().zip(assessments) {
            if let Stage::End(end, ..) = assessment.stage {
                self.end(who, at, end);
            } else {
                self.held.insert(who);
            }
        }
    }

    /// Ends a cluster, unless it was about to end anyway.
    fn end(&mut self, who: usize, at: DateTime<Utc>, end: End) {
        let Some(player) = self.players.get(who) else {
            return;
        };
        self.living.remove(&who);
        self.held.remove(&who);
        let charged_until = at + player.past.ending.delta();
        if player
            .past
            .ended_at
            .is_some_and(|over| over <= charged_until)
        {
            return;
        }
        let charged_until = charged_until.min(self.simulation.history.until);
        self.set(
            who,
            Fate::Ended {
                at,
                charged_until,
                end,
            },
        );
        self.settle(who, charged_until);
    }

    /// Ends the running clusters of a team whose month is spent, after a warning.
    fn month(&mut self, first: usize, at: DateTime<Utc>) {
        let team = self.players.get(first).and_then(|it| it.past.team.as_ref());
        let own = |who: &usize| self.players.get(*who).and_then(|it| it.snapshot.ours());
        let is_of_team = |who: &usize| own(who).is_some_and(|it| it.spec.team.as_ref() == team);
        let members: Vec<usize> = self.living.iter().copied().filter(is_of_team).collect();
        let Some(cluster) = members.first().and_then(own) else {
            self.month_ends_at.remove(&first);
            return;
        };
        let Some(spent) = self.months.spent(cluster, at) else {
            let next = self.months.spent_at(cluster, at);
            self.month_ends_at.remove(&first);
            let next = next.map(|next| (minute(next.max(at + SWEEP)), Kind::Month, first));
            self.events.extend(next);
            return;
        };
        let ends_at = minute(at + spent.grace.delta());
        let ends_at = *self.month_ends_at.entry(first).or_insert(ends_at);
        if at < ends_at {
            self.events.insert((ends_at, Kind::Month, first));
            return;
        }
        for who in members {
            self.end(who, at, spent.end.clone());
        }
    }

    fn set(&mut self, who: usize, fate: Fate) {
        if let Some(slot) = self.fates.get_mut(who) {
            *slot = fate;
        }
    }
}

/// The name under which a cluster is summed up: its stack, or its own.
pub(super) fn name(past: &PastCluster) -> Untrusted {
    match &past.stack {
        Some(stack) => stack.as_str().into(),
        None => past.name.clone(),
    }
}

/// The month of an instant in UTC.
pub(super) fn month(at: DateTime<Utc>) -> crate::model::month::Month {
    crate::model::month::Month::of(at, template::utc())
}
