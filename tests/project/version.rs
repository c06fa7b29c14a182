//! `--version` with the commit, and without it outside a repository.

#[path = "../../build/version.rs"]
mod made;

use super::at;
use std::fs;
use std::path::Path;
use std::process::Command;

fn git(folder: &Path, args: &[&str]) {
    let who = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
    let mut git = Command::new("git");
    let message = git.args(who).args(args).current_dir(folder);
    let message = message
        .env("GIT_COMMITTER_DATE", "2026-11-29T10:00:00Z")
        .output()
        .unwrap();
    assert!(message.status.success(), "{args:?}: {message:?}");
}

/// A repository with one file that is compiled.
fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("src")).unwrap();
    fs::write(folder.path().join("src/main.rs"), "fn main() {}\n").unwrap();
    fs::write(folder.path().join("notes.md"), "1\n").unwrap();
    git(folder.path(), &["init", "-q"]);
    git(folder.path(), &["add", "."]);
    git(folder.path(), &["commit", "-qm", "one"]);
    folder
}

/// `(abc1234 2026-11-29)` without its brackets.
fn commit(version: &str) -> &str {
    let inside = version.strip_prefix("1.2.3 (").unwrap();
    inside.strip_suffix(')').unwrap()
}

fn is_commit(text: &str) -> bool {
    text.len() >= 7 && text.chars().all(|c| c.is_ascii_hexdigit())
}

#[test]
fn a_checkout_has_its_commit_and_day() {
    let folder = repository();
    let version = made::of("1.2.3", folder.path());
    let (hash, day) = commit(&version).split_once(' ').unwrap();
    assert!(is_commit(hash), "{version}");
    assert_eq!(day, "2026-11-29");
}

#[test]
fn uncommitted_changes_are_marked_in_the_version() {
    let folder = repository();
    let clean = made::of("1.2.3", folder.path());
    fs::write(folder.path().join("notes.md"), "2\n").unwrap();
    assert_eq!(made::of("1.2.3", folder.path()), clean);
    fs::write(folder.path().join("src/main.rs"), "fn main() { }\n").unwrap();
    let due = format!("{} changed", commit(&clean));
    assert_eq!(commit(&made::of("1.2.3", folder.path())), due);
    git(folder.path(), &["commit", "-qam", "two"]);
    let next = made::of("1.2.3", folder.path());
    assert!(next != clean && !next.contains("changed"), "{next}");
}

#[test]
fn without_a_repository_of_its_own_there_is_the_number_alone() {
    let bare = tempfile::tempdir().unwrap();
    assert_eq!(made::of("1.2.3", bare.path()), "1.2.3");
    // In somebody's repository, as a tarball of crates.io may be.
    let theirs = repository();
    let inside = theirs.path().join("src");
    assert_eq!(made::of("1.2.3", &inside), "1.2.3");
    // Without a commit.
    git(bare.path(), &["init", "-q"]);
    assert_eq!(made::of("1.2.3", bare.path()), "1.2.3");
    // With a `.git` that is none.
    let broken = tempfile::tempdir().unwrap();
    fs::write(broken.path().join(".git"), "gitdir: /nowhere\n").unwrap();
    assert_eq!(made::of("1.2.3", broken.path()), "1.2.3");
    assert_eq!(made::of("1.2.3", &bare.path().join("nowhere")), "1.2.3");
}

#[test]
fn the_program_prints_its_version() {
    for flag in ["--version", "-V"] {
        let message = Command::new(env!("CARGO_BIN_EXE_clusterup"))
            .arg(flag)
            .output()
            .unwrap();
        let message = String::from_utf8(message.stdout).unwrap();
        let number = concat!("clusterup ", env!("CARGO_PKG_VERSION"));
        let rest = message.trim_end().strip_prefix(number).unwrap();
        let bare = !at(".git").exists();
        let mut words = rest
            .trim_start_matches(" (")
            .trim_end_matches(')')
            .split(' ');
        let hash = words.next().unwrap();
        assert!(is_commit(hash) || bare && rest.is_empty(), "{message}");
    }
}

/// What is watched is what is compiled, so that the build script runs when the crate is compiled
/// anyway, and not when a commit, a test or a document changes.
#[test]
fn a_commit_alone_compiles_nothing() {
    for path in made::COMPILED {
        assert!(at(path).exists(), "{path}");
        assert!(!path.contains(".git"), "{path}");
    }
    assert!(made::COMPILED.contains(&"src"));
}
