//! How much of a log is read: a job writes as much as it likes, and what is packed may become very
//! much.

use std::io::{self, Read};

/// In bytes.
pub(super) const MOST: u64 = 256 << 20;

/// What is said at the end of a log of which not all is read.
const CUT: &[u8] = b"\nclusterup: the rest of this log is not read\n";

/// What there is to read, and no more than `most` bytes of it. Where reading ends in an error, what
/// came before it; the error where nothing did.
pub(super) fn read(from: impl Read, most: u64) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let read = from.take(most.saturating_add(1)).read_to_end(&mut text);
    match read {
        Err(error) if text.is_empty() => Err(error),
        Ok(_) | Err(_) if text.len() as u64 > most => {
            text.pop();
            Ok(cut(text))
        }
        Ok(_) | Err(_) => Ok(text),
    }
}

/// Says that there is more.
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
    fn no_more_is_read_than_was_said() {
        for bytes in [0, 1, 9, 10, 11, 1 << 22] {
            let text = unpacked(&packed(&vec![b'x'; bytes])).unwrap();
            assert_eq!(text.iter().filter(|b| **b == b'x').count(), bytes.min(10));
            assert_eq!(text.ends_with(CUT), bytes > 10, "{bytes}");
        }
        assert!(read(io::repeat(b'x'), 10).unwrap().ends_with(CUT));
    }

    #[test]
    fn what_is_whole_is_read() {
        let half = packed(b"a line\n");
        assert_eq!(unpacked(&half[..half.len() - 6]).unwrap(), b"a line\n");
        assert!(unpacked(b"none").is_err());
    }
}
