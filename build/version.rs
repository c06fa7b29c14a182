//! The version with the commit: `0.1.0 (abc1234 2026-11-29)`.

use std::path::Path;
use std::process::Command;

/// What the program is compiled from, from the root.
pub(crate) const COMPILED: &[&str] = &["build", "src", "templates", "Cargo.lock", "Cargo.toml"];

/// `number` with the commit that the checkout at `root` is at, its day, and `changed` where files
/// that are compiled differ from it. `number` alone where there is no git or where `root` is no
/// checkout of its own, as in what crates.io has.
pub(crate) fn of(number: &str, root: &Path) -> String {
    commit(root).map_or_else(
        || number.to_owned(),
        |commit| format!("{number} ({commit})"),
    )
}

/// The commit, its day, and `changed` where files that are compiled differ from it.
pub(crate) fn commit(root: &Path) -> Option<String> {
    let top = git(root, &["rev-parse", "--show-toplevel"])?;
    // A tarball that somebody unpacked into a repository of theirs has none of our commits.
    if Path::new(&top).canonicalize().ok()? != root.canonicalize().ok()? {
        return None;
    }
    let commit = git(
        root,
        &["show", "-s", "--abbrev=7", "--format=%h %cs", "HEAD"],
    )?;
    let differs = [&["diff", "--name-only", "HEAD", "--"], COMPILED].concat();
    let changed = git(root, &differs)?;
    let mark = if changed.is_empty() { "" } else { " changed" };
    Some(commit + mark)
}

/// What git prints, without the line's end; none where it fails.
fn git(root: &Path, args: &[&str]) -> Option<String> {
    let mut git = Command::new("git");
    // Hooks of git run with another repository in the environment.
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        git.env_remove(name);
    }
    let said = git
        .arg("--no-optional-locks")
        .args(args)
        .current_dir(root)
        .output()
        .ok()?;
    let text = String::from_utf8(said.stdout).ok()?;
    said.status.success().then(|| text.trim_end().to_owned())
}
