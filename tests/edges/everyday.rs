//! What people type every day: the program alone, short names, typing errors, `version`, and the
//! options that every command has.

use crate::room::Room;
use crate::verbs;
use chrono::TimeDelta;
use clusterup::cost::ledger::{Record, Scope};
use clusterup::ledger::Ledger;
use clusterup::model::clock::Clock;
use clusterup::model::observed::ClusterState;
use clusterup::run::clock::SystemClock;
use serde_json::{Value, json};

#[test]
fn the_program_alone_shows_stacks_clusters_and_commands() {
    let room = Room::new();
    let empty = room.expect(0, &[]);
    empty.says("no stacks in this folder").says("no clusters");
    empty.says("next: clusterup init stack.yaml");
    assert!(!room.at("state").exists(), "it creates nothing");
    room.stack("");
    room.write("stacks/bad.yml", "stack: 1\n");
    room.write("other.yaml", "policy: p\n");
    living(&room, "j-1ABC", ClusterState::Running);
    living(&room, "j-2OVER", ClusterState::Terminated);
    let done = room.expect(0, &[]);
    done.says("t.yaml: stack t in us-east-1");
    done.says("stacks/bad.yml: has mistakes");
    done.says("j-1ABC is running: stack movies in eu-west-1, unknown price");
    done.says("next: clusterup status movies --region eu-west-1");
    done.says("next: clusterup plan t.yaml");
    done.says("next: clusterup validate stacks/bad.yml");
    assert!(!done.out.contains("other.yaml") && !done.out.contains("j-2OVER"));
    let document = room.json(&[]);
    assert_eq!(document["verb"], "overview");
    assert_eq!(document["stacks"][0]["stack"], "t");
    assert_eq!(document["stacks"][1]["stack"], Value::Null);
    assert_eq!(document["clusters"][0]["id"], "j-1ABC");
    assert_eq!(document["next"][3], "clusterup --help");
}

/// Records a cluster as it was observed an hour ago.
pub(crate) fn living(room: &Room, id: &str, state: ClusterState) {
    let at = SystemClock.now() - TimeDelta::hours(1);
    let path = room.at("state/clusterup/ledger.db");
    let mut ledger = Ledger::open(&path, at).unwrap().ledger;
    let record = json!({
        "target": "eu-west-1", "id": id, "stack": "movies", "state": state, "created_at": at,
        "account": null, "team": null, "owner": null, "ready_at": null, "ended_at": null,
        "end": null, "rates": null, "lives": [], "steps": [], "seen_at": at,
    });
    let record: Record = serde_json::from_value(record).unwrap();
    let scope = Scope {
        place: record.place.clone(),
        account: None,
    };
    ledger.settle(&scope, &[record], at).unwrap();
}

#[test]
fn short_names_mean_their_commands() {
    let room = Room::new();
    room.stack("");
    for (short, verb) in [
        (&["ls", "--local"][..], "status"),
        (&["down", "t.yaml", "--local", "--yes"], "destroy"),
        (&["rm", "t.yaml", "--local", "--yes"], "destroy"),
        (&["up", "gone.yaml", "--local"], "apply"),
        (&["up", "--locale"], "apply"),
    ] {
        assert_eq!(room.json(short)["verb"], verb, "{short:?}");
    }
    let help = room.expect(0, &["--help"]).out;
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for names in ["[alias: up]", "[alias: ls]", "[aliases: down, rm]"] {
        assert!(help.contains(names), "{names}: {help}");
    }
}

#[test]
fn no_typing_error_leads_to_a_command_that_deletes_or_is_hidden() {
    let room = Room::new();
    for wrong in [
        "destry", "destory", "don", "dwn", "rmm", "r", "supervis", "leesh",
    ] {
        let done = room.expect(2, &[wrong]);
        for name in ["destroy", "down", "'rm'", "supervise", "leash"] {
            assert!(!done.err.contains(name), "{wrong}: {}", done.err);
        }
        let document = room.json(&[wrong]);
        let hints = document["error"]["hints"].to_string();
        assert!(!hints.contains("destroy"), "{wrong}: {hints}");
    }
    for (wrong, meant) in [("aply", "apply"), ("statsu", "status"), ("pln", "plan")] {
        room.expect(2, &[wrong]).says(&format!("'{meant}'"));
    }
}

#[test]
fn the_version_has_the_commit_and_the_age_of_the_prices() {
    let room = Room::new();
    let done = room.expect(0, &["version"]);
    done.says("built-in as of 20");
    let line = done.out.lines().next().unwrap();
    assert_eq!(line, room.expect(0, &["--version"]).out.trim_end());
    let document = room.json(&["version"]);
    assert_eq!(document["version"], env!("CARGO_PKG_VERSION"));
    assert!(document["prices"]["built_in"]["age_days"].is_number());
    assert_eq!(document["prices"]["refreshed"], json!([]));
    if let Some(commit) = document["commit"].as_str() {
        assert!(line.contains(commit), "{line}");
    }
    let today = SystemClock.now().date_naive();
    let prices = format!("source api {today} mine\nec2 m5.xlarge 0.2 api eu-west-1\n");
    room.write("cache/clusterup/prices/eu-west-1.txt", prices);
    let done = room.expect(0, &["version"]);
    done.says(&format!("eu-west-1 as of {today}, 0 days old"));
    assert!(!done.out.contains("prices refresh"), "{}", done.out);
    let refreshed = &room.json(&["version"])["prices"]["refreshed"][0];
    assert_eq!(refreshed["region"], "eu-west-1");
}

#[test]
fn every_command_has_the_same_global_options_in_one_block() {
    let room = Room::new();
    let block = |verb: &str| {
        let words: Vec<&str> = verb.split_whitespace().chain(["-h"]).collect();
        let help = room.expect(0, &words).out;
        assert_eq!(help.matches("Global options:").count(), 1, "{verb}: {help}");
        let block = help.split("Global options:\n").nth(1).unwrap();
        let block = block.split("\n\n").next().unwrap().trim_end();
        let options = block.lines().filter_map(|line| {
            let option = line.trim_start().split("  ").next()?;
            option.starts_with('-').then(|| option.to_owned())
        });
        options.collect::<Vec<_>>()
    };
    let expected = [
        "--output <OUTPUT>",
        "--profile <NAME>",
        "--poll <SPAN>",
        "--color <WHEN>",
        "-q, --quiet",
        "-v, --verbose...",
        "--no-input",
        "-h, --help",
    ];
    for verb in verbs::all() {
        assert_eq!(block(&verb), expected, "{verb}");
    }
}

#[test]
fn without_input_a_command_that_has_to_ask_fails() {
    let room = Room::new();
    room.stack("");
    let kept = room.write("state/clusterup/local/t/bucket/results/a.csv", "1\n");
    let destroy = ["destroy", "t.yaml", "--local", "--no-input"];
    let done = room.expect(2, &destroy);
    done.says("--no-input is set, so no answer is possible");
    done.says("next: clusterup destroy t.yaml --local --no-input --yes");
    assert!(kept.exists());
    room.expect(0, &[&destroy[..], &["--yes"]].concat());
    assert!(!kept.exists());
}

#[test]
fn colours_are_used_where_they_are_wanted() {
    let room = Room::new();
    room.write("bad.yaml", "stack: 1\n");
    let coloured = |args: &[&str], variables: &[(&str, &str)]| {
        let mut command = room.command(args);
        for name in ["NO_COLOR", "CLICOLOR_FORCE", "TERM"] {
            command.env_remove(name);
        }
        command.envs(variables.iter().copied());
        crate::room::Done::within(command).err.contains('\u{1b}')
    };
    let force = ("CLICOLOR_FORCE", "1");
    let no = ("NO_COLOR", "1");
    for args in [&["validate", "bad.yaml"][..], &["validate", "--locale"]] {
        let with = |colour: &'static str| [args, &[colour]].concat();
        assert!(!coloured(args, &[]), "a pipe has none");
        assert!(coloured(args, &[force]));
        assert!(!coloured(args, &[force, no]));
        assert!(coloured(&with("--color=always"), &[no]));
        assert!(!coloured(&with("--color=never"), &[force]));
        assert!(coloured(&with("--color=auto"), &[force]));
    }
}
