//! Puts the records of several logs in the order of time.

use super::Record;
use chrono::NaiveDateTime;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// Merges sources as their records arrive. The records of one source stay in their order. Those
/// without a time come first; of records at the same time, those of the source that was named first.
#[derive(Debug)]
pub struct Merge {
    sources: Vec<Queue>,
    /// The time of each source's first record that waits, and the source's index.
    heads: BinaryHeap<Reverse<(Option<NaiveDateTime>, usize)>>,
    /// How many sources may have more records and have none here: their next one may be the first.
    missing: usize,
    /// The source whose promised records are due.
    due: Option<usize>,
}

#[derive(Debug, Default)]
struct Queue {
    records: VecDeque<Record>,
    has_ended: bool,
}

impl Merge {
    /// Begins to merge so many sources.
    pub fn new(sources: usize) -> Self {
        Self {
            sources: (0..sources).map(|_| Queue::default()).collect(),
            heads: BinaryHeap::new(),
            missing: sources,
            due: None,
        }
    }

    /// Adds the next records of a source, by its index.
    pub fn add(&mut self, source: usize, records: Vec<Record>) {
        let Some(queue) = self.sources.get_mut(source) else {
            return;
        };
        let was_empty = queue.records.is_empty();
        queue.records.extend(records);
        if let Some(first) = queue.records.front().filter(|_| was_empty) {
            self.heads.push(Reverse((first.time, source)));
            self.missing -= usize::from(!queue.has_ended);
        }
    }

    /// The first record of a source, which has none here, is of this time. It is read when its turn
    /// comes.
    pub fn promise(&mut self, source: usize, time: Option<NaiveDateTime>) {
        self.heads.push(Reverse((time, source)));
        self.missing -= 1;
    }

    /// The source whose promised records are due now, once.
    pub const fn take_due(&mut self) -> Option<usize> {
        self.due.take()
    }

    /// Nothing more comes from a source.
    pub fn end(&mut self, source: usize) {
        if let Some(queue) = self.sources.get_mut(source)
            && !queue.has_ended
        {
            queue.has_ended = true;
            self.missing -= usize::from(queue.records.is_empty());
        }
    }

    /// Whether a source has to be read before there is a next record.
    pub const fn is_waiting(&self) -> bool {
        self.missing > 0
    }

    /// How many records of a source are waiting.
    pub fn waiting(&self, source: usize) -> usize {
        let queue = self.sources.get(source);
        queue.map_or(0, |queue| queue.records.len())
    }

    /// The next record, and the index of its source; `None` if a source has to be read first, or at the
    /// end of all.
    pub fn next_record(&mut self) -> Option<(usize, Record)> {
        if self.is_waiting() {
            return None;
        }
        let Reverse((_, source)) = self.heads.pop()?;
        let queue = self.sources.get_mut(source)?;
        let Some(record) = queue.records.pop_front() else {
            self.missing += 1;
            self.due = Some(source);
            return None;
        };
        match queue.records.front() {
            Some(next) => self.heads.push(Reverse((next.time, source))),
            None => self.missing += usize::from(!queue.has_ended),
        }
        Some((source, record))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use proptest::prelude::*;

    fn record(second: Option<i64>, text: &str) -> Record {
        let time = second.and_then(|second| DateTime::from_timestamp(second, 0));
        Record {
            time: time.map(|time| time.naive_utc()),
            severity: None,
            block: None,
            text: text.to_owned(),
        }
    }

    fn taken(merge: &mut Merge) -> Vec<String> {
        std::iter::from_fn(|| merge.next_record())
            .map(|(source, record)| format!("{source}{}", record.text))
            .collect()
    }

    #[test]
    fn no_record_passes_one_that_may_still_come() {
        let mut merge = Merge::new(2);
        merge.add(0, vec![record(None, "a"), record(Some(5), "b")]);
        assert!(taken(&mut merge).is_empty() && merge.is_waiting());
        merge.add(1, vec![record(None, "c"), record(Some(4), "d")]);
        assert_eq!(taken(&mut merge), ["0a", "1c", "1d"]);
        merge.end(1);
        // More of the first one may be earlier than what another has.
        assert_eq!(
            (taken(&mut merge), merge.waiting(0)),
            (vec!["0b".to_owned()], 0)
        );
        assert!(merge.is_waiting());
        merge.end(0);
        merge.end(0);
        assert!(!merge.is_waiting() && merge.next_record().is_none());
    }

    #[test]
    fn promised_records_are_due_when_their_turn_comes() {
        let mut merge = Merge::new(2);
        merge.add(0, vec![record(Some(1), "a"), record(Some(3), "b")]);
        merge.end(0);
        merge.promise(1, record(Some(2), "c").time);
        assert_eq!(
            (taken(&mut merge), merge.take_due()),
            (vec!["0a".to_owned()], Some(1))
        );
        assert!(merge.is_waiting() && merge.take_due().is_none());
        merge.add(1, vec![record(Some(2), "c")]);
        merge.end(1);
        assert_eq!(taken(&mut merge), ["1c", "0b"]);
    }

    proptest! {
        #[test]
        fn whatever_the_pieces_the_result_is_the_sorted_whole(
            sources in prop::collection::vec(prop::collection::vec(0_i64..9, 0..12), 1..6),
            piece in 1_usize..4,
        ) {
            let mut merge = Merge::new(sources.len());
            let mut left: Vec<VecDeque<Record>> = Vec::new();
            let mut expected = Vec::new();
            for (source, times) in sources.iter().enumerate() {
                let mut times = times.clone();
                times.sort_unstable();
                let named = times.iter().enumerate();
                let records = named.map(|(n, at)| record(Some(*at), &format!(".{n}")));
                left.push(records.collect());
                let all = times.iter().enumerate();
                expected.extend(all.map(|(n, at)| (*at, source, n)));
            }
            expected.sort_unstable();
            let mut found = Vec::new();
            loop {
                found.extend(taken(&mut merge));
                if !merge.is_waiting() {
                    break;
                }
                for (source, left) in left.iter_mut().enumerate() {
                    if merge.waiting(source) > 0 {
                        continue;
                    }
                    let next: Vec<Record> = (0..piece).map_while(|_| left.pop_front()).collect();
                    if next.is_empty() {
                        merge.end(source);
                    } else {
                        merge.add(source, next);
                    }
                }
            }
            let expected: Vec<String> = (expected.into_iter())
                .map(|(_, source, n)| format!("{source}.{n}"))
                .collect();
            prop_assert_eq!(found, expected);
        }
    }
}
