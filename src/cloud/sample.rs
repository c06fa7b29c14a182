//! Samples the lines of a file: the same lines each time, spread over the whole file.

use crate::model::sample::Sampling;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};

/// Copies the lines whose hash falls into the sample, and the header. Equal lines are all copied or
/// all left out.
pub(super) fn sample_lines(
    from: &mut dyn Read,
    to: &mut dyn Write,
    sampling: Sampling,
) -> io::Result<()> {
    let mut from = BufReader::with_capacity(1 << 20, from);
    let mut to = BufWriter::new(to);
    let mut line = Vec::new();
    let mut is_header = sampling.header;
    while from.read_until(b'\n', &mut line)? > 0 {
        let is_kept = hash(&line) % 1_000_000 < u64::from(sampling.share.millionths());
        if std::mem::take(&mut is_header) || is_kept {
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
        part_of(text, share, false)
    }

    fn part_of(text: &str, share: &str, header: bool) -> String {
        let mut out = Vec::new();
        let share = share.parse().unwrap();
        sample_lines(&mut text.as_bytes(), &mut out, Sampling { share, header }).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_header_is_kept_once_whatever_the_share() {
        let rows: String = (0..2_000).map(|i| format!("{i},{}\n", i % 7)).collect();
        let text = format!("user,stars\n{rows}");
        let part = part_of(&text, "1%", true);
        assert!(
            part.starts_with("user,stars\n") && part.lines().count() < 60,
            "{part}"
        );
        assert_eq!(part.matches("user").count(), 1);
        let rest: String = part
            .lines()
            .skip(1)
            .map(|line| format!("{line}\n"))
            .collect();
        assert_eq!(
            rest,
            sampled(&rows, "1%"),
            "the other lines are the same as without it"
        );
        for (text, want) in [("", ""), ("a", "a"), ("a\n", "a\n"), ("\r\nb\n", "\r\n")] {
            assert_eq!(part_of(text, "0.0001%", true), want, "{text:?}");
        }
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
