//! How far a log was read, so that reading goes on there when it has grown.

use super::file::beginning;
use crate::diagnose::records::{Accepted, Filter, Record, Splitter};
use std::io::{self, BufRead, Read};

/// The longest line that is kept until its end, in bytes. Of a longer one its beginning is shown, or
/// its end if progress bars fill it.
const MAX_LINE: usize = 64 << 10;

/// How far a log was read.
#[derive(Debug, Clone, Default)]
pub struct Tail {
    splitter: Splitter,
    accepted: Accepted,
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

    /// Reads the next line, and passes on what the filter accepts; false if there is no complete line
    /// now. Reading can go on after an error.
    pub(super) fn next_line(
        &mut self,
        from: &mut dyn BufRead,
        filter: &Filter,
        each: impl FnMut(Record),
    ) -> io::Result<bool> {
        let before = self.line.len();
        let room = MAX_LINE.saturating_sub(before) as u64;
        let result = from.take(room).read_until(b'\n', &mut self.line);
        let read = (self.line.len() - before) as u64;
        self.read += read;
        result?;
        if self.beginning.is_none() && self.read == self.line.len() as u64 {
            self.beginning = beginning(&self.line);
        }
        if self.line.ends_with(b"\n") {
            self.end_line("", filter, each);
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
                self.end_line("…", filter, each);
                self.skips = true;
            }
        }
        Ok(true)
    }

    /// The last record is complete for now.
    pub(super) fn flush(&mut self, filter: &Filter, each: impl FnMut(Record)) {
        let open = self.splitter.flush().into_iter();
        open.filter(|record| filter.accepts(record, &mut self.accepted))
            .for_each(each);
    }

    /// Nothing more follows: the last line needs no line feed.
    pub fn finish(&mut self, filter: &Filter, mut each: impl FnMut(Record)) {
        if !self.line.is_empty() {
            self.end_line("", filter, &mut each);
        }
        self.flush(filter, each);
    }

    /// `mark` is what follows the line if the rest of it is left out.
    fn end_line(&mut self, mark: &str, filter: &Filter, mut each: impl FnMut(Record)) {
        if !self.skips {
            let line = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
            let mut line = String::from_utf8_lossy(line);
            if !mark.is_empty() {
                // A character may be cut in two.
                let whole = line.trim_end_matches(char::REPLACEMENT_CHARACTER);
                line = format!("{whole}{mark}").into();
            }
            self.splitter.line(&line, |record| {
                if filter.accepts(&record, &mut self.accepted) {
                    each(record);
                }
            });
        }
        self.line.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufReader, ErrorKind};

    fn read(tail: &mut Tail, mut text: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        let all = Filter::default();
        let mut each = |it: Record| found.push(it.text);
        while tail.next_line(&mut text, &all, &mut each).unwrap() {}
        tail.flush(&all, &mut each);
        found
    }

    /// A reader that has nothing for the moment, wherever its content is cut.
    struct Pausing<'a>(&'a [u8], bool);

    impl Read for Pausing<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(ErrorKind::WouldBlock.into());
            }
            let length = buffer.len().min(7);
            self.0.read(&mut buffer[..length])
        }
    }

    #[test]
    fn reading_goes_on_after_a_pause_within_a_line() {
        let text = "26/11/21 04:55:07 INFO A: b\n".repeat(9);
        let mut from = BufReader::new(Pausing(text.as_bytes(), false));
        let (mut tail, mut lines) = (Tail::default(), 0);
        loop {
            let each = |record: Record| {
                lines += 1;
                assert_eq!(record.text, "26/11/21 04:55:07 INFO A: b");
            };
            match tail.next_line(&mut from, &Filter::default(), each) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        }
        assert_eq!((lines, tail.read()), (8, text.len() as u64));
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
        tail.finish(&Filter::default(), |record| rest.push(record.text));
        assert_eq!(rest, ["last"]);
    }

    #[test]
    fn long_lines_are_bounded_and_what_follows_them_is_read() {
        let mut tail = Tail::default();
        let long = [&b"x".repeat(5 * MAX_LINE)[..], b"\nnext\n"].concat();
        let found = read(&mut tail, &long);
        let mark = "…";
        assert_eq!(found[0].len(), MAX_LINE + mark.len());
        assert!(found[0].starts_with("xxx") && found[0].ends_with(mark));
        assert_eq!(found[1..], ["next"]);
        let bars = b"[Stage 1:=====>   (3 + 4) / 8]\r".repeat(9_999);
        let found = read(
            &mut tail,
            &[&bars[..], b"26/11/21 04:55:07 INFO A: b\n"].concat(),
        );
        assert_eq!(found, ["26/11/21 04:55:07 INFO A: b"]);
    }
}
