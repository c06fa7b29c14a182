//! README's fenced blocks, and whether a sample is what was printed.

/// One block, without the indentation of its fence.
pub(crate) struct Block {
    pub(crate) language: String,
    pub(crate) line: usize,
    pub(crate) text: String,
}

pub(crate) fn blocks() -> Vec<Block> {
    let readme = include_str!("../../README.md");
    let (mut found, mut open) = (Vec::new(), None::<(Block, usize)>);
    for (number, line) in readme.lines().enumerate() {
        let indent = line.len() - line.trim_start().len();
        match (line.trim().strip_prefix("```"), &mut open) {
            (Some(language), None) => {
                let (language, text) = (language.to_owned(), String::new());
                let line = number + 1;
                open = Some((
                    Block {
                        language,
                        line,
                        text,
                    },
                    indent,
                ));
            }
            (Some(_), Some(_)) => found.extend(open.take().map(|(block, _)| block)),
            (None, Some((block, indent))) => {
                block.text += line.get(*indent..).unwrap_or_default();
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block of README.md is not closed");
    found
}

/// The result of the README's first command.
pub(crate) fn is_quickstart(block: &Block) -> bool {
    block.text.contains(" rank  movie_id ")
}

/// Whether these lines were printed, all of them and in this order; `...` stands for any others.
pub(crate) fn same(sample: &str, printed: &str) -> bool {
    let sample: Vec<&str> = sample.trim_end().lines().map(str::trim_end).collect();
    let printed: Vec<&str> = printed.trim_end().lines().map(str::trim_end).collect();
    let parts: Vec<&[&str]> = sample.split(|line| line.trim() == "...").collect();
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
