//! Folders of many logs, as EMR uploads them.

use super::*;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs;
use std::io::Write;
use std::path::Path;

fn packed(text: &str) -> Vec<u8> {
    let mut packing = GzEncoder::new(Vec::new(), Compression::fast());
    packing.write_all(text.as_bytes()).unwrap();
    packing.finish().unwrap()
}

fn log(folder: &Path, name: &str, content: &[u8]) -> (LogFile, Tail) {
    let path = folder.join(name);
    fs::write(&path, content).unwrap();
    (LogFile::given(path), Tail::default())
}

/// A record of each second from the first, every `step` seconds.
fn records(source: usize, step: usize, count: usize) -> String {
    let line = |n: usize| {
        let at = source + n * step;
        let (hour, minute, second) = (at / 3600, at / 60 % 60, at % 60);
        let detail = "\tat a.B.c(B.scala:7)\n".repeat(n % 3);
        format!("26/11/21 {hour:02}:{minute:02}:{second:02} INFO A: {at}\n{detail}")
    };
    (0..count).map(line).collect()
}

/// All records, each with the index of its log.
fn all(merged: &mut MergedLogs) -> Vec<(usize, Record)> {
    std::iter::from_fn(|| next(merged)).collect()
}

fn next(merged: &mut MergedLogs) -> Option<(usize, Record)> {
    loop {
        match merged.next_read() {
            Next::Record(source, record) => return Some((source, record)),
            Next::Unread => assert!(merged.wait(Duration::from_secs(9))),
            Next::End => return None,
        }
    }
}

#[test]
fn any_number_of_logs_are_one_stream_in_the_order_of_time() {
    for count in [1, 3, MAX_OPEN + 44] {
        let folder = tempfile::tempdir().unwrap();
        let mut logs = Vec::new();
        for source in 0..count {
            let text = records(source, count, 60);
            // Of two members, as a log is that EMR appended to.
            let (head, tail) = text.split_at(text.len() / 2);
            let content = if source % 2 == 0 {
                [packed(head), packed(tail)].concat()
            } else {
                text.into_bytes()
            };
            logs.push(log(folder.path(), &source.to_string(), &content));
        }
        let mut merged = MergedLogs::read(logs, &Filter::default(), false).unwrap();
        let found = all(&mut merged);
        let first = |text: &str| {
            text.lines()
                .next()
                .unwrap()
                .rsplit(' ')
                .next()
                .unwrap()
                .to_owned()
        };
        let numbers: Vec<String> = found.iter().map(|(_, it)| first(&it.text)).collect();
        let expected: Vec<String> = (0..60 * count).map(|n| n.to_string()).collect();
        assert_eq!(numbers, expected, "{count} logs");
        let ended = merged.finish();
        assert!(
            ended
                .iter()
                .all(|it| it.problem.is_none() && it.tail.read() > 0)
        );
    }
}

#[test]
fn broken_and_missing_logs_end_the_others_do_not() {
    let folder = tempfile::tempdir().unwrap();
    let whole = records(0, 1, 5_000);
    let broken = packed(&whole);
    let missing = LogFile::given(folder.path().join("none"));
    let logs = vec![
        log(folder.path(), "a", &broken[..broken.len() / 2]),
        (missing, Tail::default()),
        log(folder.path(), "b", records(9, 1, 3).as_bytes()),
        log(folder.path(), "empty", b""),
        log(folder.path(), "garbage", &[0x1f, 0x8b, 1, 2, 3]),
    ];
    let mut merged = MergedLogs::read(logs, &Filter::default(), false).unwrap();
    let found = all(&mut merged);
    let of = |source: usize| found.iter().filter(|(it, _)| *it == source).count();
    assert!(of(0) > 100 && of(2) == 3, "{} {}", of(0), of(2));
    let problems = merged.finish().into_iter().map(|it| it.problem.is_some());
    let problems: Vec<bool> = problems.collect();
    assert_eq!(problems, [true, true, false, false, true]);
}

#[test]
fn only_what_the_filter_accepts_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let texts = [records(0, 2, 40_000), records(1, 2, 40_000)];
    let logs = texts.iter().enumerate();
    let logs = logs.map(|(n, text)| log(folder.path(), &n.to_string(), &packed(text)));
    let filter = Filter::new(Some("A: 7777.$"), false).unwrap();
    let mut merged = MergedLogs::read(logs.collect(), &filter, false).unwrap();
    assert_eq!(all(&mut merged).len(), 10);
}

#[test]
fn reading_goes_on_where_a_log_was_left() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let read = |content: &[u8], tail: Tail| {
        fs::write(&path, content).unwrap();
        let logs = vec![(LogFile::given(path.clone()), tail)];
        let mut merged = MergedLogs::read(logs, &Filter::default(), true).unwrap();
        let found = all(&mut merged).into_iter().map(|(_, it)| it.text);
        let found: Vec<String> = found.collect();
        (found, merged.finish().remove(0).tail)
    };
    let (first, second) = ("26/11/21 04:55:07 INFO A: b", "26/11/21 04:55:08 INFO A: c");
    for pack in [packed, |text: &str| text.as_bytes().to_vec()] {
        let (found, tail) = read(&pack(&format!("{first}\n26/11")), Tail::default());
        assert_eq!(found, [first]);
        let (found, tail) = read(&pack(&format!("{first}\n{second}\n")), tail);
        assert_eq!(found, [second]);
        // Another log has taken its place.
        let (found, tail) = read(&pack("other\n"), tail);
        assert_eq!(found, ["other"]);
        assert_eq!(read(&pack("other\n"), tail).0, [""; 0]);
    }
}

#[test]
fn what_continues_an_accepted_record_is_shown_once_it_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let filter = Filter::new(Some("broken"), false).unwrap();
    let head = "26/11/21 04:55:07 ERROR A: broken\n";
    let read = |content: &str, tail: Tail| {
        let (file, _) = log(folder.path(), "log", content.as_bytes());
        let mut merged = MergedLogs::read(vec![(file, tail)], &filter, true).unwrap();
        let found = all(&mut merged).into_iter().map(|(_, it)| it.text);
        let found: Vec<String> = found.collect();
        (found, merged.finish().remove(0).tail)
    };
    let (found, tail) = read(head, Tail::default());
    assert_eq!(found, [head.trim_end()]);
    let grown = format!("{head}\tat a.B.c(B.scala:7)\n26/11/21 04:55:08 INFO A: c\n\tmore\n");
    assert_eq!(read(&grown, tail).0, ["\tat a.B.c(B.scala:7)"]);
    // A record that is longer than what is kept of one.
    let long = format!("{head}{}", "\tat a.B.c(B.scala:7)\n".repeat(9_000));
    let (found, _) = read(&long, Tail::default());
    assert_eq!(
        found.iter().map(|it| it.len() + 1).sum::<usize>(),
        long.len()
    );
}
