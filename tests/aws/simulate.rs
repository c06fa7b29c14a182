//! `simulate` reads the history of an account, and changes nothing.

use crate::world::World;
use serde_json::{Value, json};
use std::fs;

const HOUR: i64 = 3_600;

/// A name that others chose for their cluster.
const NAME: &str = "etl\u{1b}[31m\u{202e}\n</td><b>\"'&";

#[test]
fn the_history_of_an_account_is_read_and_nothing_is_changed() {
    let world = World::new();
    world.expect(0, &["apply", "t.yaml", "--yes"]);
    // Others' clusters: one that ended after a day of nothing, one that lives and is older than EMR's
    // history, and one that works.
    let step = |started: i64, ended: i64| json!({ "name": "s", "state": "COMPLETED", "started": started, "ended": ended });
    let running = json!({ "name": "s", "state": "RUNNING", "started": HOUR });
    for cluster in [
        json!({ "id": "j-OVER", "name": NAME, "tags": { "owner": NAME }, "state": "TERMINATED", "created": 60 * HOUR,
            "ended": 30 * HOUR, "steps": [step(59 * HOUR, 58 * HOUR)] }),
        json!({ "id": "j-OLD", "name": "forgotten", "created": 100 * 24 * HOUR }),
        json!({ "id": "j-WORKS", "name": "nightly", "state": "RUNNING", "created": 2 * HOUR,
            "steps": [running] }),
    ] {
        world.double.post("/_double/foreign", cluster);
    }
    let policy = "policy: p\nunmanaged: { action: terminate, idle_timeout: 1h, grace: 30m }\n";
    fs::create_dir_all(world.path().join("policies")).unwrap();
    fs::write(world.path().join("policies/p.yaml"), policy).unwrap();

    world.double.reset_calls();
    let args = [
        "simulate",
        "--region",
        "us-east-1",
        "--save-history",
        "h.json",
    ];
    let document = world.json(&args);
    let changing = world.double.calls().into_iter().filter(|call| call.mutates);
    assert_eq!(changing.count(), 0);
    let result = &document["result"];
    assert_eq!(result["clusters"], 4, "{result:#}");
    let stopped = result["stopped"].as_array().unwrap();
    let ids: Vec<&str> = stopped.iter().filter_map(|it| it["id"].as_str()).collect();
    assert_eq!(ids, ["j-OLD", "j-OVER"], "{stopped:#?}");
    assert!(stopped.iter().all(|it| it["reason"] == "forgotten"));
    let usd = |value: &Value| value["usd"].as_f64().unwrap();
    assert!(usd(&result["saved"]) > 0.0);

    // What others chose as a name is shown as text.
    assert_eq!(stopped[1]["name"], NAME);
    let shown = world.expect(0, &["simulate", "--history", "h.json", "--html", "r.html"]);
    let html = fs::read_to_string(world.path().join("r.html")).unwrap();
    assert!(!html.contains("<b>"), "{html}");
    for text in [&shown.out, &html] {
        assert!(text.contains("etl"), "{text}");
        let fits = |c: char| c == '\n' || (!c.is_control() && c != '\u{202e}');
        assert!(text.chars().all(fits), "{text}");
    }

    // The recorded history gives the same without a call.
    world.double.reset_calls();
    let again = world.json(&["simulate", "--history", "h.json"]);
    assert_eq!(again["result"], *result);
    assert!(world.double.calls().is_empty());
}
