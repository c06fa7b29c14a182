//! When jobs ran, and when the driver worked alone.

use super::call_site;
use super::event::{JobEnd, JobStart};
use super::figures::DriverAlone;
use std::collections::BTreeMap;

/// How many jobs may run at the same time.
const MAX_OPEN: usize = 10_000;

/// The jobs of one application. They may overlap: the time of each instant counts once.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    /// Those that run, by their ids, with the names of their last stages.
    open: BTreeMap<i64, String>,
    /// Since when no job runs, and the name of the last one.
    alone: Option<(i64, Option<String>)>,
    figures: DriverAlone,
}

impl Jobs {
    /// The application begins.
    pub(super) fn begin(&mut self, at: i64) {
        self.alone = Some((at, None));
    }

    /// A job begins.
    pub(super) fn started(&mut self, event: JobStart<'_>) {
        if self.open.len() >= MAX_OPEN {
            return;
        }
        if self.open.is_empty()
            && let Some(at) = event.at
        {
            self.count(at);
        }
        let last = event.stages.into_iter().max_by_key(|stage| stage.id);
        let name = last.and_then(|stage| stage.name).unwrap_or_default();
        self.open.insert(event.id, call_site(&name));
    }

    /// A job ends. One whose beginning is not in the log changes nothing.
    pub(super) fn ended(&mut self, event: &JobEnd) {
        let Some(name) = self.open.remove(&event.id) else {
            return;
        };
        if self.open.is_empty() {
            self.alone = event.at.map(|at| (at, Some(name)));
        }
    }

    /// The figures of an application that ended at this time.
    pub(super) fn finish(mut self, end: i64) -> DriverAlone {
        if self.open.is_empty() {
            self.count(end);
        }
        self.figures
    }

    fn count(&mut self, until: i64) {
        let Some((from, after)) = self.alone.take() else {
            return;
        };
        let alone = u64::try_from(until.saturating_sub(from)).unwrap_or(0);
        self.figures.total_ms = self.figures.total_ms.saturating_add(alone);
        if alone > self.figures.longest_ms {
            self.figures.longest_ms = alone;
            self.figures.longest_after = after.filter(|name| !name.is_empty());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::event::JobStage;

    fn started(id: i64, at: i64, name: &'static str) -> JobStart<'static> {
        let stage = |id, name: &'static str| JobStage {
            id,
            name: Some(name.into()),
        };
        JobStart {
            id,
            at: Some(at),
            stages: vec![stage(8, name), stage(7, "map at x.py:1")],
        }
    }

    fn ended(id: i64, at: i64) -> JobEnd {
        JobEnd { id, at: Some(at) }
    }

    #[test]
    fn parallel_jobs_are_counted_once() {
        let mut jobs = Jobs::default();
        jobs.begin(0);
        jobs.started(started(1, 10, "collect at x.py:3"));
        jobs.started(started(2, 20, "count at x.py:4"));
        jobs.ended(&ended(1, 50));
        jobs.ended(&ended(2, 60));
        jobs.ended(&ended(9, 70));
        jobs.started(started(3, 100, "count at x.py:5"));
        jobs.ended(&ended(3, 110));
        let figures = jobs.finish(115);
        assert_eq!((figures.total_ms, figures.longest_ms), (10 + 40 + 5, 40));
        assert_eq!(figures.longest_after.as_deref(), Some("count at x.py:4"));
    }

    #[test]
    fn a_job_that_never_ends_leaves_the_driver_no_time_alone() {
        let mut jobs = Jobs::default();
        jobs.begin(0);
        jobs.started(started(1, 10, "collect at x.py:3"));
        assert_eq!(jobs.finish(1_000).total_ms, 10);
    }
}
