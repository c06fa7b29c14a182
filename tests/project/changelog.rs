//! The changelog has the form of Keep a Changelog: unreleased changes first, then each version.

use super::{at, text};
use std::process::{Command, Output};

/// The headings of a level.
fn headings<'a>(log: &'a str, mark: &str) -> Vec<&'a str> {
    log.lines().filter_map(|it| it.strip_prefix(mark)).collect()
}

#[test]
fn unreleased_changes_come_first_and_versions_have_dates() {
    let log = text("CHANGELOG.md");
    let parts = headings(&log, "## ");
    assert_eq!(parts[0], "[Unreleased]");
    assert!(parts.len() > 1, "no version");
    for part in &parts[1..] {
        let (version, day) = part.split_once(" - ").unwrap();
        chrono::NaiveDate::parse_from_str(day, "%Y-%m-%d").unwrap();
        assert!(log.contains(&format!("\n{version}: https://")), "{part}");
    }
    let ours = format!("[{}] - ", env!("CARGO_PKG_VERSION"));
    assert!(parts[1].starts_with(&ours), "{}", parts[1]);
}

#[test]
fn each_part_has_its_sections_once_and_in_order() {
    let order = [
        "Added",
        "Changed",
        "Deprecated",
        "Removed",
        "Fixed",
        "Security",
    ];
    for part in text("CHANGELOG.md").split("\n## ").skip(1) {
        let kinds = headings(part, "### ");
        let places = kinds
            .iter()
            .map(|kind| order.iter().position(|it| it == kind));
        let places: Vec<_> = places.map(Option::unwrap).collect();
        let name = part.lines().next().unwrap();
        assert!(
            places.windows(2).all(|pair| pair[0] < pair[1]),
            "{name}: {kinds:?}"
        );
    }
}

#[test]
fn no_entry_is_repeated() {
    let log = text("CHANGELOG.md");
    let mut entries: Vec<&str> = log.split("\n- ").skip(1).collect();
    let all = entries.len();
    entries.sort_unstable();
    entries.dedup();
    assert_eq!(entries.len(), all);
}

fn notes(version: &str) -> Output {
    let mut script = Command::new(at(".ci/release-notes"));
    script.arg(version).output().unwrap()
}

#[test]
fn the_notes_of_a_release_are_its_section() {
    let message = notes(env!("CARGO_PKG_VERSION"));
    assert!(message.status.success(), "{message:?}");
    let message = String::from_utf8(message.stdout).unwrap();
    assert!(message.contains("### Added") && !message.contains("\n## "));
    assert!(!message.contains("https://github.com/clusterup/clusterup/compare"));
    for wrong in ["", "0.0.9", "99.0.0", "v0.1.0", "[", ".*"] {
        let message = notes(wrong);
        assert!(
            !message.status.success() && message.stdout.is_empty(),
            "{wrong}"
        );
    }
}
