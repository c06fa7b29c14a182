//! Runs the commands of blocks without a mark, page by page, each page in its own folder with the
//! shipped stacks, policies and examples.

use crate::documents::{Block, blocks, same};
use crate::shipped;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

struct Home(TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        shipped::copy(home.path());
        fs::create_dir(home.path().join("ml-1m")).unwrap();
        for name in ["ratings.dat", "movies.dat"] {
            fs::write(home.path().join("ml-1m").join(name), "").unwrap();
        }
        home
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a shell needs the tests' own PATH"
    )]
    /// Runs shell commands as they are pasted, with the program in front of the path.
    fn run(&self, script: &str) -> Output {
        let program = Path::new(env!("CARGO_BIN_EXE_clusterup"));
        let mut folders = vec![program.parent().unwrap().to_owned()];
        let others = std::env::var_os("PATH").unwrap();
        folders.extend(std::env::split_paths(&others));
        Command::new("sh")
            .args(["-e", "-c", script])
            .current_dir(self.path())
            .env("PATH", std::env::join_paths(folders).unwrap())
            .env("XDG_STATE_HOME", self.path().join("state"))
            .env("XDG_CACHE_HOME", self.path().join("cache"))
            .env_remove("CLUSTERUP_POLICIES")
            .output()
            .unwrap()
    }
}

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

#[test]
fn blocks_without_a_mark_run() {
    let mut homes = BTreeMap::<String, Home>::new();
    let (mut count, mut wrong) = (0, String::new());
    for block in blocks().into_iter().filter(|block| block.mark.is_empty()) {
        if !["sh", "console"].contains(&block.language.as_str()) {
            continue;
        }
        let home = homes.entry(block.page.clone()).or_insert_with(Home::new);
        wrong += &match block.language.as_str() {
            "sh" => run(home, &block),
            _ => compare(home, &block),
        };
        count += 1;
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(count >= 10, "only {count} blocks were run");
}

/// What went wrong with the commands of a block; empty if all succeeded.
fn run(home: &Home, block: &Block) -> String {
    let output = home.run(&block.text);
    if output.status.success() {
        return String::new();
    }
    format!("{} fails:\n{}\n", block.place(), printed(&output))
}

/// What a block's commands print that differs from its samples.
fn compare(home: &Home, block: &Block) -> String {
    let differs = |(command, sample): (&str, String)| {
        let printed = printed(&home.run(command));
        let place = block.place();
        (!same(&sample, &printed)).then(|| format!("{place}: `{command}` prints\n{printed}\n"))
    };
    block.samples().into_iter().filter_map(differs).collect()
}

#[test]
fn a_folder_has_what_commands_name() {
    let home = Home::new();
    for name in [
        "stacks/quickstart.yaml",
        "policies/recsys.yaml",
        "ml-1m/ratings.dat",
    ] {
        assert!(home.path().join(PathBuf::from(name)).exists(), "{name}");
    }
    assert!(home.run("clusterup --version").status.success());
    assert!(!home.run("clusterup no-such-verb").status.success());
    assert!(!home.run("false\nclusterup --version").status.success());
}
