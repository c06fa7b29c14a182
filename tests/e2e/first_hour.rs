//! `docs/first-hour.md` and `docs/tutorial.md` show what a new user sees. Their blocks run in order, and
//! each screen is compared with what stands on a terminal of 80 x 24, and above it, when the command has
//! ended, but for times, sizes, ids and paths.
//! `BLESS=1` writes the screens into the pages.

use crate::documents::{self, Block};
use crate::home::Home;
use crate::shipped;
use crate::terminal;
use regex::Regex;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// It works in a clone of the repository.
const TUTORIAL: &str = "docs/tutorial.md";

/// What differs from run to run, and what stands for it.
const VARIES: [(&str, &str); 14] = [
    (r"on EMR \$0\.[0-9]+", "on EMR $$0.0086"),
    (r"(?m)^ +[0-9]+ \|", " 100 |"),
    (r"with [0-9]+ objects", "with 7 objects"),
    (r"part-00000-[0-9a-f-]{36}-c000", "part-00000"),
    (r"local-[0-9a-f]{8}", "local-1a2b3c4d"),
    (r"127\.0\.0\.1:[0-9]+", "127.0.0.1:4040"),
    (r"\b([0-9]+m ?)?[0-9]+s\b", "9s"),
    // A line breaks elsewhere where a time is a minute.
    (r"9s,\s+which\s+would", "9s, which would"),
    (r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "2026-11-30"),
    (r"[0-9]{2}:[0-9]{2}(:[0-9]{2})?", "12:00"),
    (r"[0-9.]+ ?(B|kB|KB|MB|MiB|GB|GiB)\b", "1 kB"),
    (r"\b[0-9]+m\b", "900m"),
    (r"[0-9]+%", "50%"),
    (r"stderr:[0-9]+", "stderr:100"),
];

fn comparable(text: &str, folder: &Path) -> String {
    let mut text = text.replace(folder.to_str().unwrap(), "/home/ana/cities");
    for (pattern, with) in VARIES {
        let pattern = Regex::new(pattern).unwrap();
        text = pattern.replace_all(&text, with).into_owned();
    }
    let stays = |line: &&str| !is_progress(line);
    let lines = text.lines().map(str::trim_end).filter(stays);
    lines.map(|line| format!("{line}\n")).collect()
}

/// Without the lines that tell what happens while a command runs: which are printed depends on the time
/// that it takes.
fn untimed(text: &str) -> String {
    let timed = ["Spark UI of ", "step ", "cluster local-"];
    let stays = |line: &&str| !timed.iter().any(|start| line.starts_with(start));
    let lines = text.lines().filter(stays);
    lines.map(|line| format!("{line}\n")).collect()
}

/// Whether a line depends on how fast the machine is.
fn is_progress(line: &str) -> bool {
    let line = line.trim_start();
    let states = ["is starting", "is running", "is waiting for work"];
    let measured = ["memory ", "longest "];
    line.contains("tasks,")
        || line.contains("| File ")
        || states.iter().any(|state| line.ends_with(state))
        || measured.iter().any(|remark| line.starts_with(remark))
}

fn page(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a shell needs the tests' own PATH"
)]
/// Runs a command as it is pasted; returns what it left on a terminal.
fn shell(home: &Home, command: &str) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_clusterup"));
    let mut folders = vec![program.parent().unwrap().to_owned()];
    folders.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap()));
    terminal::shown(&format!("{{ {command}\n}} 2>&1"), |shell| {
        shell
            .current_dir(home.path())
            .env("PATH", std::env::join_paths(folders).unwrap())
            .env("XDG_STATE_HOME", home.state());
    })
}

/// The screens of a page's blocks, each with its command.
fn screens(name: &str) -> Vec<(Block, String, String, String)> {
    let home = Home::new();
    if name == TUTORIAL {
        shipped::copy(home.path());
    }
    let blocks = documents::blocks();
    let own = |block: &Block| block.page == name && block.mark == "first";
    let mut screens = Vec::new();
    for block in blocks.into_iter().filter(own) {
        if block.language == "sh" {
            let printed = shell(&home, &format!("set -e\n{}", block.text));
            assert_eq!(printed, "\n", "{}", block.place());
            continue;
        }
        for (command, sample) in block.samples() {
            let printed = shell(&home, command);
            let [sample, printed] = [&sample, &printed].map(|text| comparable(text, home.path()));
            let command = command.to_owned();
            screens.push((copy(&block), command, sample, printed));
        }
    }
    home.until_quiet(3);
    screens
}

fn copy(block: &Block) -> Block {
    Block {
        page: block.page.clone(),
        language: block.language.clone(),
        mark: block.mark.clone(),
        text: block.text.clone(),
        ..*block
    }
}

#[expect(clippy::disallowed_methods, reason = "who runs the tests sets it")]
fn is_blessed() -> bool {
    std::env::var_os("BLESS").is_some()
}

fn check(name: &str) {
    let screens = screens(name);
    assert!(!screens.is_empty());
    if is_blessed() {
        return bless(name, &screens);
    }
    for (block, command, sample, printed) in &screens {
        let place = block.place();
        assert!(
            documents::same(&untimed(sample), &untimed(printed)),
            "{place}: `{command}` prints\n{printed}\nBLESS=1 writes it into the page"
        );
    }
}

fn bless(name: &str, screens: &[(Block, String, String, String)]) {
    let path = page(name);
    let text = fs::read_to_string(&path).unwrap();
    let mut lines = text.lines();
    let mut written = String::new();
    let mut screens = screens.iter();
    while let Some(line) = lines.next() {
        let _ = writeln!(written, "{line}");
        if !line.starts_with("```console,first") {
            continue;
        }
        for line in lines.by_ref() {
            if line.starts_with("$ ") {
                let (_, _, _, printed) = screens.next().unwrap();
                let _ = write!(written, "{line}\n{printed}");
            } else if line.starts_with("```") {
                let _ = writeln!(written, "{line}");
                break;
            }
        }
    }
    fs::write(path, written).unwrap();
}

#[test]
fn the_first_ten_minutes_are_what_is_shown() {
    check("docs/first-hour.md");
}

#[test]
fn the_tutorial_is_what_is_shown() {
    check(TUTORIAL);
}
