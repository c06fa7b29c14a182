//! The page of one cluster: its timeline, its steps, its guardrails and the commands for it.

use super::view::{EventView, Tick};
use crate::chart::{Item, Lane, Ticks, Timeline, Tone, span};
use crate::model::audit::{Act, Entry};
use crate::model::fleet_status::{FleetStatus, Row, RowStep};
use crate::model::hint::Command;
use crate::model::instance_span::{InstanceSpan, Role};
use crate::model::observed::StepState;
use crate::model::partition::Partition;
use crate::model::place::Place;
use crate::model::stack::Guardrails;
use chrono::{DateTime, TimeDelta, Utc};

/// How much of the future is shown at least, and otherwise at most in relation to the past.
const MIN_AHEAD: TimeDelta = TimeDelta::hours(1);
const AHEAD: i32 = 2;
/// How many events are listed.
const MAX_EVENTS: usize = 20;

pub(super) struct ClusterView {
    /// The chart, as HTML.
    pub(super) timeline: String,
    pub(super) steps: Vec<StepView>,
    /// The names and values of its guardrails.
    pub(super) guardrails: Vec<(&'static str, String)>,
    /// What commands are for, and the commands.
    pub(super) commands: Vec<(&'static str, String)>,
    /// The cluster's page in AWS's console.
    pub(super) console: Option<String>,
}

pub(super) struct StepView {
    pub(super) name: String,
    pub(super) state: &'static str,
    pub(super) tone: &'static str,
    pub(super) began: Option<Tick>,
    /// How long it ran, or has run.
    pub(super) length: Option<String>,
}

impl ClusterView {
    /// The view, and what the watchdog did to the cluster, newest first.
    pub(super) fn of(
        row: &Row,
        fleet_status: &FleetStatus,
        now: DateTime<Utc>,
    ) -> (Self, Vec<EventView>) {
        let is_about = |entry: &&Entry| {
            let target = entry.target.as_ref();
            entry.place.as_ref() == Some(&row.place)
                && target.is_some_and(|target| target.id == row.id.as_str())
        };
        let events: Vec<&Entry> = fleet_status.events.iter().filter(is_about).collect();
        let shown = events.iter().rev().take(MAX_EVENTS);
        let view = Self {
            timeline: timeline(row, &events, now).chart().html(),
            steps: row
                .steps
                .iter()
                .map(|step| StepView::of(step, now))
                .collect(),
            guardrails: row.guardrails.as_ref().map_or_else(Vec::new, limits),
            commands: commands(row),
            console: console(row),
        };
        let shown = shown.map(|entry| EventView::of(entry, now));
        (view, shown.collect())
    }
}

impl StepView {
    fn of(step: &RowStep, now: DateTime<Utc>) -> Self {
        let (state, tone) = match step.state {
            StepState::Pending => ("pending", "start"),
            StepState::Running => ("running", "run"),
            StepState::Completed => ("completed", "done"),
            StepState::Failed => ("failed", "bad"),
            StepState::Cancelled => ("cancelled", "end"),
            StepState::Interrupted => ("interrupted", "bad"),
        };
        let length = step.started_at.map(|at| step.ended_at.unwrap_or(now) - at);
        Self {
            name: step.name.to_string(),
            state,
            tone,
            began: step.started_at.map(|at| Tick::new(at, now)),
            length: length.map(span),
        }
    }
}

fn timeline(row: &Row, events: &[&Entry], now: DateTime<Utc>) -> Timeline<'static> {
    let ahead = ((now - row.created_at) * AHEAD).max(MIN_AHEAD);
    let ends_at = row.ends_at.filter(|at| *at > now);
    let until = ends_at.map_or(now, |at| at.min(now + ahead)).max(now);
    let mut lanes = vec![life(row, now)];
    lanes.extend(
        Role::ALL
            .into_iter()
            .filter_map(|role| nodes(row, role, now)),
    );
    let steps: Vec<Item> = row.steps.iter().filter_map(|step| ran(step, now)).collect();
    let events = events.iter().map(|entry| happened(entry));
    lanes.extend(lane("steps", String::new(), steps));
    lanes.extend(lane("watchdog", String::new(), events.collect()));
    if let Some(at) = row.ends_at {
        let cause = row.cause.as_deref().unwrap_or_default().replace('_', " ");
        let note = format!("{} ({cause})", at.format("%-d %b %H:%M UTC"));
        let item = Item {
            from: at,
            until: None,
            tone: Tone::Bad,
            text: format!("deadline: {note}"),
        };
        lanes.extend(lane("deadline", note, vec![item]));
    }
    Timeline {
        id: "timeline",
        title: "Timeline (UTC)",
        from: row.created_at,
        until: until + (until - row.created_at) / 20,
        now: Some(now),
        ticks: Ticks::Clock,
        lanes,
    }
}

fn lane(name: &str, note: String, items: Vec<Item>) -> Option<Lane> {
    (!items.is_empty()).then(|| Lane {
        name: name.to_owned(),
        note,
        items,
    })
}

/// The cluster from its creation until it was ready, and since then.
fn life(row: &Row, now: DateTime<Utc>) -> Lane {
    let mut items = vec![Item {
        from: row.created_at,
        until: Some(row.ready_at.unwrap_or(now)),
        tone: Tone::Plain,
        text: "starting and bootstrapping".to_owned(),
    }];
    items.extend(row.ready_at.map(|at| Item {
        from: at,
        until: Some(now),
        tone: Tone::Good,
        text: "ready for work".to_owned(),
    }));
    let note = row.ready_at.map(|at| {
        let took = span(at - row.created_at);
        format!("ready after {took}")
    });
    Lane {
        name: "cluster".to_owned(),
        note: note.unwrap_or_default(),
        items,
    }
}

/// The instances of a role: each resize begins or ends a period.
fn nodes(row: &Row, role: Role, now: DateTime<Utc>) -> Option<Lane> {
    let of_role = |it: &&InstanceSpan| it.role == role && it.count > 0;
    let spans: Vec<&InstanceSpan> = row.instance_spans.iter().filter(of_role).collect();
    let running = spans.iter().filter(|it| it.runs_at(now));
    let count: u32 = running.map(|it| u32::from(it.count)).sum();
    let items = spans.iter().map(|it| Item {
        from: it.from,
        until: Some(it.until.unwrap_or(now)),
        tone: Tone::Plain,
        text: format!("{} x {role}", it.count),
    });
    lane(
        &format!("{role} nodes"),
        format!("{count} now"),
        items.collect(),
    )
}

fn ran(step: &RowStep, now: DateTime<Utc>) -> Option<Item> {
    let from = step.started_at?;
    let StepView { name, state, .. } = StepView::of(step, now);
    Some(Item {
        from,
        until: Some(step.ended_at.unwrap_or(now)),
        tone: match step.state {
            StepState::Failed | StepState::Interrupted => Tone::Bad,
            StepState::Cancelled => Tone::Warn,
            StepState::Pending | StepState::Running | StepState::Completed => Tone::Good,
        },
        text: format!("{name} ({state})"),
    })
}

fn happened(entry: &Entry) -> Item {
    let verdict = entry.verdict.as_deref().unwrap_or_default();
    Item {
        from: entry.at,
        until: None,
        tone: match entry.act {
            Act::Warn => Tone::Warn,
            Act::Terminate | Act::Ended | Act::Escalate | Act::Fail | Act::Trip => Tone::Bad,
            Act::Begin
            | Act::Stop
            | Act::Reload
            | Act::Tell
            | Act::Clear
            | Act::Unprotect
            | Act::Extend
            | Act::Adopt
            | Act::CleanUp => Tone::Plain,
        },
        text: format!("{} {verdict}", entry.act.as_str()).replace('_', " "),
    }
}

fn limits(guardrails: &Guardrails) -> Vec<(&'static str, String)> {
    let Guardrails {
        idle_timeout,
        max_lifetime,
        start_within,
        budget,
        lease,
        off_hours,
        ceiling,
        when_done,
    } = guardrails;
    let off_hours: Vec<String> = off_hours.iter().map(ToString::to_string).collect();
    let mut all = vec![
        ("idle_timeout", idle_timeout.to_string()),
        ("max_lifetime", max_lifetime.to_string()),
    ];
    all.extend(start_within.map(|it| ("start_within", it.to_string())));
    all.extend(budget.map(|it| ("budget", it.to_string())));
    all.extend(lease.map(|it| ("lease", it.to_string())));
    if !off_hours.is_empty() {
        all.push(("off_hours", off_hours.join("; ")));
    }
    all.push(("ceiling", ceiling.to_string()));
    all.push(("when_done", when_done.as_str().to_owned()));
    all
}

/// The commands that show more of a cluster than the watchdog reads.
fn commands(row: &Row) -> Vec<(&'static str, String)> {
    let mut all: Vec<(&'static str, Command)> = Vec::new();
    if let Some(stack) = &row.stack {
        let of = |verb: &str| Command::clusterup(verb).stack_at(stack, &row.place);
        all.push(("Its logs, as they grow", of("logs").arg("--follow")));
        all.push(("Spark's own pages, running or over", of("ui")));
        all.push(("What the last run did", of("summary")));
        all.push(("Why a step failed", of("diagnose")));
    } else if row.place != Place::Local {
        let of = |verb: &str| {
            let command = Command::clusterup(verb).arg(row.id.as_str());
            let flags = row.place.flags().into_iter();
            flags.fold(command, Command::arg)
        };
        all.push(("Its logs", of("logs")));
        all.push(("Spark's own pages", of("ui").arg("--aws")));
        all.push(("Why a step failed", of("diagnose")));
    }
    let commands = all.into_iter();
    commands.map(|(what, it)| (what, it.to_string())).collect()
}

/// The address in the console of AWS's commercial regions.
fn console(row: &Row) -> Option<String> {
    let region = row.place.region()?;
    (Partition::of(region) == Partition::Aws).then(|| {
        format!(
            "https://{region}.console.aws.amazon.com/emr/home?region={region}#/clusterDetails/{}",
            row.id
        )
    })
}
