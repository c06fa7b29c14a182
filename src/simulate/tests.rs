//! Tests of the simulation: figures worked by hand, and what holds for every history.

use super::history::BusySpan;
use super::*;
use crate::model::money::Usd;
use crate::model::observed::EndReason;
use crate::model::place::Place;
use crate::policy::{Policies, load};
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;

fn at(text: &str) -> DateTime<Utc> {
    format!("2026-11-{text}:00Z").parse().unwrap()
}

fn usd(text: &str) -> Usd {
    Usd::new(text.parse().unwrap())
}

fn policies(texts: &[&str]) -> Policies {
    let mut policies = Policies::default();
    policies.extend(texts.iter().map(|text| load("p.yaml", text).unwrap()));
    policies
}

/// A cluster of stack `etl` of one node for $0.60/h, created on 2 November at 08:00, ready at 08:10,
/// which works until 09:00 and lives until 20:00. An end takes up to 20 minutes. Its own guardrails
/// allow everything.
fn cluster(id: &str) -> PastCluster {
    let value = json!({
        "id": id, "stack": "etl", "name": "etl", "team": "data",
        "created_at": "2026-11-02T08:00:00Z", "ready_at": "2026-11-02T08:10:00Z",
        "ended_at": "2026-11-02T20:00:00Z",
        "rates": "primary=0.5+0.1+0+0", "ending": "20m",
        "spans": [{"role": "primary", "from": "2026-11-02T08:00:00Z",
            "until": "2026-11-02T20:00:00Z", "count": 1}],
        "guardrails": {"idle_timeout": "7d", "max_lifetime": "7d", "budget": null,
            "when_done": "keep"},
        "requested": {"release": "emr-7.1.0", "groups": {
            "primary": {"nodes": "1 x m5.xlarge",
                "market": "on_demand", "ebs": null},
            "core": null, "task": null}},
        "applications": ["Spark"],
        "busy": [{"from": "2026-11-02T08:10:00Z", "until": "2026-11-02T09:00:00Z"}]
    });
    serde_json::from_value(value).unwrap()
}

fn foreign(id: &str) -> PastCluster {
    PastCluster {
        stack: None,
        team: None,
        name: "notebook of ann".into(),
        guardrails: None,
        requested: None,
        ..cluster(id)
    }
}

fn history(clusters: Vec<PastCluster>) -> History {
    let place = Place::Region("us-east-1".parse().unwrap());
    let history = History::new(place, at("01T00:00"), at("30T00:00"), clusters);
    assert_eq!(history.check(), Ok(()));
    history
}

fn play(clusters: Vec<PastCluster>, texts: &[&str]) -> Simulated {
    let history = history(clusters);
    simulate(
        &Simulation {
            history: &history,
            policies: &policies(texts),
            stacks: &BTreeMap::new(),
        },
        &mut |_, _| {},
    )
}

const IDLE: &str = "policy: idle\nlimits: { idle_timeout: 30m }\nwatchdog: { warn_before: 10m }\n";

#[test]
fn without_policies_nothing_changes() {
    let found = play(vec![cluster("j-1"), foreign("j-2")], &[]);
    // Twice twelve hours at $0.60.
    assert_eq!((found.without, found.with), (usd("14.4"), usd("14.4")));
    assert!(found.saved.is_zero() && found.stopped.is_empty() && found.ends.is_empty());
    assert_eq!((found.clusters, found.warned), (2, 0));
}

#[test]
fn an_idle_cluster_ends_after_its_warning() {
    // The request has an idle timeout of seven days: the limit would deny it. Without what was
    // requested, it is not judged.
    let mut past = cluster("j-1");
    past.requested = None;
    let found = play(vec![past], &[IDLE]);
    // Idle since 09:00, so the warning is at 09:20. The mark says 09:30:01, and the sweep after that is
    // at 09:31. It is charged for up to 20 minutes more: from 08:00 until 09:51 are 111 minutes, of
    // which each costs a cent.
    let [stopped] = &found.stopped[..] else {
        panic!("{found:?}")
    };
    assert_eq!(stopped.ends_at, Some(at("02T09:31")));
    assert_eq!(stopped.reason, Some(EndReason::IdleTimeout));
    assert_eq!((found.without, found.with), (usd("7.2"), usd("1.11")));
    assert_eq!((found.saved, found.warned), (usd("6.09"), 1));
    assert!(!stopped.wrong);
    assert_eq!(found.not_judged, 1);
}

#[test]
fn metrics_that_lag_delay_a_short_timeout() {
    let mut past = cluster("j-1");
    past.requested = None;
    past.busy[0].until = Some(at("02T08:58"));
    let short = "policy: p\nlimits: { idle_timeout: 10m }\nwatchdog: { warn_before: 10m }\n";
    let found = play(vec![past], &[short]);
    // The step ends at 08:58. The metrics of 08:55 to 09:00 still show work, so the first two quiet
    // points in a row are those until 09:10: the watchdog, which reads every five minutes, sees them at
    // 09:13, warns, and leaves ten minutes.
    assert_eq!(found.stopped[0].ends_at, Some(at("02T09:24")));
    assert_eq!(found.ends[0].reason, EndReason::IdleTimeout);
}

#[test]
fn work_after_an_end_makes_it_wrong() {
    let mut past = cluster("j-1");
    past.requested = None;
    past.busy.push(BusySpan {
        from: at("02T12:00"),
        until: Some(at("02T13:30")),
    });
    let found = play(vec![past], &[IDLE]);
    assert_eq!((found.wrong.ended, found.wrong.denied), (1, 0));
    assert_eq!(found.wrong.waiting.waiting, "1h30m".parse().unwrap());
    assert_eq!(found.wrong.waiting.repeated.as_secs(), 0);
    assert_eq!(found.teams[0].wrong, 1);
    // A step that runs when its cluster reaches its lifetime has to be repeated: created at 08:00,
    // ended at 08:30 after a warning at 08:20; the mark has one second more.
    let mut past = cluster("j-1");
    past.requested = None;
    let found = play(
        vec![past],
        &["policy: short\nlimits: { max_lifetime: 30m }\n"],
    );
    let [stopped] = &found.stopped[..] else {
        panic!("{found:?}")
    };
    assert_eq!(stopped.ends_at, Some(at("02T08:31")));
    assert_eq!(stopped.reason, Some(EndReason::MaxLifetime));
    assert_eq!(found.wrong.waiting.repeated, "21m".parse().unwrap());
    assert_eq!(found.wrong.waiting.waiting, "29m".parse().unwrap());
}

#[test]
fn a_lease_ends_what_nobody_follows() {
    let mut past = cluster("j-1");
    past.guardrails.as_mut().unwrap().lease = Some("1h".parse().unwrap());
    let warned = "policy: p\nwatchdog: { warn_before: 10m }\n";
    // Nobody knows when it was followed.
    let found = play(vec![past.clone()], &[warned]);
    assert!(found.stopped.is_empty(), "{found:?}");
    // Followed until 10:00, so the lease is over at 11:00, and the sweep of 11:00 ends it.
    past.followed_at = Some(at("02T10:00"));
    let found = play(vec![past.clone()], &[warned]);
    let [stopped] = &found.stopped[..] else {
        panic!("{found:?}")
    };
    assert_eq!(stopped.ends_at, Some(at("02T11:00")));
    assert_eq!(stopped.reason, Some(EndReason::Lease));
    // Followed to its end, it lives as it did.
    past.followed_at = past.ended_at;
    assert!(play(vec![past], &[warned]).stopped.is_empty());
}

#[test]
fn a_request_that_a_limit_denies_costs_nothing() {
    let found = play(vec![cluster("j-1")], &[IDLE]);
    assert_eq!((found.without, found.with), (usd("7.2"), Usd::ZERO));
    let [denied] = &found.denials[..] else {
        panic!("{found:?}")
    };
    assert_eq!(
        (
            denied.policy.as_str(),
            denied.rule.as_str(),
            denied.clusters,
            denied.wrong
        ),
        ("idle", "limits.idle_timeout", 1, 1)
    );
    assert_eq!(found.wrong.waiting.waiting, "50m".parse().unwrap());
    // Who has the right to override the policy, and did, gets the cluster, with its own guardrails.
    let mut past = cluster("j-1");
    past.overridden = Some(crate::model::policy::Override {
        by: "ann@desk".to_owned(),
        why: "once".to_owned(),
    });
    let rights = format!("{IDLE}overrides: {{ by: [\"ann@*\"] }}\n");
    let found = play(vec![past], &[&rights]);
    assert!(found.stopped.is_empty());
}

#[test]
fn a_foreign_cluster_follows_unmanaged() {
    let of = |action: &str| {
        let limits = "idle_timeout: 1h, max_lifetime: 9h, grace: 30m";
        format!("policy: p\nunmanaged: {{ action: {action}, {limits} }}\n")
    };
    for action in ["ignore", "notify"] {
        let found = play(vec![foreign("j-1")], &[&of(action)]);
        assert!(found.stopped.is_empty(), "{action}");
    }
    // Idle since 09:00, warned at 10:00, ended after 10:30:01.
    let found = play(vec![foreign("j-1")], &[&of("terminate")]);
    assert_eq!(found.stopped[0].ends_at, Some(at("02T10:31")));
    assert_eq!(found.ends[0].reason, EndReason::Forgotten);
    assert_eq!(found.names[0].name, Some("notebook of ann".into()));
    // Adopted at once, with its own idle timeout; the warning comes ten minutes before.
    let found = play(vec![foreign("j-1")], &[&of("adopt")]);
    assert_eq!(found.stopped[0].ends_at, Some(at("02T10:01")));
    assert_eq!(found.ends[0].reason, EndReason::IdleTimeout);
    // Applications whose work does not show are not idle.
    let mut hidden = foreign("j-1");
    hidden.applications = vec![crate::model::application::Application::seen("HBase")];
    let found = play(
        vec![hidden],
        &["policy: p\nunmanaged: { action: terminate }\n"],
    );
    assert!(found.stopped.is_empty());
}

#[test]
fn the_circuit_breaker_holds_back_as_in_a_sweep() {
    let many = |count: usize| -> Vec<PastCluster> {
        let id = |n| format!("j-{n}");
        (0..count)
            .map(|n| PastCluster {
                requested: None,
                ..cluster(&id(n))
            })
            .collect()
    };
    let found = play(many(3), &[IDLE]);
    assert_eq!((found.stopped.len(), found.held_back), (3, 0));
    // Of eight, half may end at once.
    let found = play(many(8), &[IDLE]);
    assert!(found.stopped.is_empty());
    assert!(found.held_back > 0);
}

#[test]
fn a_month_that_is_spent_denies_and_ends() {
    let budget = |when: &str| {
        format!(
            "policy: month\napplies_to: {{ teams: [data] }}\nbudget:\n  monthly: $20\n  \
             home: us-east-1\n  when_spent: {when}\n"
        )
    };
    // A cluster can cost $0.60 for its lifetime of 24 hours and the 20 minutes of its end: $14.60.
    let of = |id: &str| {
        let mut past = cluster(id);
        past.guardrails.as_mut().unwrap().max_lifetime = "24h".parse().unwrap();
        past
    };
    let mut later = of("j-2");
    later.created_at += TimeDelta::hours(1);
    later.ready_at = later.ready_at.map(|at| at + TimeDelta::hours(1));
    later.busy.clear();
    later.spans[0].from += TimeDelta::hours(1);
    let found = play(vec![of("j-1"), later.clone()], &[&budget("block")]);
    let [denied] = &found.denials[..] else {
        panic!("{found:?}")
    };
    assert_eq!(
        (denied.rule.as_str(), denied.clusters),
        ("budget.monthly", 1)
    );
    assert_eq!(found.stopped[0].id.as_str(), "j-2");
    assert_eq!(found.months[0].budget, Some(usd("20")));
    // It is only reported.
    let found = play(vec![of("j-1"), later], &[&budget("notify")]);
    assert!(found.stopped.is_empty());
    // A cluster that nobody reserved money for costs $7.20 until 20:00. Another runs since 08:00 and may
    // run until 14:00 on the next day: it is admitted with $18.20. The month's $20 are spent when it has
    // cost $12.80, which is after 21h20m; it ends after a warning of ten minutes.
    let mut unknown = cluster("j-4");
    (unknown.requested, unknown.guardrails) = (None, None);
    let mut long = of("j-3");
    long.guardrails.as_mut().unwrap().max_lifetime = "30h".parse().unwrap();
    long.ended_at = Some(at("03T14:00"));
    long.spans[0].until = long.ended_at;
    let found = play(vec![unknown.clone(), long.clone()], &[&budget("terminate")]);
    let [ended] = &found.stopped[..] else {
        panic!("{found:?}")
    };
    assert_eq!(
        (ended.id.as_str(), ended.reason),
        ("j-3", Some(EndReason::TeamBudget))
    );
    assert_eq!(ended.ends_at, Some(at("03T05:30")));
    let found = play(vec![unknown, long], &[&budget("block")]);
    assert!(found.stopped.is_empty());
}

#[test]
fn costs_before_the_period_do_not_count_and_policies_begin_with_it() {
    let mut past = cluster("j-1");
    past.created_at = "2026-10-20T00:00:00Z".parse().unwrap();
    past.ready_at = Some(past.created_at);
    past.busy.clear();
    past.ended_at = None;
    past.spans[0].from = past.created_at;
    past.spans[0].until = None;
    (past.guardrails, past.requested) = (None, None);
    let found = play(vec![past], &[IDLE]);
    // 29 days at $14.40.
    assert_eq!(found.without, usd("417.6"));
    // Warned on 1 November at 00:00, with ten minutes left: the mark says 00:10:01.
    assert_eq!(found.stopped[0].ends_at, Some(at("01T00:11")));
    assert_eq!(found.with, usd("0.31"));
    assert_eq!(found.months.len(), 1);
}

#[test]
fn an_end_that_was_about_to_come_is_none() {
    let mut past = cluster("j-1");
    past.requested = None;
    past.ended_at = Some(at("02T09:40"));
    past.spans[0].until = past.ended_at;
    let found = play(vec![past], &[IDLE]);
    assert!(found.stopped.is_empty());
}

#[test]
fn a_cluster_without_a_price_is_named() {
    let mut past = cluster("j-1");
    (past.requested, past.rates) = (None, None);
    let found = play(vec![past], &[IDLE]);
    assert_eq!(found.unpriced.len(), 1);
    assert_eq!(found.stopped[0].without, None);
    assert!(found.without.is_zero());
}

#[test]
fn a_history_is_read_back_and_checked() {
    let good = history(vec![cluster("j-1"), foreign("j-2")]);
    let text = serde_json::to_string(&good).unwrap();
    assert_eq!(serde_json::from_str::<History>(&text).unwrap(), good);
    let flawed = |change: fn(&mut History)| {
        let mut bad = good.clone();
        change(&mut bad);
        bad.check().unwrap_err().to_string()
    };
    for (says, change) in [
        ("format is 2", (|bad| bad.format = 2) as fn(&mut History)),
        ("its period", |bad| bad.until = bad.from),
        ("its period", |bad| bad.from = DateTime::<Utc>::MIN_UTC),
        ("its period", |bad| bad.until = DateTime::<Utc>::MAX_UTC),
        ("j-1 is in it twice", |bad| {
            bad.clusters.push(bad.clusters[0].clone());
        }),
        ("j-1: it ended before", |bad| {
            bad.clusters[0].ended_at = Some(DateTime::<Utc>::MIN_UTC);
        }),
        ("j-1: it was created after", |bad| {
            bad.clusters[0].created_at = DateTime::<Utc>::MAX_UTC;
        }),
        ("j-1: it was ready", |bad| {
            bad.clusters[0].ready_at = Some(DateTime::<Utc>::MAX_UTC);
        }),
        ("j-1: its periods of work", |bad| {
            bad.clusters[0].busy[0].until = Some(DateTime::<Utc>::MIN_UTC);
        }),
        ("j-1: its instances", |bad| {
            bad.clusters[0].spans[0].from = DateTime::<Utc>::MIN_UTC;
        }),
        ("too many characters", |bad| {
            bad.clusters[0].name = "x".repeat(5_000).into();
        }),
        ("too many periods of work", |bad| {
            let busy = bad.clusters[0].busy[0];
            bad.clusters[0].busy = vec![busy; 30_000];
        }),
    ] {
        let flaw = flawed(change);
        assert!(flaw.contains(says), "{says}: {flaw}");
    }
}

fn any_cluster() -> impl Strategy<Value = PastCluster> {
    let busy = proptest::collection::vec((0..600_i64, 0..300_i64), 0..5);
    let life = (0..20_000_i64, 0..4_000_i64, proptest::option::of(0..60_i64));
    (life, busy, any::<bool>(), any::<bool>()).prop_map(|(life, busy, ours, requested)| {
        let (created, length, ready) = life;
        let mut past = if ours { cluster("j-1") } else { foreign("j-1") };
        past.requested = past.requested.filter(|_| requested);
        past.created_at = at("01T00:00") + TimeDelta::minutes(created);
        past.ready_at = ready.map(|at| past.created_at + TimeDelta::minutes(at));
        past.ended_at = Some(past.created_at + TimeDelta::minutes(length));
        past.spans[0].from = past.created_at;
        past.spans[0].until = past.ended_at;
        let span = |(from, length): (i64, i64)| BusySpan {
            from: past.created_at + TimeDelta::minutes(from),
            until: Some(past.created_at + TimeDelta::minutes(from + length)),
        };
        past.busy = busy.into_iter().map(span).collect();
        past
    })
}

fn any_history() -> impl Strategy<Value = Vec<PastCluster>> {
    proptest::collection::vec(any_cluster(), 0..12).prop_map(|mut all| {
        for (n, past) in all.iter_mut().enumerate() {
            past.id = format!("j-{n}").parse().unwrap();
        }
        all
    })
}

const ALL: &str = "policy: all\nlimits: { idle_timeout: 40m, max_lifetime: 10h }\n\
    off_hours: { timezone: Asia/Seoul, terminate: \"Mon-Fri 20:00-07:00\" }\n\
    unmanaged: { action: terminate, idle_timeout: 45m, grace: 15m, max_lifetime: 20h }\n\
    watchdog: { max_kills_per_sweep: 2 }\n";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Every sum is the sum of its parts, policies never cost money, and the same play is the same.
    #[test]
    fn figures_add_up(clusters in any_history()) {
        let found = play(clusters.clone(), &[ALL]);
        prop_assert_eq!(&found, &play(clusters.clone(), &[ALL]));
        prop_assert_eq!(found.saved, found.without - found.with);
        prop_assert!(found.saved >= Usd::ZERO);
        let saved = found.ends.iter().map(|row| row.saved);
        let saved: Usd = saved.chain(found.denials.iter().map(|row| row.saved)).sum();
        prop_assert_eq!(saved, found.saved);
        for groups in [&found.teams, &found.names] {
            prop_assert_eq!(groups.iter().map(|it| it.without).sum::<Usd>(), found.without);
            prop_assert_eq!(groups.iter().map(|it| it.with).sum::<Usd>(), found.with);
            prop_assert_eq!(groups.iter().map(|it| it.clusters).sum::<usize>(), clusters.len());
        }
        prop_assert_eq!(found.months.iter().map(|it| it.without).sum::<Usd>(), found.without);
        prop_assert_eq!(found.months.iter().map(|it| it.with).sum::<Usd>(), found.with);
        let wrong = found.stopped.iter().filter(|it| it.wrong).count();
        prop_assert_eq!(wrong, found.wrong.ended + found.wrong.denied);
        // Nothing ends before it was there, or after it was over.
        for it in &found.stopped {
            let over = it.ended_at.unwrap();
            prop_assert!(it.ends_at.is_none_or(|at| it.created_at <= at && at <= over));
        }
    }

    /// No idle timeout ends a cluster while it works.
    #[test]
    fn an_idle_timeout_ends_no_work(clusters in any_history()) {
        let found = play(clusters.clone(), &[ALL]);
        for it in &found.stopped {
            let idle = [Some(EndReason::IdleTimeout), Some(EndReason::Forgotten)];
            let past = clusters.iter().find(|past| past.id == it.id).unwrap();
            let is_young = |at: DateTime<Utc>| at - past.created_at < TimeDelta::hours(20);
            if let Some(at) = it.ends_at.filter(|at| idle.contains(&it.reason) && is_young(*at)) {
                let works = |busy: &BusySpan| busy.from < at && busy.until.unwrap() > at;
                let over = past.ended_at.unwrap();
                prop_assert!(!past.busy.iter().filter(|it| it.from < over).any(works));
            }
        }
    }
}
