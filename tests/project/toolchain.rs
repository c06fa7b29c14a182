//! The compiler is pinned once, and everything else agrees.

use super::{at, text};
use std::os::unix::fs::PermissionsExt as _;
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
    assert!(text(".ci/run").contains("$(.ci/compiler)"));
}

/// A machine whose rustup has these toolchains, each a name and a version; or a rustup that fails.
fn compiler_of(toolchains: Option<&[(&str, &str)]>) -> String {
    let programs = tempfile::tempdir().unwrap();
    let write = |name: &str, script: &str| {
        let path = programs.path().join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    for name in ["rustup", "rustc"] {
        write(name, "exit 1");
    }
    if let Some(toolchains) = toolchains {
        let names = toolchains
            .iter()
            .map(|(name, _)| format!("echo '{name} (active)'"));
        write("rustup", &names.collect::<Vec<_>>().join("\n"));
        let versions = toolchains.iter().map(|(name, version)| {
            format!("[ \"$RUSTUP_TOOLCHAIN\" = {name} ] && echo 'rustc {version} (0 2026)' && exit")
        });
        let versions: Vec<_> = versions.collect();
        // As rustup does where a name is not installed and nothing may be.
        write("rustc", &(versions.join("\n") + "\nexit 1"));
    }
    let path = format!("{}:/usr/bin:/bin", programs.path().display());
    let mut script = Command::new(at(".ci/compiler"));
    let message = script.env("PATH", path).output().unwrap();
    assert!(message.status.success(), "{message:?}");
    String::from_utf8(message.stdout).unwrap().trim().to_owned()
}

#[test]
fn the_pinned_compiler_is_found_under_another_name() {
    let pinned = value(&text("rust-toolchain.toml"), "channel");
    let (its, stable) = (pinned.as_str(), "stable-x86_64-unknown-linux-gnu");
    for (toolchains, due) in [
        (&[(stable, its)][..], stable),
        (&[(stable, "1.80.0"), ("mine", its)], "mine"),
        (&[(stable, its), (its, its)], its),
        (&[(stable, "1.80.0")], ""),
        (&[(stable, &format!("{its}9"))], ""),
        (&[], ""),
    ] {
        assert_eq!(compiler_of(Some(toolchains)), due, "{toolchains:?}");
    }
    assert_eq!(compiler_of(None), "");
}
