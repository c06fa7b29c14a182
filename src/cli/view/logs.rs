//! Records of logs: each line after the short name of its log; or in JSON.

use crate::app::document::{Document, document};
use crate::app::logs::Shown;
use std::fmt::Write;

/// Adds the lines of a record, with their line ends.
pub(in crate::cli) fn write(text: &mut String, shown: &Shown<'_>) {
    let Shown { source, width, .. } = shown;
    for line in shown.record.text.split('\n') {
        let line = line.trim_end();
        // Writing to a string never fails.
        let _ = if line.is_empty() {
            writeln!(text, "{source}")
        } else {
            writeln!(text, "{source:<width$}  {line}")
        };
    }
}

/// A record in JSON.
pub(in crate::cli) fn document(shown: &Shown<'_>) -> Document {
    let record = shown.record;
    let time = record
        .time
        .map(|time| time.format("%Y-%m-%dT%H:%M:%S%.3f").to_string());
    document!({
        "time": time,
        "level": record.severity,
        "source": shown.source,
        "log": shown.log,
        "text": record.text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::records::Record;

    #[test]
    fn each_line_is_after_the_name_of_its_log() {
        let record = Record {
            time: None,
            severity: None,
            block: None,
            text: "26/11/21 04:31:24 ERROR A: b\n\n\tat a.B.c(B.scala:7)".to_owned(),
        };
        let shown = Shown {
            source: "driver",
            width: 10,
            log: "steps/01-load/stderr",
            record: &record,
        };
        let mut text = String::new();
        write(&mut text, &shown);
        let expected =
            "driver      26/11/21 04:31:24 ERROR A: b\ndriver\ndriver      \tat a.B.c(B.scala:7)\n";
        assert_eq!(text, expected);
        assert_eq!(document(&shown)["time"], Document::Null);
    }
}
