//! `.ci/run` runs every check, and fails if one of them does. It runs here with a `cargo` that only
//! records its arguments.

use super::at;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// A checkout on a machine that has few programs, in `bin`.
struct Checkout(TempDir);

struct Done {
    succeeded: bool,
    out: String,
    calls: Vec<String>,
}

fn program(folder: &Path, name: &str, script: &str) {
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A program of this machine.
fn found(name: &str) -> std::path::PathBuf {
    let folders = ["/usr/bin", "/bin"].map(|folder| Path::new(folder).join(name));
    folders.into_iter().find(|path| path.exists()).unwrap()
}

impl Checkout {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (ci, bin) = (folder.path().join(".ci"), folder.path().join("bin"));
        for part in [&ci, &bin] {
            fs::create_dir(part).unwrap();
        }
        for script in ["run", "compiler", "dependencies"] {
            fs::copy(at(&format!(".ci/{script}")), ci.join(script)).unwrap();
        }
        let pin = "rust-toolchain.toml";
        fs::copy(at(pin), folder.path().join(pin)).unwrap();
        for name in [
            "bash", "cat", "cut", "dirname", "env", "grep", "mktemp", "nice", "rm", "sed",
        ] {
            symlink(found(name), bin.join(name)).unwrap();
        }
        let record = "echo \"${0##*/} $*\" >> calls\n\
                      if echo \"${0##*/} $*\" | grep -qE \"^($FAILS)\"; then echo \"broken: $*\"; exit 1; fi";
        for name in ["cargo", "apt-get"] {
            program(&bin, name, record);
        }
        program(&bin, "clippy-driver", "");
        program(&bin, "id", "echo 0");
        Self(folder)
    }

    fn has(self, programs: &[&str]) -> Self {
        for name in programs {
            program(&self.0.path().join("bin"), name, "");
        }
        self
    }

    /// Runs it where these commands fail, given as a regular expression.
    fn run(&self, fails: &str) -> Done {
        let folder = self.0.path();
        let calls = folder.join("calls");
        fs::write(&calls, "").unwrap();
        let done = Command::new(found("bash"))
            .arg(folder.join(".ci/run"))
            .current_dir(folder)
            .env("PATH", folder.join("bin"))
            .env("FAILS", fails)
            .output()
            .unwrap();
        let wrong = String::from_utf8_lossy(&done.stderr);
        Done {
            succeeded: done.status.success(),
            out: String::from_utf8_lossy(&done.stdout).into_owned() + &wrong,
            calls: fs::read_to_string(calls)
                .unwrap()
                .lines()
                .map(str::to_owned)
                .collect(),
        }
    }
}

const CHECKS: [&str; 8] = [
    "cargo fmt --all --check",
    "cargo build --locked -p clusterup --lib",
    "cargo build --locked --all-targets",
    "cargo check --locked --no-default-features --all-targets",
    "cargo deny --locked check bans licenses sources",
    "cargo deny --locked fetch db",
    "cargo deny --locked check advisories",
    "cargo test --locked --no-fail-fast",
];

const PARTS: [&str; 5] = [
    "formatting",
    "lints, warnings being errors, and the tests built",
    "tests",
    "licences, advisories and sources of what is built",
    "lints without AWS",
];

fn present() -> Checkout {
    Checkout::new().has(&["chromium", "systemd-analyze", "zsh", "fish"])
}

#[test]
fn every_check_runs_and_each_part_has_its_heading() {
    let done = present().run("none");
    assert!(done.succeeded, "{}", done.out);
    for check in CHECKS {
        let times = done.calls.iter().filter(|call| *call == check).count();
        assert_eq!(times, 1, "{check}: {:?}", done.calls);
    }
    let headings = done.out.lines().filter_map(|line| line.strip_prefix("== "));
    assert_eq!(headings.collect::<Vec<_>>(), PARTS);
    assert!(!done.calls.iter().any(|call| call.starts_with("apt-get")));
}

#[test]
fn a_check_that_fails_fails_the_run_and_is_named_last() {
    for (fails, part, tested) in [
        ("cargo fmt", PARTS[0], false),
        ("cargo build", PARTS[1], false),
        ("cargo test", PARTS[2], true),
        ("cargo check", PARTS[4], true),
        ("cargo deny --locked check bans", PARTS[3], true),
        ("cargo deny --locked check advisories", PARTS[3], true),
        ("cargo (test|check)", PARTS[2], true),
    ] {
        let done = present().run(fails);
        assert!(!done.succeeded, "{fails}: {}", done.out);
        assert!(done.out.contains("broken: "), "{fails}: {}", done.out);
        let tests = done.calls.iter().any(|call| call.starts_with("cargo test"));
        assert_eq!(tests, tested, "{fails}: {:?}", done.calls);
        if tested {
            for heading in PARTS {
                assert!(
                    done.out.contains(&format!("== {heading}\n")),
                    "{}",
                    done.out
                );
            }
            let (_, last) = done.out.rsplit_once("== failed\n").unwrap();
            assert!(last.lines().any(|line| line == part), "{fails}: {last}");
        }
    }
}

#[test]
fn what_cannot_be_installed_is_left_out_and_named() {
    let done = present().run("cargo (deny --version|install)");
    assert!(done.succeeded, "{}", done.out);
    assert!(done.out.contains("cargo deny cannot be had: left out"));
    let done = present().run("cargo deny --locked fetch");
    assert!(done.succeeded, "{}", done.out);
    assert!(
        done.out
            .contains("the list of advisories is out of reach: left out")
    );
    let bare = Checkout::new();
    let done = bare.run("none");
    assert!(done.succeeded, "{}", done.out);
    let install = "apt-get install -qy --no-install-recommends chromium systemd zsh fish";
    assert!(
        done.calls.iter().any(|call| call == install),
        "{:?}",
        done.calls
    );
    assert!(!done.out.contains("cannot be"), "{}", done.out);
    for fails in ["apt-get update", "apt-get install", "apt-get"] {
        let done = bare.run(fails);
        assert!(done.succeeded, "{fails}: {}", done.out);
        let says = "cannot be installed: chromium systemd zsh fish";
        assert!(done.out.contains(says), "{fails}: {}", done.out);
    }
}
