//! Counters in what a step prints: `pass 7 of 30`, `epoch 7/30`.

use crate::model::job_now::Basis;
use std::collections::BTreeMap;

/// The most counters of a step that are kept.
const MAX_COUNTERS: usize = 16;

/// The most numbers of a counter that are kept. When there are more, every other one is dropped.
const MAX_SEEN: usize = 64;

/// The most that a counter counts to: larger numbers are sizes or records.
const MAX_TOTAL: u64 = 1_000_000;

/// The most characters of a line that are searched.
const MAX_LINE: usize = 400;

/// The counters that a step has printed, by the words around them and what they count to.
#[derive(Debug, Clone, Default)]
pub(super) struct Counters(BTreeMap<(String, u64), Counter>);

/// A counter: its numbers, with the times at which they were seen first.
#[derive(Debug, Clone)]
struct Counter {
    first: Seen,
    /// In rising order, the first included until there are many.
    seen: Vec<Seen>,
    /// Whether it began again: a loop within another loop.
    is_inner: bool,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    number: u64,
    at_ms: u64,
}

impl Counters {
    /// Reads the last lines that a step has printed, which may have been read before.
    pub(super) fn read<'a>(&mut self, lines: impl Iterator<Item = &'a str>, at_ms: u64) {
        let mut latest = BTreeMap::new();
        for line in lines {
            if let Some((words, number, of)) = find(line) {
                latest.insert((words, of), number);
            }
        }
        for (key, number) in latest {
            let seen = Seen { number, at_ms };
            if let Some(counter) = self.0.get_mut(&key) {
                counter.note(seen);
            } else if self.0.len() < MAX_COUNTERS {
                let new = Counter {
                    first: seen,
                    seen: vec![seen],
                    is_inner: false,
                };
                self.0.insert(key, new);
            }
        }
    }

    /// About how many milliseconds the step still takes, by the counter that takes longest.
    pub(super) fn left_ms(&self, now_ms: u64) -> Option<(u64, Basis)> {
        let outer = || self.0.iter().filter(|(_, counter)| !counter.is_inner);
        let timed = outer().filter_map(|((_, of), counter)| {
            let each = counter.each_ms()?;
            let left = counter.left_ms(each, *of, now_ms);
            Some((left, each.saturating_mul(*of), *of, counter.last().number))
        });
        let (left, whole, of, done) = timed.max()?;
        // A counter that has only begun may count the loop around this one.
        let is_around = |(key, counter): (&(String, u64), &Counter)| {
            let age = now_ms.saturating_sub(counter.first.at_ms);
            counter.each_ms().is_none() && counter.last().number < key.1 && age <= whole
        };
        let is_last = done >= of;
        (!is_last && !outer().any(is_around)).then_some((left, Basis::Printed { done, of }))
    }
}

impl Counter {
    fn last(&self) -> Seen {
        self.seen.last().copied().unwrap_or(self.first)
    }

    fn note(&mut self, seen: Seen) {
        let last = self.last();
        self.is_inner |= seen.number < last.number;
        if seen.number <= last.number {
            return;
        }
        if self.seen.len() >= MAX_SEEN {
            let mut index = 0;
            self.seen.retain(|_| {
                index += 1;
                index % 2 == 0
            });
        }
        self.seen.push(seen);
    }

    /// How many milliseconds a number takes, by the later half of them, since the first ones are slow:
    /// Spark's code is compiled and its workers start. `None` before two have passed.
    fn each_ms(&self) -> Option<u64> {
        let last = self.last();
        let half = self.first.number.midpoint(last.number);
        let mut later = self.seen.iter().filter(|seen| seen.number >= half);
        let from = later.next()?;
        let passed = last.number.checked_sub(from.number)?;
        let all = last.number.checked_sub(self.first.number)?;
        let took = last.at_ms.saturating_sub(from.at_ms);
        (all >= 2).then(|| took.checked_div(passed)).flatten()
    }

    fn left_ms(&self, each: u64, of: u64, now_ms: u64) -> u64 {
        let last = self.last();
        let rest = of.saturating_sub(last.number).saturating_mul(each);
        rest.saturating_sub(now_ms.saturating_sub(last.at_ms))
    }
}

/// The counter in a line: the words around it, its number, and what it counts to.
fn find(line: &str) -> Option<(String, u64, u64)> {
    let line: String = line.chars().take(MAX_LINE).collect();
    let mut rest = line.as_str();
    let mut before = None;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (head, tail) = rest.split_at(start);
        let before_number = head.chars().next_back().or(before);
        let (number, tail) = digits(tail);
        if let Some((of, after)) = total(tail)
            && !before_number.is_some_and(joins)
            && let (Ok(number), Ok(of)) = (number.parse::<u64>(), of.parse::<u64>())
            && (2..=MAX_TOTAL).contains(&of)
            && number <= of
            && !is_more(after)
        {
            return Some((words(&line), number, of));
        }
        before = number.chars().next_back();
        rest = tail;
    }
    None
}

fn digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit());
    text.split_at(end.unwrap_or(text.len()))
}

/// The total after a number, and what follows it.
fn total(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start_matches(' ');
    let marks = ["/", "of ", "out of "];
    let after = marks.iter().find_map(|mark| text.strip_prefix(mark))?;
    let (of, after) = digits(after.trim_start_matches(' '));
    (!of.is_empty()).then_some((of, after))
}

/// Whether a character before a number makes it a part of a date, a path or a fraction.
fn joins(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | ':' | '_' | '$' | ',')
}

/// Whether what follows a total makes it a part of one.
fn is_more(after: &str) -> bool {
    let mut next = after.chars();
    match next.next() {
        Some('/' | '_') => true,
        Some('.' | ',' | '-' | ':') => next.next().is_some_and(|c| c.is_ascii_digit()),
        Some(c) => c.is_alphanumeric(),
        None => false,
    }
}

/// The words of a line: two numbers of one counter differ only in digits.
fn words(line: &str) -> String {
    let letters = line.chars().filter(|c| c.is_alphabetic());
    letters.take(12).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_found_and_other_numbers_are_not() {
        for (line, found) in [
            ("pass 7 of 30", Some((7, 30))),
            ("pass 7 of 30: rmse 0.91", Some((7, 30))),
            ("epoch 7/30 done", Some((7, 30))),
            ("[ 7 / 30 ] fit", Some((7, 30))),
            ("took 3.5 s, iteration 7 out of 30.", Some((7, 30))),
            ("0/4", Some((0, 4))),
            ("26/11/21 04:31:24 INFO A: b", None),
            ("2026/11/21", None),
            ("3/4.5", None),
            ("saved a/1/30", None),
            ("loss 0.1 of 30", None),
            ("40/30", None),
            ("1/1", None),
            ("7 of 99999999999999999999999", None),
            ("v1/2x", None),
            ("done", None),
            ("", None),
        ] {
            let found_here = find(line).map(|(_, number, of)| (number, of));
            assert_eq!(found_here, found, "{line}");
        }
    }

    /// Prints each line at its second, and returns what is left then.
    fn left(lines: &[(u64, &str)], now: u64) -> Option<u64> {
        let mut counters = Counters::default();
        for (at, line) in lines {
            counters.read([*line].into_iter(), at * 1_000);
        }
        Some(counters.left_ms(now * 1_000)?.0 / 1_000)
    }

    #[test]
    fn a_counter_tells_the_time_that_is_left() {
        let lines = [
            (10, "pass 1 of 5"),
            (12, "pass 2 of 5"),
            (14, "pass 3 of 5"),
        ];
        assert_eq!(left(&lines[..2], 12), None, "two passes are too few");
        assert_eq!(left(&lines, 14), Some(4));
        assert_eq!(left(&lines, 15), Some(3));
        assert_eq!(left(&lines, 30), Some(0));
        let last = [&lines[..], &[(18, "pass 5 of 5")]].concat();
        assert_eq!(left(&last, 18), None, "nothing counts what follows");
    }

    #[test]
    fn a_loop_within_a_loop_is_not_the_whole() {
        let inner: Vec<_> = [
            (1, "epoch 1/4"),
            (2, "batch 1/9"),
            (3, "batch 2/9"),
            (4, "batch 3/9"),
        ]
        .to_vec();
        assert_eq!(left(&inner, 4), None);
        let next = [
            (11, "batch 9/9"),
            (12, "epoch 2/4"),
            (13, "batch 1/9"),
            (23, "epoch 3/4"),
        ];
        let both = [&inner[..], &next].concat();
        assert_eq!(left(&both, 23), Some(11));
    }

    #[test]
    fn a_counter_that_stands_still_does_not_hide_another_for_ever() {
        let files = (1, "loaded 2 of 3 files");
        let passes = [(2, "pass 1 of 9"), (3, "pass 2 of 9"), (4, "pass 3 of 9")];
        let later = [(12, "pass 4 of 9")];
        let all = [&[files], &passes[..]].concat();
        assert_eq!(left(&all, 4), None);
        let all = [&all[..], &later].concat();
        assert_eq!(left(&all, 60), Some(0));
    }
}
