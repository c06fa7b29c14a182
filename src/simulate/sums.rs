//! Sums up what became of the clusters of a play.

use super::history::PastCluster;
use super::outcome::{
    Affected, Denials, Ends, MonthFigures, Outcome, Simulated, Waiting, WrongEnds,
};
use super::play::{Counts, Fate, Simulation, month, name};
use super::player::Player;
use super::template;
use crate::cost::ledger::{Window, charged};
use crate::model::instance_span::InstanceSpan;
use crate::model::money::Usd;
use crate::model::month::Month;
use crate::model::name::{PolicyName, TeamName};
use crate::model::observed::EndReason;
use crate::model::policy::Effect;
use crate::model::shown::Untrusted;
use crate::model::span::Span;
use crate::policy::Policies;
use chrono::{DateTime, Utc};
use std::cmp::Reverse;
use std::collections::BTreeMap;

type MonthKey = (Month, Option<TeamName>);

/// The figures of one cluster.
struct Figures {
    /// Dollars by month, without and with the policies; `None` if its price is unknown.
    dollars: Option<BTreeMap<Month, [Usd; 2]>>,
    waiting: Waiting,
    wrong: bool,
}

impl Figures {
    /// Dollars without and with the policies.
    fn sums(&self) -> [Usd; 2] {
        let months = || self.dollars.iter().flat_map(BTreeMap::values);
        [
            months().map(|[without, _]| *without).sum(),
            months().map(|[_, with]| *with).sum(),
        ]
    }

    fn saved(&self) -> Usd {
        let [without, with] = self.sums();
        without - with
    }
}

pub(super) fn of(
    simulation: &Simulation<'_>,
    players: &[Player<'_>],
    fates: &[Fate],
    counts: Counts,
) -> Simulated {
    let history = simulation.history;
    let window = Window {
        from: history.from,
        until: history.until,
    };
    let mut sums = Sums::new(window, counts);
    for (player, fate) in players.iter().zip(fates) {
        let figures = Figures {
            dollars: dollars(player.past, fate, window),
            waiting: waiting(player, fate),
            wrong: is_wrong(player, fate),
        };
        sums.add(player.past, fate, &figures);
    }
    sums.finish(simulation.policies)
}

/// Clusters that were stopped for the same reason.
#[derive(Default)]
struct Stopped {
    clusters: usize,
    wrong: usize,
    saved: Usd,
}

struct Sums {
    found: Simulated,
    ends: BTreeMap<EndReason, Stopped>,
    /// By policy and rule.
    denials: BTreeMap<Option<(PolicyName, String)>, Stopped>,
    months: BTreeMap<MonthKey, [Usd; 2]>,
    teams: BTreeMap<Option<Untrusted>, Affected>,
    names: BTreeMap<Option<Untrusted>, Affected>,
}

impl Sums {
    const fn new(window: Window, counts: Counts) -> Self {
        let found = Simulated {
            window,
            clusters: 0,
            without: Usd::ZERO,
            with: Usd::ZERO,
            saved: Usd::ZERO,
            ends: Vec::new(),
            denials: Vec::new(),
            wrong: WrongEnds {
                ended: 0,
                denied: 0,
                waiting: Waiting {
                    repeated: Span::from_secs(0),
                    waiting: Span::from_secs(0),
                },
            },
            warned: counts.warned,
            held_back: counts.held_back,
            months: Vec::new(),
            teams: Vec::new(),
            names: Vec::new(),
            stopped: Vec::new(),
            unpriced: Vec::new(),
            not_judged: counts.not_judged,
        };
        Self {
            found,
            ends: BTreeMap::new(),
            denials: BTreeMap::new(),
            months: BTreeMap::new(),
            teams: BTreeMap::new(),
            names: BTreeMap::new(),
        }
    }

    fn add(&mut self, past: &PastCluster, fate: &Fate, figures: &Figures) {
        let found = &mut self.found;
        let [without, with] = figures.sums();
        found.clusters += 1;
        found.without = found.without + without;
        found.with = found.with + with;
        if figures.dollars.is_none() {
            found.unpriced.push(past.id.clone());
        }
        for (month, both) in figures.dollars.iter().flatten() {
            let sums = self.months.entry((*month, past.team.clone()));
            let sums = sums.or_insert([Usd::ZERO; 2]);
            for (sum, more) in sums.iter_mut().zip(both) {
                *sum = *sum + *more;
            }
        }
        let team = past.team.as_ref().map(|team| team.as_str().into());
        for (groups, key) in [(&mut self.teams, team), (&mut self.names, Some(name(past)))] {
            let group = groups.entry(key.clone()).or_insert_with(|| empty(key));
            group.clusters += 1;
            group.without = group.without + without;
            group.with = group.with + with;
            group.stopped += usize::from(*fate != Fate::Kept);
            group.wrong += usize::from(figures.wrong);
            group.waiting += figures.waiting;
        }
        self.stop(past, fate, figures);
    }

    fn stop(&mut self, past: &PastCluster, fate: &Fate, figures: &Figures) {
        let found = &mut self.found;
        let wrong = usize::from(figures.wrong);
        let counts = match fate {
            Fate::Kept => return,
            Fate::Ended { end, .. } => {
                found.wrong.ended += wrong;
                self.ends.entry(end.reason).or_default()
            }
            Fate::Denied(findings) => {
                found.wrong.denied += wrong;
                let first = findings.first();
                let rule = first.map(|it| (it.policy.clone(), it.rule.clone()));
                self.denials.entry(rule).or_default()
            }
        };
        counts.clusters += 1;
        counts.wrong += wrong;
        counts.saved = counts.saved + figures.saved();
        found.wrong.waiting += figures.waiting;
        found.stopped.push(outcome(past, fate, figures));
    }

    fn finish(self, policies: &Policies) -> Simulated {
        let mut found = self.found;
        found.saved = found.without - found.with;
        let month = |((month, team), [without, with]): (MonthKey, [Usd; 2])| MonthFigures {
            month,
            budget: team.as_ref().and_then(|team| budget(team, policies)),
            team,
            without,
            with,
        };
        found.months = self.months.into_iter().map(month).collect();
        found.ends = self.ends.into_iter().map(ends).collect();
        found.ends.sort_by_key(|row| Reverse(row.saved));
        found.denials = self.denials.into_iter().filter_map(denials).collect();
        found.denials.sort_by_key(|row| Reverse(row.saved));
        found.teams = most_affected(self.teams);
        found.names = most_affected(self.names);
        found
    }
}

fn ends((reason, stopped): (EndReason, Stopped)) -> Ends {
    let Stopped {
        clusters,
        wrong,
        saved,
    } = stopped;
    Ends {
        reason,
        clusters,
        wrong,
        saved,
    }
}

fn denials((of, stopped): (Option<(PolicyName, String)>, Stopped)) -> Option<Denials> {
    let (policy, rule) = of?;
    let Stopped {
        clusters,
        wrong,
        saved,
    } = stopped;
    Some(Denials {
        policy,
        rule,
        clusters,
        wrong,
        saved,
    })
}

fn empty(name: Option<Untrusted>) -> Affected {
    Affected {
        name,
        clusters: 0,
        stopped: 0,
        wrong: 0,
        without: Usd::ZERO,
        with: Usd::ZERO,
        waiting: Waiting::default(),
    }
}

fn most_affected(groups: BTreeMap<Option<Untrusted>, Affected>) -> Vec<Affected> {
    let mut all: Vec<Affected> = groups.into_values().collect();
    let stopped = |it: &Affected| {
        let Waiting { repeated, waiting } = it.waiting;
        repeated.as_secs().saturating_add(waiting.as_secs())
    };
    all.sort_by_key(|it| Reverse((stopped(it), it.without - it.with, it.stopped)));
    all
}

/// The lowest monthly budget of a team.
fn budget(team: &TeamName, policies: &Policies) -> Option<Usd> {
    let budgets = policies.budgets_of(team).into_iter();
    budgets.map(|(_, budget)| budget.value.monthly).min()
}

fn outcome(past: &PastCluster, fate: &Fate, figures: &Figures) -> Outcome {
    let [without, with] = figures.sums();
    let known = |usd| figures.dollars.as_ref().map(|_| usd);
    let (ends_at, reason, because) = match fate {
        Fate::Ended { at, end, .. } => (Some(*at), Some(end.reason), vec![end.message.clone()]),
        Fate::Denied(findings) => {
            let denials = findings.iter().filter(|it| it.effect == Effect::Deny);
            let texts = denials.map(|it| format!("{}: {}", it.rule, it.message).into());
            (None, None, texts.collect())
        }
        Fate::Kept => (None, None, Vec::new()),
    };
    Outcome {
        id: past.id.clone(),
        name: name(past),
        team: past.team.clone(),
        owner: past.owner.clone(),
        created_at: past.created_at,
        ended_at: past.ended_at,
        ends_at,
        reason,
        because,
        wrong: figures.wrong,
        without: known(without),
        with: known(with),
        waiting: figures.waiting,
    }
}

/// Dollars by month, without and with the policies.
fn dollars(past: &PastCluster, fate: &Fate, window: Window) -> Option<BTreeMap<Month, [Usd; 2]>> {
    let rates = past.rates.as_ref().filter(|_| past.is_priced())?;
    let over = past.over_at(window.until);
    let without = cut(&past.spans, past.ended_at.unwrap_or(over));
    let with = match fate {
        Fate::Kept => without.clone(),
        Fate::Ended { charged_until, .. } => cut(&past.spans, *charged_until),
        Fate::Denied(_) => Vec::new(),
    };
    let zone = template::utc();
    let mut months = BTreeMap::new();
    let mut at = month(past.created_at.max(window.from));
    while at.begins(zone) < window.until && at <= month(over) {
        let within = Window {
            from: at.begins(zone).max(window.from),
            until: at.next().begins(zone).min(window.until),
        };
        let both = [&without, &with].map(|spans| charged(rates, spans, within, window.until));
        months.insert(at, both);
        at = at.next();
    }
    Some(months)
}

/// The instances as if all had ended by an instant.
fn cut(spans: &[InstanceSpan], at: DateTime<Utc>) -> Vec<InstanceSpan> {
    let begun = spans.iter().filter(|span| span.from < at);
    let ended = |span: &InstanceSpan| InstanceSpan {
        until: Some(span.until.map_or(at, |until| until.min(at))),
        ..span.clone()
    };
    begun.map(ended).collect()
}

/// From when on a cluster was stopped.
fn stopped_at(past: &PastCluster, fate: &Fate) -> Option<DateTime<Utc>> {
    match fate {
        Fate::Kept => None,
        Fate::Ended { at, .. } => Some(*at),
        Fate::Denied(_) => Some(past.created_at),
    }
}

fn is_wrong(player: &Player<'_>, fate: &Fate) -> bool {
    let last = player.busy.last();
    let at = stopped_at(player.past, fate);
    at.zip(last).is_some_and(|(at, (_, until))| *until > at)
}

fn waiting(player: &Player<'_>, fate: &Fate) -> Waiting {
    let mut sum = Waiting::default();
    let Some(at) = stopped_at(player.past, fate) else {
        return sum;
    };
    for (from, until) in player.busy.iter().filter(|(_, until)| *until > at) {
        let done = Span::from_delta(at.signed_duration_since(*from).max(Default::default()));
        let left = Span::from_delta(until.signed_duration_since((*from).max(at)));
        sum += Waiting {
            repeated: done,
            waiting: left,
        };
    }
    sum
}
