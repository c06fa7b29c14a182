//! The texts that were read, their names, and places in them.

use std::ops::Range;

/// A text and its name: a file, or one `--set`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) text: String,
}

/// A range of bytes in one of the sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    pub(crate) source: usize,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Mark {
    pub(crate) fn new(source: usize, range: Range<usize>) -> Self {
        Self {
            source,
            start: range.start,
            end: range.end.max(range.start),
        }
    }

    /// The range from the start of one mark to the end of the other.
    pub(crate) fn to(self, end: Self) -> Self {
        Self::new(self.source, self.start..end.end)
    }

    pub(crate) fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

impl Source {
    /// The mark clipped to the source: whole characters of one line.
    pub(crate) fn clip(&self, mark: Mark) -> Mark {
        let whole = |at: usize| {
            let at = at.min(self.text.len());
            (0..=at)
                .rev()
                .find(|at| self.text.is_char_boundary(*at))
                .unwrap_or(0)
        };
        let start = whole(mark.start);
        let end = whole(mark.end).max(start);
        let line = self.text[start..end].lines().next().unwrap_or_default();
        Mark::new(mark.source, start..start + line.trim_end().len())
    }

    /// The line and the column, in characters, of a byte; both from 1.
    pub(crate) fn place(&self, at: usize) -> (usize, usize) {
        let before = &self.text[..at];
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (line, before[start..].chars().count() + 1)
    }

    /// The bytes of the lines that a range touches.
    pub(crate) fn lines(&self, range: Range<usize>) -> Range<usize> {
        let start = self.text[..range.start]
            .rfind('\n')
            .map_or(0, |newline| newline + 1);
        let end = self.text[range.end..]
            .find('\n')
            .map_or(self.text.len(), |n| range.end + n);
        start..end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source {
            name: "x".to_owned(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn columns_count_characters() {
        let source = source("ä: 1\nbé: 2\n");
        assert_eq!(source.place(0), (1, 1));
        assert_eq!(source.place(2), (1, 2));
        assert_eq!(source.place(source.text.find('2').unwrap()), (2, 5));
    }

    #[test]
    fn a_mark_is_cut_to_one_line_of_what_is_there() {
        let source = source("ab \ncd");
        assert_eq!(source.clip(Mark::new(0, 0..6)).range(), 0..2);
        assert_eq!(source.clip(Mark::new(0, 5..99)).range(), 5..6);
        assert_eq!(source.clip(Mark::new(0, 70..99)).range(), 6..6);
    }
}
