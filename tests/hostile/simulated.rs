//! Names in a history that is played: the table, the document and the JSON show them as text.

use crate::row::{Kind, Never, Row, table};
use clusterup::model::shown;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

pub(crate) fn rows() -> Vec<Row> {
    table(
        Kind::Names,
        Never::Read,
        is_harmless,
        &[
            ("a simulated name of two lines", "a\nsaved  $0.00"),
            ("a simulated name that returns", "a\rsaved"),
            (
                "a simulated name that colours",
                "a\u{1b}[31mb\u{1b}]0;c\u{7}",
            ),
            ("a simulated name with a NUL", "a\0b"),
            ("a simulated name of a control character", "a\u{9b}2Jb"),
            ("a simulated name that turns around", "a\u{202e}b\u{2066}c"),
            ("a simulated name of other line ends", "a\u{2028}b\u{85}c"),
            (
                "a simulated name of markup",
                "</td><script>alert(1)</script>",
            ),
            (
                "a simulated name that ends an attribute",
                "\" onload=\"x\" '&amp;&",
            ),
            ("a simulated name for a shell", "$(reboot);`reboot`"),
        ],
    )
}

/// A cluster of others whose name, owner and tags are so, which a policy would have ended, and one of a
/// stack.
fn history(name: &str) -> Value {
    let [from, until] = ["2026-10-02T08:00:00Z", "2026-10-04T08:00:00Z"];
    let span = json!({ "role": "primary", "from": from, "until": until, "count": 1 });
    let cluster = json!({
        "id": "j-1", "name": name, "owner": name, "ending": "20m", "created_at": from,
        "ready_at": from, "ended_at": until, "rates": "primary=0.4+0.1+0+0", "spans": [span],
        "tags": { "Name": name, name: "x" }, "applications": ["Spark"],
    });
    let mut own = cluster.clone();
    own["id"] = "j-2".into();
    own["stack"] = "etl".into();
    own["team"] = "data".into();
    json!({ "format": 1, "place": "us-east-1", "from": "2026-10-01T00:00:00Z",
        "until": "2026-11-01T00:00:00Z", "clusters": [cluster, own] })
}

fn simulate(folder: &Path, history: &Value, more: &[&str]) -> Output {
    let policy = "policy: p\nlimits: { idle_timeout: 30m }\n\
        unmanaged: { action: terminate, idle_timeout: 1h, grace: 30m }\n";
    fs::create_dir_all(folder.join("policies")).unwrap();
    fs::write(folder.join("policies/p.yaml"), policy).unwrap();
    fs::write(folder.join("h.json"), history.to_string()).unwrap();
    let plain = ["simulate", "--history", "h.json", "--policies", "policies"];
    Command::new(env!("CARGO_BIN_EXE_clusterup"))
        .args(plain)
        .args(more)
        .current_dir(folder)
        .env("HOME", folder)
        .env("XDG_STATE_HOME", folder.join("state"))
        .env("XDG_CONFIG_HOME", folder.join("config"))
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let fits = |c: char| c == '\n' || shown::is_plain(c);
    assert!(text.chars().all(fits), "{text:?}");
    text
}

/// What is printed, the document, and the JSON.
fn shown(history: &Value) -> [String; 3] {
    let folder = tempfile::tempdir().unwrap();
    let printed = simulate(folder.path(), history, &["--html", "r.html"]);
    assert_eq!(printed.status.code(), Some(0), "{printed:?}");
    let json = simulate(folder.path(), history, &["--output", "json"]);
    let html = fs::read(folder.path().join("r.html")).unwrap();
    [text(&printed.stdout), text(&html), text(&json.stdout)]
}

fn is_harmless(name: &str) {
    let [printed, html, json] = shown(&history(name));
    let [plain_printed, plain_html, _] = shown(&history("plain"));
    assert!(plain_printed.contains("plain") && plain_html.contains("plain"));
    assert_eq!(printed.lines().count(), plain_printed.lines().count());
    for mark in ['<', '>', '"'] {
        assert_eq!(html.matches(mark).count(), plain_html.matches(mark).count());
    }
    // JSON has the true text, in escapes.
    let json: Value = serde_json::from_str(&json).unwrap();
    let stopped = &json["result"]["stopped"];
    assert_eq!(stopped.as_array().map(Vec::len), Some(2), "{json:#}");
    assert_eq!([&stopped[0]["name"], &stopped[0]["owner"]], [name, name]);
    // Stacks and teams have plain names: a history with others is refused.
    for key in ["stack", "team"] {
        let mut bad = history("plain");
        bad["clusters"][1][key] = name.into();
        let folder = tempfile::tempdir().unwrap();
        for more in [&[][..], &["--output", "json"]] {
            let refused = simulate(folder.path(), &bad, more);
            assert_eq!(refused.status.code(), Some(2), "{refused:?}");
            text(&refused.stdout);
            let why = text(&refused.stderr);
            assert!(why.lines().count() < 20, "{why}");
        }
    }
}
