//! README's blocks are what the program prints and reads. Each has a rule here; a block without one
//! fails. The table of the quickstart is compared in `e2e`, where Spark runs, and the commands of
//! `sh` blocks are read in `hints`.
#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

#[path = "support/readme.rs"]
mod readme;

use clusterup::text;
use readme::{Block, blocks, same};
use std::fs;
use std::path::Path;
use std::process::Command;

/// What the program prints in a folder, whatever it comes to.
fn printed(folder: &Path, args: &[&str]) -> String {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_clusterup"));
    command.args(args).current_dir(folder);
    command.env("XDG_STATE_HOME", home.path().join("state"));
    command.env("XDG_CACHE_HOME", home.path().join("cache"));
    command.env_remove("CLUSTERUP_POLICIES");
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    String::from_utf8(text).unwrap()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A new stack whose `max_lifetime` has no unit.
fn mistake() -> String {
    let folder = tempfile::tempdir().unwrap();
    printed(folder.path(), &["init", "stack.yaml"]);
    fs::write(folder.path().join("job.py"), "").unwrap();
    let path = folder.path().join("stack.yaml");
    let stack = fs::read_to_string(&path).unwrap();
    let wrong = stack.lines().map(|line| {
        if line.starts_with("  max_lifetime: ") {
            "  max_lifetime: 2\n".to_owned()
        } else {
            format!("{line}\n")
        }
    });
    fs::write(path, wrong.collect::<String>()).unwrap();
    printed(folder.path(), &["validate", "stack.yaml"])
}

/// The sample's own command, with files of this machine, for the same answer without an account.
fn denial(block: &Block) -> String {
    let data = tempfile::tempdir().unwrap();
    for name in ["ratings.dat", "movies.dat"] {
        fs::write(data.path().join(name), "").unwrap();
    }
    let command = block.text.lines().next().unwrap();
    let mut words = shlex::split(command.strip_prefix("$ clusterup ").unwrap()).unwrap();
    let ratings = data.path().join("ratings.dat");
    let set = format!("data.ratings.path={}", ratings.display());
    words.extend(["--local", "--set", &set].map(str::to_owned));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    format!("{command}\n{}", printed(root(), &words))
}

/// Samples of output, by what is in them, with what the program prints; none of a block without rule.
fn prints(block: &Block) -> Option<String> {
    if block.text.starts_with("error[no-unit]") {
        Some(mistake())
    } else if block.text.contains("  policy: deny (recsys)") {
        Some(denial(block))
    } else if block.text.contains("at most     $") {
        let estimate = [
            "cost",
            "estimate",
            "stacks/movie-similarities.yaml",
            "--length",
            "45m",
        ];
        Some(printed(root(), &estimate))
    } else {
        None
    }
}

#[test]
fn every_block_is_what_the_program_prints_or_reads() {
    let mut count = 0;
    for block in blocks() {
        let Block {
            language,
            line,
            text,
        } = &block;
        count += 1;
        match language.as_str() {
            // `hints` reads each command of these.
            "sh" => {
                let known = |line: &str| {
                    ["clusterup ", "cargo "]
                        .iter()
                        .any(|it| line.starts_with(it))
                };
                assert!(
                    text.lines().all(known),
                    "README.md:{line}: no command is read here"
                );
            }
            "text" if readme::is_quickstart(&block) => {}
            "text" => {
                let found = prints(&block).unwrap_or_else(|| panic!("README.md:{line}: no rule"));
                assert!(
                    same(text, &found),
                    "README.md:{line} is not what is printed:\n{found}"
                );
            }
            "yaml" => {
                let read = text::policy("policies/account.yaml", text);
                assert!(read.is_ok(), "README.md:{line}: {read:?}");
            }
            _ => panic!("README.md:{line}: blocks of `{language}` have no rule"),
        }
    }
    assert!(count >= 12, "only {count} blocks were found");
}

#[test]
fn what_differs_from_a_sample_is_found() {
    let printed = "a\nb\nc\n  d\n";
    for good in [
        "a\nb\nc\n  d\n",
        "...\nb\n...\n",
        "a\n ...\n  d\n",
        "b\nc\n...",
        "a\nb\n...",
    ] {
        let good = if good.starts_with('b') {
            format!("...\n{good}")
        } else {
            good.to_owned()
        };
        assert!(same(&good, printed), "{good}");
    }
    for bad in [
        "a\nc\n...\n",
        "...\nd\n",
        "a\nb\n",
        "...\nc\nb\n...\n",
        "x\n...\n",
    ] {
        assert!(!same(bad, printed), "{bad}");
    }
}
