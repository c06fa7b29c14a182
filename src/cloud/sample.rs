//! Samples the lines of a file: the same lines each time, spread over the whole file.

use crate::model::sample::Sample;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};

/// Copies the lines whose hash falls into the sample. Equal lines are all copied or all left out.
pub(super) fn sample_lines(
    from: &mut dyn Read,
    to: &mut dyn Write,
    sample: Sample,
) -> io::Result<()> {
    let mut from = BufReader::with_capacity(1 << 20, from);
    let mut to = BufWriter::new(to);
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line)? > 0 {
        if hash(&line) % 1_000_000 < u64::from(sample.millionths()) {
            to.write_all(&line)?;
        }
        line.clear();
    }
    to.flush()
}

/// FNV-1a, mixed so that the remainder depends on all bits.
fn hash(bytes: &[u8]) -> u64 {
    let fnv = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mixed = (fnv ^ (fnv >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    mixed ^ (mixed >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sampled(text: &str, share: &str) -> String {
        let mut out = Vec::new();
        sample_lines(&mut text.as_bytes(), &mut out, share.parse().unwrap()).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn takes_about_the_share_and_the_same_lines_each_time() {
        let text: String = (0..20_000)
            .map(|i| format!("{i}::{}::5\n", i % 97))
            .collect();
        let part = sampled(&text, "5%");
        let lines = part.lines().count();
        assert!((800..1_200).contains(&lines), "{lines}");
        assert_eq!(part, sampled(&text, "5%"));
        assert_eq!(sampled(&text, "100%"), text);
    }

    #[test]
    fn a_last_line_without_its_end_is_kept_as_it_is() {
        assert_eq!(sampled("a\nb", "100%"), "a\nb");
        assert_eq!(sampled("", "5%"), "");
    }
}
