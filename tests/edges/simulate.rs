//! `simulate` on a recorded history of 300 clusters: three of them worked by hand, the sums, the
//! documents, and files that are no history.

use crate::room::Room;
use serde_json::{Value, json};
use std::fs;

const POLICY: &str = "policy: house\n\
    limits: { idle_timeout: 30m, max_lifetime: 12h, nodes: 10 }\n\
    unmanaged: { action: terminate, idle_timeout: 1h, grace: 30m }\n\
    watchdog: { warn_before: 10m, max_kills_per_sweep: 50, max_kill_fraction: 100% }\n";

/// An instant of the two months: a day from 0, and a minute of that day.
fn at(day: u64, minute: u64) -> String {
    let day = day + minute / 1_440;
    let (month, day) = if day < 31 {
        (10, day + 1)
    } else {
        (11, day - 30)
    };
    let (hour, minute) = (minute % 1_440 / 60, minute % 60);
    format!("2026-{month:02}-{day:02}T{hour:02}:{minute:02}:00Z")
}

fn span(role: &str, count: u64, from: &str, until: &str) -> Value {
    json!({ "role": role, "from": from, "until": until, "count": count })
}

/// A cluster of stack `etl`, whose guardrails allow a week: one primary node for $0.24 and four core
/// nodes for $0.30 per hour each. It is ready after 10 minutes, works for 50, and lives for 24 hours.
fn idle() -> Value {
    let (from, until) = (at(4, 480), at(5, 480));
    json!({
        "id": "j-IDLE", "stack": "etl", "name": "etl", "team": "data", "ending": "20m",
        "created_at": from, "ready_at": at(4, 490), "ended_at": until,
        "rates": "primary=0.2+0.04+0+0 core=0.25+0.05+0+0",
        "spans": [span("primary", 1, &from, &until), span("core", 4, &from, &until)],
        "guardrails": { "idle_timeout": "7d", "max_lifetime": "7d", "budget": null,
            "when_done": "keep" },
        "applications": ["Spark"],
        "busy": [{ "from": at(4, 490), "until": at(4, 540) }],
    })
}

/// A cluster that others created, of one node for $0.50 per hour, which works until 14:00 and lives for
/// 50 hours.
fn forgotten() -> Value {
    let (from, until) = (at(6, 720), at(8, 840));
    json!({
        "id": "j-FORGOTTEN", "name": "notebook", "owner": "ann", "ending": "20m",
        "created_at": from, "ready_at": at(6, 725), "ended_at": until,
        "rates": "primary=0.4+0.1+0+0", "spans": [span("primary", 1, &from, &until)],
        "applications": ["Hadoop", "Spark"],
        "busy": [{ "from": at(6, 730), "until": at(6, 840) }],
    })
}

/// A cluster of 21 nodes for $10 per hour together, which works all of its three hours.
fn large() -> Value {
    let (from, until) = (at(9, 60), at(9, 240));
    let group = |nodes: &str| json!({ "nodes": nodes, "market": "on_demand", "ebs": null });
    json!({
        "id": "j-LARGE", "stack": "large", "name": "large", "team": "ads", "ending": "20m",
        "created_at": from, "ready_at": from, "ended_at": until,
        "rates": "primary=0.3+0.1+0+0 core=0.4+0.08+0+0",
        "spans": [span("primary", 1, &from, &until), span("core", 20, &from, &until)],
        "guardrails": { "idle_timeout": "30m", "max_lifetime": "4h", "budget": null,
            "when_done": "terminate" },
        "requested": { "release": "emr-7.1.0", "groups": { "primary": group("1 x m5.xlarge"),
            "core": group("20 x m5.xlarge"), "task": null } },
        "applications": ["Spark"],
        "busy": [{ "from": from, "until": until }],
    })
}

/// One of many clusters, by its number: of several teams, stacks and others, short and long ones.
fn one(n: u64) -> Value {
    let (day, minute) = (n * 7 % 55, n * 131 % 1_440);
    let work = 20 + n * 37 % 400;
    let idle = [5, 15, 45, 200, 1_500][(n % 5) as usize];
    let from = at(day, minute);
    let until = at(day, minute + 10 + work + idle);
    let mut cluster = json!({
        "id": format!("j-{n:03}"), "name": format!("job {} of <b>\u{202e}", n % 9),
        "ending": "20m", "created_at": from, "ready_at": at(day, minute + 10),
        "ended_at": until, "rates": "primary=0.2+0.05+0.01+0.005 core=0.3+0.07+0.02+0.005",
        "spans": [span("primary", 1, &from, &until), span("core", 1 + n % 6, &from, &until)],
        "applications": ["Spark"],
        "busy": [{ "from": at(day, minute + 10), "until": at(day, minute + 10 + work / 2) },
            { "from": at(day, minute + 20 + work / 2), "until": at(day, minute + 10 + work) }],
    });
    if !n.is_multiple_of(3) {
        cluster["stack"] = format!("stack-{}", n % 9).into();
        cluster["team"] = ["data", "ads", "ml"][(n % 7 % 3) as usize].into();
        cluster["guardrails"] = json!({ "idle_timeout": "20m", "max_lifetime": "6h",
            "budget": null, "when_done": "keep" });
    }
    cluster
}

fn history() -> Value {
    let many = (0..297).map(one);
    let clusters: Vec<Value> = many.chain([idle(), forgotten(), large()]).collect();
    json!({ "format": 1, "place": "us-east-1", "from": at(0, 0), "until": at(60, 0),
        "clusters": clusters })
}

fn room() -> Room {
    let room = Room::new();
    room.write("policies/house.yaml", POLICY);
    room.write("history.json", history().to_string());
    room
}

fn usd(value: &Value) -> f64 {
    value["usd"].as_f64().unwrap()
}

fn stopped<'a>(result: &'a Value, id: &str) -> &'a Value {
    let all = result["stopped"].as_array().unwrap();
    let found = all.iter().find(|it| it["id"] == id);
    found.unwrap_or_else(|| panic!("{id} is not in {all:#?}"))
}

const PLAY: &[&str] = &["simulate", "--history", "history.json"];

#[test]
fn three_clusters_are_as_worked_by_hand() {
    let document = room().json(PLAY);
    let result = &document["result"];
    assert_eq!(result["clusters"], 300);
    let figures = |id| {
        let it = stopped(result, id);
        let dollars = [&it["without"], &it["with"]].map(usd);
        (dollars, it["ends_at"].clone(), it["reason"].clone())
    };
    // 24 hours at $0.24 + 4 x $0.30 = $1.44 are $34.56. Idle since 09:00: the policy's 30 minutes are
    // over at 09:30, and people are warned 10 minutes before. The mark says 09:30:01, so the sweep of
    // 09:31 ends it. An end takes up to 20 minutes: 111 minutes from 08:00 until 09:51, each $0.024,
    // are $2.664, and $31.90 are saved.
    assert_eq!(
        figures("j-IDLE"),
        (
            [34.56, 2.664],
            "2026-10-05T09:31:00Z".into(),
            "idle_timeout".into()
        )
    );
    // 50 hours at $0.50 are $25.00. Idle since 14:00, forgotten an hour later, marked for 15:30:01, ended
    // by the sweep of 15:31, and charged until 15:51: 231 minutes from 12:00 on are $1.925, and $23.08
    // are saved.
    assert_eq!(
        figures("j-FORGOTTEN"),
        (
            [25.0, 1.925],
            "2026-10-07T15:31:00Z".into(),
            "forgotten".into()
        )
    );
    // Three hours at $10.00. The policy allows 10 nodes, so it is denied, and its three hours of work wait.
    assert_eq!(figures("j-LARGE"), ([30.0, 0.0], Value::Null, Value::Null));
    let large = stopped(result, "j-LARGE");
    assert_eq!(large["wrong"], true);
    assert_eq!(large["waiting"]["waiting"]["seconds"], 10_800);
    assert_eq!(result["denials"][0]["rule"], "limits.nodes");
}

#[test]
fn sums_are_those_of_their_parts() {
    let result = &room().json(PLAY)["result"];
    let near = |a: f64, b: f64| (a - b).abs() < 1e-6;
    let all = |list: &str| result[list].as_array().unwrap().clone();
    let [without, with, saved] = ["without", "with", "saved"].map(|of| usd(&result[of]));
    assert!(near(without - with, saved) && saved > 0.0, "{result:#}");
    let each = all("stopped").into_iter();
    let each: f64 = each.map(|it| usd(&it["without"]) - usd(&it["with"])).sum();
    assert!(near(each, saved), "{each} {saved}");
    for list in ["teams", "names", "months"] {
        let rows = all(list);
        let sum = |of: &str| -> f64 { rows.iter().map(|row| usd(&row[of])).sum() };
        assert!(
            near(sum("without"), without) && near(sum("with"), with),
            "{list}"
        );
    }
    let by_reason = [all("ends"), all("denials")].concat();
    let rows = by_reason.iter();
    assert!(near(rows.map(|row| usd(&row["saved"])).sum(), saved));
    let counts = by_reason
        .iter()
        .map(|row| row["clusters"].as_u64().unwrap());
    assert_eq!(counts.sum::<u64>(), all("stopped").len() as u64);
}

#[test]
fn the_same_history_and_policies_give_the_same_bytes() {
    let room = room();
    let arrivals = [
        "simulate",
        "stack.yaml",
        "--arrivals",
        "9",
        "--forgotten",
        "20%",
    ];
    room.write(
        "stack.yaml",
        "stack: s\nregion: us-east-1\ncluster: { release: emr-7.x, size: 3 x m5.xlarge }\n",
    );
    for play in [PLAY, &arrivals] {
        let of = |more: &[&str]| {
            let all = [play, more, &["--output", "json", "--html", "r.html"]].concat();
            let out = room.expect(0, &all).out;
            (out, fs::read_to_string(room.at("r.html")).unwrap())
        };
        assert_eq!(of(&[]), of(&[]));
    }
    let seed = |seed| room.json(&[&arrivals[..], &["--seed", seed]].concat());
    assert_ne!(seed("1")["result"], seed("2")["result"]);
    let assumed = seed("1");
    assert_eq!(assumed["assumed"], true);
    let result = &assumed["result"];
    // Nine in each day of last month. The stack's own guardrails end what is forgotten.
    let clusters = result["clusters"].as_u64().unwrap();
    assert!(
        clusters >= 9 * 28 && clusters.is_multiple_of(9),
        "{clusters}"
    );
    assert!(usd(&result["saved"]) > 0.0);
    assert_eq!(result["denials"], json!([]));
}

/// A simulation of two stacks.
fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["simulate", "etl.yaml", "films.yaml"], more].concat()
}

#[test]
fn stacks_arrive_as_often_as_each_is_said_to() {
    let room = Room::new();
    for name in ["etl", "films"] {
        let stack = "region: us-east-1\ncluster: { release: emr-7.x, size: 3 x m5.xlarge }\n";
        room.write(&format!("{name}.yaml"), format!("stack: {name}\n{stack}"));
    }
    let numbers = ["--arrivals", "2", "--arrivals", "films=5"];
    let result = room.json(&with(&numbers))["result"].take();
    let of = |name: &str| {
        let rows = result["names"].as_array().unwrap();
        let row = rows.iter().find(|row| row["name"] == name).unwrap();
        row["clusters"].as_u64().unwrap()
    };
    assert!(of("etl") >= 2 * 28, "{result:#}");
    assert_eq!(of("etl") * 5, of("films") * 2);
    for (more, says) in [
        (
            &["--arrivals=films=5"][..],
            "does not say how many of stack etl",
        ),
        (
            &["--arrivals", "4", "--arrivals", "film=5"],
            "none of the files is of stack film; they are of etl, films",
        ),
        (
            &["--arrivals", "4", "--arrivals", "6"],
            "--arrivals 4 and --arrivals 6 contradict each other",
        ),
    ] {
        let refused = room.expect(2, &with(more));
        let next = "next: clusterup simulate etl.yaml films.yaml --arrivals 'etl=";
        refused.says(says).says(next);
    }
    room.expect(2, &with(&["--arrivals", "films=0"]))
        .says("expected a number from 1 to 10000");
    let many = ["--arrivals", "10000", "--months", "12"];
    room.expect(2, &with(&many))
        .says("at most 100000 are played")
        .says("fewer --months");
}

#[test]
fn people_see_tables_and_a_document_that_requests_nothing() {
    let room = room();
    let shown = room.expect(0, &[PLAY, &["--html", "r.html"]].concat());
    for says in [
        "300 clusters in us-east-1, played with these policies",
        "as recorded",
        "idle_timeout",
        "house limits.nodes",
        "by hindsight wrong:",
        "(no team)",
        "2026-10",
    ] {
        shown.says(says);
    }
    let long: Vec<&str> = shown
        .out
        .lines()
        .filter(|it| it.chars().count() > 80)
        .collect();
    assert!(long.is_empty(), "{long:#?}");
    assert!(!shown.out.contains('\u{202e}'));
    let html = fs::read_to_string(room.at("r.html")).unwrap();
    for part in [
        "What policies would have changed",
        "idle_timeout",
        "j-LARGE",
        "<svg",
    ] {
        assert!(html.contains(part), "{part}");
    }
    for foreign in [
        "http:", "https:", "src=", "<script", "url(", "of <b>", "\u{202e}",
    ] {
        assert!(!html.contains(foreign), "{foreign}");
    }
}

#[test]
fn what_is_no_history_is_refused_with_its_reason() {
    let room = room();
    let change = |at: &str, value: Value| {
        let mut bad = history();
        *bad.pointer_mut(at).unwrap() = value;
        bad.to_string()
    };
    for (text, says) in [
        ("", "EOF while parsing"),
        ("[]", "expected struct History"),
        ("\u{0}", "expected value"),
        (&change("/format", json!(9)), "its format is 9"),
        (
            &change("/until", json!("2026-01-01T00:00:00Z")),
            "its period ends before",
        ),
        (&change("/until", json!("never")), "input"),
        (
            &change("/clusters/0/id", json!("j-001")),
            "cluster j-001 is in it twice",
        ),
        (
            &change("/clusters/0/ended_at", json!("2020-01-01T00:00:00Z")),
            "cluster j-000: it ended",
        ),
        (
            &change("/clusters/0/rates", json!("primary=free")),
            "line 1 column",
        ),
        (
            &change("/clusters/0/name", json!("x".repeat(9_000))),
            "too many characters",
        ),
        (
            &change("/clusters/0", json!({ "id": "j-1", "colour": 1 })),
            "unknown field `colour`",
        ),
    ] {
        room.write("history.json", text);
        let refused = room.expect(2, PLAY);
        refused
            .says("is not a history that can be played")
            .says(says);
        refused.says("clusterup simulate --save-history FILE");
    }
    let gone = room.expect(2, &["simulate", "--history", "gone.json"]);
    gone.says("cannot read the history gone.json");
    let odd = [
        "simulate",
        "--history",
        "history.json",
        "--region",
        "us-east-1",
    ];
    room.expect(2, &odd).says("cannot be used with");
    room.expect(2, &["simulate", "t.yaml"]).says("--arrivals");
    room.expect(2, &["simulate", "--arrivals", "3"])
        .says("required");
}
