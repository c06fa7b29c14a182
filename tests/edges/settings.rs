//! The settings file, its variables and its flags, as the program uses and shows them.

use crate::room::{Done, Room};
use serde_json::{Value, json};

const FILE: &str = "config/clusterup/config.toml";

fn with(room: &Room, args: &[&str], variables: &[(&str, &str)]) -> Done {
    let mut command = room.command(args);
    for name in [
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_PROFILE",
        "NO_COLOR",
        "TERM",
    ] {
        command.env_remove(name);
    }
    command.envs(variables.iter().copied());
    Done::within(command)
}

fn setting(room: &Room, name: &str, args: &[&str], variables: &[(&str, &str)]) -> Value {
    let args = [&["config", "--output", "json"], args].concat();
    let done = with(room, &args, variables);
    let document: Value = serde_json::from_str(&done.out).unwrap();
    document["settings"][name].clone()
}

#[test]
fn each_setting_shows_where_it_comes_from() {
    let room = Room::new();
    let none = with(&room, &["config"], &[]);
    none.says("there is no file").says("poll 30s (default)");
    room.write(
        FILE,
        "poll = \"5s\"\nregion = \"eu-west-1\"\nnotify = \"smtps://u:secret@h?from=a@b.c\"\n",
    );
    let done = with(&room, &["config"], &[("AWS_REGION", "us-east-2")]);
    done.says("region us-east-2 (variable AWS_REGION)");
    done.says("poll 5s (line 1 of the file)");
    assert!(!format!("{}{}", done.out, done.err).contains("secret"));
    let of = |value: &str, source: &str, name: Value, line: Value| json!({ "value": value, "source": source, "name": name, "line": line });
    let at_line = of("eu-west-1", "file", Value::Null, json!(2));
    assert_eq!(setting(&room, "region", &[], &[]), at_line);
    let flag = of("9s", "flag", json!("--poll"), Value::Null);
    let ours = ("CLUSTERUP_POLL", "7s");
    assert_eq!(setting(&room, "poll", &["--poll", "9s"], &[ours]), flag);
    let variable = of("7s", "variable", json!("CLUSTERUP_POLL"), Value::Null);
    assert_eq!(setting(&room, "poll", &[], &[ours]), variable);
    let secret = setting(&room, "notify", &[], &[]);
    assert_eq!(secret["value"], "(set, not shown)");
}

#[test]
fn commands_use_the_settings_file() {
    let room = Room::new();
    room.write("elsewhere/p.yaml", "policy: strict\nlimits: { nodes: 1 }\n");
    let stack = "stack: t\nregion: us-east-1\n\
                 cluster: { release: emr-7.x, size: 3 x m5.xlarge }\n";
    room.write("t.yaml", stack);
    with(&room, &["policy", "check", "t.yaml"], &[]).says("no policies");
    let folder = room.at("elsewhere");
    let folder = folder.display();
    room.write(
        FILE,
        format!("policies = \"{folder}\"\nregion = \"eu-west-1\"\ncolor = \"always\"\n"),
    );
    with(&room, &["policy", "check", "t.yaml"], &[]).says("strict");
    with(&room, &["prices", "show", "m5.xlarge"], &[]).says("eu-west-1");
    let gone = with(&room, &["validate", "gone.yaml"], &[]);
    assert!(gone.err.contains("cannot read"), "{}", gone.err);
    room.write("bad.yaml", "stack: 1\n");
    assert!(
        with(&room, &["validate", "bad.yaml"], &[])
            .err
            .contains('\u{1b}')
    );
    let plain = with(&room, &["validate", "bad.yaml"], &[("NO_COLOR", "1")]);
    assert!(!plain.err.contains('\u{1b}'));
}

#[test]
fn a_mistake_in_the_file_is_shown_at_its_place_and_stops_every_command() {
    let room = Room::new();
    room.stack("");
    room.write(FILE, "region = \"eu-west-1\"\ncolour = \"never\"\n");
    let done = with(&room, &["validate", "t.yaml"], &[]);
    assert_eq!(done.code, 2);
    done.says("unknown setting `colour`")
        .says("did you mean `color`?");
    done.says("config.toml:2:1");
    let args = ["validate", "t.yaml", "--output", "json"];
    let document: Value = serde_json::from_str(&with(&room, &args, &[]).out).unwrap();
    assert_eq!(document["verb"], "validate");
    assert_eq!(document["error"]["diagnostics"][0]["code"], "unknown-key");
    let variable = with(&room, &["ls"], &[("CLUSTERUP_REGION", "mars")]);
    assert_eq!(variable.code, 2);
    // Help and the version need no settings.
    room.expect(0, &["--help"]);
    room.expect(0, &["--version"]);
}
