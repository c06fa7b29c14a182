//! How fast policies are played on a history: `cargo bench --bench simulate`. A thousand clusters live for
//! a month each; half of them have a team with a monthly budget.
#![expect(
    clippy::unwrap_used,
    reason = "a benchmark fails where it cannot go on"
)]
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use chrono::{DateTime, TimeDelta, Utc};
use clusterup::policy::{Policies, load};
use clusterup::simulate::{History, Simulation, simulate};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Instant;

const CLUSTERS: i64 = 1_000;
const DAYS: i64 = 30;

const POLICIES: [&str; 2] = [
    "policy: house\nlimits: { idle_timeout: 12h }\n\
     off_hours: { timezone: UTC, terminate: \"Sun 22:00-23:00\" }\n\
     unmanaged: { action: terminate, idle_timeout: 12h, exempt: { tag: keep } }\n",
    "policy: month\napplies_to: { teams: [data] }\n\
     budget: { monthly: $1000000, home: us-east-1, when_spent: terminate }\n",
];

fn at(day: i64, minute: i64) -> DateTime<Utc> {
    let first: DateTime<Utc> = "2026-09-01T00:00:00Z".parse().unwrap();
    first + TimeDelta::days(day) + TimeDelta::minutes(minute)
}

/// A cluster that works four times a day for an hour, for a month.
fn cluster(n: i64) -> Value {
    let (from, until) = (at(n % 30, n % 1_440), at(n % 30 + DAYS, n % 1_440));
    let busy = (0..DAYS * 4).map(|period| {
        let begin = from + TimeDelta::hours(period * 6) + TimeDelta::minutes(10);
        json!({ "from": begin, "until": begin + TimeDelta::hours(1) })
    });
    let mut cluster = json!({
        "id": format!("j-{n}"), "name": "etl", "ending": "20m", "created_at": from,
        "ready_at": from + TimeDelta::minutes(8), "ended_at": until,
        "rates": "primary=0.2+0.05+0.01+0.005",
        "spans": [{ "role": "primary", "from": from, "until": until, "count": 1 }],
        "applications": ["Spark"], "busy": busy.collect::<Vec<_>>(),
    });
    if n % 2 == 0 {
        cluster["stack"] = "etl".into();
        cluster["team"] = "data".into();
        cluster["guardrails"] = json!({ "idle_timeout": "12h", "max_lifetime": "60d",
            "budget": null, "when_done": "keep" });
    }
    cluster
}

fn main() {
    let clusters: Vec<Value> = (0..CLUSTERS).map(cluster).collect();
    let history = json!({ "format": 1, "place": "us-east-1", "from": at(0, 0),
        "until": at(61, 0), "clusters": clusters });
    let text = history.to_string();
    let begun = Instant::now();
    let history: History = serde_json::from_str(&text).unwrap();
    history.check().unwrap();
    let read = begun.elapsed();
    let mut policies = Policies::default();
    policies.extend(POLICIES.map(|text| load("p.yaml", text).unwrap()));
    let simulation = Simulation {
        history: &history,
        policies: &policies,
        stacks: &BTreeMap::new(),
    };
    let begun = Instant::now();
    let found = simulate(&simulation, &mut |_, _| {});
    let played = begun.elapsed();
    println!(
        "{CLUSTERS} cluster-months, {} MB: read in {read:.1?}, played in {played:.1?}; {} stopped, \
         {} warned, {} saved",
        text.len() >> 20,
        found.stopped.len(),
        found.warned,
        found.saved.up_to(2)
    );
}
