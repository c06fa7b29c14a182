//! `cost report` as the program prints it and as a document.

use crate::spending;
use clusterup::model::clock::Clock;
use clusterup::run::clock::SystemClock;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

struct Said {
    code: i32,
    out: String,
    err: String,
}

fn report(folder: &Path, args: &[&str], locale: &str) -> Said {
    let done = Command::new(env!("CARGO_BIN_EXE_clusterup"))
        .args(["cost", "report", "--local"])
        .args(args)
        .current_dir(folder)
        .env_clear()
        .env("XDG_STATE_HOME", folder)
        .env("XDG_CACHE_HOME", folder)
        .env("LC_ALL", locale)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said {
        code: done.status.code().unwrap(),
        out: text(done.stdout),
        err: text(done.stderr),
    }
}

#[test]
fn a_report_has_bars_and_a_sparkline_in_ascii_or_utf8() {
    let folder = tempfile::tempdir().unwrap();
    spending::write(folder.path(), SystemClock.now());
    for (locale, full) in [("C.UTF-8", '█'), ("C", '#'), ("", '#')] {
        let said = report(folder.path(), &["--by", "team"], locale);
        assert_eq!(said.code, 0, "{}", said.err);
        let line = |start: &str| {
            let mut lines = said.out.lines();
            let found = lines.find(|line| line.trim_start().starts_with(start));
            found.unwrap_or_else(|| panic!("no {start} in {}", said.out))
        };
        assert!(line("growth").ends_with(full), "{}", said.out);
        let spark = line("by day |");
        assert!(spark.contains(full) && spark.contains(" on 20"), "{spark}");
        assert_eq!(locale == "C.UTF-8", !said.out.is_ascii(), "{}", said.out);
        let width = said.out.lines().map(|line| line.chars().count()).max();
        assert!(width.unwrap() <= 80, "{}", said.out);
    }
}

#[test]
fn a_document_has_the_same_figures_and_requests_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let clusters = spending::write(folder.path(), SystemClock.now());
    let args = ["--by", "team", "--html", "r.html", "--output", "json"];
    let said = report(folder.path(), &args, "C");
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("wrote r.html"), "{}", said.err);
    let document: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(document["html"], "r.html");
    let html = fs::read_to_string(folder.path().join("r.html")).unwrap();
    let total = document["report"]["total"]["total"]["usd"]
        .as_f64()
        .unwrap();
    let total = format!("${total:.2}");
    assert!(html.contains(&format!("<dd>{total}")), "{total}");
    assert!(html.contains(&format!("<dd>{clusters}<small>")));
    // The columns of the chart add up to the same total.
    assert!(html.contains(&format!("{total} in all")), "{total}");
    for part in ["growth", "(no team)", "feature-store", "bootstrapping"] {
        assert!(html.contains(part), "{part}");
    }
    for foreign in ["http:", "https:", "src=", "<script", "url("] {
        assert!(!html.contains(foreign), "{foreign}");
    }
}

#[test]
fn a_document_replaces_only_an_earlier_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("r.html");
    let write = |args: &[&str]| report(folder.path(), &[&["--html", "r.html"], args].concat(), "C");
    for _ in 0..2 {
        assert_eq!(write(&[]).code, 0);
    }
    fs::write(&file, "mine").unwrap();
    let said = write(&[]);
    assert_eq!(said.code, 2, "{}", said.err);
    assert!(said.err.contains("was not written by clusterup"));
    assert!(said.err.contains("--html r.html --force"), "{}", said.err);
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    assert_eq!(write(&["--force"]).code, 0);
    assert_ne!(fs::read_to_string(&file).unwrap(), "mine");
}
