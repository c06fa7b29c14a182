//! The commands that the program advises: each can be pasted, and the program's own parser reads
//! those that are its own. Every test that runs the program passes the output to [`check`], which
//! also checks JSON documents.

#[path = "output_schema.rs"]
mod output_schema;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Verbs of the command line: a sentence that names one should have been a command.
const VERBS: &[&str] = &[
    "apply", "budget", "cost", "destroy", "doctor", "extend", "init", "logs", "plan", "policy",
    "prices", "ssh", "status", "validate", "watchdog",
];

/// What commands begin with.
const PROGRAMS: &[&str] = &[
    "aws",
    "clusterup",
    "curl",
    "df",
    "ls",
    "mv",
    "eval",
    "export",
    "loginctl",
    "pgrep",
    "python3",
    "sudo",
    "systemctl",
    "timedatectl",
    "unset",
];

/// Where the tests of one build collect the commands that they have seen.
pub(crate) fn collected() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("hints")
}

/// Fails where a `next:` line among these is no command, or none that the program reads, and where
/// a sentence hides one.
pub(crate) fn check(printed: &str) {
    output_schema::check(printed);
    let mut seen = Vec::new();
    for line in printed.lines() {
        let line = line.trim_start();
        if let Some(command) = line.strip_prefix("next: ") {
            if let Err(wrong) = pasted(command) {
                panic!("`{command}` cannot be pasted: {wrong}\n{printed}");
            }
            seen.push(command);
        }
        let hides = |verb: &str| line.contains(&format!("clusterup {verb} "));
        assert!(
            !(line.starts_with("help: ") && VERBS.iter().any(|verb| hides(verb))),
            "a sentence hides a command: {line}\n{printed}"
        );
    }
    collect(&seen);
}

/// What is wrong with a command, pasted into a shell.
pub(crate) fn pasted(command: &str) -> Result<(), String> {
    let words = shlex::split(command).ok_or("its quotes are not closed")?;
    let blank = |word: &&String| {
        let name = word.rsplit(['=', '/']).next().unwrap_or(word);
        let is_loud = name.len() > 2 && name.chars().all(|c| c.is_ascii_uppercase());
        is_loud || name.contains('…') || name.starts_with('<')
    };
    if let Some(word) = words.iter().find(blank) {
        return Err(format!("{word} stands for something"));
    }
    if !words
        .first()
        .is_some_and(|word| PROGRAMS.contains(&word.as_str()))
    {
        return Err("it does not begin with a program".to_owned());
    }
    let start = words.iter().position(|word| word == "clusterup");
    let wrapped = |before: &[String]| {
        let is_variable = |word: &String| word == "sudo" || word == "env" || word.contains('=');
        before.iter().all(is_variable)
    };
    match start {
        Some(start) if wrapped(&words[..start]) => clusterup::cli::accepts(&words[start..]),
        Some(_) | None => Ok(()),
    }
}

/// Keeps what was seen, so that one test can say how much there was.
fn collect(seen: &[&str]) {
    if seen.is_empty() {
        return;
    }
    let folder = collected();
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(std::process::id().to_string());
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .unwrap();
    // In one write, for tests run side by side.
    let lines: String = seen.iter().flat_map(|command| [*command, "\n"]).collect();
    file.write_all(lines.as_bytes()).unwrap();
}
