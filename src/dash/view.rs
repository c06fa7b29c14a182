//! What the templates show: texts and CSS classes.

use super::words::{plain, state, time};
use crate::chart::{self, dollars, span};
use crate::model::audit::{Act, Entry};
use crate::model::fleet_status::{Curve, FleetStatus, Row, SweepSummary};
use crate::model::money::Usd;
use crate::model::observed::ClusterState;
use crate::model::place::Place;
use crate::model::safeguard::{Safeguard, SafeguardState};
use crate::model::shown;
use crate::model::stack::Ceiling;
use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use std::collections::BTreeSet;

/// An instant that the browser counts from or to.
pub(super) struct Tick {
    /// In milliseconds since 1970.
    pub(super) ms: i64,
    /// How long ago it was, or how far it lies ahead.
    pub(super) span: String,
    /// `19:54 UTC`
    pub(super) time: String,
    pub(super) iso: String,
}

impl Tick {
    pub(super) fn new(at: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        Self {
            ms: at.timestamp_millis(),
            span: span((now - at).abs()),
            time: time(at, now),
            iso: at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        }
    }
}

/// The page's head: whether the watchdog is active, how many clusters there are, what they cost.
pub(super) struct Head {
    pub(super) active: bool,
    pub(super) places: String,
    pub(super) live: usize,
    pub(super) ending: usize,
    pub(super) rate: String,
    pub(super) spent: String,
    /// How many clusters have no known price.
    pub(super) unpriced: usize,
    pub(super) next: Option<Next>,
    pub(super) sweep: Option<SweepView>,
    pub(super) rendered: Tick,
    /// Dollars of the last 24 hours and of the last 30 days.
    pub(super) cost: Option<(String, String)>,
}

/// The cluster that ends first.
pub(super) struct Next {
    pub(super) name: String,
    pub(super) at: Tick,
    pub(super) over: bool,
}

pub(super) struct SweepView {
    pub(super) number: u64,
    pub(super) ended: Tick,
    /// `None` if it took less than a second.
    pub(super) took: Option<String>,
    pub(super) calls: u64,
    pub(super) looked: usize,
    pub(super) fleet: usize,
    pub(super) unseen: Vec<String>,
    pub(super) tripped: bool,
}

impl Head {
    pub(super) fn of(fleet_status: &FleetStatus, now: DateTime<Utc>) -> Self {
        let rows = &fleet_status.clusters;
        let sum = |of: fn(&Row) -> Option<Usd>| dollars(rows.iter().filter_map(of).sum());
        let going = |row: &&Row| row.state.is_live() && row.ends_at.is_some() && !row.at_earliest;
        let next = rows.iter().filter(going).min_by_key(|row| row.ends_at);
        Self {
            active: fleet_status.active,
            places: places(&fleet_status.places),
            live: rows.iter().filter(|row| row.state.is_live()).count(),
            ending: rows.iter().filter(|row| tone(&row.stage) == "bad").count(),
            rate: sum(|row| row.rate),
            spent: sum(|row| row.spent),
            unpriced: rows.iter().filter(|row| row.rate.is_none()).count(),
            next: next.and_then(|row| {
                let at = row.ends_at?;
                let name = display_name(row, row.id.as_str());
                Some(Next {
                    name,
                    at: Tick::new(at, now),
                    over: at <= now,
                })
            }),
            sweep: fleet_status.last.as_ref().map(|last| SweepView {
                number: last.number,
                ended: Tick::new(last.ended_at, now),
                took: (last.ended_at - last.began_at >= TimeDelta::seconds(1))
                    .then(|| span(last.ended_at - last.began_at)),
                calls: last.calls,
                looked: last.looked,
                fleet: last.fleet,
                unseen: unseen(last),
                tripped: last.tripped,
            }),
            rendered: Tick::new(fleet_status.at, now),
            cost: (fleet_status.cost.as_ref())
                .map(|cost| (dollars(cost.last_day), dollars(cost.last_month))),
        }
    }
}

/// The places of the watchdog's own account, and how many there are in others.
fn places(all: &[Place]) -> String {
    let (others, own): (Vec<&Place>, Vec<&Place>) =
        all.iter().partition(|place| place.account().is_some());
    let mut words: Vec<String> = own.iter().map(ToString::to_string).collect();
    let accounts: BTreeSet<_> = others.iter().filter_map(|place| place.account()).collect();
    if !accounts.is_empty() {
        let plural = |count: usize, noun: &str| match count {
            1 => format!("1 {noun}"),
            _ => format!("{count} {noun}s"),
        };
        let regions = plural(others.len(), "region");
        let accounts = plural(accounts.len(), "other account");
        words.push(format!("{regions} of {accounts}"));
    }
    words.join(", ")
}

/// What a sweep could not read, and the accounts that cannot be watched.
fn unseen(last: &SweepSummary) -> Vec<String> {
    let refused = last.refused.iter();
    let refused = refused.map(|it| format!("account {} is not watched: {}", it.account, it.why));
    refused
        .chain(last.unseen.iter().cloned())
        .map(|gap| line(&gap))
        .collect()
}

/// A row of the fleet's table.
pub(super) struct RowView {
    pub(super) place: String,
    pub(super) id: String,
    /// Its stack's name, or if it has none, its own.
    pub(super) name: String,
    /// Its own name, if that is another one.
    pub(super) own_name: Option<String>,
    /// Whether clusterup created it.
    pub(super) is_ours: bool,
    pub(super) owner: Option<String>,
    pub(super) team: Option<String>,
    pub(super) state: &'static str,
    pub(super) tone: &'static str,
    pub(super) stage: String,
    pub(super) stage_tone: &'static str,
    pub(super) evidence: String,
    pub(super) age: Tick,
    pub(super) idle: Option<Tick>,
    /// Whether it may have been idle for longer.
    pub(super) idle_at_least: bool,
    pub(super) spent: Option<String>,
    pub(super) rate: Option<String>,
    /// The amounts as numbers for sorting; unknown ones come last.
    pub(super) spent_key: Decimal,
    pub(super) rate_key: Decimal,
    pub(super) ends: Option<Tick>,
    /// When people are warned or notified, which comes before the grace starts.
    pub(super) warns: Option<Tick>,
    pub(super) over: bool,
    /// Whether it ends within 15 minutes.
    pub(super) soon: bool,
    pub(super) cause: String,
    pub(super) armed: usize,
    pub(super) safeguards: Vec<SafeguardView>,
    pub(super) looked: Option<Tick>,
    pub(super) live: bool,
    /// What an extension may do; `None` if the page cannot extend it.
    pub(super) extension: Option<ExtensionView>,
}

/// What can be said of an extension before it is requested.
pub(super) struct ExtensionView {
    /// The limits up to which deadline and budget can be moved.
    pub(super) ceiling: String,
    /// What ends the cluster earlier in spite of it.
    pub(super) earlier: String,
}

impl ExtensionView {
    /// An extension works for living clusters that clusterup created in an account of its own, if
    /// the stack has a ceiling above the present limits.
    fn of(row: &Row) -> Option<Self> {
        let guardrails = row.guardrails.as_ref()?;
        let own = row.stack.is_some() && row.place.account().is_none() && row.state.is_live();
        let Ceiling {
            max_lifetime,
            budget,
        } = guardrails.ceiling;
        let lifetime = max_lifetime.filter(|most| *most > guardrails.max_lifetime);
        let budget = budget.filter(|most| guardrails.budget.is_some_and(|now| *most > now));
        let lifetime = lifetime.map(|most| {
            let now = guardrails.max_lifetime;
            format!("the lifetime, now {now}, up to {most}")
        });
        let budget = budget.zip(guardrails.budget);
        let budget = budget.map(|(most, now)| format!("the budget, now {now}, up to {most}"));
        let limits: Vec<String> = lifetime.into_iter().chain(budget).collect();
        (own && !limits.is_empty()).then(|| Self {
            ceiling: limits.join("; "),
            earlier: format!(
                "After {} without work it ends all the same.",
                guardrails.idle_timeout
            ),
        })
    }
}

pub(super) struct SafeguardView {
    pub(super) kind: String,
    pub(super) armed: bool,
    pub(super) says: String,
    pub(super) next: Option<String>,
}

impl RowView {
    pub(super) fn of(row: &Row, now: DateTime<Utc>) -> Self {
        let left = row.ends_at.map(|at| at - now);
        let key = |amount: Option<Usd>| amount.map_or(-Decimal::ONE, Usd::amount);
        Self {
            place: row.place.to_string(),
            id: row.id.to_string(),
            name: display_name(row, "(without a name)"),
            own_name: row.stack.as_ref().map(|_| row.name.to_string()),
            is_ours: row.stack.is_some(),
            owner: row.owner.as_ref().map(ToString::to_string),
            team: row.team.as_ref().map(ToString::to_string),
            state: state(row.state),
            tone: state_tone(row.state),
            stage: plain(&row.stage),
            stage_tone: tone(&row.stage),
            evidence: line(&row.evidence),
            age: Tick::new(row.created_at, now),
            idle: row.idle_since.map(|at| Tick::new(at, now)),
            idle_at_least: row.idle_at_least,
            spent: row.spent.map(dollars),
            rate: row.rate.map(dollars),
            spent_key: key(row.spent),
            rate_key: key(row.rate),
            ends: row.ends_at.map(|at| Tick::new(at, now)),
            warns: (row.warns_at)
                .filter(|_| row.at_earliest || row.ends_at.is_none())
                .map(|at| Tick::new(at, now)),
            over: left.is_some_and(|left| left <= TimeDelta::zero()),
            soon: left.is_some_and(|left| left < TimeDelta::minutes(15)),
            cause: row
                .cause
                .as_deref()
                .map(|cause| line(&plain(cause)))
                .unwrap_or_default(),
            armed: row
                .safeguards
                .iter()
                .filter(|safeguard| safeguard.is_armed())
                .count(),
            safeguards: row
                .safeguards
                .iter()
                .map(|safeguard| SafeguardView::of(safeguard, now))
                .collect(),
            looked: row.looked_at.map(|at| Tick::new(at, now)),
            live: row.state.is_live(),
            extension: ExtensionView::of(row),
        }
    }
}

impl SafeguardView {
    fn of(safeguard: &Safeguard, now: DateTime<Utc>) -> Self {
        let says = match &safeguard.state {
            SafeguardState::Armed { at: Some(at), says } => format!("{says}, {}", time(*at, now)),
            SafeguardState::Armed { at: None, says } => line(says),
            SafeguardState::Asked { at, says } => format!("{}, {}", line(says), time(*at, now)),
            SafeguardState::Disarmed { why, .. } => line(&why.to_string()),
        };
        Self {
            kind: safeguard.kind.to_string(),
            armed: safeguard.is_armed(),
            says,
            next: safeguard.next().map(ToString::to_string),
        }
    }
}

/// A team's month.
pub(super) struct MonthView {
    pub(super) team: String,
    pub(super) policy: String,
    pub(super) month: String,
    pub(super) spent: String,
    pub(super) limit: String,
    pub(super) reserved: String,
    pub(super) projected: String,
    /// The share of the budget that is spent, in whole percent.
    pub(super) percent: Decimal,
    /// `good`, `warn` if the projection exceeds the budget, `bad` if the budget is exceeded.
    pub(super) tone: &'static str,
    pub(super) verdict: String,
    /// The chart's drawing and its table, as HTML.
    pub(super) drawing: String,
    pub(super) figures: String,
}

impl MonthView {
    pub(super) fn of(curve: &Curve) -> Self {
        let whole = curve.limit.amount();
        let percent = (curve.spent.amount() * Decimal::ONE_HUNDRED)
            .checked_div(whole)
            .unwrap_or(Decimal::ONE_HUNDRED);
        let beyond = |amount: Usd| dollars(amount - curve.limit);
        let (tone, verdict) = if curve.spent >= curve.limit {
            ("bad", format!("{} over the budget", beyond(curve.spent)))
        } else if curve.projected > curve.limit {
            (
                "warn",
                format!("projected {} over the budget", beyond(curve.projected)),
            )
        } else {
            ("good", "projected within the budget".to_owned())
        };
        let id = format!("month-{}-{}", curve.team, curve.policy);
        let chart = chart::budget(&id, curve);
        Self {
            team: curve.team.to_string(),
            policy: curve.policy.to_string(),
            month: curve.from.format("%B %Y").to_string(),
            spent: dollars(curve.spent),
            limit: dollars(curve.limit),
            reserved: dollars(curve.reserved),
            projected: dollars(curve.projected),
            percent: percent.floor(),
            tone,
            verdict,
            drawing: chart.drawing(),
            figures: chart.figures(),
        }
    }
}

/// An audit entry.
pub(super) struct EventView {
    pub(super) at: Tick,
    pub(super) act: String,
    pub(super) tone: &'static str,
    pub(super) target: Option<String>,
    pub(super) place: Option<String>,
    /// The decision, its evidence, and the result.
    pub(super) verdict: Option<String>,
    pub(super) evidence: Option<String>,
    pub(super) outcome: String,
    pub(super) actor: String,
}

impl EventView {
    pub(super) fn of(entry: &Entry, now: DateTime<Utc>) -> Self {
        let name = |target: &crate::model::audit::Target| match &target.name {
            Some(name) => format!("{name} ({})", line(&target.id)),
            None => line(&target.id),
        };
        Self {
            at: Tick::new(entry.at, now),
            act: plain(entry.act.as_str()),
            tone: act_tone(entry.act),
            target: entry.target.as_ref().map(name),
            place: entry.place.as_ref().map(ToString::to_string),
            verdict: entry.verdict.as_deref().map(plain),
            evidence: entry.evidence.as_deref().map(line),
            outcome: line(&entry.outcome),
            actor: line(&entry.actor),
        }
    }
}

const fn act_tone(act: Act) -> &'static str {
    match act {
        Act::Begin | Act::Stop | Act::Reload | Act::Tell | Act::CleanUp => "plain",
        Act::Clear | Act::Extend | Act::Adopt => "good",
        Act::Warn | Act::Unprotect => "warn",
        Act::Terminate | Act::Ended => "end",
        Act::Escalate | Act::Trip | Act::Fail => "bad",
    }
}

const fn state_tone(state: ClusterState) -> &'static str {
    match state {
        ClusterState::Starting | ClusterState::Bootstrapping => "start",
        ClusterState::Running => "run",
        ClusterState::Waiting => "wait",
        ClusterState::Terminating | ClusterState::Terminated => "end",
        ClusterState::TerminatedWithErrors => "bad",
    }
}

/// Returns the CSS class of a stage.
fn tone(stage: &str) -> &'static str {
    match stage {
        "keep" => "good",
        "warn" | "warned" | "end" | "ending" | "late" => "bad",
        "stuck" | "unseen" | "forgotten" | "protected" => "warn",
        _ => "plain",
    }
}

/// Text of others as one line.
fn line(text: &str) -> String {
    shown::line(text, 500)
}

fn display_name(row: &Row, otherwise: &str) -> String {
    if let Some(stack) = &row.stack {
        return stack.to_string();
    }
    match row.name.to_string() {
        name if name.is_empty() => otherwise.to_owned(),
        name => name,
    }
}
