//! Text of verbs that need an account fits its columns: in terminals of 60, 80 and 120 columns and in a
//! pipe, with a living cluster, one of others, and one that has ended.

use crate::wide::long_lines;
use crate::world::{Done, World};
use serde_json::json;
use std::fmt::Write as _;

const WIDTHS: [Option<usize>; 4] = [Some(60), Some(80), Some(120), None];

/// Command lines that can be repeated, and their exit codes.
const LINES: &[(&str, i32)] = &[
    ("plan t.yaml", 0),
    ("apply t.yaml --yes", 0),
    ("apply new.yaml --policies strict --yes", 3),
    ("status", 0),
    ("status t", 0),
    ("status never", 2),
    ("logs t --step three", 2),
    ("summary t", 0),
    ("diagnose t", 0),
    ("extend t --by 1m --why tuning", 0),
    ("extend t --by 90d --why tuning", 3),
    ("adopt FOREIGN --max-lifetime 4h --budget $20 --yes", 0),
    ("adopt j-NEVER --max-lifetime 4h --yes", 2),
    ("status FOREIGN", 0),
    ("ui t --port 0", 2),
    ("ssh t --print", 2),
    ("destroy never --yes", 2),
    ("cost report", 0),
    ("budget", 2),
    ("doctor", 0),
    ("watchdog sweep --dry-run", 0),
    ("watchdog sweep", 0),
];

fn run(world: &World, line: &str, columns: Option<usize>) -> Done {
    let words: Vec<&str> = line.split_whitespace().collect();
    let mut command = world.command(&words);
    match columns {
        Some(columns) => command.env("COLUMNS", columns.to_string()),
        None => command.env_remove("COLUMNS"),
    };
    Done::running(&mut command)
}

/// What is wrong with what these lines print.
fn wrong<'a>(world: &World, lines: impl Iterator<Item = (&'a str, i32)>) -> String {
    let mut wrong = String::new();
    for (line, code) in lines {
        for columns in WIDTHS {
            let done = run(world, line, columns);
            if done.code != code {
                let _ = writeln!(wrong, "{line}: {} for {code}\n{}", done.code, done.all());
            }
            let limit = columns.unwrap_or(usize::MAX);
            for long in long_lines(&format!("{}\n{}", done.out, done.err), limit) {
                let _ = writeln!(wrong, "{line} at {limit}: {long}");
            }
        }
    }
    wrong
}

#[test]
fn no_line_about_an_account_is_longer_than_its_terminal() {
    let world = World::new();
    let strict = "policy: strict\nlimits: { hourly_cost: $0.01 }\n";
    std::fs::create_dir(world.path().join("strict")).unwrap();
    world.write("strict/p.yaml", strict);
    let other = crate::world::STACK
        .replace("stack: t", "stack: other")
        .replace("results: results", "results: others");
    world.write("new.yaml", &other);
    let made = world.double.post(
        "/_double/foreign",
        json!({ "name": "nightly etl of the sales of all cities, by hand", "state": "WAITING",
                "created": 9_000, "id": "j-FOREIGN0000000" }),
    );
    let foreign = made["id"].as_str().unwrap().to_owned();
    // Nothing exists yet.
    let first = [("plan t.yaml", 0), ("status", 0), ("destroy t --yes", 2)];
    let mut found = wrong(&world, first.into_iter());
    let ceiling = "when_done: keep, ceiling: { max_lifetime: 8h } }";
    world.stack(&crate::world::STACK.replace("when_done: keep }", ceiling));
    world.expect(0, &["apply", "t.yaml", "--yes"]);
    let lines = LINES
        .iter()
        .map(|(line, code)| (line.replace("FOREIGN", &foreign), *code));
    let lines: Vec<(String, i32)> = lines.collect();
    found += &wrong(
        &world,
        lines.iter().map(|(line, code)| (line.as_str(), *code)),
    );
    for columns in WIDTHS {
        let made = run(&world, "apply t.yaml --yes", columns);
        let gone = run(&world, "destroy t --yes", columns);
        for done in [made, gone] {
            let done = done.expect(0);
            for long in long_lines(
                &format!("{}\n{}", done.out, done.err),
                columns.unwrap_or(usize::MAX),
            ) {
                let _ = writeln!(found, "at {columns:?}: {long}");
            }
        }
    }
    assert!(found.is_empty(), "{found}");
}
