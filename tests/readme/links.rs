//! Every link of the documents leads to a file and, where it has an anchor, to a heading.

use crate::documents::pages;
use crate::page;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

/// Links that leave the book are written with this, since the book has only the files of `docs/`.
const REPOSITORY: &str = "https://github.com/clusterup/clusterup/blob/main/";

#[test]
fn every_link_leads_somewhere() {
    let mut count = 0;
    for name in pages() {
        for (line, target) in links(&page(&name)) {
            let wrong = wrong(&name, &target);
            assert_eq!(wrong, None, "{name}:{line}: ({target})");
            count += 1;
        }
    }
    assert!(count > 60, "only {count} links were found");
}

#[test]
fn the_summary_lists_every_page_of_the_book() {
    let listed = links(&page("docs/SUMMARY.md"));
    let listed: Vec<String> = listed
        .into_iter()
        .map(|(_, to)| format!("docs/{to}"))
        .collect();
    let once: BTreeSet<&String> = listed.iter().collect();
    assert_eq!(
        once.len(),
        listed.len(),
        "a page is listed twice: {listed:?}"
    );
    let pages = pages();
    let in_book = |page: &&String| page.starts_with("docs/") && *page != "docs/SUMMARY.md";
    assert_eq!(once, pages.iter().filter(in_book).collect());
}

#[test]
fn wrong_links_are_found() {
    for (from, good) in [
        ("README.md", "docs/glossary.md"),
        ("README.md", "docs/glossary.md#watching"),
        ("docs/cost.md", "glossary.md#money"),
        (
            "docs/cost.md",
            "https://github.com/clusterup/clusterup/blob/main/deploy/README.md",
        ),
        ("README.md", "https://cel.dev"),
    ] {
        assert_eq!(wrong(from, good), None, "{from}: {good}");
    }
    for (from, bad) in [
        ("README.md", "docs/no-such-page.md"),
        ("README.md", "docs/glossary.md#no-such-heading"),
        ("README.md", "#no-such-heading"),
        ("README.md", "../outside.md"),
        ("docs/cost.md", "../README.md"),
        (
            "docs/cost.md",
            "https://github.com/clusterup/clusterup/blob/main/none.md",
        ),
    ] {
        assert!(wrong(from, bad).is_some(), "{from}: {bad}");
    }
}

#[test]
fn links_and_headings_are_read_as_github_reads_them() {
    let text = "# A `b`, c_d\n[x](y.md) and `[no](no.md)`\n```sh\n# no\n[no](no)\n```\n## Twice\n\
                ## Twice\n![p](q.png)\n";
    let found = [(2, "y.md".to_owned()), (9, "q.png".to_owned())];
    assert_eq!(links(text), found);
    let anchors = ["a-b-c_d", "twice", "twice-1"].map(str::to_owned);
    assert_eq!(headings(text), BTreeSet::from(anchors));
}

/// What is wrong with a link on a page.
fn wrong(from: &str, target: &str) -> Option<String> {
    let (path, anchor) = match target.split_once('#') {
        Some((path, anchor)) => (path, Some(anchor)),
        None => (target, None),
    };
    let inside = path.strip_prefix(REPOSITORY);
    if inside.is_none() && path.contains("://") {
        return None;
    }
    let file = match (inside, path) {
        (Some(path), _) => PathBuf::from(path),
        (None, "") => PathBuf::from(from),
        (None, path) => Path::new(from).parent()?.join(path),
    };
    let Some(file) = plain(&file) else {
        return Some("it leads out of the repository".to_owned());
    };
    if inside.is_none() && from.starts_with("docs/") && !file.starts_with("docs") {
        return Some(format!(
            "it leads out of the book; begin it with {REPOSITORY}"
        ));
    }
    let full = Path::new(env!("CARGO_MANIFEST_DIR")).join(&file);
    if !full.exists() {
        return Some("there is no such file".to_owned());
    }
    let is_known = |anchor: &str| headings(&page(&file.to_string_lossy())).contains(anchor);
    let anchor = anchor.filter(|anchor| !is_known(anchor));
    anchor.map(|anchor| format!("there is no heading #{anchor}"))
}

/// A path without `..`; `None` if it leads out of where it begins.
fn plain(path: &Path) -> Option<PathBuf> {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir if !plain.pop() => return None,
            Component::ParentDir | Component::CurDir => {}
            Component::Prefix(_) | Component::RootDir => return None,
            Component::Normal(part) => plain.push(part),
        }
    }
    Some(plain)
}

/// The lines outside fenced blocks, each with its number.
fn prose(text: &str) -> Vec<(usize, &str)> {
    let mut is_code = false;
    let mut lines = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        } else if !is_code {
            lines.push((number + 1, line));
        }
    }
    lines
}

/// The targets of links and images, each with its line.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in prose(text) {
        let outside_code = line.split('`').step_by(2).collect::<Vec<_>>().join("``");
        for part in outside_code.split("](").skip(1) {
            let target = part.split(')').next().unwrap_or_default();
            found.push((number, target.to_owned()));
        }
    }
    found
}

/// The anchors of headings.
fn headings(text: &str) -> BTreeSet<String> {
    let mut counts = BTreeMap::<String, usize>::new();
    let mut anchors = BTreeSet::new();
    for (_, line) in prose(text) {
        let heading = line.trim_start_matches('#');
        if heading == line || !heading.starts_with(' ') {
            continue;
        }
        let heading = heading.trim().to_lowercase();
        let kept = heading
            .chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        let anchor: String = kept.map(|c| if c == ' ' { '-' } else { c }).collect();
        let count = counts.entry(anchor.clone()).or_default();
        anchors.insert(match *count {
            0 => anchor,
            count => format!("{anchor}-{count}"),
        });
        *count += 1;
    }
    anchors
}
