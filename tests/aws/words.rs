//! Hostile names and tags of clusters that somebody else created.

use crate::world::World;
use serde_json::json;

/// A name that EMR accepts, with a line break, reversed text, and hidden text.
const NAMES: [&str; 3] = [
    "nightly\nus-east-1 j-PRODUCTION00  would end: idle_timeout\n0 living clusters",
    "nightly\r\nus-east-1 j-PRODUCTION00  ends\u{202e} gnihton\u{2066}",
    "nightly\tus-east-1\u{2028}us-east-1 j-PRODUCTION00  ends\u{200b}\u{feff}",
];

#[test]
fn no_name_and_no_tag_prints_its_own_line() {
    let world = World::new();
    for (number, name) in NAMES.iter().enumerate() {
        let steps =
            [json!({ "name": "a", "state": "COMPLETED", "started": 80_000, "ended": 70_000 })];
        let cluster = json!({
            "id": format!("j-SOMEBODY{number}"), "name": name, "state": "WAITING",
            "created": 86_400, "steps": steps, "tags": { "owner": name },
        });
        world.double.post("/_double/foreign", cluster);
    }
    let sweep = ["watchdog", "sweep", "--region", "us-east-1"];
    let reported = world.json(&[&sweep[..], &["--dry-run"]].concat());
    let verdicts = reported["report"]["verdicts"].as_array().unwrap();
    let mut reported: Vec<&str> = verdicts
        .iter()
        .map(|it| it["name"].as_str().unwrap())
        .collect();
    reported.sort_unstable();
    let mut names = NAMES;
    names.sort_unstable();
    assert_eq!(reported, names, "for machines it is what EMR says");
    let swept = world.expect(0, &sweep);
    let log = world.expect(0, &["watchdog", "log"]);
    for shown in [&swept.out, &swept.err, &log.out] {
        let forged = |line: &str| line.starts_with("us-east-1 j-PRODUCTION00");
        assert!(!shown.lines().any(forged), "{shown}");
        let obeyed = [
            '\r', '\t', '\u{202e}', '\u{2066}', '\u{2028}', '\u{200b}', '\u{feff}',
        ];
        assert!(!shown.contains(obeyed), "{shown:?}");
    }
    assert!(swept.out.contains("j-SOMEBODY0"), "{}", swept.out);
    assert!(log.out.contains("j-SOMEBODY0"), "{}", log.out);
}
