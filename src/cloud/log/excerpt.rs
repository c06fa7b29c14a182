//! The head and the tail of a log: its beginning has the settings and the first error, its end what
//! came of it.

use crate::model::evidence::Section;
use flate2::bufread::MultiGzDecoder;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom};

/// How much of the beginning is kept, in bytes.
const HEAD: usize = 4 << 20;

/// How much of the end is kept, in bytes.
const TAIL: usize = 12 << 20;

/// How much of a compressed log is unpacked, in bytes: some seconds.
const MAX_UNPACKED: u64 = 4 << 30;

/// The sizes of the parts that are kept, in bytes.
#[derive(Clone, Copy)]
struct Sizes {
    head: usize,
    tail: usize,
}

const SIZES: Sizes = Sizes {
    head: HEAD,
    tail: TAIL,
};

/// Reads a log of a file, which may be compressed. The middle of a long one is not read, unless it
/// is compressed.
pub(in crate::cloud) fn of_file(file: impl Read + Seek) -> io::Result<Vec<Section>> {
    of_seekable(file, SIZES)
}

/// Reads a log from its beginning to its end. It may be compressed. If reading fails on the way,
/// returns what was read until then.
///
/// # Errors
/// Returns an error if nothing can be read.
pub fn of_stream(from: impl Read) -> io::Result<Vec<Section>> {
    let mut from = BufReader::new(from);
    if is_packed(&mut from)? {
        return streamed(MultiGzDecoder::new(from).take(MAX_UNPACKED), SIZES);
    }
    streamed(from.take(MAX_UNPACKED), SIZES)
}

fn of_seekable(file: impl Read + Seek, sizes: Sizes) -> io::Result<Vec<Section>> {
    let mut file = BufReader::new(file);
    if is_packed(&mut file)? {
        return streamed(MultiGzDecoder::new(file).take(MAX_UNPACKED), sizes);
    }
    let length = file.seek(SeekFrom::End(0))?;
    file.rewind()?;
    let kept = (sizes.head + sizes.tail) as u64;
    if length <= kept {
        return streamed(file.take(kept), sizes);
    }
    let mut head = Vec::new();
    (&mut file).take(sizes.head as u64).read_to_end(&mut head)?;
    file.seek(SeekFrom::Start(length - sizes.tail as u64))?;
    let mut tail = Vec::new();
    file.take(sizes.tail as u64).read_to_end(&mut tail)?;
    let begin = after_line(&tail);
    Ok(vec![
        section(Some(1), whole_lines(&head)),
        section(None, &tail[begin..]),
    ])
}

/// Whether a stream begins as gzip does (RFC 1952, 2.3.1).
pub(super) fn is_packed(from: &mut impl BufRead) -> io::Result<bool> {
    loop {
        match from.fill_buf() {
            Ok(begin) => return Ok(begin.starts_with(&[0x1f, 0x8b])),
            // Standard input: nothing is written to it yet.
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}

fn streamed(mut from: impl Read, sizes: Sizes) -> io::Result<Vec<Section>> {
    let mut head = Vec::new();
    let first = (&mut from).take(sizes.head as u64).read_to_end(&mut head);
    if let Err(error) = first {
        return if head.is_empty() {
            Err(error)
        } else {
            Ok(vec![section(Some(1), &head)])
        };
    }
    // Lines that have left the tail.
    let mut passed = lines(&head);
    let mut is_cut = false;
    let mut tail = Vec::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            // EMR may still be writing it.
            Err(_) => break,
        };
        tail.extend_from_slice(&buffer[..read]);
        if tail.len() >= 2 * sizes.tail {
            let gone = tail.len() - sizes.tail;
            passed += lines(&tail[..gone]);
            tail.drain(..gone);
            is_cut = true;
        }
    }
    if !is_cut && tail.len() <= sizes.tail {
        head.extend_from_slice(&tail);
        return Ok(vec![section(Some(1), &head)]);
    }
    let gone = tail.len().saturating_sub(sizes.tail);
    let begin = gone + after_line(&tail[gone..]);
    passed += lines(&tail[..begin]);
    Ok(vec![
        section(Some(1), whole_lines(&head)),
        section(Some(passed + 1), &tail[begin..]),
    ])
}

fn section(first_line: Option<u64>, text: &[u8]) -> Section {
    Section {
        first_line,
        text: String::from_utf8_lossy(text).into_owned(),
    }
}

fn lines(text: &[u8]) -> u64 {
    text.iter().filter(|byte| **byte == b'\n').count() as u64
}

/// The text without its last line, if that is not complete.
fn whole_lines(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|byte| *byte == b'\n');
    end.map_or(text, |end| &text[..=end])
}

/// Where the first line begins whose beginning is there.
fn after_line(text: &[u8]) -> usize {
    let end = text.iter().position(|byte| *byte == b'\n');
    end.map_or(0, |end| end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::{Cursor, Write};

    const SMALL: Sizes = Sizes {
        head: 100,
        tail: 200,
    };

    fn log(lines: usize) -> Vec<u8> {
        let line = |n: usize| format!("line {n}\n");
        (1..=lines).map(line).collect::<String>().into_bytes()
    }

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut packing = GzEncoder::new(Vec::new(), Compression::fast());
        packing.write_all(text).unwrap();
        packing.finish().unwrap()
    }

    /// Each line of a section has the number that its text says.
    fn check(sections: &[Section]) {
        for section in sections {
            for (n, line) in (section.first_line.unwrap_or(0)..).zip(section.text.lines()) {
                if section.first_line.is_some() {
                    assert_eq!(line, format!("line {n}"));
                }
            }
        }
    }

    #[test]
    fn a_short_log_is_one_section_and_a_long_one_its_head_and_tail() {
        for count in [0, 1, 10, 30, 34, 35, 50, 60, 100, 5_000] {
            let text = log(count);
            let plain = of_seekable(Cursor::new(text.clone()), SMALL).unwrap();
            let gz = of_seekable(Cursor::new(packed(&text)), SMALL).unwrap();
            let is_whole = text.len() <= SMALL.head + SMALL.tail;
            for found in [&plain, &gz] {
                check(found);
                assert_eq!(found.len(), if is_whole { 1 } else { 2 }, "{count}");
                let end = &found.last().unwrap().text;
                assert!(
                    text.ends_with(end.as_bytes()) && end.len() <= 300,
                    "{count}"
                );
            }
            if !is_whole {
                assert_eq!(plain[1].first_line, None);
                assert!(gz[1].first_line.is_some() && gz[1].text == plain[1].text);
            }
        }
    }

    #[test]
    fn what_is_broken_is_read_as_far_as_it_goes() {
        let text = [log(5), vec![0xff, 0xfe, b'\n']].concat();
        let found = of_stream(text.as_slice()).unwrap();
        assert!(found[0].text.ends_with("line 5\n\u{fffd}\u{fffd}\n"));
        let half = packed(&log(1_000));
        let found = of_stream(&half[..half.len() - 9]).unwrap();
        assert!(found[0].text.starts_with("line 1\n"));
        assert_eq!(of_stream(&b""[..]).unwrap()[0].text, "");
    }
}
