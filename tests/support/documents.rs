//! The documents: their pages, their fenced blocks, and the comparison of a sample with an output.

use std::fs;
use std::path::PathBuf;

/// One fenced block, without the indentation of its fence.
pub(crate) struct Block {
    /// The page, relative to the repository, such as `docs/cost.md`.
    pub(crate) page: String,
    /// The number of the fence's line, from 1.
    pub(crate) line: usize,
    /// Such as `sh` of the fence `sh,aws`.
    pub(crate) language: String,
    /// Such as `aws` of the fence `sh,aws`; empty if there is none. CONTRIBUTING.md lists them.
    pub(crate) mark: String,
    pub(crate) text: String,
}

impl Block {
    /// Each command of a `console` block with the output that follows it.
    pub(crate) fn samples(&self) -> Vec<(&str, String)> {
        let mut samples: Vec<(&str, String)> = Vec::new();
        for line in self.text.lines() {
            match (line.strip_prefix("$ "), samples.last_mut()) {
                (Some(command), _) => samples.push((command, String::new())),
                (None, Some((_, output))) => {
                    output.push_str(line);
                    output.push('\n');
                }
                (None, None) => panic!("{}: output without a command", self.place()),
            }
        }
        samples
    }

    /// Where the block is, such as `docs/cost.md:12`.
    pub(crate) fn place(&self) -> String {
        format!("{}:{}", self.page, self.line)
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All pages, relative to the repository, in the order of their names.
pub(crate) fn pages() -> Vec<String> {
    let mut pages = Vec::new();
    let mut folders = ["", "docs", "deploy", ".github"]
        .map(|it| root().join(it))
        .to_vec();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap().flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|extension| extension == "md") {
                let page = path.strip_prefix(root()).unwrap();
                pages.push(page.to_string_lossy().into_owned());
            } else if path.is_dir() && folder.starts_with(root().join("docs")) {
                folders.push(path);
            }
        }
    }
    pages.sort();
    pages
}

/// The fenced blocks of all pages.
pub(crate) fn blocks() -> Vec<Block> {
    pages().iter().flat_map(|page| blocks_of(page)).collect()
}

fn blocks_of(page: &str) -> Vec<Block> {
    let text = fs::read_to_string(root().join(page)).unwrap();
    let (mut found, mut open) = (Vec::new(), None::<(Block, usize)>);
    for (number, line) in text.lines().enumerate() {
        let indent = line.len() - line.trim_start().len();
        match (line.trim().strip_prefix("```"), &mut open) {
            (Some(fence), None) => {
                let (language, mark) = fence.split_once(',').unwrap_or((fence, ""));
                let block = Block {
                    page: page.to_owned(),
                    line: number + 1,
                    language: language.to_owned(),
                    mark: mark.to_owned(),
                    text: String::new(),
                };
                open = Some((block, indent));
            }
            (Some(_), Some(_)) => found.extend(open.take().map(|(block, _)| block)),
            (None, Some((block, indent))) => {
                block.text += line.get(*indent..).unwrap_or_default();
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block of {page} is not closed");
    found
}

/// Whether these lines were printed, all of them and in this order; `...` stands for any others.
pub(crate) fn same(sample: &str, printed: &str) -> bool {
    let sample: Vec<&str> = sample.trim_end().lines().map(str::trim_end).collect();
    let printed: Vec<&str> = printed.trim_end().lines().map(str::trim_end).collect();
    let parts: Vec<&[&str]> = sample.split(|line| line.trim() == "...").collect();
    if parts.len() == 1 {
        return sample == printed;
    }
    let (mut at, last) = (0, parts.len() - 1);
    for (number, part) in parts.iter().enumerate() {
        let starts = match number {
            0 => at..at + 1,
            _ => at..printed.len() + 1,
        };
        let fits = |start: &usize| {
            let rest = &printed[(*start).min(printed.len())..];
            let ends = number < last || rest.len() == part.len();
            rest.starts_with(part) && (ends || part.is_empty())
        };
        match starts.clone().find(fits) {
            Some(start) => at = start + part.len(),
            None => return false,
        }
    }
    true
}
