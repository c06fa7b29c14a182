//! The program's parser reads every command of the documents, in blocks and in sentences.

use crate::documents::{Block, blocks, pages};
use crate::page;
use std::collections::BTreeSet;

#[test]
fn every_command_of_a_block_is_read() {
    let mut count = 0;
    for block in blocks() {
        let place = block.place();
        for command in commands(&block) {
            let Some(words) = words_of(command) else {
                let is_ours = command.contains("clusterup ") && block.mark != "host";
                assert!(!is_ours, "{place}: `{command}` is not read");
                continue;
            };
            let read = clusterup::cli::accepts(&words);
            assert_eq!(read, Ok(()), "{place}: `{command}`");
            count += 1;
        }
    }
    assert!(count > 40, "only {count} commands were found");
}

#[test]
fn every_command_of_a_sentence_is_read() {
    let mut count = 0;
    for name in pages() {
        for span in spans(&page(&name)) {
            let Some(words) = words_of(&span) else {
                continue;
            };
            // A sentence may name a verb alone.
            let wrong = clusterup::cli::accepts(&words).err();
            let wrong = wrong.filter(|why| !why.contains("required arguments"));
            assert_eq!(wrong, None, "{name}: {span}");
            count += 1;
        }
    }
    assert!(count > 10, "only {count} commands were found");
}

#[test]
fn commands_are_split_as_a_shell_splits_them() {
    for (command, words) in [
        ("clusterup status", "clusterup|status"),
        (
            "cargo run -- status --local  # ours",
            "clusterup|status|--local",
        ),
        (
            "sudo clusterup watchdog log --follow",
            "clusterup|watchdog|log|--follow",
        ),
        (
            "clusterup cost report --csv > 'a b.csv'",
            "clusterup|cost|report|--csv",
        ),
        (
            "clusterup extend m --why \"a # b\"",
            "clusterup|extend|m|--why|a # b",
        ),
    ] {
        assert_eq!(words_of(command).unwrap().join("|"), words);
    }
    for other in [
        "cargo test",
        "aws sso login",
        "clusterup",
        "clusterups plan",
    ] {
        assert_eq!(words_of(other), None, "{other}");
    }
}

/// The command lines of a block.
fn commands(block: &Block) -> Vec<&str> {
    let lines = block.text.lines();
    match block.language.as_str() {
        "sh" => lines.filter(|line| !line.is_empty()).collect(),
        "console" => lines.filter_map(|line| line.strip_prefix("$ ")).collect(),
        _ => Vec::new(),
    }
}

/// The spans of code in sentences, also those that go over the end of a line.
fn spans(text: &str) -> Vec<String> {
    let prose = text.split("```").step_by(2);
    let spans = prose.flat_map(|part| part.split('`').skip(1).step_by(2));
    let one_line = |span: &str| span.split_whitespace().collect::<Vec<_>>().join(" ");
    spans.map(one_line).collect()
}

/// The words of a command of clusterup; `None` if it is another program's.
fn words_of(command: &str) -> Option<Vec<String>> {
    let command = command.replace("cargo run -- ", "clusterup ");
    let words = shlex::split(&command)?;
    let wrapped = words
        .iter()
        .take_while(|word| *word == "sudo" || word.contains('='))
        .count();
    let ends = |word: &String| word == ">" || word == "|";
    let words: Vec<String> = words
        .into_iter()
        .skip(wrapped)
        .take_while(|w| !ends(w))
        .collect();
    (words.len() > 1 && words[0] == "clusterup").then_some(words)
}

#[test]
fn screens_have_no_word_that_the_glossary_rejects() {
    let glossary = page("docs/glossary.md");
    let rows = glossary.lines().filter(|line| line.starts_with('|'));
    let rejected = rows.filter_map(|row| row.rsplit('|').nth(1));
    let rejected = rejected.flat_map(|words| words.split(',').map(str::trim));
    let rejected: BTreeSet<&str> = rejected
        .filter(|word| !["", "not", "---"].contains(word))
        .collect();
    assert!(rejected.len() > 20, "{rejected:?}");
    let mut wrong = Vec::new();
    for block in blocks().iter().filter(|block| block.language == "console") {
        for (command, printed) in block.samples() {
            // A folder may have any name.
            let words = printed
                .split_whitespace()
                .filter(|word| !word.contains('/'));
            let words: Vec<&str> = words
                .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
                .collect();
            let text = format!(" {} ", words.join(" ")).to_lowercase();
            let found = rejected
                .iter()
                .filter(|word| text.contains(&format!(" {word} ")));
            wrong.extend(found.map(|word| format!("{}: `{command}`: {word}", block.place())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
