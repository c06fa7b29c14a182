//! Text fits its columns: each verb that runs without AWS, in terminals of 60, 80 and 120 columns and
//! in a pipe, with its usage errors. No line is longer.

use crate::everyday::living;
use crate::room::{Done, Room};
use crate::verbs;
use crate::wide::long_lines;
use clusterup::model::observed::ClusterState;
use std::fmt::Write as _;

/// Command lines and their exit codes. What the first ones print is compared with a snapshot; the
/// others depend on the machine or the day.
const SHOWN: &[(&str, i32)] = &[
    ("", 0),
    ("validate t.yaml", 0),
    ("validate bad.yaml", 2),
    ("validate gone.yaml", 2),
    ("cost estimate t.yaml", 0),
    ("cost estimate t.yaml --compare old.yaml", 0),
    ("cost report --local", 0),
    ("policy check t.yaml", 0),
    ("policy check t.yaml --policies strict", 3),
    ("policy test", 0),
    ("status --local", 0),
    ("status never --local", 2),
    ("logs never --local", 2),
    ("destroy t.yaml --local --yes", 0),
    ("destroy t.yaml --region mars-1", 2),
    ("budget --local --policies budget", 0),
    ("extend never --local --by 1h --why x", 2),
    ("adopt j-1ABC --local --max-lifetime 4h", 2),
    ("watchdog log", 0),
    ("watchdog install --print --user -- --no-such-flag", 2),
    ("aply", 2),
    ("status --locl", 2),
    ("plan t.yaml --set guardrails", 2),
    ("completions dos", 2),
    ("extend t.yaml", 2),
    ("status --local --region eu-west-1", 2),
];
const FITTING: &[(&str, i32)] = &[
    ("plan t.yaml --local", 0),
    ("simulate --local", 0),
    ("prices show m5.xlarge --region us-east-1", 0),
    ("version", 0),
    ("config", 0),
    ("doctor --local", 0),
    ("validate t.yaml -v", 0),
];

fn room() -> Room {
    let room = Room::new();
    room.stack("team: a\n");
    let stack = "stack: t\nregion: us-east-1\n\
                 cluster: { release: emr-7.x, size: 3 x m5.xlarge }\n";
    room.write("old.yaml", stack);
    room.write(
        "bad.yaml",
        "stack: t\nregion: us-east-1\nclustr: 1\nteam: No Team\n",
    );
    let strict = "policy: strict\nlimits: { hourly_cost: $0.01 }\n";
    room.write("strict/p.yaml", strict);
    room.write(
        "budget/p.yaml",
        "policy: p\napplies_to: { teams: [a] }\nbudget: { monthly: $100, home: us-east-1 }\n",
    );
    room.write("policies/p.yaml", "policy: p\n");
    let example = "examples:\n  - { name: e, stack: ../../t.yaml, expect: allow }\n";
    room.write("policies/tests/e.yaml", example);
    living(&room, "j-1ABC", ClusterState::Running);
    room
}

/// The columns of a run; `None` in a pipe.
fn run(room: &Room, line: &str, columns: Option<usize>) -> Done {
    let words: Vec<&str> = line.split_whitespace().collect();
    let mut command = room.command(&words);
    command.env("AWS_EC2_METADATA_DISABLED", "true");
    match columns {
        Some(columns) => command.env("COLUMNS", columns.to_string()),
        None => command.env_remove("COLUMNS"),
    };
    Done::within(command)
}

/// What people see, without what differs from run to run.
fn seen(room: &Room, done: &Done) -> String {
    let text = format!("{}{}", done.out, done.err);
    let folder = room.at("");
    let text = text.replace(folder.to_str().unwrap(), "ROOM/");
    let lines = text.lines().map(str::trim_end);
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn no_line_is_longer_than_its_terminal() {
    let room = room();
    let helps = verbs::all()
        .into_iter()
        .map(|verb| (format!("{verb} --help"), 0));
    let lines = SHOWN.iter().chain(FITTING);
    let lines = lines.map(|(line, code)| ((*line).to_owned(), *code));
    let mut wrong = Vec::new();
    for (line, code) in lines.chain(helps) {
        for columns in [Some(60), Some(80), Some(120), None] {
            let done = run(&room, &line, columns);
            // A machine may have less memory or fewer programs than `doctor` asks for.
            if done.code != code && !line.starts_with("doctor") {
                wrong.push(format!("{line}: {} for {code}\n{}", done.code, done.err));
            }
            // In a pipe, words of messages are searched for; only what is made for people is narrow.
            let limit = columns.unwrap_or(usize::MAX);
            for long in long_lines(&format!("{}{}", done.out, done.err), limit) {
                wrong.push(format!("{line} at {limit}: {long}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_people_see_in_narrow_and_usual_terminals() {
    let room = room();
    let [mut narrow, mut usual] = [String::new(), String::new()];
    for (line, _) in SHOWN {
        let at = |columns| seen(&room, &run(&room, line, Some(columns)));
        let (at_60, at_80) = (at(60), at(80));
        let _ = writeln!(usual, "$ clusterup {line}\n{at_80}");
        if at_60 != at_80 {
            let _ = writeln!(narrow, "$ clusterup {line}\n{at_60}");
        }
    }
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"\d+ (days?|months?)(\s+)old", "[age]${2}old");
    settings.add_filter(r"\d{4}-\d\d-\d\d(\s+)\d\d:\d\d", "[day]${1}[time]");
    settings.add_filter(r"(in|for) \d{4}-\d\d", "$1 [month]");
    settings.bind(|| {
        insta::assert_snapshot!("usual", usual);
        insta::assert_snapshot!("narrow", narrow);
    });
}
