//! The verbs in the life of one stack, the JSON that machines read, and its key pair.

use crate::home::{Home, PLAIN};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The document of a successful run, which has this key.
fn document(home: &Home, args: &[&str], key: &str) -> Value {
    let document = home.json(args);
    assert!(
        !document[key].is_null(),
        "{args:?} has no {key}: {document:#}"
    );
    if args[0] != "schema" {
        let common = (&document["verb"], &document["exit"]);
        assert_eq!(common, (&args[0].into(), &0.into()));
    }
    document
}

#[test]
fn every_verb_gives_one_json_document_for_one_stack() {
    let home = Home::new();
    home.write("plain.py", PLAIN);
    home.stack(&["plain.py"], "key_pairs: [{ name: spark }]\n");
    document(&home, &["validate", "t.yaml"], "stack");
    document(&home, &["plan", "t.yaml", "--local"], "plan");
    let applied = home.expect(0, &["apply", "t.yaml", "--local", "--output", "json"]);
    let read: Value = serde_json::from_str(&applied.out).unwrap();
    assert_eq!((&read["verb"], &read["exit"]), (&"apply".into(), &0.into()));
    assert!(!read["cluster"].is_null(), "{read:#}");
    let keys = home.state().join("clusterup/local/t/keys");
    let secret = a_created_key_is_secret(&keys.join("spark"));
    assert!(!applied.out.contains(&secret) && !applied.err.contains(&secret));
    for (args, key) in [
        (&["status", "--local"][..], "stacks"),
        (&["logs", "t.yaml", "--local"], "logs"),
        (&["doctor", "--local"], "machine"),
        (&["init", "other.yaml"], "file"),
        (&["schema"], "$schema"),
        (&["schema", "policy"], "$schema"),
    ] {
        document(&home, args, key);
    }

    // Destroy asks before it removes.
    home.expect(2, &["destroy", "t.yaml", "--local"])
        .says("--yes");
    assert_eq!(home.clusters().len(), 1);
    // Half a key pair and an unfinished one block nothing.
    fs::remove_file(keys.join("spark/id_ed25519.pub")).unwrap();
    fs::create_dir(keys.join(".other.123")).unwrap();
    home.expect(0, &["status", "--local"]);
    document(&home, &["destroy", "t", "--local", "--yes"], "plan");
    assert_eq!(home.left(), Vec::<PathBuf>::new());
}

/// Returns a line of the private key.
fn a_created_key_is_secret(folder: &Path) -> String {
    let private = folder.join("id_ed25519");
    let mode = fs::metadata(&private).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = fs::read_to_string(&private).unwrap();
    assert!(text.starts_with("-----BEGIN OPENSSH PRIVATE KEY-----"));
    let public = fs::read_to_string(folder.join("id_ed25519.pub")).unwrap();
    assert!(public.starts_with("ssh-ed25519 "));
    text.lines().nth(2).unwrap().to_owned()
}
