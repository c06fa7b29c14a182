//! What earlier clusters of a stack say about its next.

use super::Record;
use super::report::median;
use crate::model::name::{StackName, StepName};
use crate::model::pace::StepPace;
use crate::model::span::Span;
use std::collections::BTreeMap;

/// How many of the newest clusters count.
const MAX_CLUSTERS: usize = 5;

/// How long a stack's newest clusters took to start: the median. The records are of one place.
pub fn start(records: &[Record], stack: &StackName) -> Option<Span> {
    let started = of(records, stack).filter_map(|record| {
        Some(Span::from_delta(record.ready_at? - record.created_at).as_secs())
    });
    let mut newest: Vec<u64> = started.take(MAX_CLUSTERS).collect();
    median(&mut newest).map(Span::from_secs)
}

/// How fast each step of a stack went when it completed last. The records are of one place.
pub fn paces(records: &[Record], stack: &StackName) -> BTreeMap<StepName, StepPace> {
    let mut found = BTreeMap::new();
    for record in of(records, stack) {
        for (step, pace) in &record.paces {
            found.entry(step.clone()).or_insert_with(|| pace.clone());
        }
    }
    found
}

/// The records of a stack, newest first.
fn of<'a>(records: &'a [Record], stack: &'a StackName) -> impl Iterator<Item = &'a Record> {
    let records = records.iter().rev();
    records.filter(move |record| record.stack == *stack)
}
