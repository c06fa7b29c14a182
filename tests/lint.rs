//! The lint of scripts: bad ones with the lines that must be found, good ones without errors, and
//! scripts of any content.
#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

#[path = "lint/corpus.rs"]
mod corpus;
#[path = "lint/hostile.rs"]
mod hostile;
#[path = "lint/inputs.rs"]
mod inputs;

use clusterup::model::lint::Severity;
use corpus::{Case, cases};

#[test]
fn bad_scripts_are_found_at_their_lines() {
    let cases = cases("bad");
    assert!(cases.len() >= 25, "{} scripts", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        let found = case.found();
        let found: Vec<_> = found
            .iter()
            .map(|(code, line, _)| (code.as_str(), *line))
            .collect();
        let expected = case.expected();
        if found != expected {
            wrong.push(format!("{}: {found:?}, not {expected:?}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_code_is_found_in_two_scripts() {
    let cases = cases("bad");
    for code in clusterup::model::lint::LintCode::OF_SCRIPTS.iter().take(11) {
        let has = |case: &&Case| case.expect.iter().any(|word| word == code.as_str());
        let count = cases.iter().filter(has).count();
        assert!(count >= 2, "{} is in {count} scripts", code.as_str());
    }
}

/// A build with optimisations has 50 ms for this; one without is several times slower.
#[test]
#[expect(clippy::print_stdout, reason = "the time is to be seen")]
fn five_thousand_lines_are_checked_soon() {
    let good = cases("good");
    let texts = good
        .iter()
        .filter(|case| case.name != "old_style_of_python3");
    let one: String = texts
        .map(|case| case.text.replace("from __future__ import annotations", ""))
        .collect();
    let text = one.repeat(5_000 / one.lines().count() + 1);
    let case = Case::of(
        "long".to_owned(),
        format!("# args: ${{data.ratings}} ${{results}} 1 2\n{text}"),
    );
    let start = std::time::Instant::now();
    let found = case.found().len();
    let taken = start.elapsed();
    println!(
        "{} lines in {taken:?}, {found} findings",
        text.lines().count()
    );
    assert!(taken < std::time::Duration::from_secs(2), "{taken:?}");
}

#[test]
fn good_scripts_have_no_finding() {
    let cases = cases("good");
    assert!(cases.len() >= 25, "{} scripts", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        for (code, line, message) in case.found() {
            if code.severity() == Severity::Error || !case.may_warn {
                wrong.push(format!(
                    "{}:{line}: {}: {message}",
                    case.name,
                    code.as_str()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
