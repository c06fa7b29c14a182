//! How far a log was read, so that reading goes on there when it has grown.

use super::file::beginning;
use crate::diagnose::records::{Record, Splitter};
use std::io::{self, BufRead, Read};

/// The longest line that is kept until its end, in bytes. Of a longer one its beginning is shown, or
/// its end if progress bars fill it.
const MAX_LINE: usize = 64 << 10;

/// How far a log was read.
#[derive(Debug, Clone, Default)]
pub struct Tail {
    splitter: Splitter,
    /// How many bytes were read, unpacked.
    read: u64,
    /// How the log begins, once that is known.
    beginning: Option<Vec<u8>>,
    /// The beginning of a line whose end was not there yet.
    line: Vec<u8>,
    /// Whether the rest of the line is skipped.
    skips: bool,
}

impl Tail {
    /// Whether a log that begins so is the one that was read, under whatever name.
    pub fn is_of(&self, beginning: &[u8]) -> bool {
        self.beginning.as_deref() == Some(beginning)
    }

    /// Whether nothing was read.
    pub const fn is_empty(&self) -> bool {
        self.read == 0
    }

    /// How many bytes were read, unpacked.
    pub(super) const fn read(&self) -> u64 {
        self.read
    }

    /// Reads the next line; false if there is no complete one now.
    pub(super) fn next_line(
        &mut self,
        from: &mut dyn BufRead,
        each: impl FnMut(Record),
    ) -> io::Result<bool> {
        let room = MAX_LINE.saturating_sub(self.line.len()) as u64;
        let read = from.take(room).read_until(b'\n', &mut self.line)? as u64;
        self.read += read;
        if self.beginning.is_none() && self.read == self.line.len() as u64 {
            self.beginning = beginning(&self.line);
        }
        if self.line.ends_with(b"\n") {
            self.end_line(each);
            self.skips = false;
            return Ok(true);
        }
        if read < room {
            return Ok(false);
        }
        // A terminal shows what follows the last carriage return.
        let last = self.line.iter().rposition(|byte| *byte == b'\r');
        match last.filter(|at| (1..self.line.len() - 1).contains(at)) {
            Some(at) => drop(self.line.drain(..=at)),
            None => {
                self.end_line(each);
                self.skips = true;
            }
        }
        Ok(true)
    }

    /// The last record is complete for now.
    pub(super) fn flush(&mut self, each: impl FnMut(Record)) {
        self.splitter.flush().into_iter().for_each(each);
    }

    /// Nothing more follows: the last line needs no line feed.
    pub fn finish(&mut self, mut each: impl FnMut(Record)) {
        if !self.line.is_empty() {
            self.end_line(&mut each);
        }
        self.flush(each);
    }

    fn end_line(&mut self, each: impl FnMut(Record)) {
        if !self.skips {
            let line = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
            self.splitter.line(&String::from_utf8_lossy(line), each);
        }
        self.line.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(tail: &mut Tail, mut text: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        while tail.next_line(&mut text, |it| found.push(it.text)).unwrap() {}
        tail.flush(|it| found.push(it.text));
        found
    }

    #[test]
    fn a_line_is_read_once_its_end_is_there() {
        let mut tail = Tail::default();
        assert_eq!(
            read(&mut tail, b"26/11/21 04:55:07 INFO A: b\n\tat"),
            ["26/11/21 04:55:07 INFO A: b"]
        );
        assert_eq!((read(&mut tail, b""), tail.read()), (Vec::new(), 31));
        assert_eq!(read(&mut tail, b" x\nlast"), ["\tat x"]);
        let mut rest = Vec::new();
        tail.finish(|record| rest.push(record.text));
        assert_eq!(rest, ["last"]);
    }

    #[test]
    fn long_lines_are_bounded_and_what_follows_them_is_read() {
        let mut tail = Tail::default();
        let long = [&b"x".repeat(5 * MAX_LINE)[..], b"\nnext\n"].concat();
        let found = read(&mut tail, &long);
        assert!(found[0].len() <= MAX_LINE && found[0].starts_with("xxx"));
        assert_eq!(found[1..], ["next"]);
        let bars = b"[Stage 1:=====>   (3 + 4) / 8]\r".repeat(9_999);
        let found = read(
            &mut tail,
            &[&bars[..], b"26/11/21 04:55:07 INFO A: b\n"].concat(),
        );
        assert_eq!(found, ["26/11/21 04:55:07 INFO A: b"]);
    }
}
