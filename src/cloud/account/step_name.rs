//! Names of steps in EMR: they contain the job, the number of the run, and what a retry changes.
//! EMR lists them with the steps, so a step and what is known about it appear together.

use crate::model::desired::StepSpec;
use crate::model::name::{JobHash, StepName};
use crate::model::retry::{MemoryChange, StepAttempt};

/// In the name of a step that may fail without its job. EMR's own action on failure does not show it:
/// it is the same for all steps that run at the same time.
const MAY_FAIL: &str = "may fail";

/// Before the number of an attempt.
const ATTEMPT: &str = "attempt ";

/// How many characters a name may have (EMR API, StepConfig).
const MAX_CHARS: usize = 256;

/// The name of a step. Changes that do not fit into it are left out.
pub(super) fn write(step: &StepSpec, job: &JobHash, run: u32) -> String {
    let mut mark = format!("{job}.{run}");
    if !step.on_failure.is_stop() {
        mark = format!("{mark}, {MAY_FAIL}");
    }
    if let Some(attempt) = &step.attempt {
        mark = format!("{mark}, {ATTEMPT}{}", attempt.number);
        let changes = attempt.changes.iter().map(|change| format!(", {change}"));
        let changes: String = changes.collect();
        let chars = step.name.as_str().chars().count() + " []".len();
        if chars + mark.len() + changes.len() <= MAX_CHARS {
            mark.push_str(&changes);
        }
    }
    format!("{} [{mark}]", step.name)
}

/// What the name of a step says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NamedStep {
    pub(super) name: StepName,
    pub(super) job: JobHash,
    pub(super) run: u32,
    /// Whether it may fail without its job.
    pub(super) may_fail: bool,
    pub(super) attempt: Option<StepAttempt>,
}

/// Reads a name; `None` if clusterup did not write it.
pub(super) fn read(name: &str) -> Option<NamedStep> {
    let (name, mark) = name.strip_suffix(']')?.rsplit_once(" [")?;
    let mut parts = mark.split(", ").peekable();
    let (job, run) = parts.next()?.split_once('.')?;
    let may_fail = parts.next_if_eq(&MAY_FAIL).is_some();
    let attempt = match parts.next() {
        Some(part) => Some(StepAttempt {
            number: part.strip_prefix(ATTEMPT)?.parse().ok()?,
            changes: parts
                .map(|part| part.parse::<MemoryChange>().ok())
                .collect::<Option<_>>()?,
        }),
        None => None,
    };
    Some(NamedStep {
        name: name.parse().ok()?,
        job: job.parse().ok()?,
        run: run.parse().ok()?,
        may_fail,
        attempt,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::memory::Memory;
    use crate::model::work::{OnFailure, Submission, Work};
    use std::collections::BTreeMap;

    const JOB: &str = "0123456789abcdef";

    fn spec(name: &str, on_failure: OnFailure, attempt: Option<StepAttempt>) -> StepSpec {
        StepSpec {
            name: name.parse().unwrap(),
            work: Work::Shell("s3://b/a.sh".to_owned()),
            args: Vec::new(),
            executor_memory: Memory::from_mib(1_024),
            conf: BTreeMap::new(),
            submission: Submission::default(),
            on_failure,
            attempt,
        }
    }

    fn attempt(number: u16, changes: &[&str]) -> Option<StepAttempt> {
        let changes = changes
            .iter()
            .map(|change| change.parse().unwrap())
            .collect();
        Some(StepAttempt { number, changes })
    }

    #[test]
    fn names_are_read_back() {
        let job: JobHash = JOB.parse().unwrap();
        let changes = ["executor_memory 1g -> 2g", "spark.driver.memory 2g -> 3g"];
        for on_failure in [OnFailure::Stop, OnFailure::Continue] {
            for attempt in [None, attempt(2, &[]), attempt(3, &changes)] {
                let spec = spec("load [x], attempt 2", on_failure, attempt);
                let expected = NamedStep {
                    name: spec.name.clone(),
                    job: job.clone(),
                    run: 12,
                    may_fail: on_failure == OnFailure::Continue,
                    attempt: spec.attempt.clone(),
                };
                assert_eq!(read(&write(&spec, &job, 12)), Some(expected));
            }
        }
        for bad in [
            "somebody's step".to_owned(),
            "somebody's, may fail]".to_owned(),
            format!("a [{JOB}]"),
            format!("a [{JOB}.1, attempt]"),
            format!("a [{JOB}.1, attempt x]"),
            format!("a [{JOB}.1, attempt 2, x]"),
            format!("a [{JOB}.1, attempt 2, may fail]"),
            format!("a [{JOB}.1, ]"),
        ] {
            assert_eq!(read(&bad), None, "{bad}");
        }
    }

    #[test]
    fn first_attempts_have_the_names_that_they_always_had() {
        let job: JobHash = JOB.parse().unwrap();
        let written = |on_failure, attempt| write(&spec("a", on_failure, attempt), &job, 1);
        let first = "a [0123456789abcdef.1]";
        assert_eq!(written(OnFailure::Stop, None), first);
        let may_fail = "a [0123456789abcdef.1, may fail]";
        assert_eq!(written(OnFailure::Continue, None), may_fail);
        let retry = written(OnFailure::Stop, attempt(2, &["executor_memory 1g -> 2g"]));
        let expected = "a [0123456789abcdef.1, attempt 2, executor_memory 1g -> 2g]";
        assert_eq!(retry, expected);
    }

    #[test]
    fn a_name_is_never_longer_than_emr_takes() {
        let job: JobHash = JOB.parse().unwrap();
        let many = attempt(5, &["spark.executor.memoryOverhead 65537m -> 98304m"; 2]);
        let long = write(
            &spec(&"a".repeat(200), OnFailure::Continue, many),
            &job,
            u32::MAX,
        );
        assert!(long.chars().count() <= MAX_CHARS, "{long}");
        assert_eq!(read(&long).unwrap().attempt, attempt(5, &[]));
    }
}
