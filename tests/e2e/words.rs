//! Verbs, exit codes and the JSON that machines read.

use crate::home::{Home, PLAIN};
use std::fs;
use std::os::unix::fs::PermissionsExt;

#[test]
fn every_verb_gives_one_json_document() {
    let home = Home::new();
    home.write("plain.py", PLAIN);
    home.stack(&["plain.py"], "key_pairs: [{ name: spark }]\n");
    for (args, key) in [
        (vec!["validate", "t.yaml"], "stack"),
        (vec!["plan", "t.yaml", "--local"], "plan"),
        (vec!["apply", "t.yaml", "--local"], "cluster"),
        (vec!["status", "--local"], "stacks"),
        (vec!["logs", "t.yaml", "--local"], "logs"),
        (vec!["doctor", "--local"], "runtime"),
        (vec!["init", "other.yaml"], "file"),
        (vec!["destroy", "t", "--local", "--yes"], "plan"),
        (vec!["schema"], "$schema"),
        (vec!["schema", "policy"], "$schema"),
    ] {
        let document = home.json(&args);
        assert!(
            !document[key].is_null(),
            "{args:?} lacks {key}: {document:#}"
        );
        if args[0] != "schema" {
            assert_eq!(
                (&document["verb"], &document["exit"]),
                (&args[0].into(), &0.into())
            );
        }
    }
}

#[test]
fn a_created_key_is_secret() {
    let home = Home::new();
    home.write("plain.py", PLAIN);
    home.stack(&["plain.py"], "key_pairs: [{ name: spark }]\n");
    let done = home.expect(0, &["apply", "t.yaml", "--local", "--output", "json"]);
    let folder = home.state().join("clusterup/local/t/keys/spark");
    let private = folder.join("id_ed25519");
    assert_eq!(
        fs::metadata(&private).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let text = fs::read_to_string(&private).unwrap();
    assert!(text.starts_with("-----BEGIN OPENSSH PRIVATE KEY-----"));
    assert!(
        fs::read_to_string(folder.join("id_ed25519.pub"))
            .unwrap()
            .starts_with("ssh-ed25519 ")
    );
    let secret = text.lines().nth(2).unwrap();
    assert!(!done.out.contains(secret) && !done.err.contains(secret));
}

#[test]
fn invalid_input_exits_with_2_and_a_next_step() {
    let home = Home::new();
    home.write("plain.py", PLAIN);
    home.stack(&["plain.py"], "");
    home.expect(2, &["plan", "none.yaml", "--local"])
        .says("clusterup init");
    home.expect(2, &["destroy", "No Stack", "--local"])
        .says("clusterup status");
    home.expect(2, &["plan", "t.yaml", "--local", "--sample", "5%"])
        .says("leave --sample out");
    home.expect(2, &["nonsense"]);
    home.write("t.yaml", "stack: T\n");
    let document = home.json(&["validate", "t.yaml"]);
    assert_eq!(document["exit"], 2);
    assert!(
        document["error"]["diagnostics"].is_object() || document["error"]["diagnostics"].is_array()
    );
    home.stack(&["gone.py"], "");
    home.expect(2, &["plan", "t.yaml", "--local"])
        .says("gone.py");
}

#[test]
fn a_missing_stack_is_not_an_error() {
    let home = Home::new();
    home.expect(0, &["status", "--local"]).says("no stacks");
    home.write("plain.py", PLAIN);
    home.stack(&["plain.py"], "");
    home.expect(0, &["destroy", "t.yaml", "--local"])
        .says("nothing of");
    assert!(!home.state().join("clusterup").exists());
}

#[test]
fn destroy_asks_before_it_removes() {
    let home = Home::new();
    home.write("plain.py", PLAIN);
    home.stack(&["plain.py"], "");
    home.expect(0, &["apply", "t.yaml", "--local"]);
    home.expect(2, &["destroy", "t.yaml", "--local"])
        .says("--yes");
    assert_eq!(home.clusters().len(), 1);
}
