//! A year of many clusters, played by the guards of `clusterup simulate` without an account: each end has its
//! reason in what the clusters did, and none that is due is missing. It shares no code with the guards.

use crate::seeds::{any, each};
use chrono::{DateTime, TimeDelta, Utc};
use clusterup::cloud::rng::Rng;
use clusterup::model::observed::EndReason;
use clusterup::policy::{Policies, load};
use clusterup::simulate::{History, Outcome, PastCluster, Simulation, simulate};
use clusterup_testkit::tally;
use serde_json::json;
use std::collections::BTreeMap;

/// Ending may take so long. A cluster that is over by then by itself counts as not ended.
const ENDING: TimeDelta = TimeDelta::minutes(20);
/// A deadline ends a cluster in the next sweep.
const SWEPT: TimeDelta = TimeDelta::minutes(2);
/// Until idleness shows: metrics come and are read every five minutes.
const SHOWN: TimeDelta = TimeDelta::minutes(10);
const DAYS: i64 = 365;

/// What the policies allow.
struct Limits {
    /// Of clusters that others created.
    idle: TimeDelta,
    grace: TimeDelta,
    /// Of clusterup's own.
    own_idle: TimeDelta,
    life: TimeDelta,
}

fn minutes(rng: &Rng, (least, most): (i64, i64)) -> TimeDelta {
    let more = rng.below(u64::try_from(most - least).unwrap());
    TimeDelta::minutes(least + i64::try_from(more).unwrap())
}

impl Limits {
    fn any(rng: &Rng) -> Self {
        let hours = |of: &[i64]| TimeDelta::hours(any(rng, of));
        Self {
            idle: hours(&[1, 4, 12]),
            grace: TimeDelta::minutes(any(rng, &[15, 30, 120])),
            own_idle: hours(&[1, 6, 24]),
            life: hours(&[24, 100, 500, 4_000]),
        }
    }

    fn policies(&self) -> Policies {
        let own = format!(
            "policy: own\nlimits: {{ idle_timeout: {}h, max_lifetime: {}h }}\n",
            self.own_idle.num_hours(),
            self.life.num_hours()
        );
        let others = format!(
            "policy: others\nunmanaged: {{ action: terminate, idle_timeout: {}h, grace: {}m, \
             exempt: {{ tag: keep }} }}\n\
             watchdog: {{ max_kills_per_sweep: 100, max_kill_fraction: 100% }}\n",
            self.idle.num_hours(),
            self.grace.num_minutes()
        );
        let mut policies = Policies::default();
        policies.extend([own, others].map(|text| load("p.yaml", &text).unwrap()));
        policies
    }
}

/// What all clusters have in common, of clusterup's own or of others. It works once.
fn template(is_own: bool, is_exempt: bool) -> PastCluster {
    let at = DateTime::<Utc>::UNIX_EPOCH;
    let mut cluster = json!({
        "id": "j-0", "name": "theirs", "ending": "20m", "created_at": at, "rates": "primary=0.2+0.04+0+0",
        "spans": [{ "role": "primary", "from": at, "until": null, "count": 1 }], "applications": ["Spark"],
        "busy": [{ "from": at, "until": at }],
    });
    if is_own {
        cluster["stack"] = "etl".into();
        cluster["guardrails"] = json!({ "idle_timeout": "900d", "max_lifetime": "900d",
            "budget": null, "when_done": "keep" });
    } else if is_exempt {
        cluster["tags"] = json!({ "keep": "yes" });
    }
    serde_json::from_value(cluster).unwrap()
}

/// A cluster that works now and then until it is forgotten.
fn cluster(rng: &Rng, number: usize, start: DateTime<Utc>, template: &PastCluster) -> PastCluster {
    let from = start + minutes(rng, (0, DAYS * 720));
    let ready = from + minutes(rng, (3, 15));
    let until = from + minutes(rng, (600, DAYS * 720));
    let forgotten = from + minutes(rng, (60, DAYS * 720));
    let (works, pauses) = (
        any(rng, &[600, 5_000, 20_000]),
        any(rng, &[60, 600, 3_000, 12_000]),
    );
    let mut busy = Vec::new();
    let mut at = ready + minutes(rng, (0, 30));
    while at < forgotten.min(until) {
        let over = (at + minutes(rng, (6, works))).min(until);
        let mut work = template.busy[0];
        (work.from, work.until) = (at, Some(over));
        busy.push(work);
        at = over + minutes(rng, (1, pauses));
    }
    let mut cluster = PastCluster {
        id: format!("j-{number}").parse().unwrap(),
        created_at: from,
        ready_at: Some(ready),
        ended_at: Some(until),
        busy,
        ..template.clone()
    };
    let span = &mut cluster.spans[0];
    (span.from, span.until) = (from, Some(until));
    cluster
}

#[test]
fn a_played_year_ends_what_is_due_and_nothing_else() {
    each("played", 60, |seed| async move { world(seed, 12) });
}

pub(crate) fn world(seed: u64, clusters: usize) {
    let rng = Rng::new(seed);
    let limits = Limits::any(&rng);
    let from: DateTime<Utc> = "2026-03-01T00:00:00Z".parse().unwrap();
    let templates = [(true, false), (false, true), (false, false)];
    let templates = templates.map(|(is_own, is_exempt)| template(is_own, is_exempt));
    let cluster = |number| {
        let kind = any(&rng, &[0, 0, 0, 0, 0, 1, 2, 2, 2, 2]);
        cluster(&rng, number, from, &templates[kind])
    };
    let history = History {
        format: 1,
        place: "us-east-1".parse().unwrap(),
        from,
        until: from + TimeDelta::days(DAYS + 5),
        clusters: (0..clusters).map(cluster).collect(),
    };
    history.check().unwrap();
    let simulation = Simulation {
        history: &history,
        policies: &limits.policies(),
        stacks: &BTreeMap::new(),
    };
    let found = simulate(&simulation, &mut |_, _| {});
    let stopped: BTreeMap<_, _> = found.stopped.iter().map(|it| (&it.id, it)).collect();
    for past in &history.clusters {
        let stopped = stopped.get(&past.id).copied();
        judge(&limits, past, stopped);
        let over = stopped.and_then(|it| it.ends_at).or(past.ended_at);
        tally::lives(over.unwrap() - past.created_at);
    }
}

/// The first instant at which a cluster has been idle for so long; `None` if it never is.
fn idle_for(past: &PastCluster, idle: TimeDelta) -> Option<DateTime<Utc>> {
    let mut since = past.ready_at.unwrap();
    for busy in &past.busy {
        if busy.from - since >= idle {
            return Some(since + idle);
        }
        since = since.max(busy.until.unwrap());
    }
    (past.ended_at.unwrap() - since >= idle).then_some(since + idle)
}

fn judge(limits: &Limits, past: &PastCluster, stopped: Option<&Outcome>) {
    let shown = || format!("{stopped:?} {past:#?}");
    let ends_at = stopped.map(|it| it.ends_at.unwrap());
    let lives_until = ends_at.or(past.ended_at).unwrap();
    let is_own = past.stack.is_some();
    let idle = if is_own {
        limits.own_idle
    } else {
        limits.idle + limits.grace
    };
    if let Some((at, end)) = ends_at.zip(stopped.and_then(|it| it.reason)) {
        if matches!(end, EndReason::IdleTimeout | EndReason::Forgotten) {
            assert!(!past.tags.contains_key("keep"), "it is exempt: {}", shown());
            let last = past.busy.iter().filter(|busy| busy.from < at);
            let last = last.map(|busy| busy.until.unwrap()).max();
            let since = last.or(past.ready_at).unwrap();
            assert!(at - since >= idle, "idle for {}: {}", at - since, shown());
            tally::mark("a played cluster ended for idleness");
        } else {
            assert_eq!(end, EndReason::MaxLifetime, "{}", shown());
            assert!(at >= past.created_at + limits.life, "early: {}", shown());
            tally::mark("a played cluster ended by its lifetime");
        }
    }
    if is_own {
        let due = past.created_at + limits.life + SWEPT + ENDING;
        assert!(lives_until <= due, "past {due}: {}", shown());
        tally::margin(
            "P2: seconds before the bound, played",
            (due - lives_until).num_seconds() as f64,
        );
    }
    if !past.tags.contains_key("keep")
        && let Some(due) = idle_for(past, idle + SHOWN + ENDING)
    {
        assert!(lives_until <= due, "idle until {due}: {}", shown());
        tally::margin(
            "P5: seconds before the bound, played",
            (due - lives_until).num_seconds() as f64,
        );
        tally::mark("a played cluster was due");
    }
}
