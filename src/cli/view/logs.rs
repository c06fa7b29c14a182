//! Records of logs: each line after the short name of its log; or in JSON.

use crate::app::logs::Shown;
use crate::diagnose::records::Severity;
use serde::Serialize;
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
pub(in crate::cli) fn document(shown: &Shown<'_>) -> RecordDocument {
    let record = shown.record;
    let time = record
        .time
        .map(|time| time.format("%Y-%m-%dT%H:%M:%S%.3f").to_string());
    RecordDocument {
        time,
        level: record.severity,
        source: shown.source.to_owned(),
        log: shown.log.to_owned(),
        text: record.text.clone(),
    }
}

/// A record of a log.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(in crate::cli) struct RecordDocument {
    /// Its time as the log has it, in UTC on EMR.
    time: Option<String>,
    /// Its level.
    level: Option<Severity>,
    /// The short name of its log.
    source: String,
    /// The name of its log.
    log: String,
    /// All its lines.
    text: String,
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
        assert_eq!(document(&shown).time, None);
    }
}
