//! The compiler is pinned once, and everything else agrees.

use super::text;
use std::process::Command;

/// What stands behind `KEY = "` in a file of TOML.
fn value(toml: &str, key: &str) -> String {
    let line = toml.lines().find_map(|line| line.strip_prefix(key));
    let line = line.unwrap_or_else(|| panic!("no {key}"));
    let quoted = line.trim_start_matches([' ', '=']).trim_matches('"');
    quoted.to_owned()
}

#[test]
fn the_compiler_is_the_one_that_is_pinned() {
    let pinned = value(&text("rust-toolchain.toml"), "channel");
    let version = Command::new("rustc").arg("--version").output().unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    assert!(
        version.starts_with(&format!("rustc {pinned} ")),
        "{version}, and {pinned} is pinned"
    );
}

#[test]
fn the_manifest_and_the_image_agree_with_it() {
    let pinned = value(&text("rust-toolchain.toml"), "channel");
    let least = value(&text("Cargo.toml"), "rust-version");
    assert_eq!(pinned.rsplit_once('.').unwrap().0, least);
    let image = format!("FROM rust:{least}-");
    assert!(text("deploy/Dockerfile").contains(&image), "{image}");
    assert!(text("deploy/Dockerfile.dockerignore").contains("rust-toolchain.toml"));
    assert!(text(".ci/run").contains("rust-toolchain.toml"));
}
