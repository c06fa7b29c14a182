//! Every command that the program advised in the other tests can be pasted.
#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

#[path = "support/hints.rs"]
mod hints;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

#[test]
fn commands_that_cannot_be_pasted_are_found() {
    for good in [
        "clusterup status",
        "clusterup apply 'my stacks/a.yaml' --local --set 'cluster.size=3 x m5.xlarge'",
        "clusterup extend movies --region us-east-1 --by 1h --why \"not done yet\"",
        "sudo env XDG_STATE_HOME=/var/lib clusterup watchdog log --follow",
        "aws sso login --profile work",
    ] {
        assert_eq!(hints::pasted(good), Ok(()), "{good}");
    }
    for bad in [
        "clusterup apply STACK",
        "clusterup apply stacks/FILE --local",
        "clusterup apply … --create-roles",
        "clusterup doctor --fix",
        "clusterup status shows it",
        "clusterup extend t --by 1h --why \"open",
        "clusterup mend",
    ] {
        assert!(hints::pasted(bad).is_err(), "{bad}");
    }
}

#[test]
fn sentences_that_hide_a_command_are_found() {
    hints::check("error: no\n  help: apply it again\n  next: clusterup status\n");
    for bad in [
        "  help: see it: clusterup status movies",
        "  next: see the log",
    ] {
        let found = std::panic::catch_unwind(|| hints::check(bad));
        assert!(found.is_err(), "{bad}");
    }
}

/// What runs of the other tests have collected in this build.
#[test]
fn every_collected_command_is_read() {
    let files = fs::read_dir(hints::collected()).into_iter().flatten();
    let read = |path: &Path| fs::read_to_string(path).unwrap();
    let collected: String = files.map(|file| read(&file.unwrap().path())).collect();
    let commands: BTreeSet<&str> = collected.lines().collect();
    for command in &commands {
        assert_eq!(hints::pasted(command), Ok(()), "{command}");
    }
}
