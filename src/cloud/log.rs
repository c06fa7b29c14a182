//! Limits how much of a log is read: a job may write any amount, and a compressed file may unpack
//! to far more than its size.

pub(super) mod excerpt;
mod folder;
mod listing;

pub use excerpt::of_stream as read_log;
pub use folder::FolderLogs;
pub use listing::LogListing;
pub(super) use listing::LoggedStep;

use std::io::{self, Read};

/// The most that is read of a log, in bytes.
pub(super) const MAX_BYTES: u64 = 256 << 20;

/// Appended to a log that was cut off.
const CUT: &[u8] = b"\nclusterup: the rest of this log is not read\n";

/// Reads up to `max` bytes. If reading fails, returns what was read until then, or the error if
/// that is nothing.
pub(super) fn read(from: impl Read, max: u64) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let read = from.take(max.saturating_add(1)).read_to_end(&mut text);
    match read {
        Err(error) if text.is_empty() => Err(error),
        Ok(_) | Err(_) if text.len() as u64 > max => {
            text.pop();
            Ok(cut(text))
        }
        Ok(_) | Err(_) => Ok(text),
    }
}

/// Appends the notice that the log was cut off.
pub(super) fn cut(mut text: Vec<u8>) -> Vec<u8> {
    text.extend_from_slice(CUT);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::read::MultiGzDecoder;
    use flate2::write::GzEncoder;
    use std::io::Write;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut packing = GzEncoder::new(Vec::new(), Compression::best());
        packing.write_all(text).unwrap();
        packing.finish().unwrap()
    }

    fn unpacked(packed: &[u8]) -> io::Result<Vec<u8>> {
        read(MultiGzDecoder::new(packed), 10)
    }

    #[test]
    fn no_more_than_the_limit_is_read() {
        for bytes in [0, 1, 9, 10, 11, 1 << 22] {
            let text = unpacked(&packed(&vec![b'x'; bytes])).unwrap();
            assert_eq!(text.iter().filter(|b| **b == b'x').count(), bytes.min(10));
            assert_eq!(text.ends_with(CUT), bytes > 10, "{bytes}");
        }
        assert!(read(io::repeat(b'x'), 10).unwrap().ends_with(CUT));
    }

    #[test]
    fn the_readable_part_of_a_broken_file_is_read() {
        let half = packed(b"a line\n");
        assert_eq!(unpacked(&half[..half.len() - 6]).unwrap(), b"a line\n");
        assert!(unpacked(b"none").is_err());
    }
}
