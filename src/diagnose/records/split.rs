//! Forms records of a log's lines.

use super::{Record, Severity};
use crate::diagnose::log::{Grouping, Header, Kind, each_shown};
use chrono::{NaiveDateTime, TimeDelta};

/// The length from which a record is cut into pieces, in bytes.
const MAX_RECORD: usize = 64 << 10;

/// The records of one log, line after line.
#[derive(Debug, Clone, Default)]
pub struct Splitter {
    grouping: Grouping,
    time: Option<NaiveDateTime>,
    /// The record that the next line may continue, and its block.
    open: Option<(usize, Record)>,
}

impl Splitter {
    /// Reads a line without its line feed, and passes the records that are complete to `each`.
    pub fn line(&mut self, line: &str, mut each: impl FnMut(Record)) {
        each_shown(line, |text| {
            if let Some(record) = self.shown(text) {
                each(record);
            }
        });
    }

    /// The record that is still open: nothing follows for now. What continues it later is a piece of
    /// its own.
    pub fn flush(&mut self) -> Option<Record> {
        self.open.take().map(|(_, record)| record)
    }

    fn shown(&mut self, text: &str) -> Option<Record> {
        let header = Header::read(text);
        let placed = self.grouping.place(text, header.as_ref());
        if let Some(header) = header
            && let Some(time) = header.time
        {
            self.time = Some(time + TimeDelta::milliseconds(header.millis.into()));
        }
        // What a program prints is not one record, however long it is.
        let continues = !placed.begins && placed.kind != Kind::Printed;
        if let Some((block, record)) = &mut self.open
            && continues
            && *block == placed.block
            && record.text.len() + text.len() < MAX_RECORD
        {
            record.text.push('\n');
            record.text.push_str(text);
            return None;
        }
        let record = Record {
            time: self.time,
            severity: Severity::of(placed.kind),
            block: (placed.kind != Kind::Printed).then_some(placed.block),
            text: text.to_owned(),
        };
        let before = self.open.replace((placed.block, record));
        before.map(|(_, record)| record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<Record> {
        let mut splitter = Splitter::default();
        let mut found = Vec::new();
        for line in text.lines() {
            splitter.line(line, |record| found.push(record));
        }
        found.extend(splitter.flush());
        found
    }

    /// Each record as its time's last part, its severity and its lines.
    fn in_words(text: &str) -> Vec<String> {
        let word = |record: &Record| {
            let time = record.time.map(|time| time.format("%S%.3f").to_string());
            let severity = serde_json::to_string(&record.severity).unwrap();
            let text = record.text.replace('\n', "/");
            format!("{} {severity} {text}", time.unwrap_or_default())
        };
        split(text).iter().map(word).collect()
    }

    #[test]
    fn a_record_is_a_line_with_a_time_and_what_continues_it() {
        let text = "\
before
any time
26/11/21 04:55:07 INFO A: b
2026-11-21 04:55:08,250 ERROR A: b
java.io.IOException: c
\tat a.B.c(B.scala:7)
{\"ts\":\"2026-11-21T04:55:09.5Z\",\"level\":\"WARN\",\"msg\":\"json\",\"logger\":\"L\"}
[Stage 1:>   (0 + 2) / 2]
[Stage 1:>   (1 + 2) / 2]26/11/21 04:55:10 INFO A: glued";
        let expected = [
            " null before",
            " null any time",
            "07.000 \"info\" 26/11/21 04:55:07 INFO A: b",
            "08.250 \"error\" 2026-11-21 04:55:08,250 ERROR A: b/java.io.IOException: c/\tat a.B.c(B.scala:7)",
            "09.000 \"warn\" 2026-11-21T04:55:09.5Z WARN L: json",
            "10.000 \"info\" 26/11/21 04:55:10 INFO A: glued",
        ];
        assert_eq!(in_words(text), expected);
    }

    #[test]
    fn a_traceback_that_records_interrupt_is_pieces_in_their_places() {
        let text = "\
26/11/21 04:55:07 INFO A: b
Traceback (most recent call last):
  File \"/data/job.py\", line 8, in <module>
26/11/21 04:55:08 INFO A: c
IndexError: list index out of range";
        let expected = [
            "07.000 \"info\" 26/11/21 04:55:07 INFO A: b",
            "07.000 \"error\" Traceback (most recent call last):/  File \"/data/job.py\", line 8, in <module>",
            "08.000 \"info\" 26/11/21 04:55:08 INFO A: c",
            "08.000 \"error\" IndexError: list index out of range",
        ];
        assert_eq!(in_words(text), expected);
    }

    #[test]
    fn no_record_is_longer_than_the_limit_and_nothing_of_it_is_lost() {
        let mut text = "26/11/21 04:55:07 ERROR A: b\n".to_owned();
        text.push_str(&"\tat a.B.c(B.scala:7)\n".repeat(20_000));
        let found = split(&text);
        assert!(found.len() > 1);
        assert!(found.iter().all(|it| it.text.len() <= MAX_RECORD));
        assert!(found.iter().all(|it| it.severity == Some(Severity::Error)));
        let texts: Vec<&str> = found.iter().map(|it| it.text.as_str()).collect();
        assert_eq!(texts.join("\n"), text.trim_end());
    }

    #[test]
    fn what_follows_a_flush_is_a_piece_of_the_same_record() {
        let mut splitter = Splitter::default();
        let none = |record| panic!("{record:?}");
        splitter.line("26/11/21 04:55:07 ERROR A: b", none);
        let first = splitter.flush().unwrap();
        splitter.line("\tat a.B.c(B.scala:7)", none);
        let second = splitter.flush().unwrap();
        assert_eq!(second.severity, Some(Severity::Error));
        assert!(first.block.is_some() && first.block == second.block);
        assert_eq!((second.time, splitter.flush()), (first.time, None));
    }
}
